"""One level: the amounts of many parents shared among their children, column by column.

A step divides one whole amount, a parent's column, among the parent's children. Their own totals were
settled before, so every row and every column of the parent's table sums exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dabiao.engine.allocation.axis import Axis, Floats, Ints
from dabiao.engine.allocation.exchange import closest
from dabiao.engine.allocation.rounding import Bounds, nearest, share_of


@dataclass(frozen=True)
class Split:
    """One node of the columns divided among its children: neighbouring columns between `cuts`.

    margin: which later axis the children belong to and their places on it. What a child of the level was
    left owing there is remembered for the next group of columns. None on the first axis, whose sums are
    settled outright.
    """

    cuts: tuple[int, ...]
    margin: tuple[int, tuple[int, ...]] | None


@dataclass(frozen=True, eq=False)
class Level:
    """Children beside each other, grouped by parent: parent s has the children starts[s] up to starts[s + 1].

    given: leaf columns + 1 × parents; weights: leaf columns + 1 × children. Both are running sums from the
    left, so that a group of neighbouring columns is one subtraction.
    """

    starts: Ints
    given: Ints
    weights: Ints

    def parent_of_each(self) -> Ints:
        """For each child, which parent it belongs to."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def running(rows: Ints) -> Ints:
    """Sums from the first row up to each, with a row of zeros before the first."""
    ahead = np.zeros((len(rows) + 1, rows.shape[1]), dtype=np.int64)
    np.cumsum(rows, axis=0, out=ahead[1:])
    return ahead


def splits_of(columns: Sequence[Axis]) -> tuple[Split, ...]:
    """Every division of the columns, the whole before its parts; each leaf of an axis holds the next axis."""
    found: list[Split] = []
    _divide(columns, 0, (0, 0), found)
    return tuple(found)


def _divide(columns: Sequence[Axis], which: int, node: tuple[int, int], found: list[Split]) -> None:
    """Add the splits below one node, which is its position on its axis and its first column."""
    if which == len(columns):
        return
    axis, (position, start) = columns[which], node
    children = axis.children(position)
    if not len(children):
        _divide(columns, which + 1, (0, start), found)
        return
    width = int(np.prod([len(later.leaves) for later in columns[which + 1 :]], dtype=np.int64))
    edges = [*axis.first_leaf[children], axis.last_leaf[position]]
    cuts = tuple(start + int(edge - edges[0]) * width for edge in edges)
    found.append(Split(cuts, (which, tuple(children.tolist())) if which else None))
    for child, cut in zip(children.tolist(), cuts, strict=False):
        _divide(columns, which, (child, cut), found)


def share_out(
    level: Level, columns: Sequence[Axis], splits: Sequence[Split], totals: Ints | None = None
) -> Ints:
    """The children's amounts, leaf columns × children: their totals first, then each split from the left.

    totals: of the children, where they are settled already and only the columns are open.
    """
    width = len(level.given) - 1
    held = {(0, width): _totals(level) if totals is None else totals}
    owing = [np.zeros((len(axis.keys), level.weights.shape[1])) for axis in columns]
    for split in splits:
        _divide_columns(level, split, held, owing)
    return np.stack([held[column, column + 1] for column in range(width)])


def _totals(level: Level) -> Ints:
    """Each parent's amount shared by its children's weights."""
    parent = level.parent_of_each()
    given, weights = level.given[-1], level.weights[-1]
    whole = np.add.reduceat(weights, level.starts[:-1])
    ideal = share_of(given[parent], weights, whole[parent])
    return nearest(ideal, given, level.starts, given[parent])


def _divide_columns(
    level: Level, split: Split, held: dict[tuple[int, int], Ints], owing: list[Floats]
) -> None:
    """Take each part of a split out of what its whole still holds; the last part is what is left."""
    left = held.pop((split.cuts[0], split.cuts[-1]))
    parts = []
    for index, (start, end) in enumerate(zip(split.cuts[:-2], split.cuts[1:-1], strict=True)):
        weight = level.weights[end] - level.weights[start]
        ideal = share_of(left, weight, level.weights[split.cuts[-1]] - level.weights[start])
        debt = owing[split.margin[0]][split.margin[1][index]] if split.margin else None
        part = nearest(ideal, level.given[end] - level.given[start], level.starts, left, debt)
        if debt is not None:
            debt += ideal.units - part + ideal.remainder
        parts.append(part)
        left = left - part
    parts.append(left)
    if split.margin is None and len(parts) > 1:
        parts = list(_brought_closest(level, split, np.stack(parts)))
    held.update(zip(pairwise(split.cuts), parts, strict=True))


def _brought_closest(level: Level, split: Split, parts: Ints) -> Ints:
    """The parts of a split exchanged until the table is the nearest to parent's amount × share of its weights."""
    weight = np.stack([level.weights[end] - level.weights[start] for start, end in pairwise(split.cuts)])
    first, last = split.cuts[0], split.cuts[-1]
    all_weight = np.add.reduceat(weight.sum(axis=0), level.starts[:-1])
    parent = level.parent_of_each()
    ideal = share_of((level.given[last] - level.given[first])[parent], weight, all_weight[parent])
    units = ideal.units.astype(np.float64)
    most = np.where(weight > 0, np.inf, parts).astype(np.float64)
    moved = closest(parts - ideal.units, ideal.remainder, level.starts, Bounds(-units, most - units))
    return moved + ideal.units
