"""Process against result: which activity goes with which outcome, by team, and where the two part ways.

Spearman's rank correlation (1904) of a process metric with a result metric some periods later. Of each series
only what its own past did not say is compared (Haugh 1976): what trends, or carries over from week to week, would
pass for a connection, and so would plain changes, because a high figure is followed by a fall. What a period brought
to all teams alike, a holiday say, is taken out of each. Intervals follow Fisher's z with the Bonett and Wright (2000)
variance; over all teams, metrics and lags tried, false discoveries are held down by Benjamini and Hochberg (1995).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST = 8
LEVEL = 0.05
FITTED = 2
"""Degrees of freedom that a series' trend and persistence take from its pairs."""

ROUNDING = 1e-9
"""What is smaller beside the figures is the arithmetic, not a surprise."""

OTHERS = 4
"""From so many other teams on, what a period brought to all of them can be told from one's own."""


@dataclass(frozen=True)
class Link:
    """How a team's process goes with its result `lag` periods later.

    low, high: 95 % interval of the correlation; pairs: how many periods it rests on
    chance:    p-value of no connection; found: still below 5 % after counting how much was tried
    """

    team: str
    process: str
    result: str
    lag: int
    correlation: float
    low: float
    high: float
    pairs: int
    chance: float
    found: bool = False


@dataclass(frozen=True)
class Divergence:
    """The process went one way and the result the other: each one's change in its own usual steps.

    chance: how often two that have nothing to do with each other would part as far
    """

    team: str
    process: str
    result: str
    process_moved: float
    result_moved: float
    chance: float


Series = Mapping[tuple[str, str], Sequence[float | None]]
"""(team, metric) -> one figure a period, oldest first; None is unknown."""


def links(
    series: Series, processes: Sequence[str], results: Sequence[str], *, lags: Sequence[int] = (0, 1, 2)
) -> list[Link]:
    """Every team x process x result at each lag with at least eight pairs, most certain first.

    Series have the same periods, else ValueError. A metric that never changes has no rank and no link.
    """
    if len({len(figures) for figures in series.values()}) > 1:
        raise ValueError("the series do not have the same periods")
    teams = sorted({team for team, _ in series})
    surprises = _without_common({key: _surprises(figures) for key, figures in series.items()})
    tried = [
        link
        for team in teams
        for process in processes
        for result in results
        for lag in lags
        if (link := _link(surprises, team, process, result, lag)) is not None
    ]
    kept = benjamini_hochberg([link.chance for link in tried], LEVEL)
    judged = [replace(link, found=found) for link, found in zip(tried, kept, strict=True)]
    return sorted(judged, key=lambda link: (link.chance, link.team, link.process, link.result, link.lag))


def _link(
    surprises: Mapping[tuple[str, str], Floats], team: str, process: str, result: str, lag: int
) -> Link | None:
    if (team, process) not in surprises or (team, result) not in surprises:
        return None
    before, after = surprises[team, process], surprises[team, result]
    before, after = before[: len(before) - lag], after[lag:]
    known = np.isfinite(before) & np.isfinite(after)
    pairs = int(known.sum())
    if pairs < FEWEST or np.ptp(before[known]) == 0 or np.ptp(after[known]) == 0:
        return None
    from scipy.stats import spearmanr

    rho = float(spearmanr(before[known], after[known]).statistic)
    low, high = _interval(rho, pairs - FITTED)
    return Link(team, process, result, lag, rho, low, high, pairs, _chance(rho, pairs - FITTED))


def _surprises(figures: Sequence[float | None]) -> Floats:
    """What each figure brought beyond a trend and what the one before it leads to expect; NaN where unknown."""
    values = np.array([np.nan if one is None else float(one) for one in figures])
    surprises = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values[1:]) & np.isfinite(values[:-1])) + 1
    if len(known) < FEWEST:
        return surprises
    past = np.column_stack([np.ones(len(known)), known, values[known - 1]])
    fitted, *_ = np.linalg.lstsq(past, values[known], rcond=None)
    left = values[known] - past @ fitted
    surprises[known] = left if np.ptp(left) > ROUNDING * np.abs(values[known]).max() else 0.0
    return surprises


