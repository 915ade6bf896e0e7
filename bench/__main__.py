"""Measurements beside hand-written DuckDB SQL, Polars and pandas: `python -m bench [WORKLOAD…] [--lines 1e6 1e7]`.

Workloads of this folder that have their own arguments can also be run alone: `python -m bench.imports --help`.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import cockpit, explain, rollup, sight, tiles
from bench.harness import Result, Workload, in_own_process, measure
from bench.home import Home, build

SIDE_BY_SIDE: dict[str, tuple[Workload, ...]] = {
    "rollup": (rollup.WORKLOAD,),
    "tiles": (tiles.WORKLOAD,),
    "permissions": (sight.ROLLED, sight.FACTS, sight.MANAGER),
    "explain": (explain.TEAM, explain.COMPANY),
}

PAGES = "cockpit"
ALONE: dict[str, tuple[str, ...]] = {
    "imports": (),
    "payouts": ("1e6",),
    "cascade": (),
    "effects": ("--quick",),
    "mixed": (),
    "pages": (),
}
"""Programs of their own, and what they are given in a run of everything."""
NAMES = (*SIDE_BY_SIDE, PAGES, *ALONE)


def main() -> None:
    asked = _arguments()
    console = Console()
    results: list[Result] = []
    for lines in asked.lines if {PAGES, *SIDE_BY_SIDE} & set(asked.workloads) else ():
        home = Home(lines)
        if loaded := in_own_process(build, home):
            console.print(f"published {lines:,} lines: {loaded.seconds:.1f} s, {loaded.peak_mb:.0f} MB")
        for workload in (each for name in asked.workloads for each in SIDE_BY_SIDE.get(name, ())):
            found = measure(workload, home, repeats=2 if asked.quick else 5)
            console.print(shown(found))
            results += found
        if "explain" in asked.workloads:
            console.print(answered(explain.explanations(home), f"{lines:,} lines"))
        if PAGES in asked.workloads:
            console.print(served(cockpit.run(home, seconds=15 if asked.quick else cockpit.SECONDS), lines))
    if "explain" in asked.workloads:
        console.print(answered(explain.of_demo(), "the demo company"))
    for name in asked.workloads:
        if name in ALONE:
            console.rule(name)
            subprocess.run([sys.executable, "-m", f"bench.{name}", *ALONE[name]], check=True)
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


def served(found: cockpit.Served, lines: int) -> Table:
    """Pages of one run of the server."""
    peaks = ", ".join(f"{peak:.0f} MB" for peak in found.web_peaks_mb)
    table = Table(
        title=f"cockpit, {lines:,} lines",
        caption=f"web processes at most {peaks}; {found.published} publications",
    )
    for heading in ("readers", "pages", "median ms", "p95 ms", "slowest ms"):
        table.add_column(heading, justify="left" if heading == "readers" else "right")
    for one in found.latencies:
        table.add_row(
            one.name, str(one.requests), *(f"{value:.1f}" for value in (one.median, one.p95, one.slowest))
        )
    return table


def answered(found: list[explain.Taken], of: str) -> Table:
    """Explanations from question to sentence."""
    table = Table(title=f"explanations, {of}")
    for heading in ("which", "explanations", "median s", "slowest s"):
        table.add_column(heading, justify="left" if heading == "which" else "right")
    for one in found:
        table.add_row(one.which, str(one.explanations), f"{one.median:.2f}", f"{one.slowest:.2f}")
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=[], help=f"of {', '.join(NAMES)}; none: all")
    parser.add_argument("--lines", nargs="+", type=lambda text: int(float(text)), default=None)
    parser.add_argument(
        "--quick", action="store_true", help="two repetitions, and a million lines unless told"
    )
    parser.add_argument("--json", type=Path, help="write the results here as well")
    asked = parser.parse_args()
    asked.workloads = asked.workloads or list(NAMES)
    if unknown := set(asked.workloads) - set(NAMES):
        parser.error(f"{', '.join(sorted(unknown))}: there is {', '.join(NAMES)}")
    asked.lines = asked.lines or ([1_000_000] if asked.quick else [1_000_000, 10_000_000])
    return asked


if __name__ == "__main__":
    main()
