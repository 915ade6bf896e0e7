"""Rows entered by hand or through the API: kept with their audit line, published a few seconds later, once.

A row waits in the app database, so entering it is one transaction with everything else the action does.
Draining publishes what waits and deletes it in the transaction that makes the snapshot visible: a crash
before that leaves everything waiting, a crash after it leaves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import cast

import pyarrow as pa

from dabiao.lake import publish
from dabiao.lake.change import BadChange, Change
from dabiao.lake.models import Pending
from dabiao.lake.tables import TABLES, LakeTable

_BATCH = 20_000


def put(table: str, rows: Iterable[Mapping[str, object]], *, by: str, at: datetime) -> int:
    """Queue rows of a fact table, each with its `source` and `key`. Call inside the action's transaction.

    Raises BadChange for unknown columns, missing keys and values of the wrong type, before anything is kept.
    """
    known = TABLES[table]
    waiting = [
        Pending(table=table, row=_checked(known, row), **_key(known, row), by=by, at=at) for row in rows
    ]
    Pending.objects.bulk_create(waiting, batch_size=500)
    return len(waiting)


def remove(table: str, keys: Iterable[tuple[str, str]], *, by: str, at: datetime) -> int:
    """Queue the removal of rows by (source, key)."""
    waiting = [Pending(table=table, source=source, key=key, row=None, by=by, at=at) for source, key in keys]
    Pending.objects.bulk_create(waiting, batch_size=500)
    return len(waiting)


def pending(table: str, *, by: str) -> list[dict[str, object]]:
    """What `by` has entered and not yet seen published, newest first."""
    entries = Pending.objects.filter(table=table, by=by, row__isnull=False).order_by("-pk")
    return [cast(dict[str, object], entry.row) for entry in entries]


def drain(*, at: datetime, trace: publish.Trace = lambda step: None) -> publish.Published | None:
    """Publish what waits, oldest first, as one snapshot; None when nothing waits."""
    count = min(Pending.objects.count(), _BATCH)
    if not count:
        return None
    taken: list[int] = []

    def changes() -> Iterator[Change]:
        """Read when nobody else publishes any more: what another worker has published meanwhile, and perhaps a newer
        word on it, must not be overwritten by what waited before."""
        waiting = list(Pending.objects.order_by("pk")[:_BATCH])
        taken.extend(entry.pk for entry in waiting)
        yield from _changes(waiting)

    def forget(number: int) -> None:
        Pending.objects.filter(pk__in=taken).delete()

    return publish.publish(changes(), at=at, note=f"{count} entries", within=forget, trace=trace)


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
            arrow(known, rows),
            removed=pa.Table.from_pylist(gone, pa.schema([("source", pa.string()), ("key", pa.string())]))
            if gone
            else None,
        )


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
    try:
        arrow(table, [row])
    except (pa.ArrowException, ArithmeticError, ValueError, TypeError) as error:
        raise BadChange(f"{table.name}: {error}") from None
    return {name: _json(value) for name, value in row.items() if value is not None}


def _json(value: object) -> object:
    return value if isinstance(value, bool | int | str) else str(value)
