"""A table as data: columns that say what they hold, rows, totals. Pages draw it, exports write it, one and the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from django.http import FileResponse, StreamingHttpResponse

from dabiao.core import spreadsheet
from dabiao.ui import http

Kind = Literal[
    "text",
    "code",  # a number given by a system: never broken over two lines
    "money",  # shortened, with currency
    "cents",  # every digit, with currency
    "count",
    "number",  # every digit
    "ratio",  # 0.708 → 70.8%
    "points",  # a change of a ratio
    "change",  # a relative change, signed and coloured: 0.12 → +12.0%
    "figure",  # as the row's `unit` is written
    "day",
    "moment",
    "flag",
    "light",  # green, amber, red or None
    "bullet",  # attainment as a bar; the row's `<key>_pace` is where we should be
]
Cell = spreadsheet.Cell
Row = Mapping[str, Cell]


@dataclass(frozen=True)
class Column:
    """One column. `link` names the row's key that holds an address, `currency` the one that holds its currency
    (else the table's counts); `note` is shown on hover."""

    key: str
    label: str
    kind: Kind = "text"
    link: str = ""
    note: str = ""
    currency: str = ""
    hidden: bool = False
    export: bool = True

    @property
    def is_number(self) -> bool:
        return self.kind in {"money", "cents", "count", "number", "ratio", "points", "change", "figure"}


def _as_stored(column: Column, row: Row, _currency: str) -> str:
    value = row.get(column.key)
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Listing:
    """A table. `key` names it in the page and in file names; `export` is the address that downloads it."""

    key: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Row | None = None
    currency: str = "CNY"
    export: str = ""
    empty: str = ""
    sort: str = ""
    """Column key to sort by first, with a leading `-` for largest first; empty: as given."""
    reads: ClassVar[Callable[[Column, Row, str], str]] = staticmethod(_as_stored)
    """What a cell says to a reader, which is what a filter looks in; the web room knows how it is written."""

    def download(self, kind: str, *, name: str = "", only: str = "") -> StreamingHttpResponse | FileResponse:
        """All rows, or all that hold the words of `only`, as CSV or XLSX.

        What is exported is what is stored: full digits, ISO dates, no colours. The totals are those of all rows,
        so a filtered export has none.
        """
        columns = {column.key: column.label for column in self.columns if column.export}
        return http.download(self._kept(only.lower().split()), columns, name=name or self.key, kind=kind)

    def _kept(self, words: Sequence[str]) -> Iterable[Row]:
        """As listing.js filters: every word stands somewhere in the row as it is written."""
        if not words:
            return self.rows if self.totals is None else [*self.rows, self.totals]
        lines = (
            " ".join(Listing.reads(each, row, self.currency) for each in self.columns) for row in self.rows
        )
        return [
            row
            for row, line in zip(self.rows, lines, strict=True)
            if all(word in line.lower() for word in words)
        ]
