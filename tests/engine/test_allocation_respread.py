"""A published calendar moves amounts inside their periods and nothing else."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine.allocation.axis import tree
from dabiao.engine.allocation.cascade import Order, cascade
from dabiao.engine.allocation.ledger import held_back
from dabiao.engine.allocation.limits import lock
from dabiao.engine.allocation.respread import respread

ORG = tree("org", {"co": None, "north": "co", "south": "co", "ann": "north", "bo": "north", "di": "south"})
WEEKS = tree(
    "period",
    {"2027": None, "2027-01": "2027", "2027-02": "2027"}
    | dict.fromkeys(("2027-W01", "2027-W02", "2027-W03", "2027-W04"), "2027-01")
    | dict.fromkeys(("2027-W05", "2027-W06", "2027-W07"), "2027-02"),
)
FIVE_DAYS = np.full((3, 7), 5.0)


def test_a_holiday_week_gives_its_amount_to_the_weeks_beside_it():
    before = cascade(Order(4200, ORG, (WEEKS,), FIVE_DAYS))
    published = FIVE_DAYS.copy()
    published[:, 5] = 0
    after = respread(before, ["2027-02"], published)

    assert after.leaves[0].tolist() == [200, 200, 200, 200, 300, 0, 300]
    assert after.amounts[0].tolist() == [600, 600, 600, 600, 900, 0, 900]


def test_everybody_keeps_the_shape_of_the_calendar_however_large_their_total():
    weights = FIVE_DAYS * np.array([[1], [3], [2]])
    before = cascade(Order(42_000, ORG, (WEEKS,), weights))
    after = respread(before, ["2027-01"], np.tile([1.0, 2, 3, 4, 5, 5, 5], (3, 1)))

    assert after.leaves[0, :4].tolist() == [400, 800, 1200, 1600]
    assert after.leaves[1, :4].tolist() == [1200, 2400, 3600, 4800]


def test_a_lock_inside_the_period_and_a_reserve_stay():
    order = Order(
        4200, ORG, (WEEKS,), FIVE_DAYS, (lock("ann", "2027-W06", value=150),), {"co": Fraction(1, 10)}
    )
    before = cascade(order)
    after = respread(before, ["2027-01", "2027-02"], np.tile([1.0, 2, 3, 4, 0, 5, 5], (3, 1)))

    assert after.leaves[0, 5] == 150
    assert held_back(ORG, after.amounts)[0].sum() == 420
    assert not held_back(ORG, after.amounts)[1:].any()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_total_of_a_period_moves(data):
    cells = st.lists(st.integers(0, 9), min_size=21, max_size=21)
    weights = np.array(data.draw(cells), dtype=np.float64).reshape(3, 7)
    weights[0, 0] += 1
    kept = {"north": data.draw(st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(-1, 10)]))}
    before = cascade(Order(data.draw(st.integers(0, 3000)), ORG, (WEEKS,), weights, (), kept))
    after = respread(before, ["2027-01", "2027-02"], np.array(data.draw(cells)).reshape(3, 7))

    months = [slice(0, 4), slice(4, 7)]
    for month in months:
        assert after.amounts[:, month].sum(axis=1).tolist() == before.amounts[:, month].sum(axis=1).tolist()
    assert not held_back(ORG, after.amounts)[[0, ORG.position("south")]].any()
    assert (after.amounts >= 0).all()
