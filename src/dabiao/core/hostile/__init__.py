"""What is looked at before a file is parsed: whether it is about as large inside as outside, and in one piece.

Each kind of file has its own check; all of them stream, and none believes what a header says about sizes. They run
where files are read, in the process apart (`core.limited`): what slips through them meets its limits.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Unreadable, damaged, locked, told
from dabiao.core.hostile import archive, parquet, sheets

WORKBOOKS: Final = frozenset({"xls", "xlsx", "xlsm"})
_ZIP: Final = b"PK"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCIPHERED: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream in which Office keeps a workbook that has a password."""
_MARKUP: Final = (b"<html", b"<!doctype", b"<table", b"<?xml")
_OLDEST: Final = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")
"""Workbooks of Excel 2 to 5 began with the record itself."""


def inspect(file: Path, kind: str) -> None:
    """Refuse a file that is no such thing, is damaged, or is far larger inside than outside.

    kind: xlsx, xlsm, xls or parquet; text needs no looking into. Raises Hostile, Unreadable.
    """
    stat = file.stat()
    _inspect(file, kind, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _inspect(file: Path, kind: str, _changed: int, size: int) -> None:
    with told(file.name):
        if kind in WORKBOOKS:
            _workbook(file, size)
        elif kind == "parquet":
            parquet.inspect(file)


def _workbook(file: Path, size: int) -> None:
    with file.open("rb") as opened:
        head = opened.read(512)
    if not size or not head.strip(b"\0"):
        raise Unreadable(_("%(file)s is empty.") % {"file": file.name})
    if head.startswith(_ZIP):
        with archive.opened(file) as parts:
            sheets.inspect(file.name, parts)
    elif head.startswith(_OLE):
        if _mentions(file, _ENCIPHERED):
            raise Unreadable(locked(file.name))
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise Unreadable(
            _("%(file)s is a web page that is only called a workbook. Open it and save it as XLSX.")
            % {"file": file.name}
        )
    elif not head.startswith(_OLDEST):
        raise Unreadable(damaged(file.name))


def _mentions(file: Path, word: bytes) -> bool:
    rest = b""
    with file.open("rb") as opened:
        while block := opened.read(2**20):
            if word in rest + block:
                return True
            rest = block[-len(word) :]
    return False
