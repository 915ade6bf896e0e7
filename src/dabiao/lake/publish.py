"""Publication: write every table, then the roll-ups, then the pointer. Old state or new state, never half.

Nothing that is written before the snapshot row can be seen; whatever a killed writer left behind is undone
by the next one, because tables are built on the version that the last snapshot names.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from dabiao.lake import home, installation, lease, serving, snapshot, writing
from dabiao.lake.change import Change, Counts, Written
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import Contents
from dabiao.lake.store import Store

Trace = Callable[[str], None]
Last = Callable[[], tuple[Iterable[Change], Mapping[str, int]]]
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
    last: Last | None = None,
    within: Callable[[int], None] = lambda number: None,
    trace: Trace = lambda step: None,
) -> Published:
    """Write the changes as one snapshot. Changes that change nothing make no snapshot.

    versions: what a room's own version was when it made its tables (org, targets).
    last:   changes, and versions of rooms, that come into being in the transaction that makes the snapshot visible: what
            it does to the app database happens exactly when the snapshot does, and the snapshot shows it.
    within: called with the snapshot's number inside the transaction that makes it visible; what it does to
            the app database happens exactly when the snapshot does.
    trace:  told each step before it is taken.
    Raises BadChange (nothing is visible then), WrongLake, LeaseBusy, LeaseLost, StoreMoved.
    """
    with lease.held("publish") as mine:
        installation.claim()
        base = snapshot.latest()
        work = _Work(dict(base.tables) if base else {}, mine.token, trace)
        work.write(changes)
        with transaction.atomic() if last else nullcontext():
            more, later = last() if last else ((), {})
            work.write(more)
            rooms = {**(base.versions if base else {}), **(versions or {}), **later}
            if not any(count.changed for count in work.counts.values()) and base is not None:
                _confirm(base.number, rooms, mine, within, trace)
                return Published(base.number, work.counts)
            trace("serving")
            file = serving.refresh(Store(home.lake()), work.tables, base=base, days=work.days)
            trace("snapshot")
            contents = Contents(work.tables, file, rooms)
            number = snapshot.point(mine, base, contents, at=at, note=note, within=within)
        trace("done")
        return Published(number, work.counts)


@dataclass
class _Work:
    """Tables as they are written one after the other, what became of their rows, and the days that changed."""

    tables: dict[str, int]
    token: str
    trace: Trace
    counts: dict[str, Counts] = field(default_factory=dict)
    days: Days = field(default_factory=dict)

    def write(self, changes: Iterable[Change]) -> None:
        store = Store(home.lake())
        for change in changes:
            name = change.table
            self.trace(f"write {name}")
            written = writing.write(
                store, change, on=self.tables.get(name), token=self.token, trace=self.trace
            )
            self.tables[name] = written.version
            self.counts[name] = self.counts.get(name, Counts()) + written.counts
            _merge_days(self.days.setdefault(name, {}), written)


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
