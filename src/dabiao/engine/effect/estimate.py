"""The effect as a linear contrast: what came, less what was to be expected from everything before.

For each start the treated are compared with units that were never treated, period by period (difference in
differences, by cohort as in Callaway and Sant'Anna 2021). The path of that difference without the measure is
its best linear prediction (Goldberger 1962) from everything before the start. Measures start after bad
results, and a bad result is partly chance that passes by itself. Before/after counts that as success; here the
bad result is part of what the prediction is made from, so it is expected to pass as fast as chance usually
does. Choosing by what the history shows leaves such a prediction unbiased (selection is ignorable, Rubin 1976).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.noise import Noise
from dabiao.engine.effect.panel import Floats, Ints


@dataclass(frozen=True)
class Cohort:
    """Units that start in the same period; `until` is the position after the last period looked at."""

    members: tuple[int, ...]
    start: int
    until: int


@dataclass(frozen=True)
class Estimate:
    """effect in the unit of the figures, its standard error, and how many residuals the error rests on."""

    effect: float
    error: float
    freedom: float


def contrast(correlation: Floats, design: Floats, start: int, until: int, *, given: int = 0) -> Floats:
    """Weights over all periods: mean of the periods from `start` to `until`, less their prediction from before.

    design: period x term, what the level follows
    given:  so many periods before the start are only conditioned on: they say what chance is still under way,
            nothing about the level
    """
    early, window = np.arange(start - given), np.arange(start - given, start)
    before, after = np.arange(start), np.arange(start, until)
    carry = correlation[np.ix_(early, window)] @ np.linalg.inv(correlation[np.ix_(window, window)])
    spread = correlation[np.ix_(early, early)] - carry @ correlation[np.ix_(window, early)]
    terms = design[early] - carry @ design[window]
    weighed = np.linalg.solve(spread, terms)
    level = np.linalg.solve(terms.T @ weighed, weighed.T) @ np.hstack([np.eye(len(early)), -carry])
    onward = correlation[np.ix_(after, before)] @ np.linalg.inv(correlation[np.ix_(before, before)])
    follows = onward.mean(axis=0)
    weights = np.zeros(len(correlation))
    weights[after] = 1 / len(after)
    weights[before] = -(follows + (design[after].mean(axis=0) - follows @ design[before]) @ level)
    return weights


def estimate(
    values: Floats,
    cohorts: Sequence[Cohort],
    controls: Ints,
    design: Floats,
    noise: Sequence[Noise],
    *,
    given: int = 0,
) -> Estimate:
    """The mean effect per treated unit, averaged over the candidate noises (law of total variance).

    The variance counts the treated of each cohort once and the controls, which all cohorts share, together.
    Without controls cohorts may share every shock, so their errors are added up, not their variances.
    """
    size = sum(len(cohort.members) for cohort in cohorts)
    effects, variances = [], []
    for one in noise:
        effect = 0.0
        own: list[float] = []
        shared = np.zeros(values.shape[1])
        for cohort in cohorts:
            share = len(cohort.members) / size
            weights = contrast(one.correlation, design, cohort.start, cohort.until, given=given) * share
            effect += float(values[list(cohort.members)].mean(axis=0) @ weights)
            own.append(float(weights @ one.correlation @ weights))
            shared += weights
        if len(controls):
            effect -= float(values[controls].mean(axis=0) @ shared)
            spread = sum(one_own / len(cohort.members) for one_own, cohort in zip(own, cohorts, strict=True))
            spread += float(shared @ one.correlation @ shared) / len(controls)
        else:
            spread = float(np.sqrt(own).sum()) ** 2
        effects.append(effect)
        variances.append(one.variance * spread)
    weight = np.array([one.weight for one in noise])
    mean = float(weight @ effects)
    variance = float(weight @ (np.array(variances) + (np.array(effects) - mean) ** 2))
    return Estimate(mean, float(np.sqrt(variance)), float(weight @ [one.freedom for one in noise]))
