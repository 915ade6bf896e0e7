"""Periods: labels, fiscal years, week patterns, tiling."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.period import CALENDAR_YEAR, BadCalendar, BadPeriod, Fiscal, Period, between, tiles

DAYS = st.dates(date(1998, 1, 1), date(2060, 12, 31))
FISCALS = st.builds(
    Fiscal,
    first_month=st.integers(1, 12),
    first_day=st.integers(1, 31),
    named_by=st.sampled_from(["start", "end"]),
    pattern=st.sampled_from(["months", "4-4-5", "4-5-4", "5-4-4", "13"]),
    week_starts=st.integers(1, 7),
    anchor=st.sampled_from(["nearest", "on_or_before", "on_or_after"]),
)
OCTOBER = Fiscal(first_month=10)
CUT_26TH = Fiscal(first_day=26)
RETAIL = Fiscal(first_month=2, named_by="start", pattern="4-5-4", week_starts=7)
WEEKS_445 = Fiscal(pattern="4-4-5")
THIRTEEN = Fiscal(pattern="13")


@pytest.mark.parametrize(
    ("case", "fiscal", "label", "kind", "start", "end"),
    [
        ("a calendar year", CALENDAR_YEAR, "2017", "year", "2017-01-01", "2018-01-01"),
        ("a half", CALENDAR_YEAR, "2017-H2", "half", "2017-07-01", "2018-01-01"),
        ("a quarter", CALENDAR_YEAR, "2017-Q3", "quarter", "2017-07-01", "2017-10-01"),
        ("a month", CALENDAR_YEAR, "2017-08", "month", "2017-08-01", "2017-09-01"),
        ("the fifth period is May", CALENDAR_YEAR, "2017-P05", "period", "2017-05-01", "2017-06-01"),
        ("an ISO week", CALENDAR_YEAR, "2017-W31", "week", "2017-07-31", "2017-08-07"),
        ("ISO week 1 may start in December", CALENDAR_YEAR, "2020-W01", "week", "2019-12-30", "2020-01-06"),
        ("an ISO week 53", CALENDAR_YEAR, "2020-W53", "week", "2020-12-28", "2021-01-04"),
        ("a day", CALENDAR_YEAR, "2017-08-15", "day", "2017-08-15", "2017-08-16"),
        ("a range", CALENDAR_YEAR, "2017-08-15..2017-09-14", "range", "2017-08-15", "2017-09-15"),
        ("an October year is called by its end", OCTOBER, "2018", "year", "2017-10-01", "2018-10-01"),
        ("or by its start", Fiscal(10, named_by="start"), "2018", "year", "2018-10-01", "2019-10-01"),
        ("its first quarter", OCTOBER, "2018-Q1", "quarter", "2017-10-01", "2018-01-01"),
        ("its second half", OCTOBER, "2018-H2", "half", "2018-04-01", "2018-10-01"),
        ("its first period is October", OCTOBER, "2018-P01", "period", "2017-10-01", "2017-11-01"),
        ("its months keep their own names", OCTOBER, "2017-12", "month", "2017-12-01", "2018-01-01"),
        ("a January cut on the 26th", CUT_26TH, "2017-01", "month", "2016-12-26", "2017-01-26"),
        ("a year cut on the 26th", CUT_26TH, "2017", "year", "2016-12-26", "2017-12-26"),
        ("cut on the 6th", Fiscal(first_day=6), "2017-01", "month", "2017-01-06", "2017-02-06"),
        ("cut on the 31st", Fiscal(first_day=31), "2017-03", "month", "2017-02-28", "2017-03-31"),
        # The National Retail Federation's own calendar: fiscal 2017 had 53 weeks.
        ("retail 2017", RETAIL, "2017", "year", "2017-01-29", "2018-02-04"),
        ("retail 2018", RETAIL, "2018", "year", "2018-02-04", "2019-02-03"),
        ("retail February 2017: four weeks", RETAIL, "2017-02", "month", "2017-01-29", "2017-02-26"),
        ("retail March 2017: five weeks", RETAIL, "2017-03", "month", "2017-02-26", "2017-04-02"),
        ("the 53rd week makes January 2018 longer", RETAIL, "2018-01", "month", "2017-12-31", "2018-02-04"),
        ("retail week 53", RETAIL, "2017-W53", "week", "2018-01-28", "2018-02-04"),
        (
            "4-4-5 by ISO weeks: a quarter is 13 weeks",
            WEEKS_445,
            "2017-Q1",
            "quarter",
            "2017-01-02",
            "2017-04-03",
        ),
        ("its March has five", WEEKS_445, "2017-03", "month", "2017-02-27", "2017-04-03"),
        ("2020 has 53 ISO weeks, all in Q4", WEEKS_445, "2020-Q4", "quarter", "2020-09-28", "2021-01-04"),
        ("13 periods of four weeks", THIRTEEN, "2017-P05", "period", "2017-04-24", "2017-05-22"),
        ("the last period takes week 53", THIRTEEN, "2020-P13", "period", "2020-11-30", "2021-01-04"),
        ("quarters of 3 periods", THIRTEEN, "2017-Q1", "quarter", "2017-01-02", "2017-03-27"),
        ("and the last of 4", THIRTEEN, "2017-Q4", "quarter", "2017-09-11", "2018-01-01"),
        (
            "on or before: the last Sunday of January ends nothing later than the 1st",
            Fiscal(2, named_by="start", pattern="4-4-5", week_starts=7, anchor="on_or_before"),
            "2017",
            "year",
            "2017-01-29",
            "2018-01-28",
        ),
        (
            "on or after",
            Fiscal(2, named_by="start", pattern="4-4-5", week_starts=7, anchor="on_or_after"),
            "2017",
            "year",
            "2017-02-05",
            "2018-02-04",
        ),
    ],
)
def test_parse(case, fiscal, label, kind, start, end):
    got = fiscal.parse(label)

    wanted = Period(date.fromisoformat(start), date.fromisoformat(end), kind, label)
    assert got == wanted, case
    assert str(got) == label


@pytest.mark.parametrize(
    ("fiscal", "text", "says"),
    [
        (CALENDAR_YEAR, "last month", "'last month' names no period. Write 2017, 2017-H1"),
        (CALENDAR_YEAR, "2017-13", "there is no month 13"),
        (CALENDAR_YEAR, "2017-Q5", "'2017-Q5' names no period"),
        (CALENDAR_YEAR, "2017-H3", "2017-H3: 2017 has 2 halves"),
        (CALENDAR_YEAR, "2017-P13", "2017-P13: 2017 has 12 periods"),
        (CALENDAR_YEAR, "2017-W53", "2017-W53: 2017 has 52 weeks"),
        (CALENDAR_YEAR, "2017-02-30", "'2017-02-30' is no day"),
        (CALENDAR_YEAR, "2017-02-01..tomorrow", "'tomorrow' is no day"),
        (CALENDAR_YEAR, "2017-02-02..2017-02-01", "ends before it starts"),
        (CALENDAR_YEAR, "0001-01-01..9999-12-31", "'0001-01-01' is too far away"),
        (CALENDAR_YEAR, "2999-12-31", "from 1900-01-01 to 2199-12-31"),
        (CALENDAR_YEAR, "1900-01-01..2199-12-31", "at most 100 years"),
        (CALENDAR_YEAR, "2200", "too far away"),
        (OCTOBER, "1900", "too far away"),
        (RETAIL, "2018-W53", "2018 has 52 weeks"),
        (THIRTEEN, "2017-08", "13 periods and no months. Write 2017-P08"),
        (THIRTEEN, "2017-P14", "2017 has 13 periods"),
        (CALENDAR_YEAR, "0000-01", "names no period"),
        (CALENDAR_YEAR, "２０１７", "names no period"),
    ],
)
def test_parse_says_what_is_wrong(fiscal, text, says):
    with pytest.raises(BadPeriod) as refused:
        fiscal.parse(text)
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["1900", "1900-01-01", "1900-W02", "2199-12", "1900-01-01..1999-12-31"])
def test_what_is_just_near_enough_has_a_period_before(text):
    period = CALENDAR_YEAR.parse(text)

    assert CALENDAR_YEAR.year_before(period).end < period.end
    assert CALENDAR_YEAR.previous(period).end == period.start


@pytest.mark.parametrize("wrong", [{"first_month": 13}, {"first_day": 0}, {"week_starts": 8}])
def test_a_calendar_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadCalendar, match=next(iter(wrong))):
        Fiscal(**wrong)


def test_a_period_does_not_end_before_it_starts():
    with pytest.raises(BadPeriod, match="lies before"):
        between(date(2017, 2, 2), date(2017, 2, 1))


@given(FISCALS, DAYS, st.data())
def test_periods_of_a_kind_tile_the_line(fiscal, on, data):
    kind = data.draw(st.sampled_from(fiscal.kinds))

    here = fiscal.containing(kind, on)
    after = fiscal.containing(kind, here.end)

    assert on in here
    assert after.start == here.end
    assert fiscal.previous(after) == here


@given(FISCALS, DAYS, st.data())
def test_a_label_names_the_period_that_carries_it(fiscal, on, data):
    period = fiscal.containing(data.draw(st.sampled_from(fiscal.kinds)), on)

    assert fiscal.parse(period.label) == period


@given(FISCALS, DAYS, st.data())
def test_parts_tile_the_whole(fiscal, on, data):
    kinds = fiscal.kinds
    coarse = data.draw(st.sampled_from(kinds))
    fine = data.draw(st.sampled_from(kinds[kinds.index(coarse) :]))
    whole = fiscal.containing(coarse, on)

    parts = fiscal.parts(whole, fine)

    assert tiles(parts, whole)
    for part in parts:
        unclipped = fiscal.parse(part.label)
        assert part.clipped == ((part.start, part.end) != (unclipped.start, unclipped.end))
    if fine != "week":
        assert not any(part.clipped for part in parts)


@given(DAYS, st.integers(0, 500), st.sampled_from(CALENDAR_YEAR.kinds))
def test_parts_tile_a_range(start, length, kind):
    window = between(start, start + timedelta(days=length))

    assert tiles(CALENDAR_YEAR.parts(window, kind), window)


def test_tiles_sees_gaps():
    whole = CALENDAR_YEAR.parse("2017-Q1")
    january, february, march = CALENDAR_YEAR.parts(whole, "month")

    assert tiles((january, february, march), whole)
    assert not tiles((january, march), whole)
    assert not tiles((january, february), whole)
    assert not tiles((), whole)


@given(FISCALS, DAYS)
def test_a_week_year_has_52_or_53_weeks(fiscal, on):
    year = fiscal.containing("year", on)
    if fiscal.pattern == "months":
        assert 365 <= year.days <= 366 or fiscal.first_day > 28
    else:
        assert year.days in (52 * 7, 53 * 7)
        assert year.start.isoweekday() == fiscal.week_starts


@pytest.mark.parametrize(
    ("case", "fiscal", "label", "earlier"),
    [
        ("month", CALENDAR_YEAR, "2017-08", "2016-08"),
        ("fiscal quarter", OCTOBER, "2018-Q1", "2017-Q1"),
        ("a week keeps its number", CALENDAR_YEAR, "2017-W31", "2016-W31"),
        ("ISO week 53 meets week 52", CALENDAR_YEAR, "2020-W53", "2019-W52"),
        ("fiscal week 53 meets week 52", RETAIL, "2017-W53", "2016-W52"),
        ("29 February meets the 28th", CALENDAR_YEAR, "2020-02-29", "2019-02-28"),
        ("a range keeps its days", CALENDAR_YEAR, "2020-02-01..2020-02-29", "2019-02-01..2019-02-28"),
        ("a range of the 29th only", CALENDAR_YEAR, "2020-02-29..2020-02-29", "2019-02-28..2019-02-28"),
        ("a range from the 29th", CALENDAR_YEAR, "2020-02-29..2020-03-10", "2019-02-28..2019-03-10"),
    ],
)
def test_year_before(case, fiscal, label, earlier):
    assert fiscal.year_before(fiscal.parse(label)) == fiscal.parse(earlier), case


def test_an_empty_range_has_an_empty_range_a_year_before():
    empty = between(date(2017, 5, 1), date(2017, 5, 1))

    assert CALENDAR_YEAR.year_before(empty).days == 0
    assert empty.share_elapsed(date(2017, 1, 1)) == 1


def test_previous_of_a_range_is_as_long():
    window = CALENDAR_YEAR.parse("2017-08-15..2017-09-14")

    assert CALENDAR_YEAR.previous(window).label == "2017-07-15..2017-08-14"


def test_previous_of_a_clipped_week_is_the_whole_week_before():
    first, *_ = CALENDAR_YEAR.parts(CALENDAR_YEAR.parse("2017-08"), "week")

    assert (first.label, first.clipped, first.days) == ("2017-W31", True, 6)
    assert CALENDAR_YEAR.previous(first).label == "2017-W30"


def test_there_is_nothing_coarser_inside_and_no_months_in_13_periods():
    with pytest.raises(BadPeriod, match="has no years in it"):
        CALENDAR_YEAR.parts(CALENDAR_YEAR.parse("2017-08"), "year")
    with pytest.raises(BadPeriod, match="has no months; it has years, halves"):
        THIRTEEN.containing("month", date(2017, 1, 1))
    assert (THIRTEEN.monthly, OCTOBER.monthly) == ("period", "month")


@pytest.mark.parametrize(
    ("case", "on", "share"),
    [
        ("the day before", date(2017, 1, 31), Fraction(0)),
        ("the first day counts", date(2017, 2, 1), Fraction(1, 28)),
        ("half", date(2017, 2, 14), Fraction(1, 2)),
        ("the last day", date(2017, 2, 28), Fraction(1)),
        ("long after", date(2018, 1, 1), Fraction(1)),
    ],
)
def test_share_elapsed(case, on, share):
    assert CALENDAR_YEAR.parse("2017-02").share_elapsed(on) == share, case


def test_a_period_holds_its_first_day_and_not_its_end():
    august = CALENDAR_YEAR.parse("2017-08")

    assert august.start in august and august.last_day in august
    assert august.end not in august and date(2017, 7, 31) not in august


def test_each_day_is_inside():
    week = CALENDAR_YEAR.parse("2017-W31")

    assert [day.day for day in week.each_day()] == [31, 1, 2, 3, 4, 5, 6]
    assert week.last_day == date(2017, 8, 6)
