"""The restore drill: an archive is restored for show, backed up again, and both archives are compared row by row."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.core.errors import Refused
from dabiao.site.backup import key, tables
from dabiao.site.backup.archive import Archive

_OF_THE_LIVING: Final = frozenset({"worker", "jobs", "disk"})
"""What the doctor finds of who is at work and of the place: a copy has no worker, and jobs wait in it as they waited."""


class DrillFailed(Refused):
    """The archive could not be restored."""


@dataclass(frozen=True)
class Line:
    """One part of the backup: how many rows or files it has there and came back with. `state` is ok, warn or fail."""

    part: str
    backup: int | None
    restored: int | None
    state: str
    detail: str = ""


def drill(
    file: Path, *, database: str = "", passphrase_file: Path | None = None, again: Path | None = None
) -> list[Line]:
    """Restore into a data folder that is thrown away, and into SQLite there or an empty database that is given.

    database: a DATABASE_URL; its rows are gone afterwards. again: where the copy's own backup is to be kept.
    Raises DrillFailed with the refusal of the restore, NotABackup, Damaged, CannotRead.
    """
    with Archive.open(file) as archive, tempfile.TemporaryDirectory(dir=file.resolve().parent) as name:
        archive.verify()
        second = again or Path(name, "again.tar.gz")
        findings = _rehearsed(file, second, Path(name, "home"), database, passphrase_file)
        with Archive.open(second) as copy:
            copy.verify()
            return [
                *_compared_tables(archive, copy),
                *_compared_files(archive, copy),
                *(
                    Line(_("doctor"), None, None, each["state"], each["detail"])
                    for each in findings
                    if each["check"] not in _OF_THE_LIVING
                ),
            ]


def _rehearsed(
    file: Path, second: Path, home: Path, database: str, passphrase_file: Path | None
) -> list[Mapping[str, str]]:
    """A process of its own, because settings and connections are made once in a process."""
    command = [sys.executable, "-m", "dabiao.site.rehearsal", str(file.resolve()), str(second.resolve())]
    there = {
        "DABIAO_HOME": str(home),
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "dabiao.settings",
    }
    run = subprocess.run(
        [*command, *([str(passphrase_file.resolve())] if passphrase_file else [])],
        env={**os.environ, **there},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        raise DrillFailed((run.stderr.strip().splitlines() or [_("The restored copy has died.")])[-1])
    return list(json.loads(run.stdout))


def _compared_tables(archive: Archive, copy: Archive) -> Iterator[Line]:
    ours, theirs = archive.about["tables"], copy.about["tables"]
    for label in sorted({*ours, *theirs}):
        name = tables.member(label)
        different = sum(
            row != other
            for row, other in zip_longest(_rows(archive, name), _rows(copy, name), fillvalue=None)
        )
        text = ngettext("%(count)s row differs", "%(count)s rows differ", different)
        detail = text % {"count": different} if different else ""
        yield Line(label, ours.get(label), theirs.get(label), "fail" if different else "ok", detail)


def _rows(archive: Archive, name: str) -> Iterator[object]:
    """As values: a database may write a number in JSON in its own way."""
    return (json.loads(line) for line in archive.lines(name)) if name in archive.members else iter(())


def _compared_files(archive: Archive, copy: Archive) -> Iterator[Line]:
    ours, theirs = _hashes(archive), _hashes(copy)
    counts, back = _by_folder(list(ours)), _by_folder(list(theirs))
    for folder in sorted({*counts, *back}):
        names = [name for name in sorted({*ours, *theirs}) if name.partition("/")[0] == folder]
        different = [name for name in names if ours.get(name) != theirs.get(name)]
        state = "fail" if different else "ok"
        yield Line(folder, counts[folder], back[folder], state, ", ".join(different[:3]))


def _hashes(archive: Archive) -> Mapping[str, str]:
    every = archive.members.values()
    outside = (tables.FOLDER, key.PLAIN, key.CLOSED)
    return {each.name: each.sha256 for each in every if each.name.partition("/")[0] not in outside}


def _by_folder(names: Sequence[str]) -> Counter[str]:
    return Counter(name.partition("/")[0] for name in names)
