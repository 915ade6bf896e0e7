"""From every seat up to every unit above it, with the child of that unit on the way."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from dabiao.engine.credit import NOBODY

EVERYTHING = ""
"""Stands for "all there is", the facts of nobody included."""
_SCHEMA = pa.schema([("seat", pa.int64()), ("unit", pa.string()), ("child", pa.string())])


def of(work: duckdb.DuckDBPyConnection) -> pa.Table:
    """`seat`, `unit` (an ancestor, or EVERYTHING), `child` (null for the unit's own seats), from the org tables."""
    parents = {unit: parent for unit, parent in work.execute("SELECT unit, parent FROM units").fetchall()}
    roots = [unit for unit, parent in parents.items() if parent is None]
    top = roots[0] if len(roots) == 1 else None
    seats = work.execute("SELECT seat, unit FROM assignments").fetchall()
    rows = [(seat, *step) for seat, unit in seats for step in _steps(unit, parents, top)]
    columns = zip(*[*rows, (NOBODY, EVERYTHING, None)], strict=True)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA
    )


def _steps(unit: str, parents: dict[str, str | None], top: str | None) -> Iterator[tuple[str, str | None]]:
    """(ancestor, child on the way). Everything has the children of the only root, or else the roots."""
    child: str | None = None
    at: str | None = unit
    while at is not None:
        yield at, child
        if at == top:
            yield EVERYTHING, child
        child, at = at, parents.get(at)
    if top is None:
        yield EVERYTHING, child
