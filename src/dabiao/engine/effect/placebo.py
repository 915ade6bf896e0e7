"""Measures that never were: the same contrast for random groups at earlier starts, to see what chance alone shows.

Randomisation inference (Fisher 1935) over who was treated, joined with shifted starts (in-time placebos, as for
synthetic controls in Abadie, Diamond and Hainmueller 2010; conformal p-values, Chernozhukov, Wuethrich and Zhu
2021): with few units there are too few groups to permute, but many earlier starts.
"""

import numpy as np

from dabiao.engine.effect.contrast import ahead
from dabiao.engine.effect.course import Course, piece
from dabiao.engine.effect.noise import Noise
from dabiao.engine.effect.panel import FEWEST_BEFORE, Floats

DRAWS = 200


def placebos(
    course: Course, variances: Floats, noise: Noise, group: int, *, until: int, length: int
) -> Floats:
    """Studentised effects of measures that never were, in the periods before `until`, when nobody was treated.

    variances: unit x candidate; `group` units are drawn, `length` periods are looked at. Units with gaps are left
    out. Empty when the history is too short or nobody would be left to compare with.
    """
    whole = course.known[:, :until].all(axis=1)
    figures, spread = course.figures[whole], variances[whole]
    if len(figures) <= group:
        return np.empty(0)
    draw = np.random.default_rng(20260101)
    periods = np.arange(figures.shape[1])
    shown = []
    for start in range(FEWEST_BEFORE, until - length + 1):
        known, after = periods < start, (periods >= start) & (periods < start + length)
        weights = noise.weight @ np.mean(
            ahead(piece(known, course.design, course.correlation), after), axis=0
        )
        unit = weights @ course.correlation @ weights
        shown.append(_groups(figures @ weights, spread @ (noise.weight * unit), group, draw))
    return np.concatenate(shown) if shown else np.empty(0)


def _groups(apart: Floats, variances: Floats, group: int, draw: np.random.Generator) -> Floats:
    """Mean of a random group less the mean of all others, for many groups; every unit once if groups are of one."""
    units = len(apart)
    ranks = (
        np.arange(units)[:, None] if group == 1 else draw.random((DRAWS, units)).argsort(axis=1)[:, :group]
    )
    chosen = np.zeros((len(ranks), units))
    np.put_along_axis(chosen, ranks, 1 / group, axis=1)
    signed = np.where(chosen > 0, chosen, -1 / (units - group))
    return np.asarray(signed @ apart / np.sqrt(signed**2 @ variances))
