"""Measures that never were: the same contrast for random groups at earlier starts, to see what chance alone shows.

Randomisation inference (Fisher 1935) over who was treated, joined with shifted starts (in-time placebos, as for
synthetic controls in Abadie, Diamond and Hainmueller 2010; conformal p-values, Chernozhukov, Wuethrich and Zhu
2021): with few units there are too few groups to permute, but many earlier starts.
"""

from collections.abc import Sequence

import numpy as np

from dabiao.engine.effect.estimate import contrast
from dabiao.engine.effect.noise import Noise
from dabiao.engine.effect.panel import Floats

DRAWS = 200
FEWEST_BEFORE = 6


def placebos(values: Floats, group: int, length: int, noise: Sequence[Noise], *, relative: bool) -> Floats:
    """Studentised effects of measures that never were, in a history in which nobody is treated.

    values: unit x period before the first start; `group` units are drawn, `length` periods are looked at.
    Empty when the history is too short or nobody would be left to compare with.
    """
    units, periods = values.shape
    starts = range(FEWEST_BEFORE, periods - length + 1)
    if units <= group:
        return np.empty(0)
    draw = np.random.default_rng(20260101)
    shown: list[Floats] = []
    for start in starts:
        figures = values / values[:, :start].mean(axis=1, keepdims=True) if relative else values
        weights, spread = _average_contrast(noise, start, start + length)
        apart = figures[:, : start + length] @ weights / np.sqrt(spread * (1 / group + 1 / (units - group)))
        shown.append(_groups(apart, group, draw))
    return np.concatenate(shown) if shown else np.empty(0)


def _average_contrast(noise: Sequence[Noise], start: int, until: int) -> tuple[Floats, float]:
    """Weights averaged over the candidate noises, and the variance of one unit's contrast."""
    level = np.ones((until, 1))
    weights = np.zeros(until)
    for one in noise:
        weights += one.weight * contrast(one.correlation[:until, :until], level, start, until)
    spread = sum(
        one.weight * one.variance * float(weights @ one.correlation[:until, :until] @ weights)
        for one in noise
    )
    return weights, spread


def _groups(apart: Floats, group: int, draw: np.random.Generator) -> Floats:
    """Mean of a random group less the mean of all others, for many groups; every unit once if groups are of one."""
    units = len(apart)
    chosen = (
        np.eye(units) if group == 1 else (draw.random((DRAWS, units)).argsort(axis=1) < group).astype(float)
    )
    inside = chosen @ apart / group
    outside = (1 - chosen) @ apart / (units - group)
    return np.asarray(inside - outside)
