"""How many decimals each factor of a line carries, and whether the product fits: int64, else 38 digits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.message import Objection, message
from dabiao.engine.number import divided
from dabiao.engine.payout.plan import SCALE, Component, Factor, Plan, Table

_INT64: Final = 2**62
_EXACT: Final = 2**51
"""Largest quotient that `number.divided` rounds exactly."""
_WIDEST: Final = 10**37
TERM_SCALE: Final = SCALE
"""Decimals of a multiplier that depends on a person's period; it is rounded to them when it is formed."""


class Overflow(Objection):
    """Amounts this large at this many decimals fit in no column."""


@dataclass(frozen=True)
class Scale:
    """Decimals of the base, the rate and each multiplier of a component; wide = 38-digit arithmetic."""

    base: int
    rate: int
    factors: tuple[int, ...]
    raised: bool
    wide: bool
    line: int

    @property
    def product(self) -> int:
        return self.base + self.rate + sum(self.factors) + (TERM_SCALE if self.raised else 0)


def places(value: Decimal) -> int:
    """Decimals that a number needs: 0.050 needs two."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def units(value: Decimal, scale: int) -> int:
    """A number as an exact integer of 10^-scale."""
    return int(value.scaleb(scale))


def scale_of(plan: Plan, component: Component) -> Scale:
    """The smallest scale that keeps every factor exact. Raises Overflow where nothing holds the product."""
    rates = _rates(plan, component)
    factors = [_factor(plan, factor) for factor in component.times]
    rate = max(map(places, rates), default=0)
    most = max((abs(value) for value in rates), default=Decimal(0))
    for raise_ in component.raises:
        most = most * (1 + raise_.by) if raise_.kind == "relative" else most + raise_.by
    exact = Scale(
        plan.decimals, rate, tuple(d for d, _ in factors), bool(component.raises), False, plan.line_scale
    )
    size = plan.largest * max(most, Decimal(1))
    for _, largest in factors:
        size *= max(largest, Decimal(1))
    if units(size, exact.product) < _INT64 and units(size, plan.line_scale) < _EXACT:
        return exact
    if units(size, exact.product) >= _WIDEST or units(size, plan.line_scale) >= _INT64:
        raise Overflow(
            message(
                "{largest} at {digits} decimals fits in no column: an overflow. Lower `largest`, or write rates "
                "and multipliers with fewer decimals",
                largest=plan.largest,
                digits=exact.product,
            )
        )
    return replace(exact, wide=True)


def widen(column: ir.IntegerValue, scale: Scale) -> ir.NumericValue:
    """The column ready to be multiplied at this scale."""
    return column.cast("decimal(38, 0)") if scale.wide else column


def to_line(product: ir.NumericValue, scale: Scale) -> ir.IntegerColumn:
    """An exact product rounded once, half away from zero, to the line's decimals, in int64 units."""
    drop = scale.product - scale.line
    if drop <= 0:
        return (product * 10**-drop).cast("int64")
    if not scale.wide:
        return divided(product, 10**drop)
    return shrunk(product, drop)


def shrunk(wide: ir.NumericValue, drop: int) -> ir.IntegerColumn:
    """A decimal(38, 0) with its last `drop` digits rounded away, half away from zero, in int64."""
    shrink = ibis.literal(Decimal(1).scaleb(-drop), type=f"decimal(38, {drop})")
    point = wide.cast(f"decimal(38, {drop})") if drop == 0 else wide
    return (point * shrink).cast("decimal(38, 0)").cast("int64")


def _rates(plan: Plan, component: Component) -> list[Decimal]:
    rate = component.rate
    if rate is None:
        return []
    if rate.flat is not None:
        return [rate.flat]
    if rate.tiers is not None:
        return [step.value for step in rate.tiers.steps]
    return list(_values(plan.tables[rate.table]))


def _values(table: Table) -> Iterable[Decimal]:
    if table.source:
        yield Decimal(1).scaleb(-table.decimals) * (10 ** (table.decimals + 2) - 1)
    yield from (row.value for row in table.rows)
    if table.otherwise is not None:
        yield table.otherwise


def _factor(plan: Plan, factor: Factor) -> tuple[int, Decimal]:
    """Decimals and the largest value of one multiplier."""
    if factor.flat is not None:
        return places(factor.flat), abs(factor.flat)
    if factor.table:
        values = list(_values(plan.tables[factor.table]))
    elif factor.feature is not None:
        values = [step.value for step in factor.steps]
        values += [value for value in (factor.below, factor.unknown) if value is not None]
    else:
        return TERM_SCALE, factor.most or Decimal(10)
    return max(map(places, values), default=0), max(map(abs, values), default=Decimal(1))
