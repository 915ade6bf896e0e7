"""An import from its file to its snapshot."""

import hashlib
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.action import action, tell
from dabiao.core.errors import Refused
from dabiao.facts.logic.loading import cuts, fx, guards, preview, publishing, rejects, rooms, sources, traps
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.loading.prepare import Prepared, Progress, file_names, finish, keep_lookups, prepare
from dabiao.facts.logic.loading.report import (
    CellError,
    ErrorKind,
    Finding,
    Preview,
    Report,
    TableCount,
    Warning_,
)
from dabiao.facts.logic.loading.rooms import RoomCount
from dabiao.facts.logic.loading.stage import FILE, Stage
from dabiao.facts.logic.loading.unseated import unseated
from dabiao.facts.logic.mapping import MapFile
from dabiao.facts.logic.reading import ROW, Aside
from dabiao.facts.models import ImportBatch
from dabiao.lake import comparing, dated, lease, reading
from dabiao.lake.change import Change, Counts
from dabiao.lake.comparing import Comparison
from dabiao.lake.snapshot import latest_tables
from dabiao.org import queries as org
from dabiao.org.access import User, require
from dabiao.org.can import Can

_PREVIEWED = 6


@dataclass(frozen=True)
class Order:
    """What is to be imported. `path` is a file or a folder; `map_name` is how errors call the mapping.

    even_so: codes of `guards` that it goes on in spite of.
    """

    path: Path
    mapping: MapFile
    map_name: str = "map.yml"
    even_so: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _After:
    """The organisation as the load leaves it: names by number, the main seats, whether there is any unit."""

    names: Mapping[str, str]
    seats: Sequence[tuple[str, date, date]]
    units: bool


class ChangedMeanwhile(Refused):
    """What fitted when it was tried no longer does."""


def no_progress(done: int, total: int | None, note: str) -> None:
    """For callers who don't watch."""


def imports_folder() -> Path:
    """Where reports, rejects and uploads of imports lie."""
    return config.home() / "imports"


