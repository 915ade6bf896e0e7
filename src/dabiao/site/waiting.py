"""Whether anybody does the work that waits: how many workers live, and since when the oldest thing waits."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Min
from django.utils.translation import gettext as _

from dabiao.core.models import Job
from dabiao.lake import lease, outbox

_NAME: Final = "worker "
_LIVES: Final = timedelta(seconds=20)
"""A worker that has not been heard of for so long is dead."""
LONG: Final = timedelta(seconds=30)
"""What waits longer than this is told: a worker looks every few seconds."""


@dataclass(frozen=True)
class Waiting:
    """Workers that live, and the moment since when the oldest entry or job waits; None when nothing does."""

    workers: int
    since: datetime | None

    def waits_long(self, at: datetime) -> bool:
        """Whether something waits that somebody should have done by now."""
        return self.since is not None and at - self.since > LONG

    def trouble(self, at: datetime) -> str:
        """What is wrong, in words with the mend; empty if nothing is."""
        if self.workers == 0:
            told = _("No worker is running, so nothing that is entered or imported is published.")
        elif self.waits_long(at):
            told = _("The workers do not keep up, or one of them hangs.")
        else:
            return ""
        if self.since is not None and self.waits_long(at):
            minutes = int((at - self.since).total_seconds() // 60)
            told += " " + _("The oldest entry has been waiting for %(minutes)s min.") % {"minutes": minutes}
        return (
            told + " " + _("`dabiao serve` runs one; `dabiao worker` is one more. Its log says why it ended.")
        )


def waiting(at: datetime) -> Waiting:
    """How it stands now."""
    jobs = Job.objects.filter(status=Job.Status.WAITING, run_after__lte=at).aggregate(since=Min("run_after"))
    entries = outbox.waiting().aggregate(since=Min("at"))
    moments = [each["since"] for each in (jobs, entries) if each["since"] is not None]
    return Waiting(len(lease.holders(_NAME)), min(moments, default=None))


@contextmanager
def alive() -> Iterator[None]:
    """Let it be known that this process is a worker, for as long as it lives."""
    lease.forget_expired(_NAME)
    with lease.held(f"{_NAME}{socket.gethostname()[:20]} {os.getpid()}", lasts=_LIVES):
        yield
