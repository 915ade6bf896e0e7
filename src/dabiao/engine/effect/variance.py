"""How much each unit's figures vary: people differ in that, and the treated may differ among themselves."""

import numpy as np

from dabiao.engine.effect.course import Course, squared
from dabiao.engine.effect.noise import Noise
from dabiao.engine.effect.panel import Floats

STEADIEST = 0.01
ALIKE = 1000.0
CAUTION = 20


def moderated(course: Course, noise: Noise) -> tuple[Floats, Floats]:
    """unit x candidate: each one's own variance, drawn towards everybody's; and how many residuals it is worth.

    As far as the spread of variances goes beyond what chance explains, each one's own counts (Smyth 2004);
    few deals, small numbers or a nervous customer make some people's figures vary more than others'.
    """
    found = np.empty((len(course.known), len(noise.weight)))
    for units, one in course.pieces():
        rest = course.figures[units][:, None, :] - course.shocks
        found[units] = np.maximum(squared(rest, one.residual), 0.0)
    residuals = course.known.sum(axis=1) - course.design.shape[1]
    freedom = residuals * course.freedom / residuals.sum()
    own = found / freedom[:, None]
    prior = _prior_freedom((own / noise.variance) @ noise.weight, freedom)
    total = prior + freedom
    return (prior * noise.variance + freedom[:, None] * own) / total[:, None], total


def _prior_freedom(ratio: Floats, freedom: Floats) -> float:
    """How many residuals everybody's variance is worth when one's own is guessed: by moments of its logarithm."""
    from scipy.optimize import brentq
    from scipy.special import polygamma, psi

    logs = np.log(np.maximum(ratio, STEADIEST)) - psi(freedom / 2) + np.log(freedom / 2)
    beyond = float(logs.var(ddof=1) - polygamma(1, freedom / 2).mean())
    if beyond <= float(polygamma(1, ALIKE / 2)):
        return ALIKE
    return 2 * float(brentq(lambda half: float(polygamma(1, half)) - beyond, 1e-3, ALIKE))


def widening(apart: Floats, variances: Floats, weights: Floats) -> float:
    """By how much the treated lie farther from each other than their variances say, never less than 1.

    A measure may work better for some than for others, and more sold of few large deals varies more. apart,
    variances: treated unit x candidate. The spread is drawn towards 1 as if twenty treated had been as expected.
    """
    others = len(apart) - 1
    if not others:
        return 1.0
    distance = ((apart - apart.mean(axis=0)) ** 2 / variances).sum(axis=0)
    return max(1.0, float((CAUTION + weights @ distance) / (CAUTION + others)))
