"""One level shared out within limits: who is held by a limit gets it, the others keep their proportions.

Used instead of `level.share_out` as soon as a cascade has a limit or a null. The ideal of a cell is its
parent's amount in that column × the cell's share of the column's weights; a step first bends the ideal to
the limits (one factor for everybody who is free), then rounds it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np

from dabiao.engine.allocation.axis import CannotAllocate, Floats, Ints
from dabiao.engine.allocation.exchange import closest
from dabiao.engine.allocation.level import Level, Split
from dabiao.engine.allocation.limits import NodeBounds, Span
from dabiao.engine.allocation.rounding import Bounds, Ideal, fitted, settled

_TURNS: Final = 40
_CLOSE: Final = 0.25  # of a unit: rounding settles the rest
_TRACE: Final = 1e-12  # the weight of an open cell that has none: it is used when nobody else can be


class Stuck(CannotAllocate):
    """A step found no whole numbers within its limits, given what the steps before it had settled."""

    def __init__(self, parent: int, span: Span) -> None:
        super().__init__(f"parent {parent}, columns {span}")
        self.parent, self.span = parent, span


@dataclass(frozen=True, eq=False)
class Wanted:
    """The ideal as running sums over the leaf columns, and the bounds of every column group; per child."""

    ahead: Floats
    bounds: NodeBounds

    def of(self, span: Span) -> Floats:
        """The ideal of a group of columns."""
        return np.asarray(self.ahead[span[1]] - self.ahead[span[0]])


def share_out_within(
    level: Level, splits: Sequence[Split], bounds: NodeBounds, totals: Ints | None = None
) -> Ints:
    """Like `share_out`, within bounds. Raises Stuck."""
    width = len(level.given) - 1
    wanted = _wanted(level, splits, bounds)
    if totals is None:
        total = wanted.of((0, width))
        _, totals = _step(level, (0, width), wanted.bounds[0, width], lambda pull: np.exp2(pull) * total)
    held = {(0, width): totals}
    for split in splits:
        whole = held.pop((split.cuts[0], split.cuts[-1]))
        held.update(zip(pairwise(split.cuts), _parts(level, split, whole, wanted), strict=True))
    return np.stack([held[column, column + 1] for column in range(width)])


def _wanted(level: Level, splits: Sequence[Split], bounds: NodeBounds) -> Wanted:
    """The ideals by column, and the bounds narrowed by what the parents' columns hold."""
    width = len(level.given) - 1
    parent = level.parent_of_each()
    weight = np.diff(level.weights, axis=0).astype(np.float64)
    given = np.diff(level.given, axis=0)
    of_all = np.add.reduceat(weight, level.starts[:-1], axis=1)[:, parent]
    share = np.divide(weight, of_all, out=np.zeros_like(weight), where=of_all > 0)
    open_ = np.stack([bounds[column, column + 1].high > 0 for column in range(width)])
    ahead = np.zeros((width + 1, len(parent)))
    np.cumsum(given[:, parent] * (share + _TRACE * open_), axis=0, out=ahead[1:])
    parts = {(split.cuts[0], split.cuts[-1]): list(pairwise(split.cuts)) for split in splits}
    spans = [(0, width), *(span for group in parts.values() for span in group)]
    narrowed: NodeBounds = {}
    for span in reversed(spans):
        amount = level.given[span[1]] - level.given[span[0]]
        narrowed[span] = _narrowed(
            bounds[span], [narrowed[part] for part in parts.get(span, ())], amount, level
        )
    return Wanted(ahead, narrowed)


def _narrowed(own: Bounds, parts: Sequence[Bounds], amount: Ints, level: Level) -> Bounds:
    """A child cannot get more than the parent has, nor less than what nobody else can take."""
    parent = level.parent_of_each()
    high = np.minimum(own.high, amount[parent])
    low = own.low
    if parts:
        high = np.minimum(high, np.sum([part.high for part in parts], axis=0))
        low = np.maximum(low, np.sum([part.low for part in parts], axis=0))
    others = np.add.reduceat(high, level.starts[:-1])[parent] - high
    return Bounds(np.maximum(low, amount[parent] - others), high)


