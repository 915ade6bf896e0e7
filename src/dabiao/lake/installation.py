"""One database and one lake belong together; neither is ever used with another.

Both carry the installation's id, and the lake remembers the last publication. An empty database over a full lake, an
old one over a newer lake, a copy beside its original: each would write the lake anew from what it knows, and the next
clean-up would delete the rest. So every start, every writer and every first look proves that they belong together.
"""

import uuid
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.lake import journal
from dabiao.lake.models import Installation, Snapshot
from dabiao.lake.snapshot import latest


class WrongLake(Exception):
    """The database and the lake do not belong together; the message says how to bring the other along."""


@dataclass(frozen=True)
class _Seen:
    """What either side says. The lake is asked first: a publication meanwhile must not look like another's."""

    remembered: journal.Entry | None
    marker: str | None
    tables: bool
    known: str | None
    newest: Snapshot | None


def prove() -> None:
    """Nothing if they belong together. Raises WrongLake."""
    if (wrong := _mismatch(_look())) is not None:
        raise WrongLake(wrong)


def claim() -> None:
    """The same, and an installation that is new gets its id: the lake first, so that no database is left alone with one."""
    seen = _look()
    if (wrong := _mismatch(seen)) is not None:
        raise WrongLake(wrong)
    if seen.known is None or seen.marker is None:
        name = seen.known or seen.marker or uuid.uuid4().hex
        journal.own(name)
        Installation.objects.get_or_create(pk=1, defaults={"key": name, "since": timezone.now()})
    if seen.newest is not None and (seen.remembered is None or seen.remembered.number < seen.newest.number):
        _remember(after=seen.remembered.number if seen.remembered else 0)


def begin_anew() -> None:
    """What was restored is another installation than the one it was copied from, and its lake says so."""
    name = uuid.uuid4().hex
    journal.own(name)
    journal.forget(keep=())
    Installation.objects.update_or_create(pk=1, defaults={"key": name, "since": timezone.now()})
    _remember(after=0)


def mark_again() -> bool:
    """Write the lake's mark anew where nothing but the mark is lost; whether it was."""
    seen = _look()
    if seen.known is None or not _is_only_unmarked(seen):
        return False
    journal.own(seen.known)
    return True


def _is_only_unmarked(seen: _Seen) -> bool:
    """Whether the mark is gone or unreadable, and the last publication that the lake remembers is this database's."""
    if seen.marker or seen.known is None or seen.remembered is None:
        return False
    return _token(seen.remembered) == seen.remembered.token


def _token(entry: journal.Entry) -> str | None:
    """Who made the publication of that number, as the database knows it; None where it knows none."""
    return Snapshot.objects.filter(pk=entry.number).values_list("token", flat=True).first()


def is_taken() -> bool:
    """Whether the folder holds a lake that has been published to: no place for a new database."""
    return journal.newest() is not None or journal.has_tables()


def refuse_new_database() -> None:
    """For who is about to make a new database. Raises WrongLake over a lake that has been published to."""
    if is_taken():
        raise WrongLake(_lost_database())


def _look() -> _Seen:
    remembered, marker, tables = journal.newest(), journal.owner(), journal.has_tables()
    known = Installation.objects.values_list("key", flat=True).first()
    return _Seen(remembered, marker, tables, known, latest())


def _mismatch(seen: _Seen) -> str | None:
    """What is wrong, in words; None if nothing is."""
    published = seen.newest is not None and bool(seen.newest.tables)
    if seen.newest is None and seen.known is None and (seen.remembered or seen.tables):
        return _lost_database()
    if seen.newest is not None and published and not seen.tables:
        return _lost_lake(seen.newest)
    if seen.known is None:
        # A program without ids has left none on either side: the database that names what is there claims it, once.
        # Killed meanwhile, it has told the lake alone, which then remembers nothing yet.
        return _other() if published and seen.marker is not None and seen.remembered is not None else None
    if seen.marker != seen.known and (seen.marker is not None or seen.tables):
        return _lost_mark() if _is_only_unmarked(seen) else _other()
    return _behind(seen)


def _behind(seen: _Seen) -> str | None:
    """Whether the lake remembers a publication that this database has not made."""
    if seen.remembered is None:
        return None
    newest = seen.newest.number if seen.newest else 0
    same = _token(seen.remembered)
    if seen.remembered.number > newest or (same is not None and same != seen.remembered.token):
        return _(
            "The lake holds version v%(lake)s, which this database (v%(database)s) has not made: the "
            "database is older than the lake, or another one publishes here. Point DATABASE_URL to the database that "
            "made it; if that is lost, `dabiao recover` brings this one along as far as the lake knows."
        ) % {"lake": seen.remembered.number, "database": newest}
    return None


def _lost_database() -> str:
    return _(
        "The database is new, but DABIAO_HOME holds the lake of another one; nothing was changed. Point DATABASE_URL "
        "(or DABIAO_HOME) to the database that made it, or restore a backup into an empty folder. If the database is "
        "lost, `dabiao recover` makes it anew as far as the lake knows: facts, units, seats, targets in force."
    )


def _lost_lake(newest: Snapshot) -> str:
    return _(
        "The database has published v%(number)s, but DABIAO_HOME holds nothing of it; nothing was changed. Set "
        "DABIAO_HOME to the data folder that belongs to this database, or restore a backup of both."
    ) % {"number": newest.number}


def _lost_mark() -> str:
    return _(
        "The lake's mark (lake/.dabiao/installation.json) is missing or damaged; nothing was changed. All else says that "
        "it is this database's lake: `dabiao recover` writes the mark anew."
    )


def _other() -> str:
    return _(
        "The database and the lake in DABIAO_HOME belong to two installations; nothing was changed. Set DATABASE_URL "
        "and DABIAO_HOME to two that belong together; a copy is made with `dabiao backup` and `dabiao restore`."
    )


def _remember(*, after: int) -> None:
    """What a program without a journal published, or one that died just before it wrote there."""
    for snapshot in Snapshot.objects.filter(number__gt=after).order_by("number"):
        journal.keep(snapshot)
