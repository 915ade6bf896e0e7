"""A table that a room takes from outside, row by row: one shape for pages, API, mapped files and the demo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from dabiao.core.uploads import Field, RowError


@dataclass(frozen=True)
class Outcome:
    """What an import did, or why it did nothing. Errors name row (and file), column, value and mend.

    notes: what was taken as it is, and whoever brings it should know.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    cleared: int = 0
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether it says how many rows it is about; not every dry run does."""
        return any((self.added, self.changed, self.unchanged, self.cleared))


@dataclass(frozen=True)
class Importable:
    """A table with the columns it knows.

    take: (SourceRows, *, by, at, on, dry_run) → outcome; all or nothing, and with dry_run nothing. Cells that are
        text are read, others are taken as they are.
    admit: (viewer) → None, or raises Forbidden: asked before a byte of their file is read.
    note: what a row says, for whoever fills one in.
    """

    key: str
    label: Promise | str
    fields: Sequence[Field]
    take: Callable[..., Outcome]
    admit: Callable[[Any], None]
    note: Promise | str = ""
