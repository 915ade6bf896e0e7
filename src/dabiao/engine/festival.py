"""Spring-Festival-aligned year-on-year: the earlier days that lie as far from the festival as these do.

The festival moves between 21 January and 21 February, and with it a month of trade. Beside the plain
comparison stands one by distance: the 10 days before this year's festival against the 10 before last year's.

The rule. The season is the state's travel season (春运): 15 days before the first day of the lunar year to
the 25th day of it, 40 days. A period is moved when the season overlaps it without lying wholly inside it, or
when the earlier year's does so with the plain earlier period: then the earlier window is the period moved by
the distance between the two festivals, as long as it is. A period which, like its plain earlier one, holds
the whole season or nothing of it is already alike; it is compared plainly, and the answer says so. Days of the
festival: `holidays`, 1950–2100. Source of the season: the Ministry of Transport's yearly notice of 40 days.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from dabiao.engine.period import Fiscal, Period, between

YEARS: Final = range(1951, 2101)
"""Years whose festival, and the one before it, is known; what lies beyond has nothing of their seasons."""
BEFORE: Final = timedelta(days=15)
AFTER: Final = timedelta(days=25)


@dataclass(frozen=True)
class Aligned:
    """The earlier window; `moved_by` days (0 = plain) to keep the distance to the festival."""

    window: Period
    moved_by: int
    festival: date
    earlier_festival: date


@cache
def spring_festival(year: int) -> date:
    """The first day of the lunar year that starts in this calendar year, 1950 to 2100."""
    from holidays import country_holidays

    days = country_holidays("CN", years=year, language="zh_CN", observed=False)
    return min(day for day, name in days.items() if name == "春节")


def aligned_year_before(fiscal: Fiscal, period: Period) -> Aligned:
    """The festival-aligned window a year earlier."""
    return aligned(period, fiscal.year_before(period))


def aligned(now: Period, plain: Period) -> Aligned:
    """What to compare `now` with instead of `plain`, the days a year earlier that it is plainly compared with.

    Both may be parts of periods: a quarter that has run to the middle of the season is moved, the whole is not.
    """
    year = min(max(_season_year(now), YEARS[0]), YEARS[-1])
    festival, earlier = spring_festival(year), spring_festival(year - 1)
    if _alike(now, festival) and _alike(plain, earlier) and _holds(now, festival) == _holds(plain, earlier):
        return Aligned(plain, 0, festival, earlier)
    distance = festival - earlier
    window = between(now.start - distance, now.end - distance)
    return Aligned(window, (window.start - plain.start).days, festival, earlier)


def _season(festival: date) -> tuple[date, date]:
    return festival - BEFORE, festival + AFTER


def _season_year(period: Period) -> int:
    """The year whose season is nearest to the middle of the period."""
    middle = period.start + (period.end - period.start) / 2
    return middle.year + 1 if middle.month > 8 else middle.year


def _holds(period: Period, festival: date) -> bool:
    start, end = _season(festival)
    return period.start <= start and end <= period.end


def _alike(period: Period, festival: date) -> bool:
    """Whether the period holds all of the season or nothing of it."""
    start, end = _season(festival)
    return _holds(period, festival) or period.end <= start or end <= period.start
