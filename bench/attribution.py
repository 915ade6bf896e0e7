"""How often the true cause of an incident is among the first explanations, on any folder of cases with a truth.

    python -m bench.attribution --data DIR [--cross-validate] [--misses]
    python -m bench.attribution --simulate N [--first SEED]

DIR holds one CSV a case (`min`, `value`, `cnt`, and the case's dimensions) and `truth.yaml`: case, time of the
incident, cause. The metric is sum(value) / sum(cnt); earlier minutes are the baseline; rows after the incident
are not looked at. A hit at k: the cause, dimension for dimension and value for value, is among the first k
descriptions of `Explanation.ranked`; if there are several causes, all of them are. That is strict: two causes
cannot be a hit at 1, so `hits_given_room` counts a case with m causes at k + m - 1 as well.

`--cross-validate` judges cases that had no say in the settings, over many random halves, and gives the mean
over all settings of the grid, which nobody chose at all. `--simulate` judges on incidents of `bench.incidents`.
"""

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import yaml

from bench.incidents import Where, incident
from dabiao.engine.diagnosis import Explanation, Settings, explain

FIRST = (1, 3, 5)
NOWHERE = 1_000
RENAMED = {"min": "period", "value": "part", "cnt": "whole"}
HALVES = 200
GRID = [
    Settings(plainness=plainness, stray=stray, share=share)
    for plainness, stray, share in itertools.product((0.1, 0.15, 0.2), (0.003, 0.01, 0.03), (0.05, 0.1, 0.2))
]


@dataclass(frozen=True)
class Case:
    path: Path
    at: int
    causes: tuple[Where, ...]

    def table(self) -> pa.Table:
        read = pacsv.read_csv(self.path)
        return read.rename_columns([RENAMED.get(name, name) for name in read.column_names])


@dataclass(frozen=True)
class Outcome:
    case: str
    causes: tuple[Where, ...]
    rank: int
    seconds: float
    first: list[dict[str, str | None]]


def read_cases(folder: Path) -> list[Case]:
    truth = yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))
    return [_case(folder, entry) for entry in truth]


def _case(folder: Path, entry) -> Case:
    causes = entry["cause"] if isinstance(entry["cause"], list) else [entry["cause"]]
    return Case(
        path=folder / f"{entry['data']}.csv",
        at=entry["timestamp"],
        causes=tuple(frozenset((key, str(value)) for key, value in cause.items()) for cause in causes),
    )


def run(case: Case, settings: Settings) -> Outcome:
    """The rank at which the last of the true causes appears; the time includes reading the file."""
    started = time.perf_counter()
    table = case.table()
    dimensions = [name for name in table.column_names if name not in RENAMED.values()]
    explanation = explain(table, dimensions, at=case.at, kind="ratio", settings=settings)
    return _outcome(case.path.stem, case.causes, explanation, time.perf_counter() - started)


def run_simulated(seed: int) -> Outcome:
    made = incident(seed)
    started = time.perf_counter()
    explanation = explain(made.table, made.dimensions, at=made.at, kind=made.kind)
    return _outcome(str(seed), made.causes, explanation, time.perf_counter() - started)


def _outcome(case: str, causes: tuple[Where, ...], found: Explanation, seconds: float) -> Outcome:
    ranked = [frozenset(where) for where in found.ranked]
    rank = max(ranked.index(cause) + 1 if cause in ranked else NOWHERE for cause in causes)
    return Outcome(case, causes, rank, seconds, [dict(where) for where in found.ranked[:3]])


def hits(outcomes: Sequence[Outcome], *, room: bool = False) -> dict[str, float]:
    """Share of cases whose causes are all among the first k."""
    spare = [len(outcome.causes) - 1 if room else 0 for outcome in outcomes]
    return {
        str(k): round(
            sum(one.rank <= k + more for one, more in zip(outcomes, spare, strict=True)) / len(outcomes), 4
        )
        for k in FIRST
    }


def cross_validated(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """Hits on cases that had no say in the settings: a random half is judged with what was best on the other."""
    ranks = np.array([[run(case, settings).rank for case in cases] for settings in GRID])
    draw, judged = np.random.default_rng(7), []
    for _ in range(HALVES):
        order = draw.permutation(len(cases))
        chosen_on, held_out = ranks[:, order[: len(cases) // 2]], ranks[:, order[len(cases) // 2 :]]
        worth = sum((chosen_on <= k).mean(axis=1) for k in FIRST)
        judged.append(held_out[int(np.argmax(worth))])
    return {
        "hits_cross_validated": {str(k): round(float((np.array(judged) <= k).mean()), 4) for k in FIRST},
        "hits_over_all_settings": {str(k): round(float((ranks <= k).mean()), 4) for k in FIRST},
    }


def report(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "hits": hits(outcomes),
        "seconds": round(statistics.median(one.seconds for one in outcomes), 4),
        "slowest": round(max(one.seconds for one in outcomes), 4),
        "cases": len(outcomes),
        "hits_given_room": hits(outcomes, room=True),
    }


def misses(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    return [
        {"case": one.case, "rank": one.rank, "cause": [dict(c) for c in one.causes], "first": one.first}
        for one in outcomes
        if one.rank > 1
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder with truth.yaml and one CSV a case")
    source.add_argument("--simulate", type=int, metavar="N", help="so many incidents made up instead")
    parser.add_argument("--first", type=int, default=0, help="the first seed of made-up incidents")
    parser.add_argument(
        "--cross-validate", action="store_true", help="also judge settings chosen on other cases"
    )
    parser.add_argument("--misses", action="store_true", help="also list the cases whose cause is not first")
    asked = parser.parse_args()
    cases = read_cases(asked.data) if asked.data else []
    if asked.data:
        run(cases[0], Settings())  # the first call pays for importing
        outcomes = [run(case, Settings()) for case in cases]
    else:
        outcomes = [run_simulated(seed) for seed in range(asked.first, asked.first + asked.simulate)]
    printed = report(outcomes)
    if not asked.data:
        alone = [one for one in outcomes if len(one.causes) == 1]
        several = [one for one in outcomes if len(one.causes) > 1]
        printed |= {"one_cause": report(alone), "several_causes": report(several)}
    if asked.cross_validate and cases:
        printed |= cross_validated(cases)
    if asked.misses:
        printed["misses"] = misses(outcomes)
    print(json.dumps(printed, ensure_ascii=False))


if __name__ == "__main__":
    main()
