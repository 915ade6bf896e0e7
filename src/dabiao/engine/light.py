"""Red, amber, green: how a number stands against what it should be by now (S2; `facts.md`, lights).

A flow (a sum or a count) is held against the part of its target that is due by now; a ratio and anything of
a closed period against the whole target. For metrics that are better when higher this is attainment ÷ time
progress; where lower is better, dividing would flatter (9 of at most 10 complaints at half time are not
fine), so the target is scaled and attainment taken of that.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Final, Literal

import ibis
import ibis.expr.types as ir

Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Lights:
    """Where green and amber start. Each metric may have its own."""

    green: Decimal = Decimal("1")
    amber: Decimal = Decimal("0.8")

    def __post_init__(self) -> None:
        if self.amber > self.green:
            raise ValueError(f"amber starts at {self.amber}, above green at {self.green}.")


DEFAULT: Final = Lights()
EXPLAIN_BEYOND: Final = 0.1


def light(standing: Fraction | float | None, lights: Lights = DEFAULT) -> Colour | None:
    """The colour of a standing (1 = exactly where it should be); None where there is none."""
    if standing is None:
        return None
    kind = Fraction if isinstance(standing, Fraction) else float
    if standing >= kind(lights.green):
        return "green"
    return "amber" if standing >= kind(lights.amber) else "red"


def shown(attained: Fraction | None, lights: Lights = DEFAULT) -> float | None:
    """An attainment as a figure beside its light: where rounding to a tenth of a percent would give it another colour,
    it is cut instead. 79.996 % is red, and reads 79.9 %."""
    if attained is None:
        return None
    tenths = attained * 1000
    near = Fraction(floor(tenths + Fraction(1, 2)), 1000)
    if light(near, lights) == light(attained, lights):
        return float(attained)
    return float(Fraction(floor(tenths) if near > attained else ceil(tenths), 1000))


def light_column(standing: ir.NumericColumn, lights: Lights = DEFAULT) -> ir.StringColumn:
    """`light` for a column."""
    return ibis.cases(
        (standing.isnull(), ibis.null("string")),
        (standing >= float(lights.green), "green"),
        (standing >= float(lights.amber), "amber"),
        else_="red",
    )


def asks_why(
    standing: float | None, change: float | None = None, *, beyond: float = EXPLAIN_BEYOND, jump: float = 0.3
) -> bool:
    """Whether somebody should explain: off by more than `beyond` either way, or a jump on the last period."""
    off = standing is not None and abs(standing - 1) > beyond
    return off or (change is not None and abs(change) > jump)
