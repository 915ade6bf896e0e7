"""Work that outlives a request: asked for once, leased by one worker, tried again, shown as it goes.

A task is a function of some room's `tasks.py`, `task(work: Work, **arguments) -> JSON`; a job is one call of
it, kept as a row. Claiming is one conditional UPDATE, so it is the same on SQLite and PostgreSQL. Jobs run in
the worker's own process: nothing is forked (deltalake panics after a fork); more workers are more processes.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from traceback import format_exception
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from dabiao.core.errors import NotFound, Refused
from dabiao.core.models import Job, Schedule
from dabiao.lake.watched import Watched

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=60)
HEARTBEAT: Final = 15.0
PROGRESS_EVERY: Final = 1.0
RETRY_AFTER: Final = timedelta(seconds=20)
"""Wait before the second attempt; doubled for each one after."""

_watched = Watched()

Json = Mapping[str, object] | None
Task = Callable[..., Json]


class LeaseLost(Exception):
    """Another worker has taken this job over; what this one does no longer counts."""


class NotATask(ValueError):
    """Only functions of a room's `tasks` module can be jobs."""


@dataclass
class Work:
    """A running job, as its task sees it: when it began, and how to say how far it is."""

    job: Job
    at: datetime
    _told: float = field(default=0.0, repr=False)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far it is; written at most once a second and always when `done == total`.

        Raises LeaseLost when another worker has taken over, so that a lost task stops by itself.
        """
        now = time.monotonic()
        if now - self._told < PROGRESS_EVERY and done != total:
            return
        self._told = now
        _held(self.job, progress_done=done, progress_total=total, progress_note=note[:200])


def enqueue(
    task: Task | str,
    arguments: Mapping[str, object] | None = None,
    *,
    key: str,
    by: "AbstractBaseUser | None",
    at: datetime,
    run_after: datetime | None = None,
    attempts: int = 3,
) -> Job:
    """Ask for a job; the same `key` gives back the job already asked for. Part of the caller's transaction."""
    job, _ = Job.objects.get_or_create(
        key=key,
        defaults={
            "task": task if isinstance(task, str) else path_of(task),
            "arguments": dict(arguments or {}),
            "by_id": by.pk if by is not None else None,
            "attempts_allowed": attempts,
            "created_at": at,
            "run_after": run_after or at,
        },
    )
    return job


def path_of(task: Task) -> str:
    """The dotted name under which a worker finds the task again."""
    path = f"{task.__module__}.{task.__qualname__}"
    if not _is_task(path):
        raise NotATask(f"{path} is not a top-level function of dabiao.<room>.tasks")
    return path


def again(job_id: int, *, at: datetime) -> Job:
    """Let a failed job run once more."""
    changed = Job.objects.filter(pk=job_id, status=Job.Status.FAILED).update(
        status=Job.Status.WAITING, attempts=0, run_after=at, error="", finished_at=None
    )
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    if not changed:
        raise Refused(f"The job is {job.get_status_display().lower()}; only a failed one can be run again.")
    return job


def schedule(
    name: str, task: Task, *, every: timedelta, at: datetime, arguments: Mapping[str, object] | None = None
) -> None:
    """Make or mend a schedule; when it first falls due is kept."""
    values = {"task": path_of(task), "every": int(every.total_seconds()), "arguments": dict(arguments or {})}
    Schedule.objects.update_or_create(name=name, defaults=values, create_defaults={**values, "next_at": at})


def enqueue_due(at: datetime) -> int:
    """Turn schedules that are due into jobs, once per due moment whoever asks; missed moments become one."""
    due = Schedule.objects.filter(paused=False, next_at__lte=at).order_by("next_at", "pk")
    for row in due:
        missed = int((at - row.next_at).total_seconds()) // row.every
        with transaction.atomic():
            moved = Schedule.objects.filter(pk=row.pk, next_at=row.next_at).update(
                next_at=row.next_at + timedelta(seconds=row.every * (missed + 1))
            )
            if moved:
                key = f"schedule:{row.name}:{row.next_at.isoformat()}"
                enqueue(row.task, row.arguments, key=key, by=None, at=at)
    return len(due)


def claim(at: datetime) -> Job | None:
    """Lease the next job to run, or one whose worker went silent. None when there is nothing to do."""
    free = Q(status=Job.Status.WAITING, run_after__lte=at)
    silent = Q(status=Job.Status.RUNNING, lease_until__lt=at) | Q(pk__in=_left_by_a_clock_ahead(at))
    while job := Job.objects.filter(free | silent).order_by("run_after", "pk").first():
        if job.attempts >= job.attempts_allowed:
            _close(job, at, error=job.error or "The worker died while running this job.")
            continue
        lease = secrets.token_hex(16)
        taken = Job.objects.filter(
            pk=job.pk, attempts=job.attempts, lease=job.lease, status=job.status
        ).update(
            status=Job.Status.RUNNING,
            lease=lease,
            lease_until=at + LEASE,
            started_at=at,
            attempts=F("attempts") + 1,
            progress_done=0,
        )
        if taken:
            return Job.objects.get(pk=job.pk)
    return None


