"""A table as data: columns that say what they hold, rows, totals. Pages draw it, exports write it, one and the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dabiao.core import spreadsheet

Kind = Literal[
    "text",
    "code",  # a number given by a system: never broken over two lines
    "long",  # text that is folded after some words
    "money",  # shortened, with currency
    "cents",  # every digit, with currency
    "count",
    "number",  # every digit
    "ratio",  # 0.708 → 70.8%
    "points",  # a change of a ratio
    "change",  # a relative change, signed and coloured: 0.12 → +12.0%
    "figure",  # as the row's `unit` is written
    "difference",  # of two figures of the row's `unit`: with its sign
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
    doubt: str = ""
    """Names the row's key that holds the address where a figure that can hardly be right is to be checked."""
    hidden: bool = False
    export: bool = True

    @property
    def is_number(self) -> bool:
        return self.kind in {
            "money",
            "cents",
            "count",
            "number",
            "ratio",
            "points",
            "change",
            "figure",
            "difference",
        }


@dataclass(frozen=True)
class Listing:
    """A table. `key` names it in the page, in addresses and in file names."""

    key: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Row | None = None
    currency: str = "CNY"
    empty: str = ""
    at: str = ""
    """The path of the page that shows it, where a form beside it posts elsewhere; empty: the one that was asked for."""
    named: bool = False
    """Other tables stand beside it: addresses say which of them is meant."""
    fixed: bool = False
    """The page's own query has chosen and ordered the rows and reads them as needed: no filter, no order here."""
    stacks: bool = False
    """On a phone the cells of a row stand below each other: texts say themselves what they are, numbers carry the name of their column."""
    leads: Callable[[Sequence[Row]], Sequence[Row]] | None = None
    """Adds the addresses that cells lead to, to the rows that are drawn: where asking for all would take long."""
    passing: bool = False
    """Rows that only this answer has, like errors of an upload: all are drawn, no address leads back to them."""

    def column(self, key: str) -> Column | None:
        return next((each for each in self.columns if each.key == key), None)
