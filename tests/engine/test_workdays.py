"""Working days of countries and companies."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.company_calendar import BadCompanyCalendar, CompanyCalendar
from dabiao.engine.workdays import UnknownCountry, calendar_days, published_until, working_days

CHINA = CompanyCalendar("china")
ALTERNATE = CompanyCalendar("alternate", week="alternate", free_saturday=date(2017, 8, 2))


def worked(calendar, start, end):
    days = sorted(working_days(calendar_days(calendar, date.fromisoformat(start), date.fromisoformat(end))))
    return " ".join(str(day.day) for day in days)


@pytest.mark.parametrize(
    ("case", "calendar", "start", "end", "days"),
    [
        # 2024: the State Council moved 4 and 18 February to working days for a holiday of 10 to 17.
        ("Spring Festival 2024", CHINA, "2024-02-01", "2024-02-21", "1 2 4 5 6 7 8 9 18 19 20"),
        (
            "a six-day week keeps the holidays",
            CompanyCalendar("six", week="six"),
            "2024-02-08",
            "2024-02-26",
            "8 9 18 19 20 21 22 23 24",
        ),
        (
            "alternate Saturdays: the 5th and 19th are free",
            ALTERNATE,
            "2017-08-01",
            "2017-08-22",
            "1 2 3 4 7 8 9 10 11 12 14 15 16 17 18 21",
        ),
        (
            "they count on over the turn of the year",
            ALTERNATE,
            "2017-12-28",
            "2018-01-08",
            "28 29 30 2 3 4 5",
        ),
        (
            "closed on a Tuesday",
            CompanyCalendar("c", closed=frozenset({date(2017, 8, 8)})),
            "2017-08-07",
            "2017-08-10",
            "7 9",
        ),
        (
            "opened on a holiday",
            CompanyCalendar("o", opened=frozenset({date(2017, 10, 1)})),
            "2017-09-29",
            "2017-10-09",
            "29 30 1",
        ),
        (
            "the United States on 4 July",
            CompanyCalendar("us", country="US"),
            "2017-07-03",
            "2017-07-07",
            "3 5 6",
        ),
        (
            "Bavaria has more holidays",
            CompanyCalendar("by", country="DE", region="BY"),
            "2017-01-05",
            "2017-01-10",
            "5 9",
        ),
        (
            "Israel rests on Friday and Saturday",
            CompanyCalendar("il", country="IL"),
            "2017-08-03",
            "2017-08-07",
            "3 6",
        ),
        (
            "six days in Israel: Friday",
            CompanyCalendar("il", country="IL", week="six"),
            "2017-08-03",
            "2017-08-07",
            "3 4 6",
        ),
        ("no public holidays", CompanyCalendar("x", country=None), "2017-09-29", "2017-10-04", "29 2 3"),
    ],
)
def test_worked_days(case, calendar, start, end, days):
    assert worked(calendar, start, end) == days, case


def test_rows_say_what_moved_and_what_is_a_holiday():
    rows = {row.day: row for row in calendar_days(CHINA, date(2024, 2, 1), date(2024, 3, 1))}

    assert (rows[date(2024, 2, 4)].working, rows[date(2024, 2, 4)].adjusted) == (True, True)
    assert rows[date(2024, 2, 12)].holiday == "Spring Festival"
    assert rows[date(2024, 2, 16)].adjusted
    assert not rows[date(2024, 2, 3)].adjusted
    assert {row.calendar for row in rows.values()} == {"china"}
    assert not any(row.provisional for row in rows.values())


def test_a_year_without_a_notice_is_provisional():
    year = published_until("CN").year
    rows = calendar_days(CHINA, date(year, 1, 1), date(year + 1, 1, 1))
    weekdays = sum(row.day.weekday() < 5 for row in rows)

    assert all(row.provisional for row in rows)
    assert {row.day for row in rows if row.holiday} >= {date(year, 1, 1), date(year, 10, 1)}
    assert not any(row.working and row.day.weekday() >= 5 for row in rows)
    # 13 statutory days a year; those on a weekend are made up for in the week.
    assert 10 <= weekdays - len(working_days(rows)) <= 14
    assert not calendar_days(CHINA, date(year - 1, 12, 31), date(year, 1, 1))[0].provisional


def test_estimated_dates_are_provisional():
    rows = calendar_days(CompanyCalendar("ae", country="AE"), date(2030, 2, 3), date(2030, 2, 5))

    assert [(row.working, row.provisional) for row in rows] == [(False, False), (False, True)]


def test_only_china_publishes_notices():
    assert published_until("DE") is None


@given(st.dates(date(2005, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.sampled_from([CHINA, ALTERNATE]))
def test_there_is_one_row_a_day(start, length, calendar):
    rows = calendar_days(calendar, start, start + timedelta(days=length))

    assert [row.day for row in rows] == [start + timedelta(days=n) for n in range(length)]


def test_alternate_weeks_take_turns_for_ever():
    plain = CompanyCalendar("plain", country=None, week="alternate", free_saturday=date(2017, 8, 5))
    saturdays = [
        row for row in calendar_days(plain, date(2016, 1, 1), date(2019, 1, 1)) if row.day.weekday() == 5
    ]

    assert all(one.working != other.working for one, other in pairwise(saturdays))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"week": "alternate"}, "need `free_saturday`"),
        ({"week": "six", "free_saturday": date(2017, 8, 5)}, "need `free_saturday`"),
        (
            {"closed": frozenset({date(2017, 8, 8)}), "opened": frozenset({date(2017, 8, 8)})},
            "2017-08-08 is both",
        ),
    ],
)
def test_contradictions_are_refused(wrong, says):
    with pytest.raises(BadCompanyCalendar, match=says):
        CompanyCalendar("c", **wrong)


@pytest.mark.parametrize(("country", "region", "says"), [("XX", None, "XX"), ("DE", "QQ", "DE QQ")])
def test_unknown_countries_are_named(country, region, says):
    with pytest.raises(UnknownCountry, match=says):
        calendar_days(
            CompanyCalendar("c", country=country, region=region), date(2017, 1, 1), date(2017, 1, 2)
        )
