"""Rows entered by hand or through the API: kept with their audit line, published a few seconds later, once.

A row waits in the app database, so entering it is one transaction with everything else the action does.
Draining publishes what waits and deletes it in the transaction that makes the snapshot visible: a crash
before that leaves everything waiting, a crash after it leaves nothing. A row that cannot be published (one that an
earlier version took) is set aside with its error, and the others go on.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet

from dabiao.lake import publish
from dabiao.lake.change import BadChange, Change
from dabiao.lake.models import Pending
from dabiao.lake.tables import TABLES, LakeTable

log = logging.getLogger(__name__)

_BATCH = 20_000
_KINDS = {
    "text": "text",
    "money": "a number with at most 4 decimals",
    "rate": "a number with at most 6 decimals",
    "qty": "a number with at most 4 decimals",
    "int": "a whole number",
    "date": "a day like 2026-03-16",
    "time": "a moment like 2026-03-16 14:30",
    "flag": "true or false",
}


def put(table: str, rows: Iterable[Mapping[str, object]], *, by: str, at: datetime) -> int:
    """Queue rows of a fact table, each with its `source` and `key`. Call inside the action's transaction.

    Raises BadChange for unknown columns, missing keys and values of the wrong type, before anything is kept.
    """
    known = TABLES[table]
    waiting = [
        Pending(table=table, row=_checked(known, row), **_key(known, row), by=by, at=at) for row in rows
    ]
    _supersede(table, waiting)
    Pending.objects.bulk_create(waiting, batch_size=500)
    return len(waiting)


def remove(table: str, keys: Iterable[tuple[str, str]], *, by: str, at: datetime) -> int:
    """Queue the removal of rows by (source, key)."""
    waiting = [Pending(table=table, source=source, key=key, row=None, by=by, at=at) for source, key in keys]
    _supersede(table, waiting)
    Pending.objects.bulk_create(waiting, batch_size=500)
    return len(waiting)


def waiting() -> QuerySet[Pending]:
    """What the next publication takes, oldest first."""
    return Pending.objects.filter(error="").order_by("pk")


def set_aside() -> QuerySet[Pending]:
    """What could not be published, oldest first. A new word on the same key replaces it."""
    return Pending.objects.exclude(error="").order_by("pk")


def pending(table: str, *, by: str) -> list[dict[str, object]]:
    """What `by` has entered and not yet seen published, newest first."""
    entries = Pending.objects.filter(table=table, by=by, row__isnull=False).order_by("-pk")
    return [cast(dict[str, object], entry.row) for entry in entries]


def drain(*, at: datetime, trace: publish.Trace = lambda step: None) -> publish.Published | None:
    """Publish what waits, oldest first, as one snapshot; None when nothing waits."""
    if not waiting().exists():
        return None
    try:
        return _published(at, trace)
    except Exception as error:
        if not _set_aside_unfit():
            raise
        log.warning("rows that cannot be published were set aside: %s", error)
    return drain(at=at, trace=trace)


def _published(at: datetime, trace: publish.Trace) -> publish.Published:
    """What waits, as one snapshot."""
    count = min(waiting().count(), _BATCH)
    taken: list[int] = []

    def changes() -> Iterator[Change]:
        """Read when nobody else publishes any more: what another worker has published meanwhile, and perhaps a newer
        word on it, must not be overwritten by what waited before."""
        entries = list(waiting()[:_BATCH])
        taken.extend(entry.pk for entry in entries)
        yield from _changes(entries)

    def forget(number: int) -> None:
        Pending.objects.filter(pk__in=taken).delete()

    return publish.publish(changes(), at=at, note=f"{count} entries", within=forget, trace=trace)


def _set_aside_unfit() -> bool:
    """Set aside those of the rows that wait which are to blame; False where none of them is."""
    found = False
    for entry in waiting()[:_BATCH]:
        if isinstance(entry.row, dict) and (wrong := _unfit(TABLES[entry.table], entry.row)):
            Pending.objects.filter(pk=entry.pk).update(error=wrong)
            found = True
    return found


def _supersede(table: str, rows: Sequence[Pending]) -> None:
    """What was set aside under the same keys has been said anew."""
    aside = set_aside().filter(table=table)
    if aside.exists():
        said = {(row.source, row.key) for row in rows}
        aside.filter(pk__in=[old.pk for old in aside if (old.source, old.key) in said]).delete()


def _changes(waiting: Sequence[Pending]) -> Iterator[Change]:
    """The last word on each key, one change a table."""
    last = {(entry.table, entry.source, entry.key): entry for entry in waiting}
    ordered = sorted(last.values(), key=lambda entry: entry.table)
    for table, entries in groupby(ordered, key=lambda entry: entry.table):
        known, batch = TABLES[table], list(entries)
        rows = [entry.row for entry in batch if entry.row is not None]
        gone = [{"source": entry.source, "key": entry.key} for entry in batch if entry.row is None]
        yield Change(
            table,
            _proven(arrow(known, rows)),
            removed=pa.Table.from_pylist(gone, pa.schema([("source", pa.string()), ("key", pa.string())]))
            if gone
            else None,
        )


def _proven(rows: pa.Table) -> pa.Table:
    """The rows, whose days and moments all lie in the calendar: one beyond would block whatever comes after it."""
    for column in rows.columns:
        if pa.types.is_temporal(column.type):
            pc.min_max(column).as_py()
    return rows


def arrow(table: LakeTable, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows with text for dates, times and exact numbers → the table's own types."""
    columns = [
        pa.array([_typed(row.get(field.name), field.type) for row in rows], field.type)
        for field in table.schema
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _typed(value: object, kind: pa.DataType) -> object:
    if not isinstance(value, str) or pa.types.is_string(kind):
        return value
    if pa.types.is_decimal(kind):
        return Decimal(value)
    return pa.scalar(value).cast(kind).as_py()


def _key(table: LakeTable, row: Mapping[str, object]) -> dict[str, str]:
    missing = [name for name in ("source", "key") if not row.get(name)]
    if missing:
        raise BadChange(f"{table.name}: a row has no {missing[0]!r}")
    return {"source": str(row["source"]), "key": str(row["key"])}


def _checked(table: LakeTable, row: Mapping[str, object]) -> dict[str, object]:
    """The row as JSON can hold it, proven to fit the table."""
    if unknown := sorted(set(row) - table.names):
        raise BadChange(f"{table.name} has no column {unknown[0]!r}; it has {', '.join(sorted(table.names))}")
    if wrong := _unfit(table, row):
        raise BadChange(wrong)
    return {name: _json(value) for name, value in row.items() if value is not None}


def _unfit(table: LakeTable, row: Mapping[str, object]) -> str:
    """Which column of a row cannot be kept, and what it says; empty where all can, there and back."""
    types = {column.name: column.type for column in table.columns}
    for column in table.schema:
        value = row.get(column.name)
        try:
            pa.array([_typed(value, column.type)], column.type).to_pylist()
        except (pa.ArrowException, ArithmeticError, ValueError, TypeError):
            return f"{table.name}: {column.name} cannot be {value!r}; it holds {_KINDS[types[column.name]]}"
    return ""


def _json(value: object) -> object:
    return value if isinstance(value, bool | int | str) else str(value)
