"""Handing down is exact in every direction, the closest possible, and forgets the order of its input."""

from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dabiao.engine.allocation.axis import Axis, NoSuchKey, NotATree, flat, single, tree
from dabiao.engine.allocation.cascade import Order, cascade
from dabiao.engine.allocation.handdown import NothingToShareBy, Rules, TooLarge, hand_down
from dabiao.engine.allocation.rounding import Bounds, Ideal, nearest, share_of, whole_weights
from dabiao.engine.allocation.within import Stuck

YEAR = tree(
    "period",
    {"2027": None}
    | {f"2027-Q{quarter}": "2027" for quarter in range(1, 5)}
    | {f"2027-{month:02}": f"2027-Q{(month + 2) // 3}" for month in range(1, 13)},
)


def leaves_of(axis: Axis, table):
    return table[axis.leaves]


@pytest.mark.parametrize(
    ("case", "amount", "weights", "parts"),
    [
        ("twelve equal months: the odd unit goes to the first", 700273, [1] * 12, [58357, *[58356] * 11]),
        ("a hundred over three: the first key gets the odd one", 100, [1, 1, 1], [34, 33, 33]),
        ("99.99 split 75 to 25, in cents", 9999, [75, 25], [7499, 2500]),
        ("the largest remainder, not the largest weight, gets it", 10, [33, 33, 34], [3, 3, 4]),
        ("a weight of zero gets nothing", 7, [0, 1, 1], [0, 4, 3]),
        ("nothing to hand down", 0, [1, 2], [0, 0]),
        ("a negative amount is its opposite handed down", -100, [1, 1, 1], [-34, -33, -33]),
        ("nine thousand million million units stay exact", 2**53 - 1, [1, 1], [2**52, 2**52 - 1]),
    ],
)
def test_one_direction(case, amount, weights, parts):
    keys = [f"{number:02}" for number in range(len(weights))]
    order = Order(amount, flat("period", keys), (), np.array(weights)[:, None])

    assert cascade(order).amounts[:, 0].tolist() == [amount, *parts], case


def test_two_directions_both_sum_and_each_margin_is_itself_a_largest_remainder():
    org = flat("org", ["a", "b", "c", "d", "e"])
    table = hand_down(700273, org, [YEAR], np.ones((5, 12), dtype=np.int64))

    assert leaves_of(org, table).sum(axis=0).tolist() == table[0].tolist()
    assert table.sum(axis=1).tolist() == [700273, 140055, 140055, 140055, 140054, 140054]
    assert table[0].tolist() == [58357, *[58356] * 11]
    assert set(leaves_of(org, table).ravel().tolist()) == {11671, 11672}


def test_a_product_beyond_64_bits_is_divided_exactly():
    base, weight, whole = 2**52 + 12345, 2**50 - 77, 2**51 + 3
    ideal = share_of(np.array([base]), np.array([weight]), np.array([whole]))

    assert ideal.units[0] == base * weight // whole
    assert ideal.remainder[0] == pytest.approx(float(Fraction(base * weight, whole) % 1), abs=1e-15)


@pytest.mark.parametrize(
    ("case", "parents", "says"),
    [
        ("no root", {"a": "b", "b": "a"}, "exactly one root"),
        ("two roots", {"a": None, "b": None}, "exactly one root, it has 2: a, b"),
        ("an unknown parent", {"a": None, "b": "x"}, "not listed: x"),
        ("a circle beside the root", {"a": None, "b": "c", "c": "b"}, "circle: b, c"),
    ],
)
def test_what_is_not_a_tree_is_refused(case, parents, says):
    with pytest.raises(NotATree, match=says):
        tree("org", parents)


def test_a_key_twice_is_refused():
    with pytest.raises(NotATree, match="twice"):
        flat("org", ["a", "a"])


def test_an_amount_without_any_weight_is_refused():
    with pytest.raises(NothingToShareBy):
        hand_down(5, flat("org", ["a", "b"]), [], np.zeros((2, 1), dtype=np.int64))


def test_an_amount_too_large_to_stay_exact_is_refused():
    with pytest.raises(TooLarge):
        hand_down(2**53, flat("org", ["a", "b"]), [], np.ones((2, 1), dtype=np.int64))


@pytest.mark.parametrize("bad", [[-1.0, 2.0], [np.inf, 1.0]])
def test_a_weight_that_is_no_share_is_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        whole_weights(np.array(bad))


def test_weights_keep_their_integers_and_scale_fractions():
    assert whole_weights(np.array([75, 25])).tolist() == [75, 25]
    assert whole_weights(np.array([0.5, np.nan, 1.5])).tolist() == [2**48, 0, 3 * 2**48]


# Random trees: everything below is checked against sums written out by hand.


