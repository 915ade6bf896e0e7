"""Cells against a naive reader that goes cell by cell in plain Python."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.core import written
from dabiao.engine import number
from dabiao.facts.logic import coerce
from dabiao.facts.logic.coerce import numbers

UNITS = {"万": 10**4, "亿": 10**8, "千": 10**3, "k": 10**3, "%": Decimal("0.01")}
WIDE = str.maketrans("0123456789.,-()%", "０１２３４５６７８９．，－（）％")


def read(kind, *cells, **how):
    got = coerce.coerced(pl.Series("x", list(cells), pl.String), coerce.Cells(kind, **how))
    return list(zip(got.values.to_list(), got.reason.to_list(), strict=True))


def naive_money(text: str) -> Decimal | None:
    """Take the text apart by hand; None where it is no amount at scale 4."""
    bare = text.translate(
        {ord(w): n for n, w in zip("0123456789.,-()%", "０１２３４５６７８９．，－（）％", strict=True)}
    ).strip()
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    if bare.startswith("-"):
        negative, bare = not negative, bare[1:]
    factor = Decimal(1)
    for unit, power in UNITS.items():
        if bare.endswith(unit):
            factor, bare = Decimal(power), bare[: -len(unit)]
    if "," in bare:
        whole = bare.partition(".")[0]
        if not re.fullmatch(r"\d{1,3}(,\d{3})+", whole):
            return None
        bare = bare.replace(",", "")
    if not re.fullmatch(r"\d+(\.\d+)?", bare):
        return None
    value = Decimal(bare) * factor * (-1 if negative else 1)
    return value if value == value.quantize(Decimal("0.0001")) and abs(value) < Decimal(10) ** 14 else None


@st.composite
def amounts(draw) -> str:
    """Amounts as people write them."""
    value = draw(st.decimals(min_value=0, max_value=10**8, places=draw(st.integers(0, 5))))
    grouped = draw(st.booleans())
    text = f"{value:,f}" if grouped else f"{value:f}"
    text += draw(st.sampled_from(["", "", "", "万", "亿", "千", "k", "%"]))
    if draw(st.booleans()):
        text = draw(st.sampled_from([f"-{text}", f"({text})"]))
    return text.translate(WIDE) if draw(st.booleans()) else text


@given(st.lists(amounts() | st.text("0123456789.,-()万% x", max_size=8), min_size=1, max_size=30))
def test_money_agrees_with_a_reader_that_goes_cell_by_cell(cells):
    cells = [cell for cell in cells if cell.strip()] or ["1"]
    got = read("money", *cells)

    for cell, (value, reason) in zip(cells, got, strict=True):
        expected = naive_money(cell)
        if expected is not None:
            assert (value, reason) == (expected, None), cell
        else:
            assert value is None or _also_fine(cell), cell
            assert (value is None) == (reason is not None), cell


def _also_fine(cell: str) -> bool:
    """Forms that the naive reader does not know: `.5`, `5.`, `5-`, blanks before a unit."""
    return bool(re.fullmatch(r"[-(]*\s*[\d,]*\.?\d*\s*[万%]?[-)]*\s*", cell.strip()))


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=50))
def test_doubles_are_rounded_from_their_shortest_form(doubles):
    got = coerce.coerced(pl.Series(doubles), coerce.Cells("money", rounding=True))

    expected = [Decimal(repr(x)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP) for x in doubles]
    assert got.values.to_list() == expected


@given(
    st.lists(
        st.tuples(
            st.decimals(-(10**7), 10**7, places=4, allow_nan=False),
            st.decimals(-(10**4), 10**4, places=4, allow_nan=False),
        ),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(["plus", "minus", "times"]),
)
def test_combining_columns_is_exact(pairs, how):
    left = pl.Series([a for a, _ in pairs], dtype=pl.Decimal(18, 4))
    right = pl.Series([b for _, b in pairs], dtype=pl.Decimal(18, 4))

    got = numbers.combined(left, right, how, 4).to_list()

    work = {"plus": lambda a, b: a + b, "minus": lambda a, b: a - b, "times": lambda a, b: a * b}[how]
    assert got == [work(a, b).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP) for a, b in pairs]


@pytest.mark.parametrize(
    ("case", "cell", "value"),
    [
        ("thousands", "1,234.50", "1234.5"),
        ("ten thousands", "12.5万", "125000"),
        ("an accountant's negative", "（1,234）", "-1234"),
        ("a trailing minus", "1234-", "-1234"),
        ("full width", "１２３．４", "123.4"),
        ("a currency sign", "¥-5", "-5"),
        ("yuan behind the unit", "12.5万元", "125000"),
        ("a power", "1.2E+3", "1200"),
        ("a hundred million", "3亿", "300000000"),
        ("a percentage", "12.5%", "0.125"),
        ("a per mille", "125‰", "0.125"),
    ],
)
def test_money_by_example(case, cell, value):
    assert read("money", cell) == [(Decimal(value), None)], case


@pytest.mark.parametrize(
    ("case", "cell", "reason"),
    [
        ("a word", "abc", "not_a_number"),
        ("a comma in the wrong place", "1,5", "not_a_number"),
        ("five decimals", "0.00005", "too_precise"),
        ("more than 14 digits", "999999999999999", "too_large"),
        ("an error of Excel", "#DIV/0!", "excel_error"),
        ("a lone hyphen", "-", "not_a_number"),
    ],
)
def test_money_is_refused_with_its_reason(case, cell, reason):
    assert read("money", cell) == [(None, reason)], case


def test_a_cell_that_names_its_unit_wins_over_the_column():
    assert [value for value, _ in read("money", "12.5", "1亿", unit="万")] == [
        Decimal(125000),
        Decimal(10**8),
    ]


DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))


@given(st.lists(DAYS, min_size=1, max_size=20), st.data())
def test_dates_are_read_however_they_are_written(days, data):
    shapes = [
        lambda d: d.isoformat(),
        lambda d: f"{d.year}/{d.month}/{d.day}",
        lambda d: f"{d.year}年{d.month}月{d.day}日",
        lambda d: f"{d:%Y%m%d}",
        lambda d: f"{d.isoformat()} 00:00:00",
        lambda d: f"{d:%Y.%m.%d}".translate(WIDE),
        lambda d: str((d - date(1899, 12, 30)).days) if d > date(1960, 1, 1) else d.isoformat(),
    ]
    cells = [data.draw(st.sampled_from(shapes))(day) for day in days]

    assert read("date", *cells) == [(day, None) for day in days]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)), st.integers(-12, 14))
def test_a_moment_becomes_the_business_day_of_its_offset(moment, hours):
    sign = "+" if hours >= 0 else "-"
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{abs(hours):02d}:00"

    assert read("date", text) == [((moment - timedelta(hours=hours) + timedelta(hours=8)).date(), None)]


@pytest.mark.parametrize(
    ("case", "cell", "reason"),
    [
        ("30 February", "2026-02-30", "no_such_day"),
        ("month 13", "20261301", "no_such_day"),
        ("day or month first cannot be told", "03/04/2017", "not_a_date"),
        ("a word", "soon", "not_a_date"),
        ("the year 1", "0001-01-01", "no_such_day"),
    ],
)
def test_a_date_is_refused_with_its_reason(case, cell, reason):
    assert read("date", cell) == [(None, reason)], case


def test_formats_say_what_cannot_be_told():
    assert read("date", "03/04/2017", formats=("%d/%m/%Y",)) == [(date(2017, 4, 3), None)]
    assert read("date", "2026年3月", formats=("month",)) == [(date(2026, 3, 1), None)]


@given(
    st.one_of(amounts(), st.text("0123456789.,-+()（）%万亿元¥$€ 'e", max_size=12)),
    st.sampled_from(["point", "comma"]),
)
def test_a_cell_and_a_column_are_read_alike(text, mark):
    """Targets, the grid and forms read a cell at a time, facts whole columns: there is one grammar."""
    try:
        value = number.exact(written.number_of(text, mark))
    except (number.NotANumber, number.TooPrecise):
        value = None

    ((got, _reason),) = read("money", text, mark=mark)
    assert got == value


def test_flags_and_texts():
    assert [value for value, _ in read("flag", "是", "N", "1", "×")] == [True, False, True, False]
    assert read("flag", "maybe") == [(None, "not_a_flag")]
    assert read("text", "00123", "#N/A") == [("00123", None), (None, "excel_error")]
    assert read("int", "3.0", "3.5", "１,000") == [(3, None), (None, "not_whole"), (1000, None)]
