"""The trace of a component: credit → running total → slices → multipliers → amount, one row per credit."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from dabiao.engine.payout import rate as rates
from dabiao.engine.payout.credit import Window, credits
from dabiao.engine.payout.factor import of_the_period, with_factor
from dabiao.engine.payout.feature import Tables, kept
from dabiao.engine.payout.plan import Component, Measure, Plan, Rate, Tiers
from dabiao.engine.payout.reference import beside
from dabiao.engine.payout.scale import Scale, scale_of, to_line, units, widen
from dabiao.engine.payout.spans import spans, start_of


@dataclass(frozen=True)
class Batch:
    """What lines are computed for.

    terms: see `terms_schema`; needed where `has_terms`. carried: person, per …, total counted inside the
    span before this window, where tiers run on (`is_running`).
    """

    window: Window
    terms: ir.Table | None = None
    carried: ir.Table | None = None


def is_running(component: Component) -> bool:
    """Whether the order of facts decides how much each line earns."""
    tiers = component.rate.tiers if component.rate else None
    return tiers is not None and tiers.pay == "marginal"


def has_terms(component: Component) -> bool:
    """Whether something about a person's period enters the lines; then `terms` must be given."""
    tiers = component.rate.tiers if component.rate else None
    return bool(
        component.raises
        or any(of_the_period(factor) for factor in component.times)
        or (tiers is not None and (tiers.pay == "whole" or tiers.by == "attainment"))
    )


def terms_schema(component: Component, person: str = "string") -> dict[str, str]:
    """The columns of `terms`: person, period, the tiers' `per`, and what the period decided, in units.

    rate: of a whole-base tier · start_2 …: where an attainment tier begins, in amount · factor_1 …:
    multipliers at six decimals · relative, points: raises of the rate at six decimals.
    """
    tiers = component.rate.tiers if component.rate else None
    schema = {"person": person, "period": "date"}
    if tiers is not None and (tiers.pay == "whole" or tiers.by == "attainment"):
        schema |= dict.fromkeys(tiers.per, "string")
        if tiers.pay == "whole":
            schema["rate"] = "int64"
        else:
            schema |= {f"start_{number}": "int64" for number in range(2, len(tiers.steps) + 1)}
    for number, factor in enumerate(component.times, start=1):
        if of_the_period(factor):
            schema[f"factor_{number}"] = "int64"
    if component.raises:
        schema |= {"relative": "int64", "points": "int64"}
    return schema


def lines(plan: Plan, component: Component, tables: Tables, batch: Batch) -> ir.Table:
    """Every line of a component for the facts of a batch.

    returns: the fact's key, on, person, via (see `credits`), share (millionths), credit, before, slice_1 …, rate, factor_1 …
    and amount. Money in int64 units: credit, before and slices at the plan's decimals, amount at
    `plan.line_scale`; rate and factors at the scales of `scale_of`. A null amount means that the plan says
    nothing about this fact: it is to be refused, never paid as 0.
    """
    measure = plan.measures[component.base]
    scale = scale_of(plan, component)
    rows = credits(plan, measure, tables, batch.window, kept(plan, component))
    if batch.terms is not None:
        rows = _with_terms(plan, rows, batch.terms, batch.window)
    rows, product = _rated(plan, component, rows, tables, scale, batch)
    if component.raises:
        product = product * rows.relative + _sliced(rows) * rows.points * 10**scale.rate
    for number, decimals in enumerate(scale.factors, start=1):
        factor, name = component.times[number - 1], f"factor_{number}"
        rows = with_factor(rows.mutate(__product=product), plan, factor, name, decimals, tables)
        product = rows["__product"] * rows[name]
    rows = rows.mutate(amount=to_line(product, scale))
    return rows.drop(*[column for column in rows.columns if column.startswith("__")])


def _with_terms(plan: Plan, rows: ir.Table, terms: ir.Table, window: Window) -> ir.Table:
    rows = rows.mutate(period=start_of(plan, plan.period, rows.on, window.since, window.until))
    keys = [name for name in terms.columns if name in rows.columns]
    right = terms.rename(**{f"__{name}": name for name in keys})
    same = [rows[name].identical_to(right[f"__{name}"]) for name in keys if name not in ("person", "period")]
    same += [rows.person == right["__person"], rows.period == right["__period"]]
    return rows.left_join(right, same).drop(*[f"__{name}" for name in keys])


def _rated(
    plan: Plan, component: Component, rows: ir.Table, tables: Tables, scale: Scale, batch: Batch
) -> tuple[ir.Table, ir.NumericValue]:
    """Rows with what decided the rate, and base × rate exact."""
    rate = component.rate or Rate()
    if rate.flat is not None:
        return rows, widen(rows.credit, scale) * units(rate.flat, scale.rate)
    if rate.table:
        table = plan.tables[rate.table]
        rows = rates.looked_up(rows, table, "rate", beside(table, tables), scale.rate)
        return rows, widen(rows.credit, scale) * rows.rate
    tiers = rate.tiers
    if tiers is None:
        raise AssertionError("a component with lines has a rate: the plan's validator saw to it")
    if tiers.pay == "whole":
        return rows, widen(rows.credit, scale) * rows.rate
    return _marginal(plan, tiers, plan.measures[component.base], rows, scale, batch)


def _marginal(
    plan: Plan, tiers: Tiers, measure: Measure, rows: ir.Table, scale: Scale, batch: Batch
) -> tuple[ir.Table, ir.NumericValue]:
    window = batch.window
    over = tiers.over or plan.period
    if len(list(spans(plan, over, window.since, window.until))) > 1:
        rows = rows.mutate(scope=start_of(plan, over, rows.on, window.since, window.until))
    rows = rates.running(rows, tiers, measure, batch.carried)
    rows = rates.slices(rows, tiers, _starts(rows, tiers, scale))
    rows = rows.drop("after")
    product = rates.earned(rows, [step.value for step in tiers.steps], scale)
    if tiers.by == "attainment" and len(tiers.steps) > 1:
        # LEAST and GREATEST pass over null: without a target the slices would look like one tier.
        product = ibis.ifelse(rows.start_2.notnull(), product, ibis.null(product.type()))
    return rows, product


def _starts(rows: ir.Table, tiers: Tiers, scale: Scale) -> list[ir.IntegerValue]:
    if tiers.by == "amount":
        return [ibis.literal(units(step.start, scale.base), type="int64") for step in tiers.steps]
    return [
        ibis.literal(0, type="int64"),
        *(rows[f"start_{number}"] for number in range(2, len(tiers.steps) + 1)),
    ]


def _sliced(rows: ir.Table) -> ir.IntegerValue:
    """The base that earns: the sum of the slices, or the credit where there are none."""
    parts = [rows[name] for name in rows.columns if name.startswith("slice_")]
    return sum(parts[1:], start=parts[0]) if parts else rows.credit
