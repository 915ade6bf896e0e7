"""The `measure:` part of a metric entry: one aggregate over one table of the catalogue, with conditions."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final, NamedTuple, Protocol, get_args

from dabiao.engine.document import Node, known_names, tried
from dabiao.engine.metric import How, Source
from dabiao.engine.row import Between, Condition, Plain, Points, Same, Terms, Test, Together, Value
from dabiao.engine.spread import Spread

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


class TableColumns(Protocol):
    """What has to be known of a table: column → Ibis type name, the date that decides its period, how its facts last."""

    @property
    def on(self) -> str | None: ...

    @property
    def ibis_schema(self) -> Mapping[str, str]: ...

    @property
    def spread(self) -> Spread | None: ...

    @property
    def derived(self) -> Mapping[str, str]: ...


Catalogue = Mapping[str, TableColumns]
Schema = Mapping[str, str]


class Aggregate(NamedTuple):
    """What a measure says beyond its description; the fields of `Measure` of the same names."""

    source: Source
    how: How
    of: Value | None
    where: tuple[Condition, ...]


def read_measure(node: Node, catalogue: Catalogue, credits: Collection[str] | None) -> Aggregate | None:
    """The aggregate that is written; None where a mistake (all are noted) leaves none."""
    fields = node.fields(*_FIELDS)
    table = _table(node, fields, catalogue)
    hows = [name for name in _HOWS if name in fields]
    if len(hows) != 1:
        node.note("it does not say once what is done with the rows", f"Write one of: {', '.join(_HOWS)}.")
    if table is None or len(hows) != 1:
        return None
    name, columns = table
    schema = {**columns.ibis_schema, **columns.derived}
    of = tried(fields[hows[0]], lambda of: _of(hows[0], of, name, schema), None)
    source = tried(node, lambda _: _source(fields, name, columns, credits), None)
    where = _where(fields["where"], name, schema) if "where" in fields else ()
    if source and _takes_parts(source, hows[0], of, columns):
        source = replace(source, spread=columns.spread)
    read = {*(of.columns if of else ()), *(name for test in where for name in test.columns)}
    if source and (derived := tuple(name for name in columns.derived if name in read)):
        source = replace(source, derived=derived)
    return Aggregate(source, hows[0], of, where) if source else None


def _takes_parts(source: Source, how: How, of: Value | None, columns: TableColumns) -> bool:
    """Whether what is added up are figures of a stretch of time. Everything else is told of the day it begins on."""
    how_long = columns.spread
    return (
        how_long is not None
        and how == "sum"
        and source.on == columns.on
        and isinstance(of, Terms)
        and not {*of.columns}.isdisjoint(how_long.columns)
    )


def _table(node: Node, fields: Mapping[str, Node], catalogue: Catalogue) -> tuple[str, TableColumns] | None:
    if "table" not in fields:
        node.note("it does not say which table is measured", "Write e.g. {table: order_lines, sum: amount}.")
        return None
    return tried(fields["table"], lambda table: _of_catalogue(table, catalogue), None)


def _of_catalogue(node: Node, catalogue: Catalogue) -> tuple[str, TableColumns]:
    name = node.text()
    if name not in catalogue:
        raise node.bad(f"there is no table {name!r}", known_names(name, catalogue))
    return name, catalogue[name]


def _source(
    fields: Mapping[str, Node], table: str, columns: TableColumns, credits: Collection[str] | None
) -> Source:
    on, credit = fields.get("on"), fields.get("credit")
    rule = credit.text() if credit else None
    if credit and rule and credits is not None and rule not in credits:
        raise credit.bad(f"there is no attribution rule {rule!r}", known_names(rule, credits))
    if on is None:
        return Source(table, columns.on, rule)
    if on.text() == NOW:
        return Source(table, None, rule)
    name = _column(on, table, columns.ibis_schema)
    if not _is_time(columns.ibis_schema[name]):
        raise on.bad(f"{table}.{name} is no date", f"Name the date that decides the period, or write {NOW}.")
    return Source(table, name, rule)


def _of(how: How, node: Node, table: str, schema: Schema) -> Value | None:
    if how == "count":
        if not (node.is_scalar and node.value is True):
            raise node.bad("a count takes rows", "Write `count: true`, or `distinct:` and a column.")
        return None
    if how == "distinct" and isinstance(node.content, tuple):
        return Together(tuple(_column(each, table, schema) for each in node.items()))
    value = _value(node, table, schema)
    if how == "distinct" or not isinstance(value, Terms):
        return value
    for name in value.columns:
        if not _is_number(schema[name]) and not (how in {"min", "max"} and _is_time(schema[name])):
            raise node.bad(f"{table}.{name} is {_said(schema[name])}: it has no {how}")
    return value


def _value(node: Node, table: str, schema: Schema) -> Value:
    given = node.members
    if node.is_scalar and isinstance(node.value, str):
        return Terms((_column(node, table, schema),))
    if "plus" in given and set(given) <= {"plus", "minus"}:
        plus, minus = (
            tuple(_column(each, table, schema) for each in given[name].items()) if name in given else ()
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
                for column, test in (given[name].members.items() if name in given else ())
                for condition in _conditions(column, table, schema, test)
            )
            for name in ("one_if", "minus_one_if")
        )
        return Points(one, minus_one)
    raise node.bad("this is no value", f"Write {_VALUES}.")


def _two_times(start: Node, end: Node, table: str, schema: Schema) -> tuple[str, str]:
    names = (_column(start, table, schema), _column(end, table, schema))
    for name in names:
        if not _is_time(schema[name]):
            raise start.bad(f"{table}.{name} is {_said(schema[name])}, no date or time")
    if schema[names[0]] != schema[names[1]]:
        kinds = f"{names[0]} is {_said(schema[names[0]])}, {names[1]} {_said(schema[names[1]])}"
        raise start.bad(kinds, "Compare two of a kind.")
    return names


def _where(node: Node, table: str, schema: Schema) -> tuple[Condition, ...]:
    if not node.members:
        node.note(
            "where lists columns and what they must be", "Write e.g. {kind: visit, minutes: {at_least: 10}}."
        )
    conditions: list[Condition] = []
    for column, test in node.members.items():
        conditions += tried(test, partial(_conditions, column, table, schema), [])
    return tuple(conditions)


def _conditions(column: str, table: str, schema: Schema, node: Node) -> list[Condition]:
    _known(column, node, table, schema)
    if node.is_mapping:
        return [_tested(column, name, limit, table, schema) for name, limit in node.members.items()]
    if node.is_null:
        return [Condition(column, "is_null")]
    return [Condition(column, "one_of", _constants(column, node, schema))]


def _tested(column: str, name: str, limit: Node, table: str, schema: Schema) -> Condition:
    if name in {"is_null", "not_null"}:
        if not (limit.is_scalar and limit.value is True):
            raise limit.bad(f"{name} stands for itself", f"Write `{name}: true`.")
        return Condition(column, "is_null" if name == "is_null" else "not_null")
    if name == "not":
        if limit.is_null:
            return Condition(column, "not_null")
        return Condition(column, "none_of", _constants(column, limit, schema))
    if name not in _COMPARED:
        raise limit.bad(
            f"there is no test {name!r}", known_names(name, (*_COMPARED, "not", "is_null", "not_null"))
        )
    if "column" in limit.members:
        return Condition(column, _COMPARED[name], (_other(column, limit, table, schema),))
    if schema[column] in {"string", "boolean"}:
        raise limit.bad(f"{table}.{column} is {_said(schema[column])}: it is equal or not, never {name}")
    constants = _constants(column, limit, schema)
    if len(constants) != 1:
        raise limit.bad(f"{name} takes one value")
    return Condition(column, _COMPARED[name], constants)


def _other(column: str, limit: Node, table: str, schema: Schema) -> Same:
    """The other column that a column is compared with, which has to be of its kind."""
    other = _column(limit.members["column"], table, schema)
    if schema[other] != schema[column]:
        kinds = f"{column} is {_said(schema[column])}, {other} {_said(schema[other])}"
        raise limit.bad(kinds, "Compare two of a kind.")
    return Same(other, _later(limit, schema[other]))


def _later(limit: Node, kind: str) -> int:
    """How many days later the other column is to be taken; only a day or a time has any."""
    node = limit.members.get("plus_days")
    if node is None:
        return 0
    if not _is_time(kind):
        raise node.bad(f"plus_days goes with a day or a time, not with {_said(kind)}")
    return node.integer()


def _constants(column: str, node: Node, schema: Schema) -> tuple[Plain, ...]:
    """The constants that a column is compared with, each of the column's type."""
    return tuple(_constant(column, each, schema[column]) for each in node.items())


def _constant(column: str, node: Node, wanted: str) -> Plain:
    value = node.value if node.is_scalar else None
    if wanted == "string" and isinstance(value, str):
        return value
    if wanted == "boolean" and isinstance(value, bool):
        return value
    if _is_number(wanted) and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if _is_time(wanted) and isinstance(value, date):
        return value
    shown = node.text() if node.is_scalar else "a list or a mapping"
    mend = "Quote it." if wanted == "string" and isinstance(value, int | Decimal | date) else ""
    raise node.bad(f"{column} is {_said(wanted)}, {shown or 'nothing'} is not", mend)


def _column(node: Node, table: str, schema: Schema) -> str:
    return _known(node.text(), node, table, schema)


def _known(column: str, node: Node, table: str, schema: Schema) -> str:
    if column not in schema:
        raise node.bad(f"{table} has no column {column!r}", known_names(column, schema))
    return column


def _is_time(kind: str) -> bool:
    return kind.startswith(("date", "timestamp"))


def _is_number(kind: str) -> bool:
    return kind.startswith(("decimal", "int"))


def _said(kind: str) -> str:
    if _is_number(kind):
        return "a number"
    words = {"string": "a text", "boolean": "true or false", "date": "a date"}
    return words.get(kind, "a time")
