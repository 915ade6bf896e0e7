"""Changes of the tree: units and the positions in them."""

from datetime import datetime

from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Refused
from dabiao.org.access import require
from dabiao.org.actions._common import bump, changes, found, only, saved
from dabiao.org.can import Can
from dabiao.org.models import Grant, Position, Unit, User


class UnitIsInUse(Refused):
    """Something still belongs to the unit."""


class UnitWouldBeItsOwnParent(Refused):
    """A unit cannot lie below itself."""


@action("org.unit.added")
def add_unit(
    *, key: str, name: str, parent: str | None = None, kind: str = "", name_en: str = "",
    by: User | None, at: datetime,
) -> Unit:  # fmt: skip
    """A new unit below `parent` (a unit key; None: a root)."""
    require(by, Can.OPERATE)
    above = found(Unit.objects.all(), parent) if parent else None
    unit = saved(Unit(key=key, name=name, parent=above, kind=kind, name_en=name_en))
    bump(at)
    tell(unit, {"parent": parent})
    return unit


@action("org.unit.changed")
def change_unit(key: str, *, values: dict[str, object], by: User | None, at: datetime) -> Unit:
    """Change `name`, `name_en`, `kind`, `order` or `parent` (a unit key or None). Subtrees move with their unit."""
    require(by, Can.OPERATE)
    unit = found(Unit.objects.select_for_update(), key)
    values = only(values, "name", "name_en", "kind", "order", "parent")
    if "parent" in values:
        values["parent"] = _new_parent(key, values["parent"])
    told = changes(unit, values)
    if told:
        saved(unit)
        bump(at)
        tell(unit, told)
    return unit


@action("org.unit.removed")
def remove_unit(key: str, *, by: User | None, at: datetime) -> None:
    """Remove a unit that nothing belongs to and nothing ever did."""
    require(by, Can.OPERATE)
    unit = found(Unit.objects.select_for_update(), key)
    used = unit.children.exists() or unit.positions.exists() or Grant.objects.filter(unit=unit).exists()
    if used:
        raise UnitIsInUse(
            _("%(unit)s still has units, positions or grants; move or remove those first.") % {"unit": unit}
        )
    tell(unit)
    unit.delete()
    bump(at)


@action("org.position.added")
def add_position(*, key: str, title: str, unit: str, by: User | None, at: datetime) -> Position:
    """A new position in a unit."""
    require(by, Can.OPERATE)
    position = saved(Position(key=key, title=title, unit=found(Unit.objects.all(), unit)))
    bump(at)
    tell(position, {"unit": unit})
    return position


@action("org.position.changed")
def change_position(key: str, *, values: dict[str, object], by: User | None, at: datetime) -> Position:
    """Change `title` or `unit` (a unit key). Its whole history moves along, since units roll up in today's tree."""
    require(by, Can.OPERATE)
    position = found(Position.objects.select_for_update(), key)
    values = only(values, "title", "unit")
    if "unit" in values:
        values["unit"] = found(Unit.objects.all(), str(values["unit"]))
    told = changes(position, values)
    if told:
        saved(position)
        bump(at)
        tell(position, told)
    return position


def _new_parent(key: str, parent: object) -> Unit | None:
    if not parent:
        return None
    above = found(Unit.objects.all(), str(parent))
    step: Unit | None = above
    while step is not None:
        if step.key == key:
            raise UnitWouldBeItsOwnParent(
                _("%(unit)s lies below the unit that you want to move.") % {"unit": above}
            )
        step = step.parent
    return above
