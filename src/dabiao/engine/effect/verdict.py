"""What was to move, what was found, and the verdict."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dabiao.engine.effect.estimate import Estimate
from dabiao.engine.effect.matching import Balance
from dabiao.engine.effect.panel import Floats

Verdict = Literal["works", "no effect seen", "too early", "harmful"]
Method = Literal["comparison", "forecast"]

LEVEL = 0.05
POWER = 0.8
FEWEST_PLACEBOS = 20


@dataclass(frozen=True)
class Measure:
    """What was to move.

    better:     which direction is wanted
    worthwhile: the smallest effect worth having, as a share of the usual level (or in the metric's own unit
                if `relative` is false); while one may still be there it is too early, not "no effect"
    relative:   whether effects are shares of each unit's usual level (sales, visits) or absolute (ratios)
    season:     after how many periods the season repeats, for forecasts without a comparison group
    horizon:    how many more periods to look ahead for when an effect worth having would show
    """

    better: Literal["higher", "lower"] = "higher"
    worthwhile: float = 0.1
    relative: bool = True
    season: int = 12
    horizon: int = 12


@dataclass(frozen=True)
class Check:
    """An assumption, whether the data are in line with it, and the figures that say so."""

    name: Literal["before", "balance"]
    held: bool
    figure: float


@dataclass(frozen=True)
class Outlook:
    """What more periods would show, as far as the horizon; None is not within it.

    worthwhile: how many more until an effect worth having would show
    holding:    how many more until the one seen so far would be beyond doubt if it stayed, where it is wanted
    visible:    the smallest effect that would show then, at the first of the two or at the horizon
    """

    worthwhile: int | None
    holding: int | None
    visible: float

    @property
    def periods(self) -> int | None:
        """When to look again."""
        return min((one for one in (self.worthwhile, self.holding) if one is not None), default=None)


@dataclass(frozen=True)
class Sample:
    """What an effect rests on: units, units, periods before and (at most) after the first start, and doubts."""

    method: Method
    treated: int
    compared: int
    before: int
    after: int
    checks: tuple[Check, ...]
    balance: tuple[Balance, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Effect(Sample):
    """effect, low and high (95 %) in the unit of `Measure`; `chance` is how often no effect would show as much.

    visible: the smallest true effect that four of five such samples would show (Bloom 1995)
    outlook: when one worth having would show, where it is too early
    """

    verdict: Verdict
    effect: float
    low: float
    high: float
    chance: float
    visible: float
    outlook: Outlook | None


def judged(
    found: Estimate, placebos: Floats, measure: Measure, sample: Sample, error_after: Callable[[int], float]
) -> Effect:
    """Interval and verdict. Where there are placebos enough, they may widen the interval, never narrow it.

    placebos:    studentised effects of measures that never were
    error_after: the standard error that so many more periods would leave
    """
    chance = found.chance()
    low, high = found.bound(LEVEL / 2), found.bound(1 - LEVEL / 2)
    if len(placebos) >= FEWEST_PLACEBOS:
        shown = np.abs(placebos)
        by = float(np.quantile(shown, 1 - LEVEL)) / ((high - low) / 2 / found.error)
        found = found.widened(max(1.0, by))
        low, high = found.bound(LEVEL / 2), found.bound(1 - LEVEL / 2)
        reached = float((shown >= abs(found.effect) / found.error).sum())
        chance = max(found.chance(), (1 + reached) / (1 + len(shown)))
    verdict = _verdict(low, high, measure)
    early = verdict == "too early" and measure.horizon > 0
    return Effect(
        **vars(sample),
        verdict=verdict,
        effect=found.effect,
        low=low,
        high=high,
        chance=chance,
        visible=(high - low) / 2 * _reliably(),
        outlook=_outlook((high - low) / 2, found.effect, measure, error_after) if early else None,
    )


def _verdict(low: float, high: float, measure: Measure) -> Verdict:
    """Zero outside the interval decides; inside, an effect worth having must lie outside to say that there is none.

    An interval that is merely narrow would call "no effect" what may well be one (Schuirmann 1987).
    """
    if low > 0 or high < 0:
        return "works" if (low > 0) == (measure.better == "higher") else "harmful"
    best = high if measure.better == "higher" else -low
    return "no effect seen" if best < measure.worthwhile else "too early"


def _outlook(half: float, effect: float, measure: Measure, error_after: Callable[[int], float]) -> Outlook:
    """half: that of the interval now; it shrinks as the standard error does."""
    now = error_after(0)

    def fewest(size: float) -> int | None:
        """So many more periods until half the interval is no wider than `size`, by halving."""
        enough, short = measure.horizon, 0
        if half * error_after(enough) > size * now:
            return None
        while enough - short > 1:
            middle = (enough + short) // 2
            short, enough = (middle, enough) if half * error_after(middle) > size * now else (short, middle)
        return enough

    wanted = effect if measure.better == "higher" else -effect
    outlook = Outlook(fewest(measure.worthwhile / _reliably()), fewest(wanted) if wanted > 0 else None, 0.0)
    then = error_after(outlook.periods or measure.horizon) / now
    return replace(outlook, visible=half * then * _reliably())


def _reliably() -> float:
    """How many halves of its interval an effect must be large to show in four cases of five (Bloom 1995)."""
    from scipy.stats import norm

    return float(1 + norm.ppf(POWER) / norm.ppf(1 - LEVEL / 2))
