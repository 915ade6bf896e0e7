"""Effects: what was planted is found, bad months that pass by themselves are not, and the words are plain."""

import numpy as np
import pyarrow as pa
import pytest

from dabiao.core.sentence import say
from dabiao.engine.effect import CannotMeasure, Measure, measure_effect
from dabiao.engine.effect.contrast import ahead, contrast
from dabiao.engine.effect.course import course, piece
from dabiao.engine.effect.estimate import Estimate
from dabiao.engine.effect.matching import comparable
from dabiao.engine.effect.noise import candidates, weighed
from dabiao.engine.effect.panel import panel_of
from dabiao.engine.effect.placebo import placebos
from dabiao.engine.effect.variance import moderated, widening
from dabiao.engine.effect.wording import sentence

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
    assert found.outlook.worthwhile is None and 0.1 < found.outlook.visible < found.visible


def early(effect, worthwhile, horizon=12):
    """A team in which it is too early to say, and what is said of it."""
    table, starts = team(33, people=24, treated=8, noise=0.08, effect=effect)
    measure = Measure(worthwhile=worthwhile, horizon=horizon)
    return measure_effect(table, starts, measure), measure


def test_an_effect_worth_having_may_show_with_more_months():
    """How many is told, no more than it takes: one month less would not do."""
    found, measure = early(0.03, 0.04)
    months = found.outlook.worthwhile
    sooner, _measure = early(0.03, 0.04, horizon=months - 1)

    assert (found.verdict, found.outlook.holding) == ("too early", None)
    assert 1 < months <= 12 and found.outlook.visible <= 0.04 < sooner.outlook.visible
    assert sooner.outlook.periods is None
    assert f"An effect of 4% would show with {months} months more" in say(
        sentence(found, measure, "month"), "en"
    )
    assert f"再过{months}个月，4%的效果即可看出" in say(sentence(found, measure, "month"), "zh-hans")


@pytest.mark.parametrize(("better", "effect"), [("higher", 0.04), ("lower", -0.02)])
def test_an_effect_that_is_there_may_be_clear_with_more_months_if_it_stays(better, effect):
    table, starts = team(33, people=24, treated=8, noise=0.08, effect=effect)
    measure = Measure(worthwhile=0.02, better=better)
    found = measure_effect(table, starts, measure)

    assert (found.verdict, found.outlook.worthwhile) == ("too early", None)
    assert found.outlook.periods == found.outlook.holding
    assert "that would be clear with" in say(sentence(found, measure, "month"), "en")
    assert "即可确认" in say(sentence(found, measure, "month"), "zh-hans")


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


@pytest.mark.filterwarnings("error")
def test_a_month_without_any_figures_is_left_out_of_a_forecast():
    table, starts = team(5, people=8, treated=8, effect=0.5, noise=0.05)
    found = measure_effect(with_holes(table, {(one, 4) for one in range(8)}), starts, Measure())

    assert (found.method, found.verdict) == ("forecast", "works")


def test_a_forecast_too_says_how_long_to_wait():
    table, starts = team(7, people=4, treated=4, noise=0.1)
    found = measure_effect(table, starts, Measure(worthwhile=0.01))

    assert (found.method, found.outlook.periods) == ("forecast", None)
    assert "Waiting alone will not do: with 12 weeks more" in say(sentence(found, Measure(), "week"), "en")


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
    words = say(sentence(found, Measure()), "en")
    assert "already moving apart" in words and "differ in level or trend" in words


def with_holes(table, holes):
    """The same table without the figures of (person, month)."""
    values = [
        None if (int(unit[1:]), month) in holes else value
        for unit, month, value in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    ]
    return table.set_column(2, "value", pa.array(values))


def test_who_joins_or_leaves_or_has_a_gap_counts_as_long_as_there_are_figures():
    table, starts = team(10, effect=0.3)
    gaps = {(0, 3), (20, 22), (23, 23)} | {(22, month) for month in range(10)}
    found = measure_effect(with_holes(table, gaps), starts, Measure())

    assert (found.left_out, found.compared, found.verdict) == ((), 18, "works")
    assert found.low < 0.3 / 1.1 < found.high


