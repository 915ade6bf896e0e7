"""What improvement brings to the house: why a number is off, and whether what was done about it has worked."""

from dabiao.core.room import Command, Room

ROOM = Room(
    key="improvement",
    urls="dabiao.improvement.urls",
    lit_in="performance:cockpit",
    period=("improvement:",),
    scope=("improvement:",),
    commands={
        "explain": Command(
            "dabiao.improvement.commands:explain", "Why a metric is off: the parts that explain the gap."
        ),
        "links": Command(
            "dabiao.improvement.commands:links", "Process against result: what goes together, what parts."
        ),
        "effect": Command("dabiao.improvement.commands:effect_app", "Whether a measure has worked."),
    },
)
