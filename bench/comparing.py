"""What it costs a load to say beforehand what it will do: its processor time with the comparison and without.

`python -m bench.comparing --lines 1e7 --rows 1e6`: a CSV of so many order lines into the company of `bench.home`, which
knows none of them, then the same again with each tenth amount changed; with and without each over a copy of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import in_own_process
from bench.home import Home, build
from bench.imports import MAP, make_csv


def load(file: Path, *, comparing: bool) -> tuple[float, float, int]:
    """Processor seconds and seconds of a load, and the rows that it wrote."""
    from django.utils import timezone

    from dabiao.facts import actions
    from dabiao.facts.logic.loading import preview, publishing
    from dabiao.facts.logic.mapping import read_map
    from dabiao.lake.change import Counts
    from dabiao.lake.comparing import Comparison

    def as_it_comes(done, tables, *, keep):
        return (Comparison("order_lines", Counts(), changes=tuple(publishing.changes(done))),)

    compared = preview.compared
    if not comparing:
        preview.compared = as_it_comes
    order = actions.Order(file, read_map(MAP.format(pattern="*.csv")), even_so=frozenset(actions.CODES))
    processor, started = time.process_time(), time.perf_counter()
    report = actions.load(order, by=None, at=timezone.now())
    taken = time.process_time() - processor, time.perf_counter() - started
    preview.compared = compared
    return *taken, report.total("loaded")


def change_a_tenth(file: Path, to: Path) -> None:
    """The same lines, every tenth with another amount."""
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT * REPLACE (CASE WHEN substr(no, 2)::BIGINT % 10 = 0 THEN amount + 1 ELSE amount END AS amount)
            FROM read_csv('{file}', types = {{'amount': 'DECIMAL(18,2)', 'no': 'VARCHAR'}})) TO '{to}' (HEADER)"""
    )


def run(folder: Path, files: list[Path], *, comparing: bool) -> None:
    """In a process of its own: the loads one after the other; a first small one imports the libraries."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    warm = folder / "warm.csv"
    make_csv(warm, 1)
    load(warm, comparing=True)
    print(json.dumps([load(file, comparing=comparing) for file in files]))


def measured(full: Path, files: list[Path], *, comparing: bool) -> list[tuple[float, float, int]]:
    """Each load over a copy of the company, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        shutil.copytree(full, home)
        environment = {
            **os.environ,
            "DABIAO_HOME": str(home),
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "dabiao.settings",
        }
        command = [sys.executable, "-m", "bench.comparing", *([] if comparing else ["--without"])]
        command += ["--run", *map(str, files)]
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return [tuple(each) for each in json.loads(out.splitlines()[-1])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, default=1e7)
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--run", type=Path, nargs="+")
    parser.add_argument("--without", action="store_true")
    asked = parser.parse_args()
    if asked.run:
        run(Path(os.environ["DABIAO_HOME"]), asked.run, comparing=not asked.without)
        return
    full = Home(int(asked.lines))
    in_own_process(build, full)
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("new.csv", "changed.csv")]
        make_csv(files[0], int(asked.rows))
        change_a_tenth(*files)
        without = measured(full.folder, files, comparing=False)
        found = measured(full.folder, files, comparing=True)
    print(f"{int(asked.rows):,} rows over {int(asked.lines):,}: processor seconds (seconds)")
    for name, one, other in zip(("all new", "a tenth changed"), without, found, strict=True):
        assert one[2] == other[2]
        more = other[0] / one[0] - 1
        print(
            f"{name:16} without {one[0]:6.2f} ({one[1]:.1f}), with {other[0]:6.2f} ({other[1]:.1f}): {more:+.1%}"
        )


if __name__ == "__main__":
    main()