def test_those_with_too_few_figures_are_left_out():
    table, starts = team(10, effect=0.3)
    joined_late = {(23, month) for month in range(13)}
    left_before = {(22, month) for month in range(BEFORE, BEFORE + AFTER)}
    treated_and_gone = {(0, month) for month in range(BEFORE, BEFORE + AFTER)}
    found = measure_effect(with_holes(table, joined_late | left_before | treated_and_gone), starts, Measure())

    assert found.left_out == ("p000", "p023")
    assert (found.treated, found.compared) == (5, 16)
    assert "2 with too few figures" in say(sentence(found, Measure()), "en")
    assert "2个因数据不足" in say(sentence(found, Measure()), "zh-hans")


def test_those_without_a_usual_level_are_left_out_of_shares_only():
    table, starts = team(10, effect=0.3)
    figures = np.array(table["value"]).reshape(24, -1).copy()
    figures[23] = 0

    assert measure_effect(as_table(figures), starts, Measure()).left_out == ("p023",)
    assert measure_effect(as_table(figures), starts, Measure(relative=False)).left_out == ()


def test_a_month_in_which_nobody_can_be_compared_with_does_not_count():
    table, starts = team(10, effect=0.3)
    closed = {(one, 20) for one in range(6, 24)}
    figures = np.array(table["value"]).reshape(24, -1).copy()
    figures[:6, 20] = 1e6
    found = measure_effect(with_holes(as_table(figures), closed), starts, Measure())

    assert found.low < 0.3 / 1.1 < found.high


REFUSED = [
    ("a start in the future", {"p000": 99}, set(), "no figures", "还没有数据"),
    ("nobody known", {"stranger": 18}, set(), "nobody whom the measure treats", "没有任何数据"),
    ("too short a history", {"p000": 3}, set(), "at least six", "至少需要六期"),
    ("too few figures", {"p000": 18}, {(0, month) for month in range(13)}, "in six periods", "不足六期"),
    (
        "the others end elsewhere",
        {"p000": 18},
        {(one, 18 + (one + 1) % 2) for one in range(1, 24)}
        | {(one, m) for one in range(24) for m in range(20, 24)}
        | {(0, 18)}
        | {(one, 19) for one in range(1, 24)},
        "compare with",
        "可作对照",
    ),
]


@pytest.mark.parametrize(("case", "starts", "holes", "english", "chinese"), REFUSED)
def test_what_cannot_be_measured_says_why(case, starts, holes, english, chinese):
    with pytest.raises(CannotMeasure, match=english) as caught:
        measure_effect(with_holes(team(11)[0], holes), starts, Measure())

    assert say(caught.value.said, "en") == str(caught.value), case
    assert chinese in say(caught.value.said, "zh-hans")


def test_a_short_history_has_no_check_of_the_time_before():
    draw = np.random.default_rng(18)
    found = measure_effect(as_table(100 + draw.normal(size=(8, 9))), {"p000": 6}, Measure())

    assert [check.name for check in found.checks] == ["balance"]


def test_a_share_of_nothing_is_refused():
    with pytest.raises(CannotMeasure, match="usual level of zero"):
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
    panel = panel_of(as_table(figures), {"p000": 12}, relative=True)

    assert sum(one <= 10 for one in comparable(panel, {}).tolist()) >= 8
    years = {"years": {f"p{one:03}": 1.0 if one < 11 else 9.0 for one in range(40)}}
    assert sum(one <= 10 for one in comparable(panel, years).tolist()) >= 9


def alone(known, correlation, design=None):
    """The piece of a unit with figures in the first `known` of the correlation's periods."""
    periods = len(correlation)
    terms = np.ones((periods, 1)) if design is None else design
    return piece(np.arange(periods) < known, terms, correlation[None])


def test_a_contrast_without_memory_is_after_less_before():
    whole, conditioned = ahead(alone(4, np.eye(6)), np.arange(6) >= 4)

    assert whole[0] == pytest.approx([-0.25] * 4 + [0.5] * 2)
    assert conditioned[0] == pytest.approx([-1 / 3] * 3 + [0] + [0.5] * 2)


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

    weights = ahead(alone(6, correlation), np.arange(8) >= 6)[given][0]
    assert weights @ figures == pytest.approx(figures[6:].mean() - later.mean())


