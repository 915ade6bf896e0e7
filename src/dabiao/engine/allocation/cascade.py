"""One cascade: what is to be handed down, and what came of it with its ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, Ints
from dabiao.engine.allocation.conflict import examine, grouped, meeting
from dabiao.engine.allocation.handdown import Rules, hand_down
from dabiao.engine.allocation.limits import Held, Limit, bounds_of, mirrored
from dabiao.engine.allocation.rounding import Flags, whole_weights
from dabiao.engine.allocation.whole import rounded_within
from dabiao.engine.allocation.within import Stuck


class BadShare(CannotAllocate):
    """A reserve or an over-assignment outside what makes sense."""


@dataclass(frozen=True, eq=False)
class Order:
    """An amount in whole units (cents, pieces) and how it is to be handed down.

    columns: the other axes in the order in which they are promised. weights: scope leaves × leaf columns, the
    last axis fastest; NaN is null: no target there, which is not a target of 0. kept: by scope key, the share
    of its amount that it keeps back as a reserve (1/10), or below zero the share it hands down over and
    above it (-1/10: its children sum to 110 %). at_most: the most of each leaf cell, where each has one.
    """

    amount: int
    scope: Axis
    columns: tuple[Axis, ...]
    weights: Floats | Ints
    limits: tuple[Limit, ...] = ()
    kept: Mapping[str, Fraction] = field(default_factory=dict)
    at_most: Ints | None = None

    @cached_property
    def closed(self) -> Flags:
        """Where there is no target: true for null."""
        return np.isnan(self.weights)

    @property
    def is_free(self) -> bool:
        """Whether nothing but the weights decides."""
        return not self.limits and self.at_most is None and not self.closed.any()

    @property
    def most(self) -> Floats:
        """The most of each leaf cell: 0 where there is no target, infinity where nothing limits it."""
        high = (
            np.full(self.weights.shape, np.inf) if self.at_most is None else self.at_most.astype(np.float64)
        )
        return np.where(self.closed, 0.0, high)


@dataclass(frozen=True, eq=False)
class Cascade:
    """What came of an order. amounts: scope nodes × leaf columns; a leaf where `order.closed` has no target."""

    order: Order
    amounts: Ints

    @property
    def leaves(self) -> Ints:
        """Scope leaves × leaf columns."""
        return self.amounts[self.order.scope.leaves]


def cascade(order: Order) -> Cascade:
    """Hand down: every sum exact, every limit respected, or refused with the reason.

    Raises Conflict where the limits cannot hold together, and the refusals of `hand_down`.
    """
    if order.amount < 0:
        opposite = cascade(replace(order, amount=-order.amount, limits=tuple(map(mirrored, order.limits))))
        return Cascade(order, -opposite.amounts)
    kept = _kept(order)
    weights = whole_weights(order.weights)
    if order.is_free:
        return Cascade(order, hand_down(order.amount, order.scope, order.columns, weights, Rules(None, kept)))
    return Cascade(order, _within_limits(order, weights, kept))


def _within_limits(order: Order, weights: Ints, kept: Mapping[int, Fraction]) -> Ints:
    """Level by level; where that ends without room, from weights that already meet the limits."""
    scope, columns, limits = order.scope, order.columns, order.limits
    passed = np.array([float(1 - kept.get(node, Fraction(0))) for node in range(len(scope.keys))])
    groups = grouped(scope, columns, limits, order.closed, _above(scope, passed))
    examine(order.amount, limits, groups)
    rules = Rules(bounds_of(scope, columns, limits, order.most, Held(passed, np.zeros(len(passed)))), kept)
    try:
        return hand_down(order.amount, scope, columns, weights, rules)
    except Stuck:
        even = weights if order.at_most is None else np.where(order.closed, 0, order.at_most)
        met = meeting(order.amount, limits, groups, even)
    try:
        return hand_down(order.amount, scope, columns, whole_weights(met), rules)
    except Stuck:
        return scope.rolled_up(rounded_within(order.amount, scope, columns, limits, met).T).T


def _above(scope: Axis, passed: Floats) -> Floats:
    """The product of what the nodes over each node pass on."""
    above = np.ones(len(scope.keys))
    for nodes, parents in scope.levels():
        above[nodes] = above[parents] * passed[parents]
    return above


def _kept(order: Order) -> dict[int, Fraction]:
    """Shares by scope position. Raises BadShare for a leaf, or a share that leaves nothing or doubles."""
    kept: dict[int, Fraction] = {}
    for key, share in order.kept.items():
        position = order.scope.position(key)
        if not -1 <= share < 1:
            raise BadShare(
                f"{key} cannot keep {share} of its amount: give a share from -1 up to, not including, 1"
            )
        if position in order.scope.leaves:
            raise BadShare(f"{key} hands nothing down, so it has nothing to keep")
        if share:
            kept[position] = Fraction(share)
    return kept