def _without_common(surprises: Mapping[tuple[str, str], Floats]) -> dict[tuple[str, str], Floats]:
    """Less the mean of the other teams' surprises in the same period, each in its own usual steps."""
    found = dict(surprises)
    for metric in {metric for _, metric in surprises}:
        teams = [key for key in surprises if key[1] == metric and _varies(surprises[key])]
        if len(teams) <= OTHERS:
            continue
        steps = np.stack([surprises[key] / np.nanstd(surprises[key]) for key in teams])
        known = np.isfinite(steps)
        others, total = known.sum(axis=0) - known, np.nansum(steps, axis=0) - np.nan_to_num(steps)
        common = np.where(others >= OTHERS, total / np.maximum(others, 1), 0.0)
        found |= dict(zip(teams, steps - common, strict=True))
    return found


def _varies(surprises: Floats) -> bool:
    known = surprises[np.isfinite(surprises)]
    return bool(len(known) and np.ptp(known) > 0)


def _chance(rho: float, pairs: int) -> float:
    """Of a correlation as far from 0 where there is none: Student's t."""
    from scipy.stats import t

    free = pairs - 2
    return float(2 * t.sf(abs(rho) * np.sqrt(free / max(1 - rho**2, 1e-12)), free))


def _interval(rho: float, pairs: int) -> tuple[float, float]:
    """Fisher's z, variance (1 + rho^2 / 2) / (n - 3)."""
    from scipy.stats import norm

    z = np.arctanh(np.clip(rho, -0.999999, 0.999999))
    half = float(norm.ppf(1 - LEVEL / 2)) * np.sqrt((1 + rho**2 / 2) / (pairs - 3))
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def benjamini_hochberg(chances: Sequence[float], level: float) -> list[bool]:
    """Which of many findings to keep so that at most `level` of those kept are false, on average."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    last = max(
        (place + 1 for place, one in enumerate(order) if chances[one] <= level * (place + 1) / len(order)),
        default=0,
    )
    kept = set(order[:last])
    return [place in kept for place in range(len(chances))]


def divergences(
    series: Series, pairs: Sequence[tuple[str, str]], *, recent: int = 3, steps: float = 2.0
) -> list[Divergence]:
    """Pairs of (process, result) where the process clearly rose while the result clearly fell, or the reverse.

    Clearly: for each of the two the mean of the last `recent` periods lies `steps` standard errors or more from the
    mean of those before, the error from how the metric usually swings; and both together are rarer than 5 % after
    counting every team and pair that was looked at (Fisher's combination of the two chances; Benjamini and
    Hochberg). Proposals up while the win rate falls is one. Teams with fewer than eight earlier periods are
    not judged.
    """
    judged = [
        Divergence(team, process, result, up.steps, down.steps, _parting(up, down))
        for team in sorted({team for team, _ in series})
        for process, result in pairs
        if (up := _moved(series.get((team, process)), recent)) is not None
        and (down := _moved(series.get((team, result)), recent)) is not None
    ]
    kept = benjamini_hochberg([one.chance for one in judged], LEVEL)
    return [
        one
        for one, rare in zip(judged, kept, strict=True)
        if rare and min(abs(one.process_moved), abs(one.result_moved)) >= steps
    ]


@dataclass(frozen=True)
class _Moved:
    """The change of the recent mean on the earlier one in standard errors, and the chance of one as far that way."""

    steps: float
    chance: float


def _moved(figures: Sequence[float | None] | None, recent: int) -> _Moved | None:
    """None if it cannot be judged."""
    from scipy.stats import t

    if figures is None:
        return None
    values = np.array([np.nan if one is None else float(one) for one in figures])
    now, before = values[-recent:], values[:-recent]
    now, before = now[np.isfinite(now)], before[np.isfinite(before)]
    if not len(now) or len(before) < FEWEST:
        return None
    error = float(before.std(ddof=1)) * np.sqrt(1 / len(now) + 1 / len(before))
    if error <= 0:
        return None
    steps = float((now.mean() - before.mean()) / error)
    return _Moved(steps, float(t.sf(abs(steps), len(before) - 1)))


def _parting(one: _Moved, other: _Moved) -> float:
    """The chance that two without a connection part as far, whichever of the two goes up; 1 if they go together."""
    from scipy.stats import chi2

    if one.steps * other.steps >= 0:
        return 1.0
    return min(1.0, 2 * float(chi2.sf(-2 * (np.log(one.chance) + np.log(other.chance)), df=4)))
