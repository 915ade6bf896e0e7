"""What is told as the disk's: in the data folder alone, and whichever library says it."""

import errno
import sqlite3

import pytest
from deltalake.exceptions import DeltaError
from django.db import DatabaseError

from dabiao.core import disk
from dabiao.core.errors import as_refusal


@pytest.mark.parametrize(
    ("case", "number", "folder", "told"),
    [
        ("full", errno.ENOSPC, "home", "disk is full"),
        ("read-only", errno.EROFS, "home", "cannot be written"),
        ("somebody's file that may not be read", errno.EACCES, "elsewhere", None),
        ("another error", errno.ENOENT, "home", None),
    ],
)
def test_an_error_of_the_system(home, case, number, folder, told):
    said = disk.trouble(OSError(number, "no", str(home.parent / folder / "file")))

    assert (said is None) if told is None else told in said, case


def test_what_a_library_says_of_it_counts_too():
    assert "disk is full" in disk.trouble(sqlite3.OperationalError("database or disk is full"))
    assert "disk is full" in disk.trouble(DeltaError("Unable to copy data to file: No space left on device"))
    assert disk.trouble(ValueError("the disk is full of songs")) is None


def test_a_damaged_database_is_told_with_its_mend():
    for said in ("database disk image is malformed", "file is not a database"):
        refusal = as_refusal(DatabaseError(said))
        assert "dabiao recover" in str(refusal) and refusal.status == 503
    for not_ours in (ValueError("file is not a database"), sqlite3.DatabaseError("file is not a database")):
        assert as_refusal(not_ours) is None  # a file that somebody imports, for one
