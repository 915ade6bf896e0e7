"""Multipliers of a line: the ones a fact decides here, the ones a person's period decides in `terms`."""

from decimal import Decimal
from math import ceil

import ibis
import ibis.expr.types as ir

from dabiao.engine.number import MONEY_SCALE, minor
from dabiao.engine.payout.feature import Tables, value
from dabiao.engine.payout.plan import Factor, Feature, Plan, Step
from dabiao.engine.payout.rate import looked_up
from dabiao.engine.payout.reference import beside
from dabiao.engine.payout.scale import places, units

_SHARE = 6
"""Decimals of a step's start that is a share."""


def of_the_period(factor: Factor) -> bool:
    """Whether a person's period decides the multiplier, not the fact."""
    return factor.attained is not None or bool(factor.score)


def with_factor(
    rows: ir.Table, plan: Plan, factor: Factor, name: str, scale: int, tables: Tables
) -> ir.Table:
    """The rows with the multiplier `name` in int64 units of 10^-scale; null where the plan says nothing."""
    if of_the_period(factor):
        return rows
    if factor.table:
        table = plan.tables[factor.table]
        return looked_up(rows, table, name, beside(table, tables), scale)
    if factor.flat is not None:
        return rows.mutate(**{name: ibis.literal(units(factor.flat, scale), type="int64")})
    if factor.feature is None:
        raise AssertionError("a multiplier has a source: the plan's validator saw to it")
    return rows.mutate(**{name: _banded(rows, factor, factor.feature, scale)})


def _banded(rows: ir.Table, factor: Factor, feature: Feature, scale: int) -> ir.IntegerValue:
    """The value of the last step that the fact's number has reached."""
    reached = [
        (_at_least(rows, feature, step), ibis.literal(units(step.value, scale), type="int64"))
        for step in sorted(factor.steps, key=lambda step: step.start, reverse=True)
    ]
    below = _literal(factor.below, scale)
    return ibis.cases((~_is_known(rows, feature), _literal(factor.unknown, scale)), *reached, else_=below)


def _literal(number: Decimal | None, scale: int) -> ir.IntegerValue:
    return ibis.null("int64") if number is None else ibis.literal(units(number, scale), type="int64")


def _is_known(rows: ir.Table, feature: Feature) -> ir.BooleanValue:
    numbers = [value(rows, name) for name in feature.of]
    known = numbers[0].notnull()
    for number in numbers[1:]:
        known &= number.notnull()
    return known & (numbers[1] != 0) if feature.kind == "ratio" else known


def _at_least(rows: ir.Table, feature: Feature, step: Step) -> ir.BooleanValue:
    first, *others = (value(rows, name) for name in feature.of)
    if feature.kind == "days":
        return others[0].delta(first, unit="day") >= ceil(step.start)
    if feature.kind == "column":
        # Typed, because a bare decimal would be rounded to the three places of a DECIMAL without any.
        scale = max(places(step.start), getattr(first.type(), "scale", None) or 0)
        kind = f"decimal(38, {scale})"
        return first.cast(kind) >= ibis.literal(step.start, type=kind)
    # part ÷ whole ≥ start without dividing; a refund has both signs turned.
    part, whole = _wide(first), _wide(others[0])
    sign = whole.sign().cast("decimal(38, 0)")
    return part * 10**_SHARE * sign >= whole * sign * units(step.start, _SHARE)


def _wide(number: ir.NumericValue) -> ir.NumericValue:
    exact = minor(number) if number.type().is_decimal() else number.cast("int64") * 10**MONEY_SCALE
    return exact.cast("decimal(38, 0)")
