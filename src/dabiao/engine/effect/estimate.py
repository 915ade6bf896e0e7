"""The effect: what came, less what was to be expected from everything that went before.

A unit's path without the measure is its best linear prediction (Goldberger 1962) from its own figures before
the start and the shocks that all share. Measures start after bad results, and a bad result is partly chance that
passes by itself. Before/after counts that as success; here the bad result is part of what the prediction is
made from, so it is expected to pass as fast as chance usually does.
"""

from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.contrast import ahead, contrast
from dabiao.engine.effect.course import Course, piece, squared
from dabiao.engine.effect.noise import Noise
from dabiao.engine.effect.panel import Bools, Floats
from dabiao.engine.effect.variance import moderated, widening

UNIFORM = 1 / 12
"""The variance of a uniform distribution over a distance of 1."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """effects and errors (in the unit of the figures) under each candidate noise, their weights, and freedom.

    Candidates are averaged, none is chosen (Hoeting, Madigan, Raftery and Volinsky 1999): the effect is
    distributed as their mixture of t distributions.
    """

    effects: Floats
    errors: Floats
    weights: Floats
    freedom: float

    @property
    def effect(self) -> float:
        return float(self.weights @ self.effects)

    @property
    def error(self) -> float:
        """Standard error, candidates that disagree included (law of total variance)."""
        return float(np.sqrt(self.weights @ (self.errors**2 + (self.effects - self.effect) ** 2)))

    def chance(self) -> float:
        """How often no effect would show as much as this."""
        below = self._below(0.0)
        return 2 * min(below, 1 - below)

    def bound(self, share: float) -> float:
        """Below which the effect lies with probability `share`."""
        from scipy.optimize import brentq
        from scipy.special import stdtrit

        ends = self.effects + self.errors * float(stdtrit(self.freedom, share))
        low, high = float(ends.min()), float(ends.max())
        return low if low == high else float(brentq(lambda value: self._below(value) - share, low, high))

    def widened(self, by: float) -> "Estimate":
        return Estimate(self.effects, self.errors * by, self.weights, self.freedom)

    def _below(self, value: float) -> float:
        from scipy.special import stdtr

        certain = np.maximum(
            self.errors, np.finfo(np.float64).tiny
        )  # nothing ever moved: no error, no effect
        return float(self.weights @ stdtr(self.freedom, (value - self.effects) / certain))


def by_comparison(course: Course, values: Floats, after: Bools, noise: Noise) -> Estimate:
    """The mean effect per treated unit against everything that is known without the measure.

    after: unit x period, the figures with the measure that count; a start lies before each of them

    The error also counts that nobody knows what the treated were chosen by. Chosen by the history, their last
    figure belongs in the prediction; chosen by something that knows the true level better than the history does
    (a target), it only says what chance is under way. The estimate lies in the middle between the two, and
    its error holds the variance of a truth that may lie anywhere between (Draper 1995).
    """
    made = contrast(course, after)
    figures = np.where(after, values, course.figures)[made.treated]
    apart, doubt = (made.applied(weights, figures, course.shocks) for weights in (made.middle, made.doubt))
    variances, freedoms = moderated(course, noise)
    shares = made.variances(course, after) * variances
    shares[made.treated] *= widening(apart, made.own(course) * variances[made.treated], noise.weight)
    total = noise.weight @ shares.sum(axis=0)
    spread = float(total**2 / ((shares @ noise.weight) ** 2 / freedoms).sum()) if total else noise.freedom
    errors = np.sqrt(shares.sum(axis=0) + UNIFORM * doubt.mean(axis=0) ** 2)
    return Estimate(apart.mean(axis=0), errors, noise.weight, min(spread, noise.freedom))


def by_forecast(course: Course, values: Floats, after: Bools, sizes: Floats, noise: Noise) -> Estimate:
    """The mean effect per treated unit against each cohort's own past; a row of `values` is a cohort's mean.

    sizes: units in each cohort. Cohorts may share every shock: their errors are added up, not their variances.
    """
    effects, errors = np.zeros(len(noise.weight)), np.zeros(len(noise.weight))
    for row, share in enumerate(sizes / sizes.sum()):
        weights = ahead(piece(course.known[row], course.design, course.correlation), after[row])[0]
        effects += share * (weights @ np.where(after[row], values[row], course.figures[row]))
        errors += share * np.sqrt(squared(weights[None], course.correlation)[0])
    return Estimate(effects, errors * np.sqrt(noise.variance), noise.weight, noise.freedom)
