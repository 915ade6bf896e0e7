"""Measurements beside hand-written DuckDB SQL, Polars and pandas: `python -m bench [WORKLOAD…] [--lines 1e6 1e7]`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import rollup, sight, tiles
from bench.harness import Result, Workload, in_own_process, measure
from bench.home import Home, build

SIDE_BY_SIDE: dict[str, tuple[Workload, ...]] = {
    "rollup": (rollup.WORKLOAD,),
    "tiles": (tiles.WORKLOAD,),
    "permissions": (sight.ROLLED, sight.FACTS, sight.MANAGER),
}


def main() -> None:
    asked = _arguments()
    console = Console()
    results: list[Result] = []
    for lines in asked.lines:
        home = Home(lines)
        if loaded := in_own_process(build, home):
            console.print(f"published {lines:,} lines: {loaded.seconds:.1f} s, {loaded.peak_mb:.0f} MB")
        for name in asked.workloads:
            for workload in SIDE_BY_SIDE[name]:
                found = measure(workload, home, repeats=2 if asked.quick else 5)
                console.print(shown(found))
                results += found
    if asked.json:
        asked.json.write_text(json.dumps([asdict(result) for result in results], indent=1))


def shown(results: list[Result]) -> Table:
    """One workload's engines; the ratio is to the first one."""
    first = results[0]
    table = Table(title=f"{first.workload}, {first.lines:,} lines → {first.rows:,} rows")
    for heading in ("engine", "median s", "fastest", "slowest", f"× {first.engine}", "peak MB"):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for one in results:
        times = (f"{value:.4f}" for value in (one.seconds, one.fastest, one.slowest))
        table.add_row(one.engine, *times, f"{one.ratio:.2f}", f"{one.peak_mb:.0f}")
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=[], help=f"of {', '.join(SIDE_BY_SIDE)}; none: all")
    parser.add_argument("--lines", nargs="+", type=lambda text: int(float(text)), default=None)
    parser.add_argument(
        "--quick", action="store_true", help="two repetitions, and a million lines unless told"
    )
    parser.add_argument("--json", type=Path, help="write the results here as well")
    asked = parser.parse_args()
    asked.workloads = asked.workloads or list(SIDE_BY_SIDE)
    if unknown := set(asked.workloads) - SIDE_BY_SIDE.keys():
        parser.error(f"{', '.join(sorted(unknown))}: there is {', '.join(SIDE_BY_SIDE)}")
    asked.lines = asked.lines or ([1_000_000] if asked.quick else [1_000_000, 10_000_000])
    return asked


if __name__ == "__main__":
    main()
