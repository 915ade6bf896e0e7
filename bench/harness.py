"""Engines side by side: each in a process of its own that stays warm, taken in turn, compared before they are timed.

An engine is a function that gets ready (not timed) and returns what is to be timed; what that returns is a
table, and all engines of a workload must return the same one.
"""

import gc
import importlib
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from bench.home import Home, peak_mb

Run = Callable[[], pa.Table]
Engine = Callable[[Home], Run]
T = TypeVar("T")
REPEATS = 5
_CLOSE = 1e-9


@dataclass(frozen=True)
class Workload:
    """One piece of work for several engines. `keys`: the columns that name a row of its result.

    calls:  how often it is done in one repetition; what takes milliseconds is done often
    module: where the engines are functions, by the names in `engines`; the first one is the yardstick.
    """

    name: str
    module: str
    engines: tuple[str, ...]
    keys: tuple[str, ...]
    calls: int = 1


@dataclass(frozen=True)
class Result:
    """Medians over the repetitions, in seconds; peak memory of the engine's process."""

    workload: str
    lines: int
    engine: str
    seconds: float
    fastest: float
    slowest: float
    ratio: float
    peak_mb: float
    rows: int


class Different(Exception):
    """Two engines do not say the same."""


def measure(workload: Workload, home: Home, *, repeats: int = REPEATS) -> list[Result]:
    """Run every engine in turn, `repeats` times after a first run that is compared and not timed."""
    workers = {name: _Worker(workload, name, home) for name in workload.engines}
    try:
        tables = {name: _ordered(worker.first(), workload.keys) for name, worker in workers.items()}
        yardstick = workload.engines[0]
        for name in workload.engines[1:]:
            refuse_difference(tables[yardstick], tables[name], f"{workload.name}: {yardstick} and {name}")
        rows = tables[yardstick].num_rows
        del tables
        times: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(repeats):
            for name, worker in workers.items():
                times[name].append(worker.again())
        peaks = {name: worker.peak() for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.stop()
    base = statistics.median(times[yardstick])
    return [
        Result(
            workload=workload.name,
            lines=home.lines,
            engine=name,
            seconds=statistics.median(found),
            fastest=min(found),
            slowest=max(found),
            ratio=statistics.median(found) / base,
            peak_mb=peaks[name],
            rows=rows,
        )
        for name, found in times.items()
    ]


def refuse_difference(one: pa.Table, other: pa.Table, which: str) -> None:
    """Raises Different unless both hold the same rows in the same order; floats may differ in the 9th digit."""
    if one.num_rows != other.num_rows or set(one.column_names) != set(other.column_names):
        raise Different(
            f"{which}: {one.num_rows} rows of {one.column_names}, {other.num_rows} of {other.column_names}"
        )
    for name in one.column_names:
        left, right = one[name], other[name]
        if pa.types.is_floating(left.type):
            same = _close(left, right.cast(pa.float64()))
        else:
            same = pc.equal(left, right.cast(left.type))
        missing = pc.and_(pc.is_null(left), pc.is_null(right))
        same = pc.or_(pc.fill_null(same, False), missing)
        if not pc.all(same, min_count=0).as_py():
            at = pc.index(same, False).as_py()
            raise Different(
                f"{which}: row {at}: {one.slice(at, 1).to_pylist()} {other.slice(at, 1).to_pylist()}"
            )


def _close(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.ChunkedArray:
    room = pc.multiply(pc.add(pc.abs(left), 1.0), _CLOSE)
    return pc.less_equal(pc.abs(pc.subtract(left, right)), room)


def _ordered(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in keys]) if keys else table


class _Worker:
    """A process that holds one engine ready."""

    def __init__(self, workload: Workload, engine: str, home: Home) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, workload, engine, home))
        self._process.start()
        theirs.close()

    def first(self) -> pa.Table:
        found = self._ask("first")
        assert isinstance(found, pa.Table)
        return found

    def again(self) -> float:
        return float(self._ask("again"))  # type: ignore[arg-type]  # the worker answers with seconds

    def peak(self) -> float:
        return float(self._ask("peak"))  # type: ignore[arg-type]  # the worker answers with megabytes

    def stop(self) -> None:
        self._pipe.close()
        self._process.join(timeout=20)
        if self._process.is_alive():
            self._process.terminate()

    def _ask(self, what: str) -> object:
        self._pipe.send(what)
        answer = self._pipe.recv()
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer


def _serve(pipe: Connection, workload: Workload, engine: str, home: Home) -> None:
    """Get ready, then do as asked until the pipe is closed."""
    run: Run | None = None
    peak = math.nan
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        try:
            if run is None:
                run = getattr(importlib.import_module(workload.module), engine)(home)
            if asked == "peak":
                pipe.send(peak)
                continue
            gc.collect()
            started = time.perf_counter()
            for _ in range(workload.calls):
                table = run()
            seconds = (time.perf_counter() - started) / workload.calls
            peak = peak_mb()  # before the table is packed up for comparing
            pipe.send(table if asked == "first" else seconds)
        except Exception as error:  # told to the parent, which stops the measurement
            pipe.send(f"{engine}: {type(error).__name__}: {error}")


def in_own_process(function: Callable[[Home], T], home: Home) -> T:
    """A call in a fresh process, so that neither its memory nor its settings mix with ours."""
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(1) as pool:
        return pool.apply(function, (home,))
