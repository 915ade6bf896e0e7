"""Folders with a published company of so many lines, made once and kept for the next run."""

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)


def root() -> Path:
    """Where measurements keep their data: $DABIAO_BENCH, else a folder among the temporary ones."""
    return Path(os.environ.get("DABIAO_BENCH", Path(tempfile.gettempdir()) / "dabiao-bench"))


@dataclass(frozen=True)
class Home:
    """The data folder of a company with so many order lines."""

    lines: int

    @property
    def folder(self) -> Path:
        return root() / f"home-{self.lines}"

    def enter(self) -> None:
        """Make this process a process of the program over this folder. Once a process."""
        os.environ |= {"DABIAO_HOME": str(self.folder), "DJANGO_SETTINGS_MODULE": "dabiao.settings"}
        os.environ |= {"DABIAO_LOG": "console", "DABIAO_LANGUAGE": "en"}
        import django

        django.setup()


@dataclass(frozen=True)
class Loaded:
    """What publishing the company's lines took. Seconds of the publication alone; peak of the process."""

    seconds: float
    peak_mb: float
    steps: tuple[tuple[str, float], ...]


def build(home: Home) -> Loaded | None:
    """Fill the folder, in a process of its own; None where it is filled already."""
    home.enter()
    from django.core.management import call_command

    from bench import company
    from dabiao.core.publishing import publish
    from dabiao.lake import maintenance
    from dabiao.lake.change import Change
    from dabiao.lake.snapshot import latest

    home.folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    if latest() is not None:
        maintenance.rebuild(at=NOON)
        return None
    company.settle(NOON)
    lines = company.order_lines(home.lines, root())
    publish([Change("products", company.products(), whole=True)], at=NOON, note="bench")
    steps: list[tuple[str, float]] = []
    started = time.perf_counter()
    publish(
        [Change("order_lines", lines)],
        at=NOON,
        note="bench",
        trace=lambda step: steps.append((step, round(time.perf_counter() - started, 2))),
    )
    seconds = time.perf_counter() - started
    return Loaded(seconds, peak_mb(), tuple(steps))


def lake_files(table: str) -> list[str]:
    """The Parquet files of a table as the program wrote them: what the other engines read."""
    from dabiao.lake import home as lake_home
    from dabiao.lake.snapshot import latest
    from dabiao.lake.store import Store

    snapshot = latest()
    return [] if snapshot is None else Store(lake_home.lake()).files(table, snapshot.tables[table])


def by_hand() -> duckdb.DuckDBPyConnection:
    """DuckDB as somebody would set it up who measures on two cores."""
    work = duckdb.connect(config={"threads": 2})
    work.execute("SET preserve_insertion_order = false")
    work.execute("SET enable_progress_bar = false")
    return work


def peak_mb() -> float:
    """The most memory this process has held so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    fields: Mapping[str, str] = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(fields["VmHWM"].split()[0]) / 1024
