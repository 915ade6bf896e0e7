"""What was promised for a window: the targets that tile it, else those that come nearest, prorated by pace; a
unit's, where it has none, by what lies below.

Rows of one holder × metric × part may lie over one another (a year and its months); the choice is the
chain of rows without overlap that covers most of the period, reaches least beyond it, and has fewest rows.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from dabiao.engine import number
from dabiao.engine.pace import pace
from dabiao.engine.period import between

DAY = timedelta(days=1)
WorkingDays = Callable[[date, date], Collection[date]]
"""Working days of [start, end)."""


@dataclass(frozen=True)
class Levels:
    """One target at its three levels; None is "not set", which is not 0."""

    base: Decimal | None = None
    target: Decimal | None = None
    challenge: Decimal | None = None

    def map(self, change: Callable[[Decimal], Decimal]) -> "Levels":
        """Each level that is set, changed."""
        values = (
            None if level is None else change(level) for level in (self.base, self.target, self.challenge)
        )
        return Levels(*values)


@dataclass(frozen=True)
class Row:
    """A stored target of [start, end)."""

    start: date
    end: date
    levels: Levels


class Part(NamedTuple):
    """What a target is narrowed to: one member of one dimension, as metrics are split by; both empty: everything."""

    dimension: str = ""
    member: str = ""


WHOLE = Part()
PRODUCT_LINE = "product_line"
ByPart = Mapping[Part, Sequence[Row]]
"""One holder's targets of one metric, the whole and narrowed ones."""


@dataclass(frozen=True)
class Seat:
    """A person's main seat directly in a unit, in [start, end)."""

    person: str
    start: date
    end: date


@dataclass(frozen=True)
class Promise:
    """What was promised for a period.

    derived: prorated, summed or inherited rather than set for exactly this. partial: the rows leave days of
    the period uncovered.
    """

    levels: Levels
    derived: bool = False
    partial: bool = False

    @property
    def target(self) -> Decimal | None:
        """The middle level, which attainment uses."""
        return self.levels.target


def promised(
    rows: Iterable[Row], start: date, end: date, *, flow: bool, working_days: WorkingDays
) -> Promise | None:
    """The promise that rows of one holder make for [start, end); None when none of them touches it.

    flow: amounts and counts of a period: rows are added, and a row that reaches beyond the period counts by
        its share of working days (any cut of a row into parts sums to it exactly). Otherwise (ratios,
        averages, states) nothing is added: the value holds as it stands, and several different ones are
        averaged by working days.
    """
    chosen = chain(rows, start, end)
    if not chosen:
        return None
    covered = sum(_overlap(row, start, end) for row in chosen)
    overhang = sum((row.end - row.start).days for row in chosen) - covered
    partial = covered < (end - start).days
    if flow:
        parts = [prorated(row, start, end, working_days) for row in chosen]
        return Promise(added(parts), derived=bool(overhang) or partial, partial=partial)
    levels, same = _held(chosen, start, end, working_days)
    return Promise(levels, derived=partial or not same, partial=partial)


def of_holder(
    rows: ByPart, start: date, end: date, *, part: Part = WHOLE, flow: bool, working_days: WorkingDays
) -> Promise | None:
    """What one holder's rows promise of a part; of everything, where nothing is set for it, the sum (of amounts) over
    the parts that make it up."""

    def of(one: Part) -> Promise | None:
        return promised(rows.get(one, ()), start, end, flow=flow, working_days=working_days)

    own = of(part)
    if own is not None or part != WHOLE or not flow:
        return own
    return summed([held for one in making_up(rows, start, end) if (held := of(one)) is not None])


def making_up(rows: ByPart, start: date, end: date) -> list[Part]:
    """The parts that together stand for a whole for which nothing is set: those of one dimension, product lines before
    others. Two ways of cutting one amount are never added."""
    touched = sorted(part for part, some in rows.items() if part != WHOLE and _touches(some, start, end))
    first = min(
        (part.dimension for part in touched), key=lambda name: (name != PRODUCT_LINE, name), default=""
    )
    return [part for part in touched if part.dimension == first]