def test_the_effect_is_generalised_least_squares_with_everybody_at_once():
    """The same by one big regression: a dummy for each level, each month and each treated figure.

    The coefficients of treated figures are their effects. Three people with gaps, one start after another; the
    estimate with a level from all figures is checked, and its error.
    """
    draw = np.random.default_rng(17)
    figures = draw.normal(size=(5, 8)) + draw.normal(size=(5, 1)) + draw.normal(size=8)
    after = np.zeros((5, 8), dtype=bool)
    after[0, 5:], after[1, 6:] = True, True
    seen = np.ones((5, 8), dtype=bool)
    seen[1, 2] = seen[3, 6] = seen[4, 7] = False
    correlation = 0.6 ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    fit = course(figures, seen & ~after, np.ones((8, 1)), correlation[None])
    made = contrast(fit, after)
    got = made.applied(made.middle - made.doubt / 2, np.where(after, figures, fit.figures)[:2], fit.shocks)

    cells = [(unit, month) for unit in range(5) for month in range(8) if seen[unit, month]]
    treated = [cell for cell in cells if after[cell]]
    terms = np.array(
        [
            [unit == one for one in range(5)]
            + [month == one for one in range(1, 8)]
            + [(unit, month) == one for one in treated]
            for unit, month in cells
        ],
        dtype=float,
    )
    joint = np.array([[(a == b) * correlation[m, n] for b, n in cells] for a, m in cells])
    precision = np.linalg.inv(joint)
    information = terms.T @ precision @ terms
    expected = np.linalg.solve(information, terms.T @ precision @ [figures[cell] for cell in cells])[-5:]
    assert got[:, 0] == pytest.approx([expected[:3].mean(), expected[3:].mean()])


def test_the_variance_counts_everybody_once():
    """Ten thousand draws of pure chance: their effects vary as the formula says."""
    draw = np.random.default_rng(19)
    after = np.zeros((6, 10), dtype=bool)
    after[0, 7:], after[1, 8:] = True, True
    known = ~after
    known[4, 3] = False
    correlation = 0.5 ** np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
    chance = draw.normal(size=(10_000, 6, 10)) @ np.linalg.cholesky(correlation).T
    fit = course(np.zeros((6, 10)), known, np.ones((10, 1)), correlation[None])
    made = contrast(fit, after)
    effects = []
    for figures in chance:
        one = course(figures, known, np.ones((10, 1)), correlation[None])
        applied = made.applied(made.middle, np.where(after, figures, one.figures)[:2], one.shocks)
        effects.append(applied.mean())

    assert np.var(effects) == pytest.approx(made.variances(fit, after).sum(), rel=0.05)


def test_noise_that_carries_over_is_recognised():
    draw = np.random.default_rng(14)
    figures = np.zeros((40, 30))
    for month in range(1, 30):
        figures[:, month] = 0.7 * figures[:, month - 1] + draw.normal(size=40)
    found = weighed(course(figures, np.ones((40, 30), bool), np.ones((30, 1)), candidates(30)))

    assert found.weight.sum() == pytest.approx(1)
    assert found.weight @ found.correlation(30)[:, 0, 1] == pytest.approx(0.7, abs=0.1)


def test_candidates_are_correlations():
    for one in candidates(5):
        assert np.allclose(np.diag(one), 1) and np.linalg.eigvalsh(one).min() > 0


def test_people_who_vary_more_have_a_larger_variance_of_their_own():
    draw = np.random.default_rng(21)
    swings = np.repeat([1.0, 4.0], 15)
    known, level = np.ones((30, 24), bool), np.ones((24, 1))
    figures = swings[:, None] * draw.normal(size=(30, 24))
    fit = course(figures, known, level, candidates(24)[:1])
    apart, _freedom = moderated(fit, weighed(fit))
    same = course(figures / swings[:, None], known, level, candidates(24)[:1])
    alike, _freedom = moderated(same, weighed(same))

    assert apart[:15].mean() < 2 and apart[15:].mean() > 10
    assert alike.std() < 0.1 * alike.mean()


@pytest.mark.parametrize(
    ("case", "apart", "expected"),
    [
        ("one alone cannot differ", [3.0], 1.0),
        ("alike as expected narrows nothing", [0.0, 0.1, -0.1], 1.0),
        ("farther apart widens, with reserve", [10.0, -10.0], (20 + 200) / 21),
    ],
)
def test_the_treated_may_differ_among_themselves(case, apart, expected):
    found = widening(np.array(apart)[:, None], np.ones((len(apart), 1)), np.ones(1))

    assert found == pytest.approx(expected), case


