"""Who belonged to a unit for a part of a period only: then a part of their target belongs to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from dabiao.engine.period import Period, between
from dabiao.org import queries as org
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Partly:
    """days: the stretches of (person, period) in which they sat in the unit; nobody else's, so none of whoever sat
    there all the time. people: the same the other way round."""

    days: Mapping[tuple[Scope, Period], Sequence[Period]]
    people: Mapping[Period, Sequence[Scope]]


def partly(unit: Scope, scopes: Sequence[Scope], periods: Sequence[Period]) -> Partly:
    """Of people among the scopes who were directly in the unit for less than a period."""
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    if unit.kind == "person":
        return Partly({}, {})
    seats = org.primary_seats([unit.key], first, last)
    days: dict[tuple[Scope, Period], list[Period]] = {}
    people: dict[Period, list[Scope]] = defaultdict(list)
    held = defaultdict(list)
    for seat in seats:
        held[seat.person].append((seat.starts_on, seat.ends_on))
    for scope, period in product((each for each in scopes if each.kind == "person"), periods):
        spans = [
            between(max(start, period.start), min(end, period.end))
            for start, end in held[scope.key]
            if start < period.end and period.start < end
        ]
        if sum((span.end - span.start).days for span in spans) < (period.end - period.start).days:
            days[scope, period] = spans
            for span in spans:
                people[span].append(scope)
    return Partly(days, people)
