"""Targets of a ratio: handed down by numerator and denominator, or inherited; never summed."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from dabiao.engine.allocation.axis import Axis, Floats, Ints
from dabiao.engine.allocation.cascade import Cascade, Order, cascade
from dabiao.engine.number import rounded


@dataclass(frozen=True, eq=False)
class RatioTargets:
    """Numerators and denominators of every scope node × leaf column; the ratio is divided last."""

    parts: Ints
    wholes: Ints

    def ratio(self, node: int, column: int) -> Fraction | None:
        """One ratio, exact; None where the denominator is zero."""
        whole = int(self.wholes[node, column])
        return Fraction(int(self.parts[node, column]), whole) if whole else None


def by_parts(
    ratio: Decimal, wholes: Cascade, past: Floats | None = None, *, most_one: bool = True
) -> RatioTargets:
    """Hand a ratio down over denominators that were handed down before.

    The top's numerator is ratio × its denominator, rounded half away from zero. It is shared by
    denominator × past ratio (past: scope leaves × leaf columns, None: everybody alike), so that who was
    better stays better and every sum of numerators ÷ sum of denominators is a target that its parts can
    reach. most_one: no part above its whole (a conversion, a collection rate).
    """
    order = wholes.order
    top = int(wholes.amounts[0].sum())
    amount = int(rounded(ratio * top, 0))
    weights = wholes.leaves * (np.ones(wholes.leaves.shape) if past is None else past)
    most = wholes.leaves if most_one else None
    handed = cascade(Order(amount, order.scope, order.columns, weights.astype(np.float64), at_most=most))
    return RatioTargets(handed.amounts, wholes.amounts)


def inherited(ratio: Decimal, scope: Axis) -> dict[str, Decimal]:
    """Everybody's target is the top's."""
    return dict.fromkeys(scope.keys, ratio)
