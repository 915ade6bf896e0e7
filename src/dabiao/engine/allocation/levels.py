"""Base, target and challenge of one cascade, in order in every cell, and overlay targets beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, Ints
from dabiao.engine.allocation.cascade import Cascade, cascade
from dabiao.engine.allocation.rounding import nearest, share_of

Better = Literal["higher", "lower"]


class OutOfOrder(CannotAllocate):
    """Base, target and challenge that do not rise (or fall, where lower is better)."""


@dataclass(frozen=True)
class Overlay:
    """Somebody whose target lies over others' and is not added to them: a specialist, a product manager.

    covers: scope keys, each with all below it. weight 1 is all of what they hold.
    """

    key: str
    covers: tuple[str, ...]
    columns: frozenset[str] | None = None


def three_levels(
    middle: Cascade, base: int, challenge: int, better: Better = "higher"
) -> tuple[Cascade, Cascade]:
    """The base and the challenge beside a target, in its proportions, never on the wrong side of a cell.

    The larger one is the target plus the difference handed down. Raises OutOfOrder where the totals are not
    in order.
    """
    totals = (base, middle.order.amount, challenge)
    if list(totals) != sorted(totals, reverse=better == "lower"):
        raise OutOfOrder(f"base {base}, target {middle.order.amount}, challenge {challenge} are not in order")
    if better == "higher":
        return _smaller(middle, base), _larger(middle, challenge)
    return _larger(middle, base), _smaller(middle, challenge)


def _smaller(middle: Cascade, amount: int) -> Cascade:
    order = replace(middle.order, amount=amount, limits=(), weights=_proportions(middle))
    found = cascade(order)
    return found if (found.leaves <= middle.leaves).all() else cascade(replace(order, at_most=middle.leaves))


def _larger(middle: Cascade, amount: int) -> Cascade:
    order = replace(
        middle.order, amount=amount - middle.order.amount, limits=(), weights=_proportions(middle)
    )
    return Cascade(replace(order, amount=amount), middle.amounts + cascade(order).amounts)


def _proportions(middle: Cascade) -> Floats:
    """The target's own cells as weights; even where the target is 0 everywhere."""
    cells = middle.leaves.astype(np.float64) if middle.leaves.any() else np.ones(middle.leaves.shape)
    return np.where(middle.order.closed, np.nan, cells)


def overlaid(direct: Cascade, overlays: Sequence[Overlay]) -> Mapping[str, Ints]:
    """What each overlay holds in every leaf column: the sum of what it covers, each scope counted once.

    columns: leaf keys of the last axis (products) that it covers; None covers all, others are zero. Overlay
    targets stand beside the cascade and are never added to it.
    """
    scope, columns = direct.order.scope, direct.order.columns
    return {one.key: _covered(direct.leaves, scope, one) * _open_columns(columns, one) for one in overlays}


def _covered(leaves: Ints, scope: Axis, overlay: Overlay) -> Ints:
    under = np.zeros(len(scope.leaves), dtype=bool)
    for key in overlay.covers:
        position = scope.position(key)
        under[scope.first_leaf[position] : scope.last_leaf[position]] = True
    return np.asarray(leaves[under].sum(axis=0), dtype=np.int64)


def _open_columns(columns: Sequence[Axis], overlay: Overlay) -> Ints:
    if overlay.columns is None or not columns:
        return np.ones(1, dtype=np.int64)
    keys = [place[-1] for place in product(*(axis.leaf_keys for axis in columns))]
    return np.array([key in overlay.columns for key in keys], dtype=np.int64)


def carried(shortfall: int, remaining: Sequence[int], weights: Sequence[int] | None = None) -> list[int]:
    """A shortfall added to the targets of the periods that are left, exactly; a surplus may be below zero.

    remaining: their targets, which are the weights unless others are given (all ones: evenly; a one and
    zeros: the next period makes up for it). Where all weights are zero it is carried evenly.
    """
    weight = np.array(remaining if weights is None else weights, dtype=np.int64)
    weight = weight if weight.any() else np.ones_like(weight)
    size = np.full(len(weight), abs(shortfall))
    starts = np.array([0, len(weight)])
    parts = nearest(share_of(size, weight, np.full(len(weight), weight.sum())), size[:1], starts, size)
    sign = -1 if shortfall < 0 else 1
    return [int(old + sign * part) for old, part in zip(remaining, parts, strict=True)]
