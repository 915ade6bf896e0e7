"""A connection's tables as unbound Ibis tables, small tables put on it, and the SQL of expressions over them."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from dabiao.engine.payout.plan import Plan
from dabiao.engine.payout.reference import Reference

Columns = tuple[tuple[str, str, str], ...]
"""table, column, type of everything that a connection has."""
_KEPT: Final[dict[Hashable, str]] = {}
_MOST: Final = 500


def columns_of(con: duckdb.DuckDBPyConnection) -> Columns:
    """Every table and view of the connection, without the temporary ones that a run makes."""
    return tuple(
        con.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_catalog <> 'temp' order by table_name, ordinal_position"
        ).fetchall()
    )


@lru_cache(maxsize=32)
def bound(columns: Columns) -> dict[str, ir.Table]:
    """The tables as unbound Ibis tables."""
    schemas: dict[str, dict[str, dt.DataType]] = {}
    for table, column, kind in columns:
        schemas.setdefault(table, {})[column] = _type(kind)
    return {name: ibis.table(schema, name=name) for name, schema in schemas.items()}


def described(con: duckdb.DuckDBPyConnection, name: str) -> ir.Table:
    """One table or view of the connection, temporary or not."""
    rows = con.execute(f'describe "{name}"').fetchall()
    return ibis.table({row[0]: _type(row[1]) for row in rows}, name=name)


def register(con: duckdb.DuckDBPyConnection, given: Iterable[Reference]) -> None:
    """Small tables of the plan, as temporary tables of the connection."""
    for reference in given:
        schema = ibis.schema(dict(reference.schema)).to_pyarrow()
        rows = pa.Table.from_pylist([dict(row) for row in reference.rows], schema=schema)
        con.register("__given", rows)
        con.execute(f"create or replace temp table {reference.name} as select * from __given")
        con.unregister("__given")


@dataclass(frozen=True)
class Compiler:
    """SQL of one plan's expressions over one set of tables, kept for the next time the same is asked.

    Compiling costs several times what it takes to read one person's facts.
    """

    plan: str
    columns: Columns

    def sql(self, *what: Hashable, make: Callable[[], ir.Table]) -> str:
        """The SQL of the expression that `make` forms; `what` names all that it depends on beside plan and tables."""
        key = (self.plan, self.columns, *what)
        compiled = _KEPT.get(key)
        if compiled is None:
            compiled = str(ibis.to_sql(make(), dialect="duckdb"))
            # Another thread may clear, too: what is returned is never read back.
            if len(_KEPT) >= _MOST:
                _KEPT.clear()
            _KEPT[key] = compiled
        return compiled


def compiler_of(plan: Plan, columns: Columns) -> Compiler:
    """The compiler of a plan; its example cases decide nothing."""
    return Compiler(repr(replace(plan, cases=())), columns)


@lru_cache
def _type(kind: str) -> dt.DataType:
    return DuckDBType.from_string(kind)
