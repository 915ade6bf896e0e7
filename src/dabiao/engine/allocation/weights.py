"""By what an amount is shared: even, history, potential, capacity, seasonality, by hand, or several at once.

Every method is an array of weights, scope leaves × leaf columns or one side of it. NaN says "not known" (no
history, no target here), which is not a weight of zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dabiao.engine.allocation.axis import CannotAllocate, Floats


class BadMix(CannotAllocate):
    """Weights that cannot be combined."""


@dataclass(frozen=True, eq=False)
class Method:
    """One way to share, and how much it counts among several."""

    name: str
    share: Fraction
    weights: Floats


def even(rows: int, columns: int = 1) -> Floats:
    """The same for everybody."""
    return np.ones((rows, columns))


def crossed(scope: Floats, columns: Floats) -> Floats:
    """Who by when: one weight per scope leaf times one per leaf column. Unknown on either side is unknown."""
    return np.asarray(np.multiply.outer(scope, columns))


def combined(methods: Sequence[Method]) -> Floats:
    """Several methods, each brought to a sum of 1 first, then added by their shares.

    A cell that a method does not know is shared by the methods that do, in their proportions; one that none
    knows stays unknown. A single method comes back as it is, so its integers stay exact. Raises BadMix for
    shares that are not positive or a method without any weight.
    """
    if not methods or min(method.share for method in methods) <= 0:
        raise BadMix("each method needs a share above zero")
    if len(methods) == 1:
        return methods[0].weights
    total, known = np.zeros(methods[0].weights.shape), np.zeros(methods[0].weights.shape)
    for method in methods:
        whole = float(np.nansum(method.weights))
        if whole <= 0:
            raise BadMix(f"{method.name} gives nobody a weight: leave it out, or combine it with even")
        there = ~np.isnan(method.weights)
        total[there] += float(method.share) * method.weights[there] / whole
        known[there] += float(method.share)
    unknown = np.full(total.shape, np.nan)
    return np.asarray(np.divide(total, known, out=unknown, where=known > 0), dtype=np.float64)


def filled(weights: Floats, instead: Floats) -> Floats:
    """Unknown weights taken from another method, scaled so that the known ones of both sum alike.

    So a person without history stands beside the others at their share of, say, headcount.
    """
    both = ~np.isnan(weights) & ~np.isnan(instead)
    base = float(instead[both].sum())
    factor = float(weights[both].sum()) / base if base else 1.0
    return np.where(np.isnan(weights), instead * factor, weights)
