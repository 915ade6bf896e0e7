"""Keep the lake small and quick: merge small files, drop versions that nobody names, keep what is pinned."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import TruncDate

from dabiao.lake import home, installation, journal, lease, serving, snapshot, writing
from dabiao.lake.dictionary import BadDictionary
from dabiao.lake.models import Pin, Snapshot
from dabiao.lake.snapshot import Contents
from dabiao.lake.store import Store

_KEPT = 100
_KEPT_DAYS = 800
_SERVING_FILES = 3


def pin(number: int, *, reason: str) -> None:
    """Keep a snapshot readable for good."""
    Pin.objects.get_or_create(snapshot_id=number, reason=reason)


def clean(*, keep: int, days: int = 0) -> int:
    """Forget snapshots; returns how many files went.

    Kept are the newest `keep`, the last one of each of the newest `days` days that have any, and the pinned.
    Of the roll-ups only the newest few files: an older snapshot is read from its facts.
    """
    with lease.held("publish"):
        installation.claim()
        newest = list(Snapshot.objects.order_by("-number")[: max(keep, 1)])
        wanted = {each.number for each in newest} | _last_of_days(days)
        with transaction.atomic():
            Snapshot.objects.exclude(number__in=wanted).filter(pins__isnull=True).delete()
        kept = list(Snapshot.objects.all())
        journal.forget(keep=(each.number for each in kept))
        serving.forget(keep={each.serving for each in newest[:_SERVING_FILES]})
        return sum(_vacuum(Store(home.lake()), table, kept) for table in _named(kept))


def _last_of_days(days: int) -> set[int]:
    if not days:
        return set()
    by_day = (
        Snapshot.objects.annotate(day=TruncDate("published_at")).values("day").annotate(last=Max("number"))
    )
    return {row["last"] for row in by_day.order_by("-day")[:days]}


def tidy(*, at: datetime) -> None:
    """What a worker does now and then: follow the metrics, merge small files, forget what nobody will ask for again."""
    with suppress(BadDictionary):
        rebuild(at=at)
    compact(at=at)
    clean(keep=_KEPT, days=_KEPT_DAYS)


def compact(*, at: datetime, files: int = 24) -> int | None:
    """Merge the files of tables that have more than `files`; the new snapshot's number, None if none has."""
    with lease.held("publish") as mine:
        installation.claim()
        base, store = snapshot.latest(), Store(home.lake())
        crowded = [t for t, v in base.tables.items() if len(store.files(t, v)) > files] if base else []
        if base is None or not crowded:
            return None
        tables = dict(base.tables)
        for table in crowded:
            tables[table] = writing.merge_files(store, table, on=tables[table], token=mine.token)
        contents = Contents(tables, base.serving, base.versions)
        return snapshot.point(mine, base, contents, at=at, note="compacted")


def rebuild(*, at: datetime) -> int | None:
    """Make the roll-ups anew where the metrics have changed since; the new snapshot's number, None if not."""
    newest = snapshot.latest()
    if newest is None or serving.is_current(newest.serving):
        return None
    with lease.held("publish") as mine:
        installation.claim()
        base = snapshot.latest()
        if base is None or serving.is_current(base.serving):
            return None
        file = serving.refresh(Store(home.lake()), base.tables, base=None, days={})
        contents = Contents(base.tables, file, base.versions)
        return snapshot.point(mine, base, contents, at=at, note="roll-ups made anew")


def _vacuum(store: Store, table: str, kept: Iterable[Snapshot]) -> int:
    versions = {each.tables[table] for each in kept if table in each.tables}
    return store.vacuum(table, keep=sorted(versions))


def _named(kept: Iterable[Snapshot]) -> list[str]:
    return sorted({table for each in kept for table in each.tables})
