"""How often the effect of a measure is called right, on simulated teams whose true effect is known.

    python -m bench.effects [--quick] [--histories N] [WORLD ...]

Prints JSON: for every world of `bench.effect_worlds` false alarms and coverage of the 95 % interval where nothing
happened, coverage and power where an effect was planted, the share of "too early", and beside them what comparing
before with after says about the same histories. `sure_to` is twice the standard error of a share of 5 % in one
world: what lies within it of 5 or 95 % may be luck.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
from scipy import stats

from bench.effect_worlds import HELD_OUT, WORLDS, World, history
from dabiao.engine.effect import CannotMeasure, measure_effect

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

EFFECTS = (-0.3, -0.15, 0.05, 0.1, 0.15, 0.2, 0.3)
BETWEEN = (0.93, 0.97)


@dataclass(frozen=True)
class Outcome:
    """What was said about one history."""

    verdict: str
    effect: float
    held: bool
    width: float
    naive: bool


def outcome(world: World, effect: float, seed: int) -> Outcome | None:
    """None where there is too little to go by."""
    table, starts = history(world, effect, seed)
    try:
        found = measure_effect(table, starts, world.measure)
    except CannotMeasure:
        return None
    held = found.low <= effect <= found.high
    return Outcome(
        found.verdict, found.effect - effect, held, (found.high - found.low) / 2, naive(table, starts)
    )


def naive(table: pa.Table, starts: dict[str, int]) -> bool:
    """Before/after as it is done: each one's months since the start against the month that led to it, paired t-test."""
    rows: dict[str, dict[int, float]] = {}
    for unit, period, value in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        if unit in starts:
            rows.setdefault(unit, {})[period] = value
    changes = []
    for unit, start in starts.items():
        after = [value for period, value in rows.get(unit, {}).items() if period >= start]
        usual = [value for period, value in rows.get(unit, {}).items() if period < start]
        if after and start - 1 in rows[unit] and any(usual):
            changes.append((np.mean(after) - rows[unit][start - 1]) / np.mean(usual))
    if len(changes) < 2:
        return bool(changes) and abs(changes[0]) > 0.1
    return bool(stats.ttest_1samp(changes, 0.0).pvalue < 0.05)


def told(world: World, pool: ProcessPoolExecutor, runs: int) -> dict[str, object]:
    """A world in which nothing happens, and the same with the effect planted that its kind of figure has."""
    quiet, planted = (
        [one for one in pool.map(partial(outcome, world, effect), range(runs), chunksize=20) if one]
        for effect in (0.0, world.planted)
    )
    return {
        "false_alarms": _share(one.verdict in {"works", "harmful"} for one in quiet),
        "coverage": _share(one.held for one in quiet),
        "coverage_planted": _share(one.held for one in planted),
        "found": _share(one.verdict == "works" for one in planted),
        "too_early": _share(one.verdict == "too early" for one in quiet),
        "half_width": _mean(one.width for one in quiet),
        "bias": _mean(one.effect for one in quiet),
        "bias_planted": _mean(one.effect for one in planted),
        "naive_false_alarms": _share(one.naive for one in quiet),
        "refused": round(1 - len(quiet) / runs, 4),
        "histories": runs,
        "sure_to": round(2 * (0.05 * 0.95 / runs) ** 0.5, 3),
    }


def power(world: World, pool: ProcessPoolExecutor, runs: int) -> dict[str, dict[str, float]]:
    """For each true effect: how often each verdict is given."""
    curve = {}
    for effect in EFFECTS:
        called = pool.map(partial(outcome, world, effect), range(runs), chunksize=20)
        verdicts = Counter(one.verdict for one in called if one)
        curve[f"{effect:+.0%}"] = {
            verdict: round(count / runs, 3) for verdict, count in sorted(verdicts.items())
        }
    return curve


def summary(worlds: dict[str, dict[str, object]], runs: int) -> dict[str, object]:
    """Means over worlds, the worst ones, and those that chance does not excuse (two standard errors)."""

    def of(figure: str) -> dict[str, float]:
        return {name: float(str(world[figure])) for name, world in worlds.items()}

    alarms, quiet, planted = of("false_alarms"), of("coverage"), of("coverage_planted")
    low, high = (
        end + sign * 2 * (end * (1 - end) / runs) ** 0.5 for end, sign in zip(BETWEEN, (-1, 1), strict=True)
    )
    beyond = 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    return {
        "false_alarms": _mean(alarms.values()),
        "coverage": _mean([*quiet.values(), *planted.values()]),
        "found": _mean(of("found").values()),
        "too_early": _mean(of("too_early").values()),
        "naive_false_alarms": _mean(of("naive_false_alarms").values()),
        "most_false_alarms": max(alarms.items(), key=lambda one: one[1]),
        "least_coverage": min([*quiet.items(), *planted.items()], key=lambda one: one[1]),
        "most_coverage": max([*quiet.items(), *planted.items()], key=lambda one: one[1]),
        "beyond_chance": sorted(
            {name for name, share in alarms.items() if share > beyond}
            | {name for name in worlds if not (low <= min(quiet[name], planted[name]))}
            | {name for name in worlds if max(quiet[name], planted[name]) > high}
        ),
    }


def _share(those: Iterable[bool]) -> float:
    return round(float(np.mean(list(those))), 4)


def _mean(figures: Iterable[float]) -> float:
    return round(float(np.mean(list(figures))), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", help="only these")
    parser.add_argument("--quick", action="store_true", help="40 histories a world, for a glance")
    parser.add_argument("--histories", type=int, default=600, help="histories a world")
    asked = parser.parse_args(arguments)
    runs = 40 if asked.quick else asked.histories
    began = time.perf_counter()
    report: dict[str, object] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for title, worlds in {"worlds": WORLDS, "held_out": HELD_OUT}.items():
            chosen = {name: one for name, one in worlds.items() if name in asked.worlds or not asked.worlds}
            found = {name: told(world, pool, runs) for name, world in chosen.items()}
            if found:
                report |= {f"{title}_together": summary(found, runs), title: found}
        if not asked.worlds:
            report["power"] = {
                f"{people} people": power(replace(World(), people=people), pool, max(20, runs // 3))
                for people in (10, 50, 200)
            }
    report["seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
