"""What commands print: one list of rows as a table for people, or as JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from dabiao.core.heads import head, word
from dabiao.core.spreadsheet import inert
from dabiao.engine import number

_PIPE_WIDTH = 400
"""Nothing is cut when the output goes into a file or another program."""

Row = Mapping[str, object]
Words = Mapping[str, str | Promise]
_NONE: Final[Words] = {}


class Format(StrEnum):
    """How rows are printed. JSON and CSV carry exact numbers as text, without rounding or grouping."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def show(
    rows: Sequence[Row],
    columns: Sequence[str],
    form: Format,
    *,
    heads: Words = _NONE,
    codes: Mapping[str, Words] | None = None,
) -> None:
    """Print rows to stdout, columns in the order given. A table for people has words for columns and codes.

    heads: column → what it is called, before `core.heads`; codes: column → code → what that is called, likewise
    """
    if form is Format.JSON:
        print(json.dumps([{name: plain(row[name]) for name in columns} for row in rows], ensure_ascii=False))
    elif form is Format.CSV:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(columns)
        out.writerows([[_cell(row[name]) for name in columns] for row in rows])
    else:
        Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(
            _table(rows, columns, heads, codes or {})
        )


def _cell(value: object) -> object:
    """Somebody opens the file in a spreadsheet: text is no formula there."""
    return inert(value) if isinstance(value, str) else "" if value is None else plain(value)


def plain(value: object) -> object:
    """A value as JSON can hold it: exact numbers as text, dates in ISO form, floats and counts as numbers."""
    if isinstance(value, Decimal):
        return number.text(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def _table(rows: Sequence[Row], columns: Sequence[str], heads: Words, codes: Mapping[str, Words]) -> Table:
    table = Table(show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            str(heads.get(name) or head(name)),
            justify="right" if any(_is_number(row[name]) for row in rows) else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_said(row[name], name, codes.get(name, _NONE)) for name in columns))
    return table


def _said(value: object, column: str, codes: Words) -> str:
    own = codes.get(value) if isinstance(value, str) else None
    return _readable(word(column, value)) if own is None else str(own)


def _is_number(value: object) -> bool:
    return isinstance(value, Decimal | int | float) and not isinstance(value, bool)


def _readable(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:,.4f}"
    if isinstance(value, Decimal):
        return f"{value:,f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
