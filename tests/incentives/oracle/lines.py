"""Lines: one for each credit, with what it earns; and what a whole-base tier makes up for."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.incentives.oracle.credits import Credit, every_credit
from tests.incentives.oracle.numbers import added, rounded
from tests.incentives.oracle.periods import Span, over_of, pay_period, span_of
from tests.incentives.oracle.rates import (
    earned_by_moving,
    from_table,
    last_step,
    multipliers,
    raised,
    tier_starts,
)
from tests.incentives.oracle.situation import Plan, Row, Situation
from tests.incentives.oracle.totals import of_target, target, total


@dataclass(frozen=True)
class Line:
    """One credit with what it earns."""

    person: str
    period: Span
    credit: Credit
    amount: Decimal


def line_digits(plan: Plan) -> int:
    return int(plan.get("digits", 2)) if plan.get("round") == "line" else 6


def priced(s: Situation, component: Row, credits: list[Credit]) -> list[Line]:
    """One line for each of a person's credits: base × rate × multipliers, rounded once."""
    running: dict[tuple[Any, ...], Decimal] = {}
    lines = []
    for credit in credits:
        earned = before_multipliers(s, component, credit, credits, running)
        amount = rounded(earned * multipliers(s, component, credit), line_digits(s.plan))
        lines.append(Line(credit.person, pay_period(s.plan, credit.day), credit, amount))
    return lines


def before_multipliers(
    s: Situation,
    component: Row,
    credit: Credit,
    credits: list[Credit],
    running: dict[tuple[Any, ...], Decimal],
) -> Decimal:
    """Base × rate."""
    rate = component["rate"]
    times, plus = raised(s, component, credit)
    if isinstance(rate, Decimal):
        return credit.amount * (rate * times + plus)
    if "table" in rate:
        return credit.amount * (from_table(s, rate["table"], credit) * times + plus)
    if rate.get("pay") == "whole":
        period = pay_period(s.plan, credit.day)
        return credit.amount * (whole_rate(s, component, credit, period, credits) * times + plus)
    over = span_of(s.plan, over_of(s.plan, rate), pay_period(s.plan, credit.day).start)
    counter = (over, *group_of(rate, credit))
    before = running.get(counter, Decimal(0))
    after = running[counter] = before + credit.amount
    starts = tier_starts(s, component, credit)
    return earned_by_moving(rate, starts, before, after, Decimal(0)) * times + earned_by_moving(
        {**rate, "tiers": [{**tier, "is": Decimal(0)} for tier in rate["tiers"]]}, starts, before, after, plus
    )


def whole_rate(s: Situation, component: Row, credit: Credit, period: Span, credits: list[Credit]) -> Decimal:
    """The rate that all credit of a period earns: that of the last start reached by the period's end."""
    rate = component["rate"]
    span = span_of(s.plan, over_of(s.plan, rate), period.start)
    if rate.get("by", "amount") == "attainment":
        return rate_attained(s, component, credit, period, span)
    if "measure" in rate:
        reached = total(s, rate["measure"], credit.person, span.start, period.end)
    else:
        known = [c for c in credits if span.start <= c.day < period.end]
        reached = added([c.amount for c in known if group_of(rate, c) == group_of(rate, credit)])
    found = last_step(rate["tiers"], reached)
    return Decimal(rate["tiers"][0]["is"]) if found is None else found


def rate_attained(s: Situation, component: Row, credit: Credit, period: Span, span: Span) -> Decimal:
    """As `whole_rate`, where the starts are shares of the target."""
    rate = component["rate"]
    measure = rate.get("measure", component["base"])
    mine = [c for c in every_credit(s, measure) if c.person == credit.person]
    if "measure" not in rate:
        mine = [c for c in mine if group_of(rate, c) == group_of(rate, credit)]
    reached = added([c.amount for c in mine if span.start <= c.day < period.end])
    product = next(iter(group_of(rate, credit)), None)
    share = of_target(s, measure, reached, target(s, measure, credit.person, span, product=product))
    assert share is not None
    found = last_step(rate["tiers"], share)
    return Decimal(rate["tiers"][0]["is"]) if found is None else found


def catch_up(s: Situation, component: Row, credits: list[Credit], period: Span) -> Decimal:
    """(New rate − old rate) × Σ credit × multipliers of the span's earlier periods, rounded to 6."""
    rate = component["rate"]
    if not isinstance(rate, dict) or rate.get("pay") != "whole":
        return Decimal(0)
    span = span_of(s.plan, over_of(s.plan, rate), period.start)
    earlier = [credit for credit in credits if span.start <= credit.day < period.start]
    last = pay_period(s.plan, period.start - timedelta(days=1))
    steps = []
    for one in {group_of(rate, credit): credit for credit in earlier}.values():
        new, old = (whole_rate(s, component, one, end, credits) for end in (period, last))
        own = [credit for credit in earlier if group_of(rate, credit) == group_of(rate, one)]
        lifted = added([credit.amount * multipliers(s, component, credit) for credit in own])
        steps.append(rounded((new - old) * lifted, 6))
    return added(steps)


def group_of(rate: Row, credit: Credit) -> tuple[Any, ...]:
    """The values of the columns that count by themselves."""
    return tuple(credit.fact.get(column) for column in rate.get("per", []))
