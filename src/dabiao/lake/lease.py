"""One publisher at a time, with a token that proves it at the last step (a fencing token).

Martin Kleppmann, "How to do distributed locking" (2016): a lease alone does not stop a holder that slept
through its own expiry; the write that counts has to check the token.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from dabiao.lake.models import Lease

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

    def confirm(self) -> None:
        """Raise LeaseLost unless the token is still ours; locks the row until the transaction ends."""
        row = Lease.objects.select_for_update().filter(name=self.name).first()
        if row is None or row.token != self.token:
            raise LeaseLost(f"{self.name}: another process has taken over")

    def renew(self) -> None:
        Lease.objects.filter(name=self.name, token=self.token).update(expires_at=timezone.now() + LASTS)


@contextmanager
def held(name: str, *, wait: timedelta = timedelta(minutes=15)) -> Iterator[Held]:
    """Hold the lease `name`; waits for another holder to finish or expire, then raises LeaseBusy."""
    mine = _acquire(name, wait)
    stop = threading.Event()
    renewal = threading.Thread(target=_keep, args=(mine, stop), daemon=True)
    renewal.start()
    try:
        yield mine
    finally:
        stop.set()
        renewal.join()
        Lease.objects.filter(name=name, token=mine.token).delete()


def _acquire(name: str, wait: timedelta) -> Held:
    give_up = time.monotonic() + wait.total_seconds()
    while True:
        mine = Held(name, uuid.uuid4().hex)
        if _take(mine):
            return mine
        if time.monotonic() > give_up:
            raise LeaseBusy(f"{name}: another process is at it; try again later")
        time.sleep(0.05)


@transaction.atomic
def _take(mine: Held) -> bool:
    now = timezone.now()
    Lease.objects.filter(name=mine.name, expires_at__lt=now).delete()
    _, created = Lease.objects.get_or_create(
        name=mine.name, defaults={"token": mine.token, "expires_at": now + LASTS}
    )
    return created


def _keep(mine: Held, stop: threading.Event) -> None:
    """Renew three times a life, on a connection of this thread's own."""
    while not stop.wait(LASTS.total_seconds() / 3):
        mine.renew()
        connection.close()
