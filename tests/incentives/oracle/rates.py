"""Rates and what multiplies them: tables, tiers, steps, scores, raises."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.incentives.oracle.credits import Credit
from tests.incentives.oracle.numbers import rounded
from tests.incentives.oracle.periods import Span, over_of, pay_period, span_of
from tests.incentives.oracle.situation import FAR, Row, Situation
from tests.incentives.oracle.totals import (
    Whole,
    attainment,
    condition_holds,
    running_total,
    score,
    target,
)


def from_table(s: Situation, name: str, credit: Credit) -> Decimal:
    """The fitting row that names most columns, else `else`; or a column of a reference table, rounded."""
    table = s.plan["tables"][name]
    if "take" in table:
        key = table["by"]
        row = next(row for row in s.rows(table["from"]) if row[key] == credit.fact[key])
        return rounded(row[table["take"]], table["decimals"])
    best, most = table.get("else"), -1
    for row in table["rows"]:
        named = [column for column in row if column not in ("is", "from", "to")]
        fits = all(value_of(credit, column) == row[column] for column in named)
        dated = row.get("from", date.min) <= credit.day < row.get("to", FAR)
        if fits and dated and len(named) > most:
            best, most = row["is"], len(named)
    return Decimal(best)


def value_of(credit: Credit, column: str) -> Any:
    return credit.person if column == "person" else credit.fact.get(column)


def earned_by_moving(
    rate: Row, starts: list[Decimal], before: Decimal, after: Decimal, up: Decimal
) -> Decimal:
    """Σ part × rate of the move of a running total, tier by tier; `up` are points on every rate."""
    earned = Decimal(0)
    for number, tier in enumerate(rate["tiers"]):
        low: Decimal | None = starts[number]
        high = starts[number + 1] if number + 1 < len(starts) else None
        if number == 0 and rate.get("below_zero", "owed") == "owed":
            low = None
        part = within(after, low, high) - within(before, low, high)
        earned += part * (tier["is"] + up)
    return earned


def within(number: Decimal, low: Decimal | None, high: Decimal | None) -> Decimal:
    """A number pushed into an interval that may be open to either side."""
    if low is not None:
        number = max(number, low)
    if high is not None:
        number = min(number, high)
    return number


def tier_starts(s: Situation, component: Row, credit: Credit) -> list[Decimal]:
    """Where marginal tiers start: as written, or the shares of the target."""
    rate = component["rate"]
    if rate.get("by", "amount") == "amount":
        return [tier["from"] for tier in rate["tiers"]]
    span = span_of(s.plan, over_of(s.plan, rate), credit.day)
    product = credit.fact.get(rate["per"][0]) if rate.get("per") else None
    promised = target(s, component["base"], credit.person, span, product=product)
    assert promised is not None and promised > 0
    return [rounded(tier["from"] * promised, s.plan.get("decimals", 4)) for tier in rate["tiers"]]


def last_step(steps: list[Row], number: Fraction | Decimal) -> Decimal | None:
    """The `is` of the last step that is reached; exactly at its start it is."""
    reached = [step["is"] for step in steps if Fraction(step["from"]) <= Fraction(number)]
    return Decimal(reached[-1]) if reached else None


# --- multipliers ---------------------------------------------------------------------------------------


def multipliers(s: Situation, component: Row, credit: Credit) -> Decimal:
    """All of a line's multipliers together."""
    product = Decimal(1)
    for factor in component.get("times", []):
        product *= multiplier(s, factor, credit)
    return product


def multiplier(s: Situation, factor: Any, credit: Credit) -> Decimal:
    if isinstance(factor, Decimal):
        return factor
    if "table" in factor:
        return from_table(s, factor["table"], credit)
    period = pay_period(s.plan, credit.day)
    if "score" in factor:
        given = score(s, factor["score"], credit.person, period)
        if given is None:
            return Decimal(factor["unknown"])
        if "steps" not in factor:
            return rounded(min(given, factor.get("most", Decimal(10))), 6)
        return stepped(factor, given)
    return stepped(factor, number_for(s, factor, credit, period))


def stepped(factor: Row, number: Fraction | Decimal | None) -> Decimal:
    if number is None:
        return Decimal(factor["unknown"])
    reached = last_step(factor["steps"], number)
    return Decimal(factor["below"]) if reached is None else reached


def number_for(s: Situation, factor: Row, credit: Credit, period: Span) -> Whole | None:
    """The number that a multiplier's steps look at; None where it is not known."""
    if "attainment" in factor:
        return attainment(s, factor, factor["attainment"], credit.person, period)
    if "total" in factor:
        return running_total(s, factor, credit.person, period)
    if "days" in factor:
        begun, done = (credit.fact.get(column) for column in factor["days"])
        return None if begun is None or done is None else Decimal((done - begun).days)
    if "ratio" in factor:
        part, whole = (part_of_ratio(credit.fact, column) for column in factor["ratio"])
        return None if part is None or not whole else Fraction(part) / Fraction(whole)
    value = credit.fact.get(factor["column"])
    return None if value is None else Decimal(value)


def part_of_ratio(fact: Row, column: str) -> Decimal | None:
    if column != "margin":
        return fact.get(column)
    if fact.get("amount") is None or fact.get("cost") is None:
        return None
    return Decimal(fact["amount"] - fact["cost"])


def raised(s: Situation, component: Row, credit: Credit) -> tuple[Decimal, Decimal]:
    """What multiplies the rate, and the points that are added to it."""
    times, plus = Decimal(1), Decimal(0)
    period = pay_period(s.plan, credit.day)
    for raise_ in component.get("raise", []):
        if not condition_holds(s, raise_["when"], credit.person, period):
            continue
        if raise_["as"] == "relative":
            times *= 1 + raise_["by"]
        else:
            plus += raise_["by"]
    return times, plus
