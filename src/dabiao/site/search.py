"""Ctrl K: what the rooms find of a text, and pages, among what the viewer may see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from dabiao.core.room import Hit
from dabiao.org.access import User
from dabiao.rooms import ROOMS
from dabiao.site import navigation

MOST: Final = 6
"""Hits of one kind."""


@dataclass(frozen=True)
class Hits:
    """Hits of one kind."""

    label: str
    hits: Sequence[Hit]


def search(viewer: User, text: str, on: date) -> list[Hits]:
    """Kinds that have a hit. An empty text finds the pages."""
    wanted = text.strip()
    pages = Hits(_("Pages"), list(_pages(viewer, wanted))[: MOST if wanted else 20])
    if not wanted:
        return [pages] if pages.hits else []
    found = (
        Hits(str(kind.label), list(kind.find(viewer, wanted, on, MOST)))
        for room in ROOMS
        for kind in room.search
    )
    return [hits for hits in (*found, pages) if hits.hits]


def _pages(viewer: User, wanted: str) -> Iterator[Hit]:
    entries = tuple(entry for group in navigation.groups() for entry in group.entries)
    for entry in navigation.open_to(viewer, (*entries, *navigation.account())):
        if wanted.casefold() in str(entry.label).casefold():
            yield Hit(str(entry.label), reverse(entry.view), entry.icon)
