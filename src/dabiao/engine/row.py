"""What a metric reads of one fact: a value made of its columns, and conditions that the fact must meet.

Both are data. They compile to Ibis expressions over whatever table they are given, never to SQL text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Final, Literal

import ibis
import ibis.expr.types as ir

from dabiao.engine import number

_BETWEEN: Final = "\x1f"
"""Stands in no key."""
Plain = str | int | Decimal | bool | date
Test = Literal[
    "one_of",
    "none_of",
    "known_none_of",
    "at_least",
    "at_most",
    "above",
    "below",
    "is_null",
    "not_null",
]


@dataclass(frozen=True)
class Terms:
    """`plus` columns less `minus` columns of one row; null as soon as one of them is null."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return self.plus + self.minus

    def value(self, table: ir.Table) -> ir.Value:
        value = table[self.plus[0]]
        for name in self.plus[1:]:
            value = value + table[name]
        for name in self.minus:
            value = value - table[name]
        return value


@dataclass(frozen=True)
class Between:
    """Time from one column to another of one row: calendar days, or minutes rounded to whole ones."""

    start: str
    end: str
    unit: Literal["days", "minutes"] = "days"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.start, self.end)

    def value(self, table: ir.Table) -> ir.Value:
        if self.unit == "days":
            return table[self.end].delta(table[self.start], unit="day")
        # Backends count the minute marks between two times; counting seconds and dividing does not jump.
        return number.divided(table[self.end].delta(table[self.start], unit="second"), 60)


@dataclass(frozen=True)
class Same:
    """The value of another column of the same row, in place of a constant; of a date, so many days later."""

    column: str
    plus_days: int = 0

    def value(self, table: ir.Table) -> ir.Value:
        if not self.plus_days:
            return table[self.column]
        return (table[self.column] + ibis.interval(days=self.plus_days)).cast(table[self.column].type())


@dataclass(frozen=True)
class Written:
    """A constant as somebody wrote it, where nobody knows the column's type yet; it is taken as that type."""

    text: str

    def value(self, column: ir.Value) -> ir.Value:
        return ibis.literal(self.text).cast(column.type())


@dataclass(frozen=True)
class Condition:
    """One test of one column. A null passes only `is_null` and `none_of`: what is unknown is not excluded.

    known_none_of: as `none_of`, but what is unknown does not pass.
    """

    column: str
    test: Test
    values: tuple[Plain | Same | Written, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *(value.column for value in self.values if isinstance(value, Same)))

    def holds(self, table: ir.Table) -> ir.BooleanValue:
        column = table[self.column]
        if self.test == "is_null":
            return column.isnull()
        if self.test == "not_null":
            return column.notnull()
        wanted = [self._wanted(value, table) for value in self.values]
        if self.test == "one_of":
            return column == wanted[0] if len(wanted) == 1 else column.isin(wanted)
        if self.test == "none_of":
            return ~column.isin(wanted).fill_null(False)
        if self.test == "known_none_of":
            return column.notin(wanted)
        return _compared(column, self.test, wanted[0])

    def _wanted(self, value: Plain | Same | Written, table: ir.Table) -> Plain | ir.Value:
        if isinstance(value, Same):
            return value.value(table)
        return value.value(table[self.column]) if isinstance(value, Written) else value


@dataclass(frozen=True)
class Points:
    """1 for a row that meets all of `one_if`, -1 for one that meets all of `minus_one_if`, else 0.

    The mean of it is a net score: promoters less detractors, over all answers.
    """

    one_if: tuple[Condition, ...]
    minus_one_if: tuple[Condition, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for test in (*self.one_if, *self.minus_one_if) for name in test.columns)

    def value(self, table: ir.Table) -> ir.Value:
        ways = [(all_hold(self.one_if, table), 1), (all_hold(self.minus_one_if, table), -1)]
        return ibis.cases(*((test, points) for test, points in ways if test is not None), else_=0)


@dataclass(frozen=True)
class Together:
    """Columns of one row that only together tell things apart, as one text: the order number of a system and customer.

    Null where the last is; another that is missing is a value of its own.
    """

    parts: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.parts

    def value(self, table: ir.Table) -> ir.Value:
        *others, last = self.parts
        text = table[last].cast("string")
        for name in others:
            text = table[name].cast("string").fill_null("") + _BETWEEN + text
        return text


Value = Terms | Between | Points | Together


def all_hold(conditions: Iterable[Condition], table: ir.Table) -> ir.BooleanValue | None:
    """One expression for all conditions; None where there are none."""
    tests = [condition.holds(table) for condition in conditions]
    return reduce(and_, tests) if tests else None


def _compared(column: ir.Value, test: Test, limit: object) -> ir.BooleanValue:
    if test == "at_least":
        return column >= limit
    if test == "at_most":
        return column <= limit
    return column > limit if test == "above" else column < limit
