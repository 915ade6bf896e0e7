"""The table `earnings` of a run: lines added up by component, person and pay period, and the run's hash."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import duckdb
import ibis
import pyarrow as pa

from dabiao.engine.payout.entry import LineSum, Payable
from dabiao.engine.payout.plan import Component, Plan
from dabiao.engine.payout.scale import scale_of

_COLUMNS: Final = (
    "person varchar, period date, component varchar, rule varchar, per varchar[], lines bigint, "
    "credit bigint, amount bigint, mix bigint, weighed decimal(38, 0)"
)
_SCHEMA: Final = pa.schema(
    {
        "person": pa.string(),
        "period": pa.date32(),
        "component": pa.string(),
        "rule": pa.string(),
        "per": pa.list_(pa.string()),
        "lines": pa.int64(),
        "credit": pa.int64(),
        "amount": pa.int64(),
        "mix": pa.int64(),
        "weighed": pa.decimal128(38, 0),
    }
)


class CannotPay(ValueError):
    """Facts that the plan says nothing about: paying them as 0 would be a guess."""


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """An empty table for a new run."""
    con.execute(f"create or replace temp table earnings ({_COLUMNS})")


def add(con: duckdb.DuckDBPyConnection, plan: Plan, component: Component, query: str) -> None:
    """The rows of `totals.sums` for a component. Raises CannotPay where a line has no amount."""
    con.execute(f"create or replace temp table summed as {query}")
    columns = {row[0] for row in con.execute("describe summed").fetchall()}
    unsaid = con.execute(
        "select person, period, unsaid from summed where unsaid > 0 order by all limit 1"
    ).fetchone()
    if unsaid is not None:
        person, period, count = unsaid
        raise CannotPay(
            f"{component.key}: {count} lines of {person} in the period from {period} fit no rate, target, "
            "score or currency of the plan"
        )
    tiers = component.rate.tiers if component.rate else None
    per = ", ".join(f'"{column}"::varchar' for column in (tiers.per if tiers else ()))
    rule = "rule" if "rule" in columns else "'lines'"
    weighed = "weighed" if "weighed" in columns else "0"
    con.execute(
        f"insert into earnings select person::varchar, period, '{component.key}', {rule}, [{per}]::varchar[], "
        f"lines, credit, amount, mix, {weighed} from summed"
    )
    con.execute("drop table summed")


def load(con: duckdb.DuckDBPyConnection, plan: Plan, component: str | None = None) -> list[LineSum]:
    """The sums as values, of one component or all."""
    only = "" if component is None else f"where component = '{component}'"
    rows = con.execute(f"select * from earnings {only}").fetchall()
    scales = {
        key: scale_of(plan, c) for key, c in plan.components.items() if c.base in plan.measures and c.rate
    }
    sums = []
    for person, period, key, rule, per, lines, credit, amount, mix, weighed in rows:
        scale = scales[key]
        tiers = plan.components[key].rate
        columns = tiers.tiers.per if tiers is not None and tiers.tiers is not None else ()
        sums.append(
            LineSum(
                person,
                period,
                key,
                tuple(zip(columns, per, strict=True)),
                lines,
                Decimal(credit).scaleb(-scale.base),
                Decimal(amount).scaleb(-scale.line),
                mix,
                Decimal(weighed).scaleb(-(scale.base + sum(scale.factors))),
                rule,
            )
        )
    return sums


def forget(con: duckdb.DuckDBPyConnection, component: str) -> None:
    con.execute("delete from earnings where component = ?", [component])


def store(con: duckdb.DuckDBPyConnection, plan: Plan, sums: Iterable[LineSum]) -> None:
    """Sums that were worked out as values, put back into the table."""
    con.register("__sums", pa.Table.from_pylist([_stored(plan, line) for line in sums], schema=_SCHEMA))
    con.execute("insert into earnings by name select * from __sums")
    con.unregister("__sums")


def _stored(plan: Plan, line: LineSum) -> dict[str, object]:
    scale = scale_of(plan, plan.components[line.component])
    return {
        "person": line.person,
        "period": line.period,
        "component": line.component,
        "rule": line.rule,
        "per": [value for _, value in line.per],
        "lines": line.lines,
        "credit": int(line.credit.scaleb(scale.base)),
        "amount": int(line.amount.scaleb(scale.line)),
        "mix": line.mix,
        "weighed": line.weighed.scaleb(scale.base + sum(scale.factors)).to_integral_value(),
    }


def payables(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """person, period, component, amount (units of the plan's digits), from `totals.payables`."""
    return con.execute(f"select * from ({query}) order by person, period, component").to_arrow_table()


def as_table(plan: Plan, payables: Iterable[Payable]) -> pa.Table:
    """Payables that were settled as values, in the shape of `payables`."""
    rows = [(p.person, p.period, p.component, int(p.amount.scaleb(plan.digits))) for p in payables]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.date32(), pa.string(), pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=["person", "period", "component", "amount"])


def unbound() -> ibis.expr.types.Table:
    """`earnings` as an Ibis table."""
    schema = {
        "person": "string",
        "period": "date",
        "component": "string",
        "amount": "int64",
    }
    return ibis.table(schema, name="earnings")


def run_hash(con: duckdb.DuckDBPyConnection, plan: Plan, paid: pa.Table) -> str:
    """SHA-256 over what every person is paid and the checksums of the lines behind it.

    The same for every order of loading, batch size and number of workers: rows are sorted, sums are exact.
    """
    con.register("__paid", paid)
    lines = con.execute(
        "select sha256(coalesce(string_agg(concat_ws('|', person, period, component, rule, per, lines, credit, "
        "amount, mix, weighed), chr(10) order by person, period, component, rule, per), '')) from earnings"
    ).fetchone()
    pays = con.execute(
        "select sha256(coalesce(string_agg(concat_ws('|', person, period, component, amount), chr(10) "
        "order by person, period, component), '')) from __paid"
    ).fetchone()
    con.unregister("__paid")
    both = f"{plan.key} {plan.version} {lines[0] if lines else ''} {pays[0] if pays else ''}"
    return hashlib.sha256(both.encode()).hexdigest()
