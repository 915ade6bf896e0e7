"""What is planted in the demo company: who, from when, how strong. docs/demo.md explains each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dabiao.demo.simulation.arrays import Flags, Ints
from dabiao.demo.simulation.timeline import Timeline


@dataclass(frozen=True)
class Event:
    """Something that happened to the company, from a day of the month `back` months ago."""

    key: str
    back: int
    day: int = 1


BAD_CHANNEL = Event("bad_channel", back=4)
NEWCOMERS = Event("newcomers", back=6)
LATE_PAYER = Event("late_payer", back=2)
WINNING_PITCH = Event("winning_pitch", back=9)
PADDED_VISITS = Event("padded_visits", back=3)
HASTY_PROPOSALS = Event("hasty_proposals", back=5)
PRICE_WAR = Event("price_war", back=5)
COOLING_CUSTOMER = Event("cooling_customer", back=2)
EVENTS = (
    BAD_CHANNEL,
    NEWCOMERS,
    LATE_PAYER,
    WINNING_PITCH,
    PADDED_VISITS,
    HASTY_PROPOSALS,
    PRICE_WAR,
    COOLING_CUSTOMER,
)


@dataclass(frozen=True)
class Planted:
    """The events of one simulation, with their first days."""

    since: Mapping[str, int]

    def active(self, event: Event, days: Ints) -> Flags:
        """Whether the event was going on, for each day; never where it is not planted."""
        flags: Flags = days >= self.since.get(event.key, days.max(initial=0) + 1)
        return flags


def planted(events: Collection[Event], timeline: Timeline) -> Planted:
    return Planted({event.key: timeline.month(event.back, event.day) for event in events})
