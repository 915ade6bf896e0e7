"""Payouts side by side: the general engine from a YAML plan against hand-written DuckDB SQL, Polars, pandas and a loop.

    python -m bench.payouts 1e6 --out FOLDER            # repetitions are interleaved: one of each, again
    python -m bench.payouts 1e7 --runs 5 --loop 1e6           # the plain loop only up to that many lines

One work: commission with marginal tiers on a running year, product multipliers, 10 % of the lines split
60 : 40, 3 % refunds, each line rounded, every credit traced to a Parquet file, totals per person and month.
Each cell runs in a process of its own, so its peak memory is its own; imports and connecting are not timed.
Every trace is compared row by row with the one of DuckDB. The engine also answers for one corrected order,
one person's what-if, and the same hash after the file has been shuffled.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import time
from pathlib import Path

from bench import payout_rivals as rivals
from bench.payout_data import make, shuffled

PLAN = Path(__file__).with_name("payouts.yml")
MEMORY = "700MB"


def connect(folder: Path, lines: Path):
    import duckdb

    con = duckdb.connect(
        config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(folder / "spill")}
    )
    con.execute("set preserve_insertion_order = false")
    con.execute(f"create view lines as select * from read_parquet('{lines}')")
    con.execute(f"create table products as select * from '{folder / 'products.parquet'}'")
    return con


def ours(folder: Path, lines: Path, out: Path) -> dict:
    from dabiao.engine.payout.validate import read
    from dabiao.incentives.run import run

    out.mkdir(exist_ok=True)
    for old in out.glob("*.parquet"):
        old.unlink()
    con = connect(folder, lines)
    begun = time.perf_counter()
    found = run(read(PLAN.read_text(encoding="utf-8")), con, traces=out)
    took = time.perf_counter() - begun
    paid = sum(found.paid["amount"].to_pylist())
    return {"seconds": took, "people_months": found.paid.num_rows, "paid": paid, "hash": found.hash}


def rival(name: str, folder: Path, lines: Path, out: Path) -> dict:
    work = rivals.WORKS[name]
    begun = time.perf_counter()
    months, paid = work(lines, folder / "products.parquet", out)
    return {"seconds": time.perf_counter() - begun, "people_months": months, "paid": paid}


def warm(name: str) -> None:
    """Imports, and one run on a handful of lines, before the clock starts."""
    folder = Path(os.environ["PAYOUTS_WARM"])
    lines, out = folder / "lines.parquet", folder / f"warm_{os.getpid()}"
    if name == "ours":
        ours(folder, lines, out)
    else:
        rival(name, folder, lines, out.with_suffix(".parquet"))


def cell(name: str, folder: Path, lines: Path, out: Path, answer) -> None:
    warm(name)
    done = ours(folder, lines, out) if name == "ours" else rival(name, folder, lines, out)
    done["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    answer.put(done)


def alone(name: str, folder: Path, lines: Path, out: Path) -> dict:
    """One cell in a fresh process (spawned: never forked)."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=cell, args=(name, folder, lines, out, answer))
    process.start()
    while process.is_alive() and answer.empty():
        time.sleep(0.05)
    if answer.empty():
        raise SystemExit(f"{name} ended with code {process.exitcode}")
    done = answer.get()
    process.join()
    return done


def differences(folder: Path, lines: Path, names: list[str]) -> dict[str, int]:
    """Credits in which a trace differs from DuckDB's, counted row by row."""
    import duckdb

    con = duckdb.connect(
        config={"threads": 2, "memory_limit": "4GB", "temp_directory": str(folder / "spill")}
    )
    base = f"read_parquet('{trace(folder, 'duckdb')}')"
    columns = "id, person, share, credit, before, slice_1, slice_2, slice_3, amount"
    found = {}
    for name in names:
        other = f"read_parquet('{trace(folder, name)}')"
        if name == "ours":
            other = f"(select * replace (share / 10000 as share) from {other})"
        sides = [
            con.execute(
                f"select count(*) from (select {columns} from {one} except all select {columns} from {two})"
            ).fetchone()[0]
            for one, two in ((base, other), (other, base))
        ]
        found[name] = max(sides)
    return found


