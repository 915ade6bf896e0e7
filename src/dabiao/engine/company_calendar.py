"""A company's working week: five or six days, alternate Saturdays, its own closing and opening days."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Week = Literal["five", "six", "alternate"]


class BadCompanyCalendar(ValueError):
    """The calendar's rules contradict each other."""


@dataclass(frozen=True)
class CompanyCalendar:
    """Which days this company (or one of its units) works, on top of the country's public holidays.

    country, region: ISO code and subdivision of the public holidays; country None = no public holidays.
    week: five days; six (the first day of the weekend is worked); alternate (every other one is, 大小周).
    free_saturday: of alternate weeks, any day of a week with two free days.
    closed, opened: the company's own days; they win over everything else.
    """

    key: str
    country: str | None = "CN"
    region: str | None = None
    week: Week = "five"
    free_saturday: date | None = None
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if (self.week == "alternate") != (self.free_saturday is not None):
            raise BadCompanyCalendar(
                f"{self.key}: alternate weeks, and only they, need `free_saturday`, a day of a week with two free days."
            )
        if both := self.closed & self.opened:
            raise BadCompanyCalendar(f"{self.key}: {min(both)} is both closed and opened.")

    def rests_on(self, day: date, weekend: frozenset[int]) -> bool:
        """Whether the day belongs to this company's weekend, whatever is a holiday.

        weekend: the country's free weekdays, 0 Monday … 6 Sunday.
        """
        if day.weekday() not in weekend:
            return False
        worked = min(weekend) if len(weekend) == 2 else None
        if self.week == "five" or day.weekday() != worked:
            return True
        return self.free_saturday is not None and (_week_of(day) - _week_of(self.free_saturday)) % 2 == 0


def _week_of(day: date) -> int:
    return (day - timedelta(days=day.weekday())).toordinal() // 7
