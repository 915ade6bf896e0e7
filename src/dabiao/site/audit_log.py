"""Reading the audit trail: filter, page, export."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.models import AuditLine
from dabiao.core.spreadsheet import Row
from dabiao.org.access import User, require
from dabiao.org.can import Can
from dabiao.site import audit_labels
from dabiao.ui import http

PAGE = 100
SHORT = 160


@dataclass(frozen=True)
class AuditFilter:
    """What lines are asked for; empty means any. `since` and `until` are days, both counted."""

    text: str
    by: str
    since: date | None
    until: date | None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "AuditFilter":
        """From a query string. Raises Malformed for a day that is none."""
        since, until = (
            http.day(query[name], name=name) if query.get(name) else None for name in ("since", "until")
        )
        return cls(query.get("q", "").strip()[:100], query.get("by", "").strip()[:150], since, until)


def audit_lines(viewer: User, wanted: AuditFilter) -> QuerySet[AuditLine]:
    """Lines, newest first. For administrators and sales operations. Raises Forbidden."""
    require(viewer, Can.OPERATE)
    lines = AuditLine.objects.select_related("by").order_by("-at", "-pk")
    if wanted.text:
        lines = lines.filter(
            Q(what__icontains=wanted.text)
            | Q(what__in=audit_labels.holding(wanted.text).keys())
            | Q(subject_label__icontains=wanted.text)
            | Q(subject_key__icontains=wanted.text)
        )
    if wanted.by:
        lines = lines.filter(by__username__icontains=wanted.by)
    if wanted.since:
        lines = lines.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        lines = lines.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return lines


def audit_page(lines: QuerySet[AuditLine], number: str) -> Page[AuditLine]:
    """One screen of lines; a page that does not exist becomes the nearest."""
    return Paginator(lines, PAGE).get_page(number)


@dataclass(frozen=True)
class Shown:
    """A line with its detail as text; what is long is opened by whoever wants it."""

    line: AuditLine
    what: str
    short: str
    more: str


def shown(lines: Iterable[AuditLine]) -> list[Shown]:
    """Lines of one screen."""
    return [_shown(line) for line in lines]


def _shown(line: AuditLine) -> Shown:
    text = "; ".join(f"{name}: {_told(value)}" for name, value in line.detail.items())
    return Shown(line, audit_labels.said(line.what), text[:SHORT], text[SHORT:])


def _told(value: object) -> str:
    """[before, after] as an arrow; levels and counts as name=value; the rest as it stands."""
    if isinstance(value, list) and len(value) == 2:
        return " → ".join("–" if part is None else str(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items() if part is not None) or "–"
    return "–" if value is None else str(value)


def audit_columns() -> dict[str, str]:
    """Titles of the export."""
    return {
        "at": _("When"),
        "by": _("By"),
        "what": _("What"),
        "type": _("Kind of subject"),
        "key": _("Key"),
        "label": _("Subject"),
        "detail": _("Detail"),
    }


def audit_rows(lines: QuerySet[AuditLine]) -> Iterator[Row]:
    """Every line as a row of an export."""
    for line in lines.iterator(chunk_size=2000):
        yield {
            "at": timezone.localtime(line.at),
            "by": line.by.username if line.by else None,
            "what": line.what,
            "type": line.subject_type,
            "key": line.subject_key,
            "label": line.subject_label,
            "detail": json.dumps(line.detail, ensure_ascii=False) if line.detail else None,
        }


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
