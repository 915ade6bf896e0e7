"""What each leaf would have shown in an ordinary period, and how much leaves wobble by themselves."""

from dataclasses import dataclass

import numpy as np

from dabiao.engine.diagnosis.cells import Cells, Floats, Ints
from dabiao.engine.diagnosis.presence import new_here, usual

PRIOR_EVENTS = 1.0
"""How many events' worth of evidence the main effects count for beside a leaf's own history."""

CAP = 3.0
"""Earlier periods are cut at this many standard deviations: an earlier incident must not become the norm."""

CHI_SQUARE_MEDIAN = 0.4549
FARTHEST = 20.0
"""Main effects together move a leaf at most so many times from the overall rate."""

MOST_COUNTED = 10_000.0
"""Whole numbers up to this size in a cell are taken for counts, above it for money without decimals."""

SHAPE_BOUNDS = (3.0, 100.0)
FIRST_SHAPE = 10.0


@dataclass(frozen=True, eq=False)
class Baseline:
    """Expected values and their noise: a value varies about its mean m with variance grain*m + m^2/shape.

    rate:  per leaf, what one unit of exposure brings (exposure is the whole of a ratio, else one period)
    grain: what one event brings (1 for counts, about an order's size for money)
    shape: larger means steadier; the shape of the Gamma that mixes the Poissons (negative binomial)
    """

    rate: Floats
    grain: float
    shape: float


def of_history(cells: Cells) -> Baseline:
    """Robust expectation of each leaf from all periods but the last.

    A leaf's median rate is shrunk to what its members' main effects say, earlier values are cut at three
    standard deviations about it (of counts only the largest), and their mean is shrunk again (empirical Bayes: Gamma
    prior worth one event). The noise comes from the same residuals by their medians, so that one wild period leaves no mark.
    With one earlier period that period is the expectation; without any, everything is expected to be even. In a
    ratio, of whoever came lately is expected what the others' main effects say: a level of their own would be the
    very thing to be judged.
    """
    part = cells.part[:-1]
    exposure = cells.presence[:-1]
    if cells.whole is not None:
        known = ~new_here(cells)
        part, exposure = part * known, np.maximum(cells.whole[:-1], 0.0) * known
    else:
        part = part * (exposure > 0)
    if not len(part) or part.sum() <= 0:
        return _without_history(cells)
    grain = _grain(part, exposure, averaged=cells.whole is not None)
    prior = _main_effects(cells, part, exposure, grain)
    centre = _shrunk(_median_rate(part, exposure) * exposure.sum(axis=0), exposure, prior, grain)
    mean = exposure * centre
    ceiling = np.maximum(mean + CAP * np.sqrt(grain * mean + mean**2 / FIRST_SHAPE), grain)
    if cells.whole is None and grain == 1 and len(part) > 1:
        ceiling = np.maximum(ceiling, exposure * _second(part / np.maximum(exposure, 1e-12)))
    rate = _shrunk(np.minimum(part, ceiling).sum(axis=0), exposure, prior, grain)
    rate = rate * _level(part, exposure * rate)
    shape = _shape(part, exposure * rate, grain)
    if cells.whole is None:
        rate = rate * _level(cells.part[:-1], (usual(cells) * rate)[None])
    return Baseline(rate=rate, grain=grain, shape=shape)


def _second(rate: Floats) -> Floats:
    """Each column's second largest: visits come in bunches, and what has happened twice is no incident."""
    return np.asarray(np.sort(rate, axis=0)[-2])


def _level(part: Floats, mean: Floats) -> float:
    """Cutting peaks lowers sums, and members who enter without others leaving raise them: the factor that brings an
    ordinary period's total back, so that the whole's usual level is the same whatever it is split by."""
    came, due = np.broadcast_arrays(part.sum(axis=1), mean.sum(axis=1))
    level = float(np.median(came[due > 0] / due[due > 0])) if (due > 0).any() else 1.0
    return level if 1 / FARTHEST <= level <= FARTHEST else 1.0


