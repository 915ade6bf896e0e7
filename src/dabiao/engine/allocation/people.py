"""People in a cascade: joiners ramp up, probation protects, leavers end, and who moves takes an exact part along."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from dabiao.engine.allocation.axis import Floats, Ints
from dabiao.engine.allocation.rounding import nearest, share_of
from dabiao.engine.period import Period


@dataclass(frozen=True)
class Service:
    """When a person is there. None: since before, until further notice; `ends_on` is the first day away."""

    starts_on: date | None = None
    ends_on: date | None = None
    protected_until: date | None = None


@dataclass(frozen=True)
class Ramp:
    """What a joiner is expected to bring: `steps[n]` in the n-th month of service, the full part after that.

    protected: the part expected while on probation, whatever the ramp says, if that is less.
    """

    steps: tuple[Fraction, ...] = ()
    protected: Fraction = Fraction(1)


def factors(service: Service, periods: Sequence[Period], ramp: Ramp) -> Floats:
    """By what a person's weight is multiplied in each period; NaN where they are not there at all.

    Day by day: the step of the month of service, not more than the protected part while on probation,
    nothing before the first day and after the last; then the average of the period's days.
    """
    return np.array([_factor(service, period, ramp) for period in periods])


def _factor(service: Service, period: Period, ramp: Ramp) -> float:
    days = [day for day in period.each_day() if _is_there(service, day)]
    if not days:
        return float("nan")
    return float(sum((_expected(service, day, ramp) for day in days), Fraction(0)) / period.days)


def _is_there(service: Service, day: date) -> bool:
    return (service.starts_on is None or service.starts_on <= day) and (
        service.ends_on is None or day < service.ends_on
    )


def _expected(service: Service, day: date, ramp: Ramp) -> Fraction:
    part = Fraction(1)
    if service.starts_on is not None:
        month = _months_between(service.starts_on, day)
        part = ramp.steps[month] if month < len(ramp.steps) else part
    if service.protected_until is not None and day < service.protected_until:
        part = min(part, ramp.protected)
    return part


def _months_between(start: date, day: date) -> int:
    months = (day.year - start.year) * 12 + day.month - start.month
    return months - (day.day < start.day)


def split_on(
    amounts: Ints, periods: Sequence[Period], on: date, working: Collection[date]
) -> tuple[Ints, Ints]:
    """Somebody's targets divided between the seat until `on` and the one from `on`, exactly.

    amounts: one per period. A period that holds the day is divided by working days (calendar days where it
    has none), largest remainder, a half to the earlier seat.
    """
    before = np.array([_days(period, working, period.start, on) for period in periods])
    after = np.array([_days(period, working, on, period.end) for period in periods])
    idle = (before + after) == 0
    every = [day for period in periods for day in period.each_day()]
    before = np.where(idle, [_days(period, every, period.start, on) for period in periods], before)
    after = np.where(idle, [_days(period, every, on, period.end) for period in periods], after)
    sign, size = np.sign(amounts), np.repeat(np.abs(amounts), 2)
    weights = np.stack([before, after], axis=1).ravel()
    starts = 2 * np.arange(len(periods) + 1)
    ideal = share_of(size, weights, np.repeat(before + after, 2))
    parts = nearest(ideal, np.abs(amounts), starts, size).reshape(-1, 2)
    return parts[:, 0] * sign, parts[:, 1] * sign


def _days(period: Period, counted: Collection[date], start: date, end: date) -> int:
    return sum(start <= day < end and day in counted for day in period.each_day())
