"""A restore in the data folder: everything lies ready in a folder beside its place, then is moved in by renaming.

What was there before (an empty folder, a key that was made by starting the program) is kept until the database has
committed. A list of what is being moved lies on the disk before the first move, so that whoever comes after a kill
can tell what to take out again.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.lake import durable
from dabiao.site.backup.errors import Busy, Damaged, NotEmpty
from dabiao.site.backup.files import BESIDE
from dabiao.site.backup.key import PLAIN

FOLDERS: Final = ("lake", "serving", *BESIDE)
_STAGE: Final = ".restoring"
_LIST: Final = "moving.json"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Nobody else restores into this folder meanwhile; the system forgets the lock of a process that dies."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Busy(_("Another restore into %(folder)s is running.") % {"folder": home}) from error
    finally:
        os.close(descriptor)


def refuse_files(home: Path) -> None:
    """Raises NotEmpty when the data folder holds something that a restore would bring."""
    for name in FOLDERS:
        path = home / name
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise NotEmpty(
                _("%(path)s is not empty. Restore into a data folder of its own (DABIAO_HOME).")
                % {"path": path}
            )


@dataclass(frozen=True)
class Stage:
    """The folder beside. `put` fills it, `move_in` puts all in place, `clear` takes away what is left.

    `take_back` undoes all of it, also what a process that was killed has left.
    """

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / _STAGE

    def put(self, name: str, content: Iterable[bytes]) -> None:
        """Write a file, its owner's alone. Raises Damaged where no backup has such a file."""
        if name.partition("/")[0] not in {*FOLDERS, PLAIN}:
            raise Damaged(
                _("The archive holds a file called %(name)s, which no backup has: nothing was restored.")
                % {"name": repr(name)}
            )
        file = self._new / name
        self._make_folder(file.parent)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            for piece in content:
                out.write(piece)

    def move_in(self) -> None:
        """Into place, one rename each. Raises NotEmpty when somebody has put something there meanwhile."""
        refuse_files(self.home)
        self._make_folder(self._before)
        new = sorted(path.name for path in self._new.iterdir()) if self._new.exists() else []
        durable.sync(path for path in self._new.rglob("*") if path.is_file())
        moving = {name: (self.home / name).exists() for name in new}
        durable.write(self.folder / _LIST, json.dumps(moving).encode())
        for name, replaces in moving.items():
            if replaces:
                (self.home / name).rename(self._before / name)
            (self._new / name).rename(self.home / name)
        durable.sync(self.home / name for name in moving)

    def take_back(self) -> None:
        """As it was before the restore began."""
        for name, replaces in self._moving().items():
            held_back = (self._before / name).exists()
            if not (self._new / name).exists() and (held_back or not replaces):
                _remove(self.home / name)
            if held_back:
                (self._before / name).rename(self.home / name)
        self.clear()

    def clear(self) -> None:
        """First the list: nothing is taken back any more. What can't be removed now is by the next restore."""
        (self.folder / _LIST).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _moving(self) -> dict[str, bool]:
        """What is being moved, and whether something lay in its place."""
        try:
            return dict(json.loads((self.folder / _LIST).read_text()))
        except (FileNotFoundError, ValueError):  # killed before the first move
            return {}

    @property
    def _new(self) -> Path:
        return self.folder / "new"

    @property
    def _before(self) -> Path:
        return self.folder / "before"

    def _make_folder(self, folder: Path) -> None:
        for each in (*reversed(folder.relative_to(self.home).parents[:-1]), folder.relative_to(self.home)):
            (self.home / each).mkdir(mode=0o700, exist_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
