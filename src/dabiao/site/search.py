"""Ctrl K: people, units, customers, metrics and pages, among what the viewer may see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core.calendars import fiscal
from dabiao.lake import dictionary, reading
from dabiao.metrics.frame import Frame
from dabiao.org import queries
from dabiao.org.models import User
from dabiao.performance.queries import customers
from dabiao.site.navigation import ACCOUNT, GROUPS, exists

MOST = 6
"""Hits of one kind."""


@dataclass(frozen=True)
class Hit:
    """One line of the answer."""

    name: str
    href: str
    icon: str
    note: str = ""


@dataclass(frozen=True)
class Hits:
    """Hits of one kind."""

    label: str
    hits: Sequence[Hit]


def search(viewer: User, text: str, on: date) -> list[Hits]:
    """Kinds that have a hit. An empty text finds the pages."""
    wanted = text.strip()
    groups = [Hits(_("Pages"), list(_pages(viewer, wanted))[: MOST if wanted else 20])]
    if wanted:
        groups = [
            Hits(_("People"), list(_people(viewer, wanted, on))),
            Hits(_("Units"), list(_units(viewer, wanted, on))),
            Hits(_("Customers"), list(_customers(viewer, wanted, on))),
            Hits(_("Metrics"), list(_metrics(wanted))[:MOST]),
            *groups,
        ]
    return [group for group in groups if group.hits]


def _pages(viewer: User, wanted: str) -> Iterator[Hit]:
    entries = [entry for group in GROUPS for entry in group.entries]
    for entry in (*entries, *ACCOUNT):
        if wanted.casefold() in str(entry.label).casefold() and exists(entry.view) and entry.may(viewer):
            yield Hit(str(entry.label), reverse(entry.view), entry.icon)


def _people(viewer: User, wanted: str, on: date) -> Iterator[Hit]:
    for person in queries.find_people(viewer, wanted, on, MOST):
        yield Hit(person.name, _cockpit(person=person.key), "user", person.key)


def _units(viewer: User, wanted: str, on: date) -> Iterator[Hit]:
    for node in queries.find_units(viewer, wanted, on, MOST):
        yield Hit(node.label(get_language() or ""), _cockpit(scope=node.key), "hierarchy-2")


def _customers(viewer: User, wanted: str, on: date) -> Iterator[Hit]:
    language = get_language() or "en"
    frame = Frame(reading.current(), viewer, None, fiscal().containing(fiscal().monthly, on), on, language)
    for key, name in customers.find(frame, wanted, MOST):
        yield Hit(name, reverse("performance:customer", args=[key]), "building-store", key)


def _metrics(wanted: str) -> Iterator[Hit]:
    language = get_language() or "en"
    for key, metric in dictionary.in_force().items():
        called = (key, metric.label.en, metric.label.zh_hans, *metric.aliases)
        if any(wanted.casefold() in each.casefold() for each in called):
            yield Hit(
                metric.label.in_language(language),
                reverse("performance:metric", args=[key]),
                "ruler-measure",
                key,
            )


def _cockpit(**parameters: str) -> str:
    return f"{reverse('performance:cockpit')}?{urlencode(parameters)}"
