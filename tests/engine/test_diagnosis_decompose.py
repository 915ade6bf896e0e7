"""A gap's contributions sum to it to the last digit, whatever the members are like."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.diagnosis import Member, NoRatio, decompose
from dabiao.engine.diagnosis.decompose import apportioned
from dabiao.engine.diagnosis.waterfall import by_cause, by_effect
from dabiao.engine.number import decimal_of

D = Decimal


def members(text):
    """name part expected_part whole expected_whole, one a line."""
    rows = [line.split() for line in text.strip().splitlines()]
    return [Member(name, *(D(value) for value in values)) for name, *values in rows]


def test_a_sum_is_its_members_differences():
    found = decompose(members("East 70 100\nWest 55 50"), "sum")

    assert (found.actual, found.expected, found.gap) == (D(125), D(150), D(-25))
    assert [one.total for one in found.contributions] == [D(-30), D(5)]


def test_a_ratio_separates_a_worse_rate_from_a_worse_mix():
    """Web wins 20 % as always, but makes up half instead of a fifth; Fair wins 50 % instead of 60 %."""
    found = decompose(members("Web 10 4 50 20\nFair 25 48 50 80"), "ratio")

    assert found.gap == D("-0.17")
    web, fair = found.contributions
    assert (web.rate, web.mix) == (D(0), D("-0.096"))
    assert (fair.rate, fair.mix) == (D("-0.05"), D("-0.024"))
    assert found.rate + found.mix == found.gap


def test_a_product_separates_volume_mix_and_rate():
    """Twice as many orders, all of the cheap kind, which got a tenth dearer."""
    found = decompose(members("Cheap 440 100 40 10\nDear 0 300 0 10"), "product")

    assert (found.volume, found.mix, found.rate) == (D(400), D(-400), D(40))
    assert [one.total for one in found.contributions] == [D(340), D(-300)]


@pytest.mark.parametrize(
    ("case", "rows", "contributions"),
    [
        (
            "a new member is measured against everybody's rate",
            "Old 50 50 100 100\nNew 90 0 100 0",
            ["0", "0.2"],
        ),
        (
            "a member that left takes its mix with it",
            "Stays 50 50 100 100\nLeft 0 90 0 100",
            ["-0.1", "-0.1"],
        ),
        ("a part without a whole counts in full", "Paid 50 50 100 100\nExtra 10 0 0 0", ["0", "0.1"]),
    ],
)
def test_members_that_come_and_go(case, rows, contributions):
    found = decompose(members(rows), "ratio")

    assert [one.total for one in found.contributions] == [D(value) for value in contributions], case


def test_members_say_whether_they_arrived_or_left():
    new, gone, none = members("New 9 0\nGone 0 9\nNone 0 0")

    assert (new.arrived, new.left, gone.arrived, gone.left) == (True, False, False, True)
    assert not none.arrived and not none.left


@pytest.mark.parametrize("rows", ["A 1 1 0 1", "A 1 1 1 0"])
def test_a_ratio_without_a_whole_is_refused(rows):
    with pytest.raises(NoRatio, match="whole of the ratio is zero"):
        decompose(members(rows), "ratio")


def test_a_product_that_nobody_expected_is_volume():
    found = decompose(members("A 30 0 3 0"), "product")

    assert (found.volume, found.mix, found.rate) == (D(30), D(0), D(0))


amounts = st.decimals(-1_000_000, 1_000_000, places=4) | st.just(D(0))
some = st.lists(st.builds(Member, st.just(""), amounts, amounts, amounts, amounts), min_size=1, max_size=12)


@given(some)
def test_the_contributions_to_a_sum_or_product_are_each_members_own_change(rows):
    for kind in ("sum", "product"):
        found = decompose(rows, kind)
        assert [one.total for one in found.contributions] == [one.part - one.expected_part for one in rows]
        assert sum((one.total for one in found.contributions), D(0)) == found.gap


@given(some)
def test_the_contributions_to_a_ratio_sum_to_its_gap(rows):
    """Against the plain fraction, worked out apart."""
    whole, then = (
        sum(map(Fraction, side)) for side in ([r.whole for r in rows], [r.expected_whole for r in rows])
    )
    if not whole or not then:
        return
    gap = sum(Fraction(r.part) for r in rows) / whole - sum(Fraction(r.expected_part) for r in rows) / then
    found = decompose(rows, "ratio")

    assert sum((one.total for one in found.contributions), D(0)) == found.gap == found.actual - found.expected
    assert abs(Fraction(found.gap) - gap) <= Fraction(1, 2_000_000)
    for row, line in zip(rows, found.contributions, strict=True):
        overall = sum(Fraction(r.expected_part) for r in rows) / then
        own = Fraction(row.part) / whole - Fraction(row.expected_part) / then
        own -= overall * (Fraction(row.whole) / whole - Fraction(row.expected_whole) / then)
        assert abs(Fraction(line.total) - own) < Fraction(3, 1_000_000)


@given(st.lists(st.fractions(-100, 100), min_size=1, max_size=9), st.integers(0, 6))
def test_apportioning_keeps_each_part_within_a_unit(ideals, digits):
    total = decimal_of(sum(ideals), digits)
    parts = apportioned(ideals, total, digits)

    assert sum(parts, D(0)) == total
    assert all(
        abs(Fraction(part) - ideal) <= Fraction(1, 10**digits)
        for part, ideal in zip(parts, ideals, strict=True)
    )


def test_waterfalls_lead_from_expected_to_actual():
    found = decompose(members("Cheap 440 100 40 10\nDear 0 300 0 10"), "product")

    assert [(bar.name, bar.height) for bar in by_cause(found)] == [
        ("expected", D(400)), ("Cheap", D(340)), ("Dear", D(-300)), ("actual", D(440)),
    ]  # fmt: skip
    effects = by_effect(found)
    assert [bar.name for bar in effects] == ["expected", "volume", "mix", "rate", "actual"]
    assert effects[-2].end == effects[-1].end == D(440)
    assert [bar.total for bar in effects] == [True, False, False, False, True]
