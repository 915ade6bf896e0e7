"""Imports: rows a second into an empty and into a full table, beside DuckDB and Polars doing the same by hand.

`python -m bench.imports [--rows 1000000] [--repeat 3]`. Each measurement is a process of its own, interleaved, so
that peak memory is its own and a busy machine is busy for all. The hand-written ones read the same CSV, check
the key, and write sorted, compressed Parquet; they keep no history, find no unchanged rows and explain no error.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import company
from bench.harness import in_own_process
from bench.home import Home, build

MAP = """
schema: dabiao/map/1
system: erp
sources: {{orders: "{pattern}"}}
tables:
  - into: order_lines
    from: orders
    key: no
    columns:
      ordered_on: day
      order: order
      person: person
      customer: customer
      product: product
      qty: qty
      amount: amount
      cost: cost
"""
COLUMNS = "no,order,day,person,customer,product,qty,amount,cost"


def make_csv(file: Path, rows: int) -> None:
    """Seeded order lines over 24 months."""
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT 'L' || i AS no, 'SO' || (i // 3) AS "order", DATE '2024-01-01' + (i * 7919 % 730)::INT AS day,
                  'E' || (i % 45) AS person, 'C' || (i * 31 % 5000) AS customer, 'P' || (i % 200) AS product,
                  1 + i % 17 AS qty, (i * 137 % 999900 / 100)::DECIMAL(18, 2) AS amount, (i * 77 % 999900 / 100)::DECIMAL(18, 2) AS cost
           FROM range({rows}) t(i)) TO '{file}' (HEADER)"""
    )


def make_december(file: Path, rows: int) -> None:
    """New lines of the last month of `bench.company`, by its own people, customers and products, as a workbook."""
    import duckdb
    from rustpy_xlsxwriter import FastExcel

    lines = duckdb.sql(
        f"""SELECT 'N' || i AS no, 'NO' || (i // 3) AS "order", DATE '{company.YEAR}-12-01' + (i * 7919 % 31)::INT AS day,
                   'P' || lpad((i * 13 % {company.SELLERS})::VARCHAR, 4, '0') AS person, 'C' || (i * 31 % 5000) AS customer,
                   'G' || (i % 200) AS product, 1 + i % 17 AS qty, i * 137 % 999900 / 100 AS amount, i * 77 % 999900 / 100 AS cost
            FROM range({rows}) t(i)"""
    )
    FastExcel(str(file)).sheet("orders", lines.pl().to_dicts()).save()


def make_xlsx(file: Path, source: Path, rows: int) -> None:
    """The first rows of the CSV as a workbook."""
    import polars as pl
    from rustpy_xlsxwriter import FastExcel

    FastExcel(str(file)).sheet("orders", pl.read_csv(source, n_rows=rows).to_dicts()).save()


