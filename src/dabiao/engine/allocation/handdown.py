"""Hand an amount down organisation × time × product, exact in every direction.

The axes are promised in the order they are given. Along the first (the organisation) every level is handed
down from the level above it; at each level the second axis is settled before the third. A step divides one
whole amount among those who share it, so every sum above it already holds. See docs/targets.md for which
margins are promised and why a table of three directions cannot promise all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Ints, families
from dabiao.engine.allocation.level import Level, running, share_out, splits_of
from dabiao.engine.allocation.limits import NodeBounds, turned
from dabiao.engine.allocation.rounding import LARGEST, Bounds
from dabiao.engine.allocation.within import Stuck, share_out_within


class NothingToShareBy(CannotAllocate):
    """An amount is due to a node all of whose weights are zero."""


class TooLarge(CannotAllocate):
    """An amount or the sum of the weights reaches 2^53 and could not be kept exact."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What bends a cascade. bounds: of every scope node. kept: for a scope node, the share it keeps back

    (a reserve) or, below zero, hands down over and above its own amount (over-assignment).
    """

    bounds: NodeBounds | None = None
    kept: Mapping[int, Fraction] = field(default_factory=dict)


FREE: Final = Rules()


def hand_down(amount: int, scope: Axis, columns: Sequence[Axis], weights: Ints, rules: Rules = FREE) -> Ints:
    """Every node's amount in every leaf column, so that each sums to its parent's and the whole to `amount`.

    weights: scope leaves × leaf columns (the last axis fastest), not negative.
    Returns scope nodes × leaf columns. `amount` is not negative. Raises NothingToShareBy, TooLarge, and
    Stuck where bounds leave a step no room.
    """
    _check(amount, weights)
    weighed = scope.rolled_up(weights.T)
    root = top_row(amount, columns, weighed[:, 0], rules.bounds and bounds_at(rules.bounds, 0))
    return descend(root, scope, columns, weighed, rules).T


def top_row(amount: int, columns: Sequence[Axis], weights: Ints, bounds: NodeBounds | None) -> Ints:
    """The top's own row: the last axis handed down over the ones before it, until one amount is left."""
    if not columns:
        if bounds and not bounds[0, 1].low <= amount <= bounds[0, 1].high:
            raise Stuck(0, (0, 1))
        return np.array([amount], dtype=np.int64)
    *before, last = columns
    shaped = weights.reshape(-1, len(last.leaves))
    within = bounds and turned(last, before, bounds)
    above = top_row(amount, before, shaped.sum(axis=1), within and bounds_at(within, 0))
    nodes = descend(above, last, before, last.rolled_up(shaped), Rules(within))
    return np.asarray(nodes[:, last.leaves].reshape(-1))


def descend(root: Ints, scope: Axis, columns: Sequence[Axis], weights: Ints, rules: Rules = FREE) -> Ints:
    """Hand a row of columns down a tree, level by level. weights and result: leaf columns × scope nodes."""
    held = np.empty((len(root), len(scope.keys)), dtype=np.int64)
    held[:, 0] = root
    ahead, splits = running(weights), splits_of(columns)
    for nodes, parents in scope.levels():
        starts = families(parents)
        above = parents[starts[:-1]]
        given = _passed_on(held[:, above], above, columns, rules.kept)
        level = Level(starts, running(given), ahead[:, nodes])
        if rules.bounds is None:
            held[:, nodes] = share_out(level, columns, splits)
        else:
            held[:, nodes] = share_out_within(level, splits, bounds_at(rules.bounds, nodes))
    return held


def _passed_on(rows: Ints, above: Ints, columns: Sequence[Axis], kept: Mapping[int, Fraction]) -> Ints:
    """What the children of each parent share: its row less its reserve, or with its over-assignment."""
    keeps = [(index, kept[node]) for index, node in enumerate(above.tolist()) if kept.get(node)]
    if not keeps:
        return rows
    at = np.array([index for index, _ in keeps])
    share = np.array([(abs(part).numerator, abs(part).denominator) for _, part in keeps]).T
    row, (part, whole) = rows[:, at], share
    weights = np.stack([row * part, row * (whole - part)], axis=-1).reshape(len(rows), -1)
    level = Level(2 * np.arange(len(at) + 1), running(row), running(weights))
    taken = share_out(level, columns, splits_of(columns))[:, ::2]
    result = rows.copy()
    result[:, at] -= taken * np.array([1 if part > 0 else -1 for _, part in keeps])
    return result


def bounds_at(bounds: NodeBounds, nodes: Ints | int) -> NodeBounds:
    """The bounds of some nodes only."""
    return {span: Bounds(each.low[nodes], each.high[nodes]) for span, each in bounds.items()}


def _check(amount: int, weights: Ints) -> None:
    if amount >= LARGEST or int(weights.sum()) >= LARGEST:
        raise TooLarge("an amount and the sum of the weights must stay below 2^53 units")
    if amount and not weights.any():
        raise NothingToShareBy("every weight is zero: give a weight, or hand down evenly")
