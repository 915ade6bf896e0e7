"""Did a measure work? The effect with its interval, what it rests on, and a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from dabiao.engine.effect.estimate import Cohort, Estimate, estimate
from dabiao.engine.effect.matching import Balance, balances, comparable
from dabiao.engine.effect.noise import Noise, noises
from dabiao.engine.effect.panel import CannotMeasure, Floats, Ints, Panel, panel_of
from dabiao.engine.effect.placebo import placebos

Verdict = Literal["works", "no effect seen", "too early", "harmful"]
Method = Literal["comparison", "forecast"]

LEVEL = 0.05
FEW = 30
FEWEST_PLACEBOS = 20
FEWEST_CONTROLS = 2
FEWEST_BEFORE = 6
SELECTION = 0.29


@dataclass(frozen=True)
class Measure:
    """What was to move.

    better:     which direction is wanted
    worthwhile: the smallest effect worth having, as a share of the usual level (or in the metric's own unit
                if `relative` is false); an interval wider than that is too early, not "no effect"
    relative:   whether effects are shares of each unit's usual level (sales, visits) or absolute (ratios)
    season:     after how many periods the season repeats, for forecasts without a comparison group
    """

    better: Literal["higher", "lower"] = "higher"
    worthwhile: float = 0.1
    relative: bool = True
    season: int = 12


@dataclass(frozen=True)
class Check:
    """An assumption, whether the data are in line with it, and the figures that say so."""

    name: Literal["before", "balance"]
    held: bool
    figure: float


@dataclass(frozen=True)
class Effect:
    """effect, low and high (95 %) in the unit of `Measure`; `chance` is how often no effect would show as much.

    method:    compared with untreated units, or with a forecast where there were none
    treated, compared, before, after: the sample: units, units, periods before and (at most) after the start
    visible:   the smallest effect this sample would have shown
    """

    verdict: Verdict
    effect: float
    low: float
    high: float
    chance: float
    visible: float
    method: Method
    treated: int
    compared: int
    before: int
    after: int
    checks: tuple[Check, ...]
    balance: tuple[Balance, ...]
    left_out: tuple[str, ...]


def measure_effect(
    table: pa.Table,
    starts: Mapping[str, object],
    measure: Measure,
    *,
    traits: Mapping[str, Mapping[str, float]] | None = None,
) -> Effect:
    """The effect of a measure on the units that `starts` names, each from its first treated period on.

    table:  unit, period, value: one row a unit and period; units not in `starts` are the pool to compare with
    traits: name -> unit -> number, for finding comparable units beside level and slope (seniority, territory)

    Raises CannotMeasure when there are fewer than six periods before the first start, or no figures.
    """
    panel = panel_of(table, starts)
    if panel.first_start < FEWEST_BEFORE:
        raise CannotMeasure(
            f"there are {panel.first_start} periods before the measure: at least six are needed"
        )
    controls = comparable(panel, traits or {})
    if len(controls) < FEWEST_CONTROLS:
        return _by_forecast(panel, measure)
    return _by_comparison(panel, controls, measure, traits or {})


def _by_comparison(
    panel: Panel, controls: Ints, measure: Measure, traits: Mapping[str, Mapping[str, float]]
) -> Effect:
    """Against untreated units, period by period."""
    first, cohorts = panel.first_start, _cohorts(panel)
    used = np.concatenate([panel.treated, controls])
    figures = _figures(panel.values, first, measure)
    design = np.ones((figures.shape[1], 1))
    noise = noises(figures[used, :first], design, figures.shape[1], common=True)
    found = _allowing_for_selection(figures, cohorts, controls, design, noise)
    alike = balances(panel, controls, traits)
    balance = Check("balance", all(one.held for one in alike), max(abs(one.apart) for one in alike))
    checks = (*_before(figures, cohorts, controls, noise), balance)
    shown = placebos(
        panel.values[used, :first], len(panel.treated), _length(panel), noise, relative=measure.relative
    )
    if min(len(panel.treated), len(controls)) >= FEW:
        shown = np.empty(0)
    return _judged(panel, measure, found, _Basis("comparison", len(controls), shown, checks, alike))


def _by_forecast(panel: Panel, measure: Measure) -> Effect:
    """Each cohort's mean against its own past: level, trend, season, and chance that carries over."""
    first, cohorts, nobody = panel.first_start, _cohorts(panel), np.empty(0, dtype=np.int64)
    figures = _figures(panel.values, first, measure)
    lines = np.stack([figures[list(cohort.members)].mean(axis=0) for cohort in cohorts])
    design = _course(figures.shape[1], first, measure.season)
    alone = [Cohort((place,), cohort.start, cohort.until) for place, cohort in enumerate(cohorts)]
    noise = noises(lines[:, :first], design, figures.shape[1], common=False)
    found = estimate(lines, alone, nobody, design, noise)
    return _judged(panel, measure, found, _Basis("forecast", 0, np.empty(0)))


