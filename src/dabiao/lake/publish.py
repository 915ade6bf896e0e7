"""Publication: write every table, then the roll-ups, then the pointer. Old state or new state, never half.

Nothing that is written before the snapshot row can be seen; whatever a killed writer left behind is undone
by the next one, because tables are built on the version that the last snapshot names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from dabiao.lake import home, installation, lease, serving, snapshot, writing
from dabiao.lake.change import Change, Counts, Written
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import Contents
from dabiao.lake.store import Store

Trace = Callable[[str], None]
Days = dict[str, dict[str, frozenset[date]]]


@dataclass(frozen=True)
class Published:
    """The snapshot that holds the changes, and what became of the rows of each table."""

    number: int
    counts: Mapping[str, Counts]

    @property
    def changed(self) -> bool:
        return any(counts.changed for counts in self.counts.values())


def publish(
    changes: Iterable[Change],
    *,
    at: datetime,
    note: str,
    versions: Mapping[str, int] | None = None,
    within: Callable[[int], None] = lambda number: None,
    trace: Trace = lambda step: None,
) -> Published:
    """Write the changes as one snapshot. Changes that change nothing make no snapshot.

    versions: what a room's own version was when it made its tables (org, targets).
    within: called with the snapshot's number inside the transaction that makes it visible; what it does to
            the app database happens exactly when the snapshot does.
    trace:  told each step before it is taken.
    Raises BadChange (nothing is visible then), WrongLake, LeaseBusy, LeaseLost, StoreMoved.
    """
    with lease.held("publish") as mine:
        installation.claim()
        base = snapshot.latest()
        tables, counts, days = _write_tables(changes, base, mine.token, trace)
        rooms = {**(base.versions if base else {}), **(versions or {})}
        if not any(count.changed for count in counts.values()) and base is not None:
            _confirm(base.number, rooms, mine, within, trace)
            return Published(base.number, counts)
        trace("serving")
        file = serving.refresh(Store(home.lake()), tables, base=base, days=days)
        trace("snapshot")
        contents = Contents(tables, file, rooms)
        number = snapshot.point(mine, base, contents, at=at, note=note, within=within)
        trace("done")
        return Published(number, counts)


def _write_tables(
    changes: Iterable[Change], base: Snapshot | None, token: str, trace: Trace
) -> tuple[dict[str, int], dict[str, Counts], Days]:
    store = Store(home.lake())
    tables: dict[str, int] = dict(base.tables) if base else {}
    counts: dict[str, Counts] = {}
    days: Days = {}
    for change in changes:
        trace(f"write {change.table}")
        written = writing.write(store, change, on=tables.get(change.table), token=token, trace=trace)
        tables[change.table] = written.version
        counts[change.table] = counts.get(change.table, Counts()) + written.counts
        _merge_days(days.setdefault(change.table, {}), written)
    return tables, counts, days


def _merge_days(days: dict[str, frozenset[date]], written: Written) -> None:
    for column, found in written.days.items():
        days[column] = days.get(column, frozenset()) | found


def _confirm(
    number: int, rooms: Mapping[str, int], mine: lease.Held, within: Callable[[int], None], trace: Trace
) -> None:
    """Nothing new: the snapshot stays, and knows that it holds what these versions of the rooms say."""
    trace("nothing new")
    with transaction.atomic():
        mine.confirm()
        Snapshot.objects.filter(pk=number).update(versions=rooms)
        within(number)