def load(
    order: Order,
    *,
    by: User | None,
    at: datetime,
    dry_run: bool = False,
    batch: ImportBatch | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Import a file or folder. Good rows land as one snapshot, bad ones are handed back; the report tells all.

    dry_run: everything is read and checked, nothing changes. batch: an import that was begun on a page.
    Raises BadMapping, Unreadable, NothingToLoad, Forbidden, ChangedMeanwhile, WrongLake; Stopped where it asks first.
    """
    require(by, Can.OPERATE)
    guards.read_codes(order.even_so)
    key = batch.key if batch else new_key()
    with working_on(key):
        return _load(order, key, batch, by=by, at=at, dry_run=dry_run, progress=progress)


def working_on(key: str) -> AbstractContextManager[object]:
    """Held by whoever loads an import, or takes it back."""
    return lease.held(_lease(key))


def alive(key: str) -> bool:
    """Whether a process is at this import now."""
    return lease.is_held(_lease(key))


def _lease(key: str) -> str:
    return f"import {key}"


def _load(
    order: Order,
    key: str,
    batch: ImportBatch | None,
    *,
    by: User | None,
    at: datetime,
    dry_run: bool,
    progress: Progress,
) -> Report:
    folder = imports_folder() / key
    scratch = folder / f"stage-{secrets.token_hex(4)}"
    started = time.monotonic()
    stage = Stage(scratch)
    try:
        done = _prepared(order, key, stage, progress)
        if dry_run:
            report = _rehearse(done, _hash(order, batch), by=by, at=at)
        else:
            row = _begin(order, key, batch, by=by, at=at)
            report = _perform(done, row, order.even_so, by=by, at=at, progress=progress)
        report = _with_files(report, done, folder)
        report = replace(report, seconds=round(time.monotonic() - started, 2))
        if not dry_run:
            _keep(report, key, by=by, at=at)
        return report
    except guards.Stopped as stop:
        if stop.report is not None:
            stop.report = _with_files(stop.report, done, folder)
        _fail(key, stop, at)
        raise
    except BaseException as error:
        _fail(key, error, at)
        raise
    finally:
        stage.close()
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(OSError):  # what was handed back, or uploaded, lies beside it
            folder.rmdir()


def _fail(key: str, error: BaseException, at: datetime) -> None:
    ImportBatch.objects.filter(key=key, state=ImportBatch.State.LOADING).update(
        state=ImportBatch.State.FAILED, error=str(error)[:2000], finished_at=at
    )


def new_key() -> str:
    """The name of a new import, in its folder, its rows and its rejects."""
    return secrets.token_hex(6)


def _prepared(order: Order, key: str, stage: Stage, progress: Progress) -> Prepared:
    found = sources.find(order.path, order.mapping, memory=imports_folder())
    zone = config.get("DABIAO_TIME_ZONE")
    context = Context(
        system=order.mapping.system,
        batch=key,
        reporting=config.get("DABIAO_CURRENCY"),
        business_zone=zone,
        zone=order.mapping.time_zone or zone,
        currency=order.mapping.currency,
        rates=_rates(),
        dated=_dated(order.mapping),
    )
    return prepare(found, order.mapping, context, stage=stage, progress=progress, map_name=order.map_name)


def _rates() -> pl.DataFrame:
    known = pl.DataFrame(
        reading.current().run(
            'SELECT currency, "on", rate, per FROM fx_rates WHERE rate > 0 AND coalesce(per, 1) > 0'
        )
    )
    return known.sort("on")


def _dated(mapping: MapFile) -> dict[str, pl.DataFrame]:
    """What the lake holds of the dated dimensions that are fed."""
    fed = {table.into for table in mapping.tables} & dated.TABLES.keys()
    return {name: pl.DataFrame(reading.current().run(f"SELECT * FROM {name}")) for name in fed}


def _rehearse(done: Prepared, file_hash: str, *, by: User | None, at: datetime) -> Report:
    """All that would happen, without its happening."""
    counts, after = _tried(done, by=by, at=at)
    finish(done)
    done.stage.close()  # its memory is the comparison's now
    seen = preview.compared(done, latest_tables(), file_hash)
    return _rehearsed(done, counts, after, seen, file_hash)


def _rehearsed(
    done: Prepared,
    counts: Mapping[int, RoomCount],
    after: _After,
    seen: Sequence[Comparison],
    file_hash: str,
) -> Report:
    tables = tuple(
        _ready(done, index, counts) for index in range(len(done.mapping.tables)) if index in done.read
    )
    report = replace(_report(done, tables, frozenset(after.names), dry_run=True), preview=_preview(done))
    return _with_changes(report, done, counts, after, seen, file_hash)


def _with_changes(
    report: Report,
    done: Prepared,
    counts: Mapping[int, RoomCount],
    after: _After,
    seen: Sequence[Comparison],
    file_hash: str,
) -> Report:
    """With what it does to every table, what it asks, and what of it was there before."""
    changes = preview.told(done, seen, counts)
    known = preview.known(done, changes, file_hash)
    noted = (Warning_("noted", note) for count in counts.values() for note in count.notes)
    away = unseated(done, after.names, after.seats) if after.units else ()
    return replace(
        report,
        changes=changes,
        findings=_asked(done, seen),
        warnings=(*known, *noted, *report.warnings, *away),
        people=preview.people(done, after.names),
    )


def _asked(done: Prepared, seen: Sequence[Comparison]) -> tuple[Finding, ...]:
    """What has to be said before it is done."""
    return (*guards.findings(seen, own=publishing.systems(done)), *cuts.found(done))


def _tried(done: Prepared, *, by: User | None, at: datetime) -> tuple[dict[int, RoomCount], _After]:
    """What the other rooms would do with their rows, and what the organisation is then. Rows that they refuse are refused."""
    with transaction.atomic():
        counts = rooms.deliver(done, by=by, at=at)
        after = _After(org.names_of_people(), org.main_seats(), bool(org.tree().nodes))
        transaction.set_rollback(True)
    return counts, after


def _preview(done: Prepared) -> dict[str, Preview]:
    """The first rows of each table, as they would be."""
    shown: dict[str, Preview] = {}
    for index, table in enumerate(done.mapping.tables):
        finished = done.finished[index]
        if not finished.ready:
            continue
        rows = pl.read_parquet(finished.file, n_rows=_PREVIEWED)
        hidden = {"source", "batch"} | (fx.ADDED - set(table.columns) if fx.is_plain(rows) else set())
        rows = rows.select(name for name in rows.columns if name not in hidden and not name.startswith("__"))
        texts = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows.iter_rows())
        shown.setdefault(f"{table.into} ← {table.source}", Preview(tuple(rows.columns), texts))
    return shown


def _perform(
    done: Prepared,
    row: ImportBatch,
    even_so: frozenset[str],
    *,
    by: User | None,
    at: datetime,
    progress: Progress,
) -> Report:
    counts, after = _tried(done, by=by, at=at)
    finish(done)
    done.stage.close()  # its memory is the publication's now; the report opens it again

    def deliver() -> None:
        """What was tried, in the transaction of the snapshot: facts and organisation change together or not at all."""
        again = rooms.deliver(done, by=by, at=at)
        done.stage.close()
        if any(room.rejected for room in again.values()):
            raise ChangedMeanwhile(
                _(
                    "Somebody changed the organisation while this was loading; nothing was loaded. Load it again."
                )
            )

    seen: list[Comparison] = []

    def look() -> Iterable[Change]:
        """Nobody else publishes any more: what is said here is what is done."""
        seen.extend(preview.compared(done, latest_tables(), row.file_hash, keep=True))
        guards.demand(_asked(done, seen), even_so)
        return [change for comparison in seen for change in comparison.changes]

    try:
        published = publishing.write(
            done,
            at=at,
            deliver=deliver if rooms.has_rows(done) else None,
            look=look,
            within=lambda number: _landed(row, number, done.rows, by=by, at=at),
            trace=lambda step: progress(done.rows, done.rows, step),
        )
    except guards.Stopped as stop:
        stop.report = _rehearsed(done, counts, after, seen, row.file_hash)
        raise
    finally:
        comparing.close(seen)
    tables = _written(done, counts, published.counts)
    report = _report(done, tables, org.employee_numbers(), dry_run=False)
    report = _with_changes(report, done, counts, after, seen, row.file_hash)
    return replace(report, snapshot=published.number)


@action("facts.imported")
def _landed(batch: ImportBatch, snapshot: int, rows: int, *, by: User | None, at: datetime) -> None:
    """Done in the transaction that makes the snapshot visible: no loaded import without its line, and no line before."""
    ImportBatch.objects.filter(pk=batch.pk).update(
        state=ImportBatch.State.DONE, snapshot=snapshot, finished_at=at
    )
    tell(batch, {"snapshot": snapshot, "rows": rows})


def _ready(done: Prepared, index: int, counts: Mapping[int, RoomCount]) -> TableCount:
    table = done.mapping.tables[index]
    filtered = done.filtered.get(index, 0)
    read = done.read[index]
    if index in counts:
        room = counts[index]
        ready = room.added + room.changed + room.unchanged
        skipped = filtered + room.repeated
        return TableCount(
            table.into, table.source, read, rejected=read - skipped - ready, skipped=skipped, ready=ready
        )
    rejected = done.stage.refused_of(index, table.source)
    finished = done.finished[index]
    return TableCount(
        table.into,
        table.source,
        read,
        rejected=rejected,
        skipped=filtered + finished.repeated,
        ready=finished.ready,
    )


def _written(
    done: Prepared, counts: Mapping[int, RoomCount], lake: Mapping[str, Counts]
) -> tuple[TableCount, ...]:
    """Counts per table map; maps that feed the same lake table are told as one."""
    tables: dict[object, TableCount] = {}
    for index, table in enumerate(done.mapping.tables):
        if index not in done.read:
            continue
        ready = _ready(done, index, counts)
        if index in counts:
            room = counts[index]
            tables[index] = replace(
                ready, inserted=room.added, updated=room.changed, unchanged=room.unchanged, ready=0
            )
        else:
            before = tables.get(table.into)
            tables[table.into] = _merged(before, ready) if before else ready
    for into, found in list(tables.items()):
        if isinstance(into, str):
            write = lake.get(into, Counts())
            tables[into] = replace(
                found,
                inserted=write.inserted,
                updated=write.updated,
                unchanged=write.unchanged,
                removed=write.removed,
                ready=0,
            )
    return tuple(tables.values())


def _merged(one: TableCount, other: TableCount) -> TableCount:
    names = [one.source, *([other.source] if other.source != one.source else [])]
    return replace(
        one,
        source=" + ".join(names),
        read=one.read + other.read,
        rejected=one.rejected + other.rejected,
        skipped=one.skipped + other.skipped,
        ready=one.ready + other.ready,
    )


def _report(
    done: Prepared, tables: tuple[TableCount, ...], people: frozenset[str], *, dry_run: bool
) -> Report:
    files = file_names(done)
    cells = tuple(
        CellError(
            row["source"], files[row[FILE]], row[ROW], row["column"], row["into"], row["value"], row["reason"]
        )
        for row in done.stage.error_cells().to_dicts()
    )
    return Report(
        batch=done.context.batch,
        dry_run=dry_run,
        tables=tables,
        errors=tuple(ErrorKind(s, c, i, r, n, f, e) for s, c, i, r, n, f, e in done.stage.error_kinds()),
        shown_errors=cells,
        error_cells=done.stage.error_count(),
        warnings=traps.found(done, people, timezone.localdate()),
        asides={name: _counted(asides) for name, asides in done.asides.items()},
        notes=tuple(done.notes),
    )


def _counted(asides: Sequence[Aside]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for aside in asides:
        counts[aside.what] = counts.get(aside.what, 0) + 1
    return counts


def _with_files(report: Report, done: Prepared, folder: Path) -> Report:
    if not done.stage.refused:
        return report
    folder.mkdir(parents=True, exist_ok=True)
    keep_lookups(done, folder / "lookups")
    return replace(
        report, rejects=rejects.write_rejects(done, folder), all_errors=rejects.write_errors(done, folder)
    )


def _begin(
    order: Order, key: str, batch: ImportBatch | None, *, by: User | None, at: datetime
) -> ImportBatch:
    if batch is not None:
        batch.state, batch.error = ImportBatch.State.LOADING, ""
        batch.save(update_fields=["state", "error"])
        return batch
    return ImportBatch.objects.create(
        key=key,
        state=ImportBatch.State.LOADING,
        by=by,
        at=at,
        path=str(order.path)[-500:],
        file_hash=_hash(order, batch),
        mapping=order.mapping.text,
    )


def _keep(report: Report, key: str, *, by: User | None, at: datetime) -> None:
    before = ImportBatch.objects.values_list("report", flat=True).get(key=key)
    guided = {"guided": True} if before.get("guided") else {}
    ImportBatch.objects.filter(key=key).update(
        state=ImportBatch.State.DONE,
        read=report.total("read"),
        loaded=report.total("loaded"),
        unchanged=report.total("unchanged"),
        rejected=report.total("rejected"),
        skipped=report.total("skipped"),
        snapshot=report.snapshot,
        report={**guided, **report.as_json()},
        finished_at=at,
    )


def _hash(order: Order, batch: ImportBatch | None) -> str:
    return batch.file_hash if batch is not None else hash_of(order.path)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, or of a folder's file names and contents."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as opened:
            while block := opened.read(2**20):
                digest.update(block)
    return digest.hexdigest()
