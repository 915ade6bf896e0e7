"""How often the true cause of an incident is among the first explanations, on any folder of cases with a truth.

    python -m bench.attribution --data DIR [--cross-validate] [--misses] [--plant N]
    python -m bench.attribution --simulate N [--first SEED]

DIR holds one CSV a case (`min`, `value`, `cnt`, and the case's dimensions) and `truth.yaml`: case, time of the
incident, cause. The metric is sum(value) / sum(cnt); earlier minutes are the baseline; rows after the incident
are not looked at. A cause is found at k if it is, dimension for dimension and value for value, among the first
k descriptions of `Explanation.ranked`.

`hits` is AC@k as incidents are commonly judged (Wang et al., CloudRanger, CCGRID 2018): found causes over those
that could be, min(k, causes of the case), mean over cases. `hits_strict` asks for all causes among the first k:
two cannot be first both.

`--cross-validate` judges cases that had no say in the settings. Cases of one platform and month are alike, often
parts of one incident, so that a random half would be judged by its twins. Whole families are left out instead:
a family is a platform (how its files are named, and the dimensions that they have) and a month. Each is judged with
what was best on all others (where several settings were, by their mean); printed are hits of every family, of all
cases together, and the mean over all settings of the grid, which nobody chose at all. `--plant` judges on incidents planted into ordinary
minutes of the cases (`bench.planted`), `--simulate` on wholly made-up ones (`bench.incidents`).
"""

import argparse
import itertools
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import yaml

from bench.incidents import Floats, Incident, Where, incident
from bench.planted import ordinary, planted
from dabiao.engine.diagnosis import CannotExplain, Explanation, NoRatio, Settings, explain

FIRST = (1, 3, 5)
NOWHERE = 1_000
RENAMED = {"min": "period", "value": "part", "cnt": "whole"}
GRID = [
    Settings(plainness=plainness, stray=stray, share=share)
    for plainness, stray, share in itertools.product((0.1, 0.15, 0.2), (0.003, 0.01, 0.03), (0.05, 0.1, 0.2))
]


@dataclass(frozen=True)
class Case:
    path: Path
    at: int
    causes: tuple[Where, ...]

    def family(self) -> str:
        """Platform and month: `case#_#_# bitrate,cdn,p2p 2019-11`."""
        scheme = re.sub(r"\d+", "#", self.path.stem)
        with pacsv.open_csv(self.path) as opened:
            dimensions = sorted(name for name in opened.schema.names if name not in RENAMED)
        return f"{scheme} {','.join(dimensions)} {datetime.fromtimestamp(self.at, UTC):%Y-%m}"

    def table(self) -> pa.Table:
        """Dimension values as they are written: a bitrate is a name, not a number."""
        with pacsv.open_csv(self.path) as opened:
            names = opened.schema.names
        texts = {name: pa.string() for name in names if name not in RENAMED}
        read = pacsv.read_csv(self.path, convert_options=pacsv.ConvertOptions(column_types=texts))
        return read.rename_columns([RENAMED.get(name, name) for name in names])

    @staticmethod
    def dimensions(table: pa.Table) -> list[str]:
        return [name for name in table.column_names if name not in RENAMED.values()]


@dataclass(frozen=True)
class Outcome:
    case: str
    causes: tuple[Where, ...]
    ranks: tuple[int, ...]
    seconds: float
    first: list[dict[str, str | None]]

    def found(self, k: int) -> float:
        """The part of the causes that is among the first k, of those that have room there."""
        return sum(rank <= k for rank in self.ranks) / min(k, len(self.ranks))

    def all_found(self, k: int) -> bool:
        return max(self.ranks) <= k


