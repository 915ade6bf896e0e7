"""How one period's chance carries over to the next: a few candidate correlations, weighed by how well they fit.

A person's result about its level is taken as an AR(1) process plus independent noise. Neither share is known
and a short history cannot tell them exactly, so all of a grid are carried along with their restricted
likelihood (REML; Patterson and Thompson 1971) as weight, which keeps intervals honest where data are few.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from dabiao.engine.effect.course import Course
from dabiao.engine.effect.panel import Floats

CARRIED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LASTING = (0.6, 1.0)
NEGLIGIBLE = 1e-4
ROUNDING = 1e-12


@cache
def candidates(periods: int) -> Floats:
    """candidate x period x period: correlations, `lasting` of the variance AR(1), the rest forgotten at once."""
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    at_once = np.eye(periods)
    return np.stack(
        [at_once]
        + [lasting * carried**apart + (1 - lasting) * at_once for carried in CARRIED for lasting in LASTING]
    )


@dataclass(frozen=True, eq=False)
class Noise:
    """The candidates worth carrying along: their places in `candidates`, weights, and the variance of a figure.

    freedom: how many independent residuals the variances rest on
    """

    kept: tuple[int, ...]
    weight: Floats
    variance: Floats
    freedom: float

    def correlation(self, periods: int) -> Floats:
        return candidates(periods)[list(self.kept)]


def weighed(course: Course) -> Noise:
    """The candidates of `course` by restricted likelihood, those without weight left out."""
    least = (ROUNDING * float(np.abs(course.figures).max())) ** 2 + np.finfo(float).tiny
    variance = np.maximum(course.squares / course.freedom, least)
    likelihood = -0.5 * (course.freedom * np.log(variance) + course.spread)
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    kept = np.flatnonzero(weight > NEGLIGIBLE)
    return Noise(
        tuple(kept.tolist()), weight[kept] / weight[kept].sum(), variance[kept], float(course.freedom)
    )
