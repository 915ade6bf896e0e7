"""Taking an import back: looked at first, then done as one snapshot; what others have loaded since stays."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dabiao.core.action import action, tell
from dabiao.core.publishing import publish
from dabiao.facts import queries
from dabiao.facts.actions.load import imports_folder, working_on
from dabiao.facts.logic import takeback
from dabiao.facts.logic.takeback import TakenBack
from dabiao.facts.models import ImportBatch
from dabiao.lake import installation
from dabiao.lake.change import Change
from dabiao.org.access import User, require
from dabiao.org.can import Can


def look_at_undo(key: str, *, by: User | None) -> TakenBack:
    """What taking an import back would do now; nothing changes. Raises NotFound, NotLoaded, TooOld, Forbidden,
    WrongLake."""
    require(by, Can.OPERATE)
    batch = queries.batch(key)
    takeback.refuse_unless_loaded(batch)
    installation.prove()
    with _scratch(key) as folder:
        return takeback.told(batch, takeback.undone_tables(batch, folder))


def undo(key: str, *, by: User | None, at: datetime) -> TakenBack:
    """Take an import back. Raises NotFound, NotLoaded, TooOld, Forbidden; nothing changes then."""
    require(by, Can.OPERATE)
    with working_on(key), _scratch(key) as folder:
        batch = queries.batch(key)
        takeback.refuse_unless_loaded(batch)
        found: list[TakenBack] = []

        def changes() -> Iterator[Change]:
            """Asked for when nobody else publishes any more: what stands now is what goes."""
            tables = takeback.undone_tables(batch, folder)
            found.append(takeback.told(batch, tables))
            for table in tables:
                yield from table.changes

        def within(number: int) -> None:
            found[0] = replace(found[0], snapshot=number)
            _mark(batch, found[0], by=by, at=at)

        publish(changes(), at=at, note=takeback.note_of(batch), within=within)
        return found[0]


@action("facts.import.undone")
def _mark(batch: ImportBatch, done: TakenBack, *, by: User | None, at: datetime) -> None:
    """Done in the transaction that makes the snapshot visible: the import is undone exactly when its rows are."""
    now = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    takeback.refuse_unless_loaded(now)
    now.state, now.undone_by, now.undone_at = ImportBatch.State.UNDONE, by, at
    now.undone = done.as_json()
    now.save(update_fields=["state", "undone_by", "undone_at", "undone"])
    rows = {name: done.total(name) for name in ("goes", "back", "returns", "stays")}
    tell(now, {"snapshot": done.snapshot, **rows})


@contextmanager
def _scratch(key: str) -> Iterator[Path]:
    """A folder for rows that come back; one that a kill leaves is cleared away like that of a load."""
    folder = imports_folder() / key / f"stage-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # what was handed back, or uploaded, lies beside it
            folder.parent.rmdir()
