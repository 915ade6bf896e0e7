"""A named, dated assumption with the historical value beside it: every number a calibration rests on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Generic, TypeVar

from dabiao.engine.allocation.axis import Floats
from dabiao.engine.message import Objection, message
from dabiao.engine.number import RATE_SCALE, rounded
from dabiao.engine.period import Period

N = TypeVar("N", Fraction, Floats)


class BadAssumption(Objection):
    """An assumption whose range does not hold its value."""


@dataclass(frozen=True)
class Assumption:
    """`value` is taken to be the most likely, between `low` and `high`; equal ones say that it is certain.

    key: unique in a calibration; one key is drawn once, wherever it is used. as_of: the day it was made.
    source: who says so, or from what. historical: what it was in fact last time, None where not known.
    """

    key: str
    name: str
    value: Decimal
    low: Decimal
    high: Decimal
    as_of: date
    source: str
    historical: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            said = message(
                "{name}: {value} does not lie between {low} and {high}",
                name=self.name,
                value=self.value,
                low=self.low,
                high=self.high,
            )
            raise BadAssumption(said)

    @property
    def change(self) -> Decimal | None:
        """How much it differs from what it was, as a share; None without a history or from zero."""
        if not self.historical:
            return None
        return rounded((self.value - self.historical) / abs(self.historical), RATE_SCALE)


def certain(key: str, name: str, value: Decimal, as_of: date, source: str) -> Assumption:
    """Something known: a headcount, a budget."""
    return Assumption(key, name, value, value, value, as_of, source)


def from_history(
    key: str, name: str, values: Sequence[Decimal | None], as_of: date, *, last: int = 3
) -> Assumption | None:
    """The mean of the `last` known values (six decimals), between their least and their greatest.

    historical is the newest one. None where nothing is known, which is not an assumption of zero.
    """
    known = [value for value in values if value is not None][-last:]
    if not known:
        return None
    mean = rounded(sum(known, Decimal(0)) / len(known), RATE_SCALE)
    low, high = min(*known, mean), max(*known, mean)
    return Assumption(key, name, mean, low, high, as_of, f"mean of the last {len(known)}", known[-1])


@dataclass(frozen=True)
class Reading(Generic[N]):
    """How a calculation reads its numbers: exact at the stated values, or thousands of drawn ones at once."""

    of: Callable[[Assumption], N]
    fixed: Callable[[Fraction], N]


EXACT: Final = Reading[Fraction](lambda assumption: Fraction(assumption.value), lambda number: number)


def part_from(period: Period, on: date) -> Fraction:
    """The share of a period's days that lies on or after a day: how long an event or a training works in it."""
    days = (period.end - max(on, period.start)).days
    return Fraction(max(days, 0), period.days)