def left_out(rows: ByPart, start: date, end: date, *, part: Part = WHOLE) -> list[tuple[date, date]]:
    """Days of a window for which one holder's rows promise nothing."""
    own = rows.get(part, ())
    if part != WHOLE or _touches(own, start, end):
        return gaps(own, start, end)
    return gaps([row for one in making_up(rows, start, end) for row in rows[one]], start, end)


def _touches(rows: Iterable[Row], start: date, end: date) -> bool:
    return any(row.start < end and start < row.end for row in rows)


class Promises:
    """What units and people were promised of one metric whose targets add up; each window is worked out once."""

    def __init__(
        self,
        units: Mapping[str, ByPart],
        people: Mapping[str, ByPart],
        *,
        children: Callable[[str], Iterable[str]],
        seats: Mapping[str, Sequence[Seat]],
        working_days: WorkingDays,
        part: Part = WHOLE,
    ) -> None:
        """units, people: targets by holder. children: the units directly below one. seats: by unit."""
        self._units, self._people = units, people
        self._children, self._seats = children, seats
        self._part = part
        self._working_days = lru_cache(maxsize=None)(lambda start, end: frozenset(working_days(start, end)))
        self._known: dict[tuple[str, str, date, date], Promise | None] = {}

    def person(self, key: str, start: date, end: date) -> Promise | None:
        """A person's own promise for [start, end)."""
        if key not in self._people:
            return None
        return self._once("person", key, start, end, lambda: self._own(self._people[key], start, end))

    def unit(self, key: str, start: date, end: date) -> Promise | None:
        """A unit's own promise, completed by what was promised below it for the days that it leaves out."""
        return self._once("unit", key, start, end, lambda: self._of_unit(key, start, end))

    def _once(
        self, kind: str, key: str, start: date, end: date, work: Callable[[], Promise | None]
    ) -> Promise | None:
        place = (kind, key, start, end)
        if place not in self._known:
            self._known[place] = work()
        return self._known[place]

    def _of_unit(self, key: str, start: date, end: date) -> Promise | None:
        rows = self._units.get(key, {})
        own = self._own(rows, start, end)
        if own is None:
            return self._below(key, start, end)
        return completed(own, [self._below(key, *gap) for gap in left_out(rows, start, end, part=self._part)])

    def _below(self, key: str, start: date, end: date) -> Promise | None:
        """The sum of the units below, and of the people in it, each for the time of their seat there."""
        parts = [self.unit(child, start, end) for child in self._children(key)]
        parts += [
            self.person(seat.person, max(seat.start, start), min(seat.end, end))
            for seat in self._seats.get(key, ())
            if seat.start < end and start < seat.end
        ]
        return summed([part for part in parts if part is not None])

    def _own(self, rows: ByPart, start: date, end: date) -> Promise | None:
        return of_holder(rows, start, end, part=self._part, flow=True, working_days=self._working_days)


def chain(rows: Iterable[Row], start: date, end: date) -> tuple[Row, ...]:
    """The rows to use, in order: most of the period covered, then least overhang, then fewest rows.

    Weighted interval scheduling (Kleinberg and Tardos, Algorithm Design, 6.1), lexicographic weights.
    """
    rows = list(rows)
    exactly = next((row for row in rows if row.start == start and row.end == end), None)
    if exactly is not None:
        # Nothing covers more, reaches less beyond, or has fewer rows: thousands of holders need no search.
        return (exactly,)
    touching = sorted(
        (row for row in rows if row.start < end and start < row.end), key=lambda row: (row.end, row.start)
    )
    ends = [row.end for row in touching]
    best: list[tuple[tuple[int, int, int], tuple[Row, ...]]] = [((0, 0, 0), ())]
    for at, row in enumerate(touching):
        covered = _overlap(row, start, end)
        before, taken = best[bisect_right(ends, row.start, hi=at)]
        weight = (before[0] + covered, before[1] - (row.end - row.start).days + covered, before[2] - 1)
        best.append(max(best[-1], (weight, (*taken, row)), key=lambda choice: choice[0]))
    return best[-1][1]


