"""Pace: which share of a period has gone, by working days or by a seasonal weight for each day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from dabiao.engine.period import Period

Basis = Literal["working days", "calendar days", "weights"]


@dataclass(frozen=True)
class Pace:
    """`share` of the target that is due: day `day` of `of`, counted in `basis`.

    With weights, `day` and `of` still count working days.
    """

    share: Fraction
    day: int
    of: int
    basis: Basis


def pace(
    period: Period,
    on: date,
    working_days: Collection[date],
    *,
    weights: Mapping[date, Decimal] | None = None,
) -> Pace:
    """How far the period has gone up to and including `on`; exact.

    working_days: those of the period (others are left aside). A period without any is counted by calendar
        days, and `basis` says so.
    weights: a seasonal weight for days of the period, none negative; days not named weigh nothing. Weights
        that are all zero are left aside.
    """
    inside = [day for day in working_days if day in period]
    if inside:
        gone = sum(day <= on for day in inside)
        counted = Pace(Fraction(gone, len(inside)), gone, len(inside), "working days")
    else:
        share = period.share_elapsed(on)
        counted = Pace(share, int(share * period.days), period.days, "calendar days")
    weighed = _by_weight(period, on, weights or {})
    return counted if weighed is None else Pace(weighed, counted.day, counted.of, "weights")


def _by_weight(period: Period, on: date, weights: Mapping[date, Decimal]) -> Fraction | None:
    inside = {day: Fraction(weight) for day, weight in weights.items() if day in period}
    if any(weight < 0 for weight in inside.values()):
        raise ValueError(f"{period}: a day's weight is negative.")
    whole = sum(inside.values())
    return sum(weight for day, weight in inside.items() if day <= on) / whole if whole else None
