"""Quotes in a CSV that open a cell and that nothing closes: a reader would swallow the rows below into it.

A quote that opens a cell is closed by one that a delimiter or the line's end follows. Where the next quote is followed
by anything else, or a line in between is a whole row, it was never meant to reach so far: its line is broken, and
reading goes on below it.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

FEWEST: Final = 4
"""Columns from which a line with as many cells is a row, and no sentence with commas."""
_CLOSING: Final = re.compile(r'(?:[^"]|"")*+"')


@dataclass(frozen=True)
class Line:
    """A line that holds a quote. `opens`: it ends inside a cell when it began outside of one."""

    number: int
    text: str
    opens: bool


def whole_pattern(delimiter: str) -> str:
    """Lines that end outside of a cell; for Python and Polars."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"(?:[^"{mark}][^{mark}]*)?|[^"{mark}][^{mark}]*|)'
    return rf"^{cell}(?:{mark}{cell})*$"


def row_like(text: str, delimiter: str, width: int) -> bool:
    """Whether a line without quotes is a row of the table."""
    return width >= FEWEST and text.count(delimiter) == width - 1


@dataclass
class OpenQuotes:
    """Finds the broken lines; fed from the first line to the last. `broken`: number of the line → its text."""

    delimiter: str
    broken: dict[int, str] = field(default_factory=dict)
    _waiting: deque[Line] = field(default_factory=deque)
    _rows: list[int] = field(default_factory=list)
    _looked_at: int = 0

    @property
    def is_open(self) -> bool:
        """Whether some line waits for what closes it."""
        return bool(self._waiting)

    def feed(self, lines: Iterable[Line], rows: Sequence[int]) -> None:
        """Some lines with quotes, and the numbers of those without that are rows of the table."""
        self._rows += rows
        self._waiting.extend(lines)
        self._settle()
        if not self._waiting:
            self._rows.clear()

    def end(self) -> dict[int, str]:
        """No more lines; returns those that are broken."""
        self._settle(last=True)
        return self.broken

    def _settle(self, *, last: bool = False) -> None:
        while self._waiting:
            if not self._waiting[0].opens:
                self._forget(1)
            elif (upto := self._reaches(last=last)) is None:
                return
            elif upto:
                self._forget(upto + 1)
            else:
                self.broken[self._waiting[0].number] = self._waiting[0].text
                self._forget(1)

    def _forget(self, count: int) -> None:
        for _each in range(count):
            self._waiting.popleft()
        self._looked_at = 0

    def _reaches(self, *, last: bool) -> int | None:
        """Which of the waiting lines closes what the first one opens; 0 for none, None while it can't be told."""
        first = self._waiting[0].number
        for at in range(self._looked_at + 1, len(self._waiting)):
            line = self._waiting[at]
            if self._row_between(first, line.number):
                return 0
            closes = self._closes(line.text)
            if closes is not None:
                return at if closes else 0
            self._looked_at = at
        return 0 if last or self._row_between(first, None) else None

    def _row_between(self, first: int, end: int | None) -> bool:
        after = bisect_right(self._rows, first)
        return after < len(self._rows) and (end is None or self._rows[after] < end)

    def _closes(self, text: str) -> bool | None:
        """Whether a line that begins inside a cell ends outside; None while it does not, False where it can't have been meant."""
        found = _CLOSING.match(text)
        if found is None:
            return None
        rest = text[found.end() :].lstrip(" \t").rstrip("\r")
        if not rest:
            return True
        if not rest.startswith(self.delimiter):
            return False
        return True if re.match(whole_pattern(self.delimiter), rest[len(self.delimiter) :]) else None


def open_quotes(lines: Sequence[str], delimiter: str, width: int) -> dict[int, str]:
    """The broken ones of a small table's lines, counted from 0."""
    found, whole = OpenQuotes(delimiter), re.compile(whole_pattern(delimiter))
    quoted = [Line(at, text, not whole.match(text)) for at, text in enumerate(lines) if '"' in text]
    if not any(line.opens for line in quoted):
        return {}
    rows = [at for at, text in enumerate(lines) if '"' not in text and row_like(text, delimiter, width)]
    found.feed(quoted, rows)
    return found.end()
