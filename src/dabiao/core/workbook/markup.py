"""What XLSX says of its sheets beside their values: what is hidden, merged, a percentage, never worked out.

Readers give values and no more; this is searched for in the markup as it streams by, which takes no room. XLS has none.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as XML

from dabiao.core.spreadsheet import DOUBLE_DIGITS
from dabiao.engine import number

_BLOCK: Final = 2**22
_PERCENT: Final = frozenset({9, 10})
"""Excel's own number formats with a percent sign."""
_DAYS: Final = frozenset({*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58})
"""Excel's own number formats that show a day and no time."""
_SILENT: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Parts of a number format that say nothing of the value: texts, colours, languages."""
_REFERENCE: Final = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_TYPED: Final = re.compile(rb'\bt="(?:s|str|inlineStr|b|e|d)"')
_TEXT_RESULT: Final = re.compile(rb'\bt="str"')
_C: Final = rb"<(?:\w+:)?c\s([^>]*[^/>]|)>\s*"
_NO_VALUE: Final = rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
_UNWORKED: Final = re.compile(_C + rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*" + _NO_VALUE)
_ROUNDED: Final = re.compile(
    _C + rb"<(?:\w+:)?v>(-?[0-9]{%d,}|-?[0-9.]+[eE]\+?(?:1[5-9]|[2-9][0-9]|[0-9]{3}))</" % (DOUBLE_DIGITS + 1)
)
_LONG: Final = re.compile(rb"v>-?(?:[0-9]{%d,}|[0-9.]+[eE]\+?[0-9]{2})" % (DOUBLE_DIGITS + 1))
"""Whether there may be such a number: found many times as fast."""
_FILLED: Final = re.compile(
    rb'<(?:\w+:)?c\s(?:[^>]*\s)?r="([A-Z]{1,3})[0-9]+"(?:[^>]*[^/>])?>\s*'
    rb"(?:<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?<(?:\w+:)?(?:is>|v>[^<])"
)
"""Columns of cells that hold something."""
_MERGED: Final = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*\bref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"'
)


@dataclass
class Marks:
    """Places (row, column), counted from 0. days: shown without a time. rounded: whole numbers with more digits than a double holds, as E+17.

    merged: (first row, last row, first column, last column)
    """

    percent: list[tuple[int, int]] = field(default_factory=list)
    days: list[tuple[int, int]] = field(default_factory=list)
    unworked: list[tuple[int, int]] = field(default_factory=list)
    rounded: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    def from_column(self, first: int) -> "Marks":
        """The same, columns counted from the first one that holds anything, as readers count."""
        return Marks(
            [(row, column - first) for row, column in self.percent],
            [(row, column - first) for row, column in self.days],
            [(row, column - first) for row, column in self.unworked if column >= first],
            {(row, column - first): text for (row, column), text in self.rounded.items()},
            [(top, bottom, max(0, left - first), right - first) for top, bottom, left, right in self.merged],
        )


def hidden(file: Path) -> frozenset[str] | None:
    """Names of hidden sheets; None where the workbook is too old to have markup."""
    if not zipfile.is_zipfile(file):
        return None
    with zipfile.ZipFile(file) as pack:
        sheets = _elements(pack, _named(pack, "workbook.xml"), "sheet")
        return frozenset(
            sheet.get("name", "") for sheet in sheets if sheet.get("state", "visible") != "visible"
        )


def marks(file: Path, sheet: str, *, days: bool = False) -> Marks:
    """What the markup says of a sheet's cells; nothing for an old workbook. `days`: which of them show no time, too."""
    found = Marks()
    if not zipfile.is_zipfile(file):
        return found
    with zipfile.ZipFile(file) as pack:
        part = _part(pack, sheet)
        percent = _styled(pack, _is_percent, _PERCENT)
        dated = _styled(pack, _is_day, _DAYS) if days else None
        for text in _pieces(pack, part) if part else ():
            _search(text, percent, dated, found)
        if part and found != Marks():
            first = min(
                (_column(name) for text in _pieces(pack, part) for name in set(_FILLED.findall(text))),
                default=0,
            )
            found = found.from_column(first)
    return found


_C_STYLED: Final = rb'<(?:\w+:)?c\s([^>]*\bs="(?:%s)"[^>]*)>'


