"""Jobs of improvement: why lights are on, worked out before anybody asks."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from dabiao.core import jobs
from dabiao.core.jobs import Json, Work
from dabiao.improvement.queries.unexplained import found_out, unexplained
from dabiao.lake import reading
from dabiao.org.queries import one_tree
from dabiao.performance import actions
from dabiao.performance.actions import Found
from dabiao.performance.queries.reasons import METHOD

LATER: Final = timedelta(seconds=30)
"""What waits goes first; then this goes on."""
AT_ONCE: Final = 25
"""Reasons kept together: pages are drawn anew after each time."""
APART: Final = timedelta(minutes=5)
"""Where something is published every minute, not every snapshot is worth explaining all that it changes."""


def explain_lights(work: Work) -> Json:
    """Keep why each light is on that has no reason yet which still holds; a second run of a snapshot finds none left.

    As soon as another job waits, what has been found out is kept and the rest is put off.
    """
    lake = reading.current()
    made: list[Found] = []
    kept, refused, put_off = 0, 0, False
    with one_tree():
        lights = unexplained(lake, timezone.localdate(work.at))
        for done, light in enumerate(lights, start=1):
            if put_off := jobs.others_wait(work.job, at=timezone.now()):
                break
            found = found_out(light)
            made += [found] if found else []
            refused += found is None
            if len(made) == AT_ONCE:
                kept += _keep(made, lake.number, work)
            work.progress(done, len(lights), light.metric)
    kept += _keep(made, lake.number, work)
    if put_off:
        key = f"{work.job.key}+{work.job.pk}"
        jobs.enqueue(explain_lights, key=key, by=work.job.by, at=work.at, run_after=timezone.now() + LATER)
    return {"reasons": kept, "refused": refused, "put off": put_off}


def _keep(made: list[Found], snapshot: int, work: Work) -> int:
    """Keeps what has been found out, so that it shows, and empties the list."""
    many = len(made)
    if made:
        actions.keep_reasons(made, snapshot, by=work.job.by, at=timezone.now())
    made.clear()
    return many


def ask_for_reasons(at: datetime) -> None:
    """Once a snapshot and day, have a job explain what is lit; the pages show it when it is there."""
    number = reading.current().number
    if number and not jobs.recent(explain_lights, since=at - APART):
        key = f"reasons:{METHOD}:{number}:{timezone.localdate(at)}"
        jobs.enqueue(explain_lights, key=key, by=None, at=at)
