"""One direction in which a target is handed down: a tree of keys (units, products or periods) in tree order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


class CannotAllocate(ValueError):
    """A refusal of the engine: its message names the thing and the mend."""


class NoSuchKey(CannotAllocate):
    """A key that the axis does not have."""


class NotATree(CannotAllocate):
    """The keys and parents do not make one tree."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A tree in depth-first order, siblings by key, so that a subtree is an interval and input order is forgotten.

    keys: every node, the root first. parent: position of the parent, -1 for the root. depth: 0 for the root.
    first_leaf, last_leaf: half-open interval of a node's leaves, counted among the leaves only.
    """

    name: str
    keys: tuple[str, ...]
    parent: Ints
    depth: Ints
    first_leaf: Ints
    last_leaf: Ints
    leaves: Ints

    @property
    def leaf_keys(self) -> tuple[str, ...]:
        """Keys of the leaves in tree order: the order of every weight and result array."""
        return tuple(self.keys[position] for position in self.leaves)

    def position(self, key: str) -> int:
        """Where a key stands in `keys`. Raises NoSuchKey naming the axis."""
        if key not in self._places:
            raise NoSuchKey(f"{self.name} has no {key!r}")
        return self._places[key]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: position for position, key in enumerate(self.keys)}

    def children(self, position: int) -> Ints:
        """Positions of the children of one node, by key."""
        return np.flatnonzero(self.parent == position)

    def under(self, position: int) -> "Axis":
        """The tree of one node and what lies below it."""
        if not len(self.children(position)):
            return single(self.name, self.keys[position])
        end = self._end(position)
        below = {self.keys[node]: self.keys[self.parent[node]] for node in range(position + 1, end)}
        return tree(self.name, {self.keys[position]: None} | below)

    def _end(self, position: int) -> int:
        """One past the last node of a subtree."""
        later = np.flatnonzero(self.depth[position + 1 :] <= self.depth[position])
        return position + 1 + int(later[0]) if len(later) else len(self.keys)

    def levels(self) -> Iterator[tuple[Ints, Ints]]:
        """For each depth below the root: the nodes there and, beside each, its parent."""
        for depth in range(1, int(self.depth.max()) + 1):
            nodes = np.flatnonzero(self.depth == depth)
            yield nodes, self.parent[nodes]

    def rolled_up(self, at_leaves: Ints) -> Ints:
        """Sum an array whose last dimension is the leaves into one whose last dimension is every node."""
        ahead = np.zeros((*at_leaves.shape[:-1], len(self.leaves) + 1), dtype=np.int64)
        np.cumsum(at_leaves, axis=-1, out=ahead[..., 1:])
        return ahead[..., self.last_leaf] - ahead[..., self.first_leaf]


def families(parents: Ints) -> Ints:
    """Where each parent's children start among nodes that lie side by side, and where the last ends."""
    return np.flatnonzero(np.concatenate(([True], parents[1:] != parents[:-1], [True])))


def tree(name: str, parents: Mapping[str, str | None]) -> Axis:
    """An axis from child -> parent pairs in any order; exactly one key has no parent.

    Raises NotATree for none or several roots, an unknown parent or a circle.
    """
    below: dict[str | None, list[str]] = {}
    for key in sorted(parents):
        below.setdefault(parents[key], []).append(key)
    roots = below.get(None, [])
    if len(roots) != 1:
        raise NotATree(
            f"{name} needs exactly one root, it has {len(roots)}: {', '.join(roots[:5]) or 'none'}"
        )
    unknown = sorted(str(parent) for parent in below if parent is not None and parent not in parents)
    if unknown:
        raise NotATree(f"{name} names a parent that is not listed: {', '.join(unknown[:5])}")
    order, parent, depth = _walk(below, roots[0])
    if len(order) != len(parents):
        raise NotATree(f"{name} has a circle: {', '.join(sorted(set(parents) - set(order))[:5])}")
    return _indexed(name, order, parent, depth)


def flat(name: str, keys: tuple[str, ...] | list[str], root: str | None = None) -> Axis:
    """An axis of one level: `keys` under a root that bears the axis's name unless another is given."""
    if len(set(keys)) != len(keys):
        raise NotATree(f"{name} lists a key twice")
    top = root if root is not None else name
    return tree(name, {top: None} | dict.fromkeys(keys, top))


def single(name: str, key: str) -> Axis:
    """An axis that is not handed down at all: one node, root and leaf at once."""
    return tree(name, {key: None})


def _walk(below: Mapping[str | None, list[str]], root: str) -> tuple[list[str], list[int], list[int]]:
    order: list[str] = []
    parent: list[int] = []
    depth: list[int] = []
    stack = [(root, -1, 0)]
    while stack:
        key, above, level = stack.pop()
        here = len(order)
        order.append(key)
        parent.append(above)
        depth.append(level)
        stack.extend((child, here, level + 1) for child in reversed(below.get(key, [])))
    return order, parent, depth


def _indexed(name: str, order: list[str], parent: list[int], depth: list[int]) -> Axis:
    above = np.array(parent, dtype=np.int64)
    has_children = np.zeros(len(order), dtype=bool)
    has_children[above[above >= 0]] = True
    leaves = np.flatnonzero(~has_children)
    size = np.ones(len(order), dtype=np.int64)
    for here in range(len(order) - 1, 0, -1):
        size[parent[here]] += size[here]
    first = np.searchsorted(leaves, np.arange(len(order)))
    last = np.searchsorted(leaves, np.arange(len(order)) + size)
    return Axis(name, tuple(order), above, np.array(depth, dtype=np.int64), first, last, leaves)
