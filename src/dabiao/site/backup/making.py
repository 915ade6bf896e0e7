"""Making a backup: one moment of the app database, and the files that it names, in one archive."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from dabiao.lake import durable, installation, lease
from dabiao.lake.models import Snapshot
from dabiao.site.backup import files, key, tables
from dabiao.site.backup.errors import Busy, CannotRead, CannotWrite
from dabiao.site.backup.moment import one_moment
from dabiao.site.backup.writer import Writer

Trace = Callable[[str], None]
_IN_MEMORY: Final = 2**23


@dataclass(frozen=True)
class Made:
    """How many files are in the archive, and under which name its key, if any."""

    files: int
    key: str


def backup(
    file: Path,
    *,
    at: datetime,
    keeping: key.Keeping = key.LEFT_OUT,
    trace: Trace = lambda step: None,
) -> Made:
    """Write the archive. Publication waits meanwhile; nobody else does, and what they write is not in it.

    trace: told each row and file before it is read.
    Raises Busy, CannotRead, CannotWrite, WrongLake; there is no file then, or the one that was there before.
    """
    installation.prove()
    with _alone(), _written(file) as out, one_moment():
        trace("begun")
        writer = Writer(out, int(at.timestamp()))
        snapshots = list(Snapshot.objects.order_by("number"))
        migrations = sorted(MigrationRecorder(connection).applied_migrations())
        counts = _add_tables(writer, file.parent, trace)
        _add_files(writer, snapshots, _partial(file), trace)
        secret = _add_key(writer, keeping)
        writer.finish(
            {
                "version": snapshots[-1].number if snapshots else 0,
                "made_at": at.isoformat(),
                "migrations": migrations,
                "tables": counts,
            }
        )
        return Made(len(writer.members), secret)


def _add_tables(writer: Writer, folder: Path, trace: Trace) -> dict[str, int]:
    """Every table; returns their numbers of rows."""
    counts: dict[str, int] = {}
    for label, table in tables.kept().items():
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as dump:
            for number, line in enumerate(tables.lines(table)):
                trace(f"{label} {number}")
                dump.write(line)
                counts[label] = number
            size = dump.tell()
            dump.seek(0)
            writer.add(tables.member(label), dump, size)
    return counts


def _add_files(writer: Writer, snapshots: list[Snapshot], partial: Path, trace: Trace) -> None:
    newest = snapshots[-1] if snapshots else None
    for path in (*files.of_the_lake(snapshots), *files.of_the_roll_ups(newest)):
        trace(files.name_of(path))
        with _opened(path) as source:
            writer.add(files.name_of(path), source, os.fstat(source.fileno()).st_size)
    for path in files.beside(but=partial):
        trace(files.name_of(path))
        with tempfile.TemporaryFile(dir=partial.parent) as copy:
            if files.copy_settled(path, copy):
                size = copy.seek(0, os.SEEK_END)
                copy.seek(0)
                writer.add(files.name_of(path), copy, size)


def _add_key(writer: Writer, keeping: key.Keeping) -> str:
    found = key.packed(keeping)
    if found is None:
        return ""
    name, content = found
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as source:
        source.write(content)
        source.seek(0)
        writer.add(name, source, len(content))
    return name


@contextmanager
def _alone() -> Iterator[None]:
    try:
        with lease.held("publish"):
            yield
    except lease.LeaseBusy as error:
        raise Busy(
            _("Somebody has been publishing for a quarter of an hour. Back up again later.")
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        source = path.open("rb")
    except OSError as error:
        raise CannotRead(
            _("%(name)s can't be read (%(why)s). Back up again; if it stays away, run `dabiao doctor`.")
            % {"name": files.name_of(path), "why": error.strerror}
        ) from error
    with source:
        yield source


@contextmanager
def _written(file: Path) -> Iterator[IO[bytes]]:
    """The archive under a name of its own until it is complete and on the disk; its owner's alone from the first byte.

    Only whoever holds the lease writes, so a partial file that is there already is a dead writer's.
    """
    partial = _partial(file)
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            yield out
            out.flush()
            durable.through(out.fileno(), partial)
        partial.replace(file)
        durable.sync([file])
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CannotWrite(
            _("The backup can't be written: %(why)s (%(file)s).")
            % {"why": error.strerror, "file": error.filename or file}
        ) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _partial(file: Path) -> Path:
    return file.with_name(f"{file.name}.partial")
