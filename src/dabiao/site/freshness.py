"""How fresh the facts are, and how far the period has gone."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import calendars
from dabiao.engine.pace import pace
from dabiao.engine.period import Period
from dabiao.lake.models import Snapshot
from dabiao.site.waiting import waiting
from dabiao.ui import format


@dataclass(frozen=True)
class Freshness:
    """As of when the facts are, and which snapshot it is."""

    text: str
    note: str
    icon: str
    colour: str


def stuck() -> Freshness | None:
    """For who runs operations: that nothing is published any more; None while all is well."""
    now = timezone.now()
    stands = waiting(now)
    if not stands.waits_long(now):
        return None
    return Freshness(_("Nothing is being published"), stands.trouble(now), "alert-triangle", "red")


def latest() -> Freshness | None:
    """The newest snapshot; None while there is none."""
    snapshot = Snapshot.objects.order_by("-number").first()
    if snapshot is None:
        return None
    old = (timezone.now() - snapshot.published_at).days >= 2
    at = format.moment(snapshot.published_at)
    text = _("Facts as of {at} · v{number}").format(at=at, number=snapshot.number)
    note = _("Version {number}: every figure on this page comes from it.").format(number=snapshot.number)
    return Freshness(text, note, "clock-exclamation" if old else "circle-check", "amber" if old else "green")


def progress(window: Period, today: date) -> str:
    """Day 16 of 21 working days; empty outside the period."""
    if today not in window:
        return ""
    gone = pace(window, today, calendars.working_days(window.start, window.end))
    text = _("day {day} of {of} working days") if gone.basis == "working days" else _("day {day} of {of}")
    note = _(" (provisional)") if calendars.provisional(window) else ""
    return text.format(day=gone.day, of=gone.of) + note
