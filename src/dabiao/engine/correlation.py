"""Process against result: which activity goes with which outcome, by team, and where the two part ways.

Spearman's rank correlation (1904) of a process metric with a result metric some periods later. Both series are
taken as changes on the period before, so that two trends do not pass for a connection. Intervals follow Fisher's
z with the Bonett and Wright (2000) variance; over all teams, metrics and lags tried, false discoveries are held
down by Benjamini and Hochberg (1995).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST = 8
LEVEL = 0.05


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
    """The process went one way and the result the other: each one's change in its own usual steps."""

    team: str
    process: str
    result: str
    process_moved: float
    result_moved: float


Series = Mapping[tuple[str, str], Sequence[float | None]]
"""(team, metric) -> one figure a period, oldest first; None is unknown."""


def links(
    series: Series, processes: Sequence[str], results: Sequence[str], *, lags: Sequence[int] = (0, 1, 2)
) -> list[Link]:
    """Every team x process x result at each lag with at least eight pairs, most certain first.

    Series of one team have the same periods. A metric that never changes has no rank and no link.
    """
    teams = sorted({team for team, _ in series})
    tried = [
        link
        for team in teams
        for process in processes
        for result in results
        for lag in lags
        if (link := _link(series, team, process, result, lag)) is not None
    ]
    kept = benjamini_hochberg([link.chance for link in tried], LEVEL)
    judged = [replace(link, found=found) for link, found in zip(tried, kept, strict=True)]
    return sorted(judged, key=lambda link: (link.chance, link.team, link.process, link.result, link.lag))


def _link(series: Series, team: str, process: str, result: str, lag: int) -> Link | None:
    if (team, process) not in series or (team, result) not in series:
        return None
    before, after = _changes(series[team, process]), _changes(series[team, result])
    if len(before) != len(after):
        raise ValueError(f"{team}: {process} and {result} do not have the same periods")
    before, after = before[: len(before) - lag], after[lag:]
    known = np.isfinite(before) & np.isfinite(after)
    pairs = int(known.sum())
    if pairs < FEWEST or np.ptp(before[known]) == 0 or np.ptp(after[known]) == 0:
        return None
    from scipy.stats import spearmanr

    found = spearmanr(before[known], after[known])
    rho = float(found.statistic)
    low, high = _interval(rho, pairs)
    return Link(team, process, result, lag, rho, low, high, pairs, float(found.pvalue))


def _changes(figures: Sequence[float | None]) -> Floats:
    values = np.array([np.nan if one is None else float(one) for one in figures])
    return np.diff(values)


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

    Clearly: the mean of the last `recent` periods lies `steps` standard errors or more from the mean of those
    before, the error from how the metric usually swings. Proposals up while the win rate falls is one. Teams
    with fewer than eight earlier periods are not judged.
    """
    teams = sorted({team for team, _ in series})
    found = []
    for team in teams:
        for process, result in pairs:
            moved = _moved(series.get((team, process)), recent), _moved(series.get((team, result)), recent)
            if moved[0] is None or moved[1] is None:
                continue
            if min(abs(moved[0]), abs(moved[1])) >= steps and moved[0] * moved[1] < 0:
                found.append(Divergence(team, process, result, moved[0], moved[1]))
    return found


def _moved(figures: Sequence[float | None] | None, recent: int) -> float | None:
    """The change of the recent mean on the earlier one, in standard errors; None if it cannot be judged."""
    if figures is None:
        return None
    values = np.array([np.nan if one is None else float(one) for one in figures])
    now, before = values[-recent:], values[:-recent]
    now, before = now[np.isfinite(now)], before[np.isfinite(before)]
    if not len(now) or len(before) < FEWEST:
        return None
    error = float(before.std(ddof=1)) * np.sqrt(1 / len(now) + 1 / len(before))
    return float((now.mean() - before.mean()) / error) if error > 0 else None
