"""A connection's tables as unbound Ibis tables, and small tables put on it."""

from collections.abc import Iterable
from functools import lru_cache

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from dabiao.engine.payout.reference import Reference


def bound(con: duckdb.DuckDBPyConnection) -> dict[str, ir.Table]:
    """Every table and view of the connection as an unbound Ibis table."""
    columns: dict[str, dict[str, dt.DataType]] = {}
    for table, column, kind in con.execute(
        "select table_name, column_name, data_type from information_schema.columns order by ordinal_position"
    ).fetchall():
        columns.setdefault(table, {})[column] = _type(kind)
    return {name: ibis.table(schema, name=name) for name, schema in columns.items()}


def register(con: duckdb.DuckDBPyConnection, given: Iterable[Reference]) -> None:
    """Small tables of the plan, as temporary tables of the connection."""
    for reference in given:
        schema = ibis.schema(dict(reference.schema)).to_pyarrow()
        rows = pa.Table.from_pylist([dict(row) for row in reference.rows], schema=schema)
        con.register("__given", rows)
        con.execute(f"create or replace temp table {reference.name} as select * from __given")
        con.unregister("__given")


@lru_cache
def _type(kind: str) -> dt.DataType:
    return DuckDBType.from_string(kind)
