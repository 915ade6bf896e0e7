"""Which segments a gap comes from: a scan over all of them, then the few that together say it best.

Each segment is asked how much better the data are explained if every leaf inside it is off by the same
amount per unit of exposure and all the rest is ordinary: the expectation-based scan statistic (Neill 2009,
after Kulldorff 1997) with a negative binomial likelihood. Taking leaves inside that are not off costs
likelihood, leaving out leaves that are off forgoes some, so the best segment is neither too coarse nor too
fine. Adtributor (Bhagwan et al. 2014) asks for share and surprise of one dimension's values; Squeeze (Li et
al. 2019) and RiskLoc (Kalander 2022) for leaves that changed alike; RobustSpot (Sun et al. 2023) for
deviation and contribution of combinations. Here likelihood stands for surprise and likeness, and a segment
must also carry a share of the gap.
"""

from dataclasses import dataclass

import numpy as np

from dabiao.engine.diagnosis.cells import Floats, Ints, Mask
from dabiao.engine.diagnosis.cube import Cube


@dataclass(frozen=True)
class Settings:
    """What the search can be told. All are shares or counts: none has the unit of a metric.

    depth:     how many conditions a segment may have
    share:     the least part of the gap that a cause carries
    plainness: what one more condition costs, as a part of the score
    stray:     how likely a leaf inside a cause is to be ordinary all the same
    causes:    how many causes are sought together
    starts:    from how many of the best segments the search for companions begins
    """

    depth: int = 3
    share: float = 0.1
    plainness: float = 0.15
    stray: float = 0.01
    causes: int = 3
    starts: int = 5


@dataclass(frozen=True, eq=False)
class Shown:
    """One period as the scan sees it, in events: leaf by leaf what was seen, what was expected, on what exposure."""

    seen: Floats
    expected: Floats
    exposure: Floats
    shape: float

    @property
    def gap(self) -> float:
        return float((self.seen - self.expected).sum())


@dataclass(frozen=True, eq=False)
class Scan:
    """Per segment: `score`, log-likelihood gained (0 if it would be lost); `share` of the whole gap it carries."""

    score: Floats
    share: Floats


def scan(cube: Cube, shown: Shown, *, stray: float, among: Mask | None = None) -> Scan:
    """Score every segment on the leaves in `among` (all by default)."""
    open_to = np.ones(len(shown.seen)) if among is None else among.astype(np.float64)
    off = (shown.seen - shown.expected) * open_to
    exposure = shown.exposure * open_to
    scores, carried = [], []
    for cuboid in cube.cuboids:
        gap = cuboid.sums(off)
        per_unit = gap / np.maximum(cuboid.sums(exposure), 1e-12)
        scores.append(cuboid.sums(_gained(shown, per_unit[cuboid.group], stray) * open_to))
        carried.append(gap)
    whole = shown.gap or 1.0
    return Scan(score=np.maximum(np.concatenate(scores), 0.0), share=np.concatenate(carried) / whole)


def _gained(shown: Shown, per_unit: Floats, stray: float) -> Floats:
    """Log-likelihood ratio of each leaf being off by `per_unit`, when it may be a stray that is ordinary."""
    ordinary = np.maximum(shown.expected, 1e-9)
    mean = np.maximum(shown.expected + shown.exposure * per_unit, 0.01 * ordinary)
    ratio = shown.seen * np.log(mean / ordinary)
    ratio -= (shown.seen + shown.shape) * np.log((shown.shape + mean) / (shown.shape + ordinary))
    return np.asarray(np.logaddexp(np.log1p(-stray) + ratio, np.log(stray)))


@dataclass(frozen=True)
class Ranking:
    """Segments by number: those that together explain the gap best, the best alone, and others by own score.

    worth:      log-likelihood gained by the causes, discounted for the conditions that companions add
    everywhere: log-likelihood gained by everything being off alike
    """

    causes: tuple[int, ...]
    worth: float
    everywhere: float
    best: int | None
    others: tuple[int, ...]


def rank(cube: Cube, shown: Shown, settings: Settings, *, others: int = 10) -> Ranking:
    """The best set of causes, best cause first, and the best single segments beside it.

    From each of the best single segments companions are added one at a time among the leaves not yet taken,
    as long as the likelihood gained outweighs the conditions it takes to say it. Of segments that cover the
    same leaves only the one with fewest conditions is a candidate.
    """
    alone = scan(cube, shown, stray=settings.stray)
    order = _best(cube, alone, alone.score, settings, settings.starts + others)
    sets = [
        _with_companions(cube, shown, settings, start, float(alone.score[start]))
        for start in order[: settings.starts]
    ]
    worth, best = max(sets, key=lambda found: found[0], default=(0.0, []))
    causes = sorted(best, key=lambda segment: (-alone.score[segment], segment))
    alone_best = int(order[0]) if len(order) else None
    beside = tuple(int(one) for one in order if one not in causes)[:others]
    return Ranking(tuple(causes), worth, float(alone.score[0]), alone_best, beside)


def _best(cube: Cube, found: Scan, value: Floats, settings: Settings, most: int) -> Ints:
    """Candidate segments by value, ties to the coarser, then to the earlier number."""
    numbers = np.arange(len(value))
    fit = (
        (value > 0)
        & (found.score > 0)
        & (found.share >= settings.share)
        & (cube.first_of == numbers)
        & (numbers > 0)
    )
    candidates: Ints = numbers[fit]
    order = np.lexsort((candidates, cube.depth[candidates], -value[candidates]))
    best: Ints = candidates[order[:most]]
    return best


def _with_companions(
    cube: Cube, shown: Shown, settings: Settings, start: int, score: float
) -> tuple[float, list[int]]:
    """The set grown from one segment, and its worth: the score discounted for every condition that was added."""
    chosen, added, worth = [start], 0, score
    left = ~cube.cells.covered(cube.where(start))
    while len(chosen) < settings.causes and left.any():
        beside = scan(cube, shown, stray=settings.stray, among=left)
        worths = (score + beside.score) * (1 - settings.plainness) ** (added + cube.depth)
        following = _best(cube, beside, worths, settings, 1)
        if not len(following) or worths[following[0]] <= worth:
            break
        chosen.append(int(following[0]))
        worth, score = float(worths[following[0]]), score + float(beside.score[following[0]])
        added += int(cube.depth[following[0]])
        left &= ~cube.cells.covered(cube.where(chosen[-1]))
    return worth, chosen
