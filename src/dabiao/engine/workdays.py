"""Working days: the rows of a calendar between two dates, of China or another country, under company rules.

China's holidays move working days around (调休) by a notice published each autumn; `chinesecalendar` carries
the notices. Years without one are provisional: statutory holidays by `holidays` (lunar ones computed), with
the days given in lieu of a weekend guessed, no working weekends, and every row of the year says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from dabiao.engine.company_calendar import CompanyCalendar

SATURDAY_SUNDAY = frozenset({5, 6})


class UnknownCountry(ValueError):
    """Nobody told us this country's public holidays."""


@dataclass(frozen=True)
class CalendarDay:
    """One row of the lake's `calendar` table.

    holiday: its English name. adjusted: the state swapped it, a worked weekend or a free day in lieu of one.
    """

    day: date
    calendar: str
    working: bool
    holiday: str | None
    adjusted: bool
    provisional: bool


@dataclass(frozen=True)
class _Official:
    """What the state says of a day."""

    holiday: str | None = None
    worked_weekend: bool = False
    adjusted: bool = False
    provisional: bool = False


class _Country(Protocol):
    weekend: frozenset[int]

    def on(self, day: date) -> _Official: ...


def calendar_days(calendar: CompanyCalendar, start: date, end: date) -> list[CalendarDay]:
    """One row a day from `start` up to, not including, `end`."""
    country = _country(calendar, range(start.year, end.year + 1))
    days = (start + timedelta(days=n) for n in range((end - start).days))
    return [_row(calendar, day, country) for day in days]


def working_days(rows: Iterable[CalendarDay]) -> frozenset[date]:
    """The days worked."""
    return frozenset(row.day for row in rows if row.working)


def published_until(country: str) -> date | None:
    """The first day for which China's notice is not out; None for countries that need none."""
    if country != "CN":
        return None
    from chinese_calendar import constants

    return date(max(constants.holidays).year + 1, 1, 1)


def _row(calendar: CompanyCalendar, day: date, country: _Country) -> CalendarDay:
    official = country.on(day)
    if day in calendar.closed or day in calendar.opened:
        working = day in calendar.opened
    elif official.worked_weekend or official.holiday:
        working = official.worked_weekend
    else:
        working = not calendar.rests_on(day, country.weekend)
    return CalendarDay(day, calendar.key, working, official.holiday, official.adjusted, official.provisional)


def _country(calendar: CompanyCalendar, years: range) -> _Country:
    if calendar.country is None:
        return _NoCountry()
    if calendar.country == "CN":
        return _China(years)
    return _Elsewhere(calendar.country, calendar.region, years)


class _NoCountry:
    """Weekends only."""

    weekend = SATURDAY_SUNDAY

    def on(self, day: date) -> _Official:
        return _Official()


class _China:
    """The published notices, and a forecast for years that have none."""

    weekend = SATURDAY_SUNDAY

    def __init__(self, years: range) -> None:
        from chinese_calendar import constants

        self._holidays, self._worked, self._in_lieu = (
            constants.holidays,
            constants.workdays,
            constants.in_lieu_days,
        )
        self._published = range(min(self._holidays).year, max(self._holidays).year + 1)
        unknown = [year for year in years if year not in self._published]
        self._guess = _Elsewhere("CN", None, unknown)

    def on(self, day: date) -> _Official:
        if day.year not in self._published:
            guess = self._guess.on(day)
            return _Official(guess.holiday, provisional=True)
        if day in self._worked:
            return _Official(worked_weekend=True, adjusted=True)
        return _Official(self._holidays.get(day), adjusted=day in self._in_lieu)


class _Elsewhere:
    """A country as the `holidays` package knows it; days whose date is an estimate are provisional."""

    def __init__(self, country: str, region: str | None, years: Iterable[int]) -> None:
        import holidays

        try:
            self._days = holidays.country_holidays(country, subdiv=region, years=list(years), expand=False)
        except NotImplementedError as error:
            raise UnknownCountry(f"{country}{f' {region}' if region else ''}: {error}.") from None
        self.weekend = frozenset(self._days.weekend)

    def on(self, day: date) -> _Official:
        name = self._days.get(day)
        worked = day in self._days.weekend_workdays
        return _Official(
            name, worked_weekend=worked, adjusted=worked, provisional=name is not None and "estimated" in name
        )
