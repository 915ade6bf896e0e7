"""Pace, and what a running period is compared with."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.company_calendar import CompanyCalendar
from dabiao.engine.comparison import change, change_column, windows
from dabiao.engine.number import MONEY
from dabiao.engine.pace import Pace, pace
from dabiao.engine.period import CALENDAR_YEAR, Fiscal, between
from dabiao.engine.workdays import calendar_days, working_days

WORKED = working_days(calendar_days(CompanyCalendar("china"), date(2015, 1, 1), date(2019, 1, 1)))
AUGUST = CALENDAR_YEAR.parse("2017-08")
GOLDEN_WEEK = CALENDAR_YEAR.parse("2017-10-01..2017-10-08")


@pytest.mark.parametrize(
    ("case", "period", "on", "wanted"),
    [
        ("11 of 23 working days", AUGUST, date(2017, 8, 15), Pace(Fraction(11, 23), 11, 23, "working days")),
        ("a Sunday adds nothing", AUGUST, date(2017, 8, 20), Pace(Fraction(14, 23), 14, 23, "working days")),
        ("before it starts", AUGUST, date(2017, 7, 31), Pace(Fraction(0), 0, 23, "working days")),
        ("afterwards", AUGUST, date(2018, 1, 1), Pace(Fraction(1), 23, 23, "working days")),
        (
            "no working day in it: calendar days",
            GOLDEN_WEEK,
            date(2017, 10, 2),
            Pace(Fraction(1, 4), 2, 8, "calendar days"),
        ),
    ],
)
def test_pace(case, period, on, wanted):
    assert pace(period, on, WORKED) == wanted, case


def test_pace_follows_a_season():
    week = between(date(2017, 8, 7), date(2017, 8, 12))
    season = {date(2017, 8, 7): Decimal(1), date(2017, 8, 11): Decimal(3), date(2017, 8, 14): Decimal(9)}

    assert pace(week, date(2017, 8, 10), WORKED, weights=season) == Pace(Fraction(1, 4), 4, 5, "weights")
    assert pace(week, date(2017, 8, 7), WORKED, weights=season).share == Fraction(1, 4)
    assert pace(week, date(2017, 8, 11), WORKED, weights=season).share == 1
    assert (
        pace(week, date(2017, 8, 10), WORKED, weights={date(2017, 8, 7): Decimal(0)}).basis == "working days"
    )
    with pytest.raises(ValueError, match="negative"):
        pace(week, date(2017, 8, 10), WORKED, weights={date(2017, 8, 7): Decimal(-1)})


@given(st.dates(date(2016, 6, 1), date(2018, 6, 1)), st.sampled_from(["week", "month", "quarter"]))
def test_pace_never_falls_and_ends_at_one(on, kind):
    period = CALENDAR_YEAR.containing(kind, on)
    shares = [pace(period, day, WORKED).share for day in period.each_day()]

    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("case", "label", "step", "on", "now", "before"),
    [
        ("a closed month against the one before", "2017-08", "previous", "2017-09-20", "2017-08", "2017-07"),
        ("a closed quarter against a year before", "2017-Q3", "year_before", "2017-09-30", "2017-Q3", "2016-Q3"),
        # 11 of 23 working days of August; 11/23 of July's 21 are 10: until Friday the 14th.
        ("a running month", "2017-08", "previous", "2017-08-15", "2017-08-01..2017-08-15", "2017-07-01..2017-07-14"),
        # 12 of 23 working days; 12/23 of 21 are 10.96: until Monday the 17th, the eleventh.
        ("a share that is nearly a day more", "2017-08", "previous", "2017-08-16", "2017-08-01..2017-08-16", "2017-07-01..2017-07-17"),
        ("the first working day", "2017-08", "previous", "2017-08-01", "2017-08-01..2017-08-01", "2017-07-01..2017-07-03"),
        ("a holiday start: nothing worked in either", "2017-10", "previous", "2017-10-03", "2017-10-01..2017-10-03", "2017-09-01..2017-08-31"),
        ("before it starts, nothing", "2017-08", "previous", "2017-07-20", "2017-08-01..2017-07-31", "2017-07-01..2017-07-02"),
        ("no working day in the earlier one: its calendar days", "2017-10-09..2017-10-16", "previous", "2017-10-12", "2017-10-09..2017-10-12", "2017-10-01..2017-10-05"),
    ],
)  # fmt: skip
def test_windows(case, label, step, on, now, before):
    got = windows(
        CALENDAR_YEAR, CALENDAR_YEAR.parse(label), step, on=date.fromisoformat(on), working_days=WORKED
    )

    assert (got.now.label, got.before.label) == (now, before), case
    assert got.partial == (".." in now)


def test_a_fiscal_year_is_compared_with_its_own_year_before():
    october = Fiscal(first_month=10)
    got = windows(
        october, october.parse("2018-Q1"), "year_before", on=date(2017, 11, 15), working_days=WORKED
    )

    assert got.before.start == date(2016, 10, 1)
    assert abs(got.now_pace.share - got.before_pace.share) < Fraction(1, 100)


@given(
    st.dates(date(2016, 6, 1), date(2018, 6, 1)),
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from(["previous", "year_before"]),
)
def test_both_shares_differ_by_less_than_a_working_day(on, kind, step):
    period = CALENDAR_YEAR.containing(kind, on)
    got = windows(CALENDAR_YEAR, period, step, on=on, working_days=WORKED)

    assert abs(got.now_pace.share - got.before_pace.share) <= Fraction(1, got.before_pace.of)
    assert got.now.last_day == min(on, period.last_day)


@pytest.mark.parametrize(
    ("case", "now", "before", "unit", "relative", "points"),
    [
        ("half as much again", 150, 100, "money", 0.5, None),
        ("less is negative, also of complaints", 5, 10, "count", -0.5, None),
        ("a larger loss is negative", -150, -100, "money", -0.5, None),
        ("from a loss to a profit", 50, -100, "money", 1.5, None),
        ("from nothing there is no percentage", 5, 0, "count", None, None),
        ("ratios change in points", Decimal("0.62"), Decimal("0.60"), "ratio", None, 2.0),
        ("nothing before", 5, None, "count", None, None),
        ("nothing now", None, 5, "ratio", None, None),
    ],
)
def test_change(case, now, before, unit, relative, points):
    got = change(now, before, unit)

    assert got.relative == relative, case
    assert got.points == pytest.approx(points) if points else got.points is None
    column = ibis.memtable({"x": [1]}).select(
        out=change_column(ibis.literal(now).cast(MONEY), ibis.literal(before).cast(MONEY), unit)
    )
    wanted = points if unit == "ratio" else relative
    assert ibis.duckdb.connect().to_pyarrow(column).to_pylist()[0]["out"] == (
        wanted and pytest.approx(wanted)
    ), case


def test_a_change_is_welcome_by_direction_only():
    more = change(Decimal(11), Decimal(10), "count")

    assert more.difference == 1
    assert more.is_better("up") is True
    assert more.is_better("down") is False
    assert change(1, 1, "count").is_better("up") is None
    assert change(None, 1, "count").is_better("up") is None
