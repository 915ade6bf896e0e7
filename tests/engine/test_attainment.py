"""Attainment and lights against sentences and a plain restatement."""

from decimal import Decimal
from fractions import Fraction

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine.attainment import attained, attainment, doubtful, standing, standing_column
from dabiao.engine.light import Lights, asks_why, light, light_column, shown
from dabiao.engine.number import MONEY

DUCKDB = ibis.duckdb.connect()
MONEYS = st.one_of(st.none(), st.just(Decimal(0)), st.decimals(-(10**9), 10**9, places=4))
DIRECTIONS = st.sampled_from(["up", "down"])

CASES = [
    ("reached", 80, 100, "up", 0.8),
    ("beyond", 120, 100, "up", 1.2),
    ("returns outweigh sales", -20, 100, "up", -0.2),
    ("nothing sold", 0, 100, "up", 0.0),
    ("no target for something to reach says nothing", 50, 0, "up", None),
    ("a loss smaller than planned", -50, -100, "up", 1.5),
    ("a loss as planned", -100, -100, "up", 1.0),
    ("a loss larger than planned", -150, -100, "up", 0.5),
    ("profit where a loss was planned", 100, -100, "up", 3.0),
    ("fewer complaints than allowed", 8, 10, "down", 1.2),
    ("as many as allowed", 10, 10, "down", 1.0),
    ("too many", 15, 10, "down", 0.5),
    ("far too many", 30, 10, "down", -1.0),
    ("none at all", 0, 10, "down", 2.0),
    ("none allowed, none there", 0, 0, "down", 1.0),
    ("none allowed, one there", 1, 0, "down", 0.0),
    ("lower is better and negative", -120, -100, "down", 1.2),
    ("no actual", None, 100, "up", None),
    ("no target", 100, None, "down", None),
]


def exact(value):
    return None if value is None else Decimal(value)


def column(function, actual, target, **options):
    table = (
        ibis.memtable({"a": [actual], "t": [target]}, schema={"a": MONEY, "t": MONEY})
        if None
        not in (
            actual,
            target,
        )
        else ibis.memtable({"x": [1]}).select(
            a=ibis.literal(actual).cast(MONEY), t=ibis.literal(target).cast(MONEY)
        )
    )
    return DUCKDB.to_pyarrow(table.select(out=function(table.a, table.t, **options))).to_pylist()[0]["out"]


@pytest.mark.parametrize(("case", "actual", "target", "direction", "wanted"), CASES)
def test_attainment_by_example(case, actual, target, direction, wanted):
    actual, target = exact(actual), exact(target)

    exactly = attained(actual, target, direction)
    assert (None if exactly is None else float(exactly)) == wanted, case
    assert column(attainment, actual, target, direction=direction) == wanted, case


@settings(max_examples=80, deadline=None)
@given(MONEYS, MONEYS, DIRECTIONS)
def test_the_column_holds_the_float_nearest_to_the_exact_number(actual, target, direction):
    exactly = attained(actual, target, direction)

    nearest = None if exactly is None else float(exactly)
    assert column(attainment, actual, target, direction=direction) == nearest


EXACTLY_80 = [
    ("5.6", "7"), ("8.0", "10"), ("2.4", "3"), ("0.56", "0.7"), ("0.88", "1.1"), ("98.76", "123.45"),
    ("79999.992", "99999.99"), ("56000", "70000"), ("26.4", "33"), ("4.8", "6"), ("44", "55"), ("7.6", "9.5"),
]  # fmt: skip


@pytest.mark.parametrize(("actual", "target"), EXACTLY_80)
def test_exactly_eight_tenths_is_eight_tenths(actual, target):
    reached = attained(Decimal(actual), Decimal(target))

    assert (reached, light(reached), shown(reached)) == (Fraction(4, 5), "amber", 0.8)
    assert column(attainment, Decimal(actual), Decimal(target)) == 0.8


@pytest.mark.parametrize(
    ("case", "reached", "figure", "colour"),
    [
        ("just below amber is not rounded up to it", Fraction(79996, 100_000), 0.799, "red"),
        ("just below green neither", Fraction(99_999, 100_000), 0.999, "amber"),
        ("far from an edge nothing is cut", Fraction(2, 3), 2 / 3, "red"),
        ("on the edge it is on it", Fraction(1), 1.0, "green"),
        ("unknown", None, None, None),
    ],
)
def test_a_figure_never_disagrees_with_its_light(case, reached, figure, colour):
    assert (shown(reached), light(reached)) == (figure, colour), case


