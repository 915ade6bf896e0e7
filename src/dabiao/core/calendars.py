"""The company's working days, as DABIAO_CALENDAR says: a country's code, or a file of DABIAO_HOME/calendars."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from dabiao.core import config
from dabiao.engine.company_calendar import CompanyCalendar, Week
from dabiao.engine.period import Period


def company() -> CompanyCalendar:
    """The calendar in force. Raises ValueError where neither a country nor a file has the name."""
    return _company(config.get("DABIAO_CALENDAR"), config.home() / "calendars")


def working_days(start: date, end: date) -> frozenset[date]:
    """The days worked from `start` up to, not including, `end`."""
    calendar = company()
    found: set[date] = set()
    for year in range(start.year, end.year + 1):
        found |= _year(calendar, year)
    return frozenset(day for day in found if start <= day < end)


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
    country, _, region = name.partition("-")
    if len(country) == 2 and country.isupper():
        return CompanyCalendar(name, country, region or None)
    raise ValueError(
        f"DABIAO_CALENDAR={name!r} is neither a country code like CN nor the name of a file in {folder}"
    )


def _read(name: str, file: Path) -> CompanyCalendar:
    """country, region, week (five, six, alternate), free_saturday, closed and opened days."""
    import yaml

    told: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    if unknown := set(told) - {"country", "region", "week", "free_saturday", "closed", "opened"}:
        raise ValueError(f"{file}: {min(unknown)} is no setting of a calendar")
    return CompanyCalendar(
        name,
        country=told.get("country", "CN"),
        region=told.get("region"),
        week=cast(Week, told.get("week", "five")),
        free_saturday=told.get("free_saturday"),
        closed=frozenset(told.get("closed", ())),
        opened=frozenset(told.get("opened", ())),
    )