def duckdb_by_hand(file: Path, home: Path) -> None:
    """What somebody would write who needs this file once."""
    import duckdb

    types = {name: "VARCHAR" for name in COLUMNS.split(",")} | {
        "day": "DATE",
        "qty": "DECIMAL(18,4)",
        "amount": "DECIMAL(18,4)",
        "cost": "DECIMAL(18,4)",
    }
    work = duckdb.connect(config={"memory_limit": "1200MB"})
    work.execute("SET preserve_insertion_order = false")
    work.execute(f"SET temp_directory = '{home}'")
    work.execute(f"CREATE TABLE orders AS SELECT * FROM read_csv('{file}', header = true, columns = {types})")
    row = work.execute("SELECT count(*) - count(DISTINCT no) FROM orders").fetchone()
    assert row == (0,)
    work.execute(
        f"COPY (SELECT * FROM orders ORDER BY day, person) TO '{home / 'orders.parquet'}' (COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )


def polars_by_hand(file: Path, home: Path) -> None:
    """The same in Polars."""
    import polars as pl

    money = pl.Decimal(18, 4)
    schema = {name: pl.String for name in COLUMNS.split(",")} | {
        "day": pl.Date,
        "qty": money,
        "amount": money,
        "cost": money,
    }
    orders = pl.read_csv(file, schema=schema)
    assert orders["no"].n_unique() == orders.height
    orders.sort("day", "person").write_parquet(
        home / "orders.parquet", compression="zstd", compression_level=1
    )


def fastexcel_by_hand(file: Path, home: Path) -> None:
    """Only reading: what an XLSX import is compared with."""
    import fastexcel

    assert fastexcel.read_excel(file).load_sheet(0).to_polars().height


def dabiao(file: Path, home: Path) -> None:
    """One import by the real path, through mapping, checks, roll-ups and snapshot."""
    from django.utils import timezone

    from dabiao.facts import actions
    from dabiao.facts.logic.mapping import read_map

    order = actions.Order(file, read_map(MAP.format(pattern=f"*{file.suffix}")))
    report = actions.load(order, by=None, at=timezone.now())
    assert not report.error_cells and all(table.adds_up for table in report.tables)


WORKS: dict[str, Callable[[Path, Path], None]] = {
    "dabiao": dabiao,
    "DuckDB by hand": duckdb_by_hand,
    "Polars by hand": polars_by_hand,
    "fastexcel reading": fastexcel_by_hand,
}


def measured(work: str, file: Path, home: Path) -> tuple[float, float]:
    """Seconds and MiB of one run, imports of libraries not counted."""
    command = [
        sys.executable,
        "-m",
        "bench.imports",
        "--work",
        work,
        "--file",
        str(file),
        "--home",
        str(home),
    ]
    environment = {
        **os.environ,
        "DABIAO_HOME": str(home),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "dabiao.settings",
    }
    out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    seconds, memory = json.loads(out.splitlines()[-1])
    return seconds, memory


def run_one(work: str, file: Path, home: Path) -> None:
    """In a process of its own: warm up the libraries, then measure."""
    if work == "dabiao":
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        first = home / f"first{file.suffix}"
        make_csv(first.with_suffix(".csv"), 1)
        if file.suffix == ".xlsx":
            make_xlsx(first, first.with_suffix(".csv"), 1)
        dabiao(
            first, home
        )  # a worker is warm: libraries imported, roll-ups compiled; one row is there already
    started = time.perf_counter()
    WORKS[work](file, home)
    seconds = time.perf_counter() - started
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def compare(
    title: str, file: Path, works: list[tuple[str, str, Path | None]], rows: int, repeat: int, base: str
) -> None:
    """Interleaved; each line is a median. A home given is copied before each run, so that it is never warm by itself."""
    found: dict[str, list[tuple[float, float]]] = {label: [] for label, _work, _home in works}
    for _ in range(repeat):
        for label, work, home in works:
            with tempfile.TemporaryDirectory() as scratch:
                place = Path(scratch) / "home"
                shutil.copytree(home, place) if home else place.mkdir()
                found[label].append(measured(work, file, place))
    reference = statistics.median(seconds for seconds, _memory in found[base])
    print(f"\n{title}")
    print(f"{'':26}{'seconds':>9}{'rows/s':>13}{'peak MiB':>10}{'ratio':>7}")
    for label, runs in found.items():
        seconds = statistics.median(s for s, _m in runs)
        print(
            f"{label:26}{seconds:9.2f}{rows / seconds:13,.0f}{max(m for _s, m in runs):10,.0f}{seconds / reference:7.2f}"
        )


def into_a_company(lines: int, rows: int, repeat: int) -> None:
    """A workbook of new rows of one month into a table of millions, with roll-ups of all who sold."""
    full = Home(lines)
    in_own_process(build, full)
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "orders.xlsx"
        make_december(sheet, rows)
        works: list[tuple[str, str, Path | None]] = [
            ("fastexcel reading", "fastexcel reading", None),
            ("into an empty table", "dabiao", None),
            (f"into one of {lines:,}", "dabiao", full.folder),
        ]
        compare(f"XLSX, {rows:,} new rows of one month", sheet, works, rows, repeat, "fastexcel reading")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--company", type=float, help="a month's sheet into the order lines of `bench.home`, so many"
    )
    parser.add_argument("--work")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    if asked.work:
        run_one(asked.work, asked.file, asked.home)
        return
    if asked.company:
        into_a_company(int(asked.company), asked.sheet_rows, asked.repeat)
        return
    with tempfile.TemporaryDirectory() as folder:
        lines, sheet, full = Path(folder) / "orders.csv", Path(folder) / "orders.xlsx", Path(folder) / "full"
        make_csv(lines, asked.rows)
        make_xlsx(sheet, lines, min(asked.sheet_rows, asked.rows))
        full.mkdir()
        measured("dabiao", lines, full)
        compare(
            f"CSV, {asked.rows:,} rows",
            lines,
            [
                ("DuckDB by hand", "DuckDB by hand", None),
                ("Polars by hand", "Polars by hand", None),
                ("into an empty table", "dabiao", None),
                ("again, nothing new", "dabiao", full),
            ],
            asked.rows,
            asked.repeat,
            "DuckDB by hand",
        )
        compare(
            f"XLSX, {asked.sheet_rows:,} rows",
            sheet,
            [
                ("fastexcel reading", "fastexcel reading", None),
                ("into an empty table", "dabiao", None),
                (f"into one of {asked.rows:,}", "dabiao", full),
            ],
            asked.sheet_rows,
            asked.repeat,
            "fastexcel reading",
        )


if __name__ == "__main__":
    main()