def _without_history(cells: Cells) -> Baseline:
    now = np.maximum(cells.part[-1], 0.0)
    exposure = np.ones_like(now) if cells.whole is None else np.maximum(cells.whole[-1], 0.0)
    rate = np.full(cells.leaves, max(now.sum(), 0.0) / max(exposure.sum(), 1e-12))
    return Baseline(
        rate=rate,
        grain=_grain(now[None], exposure[None], averaged=cells.whole is not None),
        shape=FIRST_SHAPE,
    )


def _grain(part: Floats, exposure: Floats, *, averaged: bool) -> float:
    """The size of one event: 1 for counts; for money and measurements the variance of small cells over their mean.

    For a sum of orders (compound Poisson) that is E[size^2] / E[size]. What is averaged and above one each, minutes
    a visit or a score of one to five, is no count though it is a whole number. It is worked out for each period over
    the half of the cells that are smallest, and the middle period is taken. A cell that has but one period fits itself
    and tells nothing of noise.
    """
    counted = np.array_equal(part, np.round(part)) and part.max(initial=0.0) <= max(
        exposure.max(initial=0.0), MOST_COUNTED
    )
    if counted and not (averaged and part.sum() > exposure.sum()):
        return 1.0
    rate = part.sum(axis=0) / np.maximum(exposure.sum(axis=0), 1e-12)
    mean = exposure * rate
    usual = mean.mean(axis=0)
    telling = (usual > 0) & ((exposure > 0).sum(axis=0) > 1)
    if not telling.any():
        return 1.0
    small = telling & (usual <= np.median(usual[telling]))
    off, about = ((part - mean) ** 2)[:, small].sum(axis=1), mean[:, small].sum(axis=1)
    periods = len(part)
    within = off[about > 0] / about[about > 0] * periods / max(periods - 1, 1)
    return float(np.median(within)) or 1.0


def _median_rate(part: Floats, exposure: Floats) -> Floats:
    """Median over the periods in which there was exposure; 0 where there never was."""
    return _column_medians(np.where(exposure > 0, part / np.maximum(exposure, 1e-12), np.nan))


def _column_medians(values: Floats) -> Floats:
    ordered = np.sort(values, axis=0)
    known = np.isfinite(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    low, high = np.maximum((known - 1) // 2, 0), np.minimum(known // 2, len(values) - 1)
    middle: Floats = np.nan_to_num((ordered[low, columns] + ordered[high, columns]) / 2)
    return middle


def _main_effects(cells: Cells, part: Floats, exposure: Floats, grain: float) -> Floats:
    """Each leaf's rate if dimensions only multiplied: overall rate x the members' relative rates."""
    overall = float(np.median(part.sum(axis=1) / np.maximum(exposure.sum(axis=1), 1e-12)))
    overall = max(overall, 1e-12)
    rate = np.full(cells.leaves, overall)
    for axis, members in enumerate(cells.members):
        codes = cells.codes[:, axis]
        mine, base = _by_member(part, codes, len(members)), _by_member(exposure, codes, len(members))
        own = _shrunk(
            _median_rate(mine, base) * base.sum(axis=0), base, np.full(len(members), overall), grain
        )
        rate *= (own / overall)[codes]
    clipped: Floats = np.clip(rate, overall / FARTHEST, overall * FARTHEST)
    return clipped


def _by_member(values: Floats, codes: Ints, members: int) -> Floats:
    return np.stack([np.bincount(codes, row, minlength=members) for row in values])


def _shrunk(value: Floats, exposure: Floats, prior: Floats, grain: float) -> Floats:
    """(what was seen + what the prior's events bring) / (the exposure both took). Refunds alone make no rate."""
    weight = PRIOR_EVENTS * grain
    rate: Floats = (np.maximum(value, 0.0) + weight) / (
        exposure.sum(axis=0) + weight / np.maximum(prior, 1e-300)
    )
    return rate


def _shape(part: Floats, mean: Floats, grain: float) -> float:
    """The shape at which the median squared residual is what chi-square says, from leaves of five events up."""
    telling = mean > 5 * grain
    if not telling.any():
        return FIRST_SHAPE
    squared, mean = ((part - mean) ** 2)[telling], mean[telling]
    low, high = SHAPE_BOUNDS
    for _ in range(30):
        middle = float(np.sqrt(low * high))
        if np.median(squared / (grain * mean + mean**2 / middle)) > CHI_SQUARE_MEDIAN:
            high = middle
        else:
            low = middle
    return low
