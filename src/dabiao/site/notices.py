"""What has happened meanwhile to what somebody started: imports that ended in the last week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from dabiao.engine.light import Colour
from dabiao.facts import queries as facts
from dabiao.org.models import User

MOST: Final = 8
RECENT: Final = timedelta(days=7)


@dataclass(frozen=True)
class Notice:
    """One line under the bell."""

    text: str
    href: str
    light: Colour
    at: datetime


def notices(viewer: User, at: datetime) -> Sequence[Notice]:
    """The newest first; those who do not import have none."""
    if not viewer.runs_operations:
        return ()
    own = (batch for batch in facts.batches(50) if batch.by_id == viewer.pk and at - batch.at < RECENT)
    ended = (batch for batch in own if batch.state in {"done", "failed"})
    return [
        Notice(
            _text(batch.path, done=batch.state == "done", loaded=batch.loaded, rejected=batch.rejected),
            reverse("facts:import", args=[batch.key]),
            "red" if batch.state == "failed" else "amber" if batch.rejected else "green",
            batch.finished_at or batch.at,
        )
        for batch in islice(ended, MOST)
    ]


def _text(path: str, *, done: bool, loaded: int, rejected: int) -> str:
    name = path.rsplit("/", 1)[-1]
    if not done:
        return _("{file} was not imported").format(file=name)
    if rejected:
        return _("{file}: {loaded} rows loaded, {rejected} to mend").format(
            file=name, loaded=loaded, rejected=rejected
        )
    return _("{file}: {loaded} rows loaded").format(file=name, loaded=loaded)
