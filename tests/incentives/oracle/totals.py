"""Totals, targets and attainment, of a person and of a team; what gates and raises look at."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.incentives.oracle.credits import credits_of, each_fact_once, every_credit
from tests.incentives.oracle.numbers import added
from tests.incentives.oracle.people import is_under, seats, unit_in
from tests.incentives.oracle.periods import Span, over_of, pay_periods, span_of
from tests.incentives.oracle.situation import FAR, Row, Situation, in_force
from tests.incentives.oracle.targets import target_of

Whole = Fraction | Decimal


def total(s: Situation, measure: str, person: str, start: date, end: date) -> Decimal:
    """What a person is credited with from one day to another, or was paid by another component."""
    if measure.startswith("pay."):
        other = measure.removeprefix("pay.")
        return added(
            [
                amount
                for (p, day, c), amount in s.paid.items()
                if (p, c) == (person, other) and start <= day < end
            ]
        )
    return added([c.amount for c in credits_of(s, measure) if c.person == person and start <= c.day < end])


def team_total(s: Situation, measure: str, unit: str, start: date, end: date) -> Decimal:
    """Each fact once, where its person sat; the pay of those whose last seat was there."""
    if measure.startswith("pay."):
        people = {row["person"] for row in s.rows("assignments")}
        return added(
            [
                total(s, measure, person, period.start, period.end)
                for period in pay_periods(s.plan)
                for person in people
                if start <= period.start < end and is_under(s, unit_in(s, person, period), unit)
            ]
        )
    return added(
        [
            credit.amount
            for credit in each_fact_once(s, measure)
            if start <= credit.day < end and counts_in(s, credit.person, credit.day, unit)
        ]
    )


def counts_in(s: Situation, person: str, day: date, unit: str) -> bool:
    """In the unit of the main seat on that day; the only top unit also has what has no place."""
    main = [seat for seat in seats(s, person) if in_force(seat, day) and seat.get("primary") is not False]
    if main:
        return is_under(s, main[0]["unit"], unit)
    return [row["unit"] for row in s.rows("units") if row["parent"] is None] == [unit]


# --- targets -------------------------------------------------------------------------------------------


def target(
    s: Situation, measure: str, scope: str, span: Span, kind: str = "person", product: str | None = None
) -> Decimal | None:
    """What was promised for a whole span."""
    metric = s.plan["measures"][measure].get("target", measure)
    return s.once(
        ("target", metric, kind, scope, span, product),
        lambda: target_of(s, metric, kind, scope, (span.start, span.end), product),
    )


# --- attainment ----------------------------------------------------------------------------------------


def attainment(s: Situation, words: Row, measure: str, person: str, period: Span) -> Fraction | None:
    """What is reached by the period's end, of the whole span's target."""
    span = span_of(s.plan, over_of(s.plan, words), period.start)
    if words.get("team"):
        unit = unit_in(s, person, period)
        if unit is None:
            return None
        reached = team_total(s, measure, unit, span.start, period.end)
        return of_target(s, measure, reached, target(s, measure, unit, span, "unit"))
    reached = reached_by(s, measure, person, span.start, period.end)
    return of_target(s, measure, reached, target(s, measure, person, span))


def of_target(s: Situation, measure: str, reached: Decimal, promised: Decimal | None) -> Fraction | None:
    """More is better, or less is; and the target is above zero, or below."""
    if promised is None:
        return None
    less_is_better = s.plan["measures"][measure].get("direction") == "down"
    if promised == 0:
        return Fraction(1 if reached <= 0 else 0) if less_is_better else None
    quotient = Fraction(reached) / Fraction(promised)
    return 2 - quotient if less_is_better == (promised > 0) else quotient


def reached_by(s: Situation, measure: str, person: str, start: date, end: date) -> Decimal:
    """All that a person is credited with, covered or not."""
    everything = every_credit(s, measure)
    return added([c.amount for c in everything if c.person == person and start <= c.day < end])


def running_total(s: Situation, words: Row, person: str, period: Span) -> Decimal | None:
    """The person's (or team's) total of the span up to the period's end."""
    start = span_of(s.plan, over_of(s.plan, words), period.start).start
    if not words.get("team"):
        return total(s, words["total"], person, start, period.end)
    unit = unit_in(s, person, period)
    return None if unit is None else team_total(s, words["total"], unit, start, period.end)


def score(s: Situation, name: str, person: str, period: Span) -> Decimal | None:
    """The score in force in the period that began last."""
    rows = [
        row
        for row in s.rows("scores")
        if row["score"] == name
        and row["person"] == person
        and row["starts_on"] < period.end
        and (row["ends_on"] or FAR) > period.start
    ]
    return Decimal(max(rows, key=lambda row: row["starts_on"])["value"]) if rows else None


def condition_holds(s: Situation, gate: Row, person: str, period: Span) -> bool:
    """What is not known fails."""
    if "attainment" in gate:
        number: Whole | None = attainment(s, gate, gate["attainment"], person, period)
    elif "total" in gate:
        number = running_total(s, gate, person, period)
    else:
        number = score(s, gate["score"], person, period)
    return number is not None and Fraction(number) >= Fraction(gate["at_least"])
