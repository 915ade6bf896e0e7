"""One publisher at a time, with a token that proves it at the last step (a fencing token).

Martin Kleppmann, "How to do distributed locking" (2016): a lease alone does not stop a holder that slept
through its own expiry; the write that counts has to check the token.

Moments are the database's, so that machines whose clocks differ agree; one that stands still is over whatever it says.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from dabiao.lake.models import Lease
from dabiao.lake.watched import Watched

log = logging.getLogger(__name__)

LASTS = timedelta(seconds=60)


class LeaseLost(Exception):
    """Somebody else took over: what was prepared must not be published."""


class LeaseBusy(Exception):
    """Somebody else holds it and did not let go in time."""


@dataclass(frozen=True)
class Held:
    """Proof of holding. `confirm` must run inside the transaction that makes the work visible."""

    name: str
    token: str
    lasts: timedelta = LASTS

    def confirm(self) -> None:
        """Raise LeaseLost unless the token is still ours; locks the row until the transaction ends."""
        row = Lease.objects.select_for_update().filter(name=self.name).first()
        if row is None or row.token != self.token:
            raise LeaseLost(f"{self.name}: another process has taken over")

    def renew(self) -> None:
        Lease.objects.filter(name=self.name, token=self.token).update(expires_at=_now() + self.lasts)


@contextmanager
def held(name: str, *, wait: timedelta = timedelta(minutes=15), lasts: timedelta = LASTS) -> Iterator[Held]:
    """Hold the lease `name`; waits for another holder to finish or expire, then raises LeaseBusy.

    lasts: for how long a holder that died keeps it.
    """
    mine = _acquire(name, wait, lasts)
    stop = threading.Event()
    renewal = threading.Thread(target=_keep, args=(mine, stop), daemon=True)
    renewal.start()
    try:
        yield mine
    finally:
        stop.set()
        renewal.join()
        Lease.objects.filter(name=name, token=mine.token).delete()


def is_held(name: str) -> bool:
    """Whether somebody holds it now."""
    return name in holders(name)


def holders(beginning: str) -> list[str]:
    """The leases with such a name that are held now. One that claims to last longer than any can is no proof."""
    now = _now()
    live = Lease.objects.filter(name__startswith=beginning, expires_at__gte=now, expires_at__lte=now + LASTS)
    return list(live.values_list("name", flat=True))


def forget_expired(beginning: str) -> None:
    """Drop what dead holders of such names left."""
    Lease.objects.filter(name__startswith=beginning, expires_at__lt=_now()).delete()


def _acquire(name: str, wait: timedelta, lasts: timedelta) -> Held:
    give_up = time.monotonic() + wait.total_seconds()
    seen = Watched()
    while True:
        mine = Held(name, uuid.uuid4().hex, lasts)
        if _take(mine, seen):
            return mine
        if time.monotonic() > give_up:
            raise LeaseBusy(f"{name}: another process is at it; try again later")
        time.sleep(0.05)


@transaction.atomic
def _take(mine: Held, seen: Watched) -> bool:
    now = _now()
    Lease.objects.filter(name=mine.name, expires_at__lt=now).delete()
    other = Lease.objects.filter(name=mine.name).first()
    if other and seen.stands_still(mine.name, (other.token, other.expires_at), lasts=mine.lasts):
        Lease.objects.filter(name=mine.name, token=other.token, expires_at=other.expires_at).delete()
    _, created = Lease.objects.get_or_create(
        name=mine.name, defaults={"token": mine.token, "expires_at": now + mine.lasts}
    )
    return created


def _keep(mine: Held, stop: threading.Event) -> None:
    """Renew three times a life, on a connection of this thread's own."""
    while not stop.wait(mine.lasts.total_seconds() / 3):
        try:
            mine.renew()
        except DatabaseError:  # another writer is long at it: the next time will do
            log.warning("the lease %s could not be renewed", mine.name)
        connection.close()


def _now() -> datetime:
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
