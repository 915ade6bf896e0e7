"""The shape of a year: how much of an amount falls into each period, by working days and by earlier years.

Around Spring Festival an earlier year is read festival-aligned (`engine.festival`): the ten days before this
year's festival by the ten before last year's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np

from dabiao.engine.allocation.axis import Floats
from dabiao.engine.festival import aligned_year_before
from dabiao.engine.period import Fiscal, Period

UNKNOWN: Final = float("nan")


def by_working_days(periods: Sequence[Period], working: Collection[date]) -> Floats:
    """Working days in each period; calendar days where a calendar has none at all."""
    days = np.array(
        [sum(day in working for day in period.each_day()) for period in periods], dtype=np.float64
    )
    return days if days.any() else np.array([float(period.days) for period in periods])


def by_earlier_years(
    periods: Sequence[Period],
    history: Mapping[date, Decimal],
    working: Collection[date],
    fiscal: Fiscal,
    years: int = 3,
) -> Floats:
    """What each period brought per working day in up to `years` earlier years, times its own working days.

    history: amount by day; a day between the first and the last that is missing brought nothing. working:
    working days of all the years. NaN for a period that lies before the history in every year. Negative
    totals (more returned than sold) count as zero.
    """
    first = min(history, default=None)
    if first is None:
        return np.full(len(periods), UNKNOWN)
    return np.array([_usual(period, history, working, fiscal, years) for period in periods])


def _usual(
    period: Period, history: Mapping[date, Decimal], working: Collection[date], fiscal: Fiscal, years: int
) -> float:
    first, last = min(history), max(history)
    amount, days, window = Decimal(0), 0, period
    for _ in range(years):
        window = aligned_year_before(fiscal, window).window
        if first <= window.start and window.last_day <= last:
            amount += sum((history.get(day, Decimal(0)) for day in window.each_day()), Decimal(0))
            days += sum(day in working for day in window.each_day())
    if not days:
        return UNKNOWN
    own = sum(day in working for day in period.each_day())
    return max(float(amount), 0.0) / days * own
