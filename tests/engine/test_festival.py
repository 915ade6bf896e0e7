"""Year-on-year around Spring Festival."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.festival import YEARS, aligned, aligned_year_before, spring_festival
from dabiao.engine.period import CALENDAR_YEAR, Fiscal

FESTIVALS = """
1990 01-27 02-15 02-04 01-23 02-10 01-31 02-19 02-07 01-28 02-16
2000 02-05 01-24 02-12 02-01 01-22 02-09 01-29 02-18 02-07 01-26
2010 02-14 02-03 01-23 02-10 01-31 02-19 02-08 01-28 02-16 02-05
2020 01-25 02-12 02-01 01-22 02-10 01-29 02-17 02-06 01-26 02-13
2030 02-03 01-23 02-11 01-31 02-19 02-08 01-28 02-15 02-04 01-24
2040 02-12
"""
"""Ten years a line."""


def test_spring_festival():
    lines = [line.split() for line in FESTIVALS.split("\n") if line]
    days = [
        date.fromisoformat(f"{int(first) + n}-{day}") for first, *row in lines for n, day in enumerate(row)
    ]

    assert [spring_festival(day.year) for day in days] == days


def test_every_year_that_is_said_to_be_known_is():
    known = [spring_festival(year) for year in (YEARS[0] - 1, *YEARS)]

    assert min((day.month, day.day) for day in known) == (1, 21)
    assert max((day.month, day.day) for day in known) == (2, 20)


@pytest.mark.parametrize("year", ["1949", "1950", "2101", "2150"])
def test_beyond_them_nothing_is_moved(year):
    aligned = aligned_year_before(CALENDAR_YEAR, CALENDAR_YEAR.parse(f"{year}-02"))

    assert (aligned.moved_by, aligned.window.label) == (0, f"{int(year) - 1}-02")


@pytest.mark.parametrize(
    ("case", "label", "window"),
    [
        ("January 2017 with its festival on the 28th", "2017-01", "2016-01-12..2016-02-11"),
        ("February 2018, 384 days after", "2018-02", "2017-01-13..2017-02-09"),
        ("the whole season is in both quarters", "2017-Q1", "2016-Q1"),
        ("a year holds it anyway", "2017", "2016"),
        ("August has nothing of it", "2017-08", "2016-08"),
        ("March 2017 has not, March 2016 had its last days", "2017-03", "2016-03-11..2016-04-10"),
        ("a winter over the turn of the year", "2016-12-01..2017-02-05", "2015-12-12..2016-02-16"),
    ],
)
def test_aligned_by_example(case, label, window):
    assert aligned_year_before(CALENDAR_YEAR, CALENDAR_YEAR.parse(label)).window.label == window, case


@given(st.dates(date(2005, 1, 1), date(2040, 1, 1)), st.sampled_from(["month", "week", "day", "quarter"]))
def test_a_moved_window_keeps_its_length_and_its_distance_to_the_festival(on, kind):
    period = CALENDAR_YEAR.containing(kind, on)
    aligned = aligned_year_before(CALENDAR_YEAR, period)

    if aligned.window == CALENDAR_YEAR.year_before(period):
        assert aligned.moved_by == 0
    else:
        assert aligned.window.days == period.days
        assert period.start - aligned.festival == aligned.window.start - aligned.earlier_festival
        assert abs(aligned.moved_by) <= 31


def test_fiscal_years_are_aligned_too():
    october = Fiscal(first_month=10)

    assert aligned_year_before(october, october.parse("2018")).window.label == "2017"
    assert aligned_year_before(october, october.parse("2018-02")).window.label == "2017-01-13..2017-02-09"


@pytest.mark.parametrize(
    ("case", "now", "plain", "window"),
    [
        ("a quarter that has run into the season", "2026-01-01..2026-02-15", "2025-01-01..2025-02-13", "2024-12-13..2025-01-27"),
        ("a month that has run over the festival", "2026-02-01..2026-02-20", "2025-02-01..2025-02-19", "2025-01-13..2025-02-01"),
        ("a quarter that has run past the season", "2026-01-01..2026-03-20", "2025-01-01..2025-03-21", "2025-01-01..2025-03-21"),
    ],
)  # fmt: skip
def test_what_still_runs_is_aligned_as_far_as_it_has_run(case, now, plain, window):
    assert aligned(CALENDAR_YEAR.parse(now), CALENDAR_YEAR.parse(plain)).window.label == window, case


def test_centuries_without_a_lunar_calendar_are_compared_plainly():
    later = CALENDAR_YEAR.parse("2150-02")

    assert aligned_year_before(CALENDAR_YEAR, later).window == CALENDAR_YEAR.year_before(later)
