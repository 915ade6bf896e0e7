"""One edited cell: only what it touches is handed down again, and what moved is said.

The holder, by default the direct parent, keeps its amounts in every column; the others below it share the
difference in the proportions they have now. What is locked stays. So an edit never moves another team's
numbers, nor another period's, nor the total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, Ints, families
from dabiao.engine.allocation.cascade import Cascade
from dabiao.engine.allocation.conflict import Conflict, MovedLimit, examine, grouped
from dabiao.engine.allocation.ledger import held_back
from dabiao.engine.allocation.level import Level, running
from dabiao.engine.allocation.limits import Held, Limit, bounds_of, lock, span_of
from dabiao.engine.allocation.rounding import Bounds, nearest, share_of
from dabiao.engine.allocation.within import Stuck, share_out_within


class NothingToEdit(CannotAllocate):
    """The edited cell has no target, or nobody above holds it."""


@dataclass(frozen=True)
class Move:
    """One amount that an edit moved."""

    scope: str
    at: tuple[str, ...]
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class CascadeEdit:
    """The cascade after an edit and every amount that moved, the edited one included."""

    cascade: Cascade
    moved: tuple[Move, ...]


def edited(
    handed: Cascade, scope: str, at: tuple[str, ...], value: int, *, held_by: str | None = None
) -> CascadeEdit:
    """Set and lock one amount: of any unit or person, for any period (and product).

    held_by: the unit above whose amounts stay as they are; the direct parent unless another is named.
    Raises Conflict where those below it cannot make room, NothingToEdit for the top or a null cell.
    """
    axis, columns = handed.order.scope, handed.order.columns
    node = axis.position(scope)
    wanted = lock(scope, *at, value=value)
    span = span_of(wanted, columns)
    others = tuple(limit for limit in handed.order.limits if (limit.scope, limit.at) != (scope, at))
    block = _block(handed, _holder(axis, node, held_by), others)
    amounts = handed.amounts.copy()
    for column, cell in zip(range(*span), _spread(handed, node, span, value).tolist(), strict=True):
        if cell != amounts[node, column]:
            amounts[block.rows, column] = _resettled(block, column, lock(scope, value=cell))
    _check_own(handed, amounts, node, others)
    after = Cascade(replace(handed.order, limits=(*others, wanted)), amounts)
    return CascadeEdit(after, _moves(handed, amounts, block.rows, span))


def _holder(axis: Axis, node: int, held_by: str | None) -> int:
    """The node whose amounts stay. Raises NothingToEdit unless it is above the edited one."""
    above, chain = int(axis.parent[node]), []
    while above >= 0:
        chain.append(above)
        above = int(axis.parent[above])
    if not chain:
        raise NothingToEdit("the top's amount is entered, not edited: hand down another amount")
    if held_by is None:
        return chain[0]
    if axis.position(held_by) not in chain:
        raise NothingToEdit(f"{held_by} is not above {axis.keys[node]}")
    return axis.position(held_by)


def _spread(handed: Cascade, node: int, span: tuple[int, int], value: int) -> Ints:
    """The edited amount over its columns, in the proportions that they have now."""
    now = handed.amounts[node, slice(*span)]
    axis = handed.order.scope
    rows = slice(int(axis.first_leaf[node]), int(axis.last_leaf[node]))
    open_ = ~handed.order.closed[rows, slice(*span)].all(axis=0)
    if not open_.any():
        raise NothingToEdit(f"{axis.keys[node]} has no target there (null): give it a weight first")
    weights = np.where(open_, now if now[open_].any() else 1, 0)
    size = np.full(len(weights), value)
    ideal = share_of(size, weights, np.full(len(weights), weights.sum()))
    return nearest(ideal, size[:1], np.array([0, len(weights)]), size)


@dataclass(frozen=True, eq=False)
class _Block:
    """The holder's subtree: its own axis, its rows in the cascade, and the limits that lie in it."""

    handed: Cascade
    axis: Axis
    rows: slice
    limits: tuple[tuple[Limit, tuple[int, int]], ...]


def _block(handed: Cascade, holder: int, limits: Sequence[Limit]) -> _Block:
    axis = handed.order.scope.under(holder)
    inside = set(axis.keys)
    spans = ((limit, span_of(limit, handed.order.columns)) for limit in limits if limit.scope in inside)
    return _Block(handed, axis, slice(holder, holder + len(axis.keys)), tuple(spans))


