"""When a line's amount becomes payable: in stages as events happen, and taken back when money or customer fails.

Events of a fact: `booked` is its own date; every other one is a row of `events` (event, on, portion), where
portion is the part that happened then: 0.4 of the cash on one day, 0.6 on another.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.number import RATE_SCALE
from dabiao.engine.payout.plan import Clawback, Component, Measure
from dabiao.engine.payout.scale import shrunk, units

BOOKED: Final = "booked"
"""The event that is the fact itself."""
_ONE: Final = 10**RATE_SCALE


@dataclass(frozen=True)
class Until:
    """The first day that is not known yet: nothing is taken back for a delay that has not passed."""

    day: date


def staged(component: Component, measure: Measure, lines: ir.Table, events: ir.Table) -> ir.Table:
    """The lines' amounts by the day on which each part becomes payable.

    returns: the lines' columns with `on` = that day, `rule` = `stage <event>`, and `amount` the part; parts
    are differences of rounded running shares, so they sum to the line's amount exactly once all is done.
    """
    parts = [_stage(component, number, measure, lines, events) for number in range(len(component.stages))]
    due = ibis.union(*parts) if len(parts) > 1 else parts[0]
    # Running share of each line, in the order in which its events happened.
    of_line = [*measure.fact_key, "person", *(["via"] if "via" in due.columns else [])]
    order = [due["__happened"], due["__stage"]]
    running = due["__share"].sum().over(ibis.window(group_by=of_line, order_by=order, rows=(None, 0)))
    due = due.mutate(__until=running.cast("decimal(38, 0)"))
    after = shrunk(due.amount.cast("decimal(38, 0)") * due["__until"], 2 * RATE_SCALE)
    before = shrunk(
        due.amount.cast("decimal(38, 0)") * (due["__until"] - due["__share"].cast("decimal(38, 0)")),
        2 * RATE_SCALE,
    )
    due = due.mutate(amount=after - before, on=due["__happened"], rule=due["__rule"])
    return due.drop(*[column for column in due.columns if column.startswith("__")])


def _stage(
    component: Component, number: int, measure: Measure, lines: ir.Table, events: ir.Table
) -> ir.Table:
    stage = component.stages[number]
    share = units(stage.share, RATE_SCALE)
    named = {"__stage": ibis.literal(number), "__rule": ibis.literal(f"stage {stage.event}")}
    if stage.event == BOOKED:
        whole = ibis.literal(share * _ONE, type="int64")
        return lines.mutate(__happened=lines.on, __share=whole, **named)
    happened = _happened(measure, events, stage.event)
    met = lines.inner_join(happened, [lines[key] == happened[f"__{key}"] for key in measure.fact_key])
    met = met.drop(*[f"__{key}" for key in measure.fact_key])
    return met.mutate(__share=met["__portion"] * share, **named).drop("__portion")


def _happened(measure: Measure, events: ir.Table, event: str) -> ir.Table:
    """When and how much of an event happened to each fact of a measure."""
    mine = events.filter(events.table == measure.table, events.event == event)
    portion = (mine.portion.cast(f"decimal(38, {RATE_SCALE})") * _ONE).cast("int64")
    keys = {f"__{key}": mine[key] for key in measure.fact_key}
    mine = mine.select(**keys, __happened=mine.on, __portion=portion)
    grouped = mine.group_by(*keys, "__happened")
    return grouped.agg(__portion=mine["__portion"].sum().cast("decimal(18, 0)").cast("int64"))


def taken_back(
    component: Component, measure: Measure, lines: ir.Table, events: ir.Table, until: Until
) -> ir.Table | None:
    """Further lines: paid amounts taken back, and given again where the money came after all.

    returns: the lines' columns with `on` = the day it happened, `rule` = `clawback …` or `restored`, and the
    amount with its sign; nothing without such a rule.
    """
    found = [rows for rule in component.clawbacks for rows in _clawback(rule, measure, lines, events, until)]
    if not found:
        return None
    return ibis.union(*found) if len(found) > 1 else found[0]


def _clawback(
    rule: Clawback, measure: Measure, lines: ir.Table, events: ir.Table, until: Until
) -> list[ir.Table]:
    share = -_of(lines.amount, rule.share)
    limit = lines.on + ibis.interval(days=rule.days)
    if rule.when == "churned":
        gone = _happened(measure, events, "churned")
        met = lines.mutate(__limit=limit.cast("date"), __taken=share)
        met = met.inner_join(gone, [met[key] == gone[f"__{key}"] for key in measure.fact_key])
        met = met.filter(met["__happened"] < met["__limit"], met["__happened"] >= met.on)
        return [_posted(met, met["__happened"], met["__taken"], "clawback churned")]
    paid = _paid_on(measure, events)
    met = lines.mutate(__limit=limit.cast("timestamp").cast("date"), __taken=share)
    met = met.left_join(paid, [met[key] == paid[f"__{key}"] for key in measure.fact_key])
    late = met.filter(met["__paid_on"].isnull() | (met["__paid_on"] > met["__limit"]))
    late = late.filter(late["__limit"] < until.day)
    again = late.filter(late["__paid_on"].notnull())
    return [
        _posted(late, late["__limit"], late["__taken"], "clawback unpaid"),
        _posted(again, again["__paid_on"], -again["__taken"], "restored"),
    ]


def _paid_on(measure: Measure, events: ir.Table) -> ir.Table:
    """The day on which each fact had been collected in full."""
    cash = _happened(measure, events, "collected")
    keys = [f"__{key}" for key in measure.fact_key]
    full = cash.group_by(keys).agg(__paid_on=cash["__happened"].max(), __portion=cash["__portion"].sum())
    return full.filter(full["__portion"] >= _ONE).drop("__portion")


def _of(amount: ir.IntegerValue, share: Decimal) -> ir.IntegerValue:
    return (
        amount if share == 1 else shrunk(amount.cast("decimal(38, 0)") * units(share, RATE_SCALE), RATE_SCALE)
    )


def _posted(rows: ir.Table, on: ir.DateValue, amount: ir.IntegerValue, rule: str) -> ir.Table:
    rows = rows.mutate(on=on, amount=amount, rule=ibis.literal(rule))
    return rows.drop(*[column for column in rows.columns if column.startswith("__")])
