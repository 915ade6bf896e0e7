"""Reading the audit trail: which lines, and how a page and an export show them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.models import AuditLine
from dabiao.org.access import User, require
from dabiao.org.can import Can
from dabiao.site import audit_labels
from dabiao.ui import http
from dabiao.ui.listing import Column, Listing, Row
from dabiao.ui.rows import LazyRows


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
    if wanted.until and wanted.until < date.max:
        lines = lines.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return lines


class AuditRows(LazyRows):
    """Lines as rows of a table, read page by page or one after the other: they may be more than memory holds."""

    def __init__(self, lines: QuerySet[AuditLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return self._lines.count()

    def part(self, at: slice) -> Sequence[Row]:
        return [_row(line) for line in self._lines[at]]

    def one(self, at: int) -> Row:
        return _row(self._lines[at])

    def __iter__(self) -> Iterator[Row]:
        return (_row(line) for line in self._lines.iterator(chunk_size=2000))


def audit_listing(lines: QuerySet[AuditLine]) -> Listing:
    """The trail as a table, newest first."""
    return Listing(
        key="audit",
        columns=[
            Column("at", _("When"), "moment"),
            Column("by", _("By")),
            Column("what", _("What")),
            Column("code", _("Code"), "code", hidden=True),
            Column("type", _("Kind of subject"), hidden=True),
            Column("subject", _("Subject")),
            Column("key", _("Key"), "code", hidden=True),
            Column("detail", _("Detail"), "long"),
            Column("data", _("Detail as JSON"), "long", hidden=True),
        ],
        rows=AuditRows(lines),
        fixed=True,
        stacks=True,
    )


def _row(line: AuditLine) -> Row:
    named = line.subject_key in line.subject_label
    return {
        "at": timezone.localtime(line.at),
        "by": line.by.username if line.by else _("the program"),
        "what": audit_labels.said(line.what),
        "code": line.what,
        "type": line.subject_type,
        "subject": line.subject_label if named else f"{line.subject_label} {line.subject_key}",
        "key": line.subject_key,
        "detail": "; ".join(f"{name}: {_told(value)}" for name, value in line.detail.items()),
        "data": json.dumps(line.detail, ensure_ascii=False) if line.detail else None,
    }


def _told(value: object) -> str:
    """[before, after] as an arrow; levels and counts as name=value; the rest as it stands."""
    if isinstance(value, list) and len(value) == 2:
        return " → ".join("–" if part is None else str(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items() if part is not None) or "–"
    return "–" if value is None else str(value)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
