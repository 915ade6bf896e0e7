"""The `measure:` part of a metric entry: one aggregate over one table of the catalogue, with conditions."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar, get_args

from dabiao.engine.metric import How, Source
from dabiao.engine.row import Between, Condition, Plain, Points, Same, Terms, Test, Value
from dabiao.engine.yaml_node import Node

NOW: Final = "now"
"""`on: now` measures the rows as they are today, whatever the period."""

_HOWS: Final[tuple[How, ...]] = get_args(How)
_FIELDS: Final = ("table", *_HOWS, "where", "on", "credit")
_COMPARED: Final[Mapping[str, Test]] = {
    "at_least": "at_least",
    "at_most": "at_most",
    "above": "above",
    "below": "below",
    "before": "below",
    "after": "above",
}
_VALUES: Final = (
    "a column, {plus: [a], minus: [b]}, {days_from: a, to: b}, {minutes_from: a, to: b} "
    "or {one_if: {a: 1}, minus_one_if: {a: 2}}"
)


class Wrong(Exception):
    """A mistake, the line it stands on, and the mend."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class TableColumns(Protocol):
    """What has to be known of a table: column → Ibis type name, and the date that decides its period."""

    @property
    def on(self) -> str | None: ...

    @property
    def ibis_schema(self) -> Mapping[str, str]: ...


Catalogue = Mapping[str, TableColumns]
Schema = Mapping[str, str]
Read = TypeVar("Read")
Report = Callable[[int, str], None]