def test_candidates_are_averaged():
    """Half the weight on an effect of 0, half on 10, both exact: one bound in each."""
    found = Estimate(np.array([0.0, 10.0]), np.array([1e-6, 1e-6]), np.array([0.5, 0.5]), 30.0)

    assert (found.effect, found.error) == (5.0, pytest.approx(5.0))
    assert found.bound(0.025) == pytest.approx(0, abs=1e-3) and found.bound(0.975) == pytest.approx(
        10, abs=1e-3
    )
    assert found.chance() == pytest.approx(0.5)


def untreated(figures):
    """Fit and noise of figures without a measure."""
    people, months = figures.shape
    level = np.ones((months, 1))
    noise = weighed(course(figures, np.ones((people, months), bool), level, candidates(months)))
    return course(figures, np.ones((people, months), bool), level, noise.correlation(months)), noise


@pytest.mark.parametrize(
    ("case", "shape", "group"), [("nobody to compare with", (3, 20), 3), ("too short a history", (5, 6), 1)]
)
def test_there_may_be_no_placebos(case, shape, group):
    fit, noise = untreated(100 + np.random.default_rng(15).normal(size=shape))
    variances, _freedom = moderated(fit, noise)

    assert len(placebos(fit, variances, noise, group, until=shape[1], length=3)) == 0, case


@pytest.mark.parametrize("group", [1, 3])
def test_placebos_show_what_chance_shows(group):
    fit, noise = untreated(100 + np.random.default_rng(16).normal(size=(12, 24)))
    shown = placebos(fit, moderated(fit, noise)[0], noise, group, until=24, length=4)

    assert abs(np.std(shown) - 1) < 0.3


def test_placebos_that_show_more_than_the_formula_widen_the_interval():
    """Eight people, one of whose quiet months jumps to and fro as no AR(1) does."""
    draw = np.random.default_rng(22)
    figures = 100 + draw.normal(size=(8, 30))
    figures[:, 8:12] += 60 * (draw.random((8, 1)) < 0.4)
    found = measure_effect(as_table(figures), {"p000": 24}, Measure(horizon=0))

    assert found.chance > 0.05 and found.verdict == "too early"
    assert found.outlook is None


@pytest.mark.parametrize("seed", range(4))
def test_sentences_say_the_verdict_in_both_languages(seed):
    effect, people, noise = [(0.4, 24, 0.05), (-0.4, 24, 0.05), (0, 80, 0.02), (0, 6, 0.5)][seed]
    table, starts = team(20 + seed, people=people, effect=effect, treated=people // 4, noise=noise)
    found = measure_effect(table, starts, Measure())
    english, chinese = (say(sentence(found, Measure()), language) for language in ("en", "zh-hans"))

    assert english.startswith(("It works", "It does harm", "No effect seen", "Too early")[seed])
    assert chinese.startswith(("有效", "有害", "未见效果", "为时尚早")[seed])


def test_sentences_give_ratios_in_points():
    table, starts = team(30, effect=0.003, noise=0.0005)
    figures = np.array(table["value"]) / 100
    measure = Measure(relative=False)
    found = measure_effect(table.set_column(2, "value", pa.array(figures)), starts, measure)

    assert " points" in say(sentence(found, measure), "en") and "个百分点" in say(
        sentence(found, measure), "zh-hans"
    )


def test_large_effects_are_told_without_decimals():
    table, starts = team(31, effect=4.0, noise=0.02)
    words = say(sentence(measure_effect(table, starts, Measure()), Measure()), "en")

    assert words.startswith("It works: +36") and "." not in words.split("%")[0]


@pytest.mark.parametrize(("better", "effect"), [("higher", -0.14), ("lower", 0.04)])
def test_what_may_be_harmful_is_no_plain_no(better, effect):
    table, starts = team(3, people=8, treated=2, noise=0.15, effect=effect)
    measure = Measure(better=better)
    found = measure_effect(table, starts, measure)

    assert found.verdict == "no effect seen"
    assert "It may have done harm" in say(sentence(found, measure), "en")
    assert "不能排除它有害" in say(sentence(found, measure), "zh-hans")
