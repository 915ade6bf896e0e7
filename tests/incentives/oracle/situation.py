"""A plan on facts: the mapping that the YAML holds, and lists of rows by table name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast

Plan = dict[str, Any]
Row = dict[str, Any]
Facts = dict[str, list[Row]]
Paid = dict[tuple[str, date, str], Decimal]
T = TypeVar("T")

FAR = date(9999, 12, 31)


@dataclass(frozen=True)
class Situation:
    """Numbers are Decimals and days dates; `paid` fills component by component, `known` keeps what was asked."""

    plan: Plan
    facts: Facts
    paid: Paid = field(default_factory=dict)
    known: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        return self.facts.get(table, [])

    def once(self, question: tuple[Any, ...], answer: Callable[[], T]) -> T:
        """The answer that was given when the same was asked before."""
        if question not in self.known:
            self.known[question] = answer()
        return cast(T, self.known[question])

    def paid_to(self, person: str, period: date, component: str) -> Decimal:
        return self.paid.get((person, period, component), Decimal(0))


def in_force(row: Row, day: date) -> bool:
    """Whether a dated row holds on a day; the end is the first day after, empty is for ever."""
    return bool(row["starts_on"] <= day < (row["ends_on"] or FAR))
