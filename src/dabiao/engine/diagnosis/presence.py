"""Who was there when: told by a caller who knows it, else guessed from the figures."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dabiao.engine.diagnosis.cells import CannotExplain, Cells, Floats, Ints, Mask, grouped
from dabiao.engine.message import message

REGULAR, GONE, TELLING = 0.8, 3, 8


def present(cells: Cells, staff: pa.Table | None = None) -> Cells:
    """The cells with their presence: what the figures suggest, times what is told.

    staff: period, share (of the period's working time that somebody was there; of several people the sum) and
           one or more of the dimensions, person say, or team and person. A period without a row is 0; rows of
           the same members are added up. Of members without any row nothing is told.
    Raises CannotExplain when a column is missing.
    """
    cells = replace(cells, there=_guessed(cells))
    if staff is None:
        return cells
    absent = [column for column in ("period", "share") if column not in staff.column_names]
    if absent:
        raise CannotExplain(
            message("the table of staff has no column {columns}: add it", columns=", ".join(absent))
        )
    axes = [axis for axis, name in enumerate(cells.dimensions) if name in staff.column_names]
    if not axes:
        raise CannotExplain(message("the table of staff names no dimension of the cells: leave it out"))
    share, average, people = _told(cells, staff, axes)
    return replace(cells, share=share, average=average, people=people)


def usual(cells: Cells) -> Floats:
    """Per leaf, its presence with the staff of the average earlier period: those who have left are part of it."""
    return np.asarray(np.where(cells.people >= 0, 1.0, cells.there[-1]) * cells.average)


def unmeasured(cells: Cells) -> Mask:
    """The leaves of people who are told to be away now, or who had no figures until three periods ago.

    They have come, gone, or stand in for somebody, and have no usual level: whatever they bring, or fail to
    bring, is due to that.
    """
    return np.asarray((cells.people >= 0) & ((cells.share[-1] <= 0) | _lately(cells)))


def new_here(cells: Cells) -> Mask:
    """The leaves of people without figures until three periods ago, whether that is told or guessed.

    Of fewer than eight periods in all nobody can be said to be new, and only the last third of them is lately.
    """
    most = min(GONE, len(cells.part) // 3) if len(cells.part) >= TELLING else 0
    return np.asarray(joined(cells, most) | ((cells.people >= 0) & _lately(cells, most)))


def _lately(cells: Cells, most: int = GONE) -> Mask:
    first = _active(cells.part, cells.people + 1).argmax(axis=0)[cells.people + 1]
    return np.asarray((first > 0) & (len(cells.part) - first <= most))


def joined(cells: Cells, most: int = GONE) -> Mask:
    """The leaves whose member seems to have joined too lately to have a usual level, where nobody tells.

    Lately is in the last three periods (`most`), without a gap since, in a dimension of which at least half the members
    show regularly: people do, customers do not, and a wave of new customers is a finding.
    """
    new = np.zeros(cells.leaves, dtype=bool)
    if len(cells.part) <= GONE:
        return new
    for axis in range(len(cells.dimensions)):
        active = _active(cells.part, cells.codes[:, axis])
        shown, first = active.sum(axis=0), active.argmax(axis=0)
        span = len(cells.part) - first
        regular = (shown >= REGULAR * span) & (shown >= GONE)
        lately = (shown > 0) & (shown == span) & (span <= most)
        if regular.sum() >= (shown > 0).sum() / 2:
            new |= lately[cells.codes[:, axis]]
    return new & (cells.people < 0)


def _guessed(cells: Cells) -> Floats:
    """period x leaf: 0 before a regular member first appeared, and after one was gone for good.

    People join and leave; without this every change of seat would look like a fall and a rise. Regular is who
    showed in four of five periods between the first and the last; gone for good is three periods of silence.
    What shows seldom, a customer say, is taken to have been there all along.
    """
    part = cells.part
    there = np.ones(part.shape)
    periods = np.arange(len(part))[:, None]
    for axis in range(len(cells.dimensions)):
        active = _active(part, cells.codes[:, axis])
        first = np.where(active.any(axis=0), active.argmax(axis=0), 0)
        last = len(part) - 1 - active[::-1].argmax(axis=0)
        regular = active.sum(axis=0) >= np.maximum(REGULAR * (last - first + 1), GONE)
        gone = len(part) - 1 - last >= GONE
        absent = regular & ((periods < first) | (gone & (periods > last)))
        there *= ~absent[:, cells.codes[:, axis]]
    return there


def _told(cells: Cells, staff: pa.Table, axes: Sequence[int]) -> tuple[Floats, Floats, Ints]:
    """What is told: period x leaf the share, per leaf its average before (both else 1), and whose it is (else -1).

    Who came during the history counts from the first figure, because deals take a while, and the first three
    periods tell nothing of a usual level, because learning does. Who has figures mostly when said not to be
    there is not believed: a company that keeps its seats since last week says nothing of last year.
    """
    members = [cells.members[axis] for axis in axes]
    of = [
        _places(staff[cells.dimensions[axis]].cast(pa.string()), pa.array(named, pa.string()))
        for axis, named in zip(axes, members, strict=True)
    ]
    period = _places(staff["period"].cast(cells.periods.type), cells.periods)
    known = np.all([period >= 0, *(place >= 0 for place in of)], axis=0)
    codes = [
        np.concatenate([cells.codes[:, axis], place[known]]) for axis, place in zip(axes, of, strict=True)
    ]
    group, first = grouped(codes, [len(named) for named in members])
    people = group[: cells.leaves]
    share = np.zeros((len(cells.part), len(first)))
    amount = pc.fill_null(staff["share"].cast(pa.float64()), 0.0).to_numpy()
    np.add.at(share, (period[known], group[cells.leaves :]), amount[known])
    active = _active(cells.part, people, len(first))
    believed = share.any(axis=0) & (2 * (active & (share > 0)).sum(axis=0) >= active.sum(axis=0))
    came, begun = share[0] <= 0, active.argmax(axis=0)
    period_of = np.arange(len(share))[:, None]
    share *= ~came | (period_of >= begun)
    average = (share[:-1] if len(share) > 1 else share).mean(axis=0)
    share[:-1] *= ~came | (period_of[:-1] >= begun + GONE)
    told = believed[people]
    return (
        np.where(told, share[:, people], 1.0),
        np.where(told, average[people], 1.0),
        np.where(told, people, -1),
    )


def _places(column: pa.ChunkedArray, among: pa.Array) -> Ints:
    """Where each value is found, -1 where it is not or is missing: what is nobody's cannot be told."""
    found = pc.index_in(column, among.drop_null())
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def _active(part: Floats, group: Ints, groups: int = 0) -> Mask:
    """period x group: whether there are figures; `groups` where there may be more than have any leaf."""
    return np.stack([np.bincount(group, row != 0, minlength=groups) > 0 for row in part])
