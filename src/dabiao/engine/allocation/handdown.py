"""Hand an amount down organisation × time × product, exact in every direction.

The axes are promised in the order they are given. Along the first (the organisation) every level is handed
down from the level above it; at each level the second axis is settled before the third. A step divides one
whole amount among those who share it, so every sum above it already holds. See docs/targets.md for which
margins are promised and why a table of three directions cannot promise all of them.
"""

from collections.abc import Sequence

import numpy as np

from dabiao.engine.allocation.axis import Axis, Ints
from dabiao.engine.allocation.level import Level, running, share_out, splits_of
from dabiao.engine.allocation.rounding import LARGEST


class NothingToShareBy(ValueError):
    """An amount is due to a node all of whose weights are zero."""


class TooLarge(ValueError):
    """An amount or the sum of the weights reaches 2^53 and could not be kept exact."""


def hand_down(amount: int, scope: Axis, columns: Sequence[Axis], weights: Ints) -> Ints:
    """Every node's amount in every leaf column, so that each sums to its parent's and the whole to `amount`.

    weights: scope leaves × leaf columns (the last axis fastest), not negative.
    Returns scope nodes × leaf columns. A negative amount is handed down as its opposite.
    """
    if amount < 0:
        return -hand_down(-amount, scope, columns, weights)
    _check(amount, weights)
    weighed = scope.rolled_up(weights.T)
    root = _root_row(amount, columns, weighed[:, 0])
    return descend(root, scope, columns, weighed).T


def _root_row(amount: int, columns: Sequence[Axis], weights: Ints) -> Ints:
    """The top's own row: the last axis handed down over the ones before it, until one amount is left."""
    if not columns:
        return np.array([amount], dtype=np.int64)
    *before, last = columns
    shaped = weights.reshape(-1, len(last.leaves))
    above = _root_row(amount, before, shaped.sum(axis=1))
    nodes = descend(above, last, before, last.rolled_up(shaped))
    return np.asarray(nodes[:, last.leaves].reshape(-1))


def descend(root: Ints, scope: Axis, columns: Sequence[Axis], weights: Ints) -> Ints:
    """Hand a row of columns down a tree, level by level. weights and result: leaf columns × scope nodes."""
    held = np.empty((len(root), len(scope.keys)), dtype=np.int64)
    held[:, 0] = root
    ahead, splits = running(weights), splits_of(columns)
    for nodes, parents in scope.levels():
        starts = np.flatnonzero(np.r_[True, parents[1:] != parents[:-1], True])
        level = Level(starts, running(held[:, parents[starts[:-1]]]), ahead[:, nodes])
        held[:, nodes] = share_out(level, columns, splits)
    return held


def _check(amount: int, weights: Ints) -> None:
    if amount >= LARGEST or int(weights.sum()) >= LARGEST:
        raise TooLarge("an amount and the sum of the weights must stay below 2^53 units")
    if amount and not weights.any():
        raise NothingToShareBy("every weight is zero: give a weight, or hand down evenly")
