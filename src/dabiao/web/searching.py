"""Ctrl K: people, units, customers, metrics and pages, among what the viewer may see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.org import queries
from dabiao.org.models import User
from dabiao.web.navigation import ACCOUNT, GROUPS, exists

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


def _cockpit(**parameters: str) -> str:
    return f"{reverse('performance:cockpit')}?{urlencode(parameters)}"
