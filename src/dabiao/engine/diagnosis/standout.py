"""Does the best finding stand out, or would such a search find as much in any ordinary period?

The same scan is run over every earlier period as if it were the one to explain. What the best segment of an
ordinary period scores is the noise of the search itself: it knows how many segments there are, how they
overlap and how heavy the tails of this metric are, which no formula for multiple testing would.

What all periods have in common must not tell today from the others. So each is judged by what was known
before it, in the direction of its own gap, by segments that carry as large a share of it, and after the level
of the whole was taken out (the conditional scan statistic, Kulldorff 1997): a short month is no cause.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dabiao.engine.diagnosis.baseline import Baseline, of_history
from dabiao.engine.diagnosis.cells import Cells, Floats, Mask
from dabiao.engine.diagnosis.cube import Cube, build
from dabiao.engine.diagnosis.search import Settings, Shown, gain_of, scan

DEPTH = 2
"""Two conditions tell an ordinary period from an odd one, in a fraction of the time that three take."""

LEVEL = 0.02
LEVEL_AGAINST = 0.007
"""Stricter than for causes: nobody asked what went against the gap, so what is said of it must be sure."""

PERIODS = 12
FEWEST = 4
FEWEST_BEFORE = 4
MEDIAN_OF_GUMBEL = 0.3665
MAD_OF_GUMBEL = 0.7674
MAD_OF_NORMAL = 0.6745
LEAST_SCALE = 0.3

View = Callable[[Cells, Baseline], Shown]


@dataclass(frozen=True)
class Standing:
    """out: a local cause is beyond what the search finds by itself.

    chance:   how often an ordinary period would show as much, about
    beyond:   what a cause must gain to stand out by itself
    anywhere: the total is off beyond its own noise, whether or not a part of it stands out
    against:  what a segment that went against the gap must gain to stand out; None where none does
    """

    out: bool
    chance: float
    beyond: float
    anywhere: bool
    against: float | None


@dataclass(frozen=True)
class _Found:
    """What one period's scan finds: what the best segment gains at the period's own level, in the direction of
    the gap and against it, and what the whole gains."""

    along: float
    against: float
    whole: float


def standing(cells: Cells, shown: Shown, settings: Settings, view: View, *, heavy: bool) -> Standing:
    """Judge the best cause in `shown` against those of up to twelve earlier periods.

    view:  how an earlier period is looked at: as `shown` looks at the last
    heavy: whether what is added up comes in sizes of its own (money), not in ones
    """
    cube = build(cells, depth=min(DEPTH, settings.depth))
    strict = replace(settings, naming=1.0)
    today, *before = (_found(cube, one, strict) for one in [shown, *_ordinary(cells, view)])
    along = _Tail.of([one.along for one in before], len(cube.cuboids), heavy=heavy)
    either = _Tail.of([max(one.along, one.against) for one in before], len(cube.cuboids), heavy=heavy)
    whole = _Tail.of([one.whole for one in before], 1, heavy=heavy)
    chance = along.chance(today.along) if before else 1.0
    return Standing(
        out=chance < LEVEL,
        chance=chance,
        beyond=along.beyond(LEVEL),
        anywhere=whole.chance(today.whole) < LEVEL,
        against=either.beyond(LEVEL_AGAINST)
        if before and either.chance(today.against) < LEVEL_AGAINST
        else None,
    )


def _found(cube: Cube, shown: Shown, settings: Settings) -> _Found:
    gap = cube.sums(shown.seen - shown.expected)
    level = scan(cube, levelled(shown), settings)
    toward = float(np.sign(shown.gap))
    best = {}
    for way in (toward, -toward):
        fit = (way * gap >= settings.share * abs(shown.gap)) & (way * level.gap > 0)
        fit[0] = False
        best[way] = float(level.score[fit].max(initial=0.0))
    everything = np.ones(cube.cells.leaves, dtype=bool)
    whole = max(gain_of(shown, everything, settings), 0.0)
    return _Found(along=best[toward], against=best[-toward], whole=whole)


def levelled(shown: Shown, among: Mask | None = None) -> Shown:
    """The same with the expectation brought to the level that the leaves in `among` (all) have."""
    here = np.ones(len(shown.seen), dtype=bool) if among is None else among
    level = float(shown.seen[here].sum() / max(shown.expected[here].sum(), 1e-9))
    return replace(shown, expected=shown.expected * level) if level > 0 else shown


def standing_alone(
    cube: Cube, shown: Shown, causes: Sequence[int], beyond: float, settings: Settings
) -> list[int]:
    """Those of the causes that gain more than `beyond` by themselves.

    Each is asked on the leaves that none before it has, at the level of all that lies outside the causes.
    """
    inside = [cube.cells.covered(cube.where(one)) for one in causes]
    left = np.ones(cube.cells.leaves, dtype=bool)
    outside = left & ~np.any(inside, axis=0) if causes else left
    level = levelled(shown, outside) if outside.any() else shown
    kept = []
    for cause, mine in zip(causes, inside, strict=True):
        gained = gain_of(level, mine & left, settings) - float(np.log(cube.alike(cause)))
        if gained >= beyond:
            kept.append(cause)
            left &= ~mine
    return kept


def _ordinary(cells: Cells, view: View) -> list[Shown]:
    """Earlier periods as the scan sees them, each against the baseline of those before it.

    The first few, before which there are too few, are judged against all the others.
    """
    last = len(cells.part) - 1
    return (
        [_one_of(cells, period, view) for period in range(max(0, last - PERIODS), last)] if last > 1 else []
    )


def _one_of(cells: Cells, period: int, view: View) -> Shown:
    later = range(period + 1, len(cells.part) - 1) if period < FEWEST_BEFORE else ()
    order = [*later, *range(period), period]
    whole = None if cells.whole is None else cells.whole[order]
    there, share = cells.there[order], cells.share[order]
    apart = replace(cells, part=cells.part[order], whole=whole, there=there, share=share)
    return view(apart, of_history(apart))


@dataclass(frozen=True)
class _Tail:
    """How large the best finding of an ordinary period is.

    With history: a Gumbel tail, the law of a maximum of many, put through the median and spread of the earlier
    maxima; medians, so that an earlier incident does not hide today's. Money with its few large orders has a
    heavier one: the logarithms of its maxima are near normal, and the next of so few is Student's t. Never below
    what the likelihood alone allows for that many kinds of segments (Wilks, halved for one side, Bonferroni).
    """

    kinds: int
    heavy: bool
    middle: float
    scale: float
    freedom: int

    @classmethod
    def of(cls, before: Sequence[float], kinds: int, *, heavy: bool) -> "_Tail":
        """From the earlier maxima; without enough of them the likelihood alone must do (scale 0)."""
        freedom = len(before) - 1
        if len(before) < FEWEST:
            return cls(kinds, heavy, 0.0, 0.0, freedom)
        values: Floats = np.log1p(before) if heavy else np.asarray(before)
        middle = float(np.median(values))
        spread = float(np.median(np.abs(values - middle))) / (MAD_OF_NORMAL if heavy else MAD_OF_GUMBEL)
        least = LEAST_SCALE if heavy else max(1.0, LEAST_SCALE * middle)
        return cls(kinds, heavy, middle, max(spread, least), freedom)

    @property
    def mode(self) -> float:
        return self.middle - MEDIAN_OF_GUMBEL * self.scale

    def chance(self, now: float) -> float:
        """How often an ordinary period has a finding of this size."""
        from scipy.stats import chi2, gumbel_r, t

        alone = float(min(self.kinds * chi2.sf(2 * now, df=1) / 2, 1.0))
        if not self.scale:
            return alone
        if self.heavy:
            return max(alone, float(t.sf(np.log1p(now), self.freedom, loc=self.middle, scale=self.scale)))
        return max(alone, float(gumbel_r.sf(now, loc=self.mode, scale=self.scale)))

    def beyond(self, level: float) -> float:
        """The least finding whose chance is `level`."""
        from scipy.stats import chi2, gumbel_r, t

        alone = float(chi2.isf(2 * level / self.kinds, df=1)) / 2
        if not self.scale:
            return alone
        if self.heavy:
            reached = t.isf(level, self.freedom, loc=self.middle, scale=self.scale)
            return max(alone, float(np.expm1(reached)))
        return max(alone, float(gumbel_r.isf(level, loc=self.mode, scale=self.scale)))
