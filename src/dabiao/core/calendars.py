"""The company's working days, as DABIAO_CALENDAR says, and its fiscal periods, as DABIAO_FISCAL says."""

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.errors import Refused
from dabiao.engine.calendar_file import read_calendar
from dabiao.engine.company_calendar import CompanyCalendar
from dabiao.engine.period import Fiscal, Pattern, Period


class BadSetting(Refused, ValueError):
    """A setting of the environment says what cannot be; the message says what to write."""


def company() -> CompanyCalendar:
    """The calendar in force. Raises BadSetting where neither a country nor a file has the name."""
    return _company(config.get("DABIAO_CALENDAR"), config.home() / "calendars")


def working_days(start: date, end: date) -> frozenset[date]:
    """The days worked from `start` up to, not including, `end`."""
    calendar = company()
    worked: set[date] = set()
    for year in range(start.year, end.year + 1):
        worked |= _year(calendar, year)
    return frozenset(day for day in worked if start <= day < end)


def provisional(window: Period) -> bool:
    """Whether the official notice of some day in the window is not out yet."""
    from dabiao.engine.workdays import published_until

    country = company().country
    until = published_until(country) if country else None
    return until is not None and window.end > until


@lru_cache(maxsize=64)
def _year(calendar: CompanyCalendar, year: int) -> frozenset[date]:
    from dabiao.engine.workdays import calendar_days
    from dabiao.engine.workdays import working_days as worked

    return worked(calendar_days(calendar, date(year, 1, 1), date(year + 1, 1, 1)))


@lru_cache(maxsize=8)
def _company(name: str, folder: Path) -> CompanyCalendar:
    file = folder / f"{name}.yml"
    if file.is_file():
        return _read(name, file)
    country, _dash, region = name.partition("-")
    if len(country) == 2 and country.isupper():
        return CompanyCalendar(name, country, region or None)
    raise BadSetting(
        _("DABIAO_CALENDAR is %(name)r. Write a country code like CN, or the name of a file in %(folder)s.")
        % {"name": name, "folder": folder}
    )


def _read(name: str, file: Path) -> CompanyCalendar:
    """The calendar that a company has written down. Raises ValueError with all that is wrong with it."""
    return read_calendar(name, file.read_text(encoding="utf-8"), str(file))


def fiscal() -> Fiscal:
    """The company's calendar, as DABIAO_FISCAL says."""
    return _fiscal(config.get("DABIAO_FISCAL"))


_FISCAL = re.compile(r"fiscal:(\d{1,2})(?:-(\d{1,2}))?(?::(start|end))?|(445|454|544|13):(\d{1,2})")


@lru_cache(maxsize=16)
def _fiscal(text: str) -> Fiscal:
    if text == "calendar":
        return Fiscal()
    try:
        return _fiscal_of(text)
    except ValueError:
        raise BadSetting(
            _(
                "DABIAO_FISCAL is %(text)r. Write calendar, fiscal:MM[-DD][:start|end], 445:MM, 454:MM, 544:MM or 13:MM."
            )
            % {"text": text}
        ) from None


def _fiscal_of(text: str) -> Fiscal:
    """Raises ValueError where no calendar is written like this."""
    parts = _FISCAL.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    month, day, named, weeks, weeks_month = parts.groups()
    if weeks:
        pattern = "13" if weeks == "13" else "-".join(weeks)
        return Fiscal(first_month=int(weeks_month), pattern=cast(Pattern, pattern))
    return Fiscal(
        first_month=int(month),
        first_day=int(day or 1),
        named_by=cast(Literal["start", "end"], named or "end"),
    )
