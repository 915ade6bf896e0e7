"""Expressions over the lake's tables: facts with their day, whom they are credited to, and the seat held then."""

import ibis
import ibis.expr.types as ir

from dabiao.engine import credit, needs
from dabiao.engine.metric import Source
from dabiao.lake import crediting
from dabiao.lake.tables import TABLES

_DIMENSIONS = ("contracts", "ownership", "assignments")


def unbound(name: str) -> ir.Table:
    """A lake table as an Ibis table without data, to build expressions on."""
    return ibis.table(TABLES[name].ibis_schema, name=name)


def sql(expression: ir.Table) -> str:
    """DuckDB's SQL for an expression over unbound tables. 7 to 26 ms: keep what comes out."""
    return str(ibis.to_sql(expression, dialect="duckdb"))


def placed(
    source: Source,
    *,
    scope: ir.Table | None = None,
    nobody: bool = False,
    touched: ir.Table | None = None,
    seated: bool = True,
) -> ir.Table:
    """The facts of a source with `day`, who is credited, `seat` and `unit`, over unbound tables.

    scope: only these seats (column `seat`); `nobody`: whether seat 0 is among them.
    touched: only these days (column `day`).
    seated: False leaves `seat` and `unit` out, where neither they nor a scope are asked for.
    """
    facts = unbound(source.table)
    if needs.UNITED in source.derived:
        facts = needs.with_united(facts, on=TABLES[source.table].on or "", touched=touched)
    if touched is not None and source.on is not None:
        facts = facts.filter(facts[source.on].cast("date").isin(touched.day))
    tables = {name: unbound(name) for name in _DIMENSIONS}
    credits = credit.credited(facts, on=source.on, rule=crediting.rule(source.credit), tables=tables)
    if not seated and scope is None:
        return credits
    return credit.seated(credits, tables["assignments"], scope=scope, nobody=nobody)
