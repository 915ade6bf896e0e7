"""What pandas needs to hold exact money: Arrow's decimals as whole ten-thousandths, and back."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

MONEY = pa.decimal128(18, 4)


def read(files: Sequence[str], columns: Sequence[str], where: pc.Expression | None = None) -> pa.Table:
    """Columns of Parquet files, filtered while they are read."""
    return ds.dataset(list(files)).to_table(columns=list(columns), filter=where)


def scaled(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Decimals of scale 4 without nulls as integers: the low half of each 16-byte value."""
    parts = [
        np.frombuffer(chunk.buffers()[1], np.int64).reshape(-1, 2)[
            chunk.offset : chunk.offset + len(chunk), 0
        ]
        for chunk in column.cast(MONEY).chunks
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def unscaled(values: NDArray[np.int64]) -> pa.Array:
    """Integers as decimals of scale 4."""
    wide = np.empty((len(values), 2), np.int64)
    wide[:, 0], wide[:, 1] = values, values >> 63
    return pa.Array.from_buffers(MONEY, len(values), [None, pa.py_buffer(wide.tobytes())])


def months(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Dates as months since the year 0."""
    return np.asarray(pc.add(pc.multiply(pc.year(column), 12), pc.month(column)), dtype=np.int64)
