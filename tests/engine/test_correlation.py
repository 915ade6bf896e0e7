"""Which process goes with which result, how sure that is, and where the two part ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.correlation import benjamini_hochberg, divergences, links


def walk(draw, count=30):
    return draw.normal(size=count).cumsum()


def test_a_lagged_connection_is_found_at_its_lag():
    draw = np.random.default_rng(0)
    visits = walk(draw, 31)
    series = {("East", "visits"): visits[1:].tolist(), ("East", "deals"): visits[:-1].tolist()}
    found = links(series, ["visits"], ["deals"])

    best = found[0]
    assert (best.team, best.process, best.result, best.lag, best.found) == (
        "East",
        "visits",
        "deals",
        1,
        True,
    )
    assert best.correlation > 0.95
    assert best.low > 0.85 and best.pairs == 28
    assert [link.found for link in found[1:]] == [False, False]


def test_two_trends_are_no_connection():
    draw = np.random.default_rng(1)
    series = {
        ("East", name): (np.arange(40) * 10 + draw.normal(size=40)).tolist() for name in ("visits", "deals")
    }

    assert not any(link.found for link in links(series, ["visits"], ["deals"]))


def carried(draw, count=52):
    values = [0.0]
    for step in draw.normal(size=count):
        values.append(values[-1] / 2 + step)
    return np.array(values[1:])


HOLIDAYS = np.isin(np.arange(52), [4, 5, 22, 39]) * -3.0
KINDS = {
    "each week for itself": lambda draw: draw.normal(size=52),
    "half of a week carries over": carried,
    "a walk": lambda draw: walk(draw, 52),
    "with a trend": lambda draw: draw.normal(size=52) + np.arange(52) / 5,
    "small counts": lambda draw: draw.poisson(1, 52).astype(float),
    "holidays for all": lambda draw: draw.normal(size=52) + HOLIDAYS,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_connected_is_seldom_found(kind):
    """Of eleven teams without any connection one in twenty is by chance; the intervals know that too."""
    draw, tried = np.random.default_rng(2), []
    for _ in range(20):
        figures = {
            (f"T{n}", name): KINDS[kind](draw).tolist() for n in range(11) for name in ("visits", "deals")
        }
        tried += links(figures, ["visits"], ["deals"])

    assert sum(link.chance < 0.05 for link in tried) <= 0.075 * len(tried)
    assert sum(link.low <= 0 <= link.high for link in tried) >= 0.925 * len(tried)
    assert sum(link.found for link in tried) <= 0.01 * len(tried)


def test_what_holds_for_one_team_is_found_behind_what_hits_all():
    """Deals follow a week after visits in T0 only; holidays take both down everywhere."""
    draw = np.random.default_rng(5)
    series = {
        (f"T{n}", name): draw.normal(size=52) + HOLIDAYS for n in range(8) for name in ("visits", "deals")
    }
    series["T0", "deals"] = series["T0", "deals"] + 2 * np.roll(series["T0", "visits"] - HOLIDAYS, 1)

    found = [(link.team, link.lag) for link in links(series, ["visits"], ["deals"]) if link.found]

    assert found == [("T0", 1)]


def test_the_interval_covers_the_true_correlation():
    """Of pairs with a known rank correlation, 95 % or so of the intervals hold it (6/pi asin(rho/2))."""
    draw, held = np.random.default_rng(3), 0
    true = 6 / np.pi * np.arcsin(0.6 / 2)
    for _ in range(200):
        steps = draw.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=40)
        series = {("T", "a"): steps[:, 0].cumsum().tolist(), ("T", "b"): steps[:, 1].cumsum().tolist()}
        (link,) = links(series, ["a"], ["b"], lags=(0,))
        held += link.low <= true <= link.high

    assert 182 <= held <= 199


@pytest.mark.parametrize(
    ("case", "series"),
    [
        ("too few periods", {("T", "a"): list(range(8)), ("T", "b"): [1, 5, 2, 8, 3, 9, 4, 7]}),
        ("a metric that never moves", {("T", "a"): [1.0] * 20, ("T", "b"): [1, 5, 2, 8] * 5}),
        ("no result", {("T", "a"): [1, 5, 2, 8] * 5}),
        ("hardly anything known", {("T", "a"): [1, None] * 10, ("T", "b"): [1, 5, 2, 8] * 5}),
    ],
)
def test_there_may_be_nothing_to_say(case, series):
    assert links(series, ["a"], ["b"]) == [], case


def test_periods_must_be_the_same():
    with pytest.raises(ValueError, match="the series do not have the same periods"):
        links({("T", "a"): [1, 2, 3], ("T", "b"): [1, 2]}, ["a"], ["b"])


@given(st.lists(st.floats(0, 1), max_size=20))
def test_benjamini_hochberg_is_the_step_up_rule(chances):
    """The definition, by trying every threshold."""
    passing = [one for one in chances if one <= 0.05 * sum(other <= one for other in chances) / len(chances)]
    threshold = max(passing, default=-1.0)

    assert benjamini_hochberg(chances, 0.05) == [one <= threshold for one in chances]


UP, DOWN = [10, 11, 9, 10, 12, 9, 10, 11, 20, 21, 22], [50, 48, 52, 49, 51, 50, 52, 48, 30, 31, 29]


@pytest.mark.parametrize(
    ("case", "proposals", "win_rate", "found"),
    [
        ("proposals up while the win rate falls", UP, DOWN, 1),
        ("fewer proposals, more wins", DOWN, UP, 1),
        ("both up", UP, UP, 0),
        ("one of them steady", UP, [50, 48, 52, 49, 51, 50, 52, 48, 50, 49, 51], 0),
        ("too short a history", UP[-9:], DOWN[-9:], 0),
        ("a metric that never moved", [5] * 11, DOWN, 0),
        ("nothing known lately", UP, [*DOWN[:8], None, None, None], 0),
    ],
)
def test_divergence(case, proposals, win_rate, found):
    series = {("West", "proposals"): proposals, ("West", "win_rate"): win_rate}

    said = divergences(series, [("proposals", "win_rate")])

    assert len(said) == found, case
    for one in said:
        assert one.process_moved * one.result_moved < 0


def test_of_many_that_have_nothing_to_do_with_each_other_few_part():
    """Each of 50 companies looks at 44 pairs."""
    draw, parted = np.random.default_rng(4), 0
    for _ in range(50):
        series = {(f"T{n}", name): draw.normal(size=24).tolist() for n in range(44) for name in ("a", "b")}
        parted += bool(divergences(series, [("a", "b")], recent=5))

    assert parted <= 5


def test_divergence_needs_both_metrics():
    assert divergences({("West", "proposals"): UP}, [("proposals", "win_rate")]) == []