def trace(folder: Path, name: str) -> Path:
    return folder / "out" / "ours" / "*.parquet" if name == "ours" else folder / "out" / f"{name}.parquet"


def corrected_order(folder: Path, lines: Path) -> dict:
    """One order changes: whose lines it touches, computed again."""
    from dabiao.engine.payout.validate import read
    from dabiao.incentives.run import run

    plan = read(PLAN.read_text(encoding="utf-8"))
    con = connect(folder, lines)
    con.execute("create or replace view lines as select * replace (case when id = 4 then amount + 1 else amount end as amount) "
                f"from read_parquet('{lines}')")  # fmt: skip
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        people = con.execute("select rep from lines where id = 4 union select rep2 from lines where id = 4 and rep2 is not null").fetchall()  # fmt: skip
        found = run(plan, con, people=tuple(str(who) for (who,) in people))
        times.append(time.perf_counter() - begun)
    return {"seconds": statistics.median(times), "people": len(people), "payables": found.paid.num_rows}


def what_if(folder: Path, lines: Path) -> dict:
    """One person under another rate, on the facts clustered by person as the lake serves them."""
    from dabiao.engine.payout.validate import read
    from dabiao.incentives.run import run

    text = PLAN.read_text(encoding="utf-8")
    con = connect(folder, lines)
    con.execute("create table mine as select * from lines where rep = 17 or rep2 = 17")
    con.execute("create or replace view lines as select * from mine")
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        now = run(read(text), con, people=("17",))
        then = run(read(text.replace("is: 2%", "is: 2.5%")), con, people=("17",))
        times.append(time.perf_counter() - begun)
    both = [sum(found.paid["amount"].to_pylist()) for found in (now, then)]
    return {"seconds_for_both_versions": statistics.median(times), "paid": both}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("lines", type=float)
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--out", type=Path, default=Path("bench-work"))
    asked.add_argument("--loop", type=float, default=1e6, help="the plain loop runs up to so many lines")
    asked.add_argument("--only", default="", help="names by comma: ours, duckdb, polars, pandas, loop")
    given = asked.parse_args()
    count, folder = int(given.lines), given.out / f"{int(given.lines)}"
    (folder / "out").mkdir(parents=True, exist_ok=True)
    lines = make(folder, count)
    few = given.out / "warm"
    make(few, 1000)
    os.environ["PAYOUTS_WARM"] = str(few)
    names = given.only.split(",") if given.only else ["ours", *rivals.WORKS]
    if count > given.loop and "loop" in names:
        names.remove("loop")
    cells: dict[str, list[dict]] = {name: [] for name in names}
    for _ in range(given.runs):
        for name in names:
            out = folder / "out" / (name if name == "ours" else f"{name}.parquet")
            cells[name].append(alone(name, folder, lines, out))
    for name, runs in cells.items():
        seconds = [run["seconds"] for run in runs]
        print(json.dumps({"lines": count, "engine": name, "median": round(statistics.median(seconds), 3),
            "least": round(min(seconds), 3), "most": round(max(seconds), 3),
            "peak_mb": max(run["peak_mb"] for run in runs), "paid": runs[0]["paid"],
            "people_months": runs[0]["people_months"]}), flush=True)  # fmt: skip
    if "duckdb" in names:
        rows = differences(folder, lines, [name for name in names if name != "duckdb"])
        print(json.dumps({"lines": count, "rows_that_differ": rows}), flush=True)
    if "ours" in names:
        extras = {"corrected_order": corrected_order(folder, lines), "what_if": what_if(folder, lines)}
        again = alone("ours", folder, shuffled(folder, lines), folder / "out" / "ours_shuffled")
        hashes = {run["hash"] for run in [*cells["ours"], again]}
        print(
            json.dumps({"lines": count, **extras, "one_hash": len(hashes) == 1, "hash": hashes.pop()}),
            flush=True,
        )


if __name__ == "__main__":
    main()
