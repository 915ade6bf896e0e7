"""A plan's tables of rates as small tables to join: one per set of columns that its rows name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.number import minor
from dabiao.engine.payout.feature import Tables
from dabiao.engine.payout.plan import Plan, Table
from dabiao.engine.payout.scale import places, units

FIRST: Final = date(1, 1, 1)
LAST: Final = date(9999, 12, 31)


@dataclass(frozen=True)
class Reference:
    """A small table to register under `name` before a plan's lines are computed."""

    name: str
    schema: Mapping[str, str]
    rows: Sequence[Mapping[str, object]]

    @property
    def unbound(self) -> ir.Table:
        return ibis.table(dict(self.schema), name=self.name)


def table_scale(table: Table) -> int:
    """Decimals that a table's values need."""
    if table.source:
        return max(table.decimals, places(table.otherwise) if table.otherwise is not None else 0)
    values = [row.value for row in table.rows]
    return max(map(places, [*values, *([table.otherwise] if table.otherwise is not None else [])]), default=0)


def references(plan: Plan) -> list[Reference]:
    """The tables that the plan's own rows become; values in int64 units of the table's scale."""
    return [reference for table in plan.tables.values() if not table.source for reference in _explode(table)]


def beside(table: Table, tables: Tables) -> list[ir.Table]:
    """The tables that `rate.looked_up` joins, most specific first."""
    if not table.source:
        return [reference.unbound for reference in _explode(table)]
    source = tables[table.source]
    value = source[table.take]
    exact = (
        minor(value, table.decimals)
        if value.type().is_decimal()
        else value.cast("int64") * 10**table.decimals
    )
    return [source.select(*table.by, value=exact)]


def _explode(table: Table) -> list[Reference]:
    masks = sorted(
        {tuple(column for column, _ in row.match) for row in table.rows}, key=lambda m: (-len(m), m)
    )
    return [_one(table, number, mask) for number, mask in enumerate(masks)]


def _one(table: Table, number: int, mask: tuple[str, ...]) -> Reference:
    mine = [row for row in table.rows if tuple(column for column, _ in row.match) == mask]
    scale = table_scale(table)
    rows = [
        {
            **dict(row.match),
            "starts_on": row.start or FIRST,
            "ends_on": row.end or LAST,
            "value": units(row.value, scale),
        }
        for row in mine
    ]
    dated = any(row.start or row.end for row in mine)
    schema = {**dict.fromkeys(mask, "string"), "starts_on": "date", "ends_on": "date", "value": "int64"}
    names = [name for name in schema if dated or name not in ("starts_on", "ends_on")]
    return Reference(
        f"table_{table.key}_{number}",
        {name: schema[name] for name in names},
        [{name: row[name] for name in names} for row in rows],
    )
