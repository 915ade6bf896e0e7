"""Untreated units that are like the treated ones, and how alike they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.panel import Floats, Ints, Panel

MOST_PER_TREATED = 5
FEWEST = 10
BALANCED = 0.5
BY_CHANCE = 2.0


@dataclass(frozen=True)
class Balance:
    """How far treated and compared lie apart in one trait, in standard deviations of all of them.

    chance: how far groups of this size lie apart by chance (one standard error)
    """

    trait: str
    treated: float
    compared: float
    apart: float
    chance: float

    @property
    def held(self) -> bool:
        """Half a standard deviation is much (Rubin 2001), unless two groups so small would differ so anyway."""
        return abs(self.apart) <= max(BALANCED, BY_CHANCE * self.chance)


def comparable(panel: Panel, traits: Mapping[str, Mapping[str, float]]) -> Ints:
    """The untreated nearest to the treated in level, slope and the given traits; all of them if there are few.

    Only those who still have figures since the first start can be compared with.

    Levels and slopes come from the periods before the first start without the last of them, because a measure
    starts after a bad one: matching on that would pick people who were merely unlucky too. Distance is
    Euclidean on standardised traits, to the nearest treated unit (Stuart 2010 on nearest-neighbour matching).
    """
    gone = np.isnan(panel.values[panel.untreated, panel.first_start :]).all(axis=1)
    pool = panel.untreated[~gone]
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
    chance = float(np.sqrt(1 / len(panel.treated) + 1 / len(controls)))
    lines = []
    for place, trait in enumerate(["level", "slope", *traits]):
        treated, compared = (float(figures[group, place].mean()) for group in (panel.treated, controls))
        scale = float(spread[place])
        apart = (treated - compared) / scale if scale > 1e-12 else 0.0
        lines.append(Balance(trait, treated, compared, apart, chance))
    return tuple(lines)


def _traits(panel: Panel, traits: Mapping[str, Mapping[str, float]]) -> Floats:
    seen = panel.values[:, : panel.first_start - 1]
    level = np.nanmean(seen, axis=1)
    before = np.where(np.isnan(seen), level[:, None], seen)
    time = np.arange(before.shape[1]) - (before.shape[1] - 1) / 2
    slope = before @ time / float(time @ time) / np.where(level == 0, 1.0, np.abs(level))
    given = [np.array([values.get(unit, np.nan) for unit in panel.units]) for values in traits.values()]
    filled = [np.where(np.isnan(one), np.nanmean(one), one) for one in given]
    return np.stack([level, slope, *filled], axis=1)


def _standard(figures: Floats) -> Floats:
    spread = figures.std(axis=0)
    return np.asarray((figures - figures.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0))
