"""Reads of the organisation, and THE visibility function: what somebody may see on a day.

Everything that shows, exports or searches facts, targets, units or people starts from `sight`.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dabiao.core.errors import Forbidden, NotFound
from dabiao.org.models import Assignment, Grant, Person, User
from dabiao.org.tree import Node, tree

__all__ = ["Node", "tree"]

ALL_SEEING = frozenset({User.Role.ADMIN.value, User.Role.OPERATIONS.value, User.Role.READER.value})


@dataclass(frozen=True)
class Scope:
    """Whose figures are asked for: a unit (its subtree) or one person."""

    kind: Literal["unit", "person"]
    key: str


@dataclass(frozen=True)
class Sight:
    """What a viewer may see: everything, or the seats of some units, and in any case themselves.

    `units` are all units whose seats may be seen (subtrees spelled out, by today's tree); `person` is the
    viewer's own employee number. `seats.intervals` turns it into intervals of a snapshot's numbering.
    """

    everything: bool
    units: frozenset[str]
    person: str | None

    @cached_property
    def key(self) -> str:
        """Two viewers with the same key see the same: what caches put into their keys."""
        if self.everything:
            return "all"
        told = "\n".join([self.person or "", *sorted(self.units)])
        return blake2b(told.encode(), digest_size=12).hexdigest()


def sight(viewer: User, on: date) -> Sight:
    """What `viewer` may see on a day.

    Administrators, sales operations and readers: everything. Managers: the subtrees of the units in which
    they hold a position on that day. Everybody: the subtrees granted to them for that day, and themselves.
    """
    if not viewer.is_active:
        return Sight(False, frozenset(), None)
    person = own_person(viewer)
    if viewer.role in ALL_SEEING:
        return Sight(True, frozenset(), person)
    today = tree()
    tops = {*_managed(viewer, on), *_granted(viewer, on)}
    return Sight(False, frozenset(node.key for top in tops for node in today.subtree(top)), person)


def own_person(viewer: User) -> str | None:
    """The viewer's employee number."""
    return viewer.person.key if viewer.person else None


def units_visible(viewer: User, on: date) -> tuple[Node, ...]:
    """Units whose figures the viewer may see, in tree order."""
    seen = sight(viewer, on)
    return tuple(node for node in tree().nodes if seen.everything or node.key in seen.units)


def people_visible(viewer: User, on: date) -> QuerySet[Person]:
    """People whose name and figures the viewer may see: who ever held a seat in a visible unit, and oneself.

    Those who have moved away stay visible, because their facts of that time do; which of their facts show is
    decided by the seat on the fact's own day.
    """
    seen = sight(viewer, on)
    if seen.everything:
        return Person.objects.all()
    seated = Assignment.objects.filter(position__unit__key__in=seen.units).values("person_id")
    return Person.objects.filter(Q(pk__in=seated) | Q(key=seen.person or ""))


def check_scope(viewer: User, scope: Scope, on: date) -> Scope:
    """The scope itself if the viewer may see it. Raises NotFound, whether it is hidden or does not exist."""
    seen = sight(viewer, on)
    if scope.kind == "unit":
        visible = scope.key in tree().by_key if seen.everything else scope.key in seen.units
    elif scope.key == seen.person:
        visible = True
    else:
        visible = people_visible(viewer, on).filter(key=scope.key).exists()
    if not visible:
        raise NotFound(_("There is no %(key)s, or it is not yours to see.") % {"key": scope.key})
    return scope


def home_scope(viewer: User, on: date) -> Scope | None:
    """Where a viewer starts: the top of what they see, else themselves, else nothing."""
    units = units_visible(viewer, on)
    if units:
        return Scope("unit", units[0].key)
    person = own_person(viewer)
    return Scope("person", person) if person else None


def tops_visible(viewer: User, on: date) -> tuple[Node, ...]:
    """Visible units that lie in no other visible unit."""
    visible = units_visible(viewer, on)
    keys = {node.key for node in visible}
    return tuple(node for node in visible if node.parent not in keys)


def find_people(viewer: User, text: str, on: date, most: int = 20) -> QuerySet[Person]:
    """People by name or employee number, among those the viewer may see."""
    found = people_visible(viewer, on).filter(Q(name__icontains=text) | Q(key__istartswith=text))
    return found.order_by("name", "key")[:most]


def find_units(viewer: User, text: str, on: date, most: int = 20) -> list[Node]:
    """Units by name or key, among those the viewer may see."""
    wanted = text.casefold()
    found = (
        node
        for node in units_visible(viewer, on)
        if wanted in node.name.casefold()
        or wanted in node.name_en.casefold()
        or wanted in node.key.casefold()
    )
    return list(found)[:most]


def people_names(keys: "set[str] | None" = None) -> dict[str, str]:
    """Employee number → name, of all or of the keys asked for. For labels of rows already scoped."""
    people = Person.objects.all() if keys is None else Person.objects.filter(key__in=keys)
    return dict(people.values_list("key", "name"))


def assignments_on(unit: str, on: date) -> QuerySet[Assignment]:
    """Primary assignments in force on a day in the subtree of a unit, by tree order of their position."""
    keys = [node.key for node in tree().subtree(unit)]
    held = Assignment.objects.filter(
        primary=True, starts_on__lte=on, ends_on__gt=on, position__unit__key__in=keys
    )
    return held.select_related("person", "position__unit").order_by("position__key", "starts_on", "pk")


def require_admin(by: User | None) -> None:
    """Raises Forbidden unless `by` is an administrator (None is the program itself)."""
    if by is not None and not (by.is_active and by.is_admin):
        raise Forbidden(_("Only an administrator may do this."))


def require_operations(by: User | None) -> None:
    """Raises Forbidden unless `by` runs operations (None is the program itself)."""
    if by is not None and not (by.is_active and by.runs_operations):
        raise Forbidden(_("Only sales operations or an administrator may do this."))


def _managed(viewer: User, on: date) -> list[str]:
    if viewer.role != User.Role.MANAGER or viewer.person_id is None:
        return []
    held = Assignment.objects.filter(person_id=viewer.person_id, starts_on__lte=on, ends_on__gt=on)
    return list(held.values_list("position__unit__key", flat=True))


def _granted(viewer: User, on: date) -> list[str]:
    granted = Grant.objects.filter(user=viewer, starts_on__lte=on, ends_on__gt=on)
    return list(granted.values_list("unit__key", flat=True))