@st.composite
def trees(draw, name, most=6):
    """A random tree of up to `most` nodes below the root; a node's parent is any node before it."""
    many = draw(st.integers(0, most))
    parents: dict[str, str | None] = {f"{name}0": None}
    for number in range(1, many + 1):
        parents[f"{name}{number}"] = f"{name}{draw(st.integers(0, number - 1))}"
    return tree(name, parents)


@st.composite
def problems(draw, columns=2):
    org = draw(trees("u"))
    axes = [draw(trees(name, most=4)) for name in ("m", "p")[:columns]]
    width = int(np.prod([len(axis.leaves) for axis in axes], dtype=np.int64))
    many = len(org.leaves) * width
    weights = np.array(draw(st.lists(st.integers(0, 40), min_size=many, max_size=many))).reshape(-1, width)
    amount = draw(st.integers(0, 3000)) if weights.any() else 0
    return amount, org, axes, weights


@settings(deadline=None)
@given(problems())
def test_every_sum_holds(problem):
    amount, org, axes, weights = problem
    table = hand_down(amount, org, axes, weights)

    assert table[0].sum() == amount
    assert (table >= 0).all()
    for position in range(len(org.keys)):
        below = org.children(position)
        if len(below):
            assert table[below].sum(axis=0).tolist() == table[position].tolist()


@settings(deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_rows_makes_no_difference(problem, random: Random):
    amount, org, axes, weights = problem
    shuffled = dict(_shuffled({key: _parent(org, key) for key in org.keys}, random))
    again = tree(org.name, shuffled)

    assert again.keys == org.keys
    assert hand_down(amount, again, axes, weights).tolist() == hand_down(amount, org, axes, weights).tolist()


@settings(deadline=None)
@given(problems())
def test_handing_down_what_was_handed_down_changes_nothing(problem):
    amount, org, axes, weights = problem
    table = hand_down(amount, org, axes, weights)

    if amount:
        again = hand_down(amount, org, axes, leaves_of(org, table))
        assert again.tolist() == table.tolist()


@st.composite
def dense_tables(draw):
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 4))
    weights = draw(st.lists(st.integers(1, 60), min_size=rows * columns, max_size=rows * columns))
    return draw(st.integers(1, 30)), np.array(weights).reshape(rows, columns)


@settings(max_examples=300, deadline=None)
@given(dense_tables())
@example((12, np.array([[58, 3, 32, 55], [19, 12, 9, 35], [24, 53, 14, 44], [6, 23, 44, 9]])))
def test_no_table_of_the_same_sums_is_closer(problem):
    """Brute force: of all tables with the promised sums, none is nearer to amount × weight ÷ all weights."""
    amount, weights = problem
    org, months = (
        flat(name, [str(n) for n in range(many)]) for name, many in zip("op", weights.shape, strict=True)
    )
    table = leaves_of(org, hand_down(amount, org, [months], weights))
    down, across = weights.sum(axis=1).tolist(), weights.sum(axis=0).tolist()

    assert table.sum(axis=1).tolist() == list(split(amount, down))
    assert table.sum(axis=0).tolist() == list(split(amount, across))
    best = closest_by_hand(
        table.sum(axis=1).tolist(), tuple(table.sum(axis=0).tolist()), weights.tolist(), amount
    )
    assert distance(table.tolist(), weights.tolist(), amount) == best


@pytest.mark.parametrize("seed", range(4))
def test_a_long_table_is_as_close_as_a_linear_programme_finds(seed):
    """Eighty people by four quarters: the optimum of a programme with a variable for each unit of each cell."""
    random = np.random.default_rng(seed)
    weights, amount = random.integers(1, 60, (80, 4)), 300
    org, quarters = flat("org", [f"{n:02}" for n in range(80)], "co"), flat("period", list("1234"), "year")
    table = leaves_of(org, hand_down(amount, org, [quarters], weights))

    ideal = weights * amount / weights.sum()
    steps = np.arange(6)
    costs = (2 * steps + 1 - 2 * ideal[..., None]).ravel()
    cells = np.indices((80, 4, 6)).reshape(3, -1)
    rows, columns = (np.arange(many)[:, None] == cells[axis] for axis, many in ((0, 80), (1, 4)))
    sums = np.r_[table.sum(axis=1), table.sum(axis=0)]
    best = linprog(costs, A_eq=np.r_[rows, columns].astype(float), b_eq=sums, bounds=(0, 1))
    assert ((table - ideal) ** 2).sum() == pytest.approx(best.fun + (ideal**2).sum(), abs=1e-6)


def split(amount, weights):
    """The largest remainder with fractions and sorting, written without the engine."""
    ideal = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(share) for share in ideal]
    queue = sorted(range(len(weights)), key=lambda item: (parts[item] - ideal[item], item))
    for item in queue[: amount - sum(parts)]:
        parts[item] += 1
    return parts