def gaps(rows: Iterable[Row], start: date, end: date) -> list[tuple[date, date]]:
    """The parts of [start, end) that the chosen rows leave uncovered, in order."""
    left = []
    at = start
    for row in chain(rows, start, end):
        if at < row.start:
            left.append((at, row.start))
        at = max(at, row.end)
    return [*left, (at, end)] if at < end else left


def prorated(row: Row, start: date, end: date, working_days: WorkingDays) -> Levels:
    """The part of a row's amounts that falls into [start, end), by working days.

    Rounded as cumulative amounts, so parts that tile the row sum to it to the last digit.
    """
    if start <= row.start and row.end <= end:
        return row.levels
    inside = working_days(row.start, row.end)
    until, before = _share(row, min(end, row.end), inside), _share(row, max(start, row.start), inside)
    return row.levels.map(lambda value: _portion(value, until) - _portion(value, before))


def added(parts: Sequence[Levels]) -> Levels:
    """Level by level; a level that one of the parts does not have is not known for the sum."""
    return Levels(
        _sum([part.base for part in parts]),
        _sum([part.target for part in parts]),
        _sum([part.challenge for part in parts]),
    )


def summed(parts: Sequence[Promise]) -> Promise | None:
    """The promise of a whole from those of its parts; None of none."""
    if not parts:
        return None
    return Promise(
        added([part.levels for part in parts]), derived=True, partial=any(part.partial for part in parts)
    )


def completed(own: Promise | None, rest: Sequence[Promise | None]) -> Promise | None:
    """An own promise with what others promised for the days that it leaves out, one entry a gap."""
    known = [part for part in (own, *rest) if part is not None]
    if own is not None and len(known) == 1:
        return own
    whole = summed(known)
    return whole and replace(
        whole, partial=None in rest or any(part.partial for part in known if part is not own)
    )


def inherited(promise: Promise | None) -> Promise | None:
    """A ratio's promise taken over from above."""
    return None if promise is None else replace(promise, derived=True)


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def _held(rows: Sequence[Row], start: date, end: date, working_days: WorkingDays) -> tuple[Levels, bool]:
    if len({row.levels for row in rows}) == 1:
        return rows[0].levels, True
    weights = []
    for row in rows:
        first, last = max(start, row.start), min(end, row.end)
        weights.append(len(working_days(first, last)) or (last - first).days)
    return Levels(
        _mean([row.levels.base for row in rows], weights),
        _mean([row.levels.target for row in rows], weights),
        _mean([row.levels.challenge for row in rows], weights),
    ), False


def _mean(values: Sequence[Decimal | None], weights: Sequence[int]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    total = sum((value * weight for value, weight in zip(known, weights, strict=True)), Decimal(0))
    return number.rounded(total / sum(weights), number.MONEY_SCALE)


def _share(row: Row, until: date, inside: Collection[date]) -> Fraction:
    """The share of the row's working days that lies before `until`."""
    return _gone(row.start, row.end, until, frozenset(inside))


@lru_cache(maxsize=10_000)
def _gone(start: date, end: date, until: date, inside: frozenset[date]) -> Fraction:
    # Thousands of holders ask for the same few windows.
    return pace(between(start, end), until - DAY, inside).share


def _portion(value: Decimal, share: Fraction) -> Decimal:
    """value × share, half away from zero at money's scale; exact in between."""
    return number.rounded(value * share.numerator / share.denominator, number.MONEY_SCALE)


def _overlap(row: Row, start: date, end: date) -> int:
    return (min(row.end, end) - max(row.start, start)).days