@dataclass(frozen=True, eq=False)
class _Basis:
    """What an estimate rests on. placebos: studentised effects of measures that never were, or none."""

    method: Method
    compared: int
    placebos: Floats
    checks: tuple[Check, ...] = ()
    balance: tuple[Balance, ...] = ()


def _judged(panel: Panel, measure: Measure, found: Estimate, basis: _Basis) -> Effect:
    """Interval and verdict. Where there are placebos enough, they may widen the interval, never narrow it."""
    from scipy.stats import t as student

    reached = abs(found.effect) / found.error if found.error else np.inf
    chance = float(2 * student.sf(reached, found.freedom))
    critical = float(student.ppf(1 - LEVEL / 2, found.freedom))
    if len(basis.placebos) >= FEWEST_PLACEBOS:
        shown = np.abs(basis.placebos)
        critical = max(critical, float(np.quantile(shown, 1 - LEVEL)))
        chance = max(chance, float((1 + (shown >= reached).sum()) / (1 + len(shown))))
    half = critical * found.error
    low, high = found.effect - half, found.effect + half
    return Effect(
        verdict=_verdict(low, high, half, measure),
        effect=found.effect,
        low=low,
        high=high,
        chance=chance,
        visible=half,
        method=basis.method,
        treated=len(panel.treated),
        compared=basis.compared,
        before=panel.first_start,
        after=panel.values.shape[1] - panel.first_start,
        checks=basis.checks,
        balance=basis.balance,
        left_out=panel.left_out,
    )


def _verdict(low: float, high: float, half: float, measure: Measure) -> Verdict:
    """Zero outside the interval decides; inside, the interval must be narrow enough to say that nothing is there."""
    if low > 0 or high < 0:
        return "works" if (low > 0) == (measure.better == "higher") else "harmful"
    return "too early" if half > measure.worthwhile else "no effect seen"


def _before(
    figures: Floats, cohorts: Sequence[Cohort], controls: Ints, noise: Sequence[Noise]
) -> list[Check]:
    """Were the treated already moving apart? The effect of a measure that starts earlier and ends before the real one.

    The last period before the start is left out: a measure starts after a bad one. No check where the history
    is too short for it.
    """
    from scipy.stats import t as student

    until = cohorts[0].start - 1
    start = max(FEWEST_BEFORE, until - (figures.shape[1] - cohorts[0].start))
    if until <= start:
        return []
    members = tuple(member for cohort in cohorts for member in cohort.members)
    design = np.ones((figures.shape[1], 1))
    found = estimate(figures, [Cohort(members, start, until)], controls, design, noise)
    chance = float(2 * student.sf(abs(found.effect) / found.error, found.freedom)) if found.error else 1.0
    return [Check("before", chance >= LEVEL, found.effect)]


def _length(panel: Panel) -> int:
    """How many periods the treated have been treated, the middle one of them."""
    return int(np.median(panel.values.shape[1] - panel.starts[panel.treated]))


def _figures(values: Floats, first: int, measure: Measure) -> Floats:
    """Each unit as a share of its usual level before the measure. A unit without a level cannot be a share."""
    if not measure.relative:
        return values
    usual = values[:, :first].mean(axis=1, keepdims=True)
    if (usual <= 0).any():
        raise CannotMeasure(
            "a unit's usual level is zero or negative: measure the effect in absolute figures"
        )
    return np.asarray(values / usual)


def _course(periods: int, first: int, season: int) -> Floats:
    """What a level may follow: a constant, a trend, and the season once two rounds of it were seen."""
    time = np.arange(periods)
    terms = [np.ones(periods), (time - first) / first]
    if season > 1 and first >= 2 * season:
        terms += [(time % season == place).astype(float) - (time % season == 0) for place in range(1, season)]
    return np.stack(terms, axis=1)


def _cohorts(panel: Panel) -> list[Cohort]:
    starts = sorted({int(start) for start in panel.starts[panel.treated]})
    until = panel.values.shape[1]
    return [Cohort(tuple(np.flatnonzero(panel.starts == start).tolist()), start, until) for start in starts]


def _allowing_for_selection(
    figures: Floats, cohorts: Sequence[Cohort], controls: Ints, design: Floats, noise: Sequence[Noise]
) -> Estimate:
    """The error also counts that nobody knows what the treated were chosen by.

    Chosen by the history, the last period belongs in the prediction; chosen by something that knows the true
    level better than the history does, it should only be conditioned on. The truth lies from one end to about
    the middle between the two; uniform over that, the mean square is 0.29 squared of the difference.
    """
    found = estimate(figures, cohorts, controls, design, noise)
    other = estimate(figures, cohorts, controls, design, noise, given=1)
    return Estimate(
        found.effect, float(np.hypot(found.error, SELECTION * (found.effect - other.effect))), found.freedom
    )
