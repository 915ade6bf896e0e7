"""From figures and starts to an effect: against comparable others, or against a forecast where there are none."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from dabiao.engine.effect.contrast import contrast
from dabiao.engine.effect.course import Course, course
from dabiao.engine.effect.estimate import by_comparison, by_forecast
from dabiao.engine.effect.matching import balances, comparable
from dabiao.engine.effect.noise import Noise, candidates, weighed
from dabiao.engine.effect.panel import FEWEST_BEFORE, Bools, CannotMeasure, Floats, Ints, Panel, panel_of
from dabiao.engine.effect.placebo import placebos
from dabiao.engine.effect.variance import moderated
from dabiao.engine.effect.verdict import LEVEL, Check, Effect, Measure, Sample, judged

FEW = 10
FEWEST_CONTROLS = 2
FEWEST_FIGURES = 3


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
    panel = panel_of(table, starts, relative=measure.relative)
    controls = comparable(panel, traits or {})
    if len(controls) < FEWEST_CONTROLS:
        return _against_a_forecast(panel, measure)
    return _against_others(panel, controls, measure, traits or {})


def _against_others(
    panel: Panel, controls: Ints, measure: Measure, traits: Mapping[str, Mapping[str, float]]
) -> Effect:
    """Compared period by period with whoever is not treated then: the untreated, and the treated before their start."""
    used = np.concatenate([panel.treated, controls])
    figures, under = _figures(panel, measure)[used], panel.under[used]
    seen, first = ~np.isnan(figures), panel.first_start
    known = seen & ~under
    after = seen & under & known.any(axis=0)
    if not after.any():
        raise CannotMeasure("nobody else")
    noise, fit = _fitted(figures, known, _level(figures.shape[1]), common=True)
    found = by_comparison(fit, figures, after, noise)
    alike = balances(panel, controls, traits)
    balance = Check("balance", all(one.held for one in alike), max(abs(one.apart) for one in alike))
    treated = int(after.any(axis=1).sum())
    sample = Sample(
        method="comparison",
        treated=treated,
        compared=len(controls),
        before=first,
        after=figures.shape[1] - first,
        checks=(*_before(figures, under, first, noise), balance),
        balance=alike,
        left_out=panel.left_out,
    )
    shown = np.empty(0)
    if min(treated, len(controls)) < FEW:
        length = int(np.median(after[after.any(axis=1)].sum(axis=1)))
        shown = placebos(fit, moderated(fit, noise)[0], noise, treated, until=first, length=length)

    def error_after(more: int) -> float:
        later, then = _as_at_the_end(known, more), _as_at_the_end(after, more)
        fit = _geometry(later, _level(later.shape[1]), noise, common=True)
        spread = contrast(fit, then).variances(fit, then).sum(axis=0)
        return float(np.sqrt(noise.weight @ (noise.variance * spread)))

    return judged(found, shown, measure, sample, error_after)


def _against_a_forecast(panel: Panel, measure: Measure) -> Effect:
    """Each cohort's mean against its own past: level, trend, season, and chance that carries over."""
    figures, first, periods = _figures(panel, measure), panel.first_start, len(panel.periods)
    dates = sorted({int(start) for start in panel.starts[panel.treated]})
    lines = np.stack([_mean(figures[panel.starts == date]) for date in dates])
    sizes = np.array([float((panel.starts == date).sum()) for date in dates])
    seen, under = ~np.isnan(lines), np.arange(periods) >= np.array(dates)[:, None]
    known, after = seen & ~under, seen & under
    season = measure.season if known.sum(axis=1).min() >= 2 * measure.season else 1
    noise, fit = _fitted(lines, known, _trend_and_season(periods, first, season), common=False)
    found = by_forecast(fit, lines, after, sizes, noise)
    sample = Sample("forecast", len(panel.treated), 0, first, periods - first, (), (), panel.left_out)

    def error_after(more: int) -> float:
        later, then = _as_at_the_end(known, more), _as_at_the_end(after, more)
        fit = _geometry(later, _trend_and_season(periods + more, first, season), noise, common=False)
        return by_forecast(fit, np.zeros(then.shape), then, sizes, noise).error

    return judged(found, np.empty(0), measure, sample, error_after)


def _figures(panel: Panel, measure: Measure) -> Floats:
    """Each unit as a share of its usual level before the measure, or as it is."""
    if not measure.relative:
        return panel.values
    usual = np.nanmean(panel.values[:, : panel.first_start], axis=1, keepdims=True)
    return np.asarray(panel.values / usual)


def _mean(figures: Floats) -> Floats:
    """By period, of whoever is known; NaN where nobody is."""
    known = ~np.isnan(figures)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(figures, axis=0) / known.sum(axis=0))


def _fitted(figures: Floats, known: Bools, design: Floats, *, common: bool) -> tuple[Noise, Course]:
    """Candidate noises by how well they fit, and the course under those that are kept."""
    noise = weighed(course(figures, known, design, candidates(len(design)), common=common))
    return noise, course(figures, known, design, noise.correlation(len(design)), common=common)


def _geometry(known: Bools, design: Floats, noise: Noise, *, common: bool) -> Course:
    """A course of figures that are not there yet: enough for the errors they would leave."""
    return course(np.zeros(known.shape), known, design, noise.correlation(len(design)), common=common)


def _as_at_the_end(cells: Bools, more: int) -> Bools:
    """With so many more periods, in which everybody goes on as in the last one."""
    return np.hstack([cells, np.repeat(cells[:, -1:], more, axis=1)])


def _before(figures: Floats, under: Bools, first: int, noise: Noise) -> list[Check]:
    """Were the treated already moving apart? The effect of a measure that starts earlier and ends before the real one.

    The last period before the start is left out: a measure starts after a bad one. No check where the history
    is too short for it.
    """
    periods, until = np.arange(figures.shape[1]), first - 1
    start = max(FEWEST_BEFORE, until - (len(periods) - first))
    seen, treated = ~np.isnan(figures) & (periods < until), under[:, -1:]
    held_back = treated & (periods >= start)
    known = seen & ~held_back
    enough = known.sum(axis=1) >= FEWEST_FIGURES
    figures, known, after = figures[enough], known[enough], (seen & held_back)[enough]
    after &= known.any(axis=0)
    if not after.any():
        return []
    fit = course(figures, known, _level(len(periods)), noise.correlation(len(periods)))
    found = by_comparison(fit, figures, after, noise)
    return [Check("before", found.chance() >= LEVEL, found.effect)]


def _level(periods: int) -> Floats:
    return np.ones((periods, 1))


def _trend_and_season(periods: int, first: int, season: int) -> Floats:
    """What a level may follow: a constant, a trend, and the season once two rounds of it were seen."""
    time = np.arange(periods)
    terms = [np.ones(periods), (time - first) / first]
    terms += [(time % season == place).astype(float) - (time % season == 0) for place in range(1, season)]
    return np.stack(terms, axis=1)
