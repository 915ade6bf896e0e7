"""Half-open periods and the calendar that names them: months, fiscal years, 4-4-5, 13 periods, weeks.

Every window of time in the product comes from here. A `Fiscal` is data: it turns a label into days, a day
into the period around it, and a period into its parts, the one before, and the one a year earlier.
"""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, Literal

from dabiao.engine.message import Message, Objection, Series, message

Kind = Literal["year", "half", "quarter", "month", "period", "week", "day", "range"]
Pattern = Literal["months", "4-4-5", "4-5-4", "5-4-4", "13"]
Anchor = Literal["nearest", "on_or_before", "on_or_after"]

DAY: Final = timedelta(days=1)
FORMS: Final = message(
    "2017, 2017-H1, 2017-Q3, 2017-08, 2017-P05, 2017-W31, 2017-08-15 or 2017-08-15..2017-09-14 (both included)"
)
KINDS: Final[dict[Kind, Message]] = {
    "range": message("ranges of days", context="kinds of period"),
    "year": message("years", context="kinds of period"),
    "half": message("halves", context="kinds of period"),
    "quarter": message("quarters", context="kinds of period"),
    "month": message("months", context="kinds of period"),
    "period": message("periods", context="kinds of period"),
    "week": message("weeks", context="kinds of period"),
    "day": message("days", context="kinds of period"),
}

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2200, 1, 1)
"""Nobody has sales outside; days further off would have no year before, or none after."""
LONGEST: Final = 100 * 366
"""Days of one period: what is drawn by day or cut into months is done so for each of them."""

_FINENESS: Final[dict[Kind, int]] = {
    "range": 0,
    "year": 1,
    "half": 2,
    "quarter": 3,
    "month": 4,
    "period": 4,
    "week": 5,
    "day": 6,
}
_LETTER: Final[dict[str, Kind]] = {"H": "half", "Q": "quarter", "P": "period", "W": "week"}
_NAMED: Final = re.compile(r"([12]\d{3})(?:-(?:([HQ])([1-4])|([PW])(\d{2})|(\d{2})(?:-(\d{2}))?))?", re.ASCII)


class BadPeriod(Objection):
    """The text names no period of this calendar."""


