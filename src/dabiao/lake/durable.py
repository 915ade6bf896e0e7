"""What a power cut must not take: files are brought to the disk before anything names them.

A file is safe once its content and the folder that lists it are written through (Linux, fsync(2), "Calling fsync()
does not necessarily ensure that the entry in the directory containing the file has also reached disk").
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_NEW: Final = ".new"


def sync(paths: Iterable[Path]) -> None:
    """Write files, and the folders that list them up to two levels above, through to the disk."""
    files = list(paths)
    folders = {folder for file in files for folder in (file.parent, file.parent.parent)}
    for path in (*files, *sorted(folders)):
        _sync(path)


def write(file: Path, content: bytes) -> None:
    """Put a small file in place of the one of its name: the old content or the new one, whenever the power goes.

    Raises OSError, and then leaves nothing beside the old one.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + _NEW)
    try:
        with new.open("wb") as out:
            out.write(content)
            out.flush()
            through(out.fileno(), new)
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    _sync(file.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        through(opened, path)
    finally:
        os.close(opened)


def through(opened: int, path: Path) -> None:
    """Write an open file, or folder, through to the disk."""
    os.fsync(opened)
