"""Entries by hand: an activity or the day's figures, for oneself or on behalf of somebody, both names kept."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import Model
from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Forbidden, Malformed
from dabiao.core.names import wrong_with_key
from dabiao.engine.needs import DEPTH, FLAGS
from dabiao.facts import queries
from dabiao.facts.actions import customers
from dabiao.facts.actions.customers import Activity
from dabiao.lake import dictionary, outbox, reading
from dabiao.org import queries as org
from dabiao.org.access import Can, User, may

SOURCE: Final = queries.HAND
KINDS: Final = ("visit", "call", "demo", "proposal", "joint_visit")
_ASKS: Final = frozenset({"visit", "demo", "joint_visit"})
"""Kinds in which one asks for needs; of the others nothing is known where nobody says anything."""
_OLDEST_DAYS: Final = 62
"""How far back a day may be filed; older days belong to closed periods and come by import."""


class NotYours(Forbidden):
    """Somebody files for a person who is not theirs to file for."""


@action("facts.activity.filed")
def file_activity(person: str, activity: Activity, *, by: User, at: datetime, on: date) -> str:
    """Put one activity into the outbox; returns its key. `on` is today.

    Raises NotYours, Malformed, UnknownCustomer where the customer is none of the person's and nobody said it is new.
    """
    holder = may_file(person, by, activity.started_at.date(), on)
    key = secrets.token_hex(8)
    said = row_of(person, activity, by=by, on=on)
    outbox.put(
        "activities",
        [{"source": SOURCE, "key": key, "person": person, **said, "entered_by": _author(by, person)}],
        by=by.username,
        at=at,
    )
    new = {"new_customer": said["customer"]} if activity.new_customer else {}
    tell(holder, {"key": key, "kind": activity.kind, **new})
    return key


def row_of(
    person: str, activity: Activity, *, by: User, on: date, opportunity: str = "", depth: int | None = None
) -> dict[str, object]:
    """What an activity says, as the columns of its row; the customer by key. Raises Malformed, UnknownCustomer.

    opportunity: one that stood there before, and so is right even where it has closed since. depth: how deep the needs
    went, where it stood there before without which they were.
    """
    if activity.kind not in KINDS:
        raise Malformed(_("%(kind)s is no kind of activity.") % {"kind": activity.kind})
    for key in (activity.customer, activity.opportunity):
        if wrong := wrong_with_key(key):
            raise Malformed(str(wrong))
    not_too_old(activity.started_at.date(), on)
    if activity.opportunity not in {"", opportunity}:
        _is_open(activity.opportunity, person, by, on)
    return {
        "started_at": activity.started_at.replace(tzinfo=None).isoformat(sep=" "),
        "kind": activity.kind,
        "customer": customers.key_of(activity, person, by=by, on=on),
        "minutes": activity.minutes,
        "with_decision_maker": activity.with_decision_maker,
        "need_stated": activity.need_stated,
        **_needs(activity, depth),
        "opportunity": activity.opportunity or None,
        "note": activity.note or None,
        "next_step": activity.next_step or None,
    }


def _needs(activity: Activity, depth: int | None) -> dict[str, object]:
    """The flags and how many they are. Where none is set, a visit has found none, and of a call nobody said anything."""
    found = activity.needs
    if found is None or (not found and (depth is not None or activity.kind not in _ASKS)):
        return {DEPTH: depth, **dict.fromkeys(FLAGS)}
    return {DEPTH: len(found), **{name: name in found for name in FLAGS}}


@action("facts.figures.filed")
def file_figures(
    person: str, day: date, figures: Mapping[str, Decimal], *, by: User, at: datetime, on: date
) -> int:
    """The day's figures, one per metric; filing a day again replaces its figures. Raises NotYours, Malformed."""
    holder = may_file(person, by, day, on)
    not_too_old(day, on)
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
    before = {row["metric"]: value for row in rows if (value := _filed(row["key"])) is not None}
    outbox.put("daily_figures", rows, by=by.username, at=at)
    replaced = {"before": before} if before else {}
    tell(holder, {"day": day.isoformat(), "figures": len(rows), **replaced})
    return len(rows)


def _is_open(opportunity: str, person: str, by: User, on: date) -> None:
    known = queries.open_opportunities(reading.current(), person, viewer=by, on=on)
    if opportunity not in known:
        raise Malformed(_("%(key)s is no open opportunity of theirs.") % {"key": opportunity})


def _filed(key: str | None) -> str | None:
    """The figure that stood under a key."""
    entry = queries.hand_entry("daily_figures", key or "")
    return None if entry is None else str(entry.detail["value"])


def may_file(person: str, by: User, day: date, on: date) -> Model:
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


def is_too_old(day: date, on: date) -> bool:
    """Whether a day is closed to entries by hand."""
    return (on - day).days > _OLDEST_DAYS


def not_too_old(day: date, on: date) -> None:
    """Raises Malformed for a day that is closed, or has not come yet."""
    if day > on:
        raise Malformed(_("%(day)s has not come yet.") % {"day": day})
    if is_too_old(day, on):
        raise Malformed(
            _("%(day)s is too long ago to be filed by hand; sales operations can import it.") % {"day": day}
        )
