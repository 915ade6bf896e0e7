"""Entries by hand put right or taken back by whoever made them: the old value stays in the audit line."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import NotFound
from dabiao.engine.needs import DEPTH, FLAGS
from dabiao.facts import queries
from dabiao.facts.actions.customers import Activity
from dabiao.facts.actions.entry import NotYours, is_too_old, may_file, row_of
from dabiao.facts.queries import HandEntry
from dabiao.lake import outbox
from dabiao.lake.models import Pending
from dabiao.org.access import Can, User, may

_BOOKKEEPING: Final = frozenset({"source", "key", "batch"})


def may_touch(entry: HandEntry, *, by: User, on: date) -> bool:
    """Whether somebody may correct an entry or take it back: their own; and what others have filed, those who may file
    for others, but not about themselves. Days that are too old to be filed are closed."""
    if is_too_old(entry.day, on):
        return False
    own = by.person.key if by.person is not None else None
    if entry.author in {own, by.username}:
        return may(by, Can.WRITE)
    return entry.person != own and may(by, Can.WRITE_FOR_OTHERS)


def entry_of(table: str, key: str, *, by: User, on: date) -> HandEntry:
    """An entry that somebody may change. Raises NotFound, also for one that is there and not theirs."""
    entry = queries.hand_entry(table, key)
    if entry is None or not may_touch(entry, by=by, on=on) or not _is_seen(entry, by, on):
        raise NotFound(_("That entry is not there any more, or it is not yours to change."))
    return entry


@action("facts.entry.corrected")
def correct_activity(key: str, activity: Activity, *, by: User, at: datetime, on: date) -> None:
    """Say an activity anew. Raises NotFound, NotYours, Malformed, UnknownCustomer."""
    entry = entry_of("activities", key, by=by, on=on)
    may_file(entry.person, by, activity.started_at.date(), on)
    stood = str(entry.detail.get("opportunity") or "")
    said = row_of(entry.person, activity, by=by, on=on, opportunity=stood, depth=_only_depth(entry))
    _put(entry, said, by=by, at=at, on=on)


def _only_depth(entry: HandEntry) -> int | None:
    """How deep the needs went, of an entry that does not say which they were."""
    depth = entry.detail.get(DEPTH)
    return depth if isinstance(depth, int) and not any(name in entry.detail for name in FLAGS) else None


@action("facts.entry.corrected")
def correct_figure(key: str, value: Decimal, *, by: User, at: datetime, on: date) -> None:
    """Say one of a day's figures anew. Raises NotFound."""
    entry = entry_of("daily_figures", key, by=by, on=on)
    _put(entry, {"value": str(value)}, by=by, at=at, on=on)


@action("facts.entry.taken_back")
def take_back(table: str, key: str, *, by: User, at: datetime, on: date) -> None:
    """Remove an entry, waiting or published. Raises NotFound."""
    entry = entry_of(table, key, by=by, on=on)
    holder = may_file(entry.person, by, entry.day, on)
    Pending.objects.filter(table=table, source=queries.HAND, key=key).delete()
    outbox.remove(table, [(queries.HAND, key)], by=by.username, at=at)
    tell(holder, {"table": table, "key": key, "before": _told(entry.detail)})


def _put(entry: HandEntry, said: Mapping[str, object], *, by: User, at: datetime, on: date) -> None:
    """The row with what is said of it now; where that is what it says already, nothing is done."""
    holder = may_file(entry.person, by, entry.day, on)
    before, after = _told(entry.detail), _told({**entry.detail, **said})
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not changed:
        return
    row = {"source": queries.HAND, "key": entry.key, **after}
    outbox.put(entry.table, [row], by=by.username, at=at)
    told = {
        when: {name: told.get(name) for name in changed}
        for when, told in (("before", before), ("after", after))
    }
    tell(holder, {"table": entry.table, "key": entry.key, **told})


def _is_seen(entry: HandEntry, by: User, on: date) -> bool:
    """Whether the day is one that `by` may file for the person: who has moved away since is seen no more."""
    try:
        may_file(entry.person, by, entry.day, on)
    except NotYours:
        return False
    return True


def _told(row: Mapping[str, object]) -> dict[str, object]:
    """What a row says, the same whether it waits or has been published, as JSON can hold it."""
    return {
        name: _plain(value) for name, value in row.items() if value is not None and name not in _BOOKKEEPING
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if isinstance(value, bool | int | str) else str(value)
