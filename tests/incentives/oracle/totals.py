"""Totals, targets and attainment, of a person and of a team; what gates and raises look at."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.incentives.oracle.credits import credits_of
from tests.incentives.oracle.numbers import added, rounded
from tests.incentives.oracle.people import is_under, seat_on, unit_in
from tests.incentives.oracle.periods import Span, over_of, pay_periods, span_of
from tests.incentives.oracle.situation import FAR, Row, Situation

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
    """The credit of people while they sat in the unit or below it; the pay of those whose last seat was there."""
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
            for credit in credits_of(s, measure)
            if start <= credit.day < end and sat_in(s, credit.person, credit.day, unit)
        ]
    )


def sat_in(s: Situation, person: str, day: date, unit: str) -> bool:
    seat = seat_on(s, person, day)
    return seat is not None and is_under(s, seat["unit"], unit)


# --- targets -------------------------------------------------------------------------------------------


def target(s: Situation, measure: str, scope: str, span: Span, kind: str = "person") -> Decimal | None:
    """The row with exactly the span's dates; else the sum inside it; else what touches it, by days."""
    metric = s.plan["measures"][measure].get("target", measure)
    rows = [
        row
        for row in s.rows("targets")
        if (row["scope"], row["metric"], row.get("scope_kind", "person")) == (scope, metric, kind)
    ]
    exact = [r for r in rows if (r["starts_on"], r["ends_on"]) == (span.start, span.end)]
    if exact:
        return Decimal(exact[0]["target"])
    inside = [r for r in rows if r["starts_on"] >= span.start and r["ends_on"] <= span.end]
    if inside:
        return added([r["target"] for r in inside])
    shares = []
    for row in rows:
        touching = (min(row["ends_on"], span.end) - max(row["starts_on"], span.start)).days
        if touching > 0:
            shares.append(Fraction(row["target"]) * touching / (row["ends_on"] - row["starts_on"]).days)
    return rounded(sum(shares, Fraction(0)), 4) if shares else None


def team_target(s: Situation, measure: str, unit: str, span: Span) -> Decimal | None:
    """The unit's own, else the sum of its children's and of its people's."""
    own = target(s, measure, unit, span, "unit")
    if own is not None:
        return own
    children = [str(row["unit"]) for row in s.rows("units") if row["parent"] == unit]
    people = sorted({row["person"] for row in s.rows("assignments")})
    parts = [team_target(s, measure, child, span) for child in children]
    parts += [target(s, measure, person, span) for person in people if unit_in(s, person, span) == unit]
    known = [part for part in parts if part is not None]
    return added(known) if known else None


# --- attainment ----------------------------------------------------------------------------------------


def attainment(s: Situation, words: Row, measure: str, person: str, period: Span) -> Fraction | None:
    """The total up to the period's end by the whole span's target; unknown without a target above 0."""
    span = span_of(s.plan, over_of(s.plan, words), period.start)
    if words.get("team"):
        unit = unit_in(s, person, period)
        if unit is None:
            return None
        reached = team_total(s, measure, unit, span.start, period.end)
        promised = team_target(s, measure, unit, span)
    else:
        reached = total(s, measure, person, span.start, period.end)
        promised = target(s, measure, person, span)
    if promised is None or promised <= 0:
        return None
    return Fraction(reached) / Fraction(promised)


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
