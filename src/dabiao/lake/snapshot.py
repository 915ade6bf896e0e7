"""The pointer: which snapshot readers use, and how it is moved."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dabiao.lake import durable, home, journal
from dabiao.lake.lease import Held
from dabiao.lake.models import Snapshot

log = logging.getLogger(__name__)


def latest() -> Snapshot | None:
    """The snapshot that readers use now; None before the first publication."""
    return Snapshot.objects.order_by("-number").first()


def latest_tables() -> dict[str, int]:
    """Table → version that readers use now; a table that holds nothing yet is not named."""
    snapshot = latest()
    return dict(snapshot.tables) if snapshot else {}


@dataclass(frozen=True)
class Contents:
    """What a snapshot is of: table → version, the serving file, room → version of what it published."""

    tables: Mapping[str, int]
    serving: str
    versions: Mapping[str, int]


def point(
    mine: Held,
    base: Snapshot | None,
    contents: Contents,
    *,
    at: datetime,
    note: str,
    within: Callable[[int], None] = lambda number: None,
) -> int:
    """Let readers use these contents from now on; returns the number of the snapshot after `base`.

    within: called with that number inside the transaction. Every file must be on the disk by now: after a power cut
    the pointer may name nothing that is not. Raises LeaseLost.
    """
    number = base.number + 1 if base else 1
    durable.sync([home.serving() / contents.serving])
    with transaction.atomic():
        mine.confirm()
        snapshot = Snapshot.objects.create(
            number=number,
            tables=dict(contents.tables),
            serving=contents.serving,
            versions=dict(contents.versions),
            published_at=at,
            note=note[:200],
            token=mine.token,
        )
        within(number)
        transaction.on_commit(lambda: _remember(snapshot), robust=True)
    return number


def _remember(snapshot: Snapshot) -> None:
    """In the lake's journal. The publication is visible by now, and stays so where there is no room for that."""
    try:
        journal.keep(snapshot)
    except OSError as error:
        log.warning(
            "The lake's journal misses v%s: %s. The next publication writes it.",
            snapshot.number,
            error.strerror,
        )
