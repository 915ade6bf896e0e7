"""How a target is entered: as an amount, as growth on a base, or as a change in percentage points."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dabiao.engine.message import Objection, message
from dabiao.engine.number import RATE_SCALE, rounded


class NoBase(Objection):
    """Growth or a change in points needs a base that is known."""


@dataclass(frozen=True)
class TargetEntry:
    """`how` the `value` is meant: an amount; growth (0.12 = 12 % more than the base); points (0.03 = 3 points)."""

    how: Literal["amount", "growth", "points"]
    value: Decimal


def amount_of(entry: TargetEntry, base: Decimal | None, digits: int) -> Decimal:
    """The additive amount meant, half away from zero to `digits`. Growth on a negative base moves up by its size.

    Raises NoBase where growth has no base to grow on; ValueError for points, which only a ratio has.
    """
    if entry.how == "amount":
        return rounded(entry.value, digits)
    if entry.how == "points":
        raise ValueError("an amount does not change in points: give an amount or growth")
    if base is None:
        raise NoBase(
            message("growth needs the base period's amount, and it is not known (which is not zero)")
        )
    return rounded(base + abs(base) * entry.value, digits)


def ratio_of(entry: TargetEntry, base: Decimal | None) -> Decimal:
    """The ratio meant, at six decimals: as it is, the base × (1 + growth), or the base + points."""
    if entry.how == "amount":
        return rounded(entry.value, RATE_SCALE)
    if base is None:
        raise NoBase(
            message(
                "{how} needs the base period's ratio, and it is not known (which is not zero)", how=entry.how
            )
        )
    return rounded(base + (entry.value if entry.how == "points" else base * entry.value), RATE_SCALE)