class Aggregate(NamedTuple):
    """What a measure says beyond its description; the fields of `Measure` of the same names."""

    source: Source
    how: How
    of: Value | None
    where: tuple[Condition, ...]


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of an error message: what was probably meant."""
    names = list(names)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(names))}."


def read_measure(
    node: Node, catalogue: Catalogue, credits: Collection[str] | None, report: Report
) -> Aggregate | None:
    """The aggregate that is written; None where a mistake (all are reported) leaves none."""
    table = _table(node, catalogue, report)
    hows = [name for name in _HOWS if name in node.fields]
    if len(hows) != 1:
        report(node.line, f"say once what is done with the rows: {', '.join(_HOWS)}.")
    for name, extra in node.fields.items():
        if name not in _FIELDS:
            report(extra.line, f"a measure has no {name}; {nearest(name, _FIELDS)}")
    if table is None or len(hows) != 1:
        return None
    name, columns = table
    of = collected(report, lambda: _of(hows[0], node.fields[hows[0]], name, columns.ibis_schema))
    source = collected(report, lambda: _source(node, name, columns, credits))
    where = _where(node.fields.get("where"), name, columns.ibis_schema, report)
    return Aggregate(source, hows[0], of, where) if source else None


def collected(report: Report, read: Callable[[], Read]) -> Read | None:
    """What `read` returns; None where it found a mistake, which has then been reported."""
    try:
        return read()
    except Wrong as wrong:
        report(wrong.line, str(wrong))
        return None


def _table(node: Node, catalogue: Catalogue, report: Report) -> tuple[str, TableColumns] | None:
    found = node.fields.get("table")
    if found is None:
        report(node.line, "say which table is measured: {table: order_lines, sum: amount}.")
        return None
    name = str(found.value)
    if name not in catalogue:
        report(found.line, f"there is no table {name}; {nearest(name, catalogue)}")
        return None
    return name, catalogue[name]


def _source(node: Node, table: str, columns: TableColumns, credits: Collection[str] | None) -> Source:
    on, credit = node.fields.get("on"), node.fields.get("credit")
    rule = str(credit.value) if credit else None
    if credit and rule and credits is not None and rule not in credits:
        raise Wrong(credit.line, f"there is no attribution rule {rule}; {nearest(rule, credits)}")
    if on is None:
        return Source(table, columns.on, rule)
    if on.value == NOW:
        return Source(table, None, rule)
    name = _column(on, table, columns.ibis_schema)
    if not _is_time(columns.ibis_schema[name]):
        raise Wrong(
            on.line, f"{table}.{name} is no date; `on` names the date that decides the period, or {NOW}."
        )
    return Source(table, name, rule)


def _of(how: How, node: Node, table: str, schema: Schema) -> Value | None:
    if how == "count":
        if node.value is not True:
            raise Wrong(node.line, "a count takes rows: write `count: true`, or `distinct:` and a column.")
        return None
    value = _value(node, table, schema)
    if how == "distinct" or not isinstance(value, Terms):
        return value
    for name in value.columns:
        if not _is_number(schema[name]) and not (how in {"min", "max"} and _is_time(schema[name])):
            raise Wrong(node.line, f"{table}.{name} is {_said(schema[name])}: it has no {how}.")
    return value


def _value(node: Node, table: str, schema: Schema) -> Value:
    given = node.fields
    if isinstance(node.value, str):
        return Terms((_column(node, table, schema),))
    if "plus" in given and set(given) <= {"plus", "minus"}:
        plus, minus = (
            tuple(_column(each, table, schema) for each in given[name].items) if name in given else ()
            for name in ("plus", "minus")
        )
        return Terms(plus, minus)
    if set(given) == {"days_from", "to"}:
        return Between(*_two_times(given["days_from"], given["to"], table, schema))
    if set(given) == {"minutes_from", "to"}:
        return Between(*_two_times(given["minutes_from"], given["to"], table, schema), "minutes")
    if "one_if" in given and set(given) <= {"one_if", "minus_one_if"}:
        one, minus_one = (
            tuple(
                condition
                for column, test in (given[name].fields.items() if name in given else ())
                for condition in _conditions(column, test, table, schema)
            )
            for name in ("one_if", "minus_one_if")
        )
        return Points(one, minus_one)
    raise Wrong(node.line, f"a value is {_VALUES}.")


def _two_times(start: Node, end: Node, table: str, schema: Schema) -> tuple[str, str]:
    names = (_column(start, table, schema), _column(end, table, schema))
    for name in names:
        if not _is_time(schema[name]):
            raise Wrong(start.line, f"{table}.{name} is {_said(schema[name])}, no date or time.")
    if schema[names[0]] != schema[names[1]]:
        raise Wrong(
            start.line, f"{names[0]} is {_said(schema[names[0]])}, {names[1]} {_said(schema[names[1]])}."
        )
    return names


def _where(node: Node | None, table: str, schema: Schema, report: Report) -> tuple[Condition, ...]:
    if node is None:
        return ()
    if not node.fields:
        report(
            node.line, "where lists columns and what they must be: {kind: visit, minutes: {at_least: 10}}."
        )
    found: list[Condition] = []
    for column, test in node.fields.items():
        tests = collected(report, partial(_conditions, column, test, table, schema))
        found.extend(tests or ())
    return tuple(found)


def _conditions(column: str, node: Node, table: str, schema: Schema) -> list[Condition]:
    _column(Node(node.line, column), table, schema)
    if not isinstance(node.value, dict):
        if node.value is None:
            return [Condition(column, "is_null")]
        return [Condition(column, "one_of", _constants(column, node, schema))]
    return [_tested(column, name, limit, table, schema) for name, limit in node.value.items()]


def _tested(column: str, name: str, limit: Node, table: str, schema: Schema) -> Condition:
    if name in {"is_null", "not_null"}:
        if limit.value is not True:
            raise Wrong(limit.line, f"write `{name}: true`.")
        return Condition(column, "is_null" if name == "is_null" else "not_null")
    if name == "not":
        if limit.value is None:
            return Condition(column, "not_null")
        return Condition(column, "none_of", _constants(column, limit, schema))
    if name not in _COMPARED:
        raise Wrong(
            limit.line,
            f"there is no test {name}; {nearest(name, (*_COMPARED, 'not', 'is_null', 'not_null'))}",
        )
    if "column" in limit.fields:
        other = _column(limit.fields["column"], table, schema)
        if schema[other] != schema[column]:
            raise Wrong(limit.line, f"{column} is {_said(schema[column])}, {other} {_said(schema[other])}.")
        return Condition(column, _COMPARED[name], (Same(other, _later(limit, schema[other])),))
    if schema[column] in {"string", "boolean"}:
        raise Wrong(
            limit.line, f"{table}.{column} is {_said(schema[column])}: it is equal or not, never {name}."
        )
    constants = _constants(column, limit, schema)
    if len(constants) != 1:
        raise Wrong(limit.line, f"{name} takes one value.")
    return Condition(column, _COMPARED[name], constants)


def _later(limit: Node, kind: str) -> int:
    """How many days later the other column is to be taken; only a day or a time has any."""
    node = limit.fields.get("plus_days")
    if node is None:
        return 0
    if not _is_time(kind):
        raise Wrong(node.line, f"plus_days goes with a day or a time, not with {_said(kind)}.")
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        raise Wrong(node.line, "plus_days is a whole number of days.")
    return node.value


def _constants(column: str, node: Node, schema: Schema) -> tuple[Plain, ...]:
    """The constants that a column is compared with, each of the column's type."""
    wanted = schema[column]
    return tuple(_constant(column, each, wanted) for each in node.items)


def _constant(column: str, node: Node, wanted: str) -> Plain:
    value = node.value
    if wanted == "string" and isinstance(value, str):
        return value
    if wanted == "boolean" and isinstance(value, bool):
        return value
    if _is_number(wanted) and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if _is_time(wanted) and isinstance(value, date):
        return value
    mend = " Quote it." if wanted == "string" and isinstance(value, int | Decimal | date) else ""
    shown = (
        "a list or a mapping"
        if isinstance(value, dict | list)
        else repr(value)
        if value is None
        else str(value)
    )
    raise Wrong(node.line, f"{column} is {_said(wanted)}, {shown} is not.{mend}")


def _column(node: Node, table: str, schema: Schema) -> str:
    name = str(node.value)
    if name not in schema:
        raise Wrong(node.line, f"{table} has no column {name}; {nearest(name, schema)}")
    return name


def _is_time(kind: str) -> bool:
    return kind.startswith(("date", "timestamp"))


def _is_number(kind: str) -> bool:
    return kind.startswith(("decimal", "int"))


def _said(kind: str) -> str:
    if _is_number(kind):
        return "a number"
    words = {"string": "a text", "boolean": "true or false", "date": "a date"}
    return words.get(kind, "a time")