def _left_by_a_clock_ahead(at: datetime) -> list[int]:
    """Running jobs whose lease ends later than any given now could, and that nobody has extended for a lease's time."""
    ahead = Job.objects.filter(status=Job.Status.RUNNING, lease_until__gt=at + LEASE)
    return [
        pk
        for pk, lease, until in ahead.values_list("pk", "lease", "lease_until")
        if _watched.stands_still(pk, (lease, until), lasts=LEASE)
    ]


def run(job: Job, *, at: datetime) -> None:
    """Run a claimed job to its end. A Refused is final; any other error is tried again, later each time."""
    stop = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(job, stop), name=f"heartbeat {job.pk}", daemon=True)
    beat.start()
    try:
        result = task(job.task)(Work(job, at), **job.arguments)
    except LeaseLost:
        log.warning("job %s was taken over by another worker", job.pk)
    except Refused as refusal:
        _close(job, timezone.now(), error=str(refusal))
    except Exception as error:
        log.exception("job %s failed", job.pk)
        _fail(job, error, timezone.now())
    else:
        with suppress(LeaseLost):
            _held(job, status=Job.Status.DONE, result=result, finished_at=timezone.now(), error="")
    finally:
        stop.set()
        beat.join()


def run_waiting(at: datetime) -> int:
    """Run everything that is due in this process, for commands and tests. Returns how many jobs ran."""
    ran = 0
    while job := claim(at):
        run(job, at=at)
        ran += 1
    return ran


def others_wait(job: Job, *, at: datetime) -> bool:
    """Whether another job could run now: what nobody waits for gives way to it."""
    return Job.objects.filter(status=Job.Status.WAITING, run_after__lte=at).exclude(pk=job.pk).exists()


def recent(task: Task, *, since: datetime) -> bool:
    """Whether a job of this task has been asked for since then, or one is still to be done."""
    asked = Job.objects.filter(task=path_of(task))
    unfinished = Q(status__in=[Job.Status.WAITING, Job.Status.RUNNING])
    return asked.filter(unfinished | Q(created_at__gt=since)).exists()


def forget_old(before: datetime) -> int:
    """Remove jobs that ended before a moment; their audit lines stay."""
    removed, _ = Job.objects.filter(
        status__in=[Job.Status.DONE, Job.Status.FAILED], finished_at__lt=before
    ).delete()
    return removed


def task(path: str) -> Task:
    """The task of a name like `dabiao.room.tasks.function`. Raises NotATask."""
    if not _is_task(path):
        raise NotATask(path)
    function: Task = import_string(path)
    return function


def _is_task(path: str) -> bool:
    parts = path.split(".")
    return parts[0] == "dabiao" and len(parts) >= 4 and "tasks" in parts[2:-1] and parts[-1].isidentifier()


def _held(job: Job, **values: object) -> None:
    """Change the job's row while the lease is ours."""
    changed = Job.objects.filter(pk=job.pk, lease=job.lease, status=Job.Status.RUNNING).update(**values)
    if not changed:
        raise LeaseLost(job.pk)


def _close(job: Job, at: datetime, *, error: str) -> None:
    Job.objects.filter(pk=job.pk, lease=job.lease).update(
        status=Job.Status.FAILED, finished_at=at, error=error
    )


def _fail(job: Job, error: Exception, at: datetime) -> None:
    text = "".join(format_exception(error))[-8000:]
    if job.attempts >= job.attempts_allowed:
        _close(job, at, error=text)
        return
    wait = RETRY_AFTER * 2 ** (job.attempts - 1)
    Job.objects.filter(pk=job.pk, lease=job.lease).update(
        status=Job.Status.WAITING, run_after=at + wait, error=text, lease="", lease_until=None
    )


def _heartbeat(job: Job, stop: threading.Event) -> None:
    """Extend the lease while the task runs, on a connection of this thread's own."""
    try:
        while not stop.wait(HEARTBEAT):
            try:
                _held(job, lease_until=timezone.now() + LEASE)
            except LeaseLost:
                return
            except DatabaseError:
                log.warning("heartbeat of job %s failed", job.pk, exc_info=True)
                close_old_connections()
    finally:
        connection.close()
