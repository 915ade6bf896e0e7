"""Effects: what was planted is found, bad months that pass by themselves are not, and the words are plain."""

import numpy as np
import pyarrow as pa
import pytest

from dabiao.engine.effect import CannotMeasure, Measure, measure_effect
from dabiao.engine.effect.estimate import contrast
from dabiao.engine.effect.matching import comparable
from dabiao.engine.effect.noise import candidates, noises
from dabiao.engine.effect.panel import panel_of
from dabiao.engine.effect.placebo import placebos
from dabiao.engine.effect.wording import sentence, verdict

BEFORE, AFTER = 18, 6


def team(seed=0, people=24, effect=0.0, treated=6, *, noise=0.1, season=0.0, worst=False):
    """A table of people and months, and who starts in month 18: the first ones, or those whose last month was worst."""
    draw = np.random.default_rng(seed)
    months = np.arange(BEFORE + AFTER)
    common = 1 + 0.01 * months + season * np.sin(2 * np.pi * months / 12)
    figures = 100.0 * (common + noise * draw.normal(size=(people, len(months))))
    order = np.argsort(figures[:, BEFORE - 1]) if worst else np.arange(people)
    chosen = [int(one) for one in order[:treated]]
    figures[chosen, BEFORE:] += 100 * effect
    return as_table(figures), {f"p{one:03}": BEFORE for one in chosen}


def as_table(figures):
    people, months = figures.shape
    return pa.table(
        {
            "unit": np.repeat([f"p{one:03}" for one in range(people)], months),
            "period": np.tile(np.arange(months), people),
            "value": figures.ravel(),
        }
    )


@pytest.mark.parametrize(
    ("case", "effect", "better", "said"),
    [
        ("a rise that was wanted", 0.3, "higher", "works"),
        ("a fall that was not", -0.3, "higher", "harmful"),
        ("a fall that was wanted", -0.3, "lower", "works"),
        ("a rise that was not", 0.3, "lower", "harmful"),
    ],
)
def test_a_planted_effect_is_found(case, effect, better, said):
    table, starts = team(1, effect=effect)
    found = measure_effect(table, starts, Measure(better=better))

    assert found.verdict == said, case
    assert found.low < effect / 1.1 < found.high
    assert (found.method, found.treated, found.compared, found.before, found.after) == (
        "comparison",
        6,
        18,
        18,
        6,
    )


def test_nothing_is_no_effect_where_one_would_have_shown():
    table, starts = team(2, people=80, treated=40, noise=0.03)

    assert measure_effect(table, starts, Measure()).verdict == "no effect seen"


def test_nothing_is_too_early_where_one_would_not_have_shown():
    table, starts = team(3, people=6, treated=1, noise=0.5)
    found = measure_effect(table, starts, Measure())

    assert found.verdict == "too early"
    assert found.visible > 0.1


def test_a_bad_month_that_passes_is_no_effect():
    """Each one's month before the start was bad by selection; before/after would call every one a success."""
    alarms, naive = 0, 0
    for seed in range(40):
        table, starts = team(seed, people=20, treated=5, noise=0.25, worst=True)
        alarms += measure_effect(table, starts, Measure()).verdict in ("works", "harmful")
        values = np.array(table["value"]).reshape(20, -1)[[int(unit[1:]) for unit in starts]]
        naive += bool((values[:, BEFORE:].mean(axis=1) > values[:, BEFORE - 1]).all())

    assert alarms <= 4
    assert naive >= 30


def test_staggered_starts_are_measured_each_from_its_own():
    table, starts = team(4, effect=0.0)
    later = dict.fromkeys(list(starts)[3:], 21) | dict.fromkeys(list(starts)[:3], 18)
    figures = np.array(table["value"]).reshape(24, -1).copy()
    for unit, start in later.items():
        figures[int(unit[1:]), start:] += 30
    found = measure_effect(as_table(figures), later, Measure())

    assert found.verdict == "works"
    assert found.low < 0.3 / 1.1 < found.high


