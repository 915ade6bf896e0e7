"""How one period's chance carries over to the next: a few candidate correlations, weighed by how well they fit.

A person's result about its level is taken as an AR(1) process plus independent noise. Neither share is known
and a short history cannot tell them exactly, so all of a grid are carried along with their restricted
likelihood (REML; Patterson and Thompson 1971) as weight, which keeps intervals honest where data are few.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.panel import Floats

CARRIED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LASTING = (0.6, 1.0)


@dataclass(frozen=True, eq=False)
class Noise:
    """One candidate: `correlation` between all periods, `variance` of a unit's figure, `weight` among candidates.

    freedom: how many independent residuals the variance rests on, fewer the more carries over
    """

    correlation: Floats
    variance: float
    weight: float
    freedom: float


def candidates(periods: int) -> Iterator[Floats]:
    """Correlation matrices: `lasting` of the variance is AR(1), the rest forgets at once."""
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    yield np.eye(periods)
    for carried in CARRIED:
        for lasting in LASTING:
            yield lasting * carried**apart + (1 - lasting) * np.eye(periods)


def noises(history: Floats, design: Floats, periods: int, *, common: bool) -> tuple[Noise, ...]:
    """Weigh the candidates on `history` (unit x its first periods), and extend them to all `periods`.

    design: period x term, what the level of each unit may follow (a constant, a trend, seasons)
    common: whether every period may have moved all units alike; needs two units or more
    """
    units, seen = history.shape
    figures = history - history.mean(axis=0) if common else history
    independent = units - 1 if common else units
    terms = design[:seen]
    freedom = independent * (seen - terms.shape[1])
    fits = []
    for correlation in candidates(periods):
        inverse = np.linalg.inv(correlation[:seen, :seen])
        information = terms.T @ inverse @ terms
        projection = inverse - inverse @ terms @ np.linalg.solve(information, terms.T @ inverse)
        variance = max(float(np.einsum("it,ts,is->", figures, projection, figures)) / freedom, 1e-300)
        spread = np.linalg.slogdet(correlation[:seen, :seen])[1] + np.linalg.slogdet(information)[1]
        fits.append((correlation, variance, -0.5 * (freedom * np.log(variance) + independent * spread)))
    best = max(likelihood for _, _, likelihood in fits)
    weights = np.exp([likelihood - best for _, _, likelihood in fits])
    weights /= weights.sum()
    return tuple(
        Noise(correlation, variance, float(weight), freedom * _independent(correlation))
        for (correlation, variance, _), weight in zip(fits, weights, strict=True)
        if weight > 1e-4
    )


def _independent(correlation: Floats) -> float:
    """How many independent figures one figure is worth when neighbours are alike (Bayley and Hammersley 1946)."""
    alike = float(correlation[0, 1])
    return (1 - alike) / (1 + alike)
