"""How often the effect of a measure is called right, on simulated teams whose true effect is known.

    python -m bench.effects [--quick]

Histories of 5 to 200 people with a common trend and season, chance that carries over (AR(1)), skewed results,
staggered starts, and measures that start after a bad month, chosen by a person's own history or against a
target. Prints JSON: false alarms and coverage of the 95 % interval for every world, the power curve, the share
of "too early", and beside them what comparing before with after says about the same histories.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from scipy import stats

from dabiao.engine.effect import Effect, Measure, measure_effect

EFFECTS = (-0.3, -0.15, 0.05, 0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True)
class World:
    """One kind of team. Figures are shares of a person's level; `by`: what bad month it is judged against."""

    people: int = 20
    before: int = 24
    after: int = 5
    carried: float = 0.4
    lasting: float = 1.0
    swing: float = 0.25
    skewed: bool = False
    staggered: bool = True
    share: float = 0.3
    by: str = "history"


WORLDS = {
    "5 people": World(people=5),
    "5 people, one start": World(people=5, staggered=False),
    "10 people": World(people=10),
    "20 people": World(),
    "50 people": World(people=50),
    "200 people": World(people=200),
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
}


def history(world: World, effect: float, seed: int) -> tuple[pa.Table, dict[str, int]]:
    """unit, period, value, and who starts when. The worst of a month start in the next one."""
    draw = np.random.default_rng(seed)
    periods = world.before + world.after
    figures, level = _results(world, periods, draw)
    dates = [world.before, world.before + 1, world.before + 2] if world.staggered else [world.before]
    size = max(1, round(world.share * world.people))
    starts: dict[str, int] = {}
    for date, members in zip(dates, np.array_split(np.arange(size), len(dates)), strict=True):
        usual = (
            figures[:, : date - 1].mean(axis=1)
            if world.by == "history"
            else level * np.exp(draw.normal(0, 0.1, len(level)))
        )
        worst = [int(one) for one in np.argsort(figures[:, date - 1] / usual) if str(one) not in starts]
        for one in worst[: len(members)]:
            starts[str(one)] = date
            figures[one, date:] += effect * level[one]
    table = pa.table(
        {
            "unit": np.repeat([str(one) for one in range(world.people)], periods),
            "period": np.tile(np.arange(periods), world.people),
            "value": figures.ravel(),
        }
    )
    return table, starts


def _results(world: World, periods: int, draw: np.random.Generator):
    """Everybody's level x (1 + trend + season + shocks that all share + own chance)."""
    time_ = np.arange(periods)
    common = draw.normal(0, 0.004) * time_ + 0.15 * np.sin(2 * np.pi * (time_ + draw.integers(12)) / 12)
    common = common + draw.normal(0, 0.03, periods)

    def shock(*size):
        return (draw.gamma(2.0, size=size) - 2.0) / np.sqrt(2.0) if world.skewed else draw.normal(size=size)

    chance = np.empty((world.people, periods))
    chance[:, 0] = shock(world.people)
    for period in range(1, periods):
        fresh = np.sqrt(1 - world.carried**2) * shock(world.people)
        chance[:, period] = world.carried * chance[:, period - 1] + fresh
    own = np.sqrt(world.lasting) * chance + np.sqrt(1 - world.lasting) * shock(world.people, periods)
    level = np.exp(draw.normal(0, 0.5, world.people)) * 100_000
    return level[:, None] * (1 + common + world.swing * own), level


def naive(table: pa.Table, starts: dict[str, int]) -> bool:
    """Before/after as it is done: each one's months since the start against the month that led to it, paired t-test."""
    rows: dict[str, list[float]] = {}
    for unit, value in zip(table["unit"].to_pylist(), table["value"].to_pylist(), strict=True):
        rows.setdefault(unit, []).append(value)
    changes = [
        (np.mean(rows[unit][start:]) - rows[unit][start - 1]) / np.mean(rows[unit][:start])
        for unit, start in starts.items()
    ]
    if len(changes) == 1:
        return abs(changes[0]) > 0.1
    return bool(stats.ttest_1samp(changes, 0.0).pvalue < 0.05)


def run(world: World, effect: float, runs: int) -> list[tuple[Effect, bool]]:
    measure = Measure(worthwhile=0.1)
    results = []
    for seed in range(runs):
        table, starts = history(world, effect, seed)
        results.append((measure_effect(table, starts, measure), naive(table, starts)))
    return results


def calm(world: World, runs: int, effect: float = 0.0) -> dict[str, float]:
    """A world in which nothing (or a known effect) happens: what is claimed, and how often the interval holds it."""
    results = run(world, effect, runs)
    verdicts = Counter(found.verdict for found, _ in results)
    claimed = verdicts["works"] + verdicts["harmful"]
    report = {
        "coverage": _share(sum(found.low <= effect <= found.high for found, _ in results), runs),
        "too_early": _share(verdicts["too early"], runs),
        "bias": round(float(np.mean([found.effect for found, _ in results])) - effect, 4),
    }
    if not effect:
        report |= {
            "false_alarms": _share(claimed, runs),
            "naive_false_alarms": _share(sum(n for _, n in results), runs),
        }
    return report


def power(world: World, runs: int) -> dict[str, dict[str, float]]:
    """For each true effect: how often each verdict is given."""
    curve = {}
    for effect in EFFECTS:
        verdicts = Counter(found.verdict for found, _ in run(world, effect, runs))
        curve[f"{effect:+.0%}"] = {
            verdict: _share(count, runs) for verdict, count in sorted(verdicts.items())
        }
    return curve


def _share(count: int, runs: int) -> float:
    return round(count / runs, 3)


def _over_worlds(worlds: dict[str, dict[str, float]], figure: str) -> float:
    return round(float(np.mean([world[figure] for world in worlds.values()])), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 histories a world instead of 250")
    runs = 60 if parser.parse_args(arguments).quick else 250
    began = time.perf_counter()
    worlds = {name: calm(world, runs) for name, world in WORLDS.items()}
    planted = {name: calm(world, runs, effect=0.2) for name, world in list(WORLDS.items())[:6]}
    report = {
        "false_alarms": _over_worlds(worlds, "false_alarms"),
        "coverage": _over_worlds(
            worlds | {f"{name}, +20 %": one for name, one in planted.items()}, "coverage"
        ),
        "too_early": _over_worlds(worlds, "too_early"),
        "naive_false_alarms": _over_worlds(worlds, "naive_false_alarms"),
        "worlds": worlds,
        "planted_20_percent": planted,
        "power": {
            f"{people} people": power(replace(World(), people=people), runs // 2) for people in (10, 50)
        },
        "histories_per_world": runs,
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
