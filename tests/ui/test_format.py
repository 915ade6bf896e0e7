"""Figures and dates as people of each language write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from dabiao.engine.period import CALENDAR_YEAR
from dabiao.ui import format


@pytest.mark.parametrize(
    ("case", "language", "value", "text"),
    [
        ("ten thousands in Chinese", "zh-hans", 18_420_000, "¥1,842 万"),
        ("hundreds of millions in Chinese", "zh-hans", 133_000_000, "¥1.33 亿"),
        ("traditional characters", "zh-hant", 133_000_000, "¥1.33 億"),
        ("millions in English", "en", 18_420_000, "¥18.4M"),
        ("thousands in English", "en", 1500, "¥1.5K"),
        ("a true minus sign before the currency", "en", -1_560_000, "−¥1.56M"),
        ("no step for small amounts", "zh-hans", 950, "¥950"),
        ("no negative zero", "en", -0.001, "¥0"),
        ("no trailing zeros", "zh-hans", 1_560_000, "¥156 万"),
    ],
)
def test_money(case, language, value, text):
    with translation.override(language):
        assert format.money(value, "CNY") == text.replace(" ", format.GAP), case


@pytest.mark.parametrize(
    ("case", "value", "unit", "text"),
    [
        ("a ratio with one decimal", 0.708, "ratio", "70.8%"),
        ("a count with all its digits", 1004, "count", "1,004"),
        ("another currency by its code", Decimal(20), "money", "SEK 20"),
        ("nothing is not 0", None, "money", "–"),
        ("half away from zero", 0.0005, "ratio", "0.1%"),
    ],
)
def test_figure(case, value, unit, text):
    with translation.override("en"):
        assert format.figure(value, unit, "SEK") == text.replace(" ", format.GAP), case


def test_a_change_of_a_ratio_is_in_percentage_points():
    assert format.points(-0.08) == "−8.0\u00a0pp"
    assert format.change(0.024, "ratio") == "+2.4\u00a0pp"


@pytest.mark.parametrize(
    ("label", "chinese", "english"),
    [
        ("2026-10", "2026 年 10 月", "October 2026"),
        ("2026-Q3", "2026 年第 3 季度", "Q3 2026"),
        ("2026-W31", "2026 年第 31 周", "Week 31, 2026"),
        ("2026", "2026 年", "2026"),
    ],
)
def test_period(label, chinese, english):
    window = CALENDAR_YEAR.parse(label)

    with translation.override("zh-hans"):
        assert format.period(window) == chinese
    with translation.override("en"):
        assert format.period(window) == english


def test_day_is_ordered_as_the_language_does():
    with translation.override("zh-hans"):
        assert format.day(date(2026, 10, 3)) == "2026-10-03"
    with translation.override("en"):
        assert format.day(date(2026, 10, 3)) == "3 Oct 2026"


@pytest.mark.parametrize(
    ("case", "at"),
    [
        ("a moment with its zone", datetime(2020, 3, 16, 4, 5, tzinfo=UTC)),
        ("a fact's moment, which is in business time", datetime(2020, 3, 16, 12, 5)),  # that is the case
    ],
)
def test_moments_are_in_business_time(case, at):
    with translation.override("zh-hans"):
        assert format.moment(at) == "2020-03-16 12:05", case


@pytest.mark.parametrize(
    ("case", "value", "unit", "digits", "text"),
    [
        ("a mean score with two digits", 0.7071, "score", 2, "0.71"),
        ("the unit's own digits where none are given", 0.7071, "score", None, "0.7"),
        ("a ratio keeps its own", 0.7071, "ratio", 2, "70.7%"),
    ],
)
def test_digits_can_be_finer_than_the_units(case, value, unit, digits, text):
    with translation.override("en"):
        assert format.figure(value, unit, digits=digits) == text, case


@pytest.mark.parametrize(
    ("case", "value", "text"),
    [
        ("whole from a thousand on", Decimal("6984545.4545"), "6,984,545"),
        ("two decimals at most below", Decimal("227.2727"), "227.27"),
        ("no trailing zeros", Decimal("12.50"), "12.5"),
        ("less than nothing", Decimal("-1000.5"), "−1,001"),
        ("no negative zero", Decimal("-0.001"), "0"),
    ],
)
def test_what_follows_from_others_is_rough(case, value, text):
    assert format.rough(value) == text, case
