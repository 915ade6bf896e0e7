"""Minimum, maximum and lock: where they bind in a cascade, and what they ask of every sum above them.

A lock is a minimum and a maximum that are equal. A cell where nothing may be handed down (null, which is not
zero) has a maximum of zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, families
from dabiao.engine.allocation.level import splits_of
from dabiao.engine.allocation.rounding import Bounds

_NOISE: Final = 1e-6

Span: TypeAlias = tuple[int, int]
NodeBounds: TypeAlias = dict[Span, Bounds]


@dataclass(frozen=True, eq=False)
class Held:
    """What a scope node does not hand on: it passes on `passed` of its amount, less a fixed `amount`."""

    passed: Floats
    amount: Floats


class NotPromised(CannotAllocate):
    """A limit on a margin that this order of axes does not settle."""


@dataclass(frozen=True)
class Limit:
    """At least `low` and at most `high` for one unit or person.

    at: a key of each column axis in their order; axes left out are meant as a whole.
    """

    scope: str
    at: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        where = " ".join((self.scope, *self.at))
        if self.low is not None and self.low == self.high:
            return f"lock {where} = {self.low}"
        words = (("at least", self.low), ("at most", self.high))
        return (
            f"limit {where} {' and '.join(f'{word} {value}' for word, value in words if value is not None)}"
        )


def lock(scope: str, *at: str, value: int) -> Limit:
    """A limit that leaves no choice."""
    return Limit(scope, at, value, value)


def mirrored(limit: Limit) -> Limit:
    """The same limit for the opposite amount."""
    low = None if limit.high is None else -limit.high
    return replace(limit, low=low, high=None if limit.low is None else -limit.low)


def span_of(limit: Limit, columns: Sequence[Axis]) -> Span:
    """The neighbouring leaf columns a limit speaks of, half-open.

    Raises NoSuchKey for a key that an axis lacks, NotPromised where the columns are not neighbours: a later
    axis may be named only under a leaf of the axes before it.
    """
    start, width, several = 0, _leaf_columns(columns), None
    for axis, key in zip(columns, limit.at, strict=False):
        position = axis.position(key)
        if several is not None and position:
            raise NotPromised(
                f"{limit}: {axis.name} is settled inside each {several}; name one {several}, or put {axis.name} first"
            )
        width //= len(axis.leaves)
        start += int(axis.first_leaf[position]) * width
        many = int(axis.last_leaf[position] - axis.first_leaf[position])
        width, several = width * many, several or (axis.name if many > 1 else None)
    return start, start + width


def bounds_of(
    scope: Axis, columns: Sequence[Axis], limits: Sequence[Limit], most: Floats, held: Held
) -> NodeBounds:
    """The least and most of every scope node in every column group that a split makes.

    most: scope leaves × leaf columns, the most of each cell: 0 where there is no target, infinity where it is
    free. A sum is bounded by its own limits and by the sums of its parts, among the columns and among the
    units below.
    """
    splits = splits_of(columns)
    own: dict[Span, list[tuple[int, Limit]]] = {}
    for limit in limits:
        own.setdefault(span_of(limit, columns), []).append((scope.position(limit.scope), limit))
    parts = {(split.cuts[0], split.cuts[-1]): list(pairwise(split.cuts)) for split in splits}
    spans = [(0, _leaf_columns(columns)), *(span for group in parts.values() for span in group)]
    found: NodeBounds = {}
    for span in reversed(spans):
        bounds = (
            _of_parts([found[part] for part in parts[span]])
            if span in parts
            else _of_leaf(scope, most[:, span[0]])
        )
        for position, limit in own.get(span, ()):
            _narrow(bounds, position, limit)
        found[span] = _of_children(scope, bounds, held)
    return found


def turned(last: Axis, before: Sequence[Axis], top: NodeBounds) -> NodeBounds:
    """The top's own bounds, seen as bounds of the last axis's nodes over the columns of the axes before it."""
    many, splits = len(last.leaves), splits_of(before)
    parts = {(split.cuts[0], split.cuts[-1]): list(pairwise(split.cuts)) for split in splits}
    found: NodeBounds = {}
    for start, end in reversed(
        [(0, _leaf_columns(before)), *(span for group in parts.values() for span in group)]
    ):
        if (start, end) in parts:
            bounds = _of_parts([found[part] for part in parts[start, end]])
        else:
            spans = zip(start * many + last.first_leaf, start * many + last.last_leaf, strict=True)
            each = [top[int(first), int(past)] for first, past in spans]
            bounds = Bounds(np.array([one.low for one in each]), np.array([one.high for one in each]))
        whole = top[start * many, end * many]
        bounds.low[0], bounds.high[0] = max(bounds.low[0], whole.low), min(bounds.high[0], whole.high)
        found[start, end] = bounds
    return found


def _leaf_columns(columns: Sequence[Axis]) -> int:
    return int(np.prod([len(axis.leaves) for axis in columns], dtype=np.int64))


def _of_leaf(scope: Axis, most: Floats) -> Bounds:
    bounds = Bounds(np.zeros(len(scope.keys)), np.full(len(scope.keys), np.inf))
    bounds.high[scope.leaves] = most
    return bounds


def _of_parts(parts: Sequence[Bounds]) -> Bounds:
    return Bounds(np.sum([part.low for part in parts], axis=0), np.sum([part.high for part in parts], axis=0))


def _narrow(bounds: Bounds, position: int, limit: Limit) -> None:
    if limit.low is not None:
        bounds.low[position] = max(bounds.low[position], limit.low)
    if limit.high is not None:
        bounds.high[position] = min(bounds.high[position], limit.high)


def _of_children(scope: Axis, bounds: Bounds, held: Held) -> Bounds:
    """What the nodes below ask of those above them, from the deepest level up."""
    for nodes, parents in reversed(list(scope.levels())):
        starts = families(parents)[:-1]
        above = parents[starts]
        low = np.add.reduceat(bounds.low[nodes], starts) / held.passed[above] + held.amount[above]
        high = np.add.reduceat(bounds.high[nodes], starts) / held.passed[above] + held.amount[above]
        bounds.low[above] = np.maximum(bounds.low[above], np.ceil(low - _NOISE))
        bounds.high[above] = np.minimum(bounds.high[above], np.floor(high + _NOISE))
    return bounds
