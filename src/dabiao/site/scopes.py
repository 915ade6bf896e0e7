"""Whose figures: the path of units above the chosen one, and the tree to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.org import queries
from dabiao.org.access import User
from dabiao.rooms import ROOMS
from dabiao.ui import view
from dabiao.ui.address import Address


@dataclass(frozen=True)
class Choice:
    """A unit in the picker, indented below what is above it."""

    name: str
    href: str
    depth: int
    on: bool


def path(request: HttpRequest, asked: Address) -> list[str]:
    """Names from the top of what the viewer sees to the chosen unit or person."""
    viewer = cast(User, request.user)
    language = get_language() or ""
    visible = {node.key for node in queries.units_visible(viewer, asked.today)}
    home = queries.home_scope(viewer, asked.today)
    unit = asked.scope or (home.key if home and home.kind == "unit" else "")
    names = (
        [node.label(language) for node in queries.tree().path(unit) if node.key in visible]
        if unit in visible
        else []
    )
    person = asked.person or (home.key if home and home.kind == "person" and not asked.scope else "")
    if person:
        found = queries.people_visible(viewer, asked.today).filter(key=person).first()
        names.append(str(found) if found else person)
    return names or [_("Whole company")]


def choices(viewer: User, asked: Address, *, at: str, query: QueryDict) -> Sequence[Choice]:
    """Every unit that the viewer may see, as links to the page `at` with all that its address says of any scope."""
    units = queries.units_visible(viewer, asked.today)
    top = min((node.depth for node in units), default=0)
    language = get_language() or ""
    kept = view.lasting(query)
    for name in ("scope", "person", "at", *(name for room in ROOMS for name in room.of_one_scope)):
        kept.pop(name, None)

    def href(key: str) -> str:
        kept["scope"] = key
        return f"{at}?{kept.urlencode()}"

    chosen = asked.scope or (units[0].key if units else "")
    return [
        Choice(node.label(language), href(node.key), min(node.depth - top, 6), node.key == chosen)
        for node in units
    ]