def test_without_others_a_forecast_stands_in():
    table, starts = team(5, people=8, treated=8, effect=0.5, noise=0.05)
    found = measure_effect(table, starts, Measure())

    assert (found.method, found.compared, found.balance) == ("forecast", 0, ())
    assert found.verdict == "works"


def test_a_forecast_knows_the_season_once_it_saw_two():
    draw = np.random.default_rng(6)
    months = np.arange(40)
    figures = 100 * (1 + 0.4 * np.sin(2 * np.pi * months / 12)) + draw.normal(size=(3, 40))
    found = measure_effect(as_table(figures), {f"p{one:03}": 30 for one in range(3)}, Measure())

    assert found.method == "forecast"
    assert abs(found.effect) < 0.05


def test_cohorts_without_others_are_forecast_each():
    table, starts = team(7, people=4, treated=4, effect=0.5, noise=0.05)
    found = measure_effect(table, starts | {"p003": 20}, Measure())

    assert (found.method, found.verdict) == ("forecast", "works")


def test_ratios_are_measured_in_points():
    table, starts = team(8, effect=0.3)
    found = measure_effect(table, starts, Measure(relative=False, worthwhile=5))

    assert found.low < 30 < found.high


def test_who_is_moving_apart_already_is_pointed_out():
    table, starts = team(9, noise=0.02)
    figures = np.array(table["value"]).reshape(24, -1).copy()
    figures[:6] += 6 * np.arange(BEFORE + AFTER)
    found = measure_effect(as_table(figures), starts, Measure())

    assert {check.name: check.held for check in found.checks} == {"before": False, "balance": False}
    words = sentence(found, Measure(), "en")
    assert "already moving apart" in words and "differ in level or trend" in words


def test_those_without_figures_throughout_are_left_out():
    table, starts = team(10, effect=0.3)
    holes = table["value"].to_pylist()
    holes[-1] = None
    found = measure_effect(table.set_column(2, "value", pa.array(holes)), starts, Measure())

    assert found.left_out == ("p023",)
    assert "1 without figures" in sentence(found, Measure(), "en")
    assert "1个因数据不全" in sentence(found, Measure(), "zh")


@pytest.mark.parametrize(
    ("case", "starts", "words"),
    [
        ("a start in the future", {"p000": 99}, "no figures yet"),
        ("nobody known", {"stranger": 18}, "nobody whom the measure treats"),
        ("too short a history", {"p000": 3}, "at least six"),
    ],
)
def test_what_cannot_be_measured_says_why(case, starts, words):
    with pytest.raises(CannotMeasure, match=words):
        measure_effect(team(11)[0], starts, Measure())


def test_a_short_history_has_no_check_of_the_time_before():
    draw = np.random.default_rng(18)
    found = measure_effect(as_table(100 + draw.normal(size=(8, 9))), {"p000": 6}, Measure())

    assert [check.name for check in found.checks] == ["balance"]


def test_a_share_of_nothing_is_refused():
    with pytest.raises(CannotMeasure, match="usual level is zero"):
        measure_effect(as_table(np.zeros((5, 20))), {"p000": 12}, Measure())


def test_figures_that_never_move_leave_no_doubt():
    figures = np.full((5, 20), 100.0)
    figures[0, 12:] = 150.0
    found = measure_effect(as_table(figures), {"p000": 12}, Measure())

    assert found.verdict == "works"
    assert found.effect == pytest.approx(0.5)


def test_the_nearest_are_compared_with():
    """Ten of forty untreated sell as much as the treated do, and are as senior; they are the ones taken."""
    draw = np.random.default_rng(12)
    level = np.array([100.0] * 11 + [1000.0] * 30)
    figures = level[:, None] * (1 + 0.02 * draw.normal(size=(41, 20)))
    panel = panel_of(as_table(figures), {"p000": 12})

    assert sum(one <= 10 for one in comparable(panel, {}).tolist()) >= 8
    years = {"years": {f"p{one:03}": 1.0 if one < 11 else 9.0 for one in range(40)}}
    assert sum(one <= 10 for one in comparable(panel, years).tolist()) >= 9


def test_a_contrast_without_memory_is_after_less_before():
    weights = contrast(np.eye(6), np.ones((6, 1)), 4, 6)

    assert weights == pytest.approx([-0.25] * 4 + [0.5] * 2)


