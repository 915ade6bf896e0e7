"""Simulated teams in which a measure starts: sales, win rates, counts and large deals, with a true effect that is known.

Everybody has a level of their own; a trend, a season and shocks are common to all; chance carries over from one
period to the next. A measure starts after a bad month: those whose last month was worst, about their own history or
about a target, are treated first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from dabiao.engine.effect import Measure

PLANTED: Mapping[str, float] = {"sales": 0.2, "rate": 0.1, "count": 0.3, "deals": 0.3}
LARGE = 100_000
WIN_RATE = 0.3


@dataclass(frozen=True)
class World:
    """One kind of team; swings and effects are shares of a person's level, of a win rate they are points.

    carried, lasting: how much of chance goes on into the next period, and the share of chance that does at all
    by:      what the worst are chosen by: their own history, a target that is about right, or by lot
    size:    deals, visits or leads a month
    uneven:  how much people differ in their swings; drift: how much in their trends, a month
    gaps:    share of figures that are not known; leavers: share of people who leave, and of others who join
    step:    by how much everybody's level changes once, within half a year around the start
    """

    people: int = 20
    before: int = 24
    after: int = 5
    carried: float = 0.4
    lasting: float = 1.0
    swing: float = 0.25
    skewed: bool = False
    staggered: bool = True
    share: float = 0.3
    by: Literal["history", "target", "lot"] = "history"
    kind: Literal["sales", "rate", "count", "deals"] = "sales"
    size: float = 8
    uneven: float = 0.0
    drift: float = 0.0
    gaps: float = 0.0
    leavers: float = 0.0
    step: float = 0.0

    @property
    def measure(self) -> Measure:
        """What is asked: a tenth of the usual level, of win rates five points."""
        relative = self.kind != "rate"
        return Measure(worthwhile=0.1 if relative else 0.05, relative=relative, horizon=0)

    @property
    def planted(self) -> float:
        return PLANTED[self.kind]


WORLDS = {
    "5 people": World(people=5),
    "5 people, one start": World(people=5, staggered=False),
    "10 people": World(people=10),
    "20 people": World(),
    "50 people": World(people=50),
    "200 people": World(people=200),
    "200 people, one start": World(people=200, staggered=False),
    "nothing carries over": World(carried=0.0),
    "much carries over": World(carried=0.75),
    "half of it carries over": World(carried=0.75, lasting=0.5),
    "one year of history": World(before=12),
    "three years of history": World(before=36),
    "skewed results": World(people=10, skewed=True),
    "chosen against a target": World(by="target"),
    "50 people against a target": World(people=50, by="target"),
    "two periods after": World(after=2, staggered=False),
    "everybody treated": World(people=10, share=1.0, staggered=False, before=36),
    "people differ in their swings": World(uneven=0.5),
    "people differ in their trends": World(drift=0.003),
    "gaps and leavers": World(gaps=0.1, leavers=0.1),
    "win rates, 5 people": World(people=5, kind="rate", swing=0.3),
    "win rates, 20 people": World(people=20, kind="rate", swing=0.3),
    "win rates, 50 people": World(people=50, kind="rate", size=4, swing=0.3),
    "visits, 20 people": World(kind="count", size=3),
    "few large deals, 5 people": World(people=5, kind="deals", size=4),
    "few large deals, 20 people": World(kind="deals", size=4),
    "few large deals, 50 people": World(people=50, kind="deals", size=4),
}

HELD_OUT = {
    "8 people": World(people=8, carried=0.6, swing=0.2),
    "35 people": World(people=35, carried=0.25, swing=0.35),
    "120 people": World(people=120, carried=0.5, before=18, after=8),
    "12 people, skewed, against a target": World(people=12, skewed=True, lasting=0.8, by="target"),
    "16 people by lot": World(people=16, by="lot", carried=0.85, lasting=0.7),
    "nine months of history": World(people=25, before=9, after=3, carried=0.3),
    "a tenth of 60 treated": World(people=60, share=0.1, carried=0.55),
    "six in ten of 25 treated": World(people=25, share=0.6, carried=0.2),
    "a step for everybody": World(people=15, step=0.3),
    "trends of their own, 30 people": World(people=30, drift=0.004, carried=0.3),
    "uneven swings, 40 people": World(people=40, uneven=0.4, staggered=False),
    "more gaps and leavers": World(people=25, gaps=0.2, leavers=0.15),
    "win rates, 10 people": World(people=10, kind="rate", size=6, swing=0.5, carried=0.6),
    "win rates, 40 people, few deals": World(people=40, kind="rate", size=2.5, swing=0.4, staggered=False),
    "visits with zeros, 30 people": World(people=30, kind="count", size=1.5, carried=0.2),
    "fewer large deals, 40 people": World(people=40, kind="deals", size=2.5, after=8),
    "all of 6 treated": World(people=6, share=1.0, staggered=False, before=30, carried=0.2),
}
"""Worlds that had no say in how effects are computed."""


def history(world: World, effect: float, seed: int) -> tuple[pa.Table, dict[str, int]]:
    """unit, period, value, and who starts when."""
    draw = np.random.default_rng(seed)
    level, course, usual = _paths(world, draw)
    untreated, treated = _figures(world, effect, level, course, usual, draw)
    _forget(world, untreated, draw)
    starts = _starts(world, untreated, treated, level, draw)
    known = ~np.isnan(untreated)
    people, periods = np.nonzero(known)
    names = np.array([f"{one:03}" for one in range(world.people)])
    table = pa.table({"unit": names[people], "period": periods, "value": untreated[known]})
    return table, {names[one]: start for one, start in starts.items()}


def _paths(world: World, draw: np.random.Generator):
    """Everybody's level; person x period, what came as a share of it without any chance of counting; the usual share."""
    periods = world.before + world.after
    time = np.arange(periods)
    common = draw.normal(0, 0.004) * time + 0.15 * np.sin(2 * np.pi * (time + draw.integers(12)) / 12)
    common = common + draw.normal(0, 0.03, periods)
    if world.step:
        common = common + world.step * draw.choice([-1, 1]) * (time >= world.before + draw.integers(-6, 3))

    def shock(*size: int):
        return (draw.gamma(2.0, size=size) - 2.0) / np.sqrt(2.0) if world.skewed else draw.normal(size=size)

    chance = np.empty((world.people, periods))
    chance[:, 0] = shock(world.people)
    for period in range(1, periods):
        fresh = np.sqrt(1 - world.carried**2) * shock(world.people)
        chance[:, period] = world.carried * chance[:, period - 1] + fresh
    own = np.sqrt(world.lasting) * chance + np.sqrt(1 - world.lasting) * shock(world.people, periods)
    own = own * world.swing * np.exp(draw.normal(0, world.uneven, world.people))[:, None]
    own = own + draw.normal(0, world.drift, world.people)[:, None] * (time - world.before / 2)
    level = np.exp(draw.normal(0, 0.5, world.people))
    return level, 1 + common + own, 1 + common[: world.before].mean()


