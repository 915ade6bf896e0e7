"""Tables out to CSV and XLSX: every row, exact, and nothing a spreadsheet would run as a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Final

from dabiao.core.errors import Refused
from dabiao.engine import number

Cell = str | int | float | Decimal | date | datetime | bool | None
Row = Mapping[str, Cell]
Columns = Mapping[str, str]
"""Key in the row → title in the header, in the order written."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_SHEET: Final = 1_048_575
"""Rows of an XLSX sheet below its header."""
DOUBLE_DIGITS: Final = 15
"""Decimal digits that a spreadsheet's number holds; what has more is written as text."""
RISKY: Final = r"(?:[\t\r\n]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])"
"""How text begins that a spreadsheet may run as a formula: a sign of half or full width, whatever nobody sees before it."""
_RUNS: Final = re.compile(RISKY)


class SheetIsFull(Refused):
    """An XLSX sheet holds 1,048,576 rows, and silently cutting is no answer."""


def csv_lines(rows: Iterable[Row], columns: Columns, *, bom: bool) -> Iterator[str]:
    """CSV lines as they are needed. `bom` makes Excel read UTF-8. Text that looks like a formula gets an apostrophe."""
    line = io.StringIO()
    writer = csv.writer(line)

    def flushed() -> str:
        written = line.getvalue()
        line.seek(0)
        line.truncate()
        return written

    writer.writerow([inert(title) for title in columns.values()])
    yield ("\ufeff" if bom else "") + flushed()
    for row in rows:
        writer.writerow([csv_text(row.get(key)) for key in columns])
        yield flushed()


def csv_text(cell: Cell) -> str:
    """A cell as CSV carries it; numbers stay numbers, text is made inert."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return number.text(cell) or ""
        case int() | float():
            return repr(cell)
        case date():
            return cell.isoformat()
        case _:
            return inert(cell)


def xlsx_file(rows: Iterable[Row], columns: Columns, *, sheet: str) -> IO[bytes]:
    """A workbook in a temporary file, rewound. Text is written as text, which no spreadsheet runs."""
    from rustpy_xlsxwriter import FastExcel

    titles = _distinct(columns)
    first: dict[str, Cell] = dict.fromkeys(titles.values())
    records = _guarded({title: _xlsx_cell(row.get(key)) for key, title in titles.items()} for row in rows)
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  # the response closes it
    writer = FastExcel(file)
    writer.format(datetime_format="yyyy-mm-dd", bold_headers=True).freeze(row=1)
    started = next(records, None)
    writer.sheet(_sheet_name(sheet), _chain(first if started is None else started, records)).save()
    file.seek(0)
    return file


def _chain(first: dict[str, Cell], rest: Iterator[dict[str, Cell]]) -> Iterator[dict[str, Cell]]:
    yield first
    yield from rest


def _guarded(records: Iterable[dict[str, Cell]]) -> Iterator[dict[str, Cell]]:
    for count, record in enumerate(records):
        if count == LARGEST_SHEET:
            raise SheetIsFull(
                f"A sheet holds {LARGEST_SHEET:,} rows and this table has more. Export it as CSV."
            )
        yield record


def _xlsx_cell(cell: Cell) -> Cell:
    match cell:
        case bool():
            return cell
        case Decimal():
            text = number.text(cell) or ""
            return text if len(text.strip("-").replace(".", "").lstrip("0")) > DOUBLE_DIGITS else float(cell)
        case int():
            return str(cell) if abs(cell) >= 10**DOUBLE_DIGITS else cell
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case _:
            return cell


def inert(text: str) -> str:
    """Text that a spreadsheet would read as a formula, made plain (OWASP, CSV injection)."""
    return f"'{text}" if _RUNS.match(text) else text


def _distinct(columns: Columns) -> dict[str, str]:
    """Titles made unique, since a record is keyed by title."""
    seen: dict[str, int] = {}
    titles = {}
    for key, title in columns.items():
        seen[title] = seen.get(title, 0) + 1
        titles[key] = title if seen[title] == 1 else f"{title} ({seen[title]})"
    return titles


def _sheet_name(name: str) -> str:
    """Excel allows 31 characters and none of []:*?/\\ in a sheet's name."""
    return "".join("-" if char in "[]:*?/\\" else char for char in name)[:31] or "Sheet1"
