"""How often the true cause of an incident is among the first explanations, on any folder of cases with a truth.

    python -m bench.attribution --data DIR [--cross-validate] [--misses]

DIR holds one CSV a case (`min`, `value`, `cnt`, and the case's dimensions) and `truth.yaml`: case, time of the
incident, cause. The metric is sum(value) / sum(cnt); earlier minutes are the baseline; rows after the incident
are not looked at. A hit at k: the cause, dimension for dimension and value for value, is among the first k
descriptions of `Explanation.ranked`; if there are several causes, all of them are. That is strict: two causes
cannot be a hit at 1, so `hits_given_room` counts a case with m causes at k + m - 1 as well.
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

from dabiao.engine.diagnosis import Settings, explain

FIRST = (1, 3, 5)
NOWHERE = 1_000
RENAMED = {"min": "period", "value": "part", "cnt": "whole"}
FOLDS = 5
GRID = [
    Settings(plainness=plainness, stray=stray, share=share)
    for plainness, stray, share in itertools.product(
        (0.05, 0.1, 0.15, 0.2), (0.003, 0.01, 0.03, 0.1), (0.05, 0.1, 0.2)
    )
]


@dataclass(frozen=True)
class Case:
    path: Path
    at: int
    causes: tuple[frozenset[tuple[str, str]], ...]

    def table(self) -> pa.Table:
        read = pacsv.read_csv(self.path)
        return read.rename_columns([RENAMED.get(name, name) for name in read.column_names])


@dataclass(frozen=True)
class Outcome:
    case: Case
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
    seconds = time.perf_counter() - started
    ranked = [frozenset(where) for where in explanation.ranked]
    rank = max(ranked.index(cause) + 1 if cause in ranked else NOWHERE for cause in case.causes)
    return Outcome(case, rank, seconds, [dict(where) for where in explanation.ranked[:3]])


def hits(outcomes: Sequence[Outcome], *, room: bool = False) -> dict[str, float]:
    """Share of cases whose causes are all among the first k."""
    spare = [len(outcome.case.causes) - 1 if room else 0 for outcome in outcomes]
    return {
        str(k): round(
            sum(one.rank <= k + more for one, more in zip(outcomes, spare, strict=True)) / len(outcomes), 4
        )
        for k in FIRST
    }


def cross_validated(cases: Sequence[Case]) -> dict[str, float]:
    """Hits on cases that had no say in the settings: each fold is judged with what was best on the others."""
    ranks = np.array([[run(case, settings).rank for case in cases] for settings in GRID])
    fold = np.random.default_rng(7).permutation(len(cases)) % FOLDS
    judged = np.zeros(len(cases), dtype=int)
    for held_out in range(FOLDS):
        others = ranks[:, fold != held_out]
        worth = sum((others <= k).mean(axis=1) for k in FIRST)
        judged[fold == held_out] = ranks[int(np.argmax(worth)), fold == held_out]
    return {str(k): round(float((judged <= k).mean()), 4) for k in FIRST}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with truth.yaml and one CSV a case")
    parser.add_argument(
        "--cross-validate", action="store_true", help="also judge settings chosen on other cases"
    )
    parser.add_argument("--misses", action="store_true", help="also list the cases whose cause is not first")
    asked = parser.parse_args()
    cases = read_cases(asked.data)
    run(cases[0], Settings())  # the first call pays for importing
    outcomes = [run(case, Settings()) for case in cases]
    report = {
        "hits": hits(outcomes),
        "seconds": round(statistics.median(one.seconds for one in outcomes), 4),
        "slowest": round(max(one.seconds for one in outcomes), 4),
        "cases": len(cases),
        "hits_given_room": hits(outcomes, room=True),
    }
    if asked.cross_validate:
        report["hits_cross_validated"] = cross_validated(cases)
    if asked.misses:
        report["misses"] = [
            {
                "case": one.case.path.stem,
                "rank": one.rank,
                "cause": [dict(c) for c in one.case.causes],
                "first": one.first,
            }
            for one in outcomes
            if one.rank > 1
        ]
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
