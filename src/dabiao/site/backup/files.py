"""The files of the data folder that a backup holds: what its snapshots name in the lake, and what lies beside."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from deltalake.exceptions import DeltaError
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.lake import home
from dabiao.lake.models import Snapshot
from dabiao.lake.store import Store
from dabiao.site.backup.errors import CannotRead
from dabiao.site.backup.writer import PIECE

BESIDE: Final = ("metrics", "calendars", "imports", "demo.json", "settings.json")
_CELLS: Final = "target_cells"
"""Cells of cascades: no snapshot names this table, the app database names tokens in it."""
_LOG: Final = "_delta_log"
_DIGITS_OF_A_VERSION: Final = 20
_READINGS: Final = 3
_PAUSE: Final = 0.1


def name_of(path: Path) -> str:
    """What a file of the data folder is called in the archive."""
    return path.relative_to(config.home()).as_posix()


def of_the_lake(snapshots: Iterable[Snapshot]) -> Iterator[Path]:
    """Files that never change once they are there. Raises CannotRead when the lake is not whole."""
    named: dict[str, set[int]] = {}
    for snapshot in snapshots:
        for table, version in snapshot.tables.items():
            named.setdefault(table, set()).add(version)
    store = Store(home.lake())
    try:
        if (store.folder(_CELLS) / _LOG).is_dir():
            named[_CELLS] = {store.newest(_CELLS)}
        for table, versions in named.items():
            if changed := store.changed(table, versions):
                raise CannotRead(
                    _(
                        "%(name)s is not as it was published: the disk or somebody has changed it, and a backup would "
                        "keep that. Restore an earlier backup; `dabiao doctor` names all such files."
                    )
                    % {"name": name_of(changed[0])}
                )
            yield from sorted({Path(file) for version in versions for file in store.files(table, version)})
            yield from _log(store.folder(table) / _LOG, max(versions))
    except (DeltaError, OSError) as error:
        raise CannotRead(
            _("The lake can't be read: %(why)s. Run `dabiao doctor`.")
            % {"why": str(error).partition("\n")[0]}
        ) from error


def _log(folder: Path, newest: int) -> Iterator[Path]:
    """The table's history up to a version. What came after it is left out, and so is the hint to the last checkpoint,
    which may speak of that: without it, readers list the folder."""
    for file in sorted(folder.iterdir()):
        version = file.name[:_DIGITS_OF_A_VERSION]
        if file.is_file() and version.isdigit() and int(version) <= newest:
            yield file


def of_the_roll_ups(newest: Snapshot | None) -> Iterator[Path]:
    """The serving file of the newest snapshot; older ones are read from their facts."""
    if newest is not None and newest.serving:
        yield home.serving() / newest.serving


def beside(but: Path) -> Iterator[Path]:
    """What people and imports have put there. `but`: the archive that is just being written."""
    for name in BESIDE:
        path = config.home() / name
        yield from ([path] if path.is_file() else sorted(file for file in _below(path) if file != but))


def _below(folder: Path) -> Iterator[Path]:
    """Every file; folders that vanish meanwhile have none."""
    for parent, _folders, names in os.walk(folder):
        yield from (file for name in names if (file := Path(parent, name)).is_file())


def copy_settled(path: Path, copy: IO[bytes]) -> bool:
    """Copy what somebody may be writing just now; False when it is gone.

    A file that goes on changing is taken as it was last read: what it says by then came after the backup's moment.
    """
    for _reading in range(_READINGS):
        copy.seek(0)
        copy.truncate()
        try:
            with path.open("rb") as source:
                before = os.fstat(source.fileno())
                shutil.copyfileobj(source, copy, PIECE)
            after = path.stat()
        except FileNotFoundError:
            return False
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
            break
        time.sleep(_PAUSE)
    return True
