"""What metrics bring to the house: questions over the API and on the command line."""

from dabiao.core.room import Command, Room

ROOM = Room(
    key="metrics",
    api="dabiao.metrics.api",
    commands={
        "query": Command(
            "dabiao.metrics.commands:query", "Metrics by dimensions, in a period, within a scope."
        ),
        "attainment": Command(
            "dabiao.metrics.commands:attainment", "Actual against target, with pace, light and rank."
        ),
    },
)
