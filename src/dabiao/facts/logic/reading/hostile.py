"""Uploads are treated as hostile: size, zip bombs, path tricks. Nothing in a workbook is ever run or followed."""

import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed

LARGEST_RATIO: Final = 200
"""Unpacked ÷ packed. Real workbooks stay below about 40; a bomb needs thousands."""
LARGEST_UNPACKED: Final = 4 * 2**30
LARGEST_ENTRIES: Final = 5_000
KINDS: Final = frozenset({".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".parquet"})


class Hostile(Malformed):
    """The file is not what an export of a system or a person's table looks like."""


def safe_name(name: str) -> str:
    """The last part of an uploaded name, without anything that could leave its folder or hide its kind."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = re.sub(r"[^\w.\-() ]", "_", last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[:100]}{dot}{suffix[:10]}" if stem else f"upload{dot}{suffix[:10]}"


def check(file: Path, *, largest: int) -> None:
    """Refuse what is too large or unpacks into too much. `largest` in bytes. Raises Hostile."""
    size = file.stat().st_size
    if size > largest:
        raise Hostile(
            _(
                "%(file)s has %(size).0f MB; the limit is %(limit).0f MB (DABIAO_UPLOAD_MB). Split it, or load it on the server with `dabiao import`."
            )
            % {"file": file.name, "size": size / 2**20, "limit": largest / 2**20}
        )
    if file.suffix.lower() not in KINDS:
        raise Hostile(
            _("%(file)s: %(what)s is not a kind of table; save it as CSV or XLSX.")
            % {"file": file.name, "what": file.suffix or _("no suffix")}
        )
    with file.open("rb") as opened:
        packed = opened.read(4) == b"PK\x03\x04"
    if packed:
        _check_zip(file)


def _check_zip(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as pack:
            entries = pack.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Hostile(
            _("%(file)s is damaged; save it again from the program that made it.") % {"file": file.name}
        ) from None
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > LARGEST_ENTRIES or unpacked > LARGEST_UNPACKED:
        raise Hostile(
            _("%(file)s unpacks into %(what)s parts of %(what2).0f MB; save it as CSV.")
            % {"file": file.name, "what": len(entries), "what2": unpacked / 2**20}
        )
    if unpacked > 2**24 and unpacked / packed > LARGEST_RATIO:
        raise Hostile(
            _("%(file)s unpacks to %(what)s times its size; save it as CSV.")
            % {"file": file.name, "what": unpacked // packed}
        )
    if any(entry.filename.startswith("/") or ".." in entry.filename.split("/") for entry in entries):
        raise Hostile(_("%(file)s has parts with paths outside itself.") % {"file": file.name})
