"""The days of the simulation: which are worked, how busy the season is, and counting in working days."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dabiao.demo.simulation.arrays import Flags, Floats, Ints
from dabiao.engine.festival import spring_festival

EPOCH = date(1970, 1, 1)
MONTHS = 24
BURN_IN = 9  # months before the first, so that it opens with a full funnel
AHEAD = 1200  # days after the last, for dates that are only planned
SEASON = (0.86, 1.04, 1.10, 0.97, 1.05, 1.04, 0.90, 1.03, 1.06, 1.00, 1.07, 0.92)
"""How busy each month is for new business, January first: machines are decided on before a quarter ends."""
GROWTH_A_YEAR = 0.13


@dataclass(frozen=True)
class Timeline:
    """Days count from 1970. Facts are kept from `first` to `on`; months are simulated whole, up to `end`."""

    start: int
    first: int
    on: int
    end: int
    worked: Flags
    before: Ints
    working_days: Ints

    def __len__(self) -> int:
        return self.end - self.start

    def next(self, days: Ints) -> Ints:
        """The first working day on or after each day."""
        position = np.minimum(self.before[self._at(days)], len(self.working_days) - 1)
        following: Ints = self.working_days[position]
        return following

    def shifted(self, days: Ints, working: Ints) -> Ints:
        """`working` working days after each day (before it, where negative)."""
        position = self.before[self._at(days)] + working
        day: Ints = self.working_days[np.clip(position, 0, len(self.working_days) - 1)]
        return day

    def between(self, start: Ints, end: Ints) -> Ints:
        """Working days in [start, end)."""
        return self.before[self._at(end)] - self.before[self._at(start)]

    def month(self, back: int, day: int = 1) -> int:
        """A day of the month that lies `back` months before the one `on` is in."""
        return month_start(as_date(self.on), back) + day - 1

    def known(self, days: Ints) -> Flags:
        """Happened while the company kept its books here, and by `on`."""
        return (days >= self.first) & (days <= self.on)

    def season(self) -> Floats:
        """How busy each simulated day is: month, growth, and quiet weeks around Spring Festival."""
        days = np.arange(self.start, self.end)
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") % 12
        busy = np.array(SEASON)[month] * (1 + GROWTH_A_YEAR) ** ((days - self.end) / 365.25)
        season: Floats = np.where(self.festive(days), busy * 0.45, busy) * self.worked[: len(self)]
        return season

    def festive(self, days: Ints) -> Flags:
        """In the quiet weeks around Spring Festival."""
        near = [(days >= day - 9) & (days < day + 16) for day in _festivals(self.start, self.end)]
        quiet: Flags = np.any(near, axis=0)
        return quiet

    def _at(self, days: Ints) -> Ints:
        return np.clip(days - self.start, 0, len(self.worked) - 1)


def timeline(on: date) -> Timeline:
    """24 closed months before the month of `on`, a burn-in before them, and the month itself."""
    start, first, end = (month_start(on, back) for back in (MONTHS + BURN_IN, MONTHS, -1))
    horizon = np.arange(start, end + AHEAD)
    worked = np.array([_is_working(as_date(int(day))) for day in horizon])
    before = np.concatenate([[0], np.cumsum(worked)])[:-1]
    return Timeline(start, first, as_day(on), end, worked, before, horizon[worked])


def as_day(on: date) -> int:
    return (on - EPOCH).days


def as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def month_start(on: date, back: int) -> int:
    """First day of the month `back` months before the one of `on`."""
    year, month = divmod(on.year * 12 + on.month - 1 - back, 12)
    return as_day(date(year, month + 1, 1))


def month_of(days: Ints) -> Ints:
    """Months since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype("int64")


def months_begin(months: Ints) -> Ints:
    """The first day of each month."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype("int64")


def _is_working(day: date) -> bool:
    """China's published working days; Monday to Friday where the year is not published yet."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def _festivals(start: int, end: int) -> list[int]:
    """Days of Spring Festival (first day of the lunar year) near the simulated days."""
    years = range(as_date(start).year, as_date(end).year + 2)
    return [as_day(spring_festival(year)) for year in years]
