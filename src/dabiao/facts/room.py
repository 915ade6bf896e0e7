"""What facts bring to the house: the door through which everything comes in."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dabiao.core.room import Command, Entry, Notice, Periodic, Room
from dabiao.org.can import Can

if TYPE_CHECKING:
    from dabiao.org.access import User

_MOST_NOTICES: Final = 8
_RECENT: Final = timedelta(days=7)
_LOOK_EVERY: Final = 30.0
_TIDY_EVERY: Final = 600.0


def _names(kind: str, keys: Collection[str]) -> Mapping[str, str]:
    from dabiao.facts import queries

    return queries.labels(kind, keys)


def _notices(viewer: "User", at: datetime) -> Iterator[Notice]:
    """The viewer's own imports that have ended lately; those who do not import have none."""
    from dabiao.facts import queries
    from dabiao.org.access import may

    if not may(viewer, Can.OPERATE):
        return
    own = (batch for batch in queries.batches(50) if batch.by_id == viewer.pk and at - batch.at < _RECENT)
    ended = (batch for batch in own if batch.state in {"done", "failed"})
    for batch in islice(ended, _MOST_NOTICES):
        yield Notice(
            _said(batch.path, done=batch.state == "done", loaded=batch.loaded, rejected=batch.rejected),
            reverse("facts:import", args=[batch.key]),
            "red" if batch.state == "failed" else "amber" if batch.rejected else "green",
            batch.finished_at or batch.at,
        )


def _said(path: str, *, done: bool, loaded: int, rejected: int) -> str:
    name = path.rsplit("/", 1)[-1]
    if not done:
        return gettext("{file} was not imported").format(file=name)
    if rejected:
        return gettext("{file}: {loaded} rows loaded, {rejected} to mend").format(
            file=name, loaded=loaded, rejected=rejected
        )
    return gettext("{file}: {loaded} rows loaded").format(file=name, loaded=loaded)


def _forget(at: datetime) -> None:
    from dabiao.facts.actions import forget_files

    forget_files(at=at)


def _close_interrupted(at: datetime) -> None:
    from dabiao.facts.actions import close_interrupted

    close_interrupted(at=at)


ROOM = Room(
    key="facts",
    label=_("Data and import"),
    urls="dabiao.facts.urls",
    at="facts/",
    api="dabiao.facts.api",
    rail=(
        Entry("facts:today", _("File the day"), "pencil-check", "do", Can.WRITE, under=("facts:entry",)),
        Entry(
            "facts:imports",
            _("Data and import"),
            "database-import",
            "data",
            Can.OPERATE,
            under=("facts:import", "facts:upload", "facts:start"),
            order=-1,  # fed every day; people and units change now and then
        ),
    ),
    audit={
        "facts.activity.filed": _("Activity filed"),
        "facts.connector.removed": _("Connector removed"),
        "facts.connector.saved": _("Connector saved"),
        "facts.entry.corrected": _("Entry corrected"),
        "facts.entry.taken_back": _("Entry taken back"),
        "facts.figures.filed": _("Daily figures filed"),
        "facts.import.answered": _("Questions about files answered"),
        "facts.import.discarded": _("Import discarded"),
        "facts.import.expired": _("Import forgotten after its time"),
        "facts.import.interrupted": _("Interrupted import closed"),
        "facts.import.mapped": _("Mapping of an import confirmed"),
        "facts.import.started": _("Import started"),
        "facts.import.undone": _("Import taken back"),
        "facts.import.uploaded": _("Files uploaded"),
        "facts.imported": _("Facts imported"),
        "facts.removed": _("Facts removed through the API"),
        "facts.upserted": _("Facts written through the API"),
    },
    names=_names,
    notices=_notices,
    commands={
        "import": Command("dabiao.facts.commands:import_", "Load files or a query, as a mapping file says."),
        "undo": Command("dabiao.facts.commands:undo", "Take an import back; what others loaded since stays."),
        "propose": Command(
            "dabiao.facts.commands:propose", "Print a mapping proposed from the headers of files."
        ),
    },
    periodics=(
        Periodic("old files", _TIDY_EVERY, _forget),
        Periodic("interrupted imports", _LOOK_EVERY, _close_interrupted),
    ),
)
