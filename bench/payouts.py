"""Payouts side by side: the general engine from a YAML plan against hand-written DuckDB SQL, Polars, pandas and a loop.

    python -m bench.payouts 1e6 --out FOLDER                  # repetitions are interleaved: one of each, again
    python -m bench.payouts 1e7 --only ours,duckdb,polars     # ten million lines, five repetitions
    python -m bench.payouts 5e7 --only ours,duckdb,polars --runs 3    # fifty million: 15 GB of disk, 8 GB of memory

One work: commission with marginal tiers on a running year, product multipliers, 10 % of the lines split
60 : 40, 3 % refunds, each line rounded, every credit traced to a Parquet file, totals per person and month.
Each cell runs in a process of its own, so its peak memory is its own; imports and connecting are not timed.
`ratio` is the median of time ÷ that of the better of DuckDB and Polars in the same round; `cpu` are seconds of
processor time, which other work on the machine disturbs less. Every trace is compared row by row with the one
of DuckDB. The engine also answers for one corrected order, one person's what-if, and the same hash after the
file has been shuffled.
"""

import argparse
import json
import multiprocessing
import os
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
    from dabiao.incentives.logic.run import run

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
    cpu = time.process_time()
    done = ours(folder, lines, out) if name == "ours" else rival(name, folder, lines, out)
    answer.put({**done, "cpu": time.process_time() - cpu, "peak_mb": peak_mb()})


def peak_mb() -> int:
    """The most memory this process has held; getrusage would count what its parent held before it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


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
    from dabiao.incentives.logic.run import run

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
    return {
        "seconds": round(statistics.median(times), 3),
        "people": len(people),
        "payables": found.paid.num_rows,
    }


def what_if(folder: Path, lines: Path) -> dict:
    """One person under another rate: that person's facts are read once, then each question is one run on them."""
    from dabiao.engine.payout.validate import read
    from dabiao.incentives.logic.run import run

    text = PLAN.read_text(encoding="utf-8")
    con = connect(folder, lines)
    begun = time.perf_counter()
    con.execute("create table mine as select * from lines where rep = 17 or rep2 = 17")
    con.execute("create or replace view lines as select * from mine")
    reading = time.perf_counter() - begun
    times, paid = [], []
    for rate in ("2%", "2.5%", "2.6%", "2.7%", "2.8%"):
        begun = time.perf_counter()
        found = run(read(text.replace("is: 2%", f"is: {rate}")), con, people=("17",))
        times.append(time.perf_counter() - begun)
        paid.append(sum(found.paid["amount"].to_pylist()))
    again = []
    for _ in range(5):
        begun = time.perf_counter()
        run(read(text), con, people=("17",))
        again.append(time.perf_counter() - begun)
    return {
        "seconds_for_a_new_plan": round(statistics.median(times), 3),
        "for_a_plan_asked_before": round(statistics.median(again), 3),
        "reading_the_person_once": round(reading, 3),
        "paid": paid,
    }


def ratios(cells: dict[str, list[dict]], measured: str) -> float | None:
    """How long we took beside the better rival, round by round."""
    rounds = zip(*(cells[name] for name in ("ours", "duckdb", "polars") if name in cells), strict=True)
    found = [mine[measured] / min(run[measured] for run in others) for mine, *others in rounds if others]
    return round(statistics.median(found), 3) if "ours" in cells and found else None


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
            "cpu": round(statistics.median(run["cpu"] for run in runs), 3),
            "peak_mb": max(run["peak_mb"] for run in runs), "paid": runs[0]["paid"],
            "people_months": runs[0]["people_months"]}), flush=True)  # fmt: skip
    print(json.dumps({"lines": count, "ratio": ratios(cells, "seconds"), "ratio_of_cpu": ratios(cells, "cpu")}), flush=True)  # fmt: skip
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