def closest_by_hand(rows, columns, weights, amount):
    """The least distance over every table with these sums, row by row over what the columns have left."""
    whole = sum(map(sum, weights))

    @cache
    def least(row, left):
        if row == len(rows):
            return Fraction(0)
        ideal = [Fraction(amount * weight, whole) for weight in weights[row]]
        return min(
            sum((x - a) ** 2 for x, a in zip(cells, ideal, strict=True))
            + least(row + 1, tuple(have - x for have, x in zip(left, cells, strict=True)))
            for cells in compositions(rows[row], left)
        )

    return least(0, columns)


def compositions(total, most):
    if len(most) == 1:
        return [(total,)] if total <= most[0] else []
    return [(x, *rest) for x in range(min(total, most[0]) + 1) for rest in compositions(total - x, most[1:])]


def distance(table, weights, amount):
    whole = sum(map(sum, weights))
    return sum(
        (x - Fraction(amount * w, whole)) ** 2
        for row, ws in zip(table, weights, strict=True)
        for x, w in zip(row, ws, strict=True)
    )


def _parent(axis, key):
    above = axis.parent[axis.position(key)]
    return None if above < 0 else axis.keys[above]


def _shuffled(pairs, random):
    items = list(pairs.items())
    random.shuffle(items)
    return items


def test_one_node_is_root_and_leaf():
    alone = single("org", "me")
    assert hand_down(5, alone, [YEAR], np.ones((1, 12), dtype=np.int64)).sum() == 5


@pytest.mark.parametrize(
    ("case", "units", "remainder", "total", "high", "debt", "given"),
    [
        ("ties go to the smaller key", [0, 0], [0.5, 0.5], 1, [9, 9], None, [1, 0]),
        ("who has nothing left gets no odd unit", [0, 0], [0.5, 0.5], 1, [0, 9], None, [0, 1]),
        ("what is owed from earlier rounds moves up the queue", [0, 0], [0.5, 0.5], 1, [9, 9], [0.0, 0.4], [0, 1]),
        ("who gets whole units has no odd one, whatever is owed", [1, 0, 0], [0.0, 0.5, 0.5], 2, [9, 9, 9], [0.9, 0.0, 0.0], [1, 1, 0]),
    ],
)  # fmt: skip
def test_the_odd_units_go_to(case, units, remainder, total, high, debt, given):
    ideal = Ideal(np.array(units), np.array(remainder))
    owed = None if debt is None else np.array(debt)

    found = nearest(ideal, np.array([total]), np.array([0, len(units)]), np.array(high), owed)
    assert found.tolist() == given, case


def test_an_ideal_far_from_its_total_is_still_met_by_the_nearest_numbers():
    """What is missing goes round by round: nobody gets a third unit before everybody has had a second."""
    ideal = Ideal(np.array([0, 0, 0]), np.array([0.9, 0.5, 0.1]))
    starts, most = np.array([0, 3]), np.array([9, 9, 9])

    assert nearest(ideal, np.array([5]), starts, most).tolist() == [2, 2, 1]
    assert nearest(Ideal(np.array([4, 4, 4]), ideal.remainder), np.array([10]), starts, most).tolist() == [
        4,
        3,
        3,
    ]


def test_families_of_very_different_size_are_rounded_alike():
    """One parent with forty children beside twenty with one: rows of equal length would be mostly empty."""
    parents = {"co": None, "big": "co"} | {f"b{n:02}": "big" for n in range(40)}
    parents |= {f"u{n:02}": "co" for n in range(20)} | {f"p{n:02}": f"u{n:02}" for n in range(20)}
    org = tree("org", parents)
    table = hand_down(1000, org, [YEAR], np.ones((60, 12), dtype=np.int64))

    big = table[org.position("big")]
    assert big.sum() == 667
    assert set(table[[org.position(f"b{n:02}") for n in range(40)]].sum(axis=1).tolist()) == {16, 17}


def test_a_subtree_is_a_tree_of_its_own():
    org = tree("org", {"co": None, "a": "co", "b": "co", "a1": "a", "a2": "a"})
    assert org.under(org.position("a")).keys == ("a", "a1", "a2")
    assert org.under(org.position("b")).keys == ("b",)
    assert org.under(0).keys == org.keys
    with pytest.raises(NoSuchKey, match="org has no 'x'"):
        org.position("x")


def test_a_bound_on_the_whole_that_the_amount_breaks_leaves_no_room():
    bounds = {(0, 1): Bounds(np.array([6.0, 0, 0]), np.array([9.0, 9, 9]))}
    with pytest.raises(Stuck):
        hand_down(5, flat("org", ["a", "b"]), [], np.ones((2, 1), dtype=np.int64), Rules(bounds))
