"""Parquet files and SQL queries: columns that already have types keep them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core import hostile, limited
from dabiao.facts.logic.reading.cleaning import cleaned
from dabiao.facts.logic.reading.sheet import CHUNK, PROBLEM, ROW, Aside, Options, Sheet, Unreadable

if TYPE_CHECKING:
    import pyarrow as pa


def open_parquet(file: Path, options: Options) -> Sheet:
    """A Parquet file, read in batches. A job reads only what could be read through apart."""
    import pyarrow.parquet as pq

    plain = replace(options, unwrap=False)
    read = limited.run(
        read_through, of=file.name, limit=limited.for_job(file), file=str(file), wholly=not limited.is_apart()
    )
    names, days = read["names"], read["days"]
    opened = pq.ParquetFile(file)
    odd = [name for name in opened.schema_arrow.names if name not in names]

    def chunks(sheet: Sheet) -> Iterator[pl.DataFrame]:
        row = 0
        for batch in opened.iter_batches(batch_size=CHUNK, columns=names):
            frame = pl.DataFrame(batch).with_columns(pl.col(days).cast(pl.Date))
            yield cleaned(_numbered(frame, row), sheet, plain)
            row += batch.num_rows

    return Sheet(
        file,
        file.name,
        tuple(names),
        chunks,
        doubles=True,
        total=opened.metadata.num_rows,
        asides=[Aside(0, "column", f"{name} holds more than a value") for name in odd],
    )


def read_through(file: str, wholly: bool) -> dict[str, list[str]]:
    """Names of the columns that hold plain values; `wholly`: having read all of them once.

    days: those of them that hold moments without a zone which are all midnights; many programs know no other way to
    keep a day, and none of them is moved from one zone to another
    """
    import pyarrow.parquet as pq

    hostile.inspect(Path(file), "parquet")
    opened = pq.ParquetFile(file)
    names = [field.name for field in opened.schema_arrow if _is_plain(field.type)]
    moments = [field.name for field in opened.schema_arrow if _is_moment(field.type)]
    timed: set[str] = set()
    for batch in opened.iter_batches(batch_size=CHUNK, columns=names if wholly else moments):
        frame = pl.DataFrame(batch)
        timed |= {name for name in moments if (frame[name] != frame[name].dt.truncate("1d")).any()}
    return {"names": names, "days": [name for name in moments if name not in timed]}


def _is_moment(kind: "pa.DataType") -> bool:
    import pyarrow.types as pt

    return bool(pt.is_timestamp(kind) and kind.tz is None)


def _is_plain(kind: "pa.DataType") -> bool:
    """Text, numbers, days, moments and flags: what a table of facts has."""
    import pyarrow.types as pt

    kind = kind.value_type if pt.is_dictionary(kind) else kind
    tests = (
        pt.is_string, pt.is_large_string, pt.is_string_view, pt.is_integer, pt.is_floating, pt.is_decimal128,
        pt.is_date, pt.is_timestamp, pt.is_boolean, pt.is_null,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def open_query(url: str, query: str, options: Options) -> Sheet:
    """The rows of a query in a database that SQLAlchemy reaches. Raises Unreadable with its message, not its URL."""
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url)
        connection = engine.connect().execution_options(stream_results=True, max_row_buffer=CHUNK)
        result = connection.execute(sa.text(query))
    except (sa.exc.SQLAlchemyError, ImportError, ValueError, OSError) as error:
        raise Unreadable(_("The query failed: %(what)s") % {"what": _without_secrets(error, url)}) from None
    names = tuple(result.keys())

    def chunks(sheet: Sheet) -> Iterator[pl.DataFrame]:
        row = 0
        try:
            for part in result.partitions(CHUNK):
                columns = zip(*part, strict=True)
                frame = pl.DataFrame(
                    [pl.Series(name, list(c), strict=False) for name, c in zip(names, columns, strict=True)]
                )
                yield cleaned(_numbered(frame, row), sheet, replace(options, unwrap=False))
                row += frame.height
        finally:
            connection.close()
            engine.dispose()

    return Sheet(Path("query"), "query", names, chunks, doubles=True)


def _numbered(frame: pl.DataFrame, before: int) -> pl.DataFrame:
    numbers = pl.Series(ROW, range(before + 1, before + 1 + frame.height), pl.Int64)
    return frame.with_columns(numbers, pl.lit(None, pl.String).alias(PROBLEM))


def _without_secrets(error: Exception, url: str) -> str:
    import sqlalchemy as sa

    said = str(getattr(error, "orig", None) or error).replace(url, "the database")
    try:
        password = sa.make_url(url).password
    except (sa.exc.ArgumentError, ValueError):
        return "its URL cannot be read"
    return said.replace(str(password), "•••") if password else said