def _search(
    text: bytes, percent: "re.Pattern[bytes] | None", dated: "re.Pattern[bytes] | None", found: Marks
) -> None:
    for styled, places in ((percent, found.percent), (dated, found.days)):
        cells = styled.finditer(text) if styled else ()
        places += [place for cell in cells if not _TYPED.search(cell[1]) and (place := _place(cell[1]))]
    if b"<f" in text or b":f" in text:
        found.unworked += [
            place
            for cell in _UNWORKED.finditer(text)
            if not _TEXT_RESULT.search(cell[1]) and (place := _place(cell[1]))
        ]
    for cell in _ROUNDED.finditer(text) if _LONG.search(text) else ():
        if not _TYPED.search(cell[1]) and (place := _place(cell[1])):
            found.rounded[place] = f"{float(cell[2]):.14E}"
    for left, top, right, bottom in _MERGED.findall(text):
        found.merged.append((int(top) - 1, int(bottom) - 1, _column(left), _column(right)))


def as_percent(text: str) -> str | None:
    """0.13 as a cell shows it that is formatted as a percentage: 13%."""
    try:
        shown = number.text(Decimal(text) * 100)
    except DecimalException:
        return None
    return f"{shown}%"


def _place(attributes: bytes) -> tuple[int, int] | None:
    found = _REFERENCE.search(attributes)
    return (int(found[2]) - 1, _column(found[1])) if found else None


def _column(letters: bytes) -> int:
    """A → 0, XFD → 16383."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _pieces(pack: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The markup in pieces that cut no cell."""
    rest = b""
    with pack.open(part) as opened:
        while block := opened.read(_BLOCK):
            text = rest + block
            cut = max(text.rfind(b"<c "), text.rfind(b":c "), text.rfind(b"<mergeCell "))
            cut = len(text) if cut <= 0 else cut
            rest = text[cut:]
            yield text[:cut]
    yield rest


def _part(pack: zipfile.ZipFile, sheet: str) -> str | None:
    """Where in the archive a sheet lies."""
    book = _named(pack, "workbook.xml")
    key = next((s for s in _elements(pack, book, "sheet") if s.get("name") == sheet), None)
    if key is None or book is None:
        return None
    wanted = {value for name, value in key.attrib.items() if name.endswith("}id")}
    relations = _elements(pack, _named(pack, "workbook.xml.rels"), "Relationship")
    target = next((each.get("Target", "") for each in relations if each.get("Id") in wanted), "")
    path = target.lstrip("/") if target.startswith("/") else f"{book.rpartition('/')[0]}/{target}".lstrip("/")
    return path if path in pack.namelist() else None


def _styled(
    pack: zipfile.ZipFile, shows: Callable[[str], bool], own: frozenset[int]
) -> "re.Pattern[bytes] | None":
    """Finds the cells of styles whose number format shows this; None where there is no such style."""
    part = _named(pack, "styles.xml")
    if part is None:
        return None
    root = XML.fromstring(pack.read(part))
    formats = {
        int(each.get("numFmtId", "0"))
        for each in root.iter()
        if _local(each) == "numFmt" and shows(_SILENT.sub("", each.get("formatCode", "")))
    }
    used = next((each for each in root.iter() if _local(each) == "cellXfs"), ())
    styles = [
        str(index).encode()
        for index, style in enumerate(used)
        if int(style.get("numFmtId", "0")) in formats | own
    ]
    return re.compile(_C_STYLED % b"|".join(styles)) if styles else None


def _is_percent(code: str) -> bool:
    return "%" in code


def _is_day(code: str) -> bool:
    return bool(re.search("[yd]", code, re.IGNORECASE)) and not re.search("[hs]", code, re.IGNORECASE)


def _named(pack: zipfile.ZipFile, name: str) -> str | None:
    return next((path for path in pack.namelist() if path.rpartition("/")[2] == name), None)


def _elements(pack: zipfile.ZipFile, part: str | None, name: str) -> list[XML.Element]:
    if part is None:
        return []
    return [each for each in XML.fromstring(pack.read(part)).iter() if _local(each) == name]


def _local(element: XML.Element) -> str:
    return element.tag.rpartition("}")[2]
