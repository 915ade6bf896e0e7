"""The last resort among many limits: whole numbers by integer programming, where the steps have painted themselves in."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dabiao.engine.allocation.axis import Axis, CannotAllocate, Floats, Ints
from dabiao.engine.allocation.limits import Limit, span_of

MOST_CELLS: Final = 50_000


class NotFound(CannotAllocate):
    """The limits can be met in fractions, but no whole numbers were found."""


def rounded_within(
    amount: int, scope: Axis, columns: Sequence[Axis], limits: Sequence[Limit], ideal: Floats
) -> Ints:
    """Each cell of `ideal` rounded down or up so that the whole is `amount` and every limit holds.

    ideal: scope leaves × leaf columns, meeting the limits in fractions. Of all roundings, one with the
    largest sum of remainders rounded up. Raises NotFound.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    if ideal.size > MOST_CELLS:
        raise NotFound("the limits leave too little room: loosen one, or hand down in parts")
    near = np.where(np.abs(ideal - np.rint(ideal)) < 1e-6, np.rint(ideal), ideal)
    units = np.floor(near)
    remainder = (near - units).ravel()
    rows, low, high = [np.ones(ideal.size)], [amount - units.sum()], [amount - units.sum()]
    for limit in limits:
        position, box = scope.position(limit.scope), np.zeros(ideal.shape)
        box[scope.first_leaf[position] : scope.last_leaf[position], slice(*span_of(limit, columns))] = 1
        base = float((units * box).sum())
        rows.append(box.ravel())
        low.append(-np.inf if limit.low is None else limit.low - base)
        high.append(np.inf if limit.high is None else limit.high - base)
    answer = milp(
        -remainder,
        integrality=np.ones(ideal.size),
        bounds=Bounds(0, (remainder > 0).astype(np.float64)),
        constraints=LinearConstraint(vstack([csr_array(row[None, :]) for row in rows]), low, high),
    )
    if answer.x is None:
        raise NotFound("the limits can be met in fractions, but not in whole units: loosen one by a unit")
    return np.asarray(units + np.rint(answer.x).reshape(ideal.shape), dtype=np.int64)