def test_a_light_that_starts_between_two_tenths_of_a_percent_is_not_rounded_below_it():
    lights = Lights(amber=Decimal("0.7994"), green=Decimal(2))

    assert [shown(Fraction(x, 100_000), lights) for x in (79_939, 79_941)] == [0.79939, 0.8]


@given(st.decimals(-(10**6), 10**6, places=2), st.decimals(-(10**6), 10**6, places=2), DIRECTIONS)
def test_it_is_one_and_the_distance_to_the_target(actual, target, direction):
    if target == 0:
        return
    better = actual - target if direction == "up" else target - actual

    assert attained(actual, target, direction) == pytest.approx(
        float(1 + Fraction(better) / abs(Fraction(target)))
    )


@given(MONEYS, MONEYS, MONEYS, DIRECTIONS)
def test_better_never_attains_less(one, other, target, direction):
    if None in (one, other, target):
        return
    better, worse = (
        (max(one, other), min(one, other)) if direction == "up" else (min(one, other), max(one, other))
    )
    if (high := attained(better, target, direction)) is not None:
        assert high >= attained(worse, target, direction)


@pytest.mark.parametrize(
    ("case", "actual", "target", "direction", "due", "colour"),
    [
        ("on pace", 50, 100, "up", Fraction(1, 2), "green"),
        ("just behind", 49, 100, "up", Fraction(1, 2), "amber"),
        ("eight tenths of pace is still amber", 40, 100, "up", Fraction(1, 2), "amber"),
        ("behind", 39, 100, "up", Fraction(1, 2), "red"),
        ("a closed period is held against all of it", 90, 100, "up", Fraction(1), "amber"),
        ("nothing is due yet", 5, 100, "up", Fraction(0), None),
        ("nothing is due yet, and one complaint there", 1, 10, "down", Fraction(0), None),
        ("no target", 5, None, "up", Fraction(1, 2), None),
        ("half the complaints at half time", 5, 10, "down", Fraction(1, 2), "green"),
        ("nearly all of them at half time", 9, 10, "down", Fraction(1, 2), "red"),
    ],
)
def test_light_by_example(case, actual, target, direction, due, colour):
    actual, target = exact(actual), exact(target)

    assert light(standing(actual, target, direction, due=due)) == colour, case
    lit = column(lambda a, t: light_column(standing_column(a, t, direction, due=float(due))), actual, target)
    assert lit == colour, case


def test_each_metric_may_have_its_own_lights():
    strict = Lights(Decimal("1.05"), Decimal("0.95"))

    assert [light(x, strict) for x in (1.05, 1.0, 0.94)] == ["green", "amber", "red"]
    with pytest.raises(ValueError, match="amber starts at 2, above green at 1"):
        Lights(Decimal(1), Decimal(2))


@pytest.mark.parametrize("starts", ["0.95", "0.7", "0.8", "0.9", "1.05", "1.1"])
def test_a_colour_begins_exactly_where_it_starts(starts):
    """Some of these are stored a little below the decimal as a float: that is no miss."""
    green, amber = Lights(Decimal(starts), Decimal(0)), Lights(Decimal(2), Decimal(starts))
    standing = float(starts)

    assert (light(standing, green), light(standing, amber)) == ("green", "amber")
    lit = column(lambda a, t: light_column(attainment(a, t), amber), Decimal(starts), Decimal(1))
    assert lit == "amber"


@pytest.mark.parametrize(
    ("case", "standing", "change", "asks"),
    [
        ("within ten percent", 0.92, 0.1, False),
        ("too low", 0.89, None, True),
        ("too high asks as well", 1.11, None, True),
        ("a jump on last period", 1.0, -0.4, True),
        ("nothing known", None, None, False),
    ],
)
def test_asks_why(case, standing, change, asks):
    assert asks_why(standing, change) is asks, case


def test_is_doubted_above_ten_times_the_target_alone():
    cases = (None, 0, 10, Fraction(10001, 1000))
    assert [doubtful(each) for each in cases] == [False, False, False, True]
