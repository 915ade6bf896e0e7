"""Rows of dated dimensions that hold on the same day as another one, of this import or of the lake."""

from collections.abc import Sequence

import polars as pl

from dabiao.facts.logic.loading.shape import ERRORS
from dabiao.facts.logic.loading.stage import FILE, Stage
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.reading import ROW
from dabiao.lake import dated
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
    shown = " || ' ' || ".join(f"{name}::VARCHAR" for name in (*TABLES[into].key, "ends_on"))
    return work.execute(
        f"""SELECT {ROW}, 'starts_on' AS "column", '{into}' AS "into", {shown} AS value, min(why) AS reason,
                source_name AS source, {FILE}
            FROM staged JOIN ({dated.wrong(into, every, take=key)}) USING ({key}) GROUP BY ALL ORDER BY ALL"""
    ).pl()