def test_a_contrast_that_is_given_the_last_month_leaves_it_out_of_the_level():
    weights = contrast(np.eye(6), np.ones((6, 1)), 4, 6, given=1)

    assert weights == pytest.approx([-1 / 3] * 3 + [0] + [0.5] * 2)


@pytest.mark.parametrize("given", [0, 1])
def test_a_contrast_is_the_generalised_least_squares_prediction(given):
    """The same by the textbook: level from the early figures given the window, then the conditional mean."""
    correlation = 0.6 ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    figures = np.random.default_rng(13).normal(size=8)
    early, window, before = np.arange(6 - given), np.arange(6 - given, 6), np.arange(6)
    carry = correlation[np.ix_(early, window)] @ np.linalg.pinv(correlation[np.ix_(window, window)])
    spread = np.linalg.inv(correlation[np.ix_(early, early)] - carry @ correlation[np.ix_(window, early)])
    one = np.ones(len(early)) - carry @ np.ones(given)
    level = one @ spread @ (figures[early] - carry @ figures[window]) / (one @ spread @ one)
    later = correlation[6:8, :6] @ np.linalg.inv(correlation[:6, :6]) @ (figures[before] - level) + level

    expected = figures[6:].mean() - later.mean()
    assert contrast(correlation, np.ones((8, 1)), 6, 8, given=given) @ figures == pytest.approx(expected)


def test_noise_that_carries_over_is_recognised():
    draw = np.random.default_rng(14)
    figures = np.zeros((40, 30))
    for month in range(1, 30):
        figures[:, month] = 0.7 * figures[:, month - 1] + draw.normal(size=40)
    found = noises(figures, np.ones((30, 1)), 30, common=True)

    assert sum(one.weight for one in found) == pytest.approx(1, abs=1e-3)
    assert sum(one.weight * one.correlation[0, 1] for one in found) == pytest.approx(0.7, abs=0.1)


def test_candidates_are_correlations():
    for one in candidates(5):
        assert np.allclose(np.diag(one), 1) and np.linalg.eigvalsh(one).min() > 0


@pytest.mark.parametrize(
    ("case", "shape", "group"), [("nobody to compare with", (3, 20), 3), ("too short a history", (5, 6), 1)]
)
def test_there_may_be_no_placebos(case, shape, group):
    figures = 100 + np.random.default_rng(15).normal(size=shape)
    noise = noises(figures, np.ones((shape[1], 1)), shape[1], common=True)

    assert len(placebos(figures, group, 3, noise, relative=True)) == 0, case


def test_placebos_show_what_chance_shows():
    figures = 100 + np.random.default_rng(16).normal(size=(12, 24))
    noise = noises(figures, np.ones((24, 1)), 24, common=True)
    shown = placebos(figures, 3, 4, noise, relative=False)

    assert abs(np.std(shown) - 1) < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_sentences_say_the_verdict_in_both_languages(seed):
    effect, people, noise = [(0.4, 24, 0.05), (-0.4, 24, 0.05), (0, 80, 0.02), (0, 6, 0.5)][seed]
    table, starts = team(20 + seed, people=people, effect=effect, treated=people // 4, noise=noise)
    found = measure_effect(table, starts, Measure())
    english, chinese = (sentence(found, Measure(), language) for language in ("en", "zh"))

    assert english.startswith(("It works", "It does harm", "No effect seen", "Too early")[seed])
    assert chinese.startswith(("有效", "有害", "未见效果", "为时尚早")[seed])
    assert verdict(found.verdict, "en") == found.verdict
    assert verdict(found.verdict, "zh") == ("有效", "有害", "未见效果", "为时尚早")[seed]


def test_sentences_give_ratios_in_points():
    table, starts = team(30, effect=0.003, noise=0.0005)
    figures = np.array(table["value"]) / 100
    measure = Measure(relative=False)
    found = measure_effect(table.set_column(2, "value", pa.array(figures)), starts, measure)

    assert " points" in sentence(found, measure, "en") and "个百分点" in sentence(found, measure, "zh")
