"""The lines of a statement: what a person is paid in a period, and every step that led there."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, order=True)
class Entry:
    """One explained step of a person's period. The amounts of a component's entries sum to its payable.

    rule: what the step is (`lines`, `catch_up`, `gate`, `cap`, `holdback` …) · base × rate led to the amount
    where that is how it came · note: the figures behind it, for a reader.
    """

    person: str
    period: date
    component: str
    rule: str
    amount: Decimal
    base: Decimal | None = None
    rate: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, order=True)
class Payable:
    """What one component pays a person for a period, rounded once. `component` '' is the settlement."""

    person: str
    period: date
    component: str
    amount: Decimal


@dataclass(frozen=True)
class Balance:
    """What stays open between a person and the company at the end of a period.

    held: kept back · owed: taken back but not yet recovered · drawn: advanced and not yet recovered.
    """

    person: str
    period: date
    held: Decimal
    owed: Decimal
    drawn: Decimal


@dataclass(frozen=True, order=True)
class LineSum:
    """A component's lines of one person and pay period added up; decimals as the lines carry them."""

    person: str
    period: date
    component: str
    per: tuple[tuple[str, str], ...]
    lines: int
    credit: Decimal
    amount: Decimal
    mix: int = 0
    weighed: Decimal = Decimal(0)
    rule: str = "lines"
