"""What is to be written: rows by natural key, removals, and the window that the rows replace."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa


class BadChange(ValueError):
    """The rows do not fit the table they are meant for; the message says which column or key, and the mend."""


@dataclass(frozen=True)
class Window:
    """All that `source` says between two dates: what is not among the new rows is removed. Half-open."""

    source: str
    start: date
    end: date


@dataclass(frozen=True)
class Change:
    """Rows for one table.

    rows:    columns of the table (missing ones become null; names that begin with __ are left out); an Arrow
             table, or Parquet for large loads (a path may hold a pattern)
    removed: key columns of rows to take away
    window:  the rows replace all that this source had in the window
    whole:   the rows are the whole table from now on (dimensions that a room publishes)
    compared: where `writing` has compared them already with the version that they are written on; it is closed then
    """

    table: str
    rows: pa.Table | Path
    removed: pa.Table | None = None
    window: Window | None = None
    whole: bool = False
    compared: duckdb.DuckDBPyConnection | None = None


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a change. inserted + updated + unchanged = rows handed in."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.inserted or self.updated or self.removed)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )


@dataclass(frozen=True)
class Written:
    """A table's new version, and per date column the days on which something changed."""

    version: int
    counts: Counts
    days: dict[str, frozenset[date]] = field(default_factory=dict)
