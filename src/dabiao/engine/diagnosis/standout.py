"""Does the best finding stand out, or would such a search find as much in any ordinary period?

The same scan is run over every earlier period as if it were the one to explain. What the best segment of an
ordinary period scores is the noise of the search itself: it knows how many segments there are, how they
overlap and how heavy the tails of this metric are, which no formula for multiple testing would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dabiao.engine.diagnosis.baseline import Baseline
from dabiao.engine.diagnosis.cells import Cells, Floats
from dabiao.engine.diagnosis.cube import build
from dabiao.engine.diagnosis.search import Ranking, Settings, Shown, rank

DEPTH = 2
"""Two conditions tell an ordinary period from an odd one, in a fraction of the time that three take."""

LEVEL = 0.05
PERIODS = 12
FEWEST = 4
STARTS = 2


@dataclass(frozen=True)
class Standing:
    """out: a local cause is beyond what the search finds by itself.

    chance:   how often an ordinary period would show as much, about
    anywhere: the total is off beyond its own noise, whether or not a part of it stands out
    """

    out: bool
    chance: float
    anywhere: bool


def standing(cells: Cells, shown: Shown, baseline: Baseline, settings: Settings) -> Standing:
    """Judge the best segment of `shown` against those of up to twelve earlier periods."""
    cube = build(cells, depth=min(DEPTH, settings.depth))

    quick = replace(settings, starts=STARTS)
    today, *before = (rank(cube, one, quick) for one in [shown, *_ordinary(cells, baseline)])
    chance = _chance(_local(today), [_local(one) for one in before], len(cube.depth))
    return Standing(
        out=chance < LEVEL,
        chance=chance,
        anywhere=_chance(today.everywhere, [one.everywhere for one in before], 1) < LEVEL,
    )


def _local(found: Ranking) -> float:
    """What the best causes gain beyond what moving everything alike would."""
    return max(found.worth - found.everywhere, 0.0)


def _ordinary(cells: Cells, baseline: Baseline) -> list[Shown]:
    """Earlier periods as the scan sees them. A period is part of its own baseline, so its residual is scaled up."""
    earlier = cells.part[:-1][-PERIODS:]
    exposures = np.ones_like(earlier) if cells.whole is None else cells.whole[:-1][-PERIODS:]
    periods = len(cells.part) - 1
    shown = []
    for seen, exposure in zip(earlier, exposures, strict=True):
        expected = exposure * baseline.rate / baseline.grain
        apart = seen / baseline.grain - expected
        if periods > 1:
            apart = apart * periods / (periods - 1)
        weight = expected if cells.whole is None else exposure
        shown.append(Shown(np.maximum(expected + apart, 0.0), expected, weight, baseline.shape))
    return shown


def _chance(now: float, before: Sequence[float], segments: int) -> float:
    """The chance of `now` in an ordinary period.

    With history: a Gumbel tail (the law of a maximum of many) put through the median and spread of the earlier
    maxima; medians, so that an earlier incident does not hide today's. Never below what the likelihood alone
    allows for that many segments (Wilks, halved for one side, Bonferroni).
    """
    from scipy.stats import chi2, gumbel_r

    alone = float(min(segments * chi2.sf(2 * now, df=1) / 2, 1.0))
    if len(before) < FEWEST:
        return alone
    values: Floats = np.asarray(before)
    middle = float(np.median(values))
    spread = float(np.median(np.abs(values - middle)))
    scale = max(spread / 0.7674, 0.25 * middle, 1.0)
    return max(alone, float(gumbel_r.sf(now, loc=middle - 0.3665 * scale, scale=scale)))
