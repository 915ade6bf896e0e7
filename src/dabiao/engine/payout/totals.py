"""Sums over credits and lines: what a person, or a unit, has credited or earned in each pay period."""

from functools import reduce
from operator import mul

import ibis
import ibis.expr.types as ir

from dabiao.engine.credit import seated
from dabiao.engine.number import divided
from dabiao.engine.payout.credit import Window, credited, credits, given_once
from dabiao.engine.payout.feature import Tables
from dabiao.engine.payout.plan import Component, Measure, Plan
from dabiao.engine.payout.spans import start_of

_MIX = 1_000_003
"""A prime that folds running totals and amounts into a checksum that int64 can sum."""


def totals(
    plan: Plan, measure: Measure, tables: Tables, window: Window, per: tuple[str, ...] = ()
) -> ir.Table:
    """person, period (its first day), per …, total (int64 units), first_on: what was credited to whom."""
    return _totals(plan, credits(plan, measure, tables, window, per), window, per)


def reached(
    plan: Plan, measure: Measure, tables: Tables, window: Window, per: tuple[str, ...] = ()
) -> ir.Table:
    """As `totals`, whether or not the plan covers the person: what attainment counts."""
    rows = credited(plan, measure, tables, window, per)
    return _totals(plan, rows.filter(rows.person.notnull()), window, per)


def _totals(plan: Plan, rows: ir.Table, window: Window, per: tuple[str, ...]) -> ir.Table:
    rows = rows.mutate(period=start_of(plan, plan.period, rows.on, window.since, window.until))
    grouped = rows.group_by("person", "period", *per)
    return grouped.agg(
        total=_whole(rows.credit.sum()), first_on=rows.on.min(where=(rows.credit > 0)), credits=rows.count()
    )


def unit_totals(plan: Plan, measure: Measure, tables: Tables, window: Window) -> ir.Table:
    """unit (null: nobody's), period, total: each fact once, where the credited person sat on its date."""
    rows = given_once(plan, measure, tables, window)
    placed = seated(rows.mutate(day=rows.on), tables["assignments"])
    placed = placed.mutate(period=start_of(plan, plan.period, placed.on, window.since, window.until))
    return placed.group_by("unit", "period").agg(total=_whole(placed.credit.sum()))


def sums(plan: Plan, component: Component, lines: ir.Table, window: Window) -> ir.Table:
    """person, period, per …, lines, credit, amount, weighed, mix: a component's lines added up.

    weighed: Σ credit × multipliers, what a later change of a whole-base rate applies to.
    mix: a checksum of each line's place in the running total; it is the same in every order of loading.
    unsaid: lines whose amount is null.
    """
    rows = lines.mutate(period=start_of(plan, plan.period, lines.on, window.since, window.until))
    tiers = component.rate.tiers if component.rate else None
    per = tiers.per if tiers is not None else ()
    whole = tiers is not None and tiers.pay == "whole"
    place = rows.before if "before" in rows.columns else rows.credit
    extra = {"weighed": _weighed(rows, component).sum()} if whole else {}
    rule = ["rule"] if "rule" in rows.columns else []
    return rows.group_by("person", "period", *per, *rule).agg(
        lines=rows.count(),
        credit=_whole(rows.credit.sum()),
        amount=_whole(rows.amount.sum()),
        mix=_whole(((place % _MIX) * (rows.amount % _MIX)).sum()),
        unsaid=rows.amount.isnull().sum(),
        **extra,
    )


def payables(plan: Plan, sums: ir.Table, window: Window) -> ir.Table:
    """What a plan without period rules pays: round(earned in the span so far) − what was posted before.

    sums: person, period, component, amount (units of 10^-line_scale).
    returns: person, period, component, amount (units of 10^-digits); what comes to 0 in all its lines, too.
    """
    summed = sums.group_by("person", "period", "component").agg(amount=_whole(sums.amount.sum()))
    parts = [_posted(plan, component, summed, window) for component in plan.components.values()]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _posted(plan: Plan, component: Component, summed: ir.Table, window: Window) -> ir.Table:
    rows = summed.filter(summed.component == component.key)
    drop = 10 ** (plan.line_scale - plan.digits)
    tiers = component.rate.tiers if component.rate else None
    if drop == 1 or tiers is None or tiers.over is None or tiers.over == plan.period:
        return rows.mutate(amount=divided(rows.amount, drop) if drop > 1 else rows.amount)
    # A period's first day may lie before the plan's; it counts with the span that holds the plan's first day.
    inside = ibis.greatest(rows.period, ibis.literal(plan.start))
    rows = rows.mutate(scope=start_of(plan, tiers.over, inside, window.since, window.until))
    so_far = ibis.window(group_by=["person", "component", "scope"], order_by="period", rows=(None, 0))
    earned = rows.mutate(due=divided(_whole(rows.amount.sum().over(so_far)), drop))
    in_order = ibis.window(group_by=["person", "component", "scope"], order_by="period")
    paid = earned.mutate(amount=earned.due - earned.due.lag(1).over(in_order).fill_null(0))
    return paid.select("person", "period", "component", "amount")


def _weighed(rows: ir.Table, component: Component) -> ir.NumericValue:
    factors = [rows[f"factor_{number}"] for number in range(1, len(component.times) + 1)]
    return reduce(mul, factors, rows.credit.cast("decimal(38, 0)"))


def _whole(column: ir.NumericValue) -> ir.IntegerValue:
    return column.cast("decimal(18, 0)").cast("int64")