def _figures(world: World, effect: float, level, course, usual: float, draw: np.random.Generator):
    """person x period without and with the measure; an effect is a share of the usual level, or points of a rate."""
    if world.kind == "sales":
        return LARGE * level[:, None] * course, LARGE * level[:, None] * (course + effect * usual)
    if world.kind == "rate":
        return _rates(world, effect, level, course, draw)
    numbers = draw.poisson(np.maximum(world.size * level[:, None] * course, 0.02))
    more = draw.poisson(world.size * np.broadcast_to(level[:, None], course.shape) * max(effect, 0.0) * usual)
    if world.kind == "count":
        return numbers.astype(float), (numbers + more).astype(float)
    amounts = _amounts(numbers, draw)
    return amounts, amounts + _amounts(more, draw)


def _rates(world: World, effect: float, level, course, draw: np.random.Generator):
    """Won of closed; unknown where nothing was closed."""
    deals = draw.poisson(np.broadcast_to(world.size * level[:, None], course.shape))
    chance = np.clip(WIN_RATE * (1 + course) / 2 + 0.05 * (level[:, None] - 1), 0.02, 0.95)
    won = draw.binomial(deals, chance)
    more = draw.binomial(deals - won, np.clip(effect / (1 - chance), 0, 1))
    with np.errstate(invalid="ignore"):
        return won / deals, (won + more) / deals


def _amounts(numbers, draw: np.random.Generator):
    """The sum of so many deals, a few of them large."""
    amounts = draw.lognormal(-0.5, 1.0, int(numbers.sum()))
    ends = np.concatenate([[0.0], amounts.cumsum()])[numbers.cumsum()]
    return np.diff(ends, prepend=0.0).reshape(numbers.shape) * LARGE


def _forget(world: World, figures, draw: np.random.Generator) -> None:
    """Gaps; people who leave around the start, and people who join in the first year."""
    figures[draw.random(figures.shape) < world.gaps] = np.nan
    for one in np.flatnonzero(draw.random(world.people) < world.leavers):
        figures[one, draw.integers(world.before - 6, figures.shape[1]) :] = np.nan
    for one in np.flatnonzero(draw.random(world.people) < world.leavers):
        figures[one, : draw.integers(1, world.before - 8)] = np.nan


def _starts(world: World, figures, treated, level, draw: np.random.Generator) -> dict[int, int]:
    """Who starts when, the worst of the month before first; from then on their figures are those with the measure."""
    dates = [world.before, world.before + 1, world.before + 2] if world.staggered else [world.before]
    promised = level * np.exp(draw.normal(0, 0.1, world.people))
    starts: dict[int, int] = {}
    groups = np.array_split(np.arange(max(1, round(world.share * world.people))), len(dates))
    for date, group in zip(dates, groups, strict=True):
        seen = ~np.isnan(figures[:, : date - 1])
        usual = np.nansum(figures[:, : date - 1], axis=1) / np.maximum(seen.sum(axis=1), 1)
        against = {"history": np.maximum(usual, 1e-9), "target": promised, "lot": draw.random(len(level))}
        standing = figures[:, date - 1] / against[world.by] if world.by != "lot" else against["lot"]
        worst = [int(one) for one in np.argsort(standing, kind="stable") if one not in starts]
        starts |= dict.fromkeys(worst[: len(group)], date)
    for one, date in starts.items():
        figures[one, date:] = np.where(np.isnan(figures[one, date:]), np.nan, treated[one, date:])
    return starts
