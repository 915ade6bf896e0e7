"""A seeded year of order lines: 5,000 people of uneven luck, 200 products, 10 % splits, 3 % refunds."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PEOPLE, PRODUCTS, DAYS, CHUNK = 5_000, 200, 365, 500_000
FIRST_DAY = 20_089
"""2025-01-01 in days since 1970."""


def make(folder: Path, count: int) -> Path:
    """lines.parquet in the order of dates, and products.parquet; made once."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "lines.parquet"
    if not file.exists():
        rng = np.random.default_rng(20_250_101)
        luck = np.cumsum(rng.lognormal(0, 0.6, PEOPLE))
        days = np.sort(rng.integers(0, DAYS, count)).astype(np.int32) + FIRST_DAY
        _products(folder, rng)
        partial = folder / "lines.partial"
        with pq.ParquetWriter(partial, _chunk(rng, luck, days[:1], 0).schema, compression="zstd") as out:
            for start in range(0, count, CHUNK):
                out.write_table(_chunk(rng, luck, days[start : start + CHUNK], start))
        partial.replace(file)
    return file


def shuffled(folder: Path, lines: Path) -> Path:
    """The same facts, loaded in another order."""
    import duckdb

    file = folder / "shuffled.parquet"
    if not file.exists():
        con = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")})
        con.execute(f"copy (select * from '{lines}' order by hash(id)) to '{file}' (format parquet)")
    return file


def _chunk(rng: np.random.Generator, luck: np.ndarray, days: np.ndarray, start: int) -> pa.Table:
    count = len(days)
    cents = np.maximum(1, np.round(rng.gamma(2, 500, count) * 100)).astype(np.int64)
    cents[rng.random(count) < 0.03] *= -1
    person = np.searchsorted(luck / luck[-1], rng.random(count)).clip(0, PEOPLE - 1).astype(np.int32)
    partner = ((person + 1 + rng.integers(0, PEOPLE - 1, count)) % PEOPLE).astype(np.int32)
    return pa.table(
        {
            "id": pa.array(np.arange(start, start + count)),
            "day": pa.array(days).cast(pa.date32()),
            "rep": person,
            "rep2": pa.array(partner, mask=rng.random(count) >= 0.10),
            "product": rng.integers(0, PRODUCTS, count).astype(np.int16),
            "amount": _decimal(cents, 18),
        }
    )


def _products(folder: Path, rng: np.random.Generator) -> None:
    times = np.array([80, 100, 125, 150])[rng.integers(0, 4, PRODUCTS)]
    table = pa.table({"product": np.arange(PRODUCTS).astype(np.int16), "mult": _decimal(times, 6)})
    pq.write_table(table, folder / "products.parquet")


def _decimal(cents: np.ndarray, digits: int) -> pa.Array:
    """Whole cents as decimal(digits, 2) without passing through a float."""
    words = np.stack([cents.astype(np.int64), cents.astype(np.int64) >> 63], axis=1)
    return pa.Array.from_buffers(pa.decimal128(digits, 2), len(cents), [None, pa.py_buffer(words.copy())])
