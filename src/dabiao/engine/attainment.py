"""Attainment: actual ÷ target, and what that means where lower is better or the target is zero or negative.

The one formula table of the product (`standing` reads it for lights):

    better when   target > 0            target = 0                      target < 0
    higher        actual ÷ target       null                            2 − actual ÷ target
    lower         2 − actual ÷ target   1 if actual ≤ 0, else 0         actual ÷ target

All of it is 1 + (how much better than the target) ÷ |target|: 1 is the target met exactly, more is better,
continuous and never a reversed sign. 90 complaints where 100 were allowed are 110 %; a loss of 50 where one
of 100 was planned is 150 %. A zero target of something to be avoided is kept or it is not; of something to
be reached it says nothing. Null actual or target: null.
"""

from decimal import Decimal
from fractions import Fraction

import ibis
import ibis.expr.types as ir

from dabiao.engine import number
from dabiao.engine.metric import Direction

Exact = Decimal | Fraction | int
DOUBTED = 10
"""An attainment above 1,000 % says more about the target than about the work."""


def attained(actual: Exact | None, target: Exact | None, direction: Direction = "up") -> Fraction | None:
    """The formula table for one pair, exact: lights and pay ask whether 80 % is reached, not nearly."""
    if actual is None or target is None:
        return None
    if target == 0:
        return None if direction == "up" else Fraction(actual <= 0)
    plain = Fraction(actual) / Fraction(target)
    return plain if (direction == "up") == (target > 0) else 2 - plain


def doubtful(attained: Exact | float | None) -> bool:
    """Whether an attainment is so high that the target should be looked at: a zero too few, another unit."""
    return attained is not None and attained > DOUBTED


def attainment(
    actual: ir.NumericColumn, target: ir.NumericColumn, direction: Direction = "up"
) -> ir.FloatingColumn:
    """The formula table for two columns, as the float nearest to what it is: 5.6 ÷ 7 is not below 0.8."""
    if all(column.type().is_decimal() or column.type().is_integer() for column in (actual, target)):
        actual, target = number.minor(actual), number.minor(target)
    plain, mirrored = number.ratio(actual, target), number.ratio(2 * target - actual, target)
    above, below = (plain, mirrored) if direction == "up" else (mirrored, plain)
    kept = ibis.null("float64") if direction == "up" else (actual <= 0).cast("float64")
    return ibis.cases((target > 0, above), (target < 0, below), (target == 0, kept))


def standing(
    actual: Exact | None, target: Exact | None, direction: Direction = "up", *, due: Fraction = Fraction(1)
) -> Fraction | None:
    """Attainment of the part of the target that is due by now; what a light is taken of.

    due: pace for flows while their period runs; 1 for ratios and closed periods. Null before anything is due.
    """
    if target is None or due == 0:
        return None
    return attained(actual, Fraction(target) * due, direction)


def standing_column(
    actual: ir.NumericColumn, target: ir.NumericColumn, direction: Direction = "up", *, due: float = 1.0
) -> ir.FloatingColumn:
    """`standing` for columns, in floats as lights need it."""
    if due == 0:
        return ibis.null("float64")
    return attainment(actual.cast("float64"), target.cast("float64") * due, direction)
