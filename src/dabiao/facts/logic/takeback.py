"""What taking an import back does: to the rows of the lake exactly, to the organisation and the targets in words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Refused
from dabiao.facts.logic import labels
from dabiao.facts.logic.loading import preview
from dabiao.facts.logic.loading.report import MonthChange, TableChange
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.models import ImportBatch
from dabiao.lake import comparing, home, undoing
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import latest_tables
from dabiao.lake.store import Store
from dabiao.lake.undoing import Undone, Version

_NOTE: Final = "import {}"
_UNDO: Final = "undo {}"
_SILENT: Final = (_UNDO.format(""), "compacted", "roll-ups made anew")
_OTHERS: Final = ("units", "people", "assignments", "targets")
"""Kept by other rooms, which change a row in place: what it was before is nowhere told in full."""


class NotLoaded(Refused):
    """Only what has been loaded, and not been taken back, can be taken back."""


class TooOld(Refused):
    """The version before the import has been cleaned away."""


@dataclass(frozen=True)
class TableBack:
    """goes: rows that were new. back: rows that are again what they were before. returns: rows that it had removed.
    stays: rows of it that somebody else has changed or removed since."""

    into: str
    goes: int
    back: int
    returns: int
    stays: int


@dataclass(frozen=True)
class TakenBack:
    """tables, changes: of the lake, the second by month. kept: sentences on what stays. snapshot: that shows it."""

    tables: tuple[TableBack, ...] = ()
    changes: tuple[TableChange, ...] = ()
    kept: tuple[str, ...] = ()
    snapshot: int | None = None

    def total(self, name: str) -> int:
        return sum(int(getattr(table, name)) for table in self.tables)

    def as_json(self) -> dict[str, Any]:
        """Plain values for the database, commands and the API."""
        return asdict(self)


def from_json(stored: Mapping[str, Any]) -> TakenBack:
    """What `as_json` made."""
    return TakenBack(
        tuple(TableBack(**row) for row in stored["tables"]),
        tuple(
            TableChange(**{**row, "months": tuple(MonthChange(**month) for month in row["months"])})
            for row in stored["changes"]
        ),
        tuple(stored["kept"]),
        stored["snapshot"],
    )


def note_of(batch: ImportBatch) -> str:
    """What the snapshot without the import is called."""
    return _UNDO.format(batch.key)


def refuse_unless_loaded(batch: ImportBatch) -> None:
    """Raises NotLoaded."""
    if batch.state == ImportBatch.State.UNDONE:
        raise NotLoaded(_("This import was taken back already; load its file again to have it back."))
    if batch.state != ImportBatch.State.DONE:
        raise NotLoaded(_("This import was not loaded, so there is nothing to take back."))


def undone_tables(batch: ImportBatch, folder: Path) -> tuple[Undone, ...]:
    """What becomes of each table of the lake that the import has changed. Raises TooOld."""
    history = _history(batch)
    void = frozenset(_undone_before())
    names = [name for name, into in INTO.items() if into.home == "lake"]
    try:
        found = [
            undoing.undone(Store(home.lake()), name, history, batch.key, void=void, folder=folder)
            for name in names
            if history and name in history[-1].tables
        ]
    except undoing.VersionGone:
        raise _too_old() from None
    return tuple(table for table in found if table is not None)


def told(batch: ImportBatch, tables: Iterable[Undone]) -> TakenBack:
    """All of it, for whoever is to say yes."""
    listed = list(tables)
    changes = [change for table in listed for change in table.changes]
    months = comparing.compared(Store(home.lake()), changes, latest_tables(), own=())
    return TakenBack(
        tuple(TableBack(each.table, each.goes, each.back, each.returns, each.stays) for each in listed),
        tuple(_change(each, months) for each in listed),
        tuple(_kept(batch)),
    )


def _change(table: Undone, comparisons: Iterable[comparing.Comparison]) -> TableChange:
    one = next((each for each in comparisons if each.table == table.table), None)
    months = preview.months(one) if one else ()
    return TableChange(
        table.table,
        table.returns,
        table.back,
        table.goes,
        amount=one.amount if one else None,
        months=months,
    )


def _kept(batch: ImportBatch) -> Iterator[str]:
    for row in batch.report.get("tables", []):
        rows = row["inserted"] + row["updated"]
        if row["into"] in _OTHERS and rows:
            yield _(
                "%(table)s: %(added)s rows that it added and %(changed)s that it changed stay as they are; change them there."
            ) % {"table": labels.table(row["into"]), "added": row["inserted"], "changed": row["updated"]}
    yield _("Names of customers and products stay.")


def _history(batch: ImportBatch) -> tuple[Version, ...]:
    """The snapshots that are still there. Raises TooOld where the import's own is not."""
    own = {_NOTE.format(key): key for key in (*_undone_before(), batch.key)}
    history = tuple(
        Version(each.number, each.tables, own.get(each.note, ""), each.note.startswith(_SILENT))
        for each in Snapshot.objects.order_by("number")
    )
    known = {version.number for version in history}
    if batch.snapshot is not None and batch.snapshot not in known:
        raise _too_old()
    return history


def _undone_before() -> Iterable[str]:
    return ImportBatch.objects.filter(state=ImportBatch.State.UNDONE).values_list("key", flat=True)


def _too_old() -> TooOld:
    return TooOld(
        _(
            "The version of the data before this import has been cleaned away, so it cannot be taken back exactly. "
            "Load a file that says what is right."
        )
    )
