"""A small table as rows of text, out of a CSV or a workbook: called where strangers' files are read (`core.limited`)."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from dabiao.core import hostile, quotes
from dabiao.core.damage import Hostile, told
from dabiao.core.errors import Malformed

if TYPE_CHECKING:
    import _csv

TEXTS: Final = frozenset({"csv", "tsv", "txt"})
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 500
"""A table that people keep by hand has some ten; one of twelve months and totals, some forty."""
MOST_CELLS: Final = 5_000_000
LONGEST_CELL: Final = 131_072
"""Characters; Excel itself takes 32,767."""
MOST_TEXT: Final = 2**26
"""Characters of all cells: they are all in memory at once."""

Table = list[list[str]]


def table_of(file: str, kind: str, name: str) -> Table:
    """Every row as it stands, empty ones too; `name` is what people call the file. Raises Malformed."""
    with told(name):
        return (
            _workbook(Path(file), kind)
            if kind in hostile.WORKBOOKS
            else text_table(Path(file).read_bytes(), name)
        )


def text_table(content: bytes, name: str) -> Table:
    """Rows of a CSV or TSV, its encoding and its delimiter found. Raises Malformed."""
    plain = _decoded(content)
    first = next((line for line in plain.splitlines() if line.strip()), "")
    delimiter = max("\t;,", key=first.count)
    _refuse_open_quotes(plain, delimiter, first.count(delimiter) + 1, name)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter)
    return _bounded(_walked(reader, name), name)


def _refuse_open_quotes(plain: str, delimiter: str, width: int, name: str) -> None:
    """A quote that nothing closes would swallow the rows below. Raises Malformed."""
    for line in quotes.open_quotes(plain.split("\n"), delimiter, width):
        raise Malformed(
            _(
                "%(file)s, line %(line)s: a quote opens here and nothing closes it. Close it, double it, or take it out."
            )
            % {"file": name, "line": line + 1}
        )


def _walked(reader: "_csv.Reader", name: str) -> Iterator[list[str]]:
    line = 1
    try:
        for row in reader:
            yield row
            line = reader.line_num + 1
    except csv.Error:
        raise Malformed(
            _("%(file)s, line %(line)s: a cell is longer than %(most)s characters, or its quotes never end.")
            % {"file": name, "line": line, "most": LONGEST_CELL}
        ) from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Malformed(_("The file is neither UTF-8 nor GB18030 text."))


def _bounded(rows: Iterable[list[str]], name: str) -> Table:
    """The rows, as long as they are those of a table. Raises Hostile."""
    table: Table = []
    filled = cells = text = 0
    for row in rows:
        filled += any(row)
        cells += len(row)
        text += sum(map(len, row))
        if len(row) > MOST_COLUMNS:
            raise Hostile(
                _(
                    "%(file)s has %(columns)s columns; at most %(most)s are read. Leave out what is not needed."
                )
                % {"file": name, "columns": len(row), "most": MOST_COLUMNS}
            )
        if filled > MOST_ROWS + 1:
            raise Hostile(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS})
        if cells > MOST_CELLS or text > MOST_TEXT:
            raise Hostile(
                _("%(file)s holds more than a table that is kept by hand. Split it.") % {"file": name}
            )
        table.append(row)
    return table


def _workbook(file: Path, kind: str) -> Table:
    from dabiao.core import workbook  # a library that only workbooks need

    hostile.inspect(file, kind)
    rows = workbook.cells(file).frame.fill_null("").iter_rows()
    return _bounded(map(list, rows), file.name)
