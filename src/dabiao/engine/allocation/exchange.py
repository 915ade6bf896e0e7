"""The closest table: exchange units around circles of columns until no exchange brings the table nearer.

With its row and column totals fixed, a table of whole numbers is the nearest to its ideal (least sum of
squares) exactly when no circle of exchanges comes nearer: the circles are those of the residual network of a
transport problem with convex costs (Ahuja, Magnanti and Orlin, Network Flows, 1993, ch. 14; controlled
rounding as a transport problem: Causey, Cox and Ernst, JASA 1985). Many small tables are worked at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dabiao.engine.allocation.axis import Floats, Ints
from dabiao.engine.allocation.rounding import Bounds

Flags: TypeAlias = NDArray[np.bool_]

NEARER: Final = 1e-9  # squared units: less than this is a tie, and a tie changes nothing
MANY_ROWS: Final = 64  # from here on the circles of two columns are turned many at a time first


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables of the same shape beside each other, table × row × column; padding rows may not move."""

    given: Ints
    ideal: Floats
    low: Floats
    high: Floats


def closest(given: Ints, ideal: Floats, starts: Ints, bounds: Bounds) -> Ints:
    """The nearest table with the sums that `given` has. All: columns × items; a table is a segment's items.

    bounds hold for each cell. Ties are left as they are.
    """
    result = given.copy()
    for items, there in _same_size(starts):
        cell = np.where(there, items, 0)
        tables = Tables(
            given=np.moveaxis(given[:, cell], 0, -1).copy(),
            ideal=np.moveaxis(ideal[:, cell], 0, -1),
            low=np.where(there[..., None], np.moveaxis(bounds.low[:, cell], 0, -1), np.inf),
            high=np.where(there[..., None], np.moveaxis(bounds.high[:, cell], 0, -1), -np.inf),
        )
        if tables.given.shape[1] > MANY_ROWS:
            _swap_pairs(tables)
        _exchange(tables)
        result[:, items[there]] = tables.given[there].T
    return result


def _same_size(starts: Ints) -> Iterator[tuple[Ints, Flags]]:
    """Segments in groups of similar size: the items of each as rows, and which places are items at all."""
    size = np.diff(starts)
    group = np.ceil(np.log2(np.maximum(size, 1))).astype(np.int64)
    for exponent in np.unique(group[size > 1]):
        chosen = np.flatnonzero((group == exponent) & (size > 1))
        place = np.arange(int(size[chosen].max()))
        yield starts[chosen][:, None] + place, place < size[chosen][:, None]


def _swap_pairs(tables: Tables) -> None:
    """Circles of two columns, as many at once as bring a table nearer: best giver with best taker, and so on.

    A row gives or takes, never both: the two costs of a row add up to 4, and a pair below 0 needs both below 2.
    """
    pairs = [(one, other) for one in range(tables.given.shape[2]) for other in range(one)]
    for table in range(len(tables.given)):
        while sum(_swapped(tables, table, pair) for pair in pairs):
            pass


def _swapped(tables: Tables, table: int, pair: tuple[int, int]) -> int:
    """How many pairs of rows swapped a unit between two columns of one table."""
    one, other = pair
    costs = [_move_costs(tables, table, one, other), _move_costs(tables, table, other, one)]
    rows = [np.argsort(cost, kind="stable") for cost in costs]
    nearer = costs[0][rows[0]] + costs[1][rows[1]] < -NEARER
    many = len(nearer) if nearer.all() else int(nearer.argmin())
    for source, target, movers in ((one, other, rows[0][:many]), (other, one, rows[1][:many])):
        tables.given[table, movers, source] -= 1
        tables.given[table, movers, target] += 1
    return many


def _move_costs(tables: Tables, table: int, source: int, target: int) -> Floats:
    """What one unit from column to column adds to the sum of squares, row by row."""
    given, ideal = tables.given[table], tables.ideal[table]
    may = (given[:, source] > tables.low[table, :, source]) & (
        given[:, target] < tables.high[table, :, target]
    )
    off = given - ideal
    return np.where(may, 2 - 2 * off[:, source] + 2 * off[:, target], np.inf)


def _exchange(tables: Tables) -> None:
    """Work on every table until it has no nearer neighbour; changes `tables.given` in place."""
    active = np.arange(len(tables.given))
    while len(active):
        cost = _costs(tables, active)
        before, start = _nearer_circle(cost.min(axis=1))
        found = start >= 0
        active = active[found]
        _turn(tables, active, cost[found], before[found], start[found])


def _costs(tables: Tables, active: Ints) -> Floats:
    """table × row × from × to: what moving one unit between two columns of a row adds to the sum of squares."""
    given = tables.given[active]
    off = given - tables.ideal[active]
    leaves = np.where(given > tables.low[active], 1 - 2 * off, np.inf)
    comes = np.where(given < tables.high[active], 1 + 2 * off, np.inf)
    cost = leaves[..., :, None] + comes[..., None, :]
    same = np.arange(cost.shape[-1])
    cost[..., same, same] = np.inf
    return cost


def _nearer_circle(cost: Floats) -> tuple[Ints, Ints]:
    """Bellman and Ford on every table: each column's predecessor and a column on a nearer circle, or -1."""
    tables, width, _ = cost.shape
    distance = np.zeros((tables, width))
    before = np.zeros((tables, width), dtype=np.int64)
    shorter = np.zeros((tables, width), dtype=bool)
    for _ in range(width + 1):
        reached = distance[:, :, None] + cost
        best = reached.argmin(axis=1)
        nearest = np.take_along_axis(reached, best[:, None, :], axis=1)[:, 0, :]
        shorter = nearest < distance - NEARER
        if not shorter.any():
            break
        distance = np.where(shorter, nearest, distance)
        before = np.where(shorter, best, before)
    on = shorter.argmax(axis=1)
    every = np.arange(tables)
    for _ in range(width):
        on = before[every, on]
    return before, np.where(shorter.any(axis=1), on, -1)


def _turn(tables: Tables, active: Ints, cost: Floats, before: Ints, start: Ints) -> None:
    """Move one unit along every step of each circle, in the row where that step is cheapest."""
    every, to = np.arange(len(active)), start
    while len(every):
        source = before[every, to]
        row = cost[every, :, source, to].argmin(axis=1)
        tables.given[active[every], row, source] -= 1
        tables.given[active[every], row, to] += 1
        goes_on = source != start[every]
        every, to = every[goes_on], source[goes_on]
