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

from dabiao.engine import promise
from dabiao.engine.number import rounded
from dabiao.engine.payout.plan import Member, Plan, Prorate
from dabiao.engine.payout.spans import Span
from dabiao.engine.promise import PRODUCT_LINE, WHOLE, ByPart, Levels, Part, Promises, WorkingDays

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
    primary: bool = True


@dataclass(frozen=True)
class Target:
    """What a person or unit promised for a metric, or one part of it, in a period."""

    kind: str
    scope: str
    metric: str
    part: Part
    start: date
    end: date
    levels: Levels


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


def no_calendar(start: date, end: date) -> frozenset[date]:
    """Nobody says which days are worked: targets are then prorated by calendar days."""
    return frozenset()


@dataclass(frozen=True)
class Roster:
    """The small tables beside the facts, and the company's working days of [start, end)."""

    seats: Sequence[Seat] = ()
    parents: Mapping[str, str | None] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    scores: Sequence[Score] = ()
    absences: Sequence[Absence] = ()
    working_days: WorkingDays = no_calendar

    @cached_property
    def seats_of(self) -> Mapping[str, Sequence[Seat]]:
        return _grouped(sorted(self.seats, key=lambda seat: seat.start), lambda seat: seat.person)

    @cached_property
    def _main_seats(self) -> Mapping[str, Sequence[Seat]]:
        return {person: [seat for seat in seats if seat.primary] for person, seats in self.seats_of.items()}

    @cached_property
    def _promises(self) -> dict[tuple[str, Part], Promises]:
        return {}

    @cached_property
    def _targets(self) -> Mapping[tuple[str, str], Mapping[str, ByPart]]:
        """Kind and metric → holder → part → rows."""
        found: dict[tuple[str, str], dict[str, dict[Part, list[promise.Row]]]] = {}
        for target in self.targets:
            of_metric = found.setdefault((target.kind, target.metric), {})
            rows = of_metric.setdefault(target.scope, {}).setdefault(target.part, [])
            rows.append(promise.Row(target.start, target.end, target.levels))
        return found

    @cached_property
    def _seats_in(self) -> Mapping[str, Sequence[promise.Seat]]:
        main = [seat for seat in self.seats if seat.primary]
        return {
            unit: [promise.Seat(seat.person, seat.start, seat.end) for seat in seats]
            for unit, seats in _grouped(main, lambda seat: seat.unit).items()
        }

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
        """The unit of the last main seat that a person held inside a span."""
        main = self._main_seats.get(person, ())
        held = [seat for seat in main if seat.start < span.end and seat.end > span.start]
        return held[-1].unit if held else None

    def target(self, person: str, metric: str, span: Span, product: str = "") -> Decimal | None:
        """What a person was promised for a span; nothing where no target touches it."""
        part = Part(PRODUCT_LINE, product) if product else WHOLE
        held = self._promised(metric, part).person(person, span.start, span.end)
        return None if held is None else held.target

    def unit_target(self, unit: str, metric: str, span: Span) -> Decimal | None:
        """What a unit was promised for a span, completed by what was promised below it."""
        held = self._promised(metric, WHOLE).unit(unit, span.start, span.end)
        return None if held is None else held.target

    def _promised(self, metric: str, part: Part) -> Promises:
        if (metric, part) not in self._promises:
            self._promises[metric, part] = Promises(
                self._targets.get(("unit", metric), {}),
                self._targets.get(("person", metric), {}),
                children=lambda unit: self.children.get(unit, ()),
                seats=self._seats_in,
                working_days=self.working_days,
                part=part,
            )
        return self._promises[metric, part]

    @cached_property
    def only_root(self) -> str | None:
        """The unit above all others, where there is just one such unit."""
        roots = [unit for unit, parent in self.parents.items() if not parent]
        return roots[0] if len(roots) == 1 else None

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
        worked = self.working_days(span.start, span.end) if prorate.days == "working" else None
        days = [day for day in _each(span) if worked is None or day in worked]
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


def _each(span: Span) -> list[date]:
    return [span.start + timedelta(days=number) for number in range(span.days)]


def _grouped(rows: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
