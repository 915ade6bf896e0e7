"""`number.py` against an oracle that uses nothing but Fraction and integers."""

from decimal import Decimal
from fractions import Fraction

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine import number

MONEY = st.decimals(min_value=-(10**13), max_value=10**13, places=4)
WEIGHTS = st.dictionaries(
    st.text(max_size=3), st.decimals(min_value=0, max_value=10**9, places=6), min_size=1, max_size=12
).filter(lambda w: any(w.values()))


def naive_round(value: Fraction, digits: int) -> Fraction:
    units = abs(value) * 10**digits
    floor = units.numerator // units.denominator
    up = floor + (1 if units - floor >= Fraction(1, 2) else 0)
    return Fraction(up if value >= 0 else -up, 10**digits)


def naive_split(total: Fraction, weights: dict[str, Fraction], digits: int) -> dict[str, Fraction]:
    """Hand out one unit at a time to whoever is furthest below the ideal share."""
    unit = Fraction(1, 10**digits) * (1 if total >= 0 else -1)
    whole = sum(weights.values())
    ideal = {key: total * weight / whole for key, weight in weights.items()}
    parts = {key: (ideal[key] // unit) * unit if total else Fraction(0) for key in weights}
    while sum(parts.values()) != total:
        neediest = min(
            (key for key in parts if weights[key]), key=lambda key: (-(ideal[key] - parts[key]) / unit, key)
        )
        parts[neediest] += unit
    return parts


@given(MONEY, st.integers(0, 4))
def test_rounded_is_half_away_from_zero(value, digits):
    assert Fraction(number.rounded(value, digits)) == naive_round(Fraction(value), digits)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        ("0.5", 0, "1"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("2.4999", 0, "2"),
        ("0.125", 2, "0.13"),
        ("-0.125", 2, "-0.13"),
    ],
)
def test_rounded_takes_a_half_away_from_zero(value, digits, rounded):
    """Drawn values hardly ever lie on a half: these do."""
    assert number.rounded(Decimal(value), digits) == Decimal(rounded)


@given(MONEY.map(lambda d: number.rounded(d, 2)), WEIGHTS)
def test_split_agrees_with_handing_out_unit_by_unit(total, weights):
    parts = number.split(total, weights, 2)

    oracle = naive_split(Fraction(total), {k: Fraction(w) for k, w in weights.items()}, 2)
    assert {k: Fraction(v) for k, v in parts.items()} == oracle
    assert sum(parts.values()) == total


@given(MONEY, WEIGHTS, st.randoms())
def test_split_does_not_depend_on_the_order_of_weights(total, weights, random):
    shuffled = list(weights.items())
    random.shuffle(shuffled)

    assert number.split(total, weights, 4) == number.split(total, dict(shuffled), 4)


@pytest.mark.parametrize(
    ("case", "total", "weights", "parts"),
    [
        ("75/25 of 99.99", "99.99", {"a": 75, "b": 25}, {"a": "74.99", "b": "25.00"}),
        (
            "100 over three: ties go to the smaller key",
            "100",
            {"c": 1, "a": 1, "b": 1},
            {"a": "33.34", "b": "33.33", "c": "33.33"},
        ),
        ("a refund splits as the sale did", "-99.99", {"a": 75, "b": 25}, {"a": "-74.99", "b": "-25.00"}),
        ("no weight, no part", "0.01", {"a": 0, "b": 1}, {"a": "0.00", "b": "0.01"}),
    ],
)
def test_split_by_example(case, total, weights, parts):
    got = number.split(Decimal(total), {k: Decimal(w) for k, w in weights.items()}, 2)

    assert got == {k: Decimal(v) for k, v in parts.items()}, case


@pytest.mark.parametrize("weights", [{}, {"a": Decimal(0)}, {"a": Decimal(-1), "b": Decimal(2)}])
def test_split_refuses_weights_that_say_nothing(weights):
    with pytest.raises(ValueError, match="weights"):
        number.split(Decimal(1), weights, 2)


def test_split_refuses_a_total_finer_than_its_digits():
    with pytest.raises(number.TooPrecise):
        number.split(Decimal("0.001"), {"a": Decimal(1)}, 2)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("1.23456", number.TooPrecise),
        ("100000000000000", number.TooPrecise),
        ("9e79", number.TooPrecise),
        ("12.5万", number.NotANumber),
        ("NaN", number.NotANumber),
        ("Infinity", number.NotANumber),
        ("", number.NotANumber),
    ],
)
def test_exact_refuses_what_it_would_have_to_change(value, error):
    with pytest.raises(error):
        number.exact(value)


@given(MONEY)
def test_exact_and_text_keep_the_value(value):
    assert number.exact(str(value)) == value == Decimal(number.text(value))


def test_text_of_nothing_is_nothing():
    assert number.text(None) is None
    assert number.text(Decimal("1E+3")) == "1000"
    assert number.text(Decimal("-0.5000")) == "-0.5"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(2**48), 2**48), MONEY), min_size=1, max_size=20),
    st.sampled_from([1, 3, 7, 100, 10**6]),
)
def test_columns_agree_with_the_scalars(rows, by):
    table = ibis.memtable(
        {"units": [units for units, _ in rows], "amount": [amount for _, amount in rows]},
        schema={"units": "int64", "amount": number.MONEY},
    )
    out = table.select(
        quotient=number.divided(table.units, by),
        there=number.minor(table.amount),
        back=number.major(number.minor(table.amount)),
        rate=number.ratio(table.amount, table.amount),
    )

    got = ibis.duckdb.connect().to_pyarrow(out).to_pylist()
    for row, (units, amount) in zip(got, rows, strict=True):
        assert row["quotient"] == naive_round(Fraction(units, by), 0)
        assert row["there"] == int(amount * 10**4)
        assert row["back"] == amount
        assert row["rate"] == (1.0 if amount else None)
