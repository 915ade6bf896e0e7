"""Numpy columns of the simulation, and how they become Arrow tables that the lake takes."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dabiao.lake.tables import TABLES

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]

NEVER = np.iinfo(np.int32).max
"""A day that does not come; as a date it is null."""
MICROSECONDS_A_DAY = 86_400_000_000
SOURCES: Mapping[str, str] = {
    "leads": "demo-crm", "opportunities": "demo-crm", "stage_changes": "demo-crm", "quotes": "demo-crm",
    "activities": "demo-crm", "visit_plans": "demo-crm", "customers": "demo-crm",
    "feedback": "demo-service", "complaints": "demo-service", "renewals": "demo-service",
    "usage": "demo-service", "expenses": "demo-finance", "market": "demo-research",
    "market_events": "demo-research",
}  # fmt: skip
"""Which system of the demo company a table comes from; the rest comes from its ERP. No other source is called so."""


def dice(seed: int, what: str) -> np.random.Generator:
    """Random numbers of their own for each question, so that one more throw here changes nothing there."""
    return np.random.default_rng([seed, zlib.crc32(what.encode())])


def pick(cumulated: Floats, throws: Floats) -> Ints:
    """The index that each throw in [0, 1) falls into; `cumulated` is one row, or one row for each throw."""
    rows = np.broadcast_to(cumulated, (len(throws), cumulated.shape[-1]))
    index: Ints = np.minimum((throws[:, None] >= rows).sum(axis=1), cumulated.shape[-1] - 1)
    return index


def logit(p: Floats) -> Floats:
    return np.log(p / (1 - p))


def chance(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def keys(prefix: str, count: int, width: int = 6) -> Texts:
    """`prefix` and a running number, from 1."""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(1, count + 1)], dtype=object)


def taken(names: Texts, index: Ints) -> Texts:
    """Names by index; an index below zero is null."""
    return only(index >= 0, names[np.maximum(index, 0)])


def only(flags: Flags, values: Texts) -> Texts:
    """The value where the flag is set, else null."""
    shown = values.astype(object)
    shown[~flags] = None
    return shown


def cents(values: Ints) -> pa.Array:
    """Integer cents as decimal(18, 4), exactly."""
    return _decimal(values * 100, 4)


def pieces(values: Ints) -> pa.Array:
    """Whole numbers as decimal(18, 4)."""
    return _decimal(values * 10_000, 4)


def rates(millionths: Ints) -> pa.Array:
    """Integer millionths as decimal(18, 6), exactly."""
    return _decimal(millionths, 6)


def dates(days: Ints) -> pa.Array:
    """Days since 1970 as dates; `NEVER` and later are null."""
    return pa.array(days.astype("int32"), mask=days >= NEVER).cast(pa.date32())


def times(days: Ints, minutes: Floats) -> pa.Array:
    """A day and minutes after midnight as a timestamp, to the minute; null where the day never comes."""
    moment = (
        np.where(days >= NEVER, 0, days) * MICROSECONDS_A_DAY + np.floor(minutes).astype("int64") * 60_000_000
    )
    return pa.array(moment, mask=days >= NEVER).cast(pa.timestamp("us"))


def table(name: str, /, **columns: object) -> pa.Table:
    """The lake's table of that name; columns that are not given are null, `source` is filled in."""
    schema = TABLES[name].schema
    unknown = columns.keys() - set(schema.names)
    if unknown:
        raise KeyError(f"{name} has no column {sorted(unknown)}")
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]  # arrays of either library
    if "source" in schema.names:
        columns.setdefault("source", np.full(rows, SOURCES.get(name, "demo-erp"), dtype=object))
    return pa.Table.from_arrays(
        [_arrow(columns.get(field.name), field.type, rows) for field in schema], schema=schema
    )


def _arrow(values: object, kind: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == kind else array.cast(kind)


def _decimal(values: Ints, scale: int) -> pa.Array:
    """An int64 column read as the low half of a 128-bit decimal; the high half repeats its sign."""
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(values), [None, pa.py_buffer(wide.tobytes())])


@dataclass(frozen=True)
class Sums:
    """Rows added up by a group: which rows lead each group, and the group of every row."""

    lead: Ints
    group: Ints

    def of(self, values: Ints) -> Ints:
        """The exact sum of each group."""
        total = np.zeros(len(self.lead), dtype="int64")
        np.add.at(total, self.group, values)
        return total


def grouped(*columns: Ints) -> Sums:
    """Rows with equal values in all columns belong together; groups come in order of the columns."""
    _, lead, group = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    return Sums(lead.astype("int64"), group.reshape(-1).astype("int64"))
