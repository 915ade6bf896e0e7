"""What incentives bring to the house: what a plan says, and what it would pay."""

from dabiao.core.room import Command, Room

ROOM = Room(
    key="incentives",
    commands={
        "incentives": Command(
            "dabiao.incentives.commands:app", "Check an incentive plan and preview what it pays."
        ),
    },
)
