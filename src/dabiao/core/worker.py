"""The worker's loop: periodic work of the caller's choosing, schedules, jobs."""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import close_old_connections
from django.utils import timezone

from dabiao.core import jobs
from dabiao.core.models import Job
from dabiao.core.room import Periodic

log = logging.getLogger(__name__)

IDLE: Final = 0.5
KEPT: Final = timedelta(days=30)


def run_worker(
    stop: threading.Event, *, periodics: Sequence[Periodic] = (), until_idle: bool = False
) -> None:
    """Work until `stop` is set (a running job is finished first). `until_idle` returns once nothing waits.

    Periodic work runs on a thread of its own, so that a long job does not hold it up.
    """
    side = threading.Thread(
        target=_keep_time, args=(stop, (*HOUSEKEEPING, *periodics)), name="periodics", daemon=True
    )
    if not until_idle:
        side.start()
    while not stop.is_set():
        close_old_connections()
        job = _next_job()
        if job is not None:
            jobs.run(job, at=timezone.now())
        elif until_idle:
            return
        else:
            stop.wait(IDLE)
    if side.is_alive():
        side.join(timeout=30)


def _next_job() -> Job | None:
    """A database that is away for a moment is no reason to die."""
    try:
        return jobs.claim(timezone.now())
    except Exception:
        log.exception("could not ask for the next job")
        return None


def _keep_time(stop: threading.Event, periodics: Sequence[Periodic]) -> None:
    due = dict.fromkeys(range(len(periodics)), 0.0)
    while not stop.is_set():
        for index, periodic in enumerate(periodics):
            if time.monotonic() >= due[index]:
                _run_one(periodic)
                due[index] = time.monotonic() + periodic.every
        stop.wait(max(0.05, min(due.values()) - time.monotonic()))
    close_old_connections()


def _run_one(periodic: Periodic) -> None:
    close_old_connections()
    try:
        periodic.run(timezone.now())
    except Exception:
        log.exception("periodic work %s failed", periodic.name)


def _forget_old_jobs(at: datetime) -> None:
    jobs.forget_old(at - KEPT)


HOUSEKEEPING = (
    Periodic("schedules", 5.0, jobs.enqueue_due),
    Periodic("old jobs", 3600.0, _forget_old_jobs),
)
