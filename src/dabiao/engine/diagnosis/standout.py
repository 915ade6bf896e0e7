"""Does the best finding stand out, or would such a search find as much in any ordinary period?

The same scan is run over every earlier period as if it were the one to explain. What the best segment of an
ordinary period scores is the noise of the search itself: it knows how many segments there are, how they
overlap and how heavy the tails of this metric are, which no formula for multiple testing would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dabiao.engine.diagnosis.baseline import of_history
from dabiao.engine.diagnosis.cells import Cells, Floats
from dabiao.engine.diagnosis.cube import build
from dabiao.engine.diagnosis.search import Aim, Ranking, Settings, Shown, rank

DEPTH = 2
"""Two conditions tell an ordinary period from an odd one, in a fraction of the time that three take."""

LEVEL = 0.04
PERIODS = 12
FEWEST = 4
MEDIAN_OF_GUMBEL = 0.3665
MAD_OF_GUMBEL = 0.7674
LEAST_SCALE = 0.3


@dataclass(frozen=True)
class Standing:
    """out: a local cause is beyond what the search finds by itself.

    chance:   how often an ordinary period would show as much, about
    anywhere: the total is off beyond its own noise, whether or not a part of it stands out
    """

    out: bool
    chance: float
    anywhere: bool


def standing(cells: Cells, shown: Shown, settings: Settings, *, heavy: bool) -> Standing:
    """Judge the best causes in `shown` against those of up to twelve earlier periods.

    heavy: whether what is added up comes in sizes of its own (money), not in ones
    """
    cube = build(cells, depth=min(DEPTH, settings.depth))
    aim = Aim(toward=np.sign(shown.gap), least=0.0)
    quick = replace(settings, starts=1, causes=1, naming=1.0)
    today, *before = (rank(cube, one, aim, quick) for one in [shown, *_ordinary(cells)])
    chance = _chance(_local(today), [_local(one) for one in before], len(cube.cuboids), heavy=heavy)
    return Standing(
        out=chance < LEVEL,
        chance=chance,
        anywhere=_chance(today.everywhere, [one.everywhere for one in before], 1, heavy=heavy) < LEVEL,
    )


def _local(found: Ranking) -> float:
    """What the best causes gain beyond what moving everything alike would."""
    return max(found.gained - found.everywhere, 0.0)


def _ordinary(cells: Cells) -> list[Shown]:
    """Earlier periods as the scan sees them, each against the baseline of all the others."""
    last = len(cells.part) - 1
    return [_one_of(cells, period) for period in range(max(0, last - PERIODS), last)] if last > 1 else []


def _one_of(cells: Cells, period: int) -> Shown:
    order = [*(one for one in range(len(cells.part) - 1) if one != period), period]
    whole = None if cells.whole is None else cells.whole[order]
    apart = replace(cells, part=cells.part[order], whole=whole, presence=cells.presence[order])
    baseline = of_history(apart)
    seen = np.maximum(apart.part[-1], 0.0) / baseline.grain
    if whole is None:
        exposure = expected = apart.presence[-1] * baseline.rate / baseline.grain
    else:
        exposure = np.maximum(whole[-1], 0.0)
        expected = exposure * baseline.rate / baseline.grain
    return Shown(seen, expected, exposure, baseline.shape)


def _chance(now: float, before: Sequence[float], kinds: int, *, heavy: bool) -> float:
    """The chance of `now` in an ordinary period.

    With history: a Gumbel tail, the law of a maximum of many, put through the median and spread of the earlier
    maxima; medians, so that an earlier incident does not hide today's. Money with its few large orders needs
    the heavier Frechet tail, the same on logarithms. Never below what the likelihood alone allows for that
    many kinds of segments (Wilks, halved for one side, Bonferroni).
    """
    from scipy.stats import chi2, gumbel_r

    alone = float(min(kinds * chi2.sf(2 * now, df=1) / 2, 1.0))
    if len(before) < FEWEST:
        return alone
    values: Floats = np.log1p(before) if heavy else np.asarray(before)
    middle = float(np.median(values))
    spread = float(np.median(np.abs(values - middle))) / MAD_OF_GUMBEL
    scale = max(spread, LEAST_SCALE if heavy else max(1.0, LEAST_SCALE * middle))
    reached = np.log1p(now) if heavy else now
    return max(alone, float(gumbel_r.sf(reached, loc=middle - MEDIAN_OF_GUMBEL * scale, scale=scale)))
