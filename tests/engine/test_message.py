"""What is said later: English needs no catalogue, and values stand in their places as they are written."""

from datetime import date
from decimal import Decimal

import pytest

from dabiao.engine.message import (
    ENGLISH,
    Catalogue,
    Message,
    Money,
    Number,
    Percent,
    Series,
    Words,
    counted_message,
    message,
    said,
)

GERMAN = Catalogue(
    lambda text: {"{share} of {whole}": "von {whole} {share}", "{head}, {last}": "{head} und {last}"}.get(
        text.text, text.text
    ),
    lambda words: words.zh_hans,
)


@pytest.mark.parametrize(
    ("case", "value", "text"),
    [
        ("a bare number keeps its digits", Decimal("1000.50"), "1000.5"),
        ("a number is grouped", Number(Decimal("1234567.80")), "1,234,567.8"),
        ("half away from zero", Number(Decimal("-2.5"), digits=0), "−3"),
        ("with its sign", Number(Decimal("12.345"), digits=1, signed=True), "+12.3"),
        ("a share", Percent(Decimal("0.0125")), "1.25%"),
        ("a share that is cut", Percent(Decimal("-0.12345"), digits=1, signed=True), "−12.3%"),
        ("whole digits keep their zeros", Percent(Decimal(10)), "1000%"),
        ("money", Money(Decimal("-0.50"), "CNY"), "−0.5 CNY"),
        ("a day", date(2026, 1, 31), "2026-01-31"),
        ("a text with brackets stands as it is", "{share}", "{share}"),
        ("a label of data", Words("Sales", "销售额"), "Sales"),
        ("one", counted_message("{count} week", "{count} weeks", 1), "1 week"),
        ("several", counted_message("{count} week", "{count} weeks", 2), "2 weeks"),
        ("nothing in a row", Series((), message("{head}, {last}")), ""),
    ],
)
def test_values_are_said_in_english(case, value, text):
    assert said(message("{value}", value=value), ENGLISH) == text, case


def test_a_language_orders_the_places_and_joins_as_it_likes():
    parts = Series(("a", Words("b", "乙"), "c"), message("{head}, {last}"))
    text = message("{share} of {whole}", share=Percent(Decimal("0.5")), whole=parts)

    assert str(text) == "50% of a, b, c"
    assert said(text, GERMAN) == "von a und 乙 und c 50%"


def test_a_place_that_nobody_fills_is_a_mistake():
    with pytest.raises(KeyError, match="whole"):
        str(Message("{share} of {whole}", {"share": 1}))
