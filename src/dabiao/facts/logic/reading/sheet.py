"""What every reader yields: named columns in chunks, and a list of what it did not take for data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.damage import Unreadable, told
from dabiao.core.written import Mark

__all__ = ["CHUNK", "PROBLEM", "ROW", "Aside", "Options", "Sheet", "Unreadable"]

ROW: Final = "__row__"
"""Column with the row's number in its file or sheet, as a spreadsheet counts."""
PROBLEM: Final = "__problem__"
"""Column with what is wrong with the row as a whole (too many cells, several answers); null = nothing. A reason's code
and PROBLEM_OF before the text say which reason it is."""
PROBLEM_OF: Final = "\x1f"
CHUNK: Final = 100_000
"""Rows in a chunk: bounds memory, and is enough for vectorised work to pay."""


MOST_ASIDES: Final = 1_100_000
"""Rows of a file that may be empty, totals or remarks: a whole sheet of Excel left blank. Each is kept, with its row."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Something in the file that is not a row of data. `row` 0: it is about a column."""

    row: int
    what: Literal["title", "header", "empty", "total", "remark", "column"]
    text: str


@dataclass(frozen=True)
class Options:
    """How to read a source.

    header:    "auto" finds it; a number is how many rows it has; names mean that the file has none
    skip:      rows above the header, or above the data where the file has no header
    delimiter: None finds it; "spaces" is any run of blanks
    empty:     texts that mean "nothing here", beside the empty cell
    totals:    "skip" leaves out 合计/小计/总计 rows and reports them; "keep" takes them for data
    decimal:   what stands before the decimals of a text; a workbook's numbers have none
    fill_down: columns in which an empty cell says what the one above says, as merged cells do
    unwrap:    `="007"` and `'007` are 007; not in a file of ours, which says what it means
    """

    format: str | None = None
    sheet: str | None = None
    header: Literal["auto"] | int | tuple[str, ...] = "auto"
    skip: int = 0
    delimiter: str | None = None
    encoding: str | None = None
    trim: bool = True
    empty: tuple[str, ...] = ()
    totals: Literal["skip", "keep"] = "skip"
    decimal: Mark = "point"
    fill_down: tuple[str, ...] = ()
    unwrap: bool = True


@dataclass
class Sheet:
    """An opened table. `chunks()` may be walked once; `asides` is complete after that.

    doubles: numbers come from a spreadsheet's doubles, so they are rounded to a column's scale, not refused
    total:   rows to expect, None where that is not known beforehand
    unread:  other sheets of the workbook that are not hidden
    merged:  column → rows whose cell there is merged with the one above
    """

    file: Path
    name: str
    columns: tuple[str, ...]
    read: Callable[["Sheet"], Iterator[pl.DataFrame]]
    doubles: bool = False
    total: int | None = None
    asides: list[Aside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    merged: Mapping[str, frozenset[int]] = field(default_factory=dict)
    above: dict[str, object] = field(default_factory=dict, repr=False)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """Frames with `columns`, ROW and PROBLEM; empty and total rows are already in `asides`. Raises Unreadable."""
        with told(self.file.name):
            for frame in self.read(self):
                if len(self.asides) > MOST_ASIDES:
                    raise Unreadable(
                        _("%(file)s has more than %(most)s rows that are no data. Leave the empty ones out.")
                        % {"file": self.name, "most": MOST_ASIDES}
                    )
                yield frame
