"""Periods as people write them: a quarter with a short year, and quarters and halves by their months."""

import pytest

from dabiao.core.months import period_in_words
from dabiao.engine.period import CALENDAR_YEAR, Fiscal

APRIL = Fiscal(4)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("26Q3", "2026-Q3"),
        ("2026年7-9月", "2026-Q3"),
        ("2026年7月-9月", "2026-Q3"),
        ("2026年7月至9月", "2026-Q3"),
        ("2026/7-9", "2026-Q3"),
        ("2026.07-09", "2026-Q3"),
        ("2026年1~6月", "2026-H1"),
        ("2026/7-12", "2026-H2"),
        ("2026年2-4月", None),
        ("2026年9-7月", None),
        ("2026年1-12月", None),
    ],
)
@pytest.mark.parametrize("by_day", [False, True])
def test_quarters_and_halves_are_read(said, label, by_day):
    found = period_in_words(said, CALENDAR_YEAR, by_day=by_day)

    assert found == (label and CALENDAR_YEAR.parse(label))


@pytest.mark.parametrize("said", ["2026-07-09", "2026/07/09", "2026.7.9"])
def test_a_day_is_no_span_of_months(said):
    found = period_in_words(said, CALENDAR_YEAR, by_day=True)

    assert found is None or found.kind == "day"


def test_months_are_those_of_the_calendar_whenever_the_year_begins():
    assert period_in_words("2026年4-6月", APRIL) == APRIL.containing("quarter", APRIL.parse("2026-04").start)
    assert period_in_words("2026年4-6月", APRIL).start.month == 4
