"""People, their places and what was agreed with them, as plain values that a plan's period rules ask.

Everything here is small (people × periods), so it is Python and exact: amounts are Decimal, shares Fraction.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from dabiao.engine.number import rounded
from dabiao.engine.payout.plan import Member, Plan, Prorate
from dabiao.engine.payout.spans import Span

_ENDLESS = date(9999, 12, 31)
Covered = Sequence[tuple[date, date]]
"""The days on which a plan covers a person: from, to."""
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Seat:
    """A person's place from `start` until `end`, and the end of probation in it."""

    person: str
    unit: str
    role: str
    start: date
    end: date
    probation_until: date | None = None


@dataclass(frozen=True)
class Target:
    """What a person or unit promised for a metric (and product line; empty = all) in a period."""

    kind: str
    scope: str
    metric: str
    product: str
    start: date
    end: date
    amount: Decimal


@dataclass(frozen=True)
class Score:
    """A number about a person given by somebody: an appraisal, a coefficient by hand."""

    person: str
    score: str
    start: date
    end: date
    value: Decimal


@dataclass(frozen=True)
class Absence:
    person: str
    start: date
    end: date


@dataclass(frozen=True)
class Roster:
    """The small tables beside the facts. `working` holds the working days, where a plan counts them."""

    seats: Sequence[Seat] = ()
    parents: Mapping[str, str | None] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    scores: Sequence[Score] = ()
    absences: Sequence[Absence] = ()
    working: frozenset[date] = frozenset()

    @cached_property
    def seats_of(self) -> Mapping[str, Sequence[Seat]]:
        return _grouped(sorted(self.seats, key=lambda seat: seat.start), lambda seat: seat.person)

    @cached_property
    def _targets(self) -> Mapping[tuple[str, str, str, str], Sequence[Target]]:
        return _grouped(self.targets, lambda t: (t.kind, t.scope, t.metric, t.product))

    @cached_property
    def _scores(self) -> Mapping[tuple[str, str], Sequence[Score]]:
        return _grouped(self.scores, lambda score: (score.person, score.score))

    @cached_property
    def _absences(self) -> Mapping[str, Sequence[Absence]]:
        return _grouped(self.absences, lambda absence: absence.person)

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        return _grouped(
            sorted(unit for unit, parent in self.parents.items() if parent),
            lambda unit: self.parents[unit] or "",
        )

    def below(self, unit: str) -> set[str]:
        """A unit and every unit under it."""
        found, ahead = {unit}, [unit]
        while ahead:
            new = [child for child in self.children.get(ahead.pop(), ()) if child not in found]
            found.update(new)
            ahead.extend(new)
        return found

    def joined_on(self, person: str) -> date | None:
        return min((seat.start for seat in self.seats_of.get(person, ())), default=None)

    def left_on(self, person: str) -> date | None:
        """The first day after the last seat; nothing while one lasts."""
        last = max((seat.end for seat in self.seats_of.get(person, ())), default=_ENDLESS)
        return None if last >= _ENDLESS else last

    def unit_of(self, person: str, span: Span) -> str | None:
        """The unit of the last seat that a person held inside a span."""
        held = [
            seat for seat in self.seats_of.get(person, ()) if seat.start < span.end and seat.end > span.start
        ]
        return held[-1].unit if held else None

    def target(self, kind: str, scope: str, metric: str, span: Span, product: str = "") -> Decimal | None:
        """The target of a span: the one with its dates, else the sum of those inside it, else a prorated one.

        Nothing where no target touches the span: no target is not a target of 0.
        """
        mine = self._targets.get((kind, scope, metric, product), ())
        same = [row for row in mine if (row.start, row.end) == (span.start, span.end)]
        if same:
            return same[0].amount
        inside = [row for row in mine if span.start <= row.start and row.end <= span.end]
        if inside:
            return sum((row.amount for row in inside), Decimal(0))
        touching = [row for row in mine if row.start < span.end and row.end > span.start]
        if not touching:
            return None
        parts = (
            Fraction(row.amount) * _days(row.start, row.end, span) / (row.end - row.start).days
            for row in touching
        )
        return decimal(sum(parts, Fraction(0)), 4)

    def unit_target(self, unit: str, metric: str, span: Span) -> Decimal | None:
        """A unit's own target, else the sum of its children's, else of its people's."""
        own = self.target("unit", unit, metric, span)
        if own is not None:
            return own
        people = [person for person in self.seats_of if self.unit_of(person, span) == unit]
        parts = [self.unit_target(child, metric, span) for child in self.children.get(unit, ())]
        parts += [self.target("person", person, metric, span) for person in people]
        known = [part for part in parts if part is not None]
        return sum(known, Decimal(0)) if known else None

    def score(self, person: str, score: str, span: Span) -> Decimal | None:
        """The score in force on the span's last day, else the last one that began inside it."""
        given = [
            s for s in self._scores.get((person, score), ()) if s.start < span.end and s.end > span.start
        ]
        return max(given, key=lambda s: s.start).value if given else None

    def share_in_force(self, person: str, span: Span, prorate: Prorate | None, covered: Covered) -> Fraction:
        """The share of the span's days that count for a person by the plan's reasons; 1 without a rule."""
        if prorate is None:
            return Fraction(1)
        days = [day for day in _each(span) if prorate.days == "calendar" or day in self.working]
        if not days:
            return Fraction(0)
        return Fraction(sum(self._counts(person, day, prorate, covered) for day in days), len(days))

    def _counts(self, person: str, day: date, prorate: Prorate, covered: Covered) -> bool:
        """Whether a day counts: not lost for any of the reasons that the plan prorates for."""
        joined, left = self.joined_on(person), self.left_on(person)
        seat = next((s for s in self.seats_of.get(person, ()) if s.start <= day < s.end), None)
        lost = {
            "joining": joined is not None and day < joined,
            "leaving": left is not None and day >= left,
            "transfer": not any(start <= day < end for start, end in covered),
            "absence": any(a.start <= day < a.end for a in self._absences.get(person, ())),
            "probation": seat is not None and seat.probation_until is not None and day < seat.probation_until,
        }
        return not any(lost[reason] for reason in prorate.reasons)


