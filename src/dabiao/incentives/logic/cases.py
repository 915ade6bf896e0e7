"""Example cases written beside a plan: facts as small text tables in, what is paid out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import duckdb
import ibis

from dabiao.engine.payout.inputs import INPUTS
from dabiao.engine.payout.plan import Case, Plan
from dabiao.incentives.logic.run import CannotPay, Run, run
from dabiao.lake.reading import scratch
from dabiao.lake.tables import TABLES

SCHEMAS: Final[Mapping[str, Mapping[str, str]]] = {
    **{name: table.ibis_schema for name, table in TABLES.items()},
    **INPUTS,
}
"""Every table that a plan may read: column → Ibis type."""
_DEFAULTS: Final = {
    "source": "s",
    "ends_on": "9999-12-31",
    "share": "1",
    "starts_on": "0001-01-01",
    "portion": "1",
    "scope_kind": "person",
    "unit": "all",
    "primary": "true",
    "product": None,
}
Row = dict[str, str | None]


class BadCase(ValueError):
    """A case that cannot be read."""


@dataclass(frozen=True)
class Failure:
    """A case that did not come out: what was expected and what was paid, each as lines of text."""

    case: Case
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"line {self.case.line}: case {self.case.name!r} does not come out"]
        lines += [f"  expected  {line}" for line in self.missing]
        lines += [f"  but got   {line}" for line in self.unexpected]
        return "\n".join(lines)


def failures(plan: Plan) -> Iterator[Failure]:
    """The plan's cases that do not come out."""
    for case in plan.cases:
        failure = check(plan, case)
        if failure is not None:
            yield failure


def check(plan: Plan, case: Case, batch: int = 10**9) -> Failure | None:
    """Run one case; nothing when it comes out as written."""
    try:
        got = carry_out(plan, case, batch)
    except CannotPay as refusal:
        if case.expect.strip() == "refused":
            return None
        return Failure(case, (), (f"refused: {refusal}",))
    if case.expect.strip() == "refused":
        return Failure(
            case,
            ("refused",),
            tuple(f"{row['person']} {row['amount']}" for row in _paid(got, ["person", "amount"])),
        )
    missing: list[str] = []
    unexpected: list[str] = []
    for text, rows in (
        (case.expect, _paid),
        (case.entries, _steps),
        (case.balances, _open),
        (case.lines, _lines),
    ):
        if text.strip():
            header, expected = parse(text)
            actual = rows(got, header)
            missing += _beyond(expected, actual)
            unexpected += _beyond(actual, expected)
    return Failure(case, tuple(missing), tuple(unexpected)) if missing or unexpected else None


def carry_out(plan: Plan, case: Case, batch: int = 10**9) -> Run:
    """The run of a plan on a case's facts, on a connection of its own."""
    con = connection(case.tables)
    return run(plan, con, until=case.until, batch=batch)


def connection(tables: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the tables of a case; those that it does not name are empty."""
    con = scratch()
    unknown = sorted(set(tables) - set(SCHEMAS))
    if unknown:
        raise BadCase(f"no table {', '.join(unknown)}; known: {', '.join(sorted(SCHEMAS))}")
    con.execute(_EMPTY)
    for name, text in tables.items():
        if text.strip():
            _fill(con, name, text)
    return con


def empty_table(name: str, schema: Mapping[str, str]) -> str:
    """SQL that makes one of `SCHEMAS` without rows."""
    types = ibis.schema(dict(schema))
    columns = ", ".join(f'"{column}" {_sql(types[column])}' for column in schema)
    return f'create table "{name}" ({columns});'


def _sql(kind: object) -> str:
    text = str(kind)
    return {"string": "varchar", "int64": "bigint", "float64": "double"}.get(
        text, text.split("(6)", maxsplit=1)[0]
    )


_EMPTY: Final = "".join(empty_table(name, schema) for name, schema in SCHEMAS.items())


def _fill(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    schema = SCHEMAS[name]
    header, rows = parse(text)
    strange = sorted(set(header) - set(schema))
    if strange:
        raise BadCase(f"{name} has no column {', '.join(strange)}; known: {', '.join(schema)}")
    whole = [tuple(_value(row, header, column, n) for column in schema) for n, row in enumerate(rows, 1)]
    if whole:
        con.executemany(f'insert into "{name}" values ({", ".join("?" * len(schema))})', whole)


def _value(row: Row, header: list[str], column: str, number: int) -> str | None:
    if column in header and (row[column] is not None or column not in ("starts_on", "ends_on")):
        return row[column]
    if column == "key":
        return f"{number:06d}"
    return _DEFAULTS.get(column)


def parse(text: str) -> tuple[list[str], list[Row]]:
    """A text table: the first line names the columns, `-` is empty, `~` stands for a space in a value."""
    lines = [line.split("#")[0].split() for line in text.strip().splitlines()]
    lines = [line for line in lines if line]
    header = lines[0]
    for line in lines[1:]:
        if len(line) != len(header):
            raise BadCase(f"{len(header)} columns, but {len(line)} values in: {' '.join(line)}")
    return header, [
        {
            name: None if value == "-" else value.replace("~", " ")
            for name, value in zip(header, line, strict=True)
        }
        for line in lines[1:]
    ]


def _paid(got: Run, header: list[str]) -> list[Row]:
    """Payables added up over what the expectation does not name; nothing that comes to 0."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for payable in got.statement.payables:
        row = {
            "person": payable.person,
            "period": _label(payable.period),
            "component": payable.component or "settlement",
        }
        key = tuple(row[name] for name in header if name != "amount")
        sums[key] = sums.get(key, Decimal(0)) + payable.amount
    names = [name for name in header if name != "amount"]
    return [
        {**dict(zip(names, key, strict=True)), "amount": plain(total)} for key, total in sums.items() if total
    ]


def _steps(got: Run, header: list[str]) -> list[Row]:
    return [
        {
            name: {
                "person": entry.person,
                "period": _label(entry.period),
                "component": entry.component or "settlement",
                "rule": entry.rule,
                "amount": plain(entry.amount),
                "base": None if entry.base is None else plain(entry.base),
            }[name]
            for name in header
        }
        for entry in got.statement.entries
    ]


def _open(got: Run, header: list[str]) -> list[Row]:
    return [
        {
            name: {
                "person": balance.person,
                "period": _label(balance.period),
                "held": plain(balance.held),
                "owed": plain(balance.owed),
                "drawn": plain(balance.drawn),
            }[name]
            for name in header
        }
        for balance in got.statement.balances
    ]


def _lines(got: Run, header: list[str]) -> list[Row]:
    return [{name: _shown(line.get(name)) for name in header} for line in got.trace()]


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return plain(value)
    return _label(value) if isinstance(value, date) else str(value)


def _beyond(mine: list[Row], theirs: list[Row]) -> list[str]:
    """Rows of one side that the other lacks, counted; 40 and 40.00 are the same."""
    left = [_same(row) for row in theirs]
    beyond = []
    for row in mine:
        if _same(row) in left:
            left.remove(_same(row))
        else:
            beyond.append("  ".join(f"{name} {value}" for name, value in row.items()))
    return beyond


def _same(row: Row) -> tuple[tuple[str, str | None], ...]:
    return tuple((name, _normal(value)) for name, value in sorted(row.items()))


def _normal(value: str | None) -> str | None:
    try:
        return None if value is None else plain(Decimal(value))
    except ArithmeticError:
        return value


def plain(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def _label(day: date) -> str:
    return day.isoformat()
