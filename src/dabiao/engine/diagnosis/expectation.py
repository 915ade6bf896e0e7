"""What the gap is measured against: the baseline of history, or figures that the caller names (target, last period)."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dabiao.engine.diagnosis.baseline import Baseline
from dabiao.engine.diagnosis.cells import CannotExplain, Cells, Floats, Ints, minor
from dabiao.engine.diagnosis.fitting import Margin, evened, fitted
from dabiao.engine.diagnosis.presence import unmeasured, usual
from dabiao.engine.message import message
from dabiao.engine.number import MONEY_SCALE

UNIT = 10**MONEY_SCALE


@dataclass(frozen=True, eq=False)
class Shares:
    """Figures of groups that no single dimension tells apart: of one team as a whole, of the people of another singly.

    figures: group, part (and whole for a ratio)
    members: some of the dimensions, group; one row for every combination of them that the cells have
    """

    figures: pa.Table
    members: pa.Table


@dataclass(frozen=True, eq=False)
class Margins:
    """Parts of a sum that were named more than once: by who owes them and by product line. All sets sum to the same."""

    sets: tuple[Shares, ...]


Named: TypeAlias = pa.Table | Shares | Margins


@dataclass(frozen=True, eq=False)
class Expectation:
    """Per leaf, int64 units of 10^-4: the part and the whole (zeros for a sum) that were expected.

    staffed: the part that was to be expected of the people who were there; a ratio's whole says that already,
    and figures that the caller names are taken to have been made with their eyes open
    """

    part: Ints
    whole: Ints
    staffed: Ints

    @property
    def staffing(self) -> int:
        """What people who came, left or were away changed."""
        return int((self.staffed - self.part).sum())


def expect(cells: Cells, baseline: Baseline, named: Named | None) -> Expectation:
    """The baseline's expectation, raked to the figures in `named` where there are any.

    named: part (and whole for a ratio), and one column for each dimension that the figures are broken down by;
    without any, one row that is the total. Inside a row leaves keep the baseline's proportions, and they sum to
    the row exactly. Of `Shares` the groups are what rows are else; of `Margins` all sets hold at once, as far as the
    cells allow it, the first in any case. Raises CannotExplain when a row names members of which the cells have no
    leaf, or a leaf lies in no row.
    """
    nothing = np.zeros(cells.leaves, dtype=np.int64)
    whole = None if cells.whole is None else _usual_whole(cells.whole)
    now = cells.presence[-1] if whole is None else whole
    if named is None:
        part = _units(baseline.rate * (usual(cells) if whole is None else whole))
        brought = np.where(unmeasured(cells), cells.exact[0], _units(baseline.rate * now))
        return Expectation(
            part=part,
            whole=nothing if whole is None else _units(whole),
            staffed=brought if whole is None else part,
        )
    if isinstance(named, Margins):
        part = _fitted(cells, baseline.rate * now, named)
        return Expectation(part=part, whole=nothing, staffed=part)
    figures = named.figures if isinstance(named, Shares) else named
    row_of = _row_of_leaf(cells, named)
    part = _raked(baseline.rate * now, row_of, minor(figures["part"]))
    return Expectation(
        part=part,
        whole=nothing if whole is None else _raked(whole, row_of, minor(figures["whole"])),
        staffed=part,
    )


def _fitted(cells: Cells, usual: Floats, named: Margins) -> Ints:
    margins = [Margin(_row_of_leaf(cells, each), minor(each.figures["part"])) for each in named.sets]
    if len(margins) == 1:
        return _raked(usual, margins[0].row_of, margins[0].figures)
    ideal, off = fitted(usual, margins)
    part = _cut(ideal, margins[0].row_of, margins[0].figures)
    return evened(part, margins) if off <= cells.leaves else part


def _units(values: Floats) -> Ints:
    return np.rint(values * UNIT).astype(np.int64)


def _usual_whole(whole: Floats) -> Floats:
    """A ratio's whole as it was on average; without history, as it is."""
    known = np.maximum(whole, 0.0)
    return np.asarray(known[:-1].mean(axis=0) if len(known) > 1 else known[-1])


def _row_of_leaf(cells: Cells, named: pa.Table | Shares) -> Ints:
    """The row of the figures that each leaf falls into."""
    members = named.members if isinstance(named, Shares) else named
    axes = [position for position, name in enumerate(cells.dimensions) if name in members.column_names]
    columns = [pc.cast(members[cells.dimensions[axis]], pa.string()).to_pylist() for axis in axes]
    keys = [tuple(values) for values in zip(*columns, strict=True)] if axes else [()]
    rows = dict(zip(keys, _figure_of_row(named), strict=True))
    if len(rows) != members.num_rows:
        raise CannotExplain(message("two expected rows name the same members: add them up first"))
    leaf_keys = [tuple(cells.members[axis][codes[axis]] for axis in axes) for codes in cells.codes.tolist()]
    missing = sorted({repr(key) for key in leaf_keys} - {repr(key) for key in rows})
    unused = sorted({repr(key) for key in rows} - {repr(key) for key in leaf_keys})
    if missing:
        raise CannotExplain(
            message(
                "nothing is said about what was expected of {members}: add a row, if only with 0",
                members=missing[0],
            )
        )
    if unused:
        raise CannotExplain(
            message(
                "{members} was expected but the cells have no such members: add cells with 0",
                members=unused[0],
            )
        )
    return np.array([rows[key] for key in leaf_keys], dtype=np.int64)


def _figure_of_row(named: pa.Table | Shares) -> list[int]:
    """Which figure each row of members has: its own, or that of its group."""
    if not isinstance(named, Shares):
        return list(range(named.num_rows))
    found: list[int] = pc.index_in(
        named.members["group"], value_set=named.figures["group"].combine_chunks()
    ).to_pylist()
    return found


def _raked(usual: Floats, row_of: Ints, figures: Ints) -> Ints:
    """Share each figure over its leaves in their usual proportion (evenly if there is none), exactly."""
    usual = np.maximum(usual, 0.0)
    inside = np.bincount(row_of, usual, minlength=len(figures))
    leaves = np.bincount(row_of, minlength=len(figures))
    weight = np.where(
        inside[row_of] > 0, usual / np.where(inside > 0, inside, 1.0)[row_of], 1 / leaves[row_of]
    )
    return _cut(weight * figures[row_of], row_of, figures)


def _cut(ideal: Floats, row_of: Ints, figures: Ints) -> Ints:
    """Whole units that sum to each figure, by largest remainder: what is left over goes one unit each to the largest."""
    leaves = np.bincount(row_of, minlength=len(figures))
    units = np.floor(ideal).astype(np.int64)
    short = figures - _int_sums(units, row_of, len(figures))
    order = np.lexsort((np.arange(len(units)), units - ideal, row_of))
    place = np.arange(len(order)) - np.concatenate([[0], np.cumsum(leaves)[:-1]])[row_of[order]]
    even, extra = np.divmod(short, np.maximum(leaves, 1))  # a figure without leaves is shared out over none
    units[order] += even[row_of[order]] + (place < extra[row_of[order]])
    return units


def _int_sums(values: Ints, group: Ints, groups: int) -> Ints:
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, group, values)
    return total
