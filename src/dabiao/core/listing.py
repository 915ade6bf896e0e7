"""A table as data: columns that say what they hold, rows, totals. Pages draw it, exports write it, one and the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.http import FileResponse, StreamingHttpResponse

from dabiao.core import http, spreadsheet

Kind = Literal[
    "text",
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

    def download(self, kind: str, *, name: str = "") -> StreamingHttpResponse | FileResponse:
        """All rows as CSV or XLSX. What is exported is what is stored: full digits, ISO dates, no colours."""
        columns = {column.key: column.label for column in self.columns if column.export}
        rows = self.rows if self.totals is None else [*self.rows, self.totals]
        return http.download(rows, columns, name=name or self.key, kind=kind)
