"""Parquet files and SQL queries: columns that already have types keep them."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.reading.cleaning import cleaned
from dabiao.facts.logic.reading.sheet import CHUNK, PROBLEM, ROW, Options, Sheet, Unreadable


def open_parquet(file: Path, options: Options) -> Sheet:
    """A Parquet file, read in batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise Unreadable(
            _("%(file)s is no Parquet file: %(error)s") % {"file": file.name, "error": error}
        ) from None

    def chunks(sheet: Sheet) -> Iterator[pl.DataFrame]:
        row = 0
        for batch in opened.iter_batches(batch_size=CHUNK):
            yield cleaned(_numbered(pl.DataFrame(batch), row), sheet, options)
            row += batch.num_rows

    return Sheet(
        file,
        file.name,
        tuple(opened.schema_arrow.names),
        chunks,
        doubles=True,
        total=opened.metadata.num_rows,
    )


def open_query(url: str, query: str, options: Options) -> Sheet:
    """The rows of a query in a database that SQLAlchemy reaches. Raises Unreadable with its message, not its URL."""
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url)
        connection = engine.connect().execution_options(stream_results=True, max_row_buffer=CHUNK)
        result = connection.execute(sa.text(query))
    except (sa.exc.SQLAlchemyError, ImportError) as error:
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
                yield cleaned(_numbered(frame, row), sheet, options)
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
    except sa.exc.ArgumentError:
        return "its URL cannot be read"
    return said.replace(str(password), "•••") if password else said
