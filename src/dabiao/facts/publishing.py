"""Publishing from the rooms: facts, and with them the organisation whenever it has changed."""

from collections.abc import Callable, Iterable
from datetime import datetime

from dabiao.lake import maintenance, outbox
from dabiao.lake import publish as lake_publish
from dabiao.lake.change import Change
from dabiao.lake.snapshot import latest
from dabiao.org.seats import org_tables
from dabiao.org.tree import org_version

ORG = "org"


def publish(
    changes: Iterable[Change],
    *,
    at: datetime,
    note: str,
    within: Callable[[int], None] = lambda number: None,
    trace: lake_publish.Trace = lambda step: None,
) -> lake_publish.Published:
    """Publish changes together with the organisation as it is now; see `lake.publish.publish`."""
    base = latest()
    if base is not None and base.versions.get(ORG) == org_version():
        return lake_publish.publish(changes, at=at, note=note, within=within, trace=trace)
    org = org_tables()
    places = [Change(name, table, whole=True) for name, table in org.tables.items()]
    return lake_publish.publish(
        [*places, *changes], at=at, note=note, versions={ORG: org.version}, within=within, trace=trace
    )


def publish_waiting(*, at: datetime) -> None:
    """What the worker does every few seconds: the organisation if it has changed, the outbox, new metrics."""
    base = latest()
    if base is None or base.versions.get(ORG) != org_version():
        publish([], at=at, note="organisation")
    outbox.drain(at=at)
    maintenance.rebuild(at=at)
