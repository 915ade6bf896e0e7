"""The cells of a metric: one number (or part and whole) per combination of dimension values and period."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dabiao.engine.message import Objection, message
from dabiao.engine.number import MONEY_SCALE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class CannotExplain(Objection):
    """The table lacks what an explanation needs; the message names it and the mend."""


@dataclass(frozen=True, eq=False)
class Cells:
    """A metric laid out for searching: leaves are the combinations of dimension values that occur.

    dimensions: names; members[d]: the values of dimension d (None is a missing value, a member like others)
    codes:      leaf x dimension, position in members[d]
    part:       period x leaf; the last period is the one to explain, the others are its history, oldest first
    whole:      the same for the denominator of a ratio, else None
    periods:    in order
    there:      period x leaf, 0 where the figures suggest that a member was not there, else 1; see `presence`
    share:      period x leaf, how much of the working time its people are told to have been there as people who
                know their work, else 1
    average:    per leaf, how much of it they were there in the average earlier period, whatever they knew, else 1
    people:     per leaf, a number for the people it belongs to, where their share is told, else -1
    exact:      the last period's part and whole again, as int64 units of 10^-4: for sums that must be exact
    """

    dimensions: tuple[str, ...]
    members: tuple[tuple[str | None, ...], ...]
    codes: Ints
    part: Floats
    whole: Floats | None
    periods: pa.Array
    there: Floats
    share: Floats
    average: Floats
    people: Ints
    exact: tuple[Ints, Ints]

    @property
    def leaves(self) -> int:
        return len(self.codes)

    @property
    def presence(self) -> Floats:
        """period x leaf: what a sum is in proportion to."""
        return self.there * self.share

    def covered(self, where: Sequence[tuple[str, str | None]]) -> Mask:
        """The leaves that have all the given values."""
        inside = np.ones(self.leaves, dtype=bool)
        for dimension, member in where:
            position = self.dimensions.index(dimension)
            inside &= self.codes[:, position] == self.members[position].index(member)
        return inside


def lay_out(table: pa.Table, dimensions: Sequence[str], *, at: object, ratio: bool) -> Cells:
    """The cells of `table` from its first period up to `at`; later rows are not looked at.

    table: period, part (number), whole (number, only read for a ratio), and one text column per dimension.
    Rows of the same period and members are added up; a missing cell is nothing happened, that is 0. Everybody
    is taken to have been there all along until `presence.present` says otherwise.
    Raises CannotExplain when a column is missing, or when no row lies in `at`.
    """
    wanted = [*dimensions, "period", "part", *(["whole"] if ratio else [])]
    absent = [column for column in wanted if column not in table.column_names]
    if absent:
        raise CannotExplain(message("the table has no column {columns}: add it", columns=", ".join(absent)))
    if not dimensions:
        raise CannotExplain(message("an explanation needs at least one dimension to look along"))
    known = table.filter(pc.less_equal(table["period"], pa.scalar(at, table["period"].type)))
    periods = pc.unique(known["period"]).sort()
    if not len(periods) or periods[-1].as_py() != at:
        raise CannotExplain(message("no row lies in period {period}: load its facts first", period=str(at)))
    members, codes = zip(*(_encoded(known[name]) for name in dimensions), strict=True)
    leaf_of, leaves = _leaves(np.stack(codes, axis=1), [len(values) for values in members])
    row_period = pc.index_in(known["period"], value_set=periods).to_numpy().astype(np.int64)
    shape = (len(periods), len(leaves))
    now = row_period == len(periods) - 1
    return Cells(
        dimensions=tuple(dimensions),
        members=tuple(members),
        codes=leaves,
        part=_summed(known["part"], row_period, leaf_of, shape),
        whole=_summed(known["whole"], row_period, leaf_of, shape) if ratio else None,
        periods=periods,
        there=np.ones(shape),
        share=np.ones(shape),
        average=np.ones(len(leaves)),
        people=np.full(len(leaves), -1),
        exact=(
            _exact(known["part"], leaf_of, now, len(leaves)),
            _exact(known["whole"], leaf_of, now, len(leaves))
            if ratio
            else np.zeros(len(leaves), dtype=np.int64),
        ),
    )


def _encoded(column: pa.ChunkedArray) -> tuple[tuple[str | None, ...], Ints]:
    """Members in sorted order, the missing one last, and each row's position among them."""
    values = column.cast(pa.string()).combine_chunks()
    coded = values.dictionary_encode()
    seen: list[str] = coded.dictionary.to_pylist()
    order = sorted(range(len(seen)), key=seen.__getitem__)
    place = np.empty(len(seen) + 1, dtype=np.int64)
    place[order] = np.arange(len(seen))
    place[-1] = len(seen)
    positions = place[pc.fill_null(coded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)]
    missing: tuple[None, ...] = (None,) if values.null_count else ()
    return (*(seen[position] for position in order), *missing), positions


def _leaves(codes: Ints, sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Which leaf each row belongs to, and the codes of each leaf."""
    leaf_of, first = grouped([codes[:, position] for position in range(codes.shape[1])], sizes)
    return leaf_of, codes[first]


def grouped(codes: Sequence[Ints], sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Number the distinct combinations of codes: each row's number, and the first row of each.

    Columns are folded in one at a time, so the product of the sizes never has to fit in 64 bits.
    """
    number = np.zeros(len(codes[0]), dtype=np.int64)
    first: Ints = np.zeros(1, dtype=np.int64)
    for column, size in zip(codes, sizes, strict=True):
        _, first, number = np.unique(number * size + column, return_index=True, return_inverse=True)
    return number, first


def _summed(column: pa.ChunkedArray, period: Ints, leaf: Ints, shape: tuple[int, int]) -> Floats:
    values = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    flat = np.bincount(period * shape[1] + leaf, values, minlength=shape[0] * shape[1])
    return np.asarray(flat.reshape(shape), dtype=np.float64)


def minor(column: pa.ChunkedArray) -> Ints:
    """A number column as int64 units of 10^-4, missing as 0; a float is taken to its nearest unit."""
    filled = pc.fill_null(column, pa.scalar(0, column.type))
    units: Ints
    if pa.types.is_floating(column.type):
        units = np.rint(filled.to_numpy() * 10**MONEY_SCALE).astype(np.int64)
        return units
    scaled = pc.multiply(
        filled.cast(pa.decimal128(28, MONEY_SCALE)), pa.scalar(10**MONEY_SCALE, pa.decimal128(6, 0))
    )
    units = scaled.cast(pa.int64()).to_numpy()
    return units


def _exact(column: pa.ChunkedArray, leaf: Ints, now: Mask, leaves: int) -> Ints:
    total = np.zeros(leaves, dtype=np.int64)
    np.add.at(total, leaf[now], minor(column.filter(pa.array(now))))
    return total
