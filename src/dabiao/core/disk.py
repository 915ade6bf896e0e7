"""Whether an error is the disk's: full, read-only, not ours to write. Each library says so in a way of its own."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core import config

_FULL: Final = (
    "no space left",
    "disk is full",
    "disk quota exceeded",
    "database or disk is full",
    "disk full",
)
_WORN: Final = ("disk i/o error",)
"""What SQLite says of a full disk too, where the file it shares with others cannot grow."""
_NOTHING: Final = 2**20
_BROKEN: Final = ("database disk image is malformed", "file is not a database", "malformed database schema")
_CLOSED: Final = ("read-only file system", "readonly database", "permission denied")
_LIBRARIES: Final = frozenset(
    {"duckdb", "_duckdb", "deltalake", "_internal", "django", "sqlite3", "polars", "pyarrow"}
)
"""Where their errors are defined; deltalake's are of a module that calls itself `_internal`."""


def trouble(error: BaseException) -> str | None:
    """What happened and how to mend it; None when the disk is not what is wrong."""
    for each in _chain(error):
        if _is(each, {errno.ENOSPC, errno.EDQUOT}, _FULL) or (_is(each, set(), _WORN) and _is_full()):
            return _(
                "The disk is full; nothing was changed. Make room where DABIAO_HOME lies, then do it again."
            )
        if _is(each, {errno.EROFS, errno.EACCES}, _CLOSED):
            return _(
                "DABIAO_HOME cannot be written to; nothing was changed. See to its rights, then do it again."
            )
    return None


def damaged_database(error: BaseException) -> str | None:
    """What happened to SQLite's file and how to mend it; None where that is not what is wrong."""
    for each in _chain(error):
        said = str(each).lower()
        is_ours = type(each).__module__.startswith(
            "django.db"
        )  # a file of SQLite's that somebody imports is not
        if is_ours and any(word in said for word in _BROKEN):
            return _(
                "The database's file is damaged; nothing was changed. Restore a backup into an empty folder, or move the "
                "file away (with its -wal and -shm) and run `dabiao recover`, which makes it anew as far as the lake knows."
            )
    return None


def _is_ours(error: OSError) -> bool:
    """Whether it happened in the data folder: somebody's file that may not be read is another matter."""
    named = isinstance(error.filename, str | os.PathLike)
    return not named or Path(os.fspath(error.filename)).resolve().is_relative_to(config.home())


def _is_full() -> bool:
    return shutil.disk_usage(config.home()).free < _NOTHING


def _is(error: BaseException, numbers: set[int], words: tuple[str, ...]) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in numbers and _is_ours(error)
    library = type(error).__module__.partition(".")[0]
    said = str(error).lower()
    return (library in _LIBRARIES or isinstance(error, OSError)) and any(word in said for word in words)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__
