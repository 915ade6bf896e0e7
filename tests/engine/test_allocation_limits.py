"""Limits are respected, or refused with the reason; null is not zero; the ledger says who holds the rest."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from dabiao.engine.allocation import cascade as cascade_module
from dabiao.engine.allocation.axis import flat, tree
from dabiao.engine.allocation.cascade import BadShare, Order, cascade
from dabiao.engine.allocation.conflict import Conflict
from dabiao.engine.allocation.handdown import NothingToShareBy
from dabiao.engine.allocation.ledger import LedgerLine, ledger_of
from dabiao.engine.allocation.limits import Limit, NotPromised, lock, span_of
from dabiao.engine.allocation.whole import MOST_CELLS, NotFound, rounded_within
from dabiao.engine.allocation.within import Stuck

ORG = tree(
    "org",
    {"co": None, "north": "co", "south": "co", "ann": "north", "bo": "north", "cy": "south", "di": "south"},
)
QUARTERS = tree("period", {"2027": None} | {f"2027-Q{n}": "2027" for n in (1, 2, 3, 4)})
GOODS = tree("product", {"all": None, "bikes": "all", "parts": "all", "bells": "parts", "tyres": "parts"})
EVEN = np.ones((4, 4))


def amounts(result, scope, *at):
    span = slice(*span_of(Limit(scope, at), result.order.columns))
    return int(result.amounts[result.order.scope.position(scope), span].sum())


@pytest.mark.parametrize(
    ("case", "limits", "expected"),
    [
        (
            "a locked person gets the lock, the rest of the team shares the rest, other teams stay",
            [lock("ann", value=100)],
            {"ann": 100, "bo": 300, "cy": 200, "di": 200},
        ),
        (
            "a minimum lifts one and leaves the others in proportion",
            [Limit("ann", low=280)],
            {"ann": 280, "bo": 120, "cy": 200, "di": 200},
        ),
        (
            "a maximum inside its team's share changes nothing outside the team",
            [Limit("cy", high=50)],
            {"cy": 50, "di": 350, "ann": 200, "bo": 200},
        ),
        (
            "a minimum that the team's share cannot carry lifts the team",
            [Limit("ann", low=450)],
            {"ann": 450, "bo": 0, "cy": 175, "di": 175},
        ),
        (
            "a limit that does not bind changes nothing",
            [Limit("ann", low=10, high=900)],
            dict.fromkeys(("ann", "bo", "cy", "di"), 200),
        ),
    ],
)
def test_limits_of_one_direction(case, limits, expected):
    order = Order(800, ORG, (), np.ones((4, 1)), tuple(limits))
    result = cascade(order)

    assert {key: amounts(result, key) for key in expected} == expected, case


def test_a_locked_cell_leaves_every_total_where_it_was():
    free = cascade(Order(1600, ORG, (QUARTERS,), EVEN))
    locked = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (lock("ann", "2027-Q2", value=160),)))

    assert amounts(locked, "ann", "2027-Q2") == 160
    assert locked.amounts.sum(axis=1).tolist() == free.amounts.sum(axis=1).tolist()
    assert locked.amounts[0].tolist() == free.amounts[0].tolist()
    assert locked.amounts[2].tolist() == [80, 160, 80, 80]


def test_a_negative_amount_respects_its_limits_too():
    result = cascade(Order(-800, ORG, (), np.ones((4, 1)), (lock("ann", value=-100),)))
    assert [amounts(result, key) for key in ("ann", "bo", "cy", "di")] == [-100, -300, -200, -200]


class TestNull:
    def test_a_cell_without_a_target_gets_nothing_and_says_so(self):
        weights = EVEN.copy()
        weights[0, 0] = np.nan
        result = cascade(Order(1600, ORG, (QUARTERS,), weights))

        assert result.order.closed[0, 0]
        assert result.leaves[0].tolist()[0] == 0
        assert result.amounts.sum() == 3 * 1600

    def test_a_weight_of_zero_is_a_target_of_zero(self):
        weights = EVEN.copy()
        weights[0, 0] = 0
        result = cascade(Order(1600, ORG, (QUARTERS,), weights))

        assert not result.order.closed.any()
        assert result.leaves[0, 0] == 0

    def test_nobody_with_a_target_is_nobody_to_hand_down_to(self):
        with pytest.raises(NothingToShareBy):
            cascade(Order(10, ORG, (QUARTERS,), np.full((4, 4), np.nan)))

    def test_a_minimum_where_there_is_no_target_is_a_conflict(self):
        weights = EVEN.copy()
        weights[0, 0] = np.nan
        with pytest.raises(Conflict, match="ann 2027-Q1"):
            cascade(Order(1600, ORG, (QUARTERS,), weights, (Limit("ann", ("2027-Q1",), low=5),)))


class TestConflict:
    def conflict(self, amount, *limits, kept=None):
        with pytest.raises(Conflict) as caught:
            cascade(Order(amount, ORG, (QUARTERS,), EVEN, limits, kept or {}))
        return caught.value

    def test_names_the_smallest_conflict_and_no_bystander(self):
        bystander = Limit("di", low=1)
        found = self.conflict(
            1000,
            bystander,
            Limit("north", high=300),
            Limit("ann", low=200),
            Limit("bo", ("2027-Q1",), low=150),
        )

        assert bystander not in found.limits
        assert set(map(str, found.limits)) == {
            "limit north at most 300",
            "limit ann at least 200",
            "limit bo 2027-Q1 at least 150",
        }
        assert found.short == 50

    def test_says_the_least_change_and_the_amount_that_would_do(self):
        found = self.conflict(1000, lock("ann", value=700), lock("cy", value=400))

        assert [(change.by, change.allow) for change in found.changes] in ([(100, 300)], [(100, 600)])
        assert (found.least, found.most) == (1100, None)
        assert "hand down at least 1100, 100 more" in str(found)

    def test_says_the_most_that_can_be_handed_down(self):
        found = self.conflict(1000, *(Limit(key, high=200) for key in ("ann", "bo", "cy", "di")))

        assert (found.least, found.most, found.short) == (0, 800, 200)
        assert "at most 800, 200 less" in str(found)

    def test_no_amount_would_do_where_limits_contradict_each_other(self):
        found = self.conflict(1000, lock("ann", value=100), Limit("ann", ("2027-Q1",), low=150))

        assert (found.least, found.most, found.short) == (None, None, 50)

    def test_counts_the_reserve_between_a_minimum_and_the_whole(self):
        found = self.conflict(1000, Limit("ann", low=950), kept={"co": Fraction(1, 10)})
        assert found.short == 50


def test_a_margin_that_is_not_promised_is_refused_with_the_mend():
    with pytest.raises(NotPromised, match="put product first"):
        cascade(
            Order(100, ORG, (QUARTERS, GOODS), np.ones((4, 12)), (Limit("ann", ("2027", "bikes"), low=5),))
        )


class TestKept:
    def test_a_reserve_stays_with_its_holder_and_every_sum_holds(self):
        kept = {"co": Fraction(1, 10), "north": Fraction(15, 100)}
        result = cascade(Order(100_003, ORG, (QUARTERS,), EVEN, (), kept))
        ledger = ledger_of(ORG, (QUARTERS,), result.amounts, kept)

        assert sum(entry.value for entry in ledger if entry.scope == "co") == 10_000
        assert {entry.kind for entry in ledger} == {"reserve"}
        assert result.leaves.sum() + sum(entry.value for entry in ledger) == 100_003

    def test_over_assignment_is_on_the_ledger_with_a_minus(self):
        kept = {"north": Fraction(-1, 10)}
        result = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (), kept))

        assert amounts(result, "ann") + amounts(result, "bo") == 880
        assert amounts(result, "north") == 800
        assert ledger_of(ORG, (QUARTERS,), result.amounts, kept) == tuple(
            LedgerLine("north", "over-assigned", (f"2027-Q{n}",), -20) for n in (1, 2, 3, 4)
        )

    def test_a_half_unit_of_reserve_is_kept(self):
        result = cascade(Order(5, ORG, (), np.ones((4, 1)), (), {"co": Fraction(1, 10)}))
        assert result.leaves.sum() == 4

    @pytest.mark.parametrize(
        ("key", "share"), [("co", Fraction(1)), ("co", Fraction(-2)), ("ann", Fraction(1, 10))]
    )
    def test_a_share_that_makes_no_sense_is_refused(self, key, share):
        with pytest.raises(BadShare):
            cascade(Order(5, ORG, (), np.ones((4, 1)), (), {key: share}))

    def test_what_was_not_asked_for_is_called_by_its_own_name(self):
        table = np.array([[10], [6], [5], [5], [2], [2], [0]])
        assert ledger_of(ORG, (), table) == (
            LedgerLine("co", "unallocated", (), 2),
            LedgerLine("north", "over-allocated", (), -4),
        )


# Random limits around a table that exists: they can be met, and must be.


@st.composite
def limited(draw):
    columns = draw(st.sampled_from([(QUARTERS,), (flat("period", ["1", "2"]), GOODS)]))
    width = int(np.prod([len(axis.leaves) for axis in columns]))
    cells = st.lists(st.integers(0, 30), min_size=4 * width, max_size=4 * width)
    held = np.array(draw(cells)).reshape(4, width)
    weights = np.array(draw(cells), dtype=np.float64).reshape(4, width)
    weights[(held == 0) & (weights > 25)] = np.nan
    if not np.nansum(weights):
        weights[~np.isnan(weights)] = 1
    full = ORG.rolled_up(held.T).T
    limits = []
    for _ in range(draw(st.integers(1, 7))):
        at = [draw(st.sampled_from(columns[0].keys))]
        if len(columns) > 1 and at[0] in columns[0].leaf_keys:
            at.append(draw(st.sampled_from(columns[1].keys)))
        where = Limit(draw(st.sampled_from(ORG.keys)), tuple(at))
        value = int(full[ORG.position(where.scope), slice(*span_of(where, columns))].sum())
        low, high = draw(st.sampled_from([(value, value), (value, None), (None, value)]))
        limits.append(Limit(where.scope, where.at, low, high))
    return Order(int(held.sum()), ORG, columns, weights, tuple(limits))


@settings(max_examples=200, deadline=None)
@given(limited())
def test_limits_that_can_be_met_are_met_and_every_sum_holds(order):
    try:
        result = cascade(order)
    except NotFound:
        pytest.fail("a table existed and was not found")

    assert result.amounts[0].sum() == order.amount
    assert (result.amounts >= 0).all()
    assert not result.leaves[order.closed].any()
    assert ledger_of(ORG, order.columns, result.amounts) == ()
    for limit in order.limits:
        value = amounts(result, limit.scope, *limit.at)
        assert limit.low is None or value >= limit.low, str(limit)
        assert limit.high is None or value <= limit.high, str(limit)


@settings(max_examples=60, deadline=None)
@given(limited(), st.data())
def test_a_conflict_is_real_and_its_change_mends_it(order, data):
    """Tighten one limit at random; whatever is refused is handed down once the named change is made."""
    index = data.draw(st.integers(0, len(order.limits) - 1))
    old = order.limits[index]
    tight = lock(old.scope, *old.at, value=(old.low or old.high or 0) + data.draw(st.integers(1, 40)))
    limits = [*order.limits[:index], tight, *order.limits[index + 1 :]]
    note(f"{order.amount} by {order.weights.tolist()} within {limits}")
    try:
        cascade(Order(order.amount, ORG, order.columns, order.weights, tuple(limits)))
    except Conflict as refused:
        mended = list(limits)
        for change in refused.changes:
            at = mended.index(change.limit)
            low, high = change.limit.low, change.limit.high
            if low is not None and change.allow < low:
                mended[at] = Limit(change.limit.scope, change.limit.at, change.allow, high)
            else:
                mended[at] = Limit(change.limit.scope, change.limit.at, low, change.allow)
        cascade(Order(order.amount, ORG, order.columns, order.weights, tuple(mended)))


def test_when_the_steps_end_without_room_the_weights_are_bent_first():
    """Bo has no weight where a minimum asks for four, and the column that could give way is held by a lock."""
    org, thirds = flat("org", ["ann", "bo", "cy"], "co"), flat("period", ["1", "2", "3"], "all")
    weights = np.array([[3.0, 1, 4], [0, 3, 0], [0, 1, 4]])
    limits = (Limit("bo", ("1",), low=4), lock("ann", "3", value=1))
    result = cascade(Order(15, org, (thirds,), weights, limits))

    assert ledger_of(org, (thirds,), result.amounts) == ()
    assert result.amounts[0].sum() == 15
    assert (amounts(result, "bo", "1") >= 4, amounts(result, "ann", "3")) == (True, 1)


@pytest.mark.parametrize(
    ("case", "amount", "weights", "limits"),
    [
        (
            "one team takes all but not in the quarter that even shares would give it",
            5,
            EVEN,
            (Limit("south", ("2027",), low=5), lock("south", "2027-Q1", value=1)),
        ),
        (
            "a single unit has one place to go",
            1,
            np.array([[np.nan, 1, 0, 2], [np.nan, np.nan, np.nan, 0], [2, 2, np.nan, 0], [2, 0, np.nan, 1]]),
            (Limit("di", ("2027-Q2",), high=0), Limit("south", ("2027",), high=0)),
        ),
    ],
)
def test_small_knots_are_untied(case, amount, weights, limits):
    result = cascade(Order(amount, ORG, (QUARTERS,), weights, limits))

    assert ledger_of(ORG, (QUARTERS,), result.amounts) == ()
    assert result.leaves.sum() == amount
    for limit in limits:
        value = amounts(result, limit.scope, *limit.at)
        assert (limit.low or 0) <= value <= (amount if limit.high is None else limit.high), case


def test_what_is_stuck_twice_is_rounded_as_a_whole(monkeypatch):
    def stuck(*args, **kwargs):
        raise Stuck(0, (0, 1))

    monkeypatch.setattr(cascade_module, "hand_down", stuck)
    result = cascade(Order(1000, ORG, (QUARTERS,), EVEN, (lock("ann", "2027-Q1", value=7),)))

    assert ledger_of(ORG, (QUARTERS,), result.amounts) == ()
    assert (result.amounts[0].sum(), amounts(result, "ann", "2027-Q1")) == (1000, 7)


class TestRoundedWithin:
    """The last resort, reached when limits lie so tight that the steps end without room."""

    HALVES = np.full((4, 4), 2.5)

    def test_every_cell_is_rounded_and_every_limit_holds(self):
        limits = (Limit("ann", high=8), Limit("bo", ("2027-Q1",), low=3))
        found = rounded_within(40, ORG, (QUARTERS,), limits, self.HALVES)

        assert found.sum() == 40
        assert set(found.ravel().tolist()) == {2, 3}
        assert found[0].sum() == 8
        assert found[1, 0] == 3

    def test_says_when_no_whole_numbers_would_do(self):
        with pytest.raises(NotFound, match="whole units"):
            rounded_within(40, ORG, (QUARTERS,), (Limit("ann", high=7),), self.HALVES)

    def test_does_not_try_what_would_take_hours(self):
        with pytest.raises(NotFound, match="in parts"):
            rounded_within(40, ORG, (QUARTERS,), (), np.zeros((4, MOST_CELLS)))
