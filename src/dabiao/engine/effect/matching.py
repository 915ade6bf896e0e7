"""Untreated units that are like the treated ones, and how alike they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.panel import Floats, Ints, Panel

MOST_PER_TREATED = 5
FEWEST = 10
BALANCED = 0.5


@dataclass(frozen=True)
class Balance:
    """How far treated and compared lie apart in one trait, in standard deviations of all of them."""

    trait: str
    treated: float
    compared: float
    apart: float

    @property
    def held(self) -> bool:
        return abs(self.apart) <= BALANCED


def comparable(panel: Panel, traits: Mapping[str, Mapping[str, float]]) -> Ints:
    """The untreated nearest to the treated in level, slope and the given traits; all of them if there are few.

    Levels and slopes come from the periods before the first start without the last of them, because a measure
    starts after a bad one: matching on that would pick people who were merely unlucky too. Distance is
    Euclidean on standardised traits, to the nearest treated unit (Stuart 2010 on nearest-neighbour matching).
    """
    pool = panel.untreated
    wanted = max(FEWEST, MOST_PER_TREATED * len(panel.treated))
    if len(pool) <= wanted:
        return pool
    named = _standard(_traits(panel, traits))
    apart = np.linalg.norm(named[pool][:, None, :] - named[panel.treated][None, :, :], axis=2).min(axis=1)
    return np.sort(pool[np.lexsort((pool, apart))[:wanted]])


def balances(panel: Panel, controls: Ints, traits: Mapping[str, Mapping[str, float]]) -> tuple[Balance, ...]:
    """One line a trait: level, slope, and those given."""
    figures = _traits(panel, traits)
    spread = figures[np.concatenate([panel.treated, controls])].std(axis=0)
    lines = []
    for place, trait in enumerate(["level", "slope", *traits]):
        treated, compared = (float(figures[group, place].mean()) for group in (panel.treated, controls))
        scale = float(spread[place])
        lines.append(
            Balance(trait, treated, compared, (treated - compared) / scale if scale > 1e-12 else 0.0)
        )
    return tuple(lines)


def _traits(panel: Panel, traits: Mapping[str, Mapping[str, float]]) -> Floats:
    before = panel.values[:, : panel.first_start - 1]
    time = np.arange(before.shape[1]) - (before.shape[1] - 1) / 2
    level = before.mean(axis=1)
    slope = before @ time / float(time @ time) / np.where(level == 0, 1.0, np.abs(level))
    given = [np.array([values.get(unit, np.nan) for unit in panel.units]) for values in traits.values()]
    filled = [np.where(np.isnan(one), np.nanmean(one), one) for one in given]
    return np.stack([level, slope, *filled], axis=1)


def _standard(figures: Floats) -> Floats:
    spread = figures.std(axis=0)
    return np.asarray((figures - figures.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0))
