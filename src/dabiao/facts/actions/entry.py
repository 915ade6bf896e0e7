"""Entries by hand: an activity or the day's figures, for oneself or on behalf of somebody, both names kept."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import Model
from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Forbidden, Malformed, NotFound
from dabiao.core.names import wrong_with_key
from dabiao.lake import dictionary, outbox
from dabiao.lake.models import Pending
from dabiao.org import queries as org
from dabiao.org.access import Can, User, may

SOURCE: Final = "hand"
KINDS: Final = ("visit", "call", "demo", "proposal", "joint_visit")
_OLDEST_DAYS: Final = 62
"""How far back a day may be filed; older days belong to closed periods and come by import."""


class NotYours(Forbidden):
    """Somebody files for a person who is not theirs to file for."""


@dataclass(frozen=True)
class Activity:
    """What happened. `started_at` is what the clock of the business time zone showed."""

    kind: str
    started_at: datetime
    customer: str = ""
    minutes: int | None = None
    with_decision_maker: bool | None = None
    need_stated: bool | None = None
    needs_depth: int | None = None
    opportunity: str = ""


@action("facts.activity.filed")
def file_activity(person: str, activity: Activity, *, by: User, at: datetime, on: date) -> str:
    """Put one activity into the outbox; returns its key. `on` is today. Raises NotYours, Malformed."""
    if activity.kind not in KINDS:
        raise Malformed(_("%(kind)s is no kind of activity.") % {"kind": activity.kind})
    for key in (activity.customer, activity.opportunity):
        if wrong := wrong_with_key(key):
            raise Malformed(str(wrong))
    holder = _may_file(person, by, activity.started_at.date(), on)
    _not_too_old(activity.started_at.date(), on)
    key = secrets.token_hex(8)
    row = {
        "source": SOURCE,
        "key": key,
        "person": person,
        "started_at": activity.started_at.replace(tzinfo=None).isoformat(sep=" "),
        "kind": activity.kind,
        "customer": activity.customer or None,
        "minutes": activity.minutes,
        "with_decision_maker": activity.with_decision_maker,
        "need_stated": activity.need_stated,
        "needs_depth": activity.needs_depth,
        "opportunity": activity.opportunity or None,
        "entered_by": _author(by, person),
    }
    outbox.put("activities", [row], by=by.username, at=at)
    tell(holder, {"key": key, "kind": activity.kind})
    return key


@action("facts.figures.filed")
def file_figures(
    person: str, day: date, figures: Mapping[str, Decimal], *, by: User, at: datetime, on: date
) -> int:
    """The day's figures, one per metric; filing a day again replaces its figures. Raises NotYours, Malformed."""
    holder = _may_file(person, by, day, on)
    _not_too_old(day, on)
    known = dictionary.in_force()
    if strange := sorted(set(figures) - set(known)):
        raise Malformed(_("There is no metric %(metric)s.") % {"metric": strange[0]})
    rows = [
        {
            "source": SOURCE,
            "key": f"{person}|{day.isoformat()}|{metric}",
            "person": person,
            "on": day.isoformat(),
            "metric": metric,
            "value": str(value),
            "entered_by": _author(by, person),
        }
        for metric, value in sorted(figures.items())
    ]
    if not rows:
        raise Malformed(_("Fill in at least one figure."))
    outbox.put("daily_figures", rows, by=by.username, at=at)
    tell(holder, {"day": day.isoformat(), "figures": len(rows)})
    return len(rows)


@action("facts.entry.taken_back")
def take_back(table: str, key: str, *, by: User, at: datetime, on: date) -> None:
    """Remove an entry of one's own that has not been published yet."""
    entry = Pending.objects.filter(
        table=table, source=SOURCE, key=key, by=by.username, row__isnull=False
    ).first()
    if entry is None or not isinstance(entry.row, dict):
        raise NotFound(_("That entry has been published already, or it is not yours."))
    said = entry.row.get("started_at") or entry.row["on"]
    holder = _may_file(str(entry.row["person"]), by, date.fromisoformat(str(said)[:10]), on)
    outbox.remove(table, [(SOURCE, key)], by=by.username, at=at)
    Pending.objects.filter(pk=entry.pk).delete()
    tell(holder, {"table": table, "key": key})


def _may_file(person: str, by: User, day: date, on: date) -> Model:
    """The person, if `by` may file for them: oneself, or who held a seat that day where one sees it. Raises NotYours."""
    holder = org.people_seated(by, day, on).filter(key=person).first()
    own = by.person is not None and by.person.key == person
    if holder is None or not may(by, Can.WRITE if own else Can.WRITE_FOR_OTHERS):
        raise NotYours(_("You can file for yourself and for the people you manage."))
    return holder


def _author(by: User, person: str) -> str | None:
    """Who filed it, when it was somebody else: the employee number, else the user name."""
    own = by.person.key if by.person is not None else by.username
    return None if own == person else own


def _not_too_old(day: date, on: date) -> None:
    if day > on:
        raise Malformed(_("%(day)s has not come yet.") % {"day": day})
    if (on - day).days > _OLDEST_DAYS:
        raise Malformed(
            _("%(day)s is too long ago to be filed by hand; sales operations can import it.") % {"day": day}
        )
