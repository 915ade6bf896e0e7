"""Sheets of the market, from the file to the figures: recognised, with both ends of every period, or asked, or left out."""

from datetime import date

import pytest

from dabiao.facts.logic.proposing import propose

HEAD = "细分市场,期间,市场规模(万元)\n"


def proposed(folder, text, name="市场规模.csv", **options):
    (folder / name).write_text(text)
    return propose([folder / name], year=2026, **options)


def held(sql):
    return sql("SELECT segment, period, ends_on, size::INT FROM market ORDER BY 1, 2")


def test_labels_of_periods_are_loaded_with_both_ends(folder, load, sql):
    found = proposed(folder, HEAD + "机床,2026-Q1,90\n机床,2026-Q2,95\n激光,2026年3月,7\n")

    load(folder, found.text)

    assert held(sql) == [
        ("机床", date(2026, 1, 1), date(2026, 4, 1), 900_000),
        ("机床", date(2026, 4, 1), date(2026, 7, 1), 950_000),
        ("激光", date(2026, 3, 1), date(2026, 4, 1), 70_000),
    ]


@pytest.mark.parametrize(
    ("length", "after"),
    [("month", date(2026, 2, 1)), ("quarter", date(2026, 4, 1)), ("year", date(2027, 1, 1))],
)
def test_days_without_an_end_are_asked_for_and_end_as_somebody_says(folder, load, sql, length, after):
    text = HEAD + "机床,2026-01-01,90\n激光,2026-01-01,7\n"
    assert [question.key for question in proposed(folder, text).open] == ["市场规模.length"]

    load(folder, proposed(folder, text, answers={"市场规模.length": length}).text)

    assert {row[2] for row in held(sql)} == {after}


@pytest.mark.parametrize(
    ("case", "ends", "asked", "after"),
    [
        ("last days", "2026-03-31,2026-06-30", False, date(2026, 4, 1)),
        ("first days", "2026-04-01,2026-07-01", False, date(2026, 4, 1)),
        ("either", "2026-03-15,2026-06-15", True, date(2026, 3, 16)),
    ],
)
def test_the_end_is_the_last_day_or_the_one_after(folder, load, sql, case, ends, asked, after):
    one, two = ends.split(",")
    text = f"细分市场,开始日期,结束日期,市场规模\n机床,2026-01-01,{one},90\n机床,2026-07-01,{two.replace('2026', '2027')},95\n"

    found = proposed(folder, text)
    assert bool(found.open) is asked, case
    load(folder, proposed(folder, text, answers={"市场规模.ends": "last"} if asked else {}).text)

    assert held(sql)[0][2] == after


def test_a_segment_in_two_regions_is_two_parts_of_the_market(folder, load, sql):
    text = "行业,地区,季度,市场规模\n机床,华东,2026-Q1,90\n机床,华北,2026-Q1,40\n激光,华东,2026-Q1,9\n"

    load(folder, proposed(folder, text).text)

    assert {row[0] for row in held(sql)} == {"机床|华北", "机床|华东", "激光|华东"}


@pytest.mark.parametrize(
    ("case", "text", "why"),
    [
        ("billions", "Segment,Year,Market size (bn)\nPumps,2026,1.2\n", "is in billions"),
        ("days in a month", "Segment,Date,Market size\nPumps,2026-01-15,1\n", "nothing says when they end"),
    ],
)
def test_is_left_out_and_says_why(folder, case, text, why):
    (sheet,) = proposed(folder, text, "market size.csv").taken

    assert (sheet.kind, why in sheet.why) == ("", True), sheet


def test_another_currency_is_asked_for(folder):
    text = "Segment,Year,Market size (USD)\nPumps,2026,1200\nValves,2026,300\n"
    name = "market size.csv"

    (question,) = proposed(folder, text, name).open
    other = proposed(folder, text, name, answers={"market_size.currency": "other"})

    assert question.key == "market_size.currency"
    assert "another currency" in other.taken[0].why


def test_what_was_taken_for_the_market_is_told_with_its_sum(folder):
    (sheet,) = proposed(folder, HEAD + "机床,2026-Q1,90\n激光,2026-Q1,7\n").taken

    assert (sheet.kind, [total for _header, total in sheet.sums]) == ("market", ["97.0000"])
