"""The one publisher: facts, and with them whatever the rooms keep in the app database and have changed since."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain

from dabiao.core.room import LakeSource, sources
from dabiao.lake import maintenance, outbox
from dabiao.lake import publish as lake_publish
from dabiao.lake.change import Change
from dabiao.lake.snapshot import latest


def publish(
    changes: Iterable[Change],
    *,
    at: datetime,
    note: str,
    deliver: Callable[[], None] | None = None,
    within: Callable[[int], None] = lambda number: None,
    trace: lake_publish.Trace = lambda step: None,
) -> lake_publish.Published:
    """Publish changes together with the rooms' tables as they are now; see `lake.publish.publish`.

    The versions are read first: what somebody changes meanwhile is published at the next look. The changes are asked for
    when nobody else publishes any more: what they find in the lake is what they are written on.
    deliver: changes the rooms' own rows in the transaction that makes the snapshot visible, which then shows them too.
    """
    if deliver is not None:
        delivered = partial(_delivered, deliver)
        return lake_publish.publish(changes, at=at, note=note, last=delivered, within=within, trace=trace)
    stale = dict(_stale())
    return lake_publish.publish(
        chain(_whole(stale), changes),
        at=at,
        note=note,
        versions={source.name: version for source, version in stale.items()},
        within=within,
        trace=trace,
    )


def _delivered(deliver: Callable[[], None]) -> tuple[Iterable[Change], Mapping[str, int]]:
    deliver()
    stale = dict(_stale())
    return _whole(stale), {source.name: version for source, version in stale.items()}


def publish_waiting(at: datetime) -> None:
    """What the worker does every few seconds: the rooms' tables, the outbox, metrics that are new."""
    if stale := dict(_stale()):
        publish([], at=at, note=", ".join(source.name for source in stale))
    outbox.drain(at=at)
    maintenance.rebuild(at=at)


def _stale() -> Iterator[tuple[LakeSource, int]]:
    """Sources that the last snapshot does not know as they are, with their version; before the first one all of them."""
    base = latest()
    for source in sources():
        version = source.version()
        if base is None or base.versions.get(source.name, 0) != version:
            yield source, version


def _whole(stale: Iterable[LakeSource]) -> Iterator[Change]:
    return (Change(name, table, whole=True) for source in stale for name, table in source.tables().items())
