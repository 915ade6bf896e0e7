"""An edit moves only what it touches, says what moved, and keeps every sum."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine.allocation.axis import tree
from dabiao.engine.allocation.cascade import Order, cascade
from dabiao.engine.allocation.change import Move, NothingToEdit, edited
from dabiao.engine.allocation.conflict import Conflict
from dabiao.engine.allocation.ledger import held_back, ledger_of
from dabiao.engine.allocation.limits import Limit, lock

ORG = tree(
    "org",
    {"co": None, "north": "co", "south": "co", "ann": "north", "bo": "north", "cy": "north", "di": "south"},
)
QUARTERS = tree("period", {"2027": None} | {f"2027-Q{n}": "2027" for n in (1, 2, 3, 4)})
EVEN = np.ones((4, 4))


@pytest.fixture
def handed():
    """400 each: ann, bo, cy, di; 100 a quarter."""
    return cascade(Order(1600, ORG, (QUARTERS,), EVEN))


class TestEdited:
    def test_shares_the_difference_among_the_siblings_of_that_period(self, handed):
        change = edited(handed, "ann", ("2027-Q2",), 140)

        assert change.moved == (
            Move("ann", ("2027-Q2",), 100, 140),
            Move("bo", ("2027-Q2",), 100, 80),
            Move("cy", ("2027-Q2",), 100, 80),
        )
        assert change.cascade.order.limits == (lock("ann", "2027-Q2", value=140),)

    def test_leaves_what_is_locked(self, handed):
        once = edited(handed, "bo", ("2027-Q2",), 100).cascade
        assert [move.scope for move in edited(once, "ann", ("2027-Q2",), 140).moved] == ["ann", "cy"]

    def test_leaves_a_sibling_whose_year_is_locked(self):
        limited = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (lock("bo", value=400),)))
        assert [move.scope for move in edited(limited, "ann", ("2027-Q2",), 140).moved] == ["ann", "cy"]

    def test_spreads_a_year_over_its_quarters_in_their_proportions(self, handed):
        change = edited(handed, "ann", (), 440)
        assert change.cascade.amounts[ORG.position("ann")].tolist() == [110] * 4

    def test_hands_a_units_new_amount_down_to_its_people(self, handed):
        change = edited(handed, "south", ("2027-Q1",), 160)
        moved = {move.scope: move.after for move in change.moved}

        assert moved == {"south": 160, "di": 160, "north": 240, "ann": 80, "bo": 80, "cy": 80}

    def test_may_be_absorbed_by_a_unit_further_up(self, handed):
        change = edited(handed, "di", ("2027-Q1",), 160, held_by="co")
        assert {move.scope for move in change.moved} == {"di", "south", "north", "ann", "bo", "cy"}

    def test_keeps_a_reserve_where_it_is(self):
        kept = {"north": Fraction(1, 10)}
        before = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (), kept))
        after = edited(before, "ann", ("2027-Q2",), 140).cascade

        assert ledger_of(ORG, (QUARTERS,), after.amounts, kept) == ledger_of(
            ORG, (QUARTERS,), before.amounts, kept
        )

    def test_what_is_already_so_moves_nothing(self, handed):
        assert edited(handed, "ann", ("2027-Q2",), 100).moved == ()

    def test_starts_evenly_where_everybody_had_nothing(self):
        weights = EVEN.copy()
        weights[:3, 0] = 0
        before = cascade(Order(1600, ORG, (QUARTERS,), weights))
        after = edited(before, "north", ("2027-Q1",), 30).cascade
        assert after.leaves[:3, 0].tolist() == [10, 10, 10]

    def test_refuses_what_the_holder_does_not_have(self, handed):
        with pytest.raises(Conflict, match="hand down at least 301, 1 more"):
            edited(handed, "ann", ("2027-Q2",), 301)

    def test_names_the_lock_that_leaves_no_room(self, handed):
        once = edited(handed, "bo", ("2027-Q2",), 150).cascade
        with pytest.raises(Conflict) as refused:
            edited(once, "ann", ("2027-Q2",), 200)
        assert refused.value.short == 50

    def test_refuses_to_break_a_limit_of_its_own_year(self):
        limited = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (Limit("ann", high=400),)))
        with pytest.raises(Conflict, match="ann at most 400"):
            edited(limited, "ann", ("2027-Q2",), 140)

    def test_stays_inside_a_limit_of_its_own_year(self):
        limited = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (Limit("ann", high=500),)))
        assert edited(limited, "ann", ("2027-Q2",), 140).cascade.amounts[ORG.position("ann")].sum() == 440

    def test_counts_a_reserve_out_of_the_room(self):
        before = cascade(Order(1600, ORG, (QUARTERS,), EVEN, (), {"north": Fraction(1, 10)}))
        with pytest.raises(Conflict) as refused:
            edited(before, "ann", ("2027-Q2",), 271)
        assert refused.value.short == 1

    @pytest.mark.parametrize(("scope", "held_by"), [("co", None), ("di", "north")])
    def test_refuses_where_nobody_above_holds_it(self, handed, scope, held_by):
        with pytest.raises(NothingToEdit):
            edited(handed, scope, ("2027-Q2",), 1, held_by=held_by)

    def test_refuses_a_cell_without_a_target(self):
        weights = EVEN.copy()
        weights[0, 1] = np.nan
        before = cascade(Order(1600, ORG, (QUARTERS,), weights))
        with pytest.raises(NothingToEdit, match="null"):
            edited(before, "ann", ("2027-Q2",), 5)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_edit_keeps_every_sum_and_touches_nothing_outside(data):
    weights = np.array(data.draw(st.lists(st.integers(0, 9), min_size=16, max_size=16))).reshape(4, 4) + 0.0
    weights[3] += 1
    before = cascade(Order(data.draw(st.integers(0, 400)), ORG, (QUARTERS,), weights))
    scope = data.draw(st.sampled_from(["ann", "bo", "cy", "di", "north", "south"]))
    at = (data.draw(st.sampled_from(QUARTERS.keys)),)
    try:
        change = edited(
            before, scope, at, data.draw(st.integers(0, 60)), held_by=data.draw(st.sampled_from([None, "co"]))
        )
    except Conflict:
        return
    after = change.cascade
    assert not held_back(ORG, after.amounts).any()
    assert after.amounts[0].tolist() == before.amounts[0].tolist()
    assert (after.amounts >= 0).all()
    named = {(move.scope, move.at) for move in change.moved}
    for row, column in np.argwhere(after.amounts != before.amounts).tolist():
        assert (ORG.keys[row], (QUARTERS.leaf_keys[column],)) in named