def members(plan: Plan, roster: Roster) -> list[tuple[str, date, date]]:
    """person, from, to: when the plan's `who` covers whom. Empty with `who: everyone`."""
    return _matching(plan.who, roster, plan)


def excepted(plan: Plan, roster: Roster) -> list[tuple[str, date, date]]:
    """person, from, to: whom the plan's `except` leaves out, and when."""
    return _matching(plan.except_who, roster, plan)


def _matching(who: Iterable[Member], roster: Roster, plan: Plan) -> list[tuple[str, date, date]]:
    found = []
    for member in who:
        first, last = member.start or plan.start, member.end or plan.end
        units = roster.below(member.key) if member.kind == "unit" else set()
        if member.kind == "person":
            found.append((member.key, first, last))
            continue
        for seat in roster.seats:
            fits = seat.unit in units if member.kind == "unit" else fnmatchcase(seat.role, member.key)
            start, end = max(seat.start, first), min(seat.end, last)
            if fits and start < end:
                found.append((seat.person, start, end))
    return sorted(set(found))


def decimal(exact: Fraction, digits: int) -> Decimal:
    """A fraction rounded half away from zero."""
    scaled = abs(exact) * 10**digits
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return rounded(Decimal(whole if exact >= 0 else -whole).scaleb(-digits), digits)


def _days(start: date, end: date, span: Span) -> int:
    return (min(end, span.end) - max(start, span.start)).days


def _each(span: Span) -> list[date]:
    return [span.start + timedelta(days=number) for number in range(span.days)]


def _grouped(rows: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
