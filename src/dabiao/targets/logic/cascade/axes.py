"""The axes of a company's cascade: today's tree with who sits in it, periods, product lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, NotFound
from dabiao.core.sentence import say
from dabiao.engine.allocation.axis import Axis, single, tree
from dabiao.engine.period import BadPeriod, Fiscal, Kind, Period
from dabiao.lake import reading
from dabiao.org import queries as org
from dabiao.org.queries import Node
from dabiao.org.queries import tree as org_tree

EVERYBODY = "unit:"  # above several roots, or instead of none


@dataclass(frozen=True)
class Holder:
    """Whom a scope node stands for. `unit` is where a person sits; a person who moves has one node per seat."""

    kind: Literal["unit", "person"]
    key: str
    unit: str
    seats: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, eq=False)
class Organisation:
    """The scope axis and the holder of each of its keys."""

    axis: Axis
    holders: Mapping[str, Holder]


@dataclass(frozen=True, eq=False)
class Time:
    """The time axis and the period of each of its keys."""

    axis: Axis
    periods: Mapping[str, Period]

    @property
    def leaves(self) -> tuple[Period, ...]:
        """The finest periods, in order."""
        return tuple(self.periods[key] for key in self.axis.leaf_keys)


def organisation(period: Period, *, root: str = "", people: bool = True, alone: bool = False) -> Organisation:
    """The units under `root` (all: empty) as of today, and below them who holds a main seat in the period.

    People in a unit that has units below it lead it and get no share of their own. alone: only the top.
    Raises NotFound.
    """
    nodes = _nodes(root)
    if alone:
        key = root or nodes[0].key
        return Organisation(single("org", f"unit:{key}"), {f"unit:{key}": Holder("unit", key, key)})
    parents: dict[str, str | None] = {f"unit:{node.key}": _parent(node, nodes[0], root) for node in nodes}
    holders = {f"unit:{node.key}": Holder("unit", node.key, node.key) for node in nodes}
    if len([key for key, parent in parents.items() if parent is None]) != 1:
        parents = {key: parent or EVERYBODY for key, parent in parents.items()} | {EVERYBODY: None}
        holders[EVERYBODY] = Holder("unit", "", "")
    if people:
        lowest = [node.key for node in nodes if node.ends == node.index + 1]
        for key, holder in _people(lowest, period).items():
            parents[key], holders[key] = f"unit:{holder.unit}", holder
    return Organisation(tree("org", parents), holders)


def _nodes(root: str) -> Sequence[Node]:
    today = org_tree()
    nodes = today.subtree(root) if root else today.nodes
    if root and not nodes:
        raise NotFound(_("There is no unit %(unit)s.") % {"unit": root})
    return nodes or (Node(0, "", "", "", "", None, 0, 0, 1),)


def _parent(node: Node, first: Node, root: str) -> str | None:
    return None if node.parent is None or (root and node is first) else f"unit:{node.parent}"


def _people(units: Sequence[str], period: Period) -> dict[str, Holder]:
    found: dict[str, Holder] = {}
    for seat in org.primary_seats(units, period.start, period.end):
        key = f"person:{seat.person}@{seat.unit}"
        before = found[key].seats if key in found else ()
        found[key] = Holder("person", seat.person, seat.unit, (*before, (seat.starts_on, seat.ends_on)))
    return found


def time(period: Period, kinds: Sequence[Kind], fiscal: Fiscal) -> Time:
    """The period over its parts, coarse to fine; a week cut by a month's end appears in both months.

    Raises Malformed where a kind is not finer than the one before.
    """
    periods = {period.label: period}
    parents: dict[str, str | None] = {period.label: None}
    above = [period.label]
    for kind in kinds:
        above = [key for parent in above for key in _add_parts(parent, kind, fiscal, periods, parents)]
    return Time(tree("period", parents) if kinds else single("period", period.label), periods)


def _add_parts(
    parent: str, kind: Kind, fiscal: Fiscal, periods: dict[str, Period], parents: dict[str, str | None]
) -> list[str]:
    try:
        parts = fiscal.parts(periods[parent], kind)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from None
    keys = []
    for part in parts:
        key = part.label if part.label not in periods else f"{part.label} ({parent})"
        if part.label == parent:
            continue
        periods[key], parents[key] = part, parent
        keys.append(key)
    return keys or [parent]


def products() -> Axis:
    """The product lines of the catalogue; one without a name where there are none."""
    rows = (
        reading.current()
        .run("SELECT DISTINCT line FROM products WHERE line IS NOT NULL")
        .column(0)
        .to_pylist()
    )
    lines = sorted(str(row) for row in rows)
    return tree("product", {"": None} | dict.fromkeys(lines, "")) if lines else single("product", "")