def read_cases(folder: Path) -> list[Case]:
    """Values of causes are names, as they are written: a 1 is "1" and a `no` is "no"."""
    truth = yaml.load((folder / "truth.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return [case for case in (_case(folder, entry) for entry in truth) if case.causes]


def _case(folder: Path, entry) -> Case:
    causes = entry["cause"] if isinstance(entry["cause"], list) else [entry["cause"]]
    return Case(
        path=folder / f"{entry['data']}.csv",
        at=int(entry["timestamp"]),
        causes=tuple(frozenset(cause.items()) for cause in causes if cause),
    )


def run(case: Case, settings: Settings) -> Outcome:
    """Where each of the true causes is ranked; the time includes reading the file.

    What cannot be explained (no row at the time of the incident, say) is named and is a miss.
    """
    started = time.perf_counter()
    try:
        table = case.table()
        explanation = explain(table, case.dimensions(table), at=case.at, kind="ratio", settings=settings)
    except (CannotExplain, NoRatio, OSError) as error:
        print(f"{case.path.name}: {error}", file=sys.stderr)
        return Outcome(case.path.stem, case.causes, (NOWHERE,) * len(case.causes), 0.0, [])
    return _outcome(case.path.stem, case.causes, explanation, time.perf_counter() - started)


def run_made(name: str, made: Incident) -> Outcome:
    started = time.perf_counter()
    explanation = explain(made.table, made.dimensions, at=made.at, kind=made.kind)
    return _outcome(name, made.causes, explanation, time.perf_counter() - started)


def _outcome(case: str, causes: tuple[Where, ...], found: Explanation, seconds: float) -> Outcome:
    ranked = [frozenset(one.where) for one in found.ranked]
    ranks = tuple(ranked.index(cause) + 1 if cause in ranked else NOWHERE for cause in causes)
    return Outcome(case, causes, ranks, seconds, [dict(one.where) for one in found.ranked[:3]])


def hits(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return {str(k): round(statistics.fmean(one.found(k) for one in outcomes), 4) for k in FIRST}


def hits_strict(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return {str(k): round(statistics.fmean(one.all_found(k) for one in outcomes), 4) for k in FIRST}


def cross_validated(cases: Sequence[Case]) -> dict[str, object]:
    """Hits on families of cases that had no say in the settings, of each and of all together."""
    outcomes = [[run(case, settings) for case in cases] for settings in GRID]
    families = [case.family() for case in cases]
    judged = held_out(outcomes, families, Outcome.found)
    of = np.array(families)
    return {
        "hits_left_out": _mean(judged),
        "hits_strict_left_out": _mean(held_out(outcomes, families, Outcome.all_found)),
        "hits_over_all_settings": hits(list(itertools.chain.from_iterable(outcomes))),
        "families": {
            name: {"cases": int((of == name).sum()), "hits": _mean(judged[of == name])}
            for name in sorted(set(families))
        },
    }


def held_out(
    outcomes: Sequence[Sequence[Outcome]], families: Sequence[str], found: Callable[[Outcome, int], float]
) -> Floats:
    """case x k: how each case does with what was best on the other families. outcomes: settings x case."""
    scores = np.array([[[found(one, k) for k in FIRST] for one in row] for row in outcomes], dtype=float)
    of, judged = np.array(families), np.empty(scores.shape[1:])
    for name in set(families):
        others = scores[:, of != name].sum(axis=(1, 2))
        best = np.isclose(others, others.max())
        judged[of == name] = scores[best][:, of == name].mean(axis=0)
    return judged


def _mean(judged: Floats) -> dict[str, float]:
    return {str(k): round(float(mean), 4) for k, mean in zip(FIRST, judged.mean(axis=0), strict=True)}


def report(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "hits": hits(outcomes),
        "seconds": round(statistics.median(one.seconds for one in outcomes), 4),
        "slowest": round(max(one.seconds for one in outcomes), 4),
        "cases": len(outcomes),
        "hits_strict": hits_strict(outcomes),
    }


def misses(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    return [
        {"case": one.case, "ranks": one.ranks, "cause": [dict(c) for c in one.causes], "first": one.first}
        for one in outcomes
        if one.found(1) < 1
    ]


def by_number(outcomes: Sequence[Outcome]) -> dict[str, object]:
    alone = [one for one in outcomes if len(one.causes) == 1]
    several = [one for one in outcomes if len(one.causes) > 1]
    named = {"one_cause": alone, "several_causes": several}
    return {name: report(some) for name, some in named.items() if some}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder with truth.yaml and one CSV a case")
    source.add_argument("--simulate", type=int, metavar="N", help="so many incidents made up instead")
    parser.add_argument(
        "--plant", type=int, metavar="N", help="plant so many into the ordinary minutes of --data"
    )
    parser.add_argument("--first", type=int, default=0, help="the first seed of made-up incidents")
    parser.add_argument(
        "--cross-validate", action="store_true", help="also judge settings chosen on other families of cases"
    )
    parser.add_argument("--misses", action="store_true", help="also list the cases whose cause is not first")
    asked = parser.parse_args()
    cases = read_cases(asked.data) if asked.data else []
    seeds = range(asked.first, asked.first + (asked.simulate or asked.plant or 0))
    if asked.simulate:
        outcomes = [run_made(str(seed), incident(seed)) for seed in seeds]
    elif asked.plant:
        backgrounds = [ordinary(table := case.table(), case.dimensions(table), case.at) for case in cases]
        outcomes = [run_made(str(seed), planted(seed, backgrounds)) for seed in seeds]
    else:
        run(cases[0], Settings())  # the first call pays for importing
        outcomes = [run(case, Settings()) for case in cases]
    printed = report(outcomes)
    if seeds:
        printed |= by_number(outcomes)
    elif asked.cross_validate:
        printed |= cross_validated(cases)
    if asked.misses:
        printed["misses"] = misses(outcomes)
    print(json.dumps(printed, ensure_ascii=False))


if __name__ == "__main__":
    main()
