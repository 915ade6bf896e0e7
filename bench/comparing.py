"""What it costs a load to say beforehand what it will do: the seconds of its comparisons, and of all of it.

`python -m bench.comparing --lines 1e7 --rows 1e6`: a CSV of so many order lines into the company of `bench.home`, which
knows none of them, then the same again with each tenth amount changed; each in a process of its own, over a copy.
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


def load(file: Path) -> tuple[float, float, int]:
    """Seconds of a load and of the comparison within it, and the rows that it changed."""
    from django.utils import timezone

    from dabiao.facts import actions
    from dabiao.facts.logic.loading import preview
    from dabiao.facts.logic.mapping import read_map

    spent: list[float] = []
    compared = preview.compared

    def timed(*args, **options):
        started = time.perf_counter()
        try:
            return compared(*args, **options)
        finally:
            spent.append(time.perf_counter() - started)

    preview.compared = timed
    order = actions.Order(file, read_map(MAP.format(pattern="*.csv")), even_so=frozenset(actions.CODES))
    started = time.perf_counter()
    report = actions.load(order, by=None, at=timezone.now())
    seconds = time.perf_counter() - started
    preview.compared = compared
    (change,) = report.changes
    (table,) = report.tables
    assert (change.new, change.changed, change.same) == (table.inserted, table.updated, table.unchanged)
    return seconds, sum(spent), change.new + change.changed


def change_a_tenth(file: Path, to: Path) -> None:
    """The same lines, every tenth with another amount."""
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT * REPLACE (CASE WHEN substr(no, 2)::BIGINT % 10 = 0 THEN amount + 1 ELSE amount END AS amount)
            FROM read_csv('{file}', types = {{'amount': 'DECIMAL(18,2)', 'no': 'VARCHAR'}})) TO '{to}' (HEADER)"""
    )


def run(folder: Path, files: list[Path]) -> None:
    """In a process of its own: the loads one after the other; a first small one imports the libraries."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    warm = folder / "warm.csv"
    make_csv(warm, 1)
    load(warm)
    print(json.dumps([load(file) for file in files]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=float, default=1e7)
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--run", type=Path, nargs="+")
    asked = parser.parse_args()
    if asked.run:
        run(Path(os.environ["DABIAO_HOME"]), asked.run)
        return
    full = Home(int(asked.lines))
    in_own_process(build, full)
    with tempfile.TemporaryDirectory() as place:
        home, new, changed = (Path(place) / name for name in ("home", "new.csv", "changed.csv"))
        shutil.copytree(full.folder, home)
        make_csv(new, int(asked.rows))
        change_a_tenth(new, changed)
        environment = {
            **os.environ,
            "DABIAO_HOME": str(home),
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "dabiao.settings",
        }
        command = [sys.executable, "-m", "bench.comparing", "--run", str(new), str(changed)]
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    for name, (seconds, spent, rows) in zip(
        ("new", "a tenth changed"), json.loads(out.splitlines()[-1]), strict=True
    ):
        print(
            f"{name:16} {int(asked.rows):,} rows over {int(asked.lines):,}: {seconds:6.2f} s, "
            f"comparison {spent:5.2f} s ({spent / seconds:.1%}), {rows:,} written"
        )


if __name__ == "__main__":
    main()
