"""What has been entered by hand, waiting and published: the last word on each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from dabiao.lake import reading
from dabiao.lake.models import Pending
from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import literal
from dabiao.org.access import User

HAND: Final = "hand"
"""The source of what is entered by hand."""
ENTERED: Final = ("activities", "daily_figures")
"""Tables that take entries by hand."""


@dataclass(frozen=True)
class HandEntry:
    """An entry by hand of one day. `waiting`: not published yet."""

    table: str
    key: str
    person: str
    at: str
    what: str
    detail: Mapping[str, object]
    entered_by: str | None
    waiting: bool

    @property
    def author(self) -> str:
        """Who filed it: the employee number, else the user name."""
        return self.entered_by or self.person

    @property
    def day(self) -> date:
        return date.fromisoformat(self.at[:10])


def entered(lake: Lake, *, viewer: User, people: Iterable[str], day: date) -> list[HandEntry]:
    """What was entered by hand for these people on a day, and all that waits from the viewer; newest first.

    The last word on each counts: what waits to be corrected stands there corrected, what waits to go is gone.
    """
    listed = sorted(set(people))
    last = _last_words(Q(by=viewer.username) | Q(row__person__in=listed) | Q(row__isnull=True))
    said = [(each.by, entry) for each in reversed(last.values()) if (entry := _waiting(each))]
    waiting = [
        entry for by, entry in said if by == viewer.username or (entry.person in listed and entry.day == day)
    ]
    published = [entry for entry in _published(lake, listed, day) if (entry.table, entry.key) not in last]
    return [*waiting, *published]


def hand_entry(table: str, key: str) -> HandEntry | None:
    """An entry by hand as it stands, waiting or published; whose it is, the caller asks."""
    if table not in ENTERED:
        return None
    last = _last_words(Q(table=table, key=key))
    if each := last.get((table, key)):
        return _waiting(each)
    lake = reading.current()  # after what waits: what has been published meanwhile stands here
    if table not in lake.tables:
        return None
    rows = lake.run(f"""SELECT * FROM "{table}" WHERE source = '{HAND}' AND key = {literal(key)}""")
    return next((_entry(table, row, waiting=False) for row in rows.to_pylist()), None)


def _last_words(which: Q) -> dict[tuple[str, str], Pending]:
    """(table, key) → what was said last of what waits, in the order of saying."""
    last: dict[tuple[str, str], Pending] = {}
    for each in Pending.objects.filter(which, source=HAND, table__in=ENTERED).order_by("pk"):
        last.pop((each.table, each.key), None)
        last[each.table, each.key] = each
    return last


def _waiting(each: Pending) -> HandEntry | None:
    return _entry(each.table, each.row, waiting=True) if isinstance(each.row, dict) else None


def _published(lake: Lake, people: list[str], day: date) -> list[HandEntry]:
    entries = []
    for table in ENTERED:
        if table not in lake.tables or not people:
            continue
        on = TABLES[table].on
        listed = ", ".join(f"{literal(key)}" for key in people)
        rows = lake.run(
            f"""SELECT * FROM "{table}" WHERE source = '{HAND}' AND "{on}"::DATE = DATE '{day.isoformat()}'
                AND person IN ({listed}) ORDER BY "{on}" DESC, key"""
        )
        entries += [_entry(table, row, waiting=False) for row in rows.to_pylist()]
    return entries


def _entry(table: str, row: Mapping[str, object], *, waiting: bool) -> HandEntry:
    at = row.get("started_at") if table == "activities" else row.get("on")
    by = row.get("entered_by")
    return HandEntry(
        table=table,
        key=str(row["key"]),
        person=str(row["person"]),
        at=at.strftime("%Y-%m-%d %H:%M") if isinstance(at, datetime) else str(at)[:16],
        what=str(row.get("kind") or row.get("metric")),
        detail={name: value for name, value in row.items() if value is not None},
        entered_by=str(by) if by else None,
        waiting=waiting,
    )
