"""XLSX: how far its cells reach against how many there are, what its texts hold, and entities in its XML.

A reader makes room for the whole rectangle up to the farthest cell: five kilobytes with a cell at XFD1048576 would
take 400 GB.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Hostile, Unreadable, damaged
from dabiao.core.hostile.archive import Parts

SPARSEST: Final = 50
"""Rectangle ÷ cells. A form with a note far to the right has about ten."""
ROOM: Final = 2_000_000
"""Cells of a rectangle that nobody minds: 50 MB."""
LARGEST: Final = 100_000_000
"""Cells of a rectangle: a million rows of a hundred columns, 5 GB in memory."""
MOST_TEXTS: Final = 20_000_000
"""Different texts of a workbook; as many as its largest sheets have cells that are texts."""
_LOOKED_AT: Final = 2**22
"""Bytes of a part whose references are read one by one, for that takes longer than parsing; of a larger part its end is
looked at, too, where the farthest row stands. What is far off in between meets the limit of memory."""
_TAIL: Final = 4096
"""Longest tag that is put together again where a block cuts it."""
_REFERENCE: Final = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]*\s)?r\s*=\s*[\"']([A-Za-z]{1,4})([0-9]{1,10})[\"'](?:[^>]*[^/>])?>"
)
"""Where a cell stands that has something in it: empty ones that are only coloured end in `/>`, and take no room."""
_DECLARED: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MOST_COLUMNS: Final = 16_384
_MOST_ROWS: Final = 1_048_576


@dataclass
class _Reach:
    cells: int = 0
    texts: int = 0
    row: int = 0
    column: int = 0
    seen: int = 0


def inspect(name: str, parts: Parts) -> None:
    """Unpack every part once. Raises Hostile with what is wrong in words."""
    if not any(entry.filename.lower().endswith("workbook.xml") for entry in parts.entries):
        raise Unreadable(
            _("%(file)s is an archive, not a workbook. Unpack it, or save the table as XLSX or CSV.")
            % {"file": name}
        )
    for entry in parts.entries:
        reach, rest, last = _Reach(), b"", b""
        markup = entry.filename.lower().endswith((".xml", ".rels"))
        for block in parts.blocks(entry):
            if markup:
                rest, last = _scanned(name, rest + block, reach), block
        _refer(name, last, reach)
        _refuse(name, reach)


def _scanned(name: str, text: bytes, reach: _Reach) -> bytes:
    """Count what the text holds; returns its last tag, which the next block may finish."""
    if _DECLARED.search(text[:_TAIL] if reach.seen > _TAIL else text):
        raise Hostile(
            _("%(file)s has a document type inside, which no office program writes. Save it again as XLSX.")
            % {"file": name}
        )
    cut = text.rfind(b"<")
    rest = text[cut:] if cut > 0 and len(text) - cut < _TAIL else b""
    whole = text[:cut] if rest else text
    reach.cells += whole.count(b"<c ") + whole.count(b":c ") + whole.count(b"<c>")
    reach.texts += whole.count(b"<si>") + whole.count(b":si>")
    if reach.seen < _LOOKED_AT:
        _refer(name, whole, reach)
    reach.seen += len(whole)
    return rest


def _refer(name: str, whole: bytes, reach: _Reach) -> None:
    for letters, digits in set(_REFERENCE.findall(whole)):
        reach.row = max(reach.row, int(digits))
        reach.column = max(reach.column, _column(letters))
    if reach.row > _MOST_ROWS or reach.column > _MOST_COLUMNS:
        raise Hostile(damaged(name))


def _column(letters: bytes) -> int:
    """A → 1, XFD → 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _refuse(name: str, reach: _Reach) -> None:
    room = reach.row * reach.column
    if reach.texts > MOST_TEXTS:
        raise Hostile(
            _("%(file)s has more than %(most)s different texts. Save it as CSV.")
            % {"file": name, "most": MOST_TEXTS}
        )
    if room > LARGEST or room > max(ROOM, SPARSEST * reach.cells):
        raise Hostile(
            _(
                "%(file)s has %(cells)s cells that reach as far as row %(row)s and column %(column)s. "
                "Delete the cells far from the table, or save it as CSV."
            )
            % {"file": name, "cells": reach.cells, "row": reach.row, "column": reach.column}
        )
