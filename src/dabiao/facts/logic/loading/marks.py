"""Rejected rows that are handed in again: the marks by which their file tells which import and source they are of."""

import zipfile
from pathlib import Path
from typing import Final

from dabiao.core.damage import told
from dabiao.facts.logic.reading import Options, open_file

FROM: Final = "dabiao_from"
"""Column of a rejects file: batch:source:file:row."""
REASON: Final = "dabiao_reason"
_HEAD: Final = 65_536
_MOST_SHEETS: Final = 300


def rejected_from(file: Path) -> tuple[str, str] | None:
    """batch and source, if this is a rejects file, in whatever form a spreadsheet has saved it again."""
    with told(file.name):
        if not _mentions(file, FROM):
            return None
    sheet = open_file(file, Options(header=1, totals="keep"))
    first = next(sheet.chunks(), None) if FROM in sheet.columns else None
    if first is None or not first.height:
        return None
    parts = str(first[FROM][0]).split(":")
    return (parts[0], parts[1]) if len(parts) == 4 and parts[0].isalnum() else None


def _mentions(file: Path, word: str) -> bool:
    """Whether the word stands near the beginning; cheap, because it is asked of every file."""
    wanted = (word.encode(), word.encode("utf-16-le"))
    if not zipfile.is_zipfile(file):
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
        return any(each in head for each in wanted)
    with zipfile.ZipFile(file) as pack:
        parts = [name for name in pack.namelist() if name.startswith("xl/worksheets/sheet")][:_MOST_SHEETS]
        heads = [pack.open(name).read(_HEAD) for name in parts]
        shared = "xl/sharedStrings.xml"
        heads += [pack.open(shared).read(_HEAD)] if shared in pack.namelist() else []
    return any(wanted[0] in head for head in heads)