def _resettled(block: _Block, column: int, wanted: Limit) -> Ints:
    """One column of the block with the edited amount in it; what a unit holds back, it keeps holding."""
    axis, now = block.axis, block.handed.amounts[block.rows, column]
    held = held_back(axis, now[:, None])[:, 0]
    limits = [wanted, *_in_column(block, column, wanted.scope)]
    open_ = block.handed.order.most[block.handed.order.scope.first_leaf[block.rows.start] :, column]
    most = open_[: len(axis.leaves), None]
    bounds = bounds_of(axis, (), limits, most, Held(np.ones(len(now)), held.astype(np.float64)))[0, 1]
    after = now.copy()
    try:
        if not bounds.low[0] <= now[0] <= bounds.high[0]:
            raise Stuck(0, (0, 1))
        for nodes, parents in axis.levels():
            starts = families(parents)
            above = parents[starts[:-1]]
            level = Level(
                starts, running((after - held)[None, above]), running(_shares(now[nodes], starts)[None])
            )
            after[nodes] = share_out_within(
                level, (), {(0, 1): Bounds(bounds.low[nodes], bounds.high[nodes])}
            )[0]
    except Stuck:
        _explain(axis, limits, most, int(now[0]), held)
        raise
    return after


def _in_column(block: _Block, column: int, edited_scope: str) -> list[Limit]:
    """Limits of just this column as they are; one over more columns holds its scope where it is in each."""
    limits = []
    for limit, span in block.limits:
        if span == (column, column + 1):
            limits.append(Limit(limit.scope, (), limit.low, limit.high))
        elif span[0] <= column < span[1] and limit.scope != edited_scope:
            row = block.rows.start + block.axis.position(limit.scope)
            limits.append(lock(limit.scope, value=int(block.handed.amounts[row, column])))
    return limits


def _shares(now: Ints, starts: Ints) -> Ints:
    """Present amounts as weights; even among those of one parent who all have nothing."""
    nothing = np.add.reduceat(now, starts[:-1]) == 0
    return np.where(np.repeat(nothing, np.diff(starts)), 1, now)


def _explain(axis: Axis, limits: Sequence[Limit], most: Floats, amount: int, held: Ints) -> None:
    """Raise the Conflict behind a column that cannot be settled, with what is held back taken off first."""
    under = [
        int(held[node : node + len(axis.under(node).keys)].sum()) for node in map(axis.position, axis.keys)
    ]
    lowered = [_less(limit, under[axis.position(limit.scope)]) for limit in limits]
    groups = grouped(axis, (), lowered, most <= 0, np.ones(len(axis.keys)))
    examine(amount - under[0], lowered, groups)


def _less(limit: Limit, held: int) -> Limit:
    low = None if limit.low is None else limit.low - held
    return replace(limit, low=low, high=None if limit.high is None else limit.high - held)


def _check_own(handed: Cascade, amounts: Ints, node: int, limits: Sequence[Limit]) -> None:
    """The edited scope's own limits over more columns than were edited. Raises Conflict."""
    key = handed.order.scope.keys[node]
    for limit in limits:
        if limit.scope == key:
            total = int(amounts[node, slice(*span_of(limit, handed.order.columns))].sum())
            beyond = max(
                (limit.low or total) - total, total - (limit.high if limit.high is not None else total)
            )
            if beyond > 0:
                raise Conflict(total, [limit], [MovedLimit(limit, total, beyond)], limit.low, limit.high)


def _moves(handed: Cascade, amounts: Ints, rows: slice, span: tuple[int, int]) -> tuple[Move, ...]:
    """Every amount in the block that is another than before, in tree order."""
    places = list(product(*(axis.leaf_keys for axis in handed.order.columns)))
    before, after = handed.amounts[rows, slice(*span)], amounts[rows, slice(*span)]
    keys = handed.order.scope.keys
    return tuple(
        Move(
            keys[rows.start + row],
            places[span[0] + column],
            int(before[row, column]),
            int(after[row, column]),
        )
        for row, column in np.argwhere(before != after).tolist()
    )