class BadCalendar(ValueError):
    """The calendar's settings contradict each other."""


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`.

    `clipped` says that the period is only the piece of the labelled one that lies inside another.
    """

    start: date
    end: date
    kind: Kind
    label: str
    clipped: bool = False

    def __post_init__(self) -> None:
        if self.end < self.start:
            said = message(
                "{period}: {end} lies before {start}.", period=self.label, end=self.end, start=self.start
            )
            raise BadPeriod(said)

    def __contains__(self, on: date) -> bool:
        return self.start <= on < self.end

    def __str__(self) -> str:
        return self.label

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inside; of an empty period, the day before it."""
        return self.end - DAY

    def each_day(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(self.days))

    def share_elapsed(self, on: date) -> Fraction:
        """Share of the calendar days up to and including `on`; an empty period has elapsed."""
        if not self.days:
            return Fraction(1)
        passed = (on + DAY - self.start).days
        return Fraction(min(max(passed, 0), self.days), self.days)


def between(start: date, end: date) -> Period:
    """Any half-open window; its label shows both days that are inside: `2017-08-15..2017-09-14`."""
    return Period(start, end, "range", f"{start}..{end - DAY}")


@dataclass(frozen=True)
class Fiscal:
    """A company's calendar.

    first_month, first_day: where the fiscal year starts. A month cut on another day than the 1st is named
        after the calendar month that holds most of it: cut on the 26th, January runs 12-26 … 01-25; cut on
        the 6th, 01-06 … 02-05. Where a month has no such day it is cut on its last one.
    named_by: whether the year from October 2017 is called 2017 (start) or 2018 (end).
    pattern: `months`, or weeks grouped 4-4-5, 4-5-4, 5-4-4 into twelve months, or into 13 of four weeks.
    week_starts: 1 Monday … 7 Sunday; only week patterns use it, otherwise weeks are those of ISO 8601.
    anchor: the week year starts on the `week_starts` nearest to the first day of `first_month`, on or
        before it, or on or after it. So the years of the National Retail Federation (they end on the
        Saturday nearest to 31 January) are first_month=2, week_starts=7, nearest. A 53rd week, every five
        or six years, belongs to the year's last month or period.

    Months carry the calendar month's name (`2017-08` is August 2017 in every calendar that has months);
    years, halves, quarters, P-periods and week-pattern weeks carry the fiscal year's. Quarters of 13
    periods hold 3, 3, 3 and 4 of them.
    """

    first_month: int = 1
    first_day: int = 1
    named_by: Literal["start", "end"] = "end"
    pattern: Pattern = "months"
    week_starts: int = 1
    anchor: Anchor = "nearest"

    def __post_init__(self) -> None:
        if not 1 <= self.first_month <= 12:
            raise BadCalendar(f"first_month is 1 to 12, not {self.first_month}.")
        if not 1 <= self.first_day <= 31:
            raise BadCalendar(f"first_day is 1 to 31, not {self.first_day}.")
        if not 1 <= self.week_starts <= 7:
            raise BadCalendar(f"week_starts is 1 (Monday) to 7 (Sunday), not {self.week_starts}.")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of period this calendar has, coarse to fine."""
        if self.pattern == "13":
            return ("year", "half", "quarter", "period", "week", "day")
        return ("year", "half", "quarter", "month", "period", "week", "day")

    @property
    def monthly(self) -> Kind:
        """What this company closes every month: its months, or its 13 periods."""
        return "period" if self.pattern == "13" else "month"

    def parse(self, text: str) -> Period:
        """The period that a label names. BadPeriod names the text and lists the forms."""
        period = self._parsed(text.strip())
        if period.start < EARLIEST or period.end > LATEST or period.days > LONGEST:
            raise _too_far(text)
        return period

    def _parsed(self, text: str) -> Period:
        """Without bounds: what lies before the first year is compared with, too."""
        if ".." in text:
            return self._parse_range(text)
        named = _NAMED.fullmatch(text)
        if named is None:
            raise BadPeriod(message("'{text}' names no period. Write {forms}.", text=text, forms=FORMS))
        year, coarse, coarse_number, fine, fine_number, month, day = named.groups()
        if day:
            return _one_day(_iso_date(text))
        if month:
            return self._parse_month(text, int(year), int(month))
        if not (coarse or fine):
            return self._numbered("year", int(year), 1)
        return self._numbered(_LETTER[coarse or fine], int(year), int(coarse_number or fine_number))

    def containing(self, kind: Kind, on: date) -> Period:
        """The period of a kind around a day."""
        self._check_kind(kind)
        if kind == "day":
            return _one_day(on)
        if kind == "week" and self.pattern == "months":
            return _iso_week(on)
        year = self.year_of(on)
        return self._numbered(kind, year, bisect_right(_edges(self, year, kind), on))

    def previous(self, period: Period) -> Period:
        """The period of the same kind just before; of a range, the range of as many days."""
        if period.kind == "range":
            return between(period.start - timedelta(days=period.days), period.start)
        return self.containing(period.kind, self._whole(period).start - DAY)

    def year_before(self, period: Period) -> Period:
        """The period with the same label a year earlier.

        A 53rd week is compared with the last week of the year before, 29 February with the 28th, a range
        with the same days.
        """
        if period.kind == "range":
            last = max(_a_year_earlier(period.last_day), _a_year_earlier(period.start) - DAY)
            return between(_a_year_earlier(period.start), last + DAY)
        if period.kind == "day":
            return _one_day(_a_year_earlier(period.start))
        year, rest = int(period.label[:4]) - 1, period.label[4:]
        if rest == "-W53":
            return self._last_week(year)
        return self._parsed(f"{year:04d}{rest}")

    def parts(self, period: Period, kind: Kind) -> tuple[Period, ...]:
        """The periods of a finer kind that tile `period`; one that reaches over an edge is clipped."""
        self._check_kind(kind)
        if _FINENESS[kind] < _FINENESS[period.kind]:
            raise BadPeriod(message("{period} has no {kinds} in it.", period=period.label, kinds=KINDS[kind]))
        if kind == period.kind:
            return (period,)
        pieces: list[Period] = []
        start = period.start
        while start < period.end:
            around = self.containing(kind, start)
            pieces.append(_inside(around, period))
            start = around.end
        return tuple(pieces)

    def year_of(self, on: date) -> int:
        """The name of the fiscal year around a day."""
        year = on.year + 1
        while _edges(self, year, "year")[0] > on:
            year -= 1
        return year

    def _parse_range(self, text: str) -> Period:
        first, last = (_iso_date(day.strip()) for day in text.split("..", 1))
        if last < first:
            raise BadPeriod(message("'{text}' ends before it starts.", text=text))
        return between(first, last + DAY)

    def _parse_month(self, text: str, year: int, month: int) -> Period:
        if not 1 <= month <= 12:
            said = message(
                "'{text}': there is no month {month}. Write {forms}.",
                text=text,
                month=f"{month:02d}",
                forms=FORMS,
            )
            raise BadPeriod(said)
        if self.pattern == "13":
            said = message(
                "'{text}': this calendar has 13 periods and no months. Write {period}.",
                text=text,
                period=f"{year}-P{month:02d}",
            )
            raise BadPeriod(said)
        years, place = divmod(year * 12 + month - self.first_month, 12)
        return self._numbered("month", self._named(years), place + 1)

    def _numbered(self, kind: Kind, year: int, number: int) -> Period:
        """The number-th period of its kind in a fiscal year, counted from 1."""
        if kind == "week" and self.pattern == "months":
            return _iso_week_numbered(year, number)
        edges = _edges(self, year, kind)
        if not 1 <= number < len(edges):
            raise BadPeriod(_too_many(_label(self, kind, year, number), year, len(edges) - 1, kind))
        return Period(edges[number - 1], edges[number], kind, _label(self, kind, year, number))

    def _last_week(self, year: int) -> Period:
        if self.pattern == "months":
            return _iso_week(date(year, 12, 28))
        return self.containing("week", _edges(self, year, "year")[1] - DAY)

    def _whole(self, period: Period) -> Period:
        return self.containing(period.kind, period.start) if period.clipped else period

    def _check_kind(self, kind: Kind) -> None:
        if kind not in self.kinds:
            has = Series(
                [KINDS[known] for known in self.kinds], message("{head}, {last}", context="kinds of period")
            )
            raise BadPeriod(
                message("This calendar has no {kinds}; it has {all}.", kinds=KINDS[kind], all=has)
            )

    def _starts_in(self, year: int) -> int:
        """The calendar year in which (by month name) the fiscal year called `year` starts."""
        return year if self.named_by == "start" or self.first_month == 1 else year - 1

    def _named(self, starts_in: int) -> int:
        return starts_in if self.named_by == "start" or self.first_month == 1 else starts_in + 1


CALENDAR_YEAR: Final = Fiscal()


@lru_cache(maxsize=4096)
def _edges(fiscal: Fiscal, year: int, kind: Kind) -> tuple[date, ...]:
    """Where each period of a kind starts in a fiscal year, and where the last one ends."""
    first = fiscal._starts_in(year)
    if fiscal.pattern == "months":
        base = tuple(_month_start(fiscal, first * 12 + fiscal.first_month - 1 + n) for n in range(13))
    else:
        start, end = _week_year_start(fiscal, first), _week_year_start(fiscal, first + 1)
        if kind == "week":
            return tuple(start + timedelta(weeks=n) for n in range((end - start).days // 7 + 1))
        base = (*(start + timedelta(weeks=n) for n in _weeks_before_each(fiscal.pattern)), end)
    if kind == "year":
        return (base[0], base[-1])
    if kind == "half":
        return (base[0], base[6], base[-1])
    if kind == "quarter":
        return (base[0], base[3], base[6], base[9], base[-1])
    return base


def _weeks_before_each(pattern: Pattern) -> tuple[int, ...]:
    """How many weeks of the year lie before each of its twelve months or 13 periods."""
    lengths = [4] * 13 if pattern == "13" else [int(weeks) for weeks in pattern.split("-")] * 4
    return (0, *accumulate(lengths[:-1]))


def _month_start(fiscal: Fiscal, ordinal: int) -> date:
    """The first day of the month called by `ordinal` (year * 12 + month - 1)."""
    if fiscal.first_day > 15:
        ordinal -= 1
    year, month = divmod(ordinal, 12)
    return date(year, month + 1, min(fiscal.first_day, monthrange(year, month + 1)[1]))


def _week_year_start(fiscal: Fiscal, year: int) -> date:
    wanted = _month_start(fiscal, year * 12 + fiscal.first_month - 1)
    before = wanted - timedelta(days=(wanted.isoweekday() - fiscal.week_starts) % 7)
    late = (wanted - before).days
    if fiscal.anchor == "on_or_before" or late == 0:
        return before
    if fiscal.anchor == "on_or_after":
        return before + timedelta(weeks=1)
    return before if late <= 3 else before + timedelta(weeks=1)


def _label(fiscal: Fiscal, kind: Kind, year: int, number: int) -> str:
    if kind == "year":
        return f"{year:04d}"
    if kind == "month":
        calendar_year, month = divmod(fiscal._starts_in(year) * 12 + fiscal.first_month + number - 2, 12)
        return f"{calendar_year:04d}-{month + 1:02d}"
    letter = next(letter for letter, named in _LETTER.items() if named == kind)
    return f"{year:04d}-{letter}{number:02d}" if letter in "PW" else f"{year:04d}-{letter}{number}"


def _too_many(label: str, year: int, there: int, kind: Kind) -> Message:
    return message(
        "{period}: {year} has {count} {kinds}.", period=label, year=year, count=there, kinds=KINDS[kind]
    )


def _one_day(on: date) -> Period:
    return Period(on, on + DAY, "day", on.isoformat())


def _iso_week(on: date) -> Period:
    year, week, _ = on.isocalendar()
    return _iso_week_numbered(year, week)


def _iso_week_numbered(year: int, week: int) -> Period:
    try:
        start = date.fromisocalendar(year, week, 1)
    except ValueError:
        last = date(year, 12, 28).isocalendar().week
        raise BadPeriod(_too_many(f"{year:04d}-W{week:02d}", year, last, "week")) from None
    return Period(start, start + timedelta(weeks=1), "week", f"{year:04d}-W{week:02d}")


def _too_far(text: str) -> BadPeriod:
    said = message(
        "'{text}' is too far away or too long: write days from {first} to {last}, at most {years} years.",
        text=text,
        first=EARLIEST,
        last=LATEST - DAY,
        years=LONGEST // 366,
    )
    return BadPeriod(said)


def _iso_date(text: str) -> date:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(
            message("'{text}' is no day of the calendar. Write {forms}.", text=text, forms=FORMS)
        ) from None
    if not EARLIEST <= on < LATEST:
        raise _too_far(text)
    return on


def _a_year_earlier(on: date) -> date:
    return (
        on.replace(year=on.year - 1, day=28)
        if (on.month, on.day) == (2, 29)
        else on.replace(year=on.year - 1)
    )


def _inside(part: Period, whole: Period) -> Period:
    start, end = max(part.start, whole.start), min(part.end, whole.end)
    if (start, end) == (part.start, part.end):
        return part
    return replace(part, start=start, end=end, clipped=True)


def tiles(periods: tuple[Period, ...], whole: Period) -> bool:
    """Whether the periods, in order, cover `whole` without a gap or an overlap."""
    if not periods:
        return whole.days == 0
    touching = all(left.end == right.start for left, right in pairwise(periods))
    return touching and periods[0].start == whole.start and periods[-1].end == whole.end
