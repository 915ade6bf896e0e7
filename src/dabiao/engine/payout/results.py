"""What is known about every person's periods when period rules are asked: totals, targets, scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from dabiao.engine.attainment import attained as attained_of
from dabiao.engine.payout.plan import Attained, Every, Gate, Plan, Step
from dabiao.engine.payout.roster import Covered, Roster, excepted, members
from dabiao.engine.payout.spans import Span, span_of, spans

Per = tuple[tuple[str, str], ...]
"""Columns that tiers are counted apart by, each with its value; () = all together."""
TotalKey = tuple[str, str, date, Per]
"""measure, person, first day of the pay period, per."""


@dataclass(frozen=True)
class Results:
    """A plan, the roster, and credited totals by pay period (in the plan's currency).

    totals: what the plan covers; see `TotalKey`.
    reached: all that a person was credited with, whether or not the plan covered it, as attainment counts it;
    None where that is `totals`.
    unit_totals: all credit in a unit, by measure, unit (None: nobody's), period. first_on: by measure and
    person, the first positive credit.
    only: the people asked for, where nobody else's figures decide theirs; empty = everybody.
    """

    plan: Plan
    roster: Roster
    totals: Mapping[TotalKey, Decimal] = field(default_factory=dict)
    unit_totals: Mapping[tuple[str, str | None, date], Decimal] = field(default_factory=dict)
    first_on: Mapping[tuple[str, str], date] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    reached: Mapping[TotalKey, Decimal] | None = None

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Everybody with a seat under the plan, or with a credit."""
        known = self.only or {seat.person for seat in self.roster.seats}
        seated = {person for person in known if self.roster.seats_of.get(person) and self.is_covered(person)}
        everybody = seated | {person for _, person, _, _ in self.totals}
        return tuple(sorted(everybody & {*self.only} if self.only else everybody))

    @cached_property
    def _cover(self) -> Mapping[str, list[tuple[date, date]]] | None:
        if not self.plan.who:
            return None
        found: dict[str, list[tuple[date, date]]] = {}
        for person, start, end in members(self.plan, self.roster):
            found.setdefault(person, []).append((start, end))
        return found

    @cached_property
    def _left_out(self) -> Mapping[str, list[tuple[date, date]]]:
        found: dict[str, list[tuple[date, date]]] = {}
        for person, start, end in excepted(self.plan, self.roster):
            found.setdefault(person, []).append((start, end))
        return found

    @cached_property
    def _pers(self) -> Mapping[tuple[str, str, date], list[Per]]:
        found: dict[tuple[str, str, date], list[Per]] = {}
        for measure, person, start, per in self.totals:
            found.setdefault((measure, person, start), []).append(per)
        return found

    def pers(self, measure: str, person: str, period: Span) -> list[Per]:
        """What a person's credit of a pay period is counted per; nothing where there is no credit."""
        return self._pers.get((measure, person, period.start), [])

    def covered(self, person: str) -> Covered:
        """The days on which the plan covers a person: those of `who` without those of `except`."""
        whole = [(self.plan.start, self.plan.end)]
        days = whole if self._cover is None else self._cover.get(person, [])
        for gap in self._left_out.get(person, ()):
            days = [part for one in days for part in _without(one, gap)]
        return days

    def is_covered(self, person: str) -> bool:
        """Whether the plan covers a person on any day."""
        return bool(self.covered(person))

    def is_active(self, person: str, span: Span) -> bool:
        """Whether a person has a seat under the plan on some day of the span."""
        seats = self.roster.seats_of.get(person, ())
        held = [part for seat in seats if (part := span.overlap(seat.start, seat.end))]
        cover = self.covered(person)
        return any(part.overlap(*days) for part in held for days in cover)

    def span(self, every: Every | None, period: Span) -> Span:
        """The span that a rule counts over, for a pay period: the one that holds the period's first day."""
        return span_of(self.plan, every or self.plan.period, max(period.start, self.plan.start))

    def total(self, measure: str, person: str, span: Span, until: date, per: Per = ()) -> Decimal:
        """Credited under the plan from the span's start up to `until` (the end of the pay period that asks)."""
        return self._added(self.totals, measure, person, span, until, per)

    def attainment(
        self, measure: str, person: str, span: Span, until: date, per: Per = (), product: str = ""
    ) -> Fraction | None:
        """What a person has reached by `until` of what was promised for the whole span, as everywhere else."""
        counted = self.totals if self.reached is None else self.reached
        return attained_of(
            self._added(counted, measure, person, span, until, per),
            self.roster.target(person, self.metric(measure), span, product),
            self.plan.measures[measure].direction,
        )

    def unit_attainment(self, measure: str, unit: str, span: Span, until: date) -> Fraction | None:
        """The same of a unit."""
        return attained_of(
            self.unit_total(measure, unit, span, until),
            self.roster.unit_target(unit, self.metric(measure), span),
            self.plan.measures[measure].direction,
        )

    def _added(
        self,
        totals: Mapping[TotalKey, Decimal],
        measure: str,
        person: str,
        span: Span,
        until: date,
        per: Per,
    ) -> Decimal:
        periods = spans(self.plan, self.plan.period, span.start, min(span.end, until))
        found = (totals.get((measure, person, period.start, per), Decimal(0)) for period in periods)
        return sum(found, Decimal(0))

    def unit_total(self, measure: str, unit: str, span: Span, until: date) -> Decimal:
        """Credited in a unit and those below it, as the cockpit counts it; nobody's facts are the company's."""
        units: set[str | None] = {*self.roster.below(unit)}
        if unit == self.roster.only_root:
            units.add(None)
        periods = list(spans(self.plan, self.plan.period, span.start, min(span.end, until)))
        return sum(
            (
                self.unit_totals.get((measure, below, period.start), Decimal(0))
                for below in units
                for period in periods
            ),
            Decimal(0),
        )

    def metric(self, measure: str) -> str:
        """The name that targets use for a measure."""
        return self.plan.measures[measure].target or measure

    def attained(self, asked: Attained, person: str, period: Span) -> Fraction | None:
        """Attainment (total ÷ target of the whole span) or the total; nothing where a part is unknown."""
        span = self.span(asked.over, period)
        if asked.team:
            return self._team(asked, person, span, period)
        if asked.by == "amount":
            return Fraction(self.total(asked.measure, person, span, period.end))
        return self.attainment(asked.measure, person, span, period.end)

    def _team(self, asked: Attained, person: str, span: Span, period: Span) -> Fraction | None:
        unit = self.roster.unit_of(person, period)
        if unit is None:
            return None
        if asked.by == "amount":
            return Fraction(self.unit_total(asked.measure, unit, span, period.end))
        return self.unit_attainment(asked.measure, unit, span, period.end)

    def passes(self, gate: Gate, person: str, period: Span) -> bool:
        """Whether a condition holds; what is unknown does not pass."""
        found: Fraction | None = None
        if gate.attained is not None:
            found = self.attained(gate.attained, person, period)
        elif gate.score:
            score = self.roster.score(person, gate.score, period)
            found = None if score is None else Fraction(score)
        return found is not None and found >= Fraction(gate.at_least)


def _without(days: tuple[date, date], gap: tuple[date, date]) -> list[tuple[date, date]]:
    """What is left of some days, half-open, when others are taken out."""
    parts = [(days[0], min(days[1], gap[0])), (max(days[0], gap[1]), days[1])]
    return [(start, end) for start, end in parts if start < end]


def reached(steps: tuple[Step, ...], number: Fraction, below: Decimal | None) -> Decimal | None:
    """The value of the last step whose start is not above the number."""
    values = [step.value for step in steps if number >= Fraction(step.start)]
    return values[-1] if values else below
