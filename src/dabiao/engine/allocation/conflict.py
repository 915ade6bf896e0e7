"""Whether limits can hold together, which of them cannot, by how much, and the least change that would do.

Cells that lie in exactly the same limits are interchangeable, so a table of a million cells becomes a linear
programme of a few groups. It is made elastic: every limit may be moved at a price, and the cheapest movement
is the least change (elastic programming: Chinneck, Feasibility and Infeasibility in Optimization, 2008).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, Ints
from dabiao.engine.allocation.limits import Limit, span_of
from dabiao.engine.allocation.rounding import Flags

_LEAST: Final = 1e-6  # the solver drops coefficients below 1e-9
_SCALE: Final = 1e6  # the solver works to 1e-7: amounts are brought to this size


@dataclass(frozen=True)
class MovedLimit:
    """One limit moved to where all of them hold: `limit` is to allow `allow`, `by` units away."""

    limit: Limit
    allow: int
    by: int


class Conflict(CannotAllocate):
    """Limits that cannot hold together.

    limits: a smallest set of them that cannot. short: how many units it is about. changes: the least change
    of limits that would do. least, most: which amounts would do instead, None where no amount would.
    """

    def __init__(
        self,
        amount: int,
        limits: Sequence[Limit],
        changes: Sequence[MovedLimit],
        least: int | None,
        most: int | None,
    ) -> None:
        self.amount, self.limits, self.changes = amount, tuple(limits), tuple(changes)
        self.least, self.most = least, most
        self.short = sum(change.by for change in changes)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        names = "; ".join(map(str, self.limits[:5])) + ("; …" if len(self.limits) > 5 else "")
        mends = "; ".join(
            f"let {change.limit} be {change.allow} (by {change.by})" for change in self.changes[:5]
        )
        amount = ""
        if self.least is not None and self.amount < self.least:
            amount = f" Or hand down at least {self.least}, {self.least - self.amount} more."
        elif self.most is not None and self.amount > self.most:
            amount = f" Or hand down at most {self.most}, {self.amount - self.most} less."
        return f"{self.amount} cannot be handed down: {names}: {self.short} units apart. Least change: {mends}.{amount}"


@dataclass(frozen=True, eq=False)
class Groups:
    """Cells that the same limits cover and that weigh the same in the sums above them.

    of: group of each cell, -1 where null. inside: limit × group, what one unit in the group adds to the
    limited sum; worth: what it adds to the whole. Both are 1 unless a reserve or a stretch lies between.
    """

    of: Ints
    inside: Floats
    worth: Floats

    @property
    def many(self) -> int:
        """How many groups there are."""
        return len(self.worth)


def grouped(
    scope: Axis, columns: Sequence[Axis], limits: Sequence[Limit], closed: Flags, above: Floats
) -> Groups:
    """Groups of cells by the set of limits over them.

    closed: scope leaves × leaf columns, true where null. above: for each scope node, the share of the whole
    amount's units that reaches its level: the product of what the nodes over it pass on.
    """
    reach = above[scope.leaves]
    mark = np.random.default_rng(0).integers(1, 2**63, size=len(limits), dtype=np.uint64)
    classes = np.unique(reach, return_inverse=True)[1].astype(np.uint64)
    signature = np.zeros(closed.shape, dtype=np.uint64) + (classes << np.uint64(40))[:, None]
    boxes = [_box(scope, columns, limit) for limit in limits]
    for bit, box in zip(mark, boxes, strict=True):
        signature[box] += bit
    kinds, first, of = np.unique(signature, return_index=True, return_inverse=True)
    of = np.where(closed, -1, of.reshape(closed.shape))
    worth = 1 / reach[first // closed.shape[1]]
    inside = np.zeros((len(limits), len(kinds)))
    for row, box, limit in zip(inside, boxes, limits, strict=True):
        here = np.unique(of[box])
        row[here[here >= 0]] = (worth * above[scope.position(limit.scope)])[here[here >= 0]]
    return Groups(of, inside, worth)


def _box(scope: Axis, columns: Sequence[Axis], limit: Limit) -> tuple[slice, slice]:
    position = scope.position(limit.scope)
    return slice(int(scope.first_leaf[position]), int(scope.last_leaf[position])), slice(
        *span_of(limit, columns)
    )


def examine(amount: int, limits: Sequence[Limit], groups: Groups) -> None:
    """Raise Conflict where no table holds every limit and sums to `amount`."""
    changes = _least_change(amount, limits, groups)
    if not changes:
        return
    least, most = (_extreme(limits, groups, sign) for sign in (1, -1))
    raise Conflict(amount, _smallest_conflict(amount, limits, groups), changes, least, most)


def meeting(amount: int, limits: Sequence[Limit], groups: Groups, weights: Ints) -> Floats:
    """Weights changed as evenly as can be so that shares of `amount` by them meet every limit.

    Called only where `examine` found that they can be met. weights and result: scope leaves × leaf columns.
    """
    counted = groups.of >= 0
    place = groups.of[counted]
    of_group = np.bincount(place, weights[counted], groups.many)
    cells = np.bincount(place, minlength=groups.many)
    ideal = np.where(
        cells > 0, np.maximum(of_group, cells * 1e-9 * max(of_group.sum(), 1.0) / cells.sum()), 0.0
    )
    ideal *= amount / (ideal @ groups.worth)
    amounts = _nearest(amount, limits, groups, ideal)
    result = np.zeros(weights.shape)
    inner = np.where(of_group[place] > 0, weights[counted] / np.maximum(of_group[place], 1), 1 / cells[place])
    result[counted] = amounts[place] * inner
    return result


def _least_change(amount: int, limits: Sequence[Limit], groups: Groups) -> list[MovedLimit]:
    """The cheapest way to move limits until they hold; empty where they do."""
    many = len(limits)
    none, unit = np.zeros((many, many)), np.eye(many)
    lowered, raised = np.hstack([-groups.inside, -unit, none]), np.hstack([groups.inside, none, -unit])
    cost = np.r_[np.zeros(groups.many), np.ones(2 * many)]
    moved = _solved(cost, np.vstack([lowered, raised]), limits, groups, amount)
    if moved is None:
        return []
    down, up = np.rint(moved[groups.many : groups.many + many]), np.rint(moved[groups.many + many :])
    return [
        MovedLimit(
            limit, (limit.low or 0) - int(less) if less else (limit.high or 0) + int(more), int(less + more)
        )
        for limit, less, more in zip(limits, down, up, strict=True)
        if less or more
    ]


def _smallest_conflict(amount: int, limits: Sequence[Limit], groups: Groups) -> list[Limit]:
    """Limits of which none can be left out of the conflict: each is tried without (the deletion filter)."""
    kept = list(range(len(limits)))
    for index in range(len(limits)):
        fewer = [other for other in kept if other != index]
        if not _possible(amount, [limits[i] for i in fewer], replace(groups, inside=groups.inside[fewer])):
            kept = fewer
    return [limits[index] for index in kept]


def _possible(amount: int, limits: Sequence[Limit], groups: Groups) -> bool:
    return _solved(np.zeros(groups.many), _hard(groups), limits, groups, amount) is not None


def _extreme(limits: Sequence[Limit], groups: Groups, sign: int) -> int | None:
    """The least (sign 1) or the most (sign -1) that can be handed down with the limits as they are."""
    extreme = _solved(sign * groups.worth, _hard(groups), limits, groups, None)
    return None if extreme is None else round(float(extreme @ groups.worth))


def _nearest(amount: int, limits: Sequence[Limit], groups: Groups, ideal: Floats) -> Floats:
    """Amounts of the groups that meet every limit and whose largest relative change is the least."""
    stretch = -np.maximum(ideal / max(amount, 1), _LEAST)[:, None]
    same = np.eye(groups.many)
    band = np.vstack([np.hstack([same, stretch]), np.hstack([-same, stretch])])
    limited = np.hstack([_hard(groups), np.zeros((2 * len(limits), 1))])
    cost = np.r_[np.zeros(groups.many), 1.0]
    amounts = _solved(cost, np.vstack([limited, band]), limits, groups, amount, np.r_[ideal, -ideal])
    assert amounts is not None, "called only where the limits can be met"
    return np.maximum(amounts[: groups.many], 0.0)


def _hard(groups: Groups) -> Floats:
    return np.vstack([-groups.inside, groups.inside])


def _solved(
    cost: Floats,
    rows: Floats,
    limits: Sequence[Limit],
    groups: Groups,
    amount: int | None,
    more: Floats | None = None,
) -> Floats | None:
    """Least cost of group amounts (and further variables) that are not negative; None where there are none."""
    from scipy.optimize import linprog

    low = [-np.inf if limit.low is None else float(limit.low) for limit in limits]
    high = [np.inf if limit.high is None else float(limit.high) for limit in limits]
    at_most = np.r_[-np.array(low), np.array(high), np.zeros(0) if more is None else more]
    unit = max(1.0, float(amount or 0), *np.abs(at_most[np.isfinite(at_most)])) / _SCALE
    known = np.isfinite(at_most)
    empty = np.bincount(groups.of[groups.of >= 0], minlength=groups.many) == 0
    room = np.r_[np.where(empty, 0.0, np.inf), np.full(len(cost) - groups.many, np.inf)]
    whole = np.r_[groups.worth, np.zeros(len(cost) - groups.many)][None, :]
    answer = linprog(
        cost,
        A_ub=rows[known],
        b_ub=at_most[known] / unit,
        A_eq=None if amount is None else whole,
        b_eq=None if amount is None else [amount / unit],
        bounds=np.c_[np.zeros(len(cost)), room],
        method="highs",
    )
    return answer.x * unit if answer.status == 0 else None
