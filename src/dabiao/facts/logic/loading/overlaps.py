"""Rows of dated tables that hold on the same day as another one, of this import or of the lake."""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl

from dabiao.facts.logic.loading.shape import ERRORS
from dabiao.facts.logic.loading.stage import FILE, Stage
from dabiao.facts.logic.mapping import MapFile, TableMap
from dabiao.facts.logic.reading import ROW
from dabiao.lake import dated
from dabiao.lake.change import Window
from dabiao.lake.tables import TABLES


def overlapping(
    stage: Stage, into: str, tables: Sequence[TableMap], held: pl.DataFrame | None
) -> pl.DataFrame:
    """ERRORS with `source` and FILE: staged rows that overlap, end before they begin, or give away more than there is.

    tables: all of the mapping, in its order. held: what the lake has of `into`; what is loaded again replaces it
    """
    schema = dict(pl.DataFrame(TABLES[into].schema.empty_table()).schema)
    new = [stage.good(index, table) for index, table in enumerate(tables) if table.into == into]
    staged = pl.concat([pl.DataFrame(schema=schema), *new], how="diagonal_relaxed")
    if not staged.height:
        return pl.DataFrame(schema={**ERRORS, "source": pl.String, FILE: pl.Int64})
    work, key, columns = stage.work, ", ".join(TABLES[into].key), ", ".join(schema)
    work.register("staged", staged)
    work.register("held", pl.DataFrame(schema=schema) if held is None else held)
    once = f"SELECT DISTINCT ON ({key}) {columns} FROM staged"  # a row that is repeated is one row
    every = f"({once} UNION ALL SELECT {columns} FROM held ANTI JOIN staged USING ({key}))"
    how = dated.TABLES[into]
    shown = " || ' ' || ".join(f"{name}::VARCHAR" for name in (*TABLES[into].key, "ends_on"))
    if not how.lasts:  # a key says little of a figure: both figures are named
        shown = f"concat_ws(' / ', any_value({how.named}), min(other))"
    return work.execute(
        f"""SELECT {ROW}, '{how.first}' AS "column", '{into}' AS "into", {shown} AS value, min(why) AS reason,
                source_name AS source, {FILE}
            FROM staged JOIN ({dated.wrong(into, every, take=key)}) USING ({key}) GROUP BY ALL ORDER BY ALL"""
    ).pl()


def staying(
    stage: Stage,
    into: str,
    mapping: MapFile,
    held: pl.DataFrame,
    window: Callable[[int, date, date], Window | None],
) -> pl.DataFrame:
    """Of the rows that the lake holds those that stay when the windows that staged rows cover are replaced.

    window: of a table map and the first and last day of its rows.
    """
    on = TABLES[into].on
    for index, table in enumerate(mapping.tables) if on else ():
        rows = stage.good(index, table) if table.into == into else pl.DataFrame()
        if not rows.height or on is None:
            continue
        first, last = rows[on].min(), rows[on].max()
        goes = window(index, first, last) if isinstance(first, date) and isinstance(last, date) else None
        if goes is not None:
            inside = pl.col(on).is_between(goes.start, goes.end, closed="left")
            held = held.filter(~((pl.col("source") == goes.source) & inside))
    return held
