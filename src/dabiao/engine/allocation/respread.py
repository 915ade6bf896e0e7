"""A provisional calendar is published: each period's amounts are spread again inside it, its totals untouched."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dabiao.engine.allocation.axis import Axis, Floats, Ints, families
from dabiao.engine.allocation.cascade import Cascade
from dabiao.engine.allocation.handdown import bounds_at, top_row
from dabiao.engine.allocation.ledger import held_back
from dabiao.engine.allocation.level import Level, Split, running, share_out, splits_of
from dabiao.engine.allocation.limits import Held, Limit, NodeBounds, bounds_of, span_of
from dabiao.engine.allocation.rounding import whole_weights
from dabiao.engine.allocation.within import share_out_within


def respread(handed: Cascade, periods: Sequence[str], weights: Floats | Ints) -> Cascade:
    """Spread again below `periods` (keys of the first column axis) by new weights, scope leaves × leaf columns.

    Everybody's total of each of the periods stays, as do locks inside it, reserves and what was not handed
    down; every sum holds as before.
    """
    amounts = handed.amounts.copy()
    time = handed.order.columns[0]
    for key in periods:
        columns = (time.under(time.position(key)), *handed.order.columns[1:])
        span = slice(*span_of(Limit("", (key,)), handed.order.columns))
        amounts[:, span] = _inside(handed, columns, span, weights[:, span])
    return Cascade(replace(handed.order, weights=weights), amounts)


def _inside(handed: Cascade, columns: tuple[Axis, ...], span: slice, weights: Floats | Ints) -> Ints:
    """One period: the top's row anew, then level by level with everybody's total of the period given."""
    scope, now = handed.order.scope, handed.amounts[:, span].T
    weighed = scope.rolled_up(_to_totals(weights, now.T[scope.leaves].sum(axis=1)).T)
    splits = splits_of(columns)
    totals, held = now.sum(axis=0), held_back(scope, now.T).T.sum(axis=0)
    bounds = _bounds(handed, columns, span, held)
    after = np.empty_like(now)
    after[:, 0] = top_row(int(totals[0]), columns, weighed[:, 0], bounds and bounds_at(bounds, 0))
    for nodes, parents in scope.levels():
        starts = families(parents)
        given = _handed_on(after[:, parents[starts[:-1]]], held[parents[starts[:-1]]], columns, splits)
        level = Level(starts, running(given), running(weighed[:, nodes]))
        after[:, nodes] = (
            share_out(level, columns, splits, totals[nodes])
            if bounds is None
            else share_out_within(level, splits, bounds_at(bounds, nodes), totals[nodes])
        )
    return after.T


def _to_totals(weights: Floats | Ints, totals: Ints) -> Ints:
    """Each leaf's weights scaled to its total, so that everybody keeps the shape of their own weights."""
    known = np.nan_to_num(weights.astype(np.float64))
    known[known.sum(axis=1) == 0] = 1.0
    return whole_weights(known * (totals / known.sum(axis=1))[:, None])


def _bounds(handed: Cascade, columns: tuple[Axis, ...], span: slice, held: Ints) -> NodeBounds | None:
    """Limits that lie inside the period; None where there are none."""
    order, inside = handed.order, set(columns[0].keys[1:])
    limits = [limit for limit in order.limits if limit.at and limit.at[0] in inside]
    most = order.most[:, span]
    if not limits and np.isinf(most).all():
        return None
    nothing = Held(np.ones(len(held)), np.zeros(len(held)))
    return bounds_of(order.scope, columns, limits, most, nothing)


def _handed_on(rows: Ints, held: Ints, columns: Sequence[Axis], splits: Sequence[Split]) -> Ints:
    """Rows less what their holders keep of the period (more, where they over-assign), in the rows' proportions."""
    keeps = np.flatnonzero(held)
    if not len(keeps):
        return rows
    row, part = rows[:, keeps], np.abs(held[keeps])
    whole = row.sum(axis=0)
    weights = whole_weights(np.stack([row * (part / whole), row * (1 - part / whole)], axis=-1))
    level = Level(2 * np.arange(len(keeps) + 1), running(row), running(weights.reshape(len(row), -1)))
    taken = share_out(level, columns, splits, np.stack([part, whole - part], axis=1).ravel())[:, ::2]
    result = rows.copy()
    result[:, keeps] -= taken * np.sign(held[keeps])
    return result