def _parts(level: Level, split: Split, left: Ints, wanted: Wanted) -> Ints:
    """A split's parts: each taken out of what is left of its whole, then exchanged until none is nearer."""
    spans = list(pairwise(split.cuts))
    each = [wanted.bounds[span] for span in spans]
    table = Bounds(np.stack([bounds.low for bounds in each]), np.stack([bounds.high for bounds in each]))
    share = _balanced(level, split, np.stack([wanted.of(span) for span in spans]), left, table)
    units, remainders, given = [], [], []
    for index, span in enumerate(spans[:-1]):
        bounds = _out_of(left, each[index], each[index + 1 :])
        pulled = partial(_pulled, left, share[index], share[index + 1 :].sum(axis=0))
        ideal, part = _step(level, span, bounds, pulled)
        units.append(ideal.units)
        remainders.append(ideal.remainder)
        given.append(part)
        left = left - part
    whole = np.stack([*units, left])
    room = Bounds(table.low - whole, table.high - whole)
    moved = closest(np.stack([*given, left]) - whole, np.stack([*remainders, 0.0 * left]), level.starts, room)
    return moved + whole


def _balanced(level: Level, split: Split, share: Floats, rows: Ints, table: Bounds) -> Floats:
    """The ideal bent to its row and column sums within bounds: one factor a row, one a column, in turns.

    The fitting of Deming and Stephan (1940) with bounds; cells at a bound stay there and the free ones share
    the rest in proportion.
    """
    parent, starts = level.parent_of_each(), level.starts[:-1]
    columns = np.stack([level.given[end] - level.given[start] for start, end in pairwise(split.cuts)])
    down, across = np.ones(share.shape[1]), np.ones((len(share), len(starts)))
    for _ in range(_TURNS):
        cells = np.clip(share * down * across[:, parent], table.low, table.high)
        free = np.where((cells > table.low) & (cells < table.high), cells, 0.0)
        lacking = rows - cells.sum(axis=0)
        down *= _factor(lacking, free.sum(axis=0))
        cells = np.clip(share * down * across[:, parent], table.low, table.high)
        free = np.where((cells > table.low) & (cells < table.high), cells, 0.0)
        missing = columns - np.add.reduceat(cells, starts, axis=1)
        across *= _factor(missing, np.add.reduceat(free, starts, axis=1))
        if max(np.abs(lacking).max(), np.abs(missing).max()) < _CLOSE:
            break
    return np.clip(share * down * across[:, parent], table.low, table.high)


def _factor(missing: Floats, free: Floats) -> Floats:
    """By what the free cells have to grow to make up what is missing, at most four times in one turn."""
    grown = np.divide(missing + free, free, out=np.where(missing > 0, 4.0, 0.25), where=free > 0)
    return np.asarray(np.where(missing == 0, 1.0, np.clip(grown, 0.25, 4.0)), dtype=np.float64)


def _out_of(left: Ints, part: Bounds, rest: Sequence[Bounds]) -> Bounds:
    """Bounds of a part, given what its whole still has and what the later parts need and can hold."""
    low = np.maximum(part.low, left - np.sum([bounds.high for bounds in rest], axis=0))
    return Bounds(low, np.minimum(part.high, left - np.sum([bounds.low for bounds in rest], axis=0)))


def _pulled(left: Ints, part: Floats, rest: Floats, pull: Floats) -> Floats:
    strong = np.exp2(pull) * part
    share = np.divide(strong, strong + rest, out=np.zeros_like(part), where=strong + rest > 0)
    return np.asarray(left * share, dtype=np.float64)


def _step(level: Level, span: Span, bounds: Bounds, wanted: Callable[[Floats], Floats]) -> tuple[Ideal, Ints]:
    """One column group shared among each parent's children. Raises Stuck where the bounds leave no room."""
    total = level.given[span[1]] - level.given[span[0]]
    starts = level.starts[:-1]
    stuck = np.add.reduceat(bounds.low, starts) > total
    stuck |= np.add.reduceat(bounds.high, starts) < total
    stuck |= np.logical_or.reduceat(bounds.low > bounds.high, starts)
    if stuck.any():
        raise Stuck(int(stuck.argmax()), span)
    ideal = fitted(lambda pull: np.clip(wanted(pull), bounds.low, bounds.high), total, level.starts)
    return ideal, settled(ideal, total, level.starts, bounds)
