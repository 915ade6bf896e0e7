"""The order of cells: what is larger, what comes first, what is missing."""

from datetime import date
from decimal import Decimal

import pytest

from dabiao.ui import order


def ordered(cells, *, down=False, light=False):
    keys = [order.key_of(cell, light=light) for cell in cells]
    return [cells[at] for at in order.arranged(keys, down=down)]


@pytest.mark.parametrize(
    ("case", "cells", "expected"),
    [
        ("numbers in text count as numbers", ["R10", "R9", "R100"], ["R9", "R10", "R100"]),
        ("leading zeros change nothing", ["7b", "007a", "8"], ["007a", "7b", "8"]),
        ("a number too long for any machine", ["1" + "0" * 6000, "9"], ["9", "1" + "0" * 6000]),
        ("full-width digits are digits", ["１０", "9"], ["9", "１０"]),
        ("case says nothing", ["b", "A", "C"], ["A", "b", "C"]),
        ("accents say nothing", ["zoo", "Émile", "eagle"], ["eagle", "Émile", "zoo"]),
        ("common characters by their pinyin", ["上海", "北京", "南京"], ["北京", "南京", "上海"]),
        ("a shorter text stands before what goes on", ["ab", "a"], ["a", "ab"]),
        ("money as numbers, not as text", [Decimal("9.5"), 10, 2.25], [2.25, Decimal("9.5"), 10]),
        ("days as days", [date(2026, 10, 1), date(2026, 9, 30)], [date(2026, 9, 30), date(2026, 10, 1)]),
        ("no before yes", [True, False], [False, True]),
        ("numbers before text where a column has both", ["x", 3], [3, "x"]),
        ("equal ones as given", ["B", "b", "a"], ["a", "B", "b"]),
    ],
)
def test_ascending(case, cells, expected):
    assert ordered(cells) == expected, case


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("missing", [None, "", float("nan"), Decimal("NaN")])
def test_what_is_missing_stands_last_whichever_way(down, missing):
    assert ordered([missing, 1, 2], down=down)[:2] == ([2, 1] if down else [1, 2])


def test_equal_ones_stay_as_given_from_the_largest_down_too():
    assert ordered(["a", "B", "b"], down=True) == ["B", "b", "a"]


def test_lights_begin_with_the_worst():
    assert ordered(["green", None, "red", "amber"], light=True) == ["red", "amber", "green", None]


def test_a_word_that_happens_to_be_a_colour_is_a_word():
    assert ordered(["red", "green"]) == ["green", "red"]


def test_ranks_order_as_the_keys_do():
    keys = [order.key_of(cell) for cell in ["R10", None, "R9", "r9"]]

    assert order.ranks(keys) == ["1", "", "0", "0"]
