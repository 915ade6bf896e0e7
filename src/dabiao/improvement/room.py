"""What improvement brings to the house: why a number is off, and whether what was done about it has worked."""

from datetime import datetime
from typing import Final

from dabiao.core.room import Command, Periodic, Room

_LOOKS_EVERY: Final = 20.0
"""Seconds between two looks whether a snapshot is new."""


def _ask_for_reasons(at: datetime) -> None:
    from dabiao.improvement import tasks

    tasks.ask_for_reasons(at)


ROOM = Room(
    key="improvement",
    urls="dabiao.improvement.urls",
    api="dabiao.improvement.api",
    lit_in="performance:cockpit",
    periodics=(Periodic("reasons of lights", _LOOKS_EVERY, _ask_for_reasons),),
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
