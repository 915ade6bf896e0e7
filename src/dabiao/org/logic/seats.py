"""Seats: assignments numbered in tree order, so that a unit's subtree is one interval of integers.

The numbering is published with a snapshot and read back from that snapshot; a change of the organisation
makes a new one at the next publishing. Sight follows today's tree whatever the numbering's age: it is turned
into seats unit by unit, never by the interval of a subtree that may have moved since.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from dabiao.lake.tables import TABLES
from dabiao.org.logic.tree import Tree, org_version, tree
from dabiao.org.models import Absence, Assignment

Interval = tuple[int, int]


@dataclass(frozen=True)
class OrgTables:
    """The organisation as the lake holds it, and the version that it was read at (or before)."""

    version: int
    tables: Mapping[str, pa.Table]


def org_tables() -> OrgTables:
    """`units`, `unit_levels`, `assignments`, `absences`, ready for publishing.

    The version is read first: if somebody changes the organisation meanwhile, the next look republishes.
    """
    version = org_version()
    return OrgTables(version, lake_tables())


def lake_tables() -> dict[str, pa.Table]:
    """The four tables by name. Seats run from 1: units depth first, in a unit by position, start date, person."""
    today = tree()
    seated = _seated(today)
    last = {str(row["unit"]): seat + 1 for seat, row in enumerate(seated, start=1)}
    return {
        "units": _table("units", _unit_rows(today, last)),
        "unit_levels": _table("unit_levels", _level_rows(today)),
        "assignments": _table("assignments", [{"seat": n, **row} for n, row in enumerate(seated, start=1)]),
        "absences": _table("absences", _absence_rows()),
    }


@dataclass(frozen=True)
class Numbering:
    """A snapshot's seats: for every unit the seats directly in it, for every person theirs."""

    own: Mapping[str, Interval]
    people: Mapping[str, tuple[int, ...]]


def numbering(units: pa.Table, assignments: pa.Table) -> Numbering:
    """Read a numbering back from the tables of a snapshot (columns as in `lake.tables`)."""
    whole = {row["unit"]: (row["seat_from"], row["seat_to"]) for row in units.to_pylist()}
    starts: dict[str, int] = {}
    for row in units.to_pylist():
        if row["parent"] is not None:
            lowest = starts.get(row["parent"], whole[row["parent"]][1])
            starts[row["parent"]] = min(lowest, row["seat_from"])
    people: dict[str, list[int]] = {}
    for seat, person in zip(assignments["seat"].to_pylist(), assignments["person"].to_pylist(), strict=True):
        people.setdefault(person, []).append(seat)
    return Numbering(
        {unit: (start, starts.get(unit, end)) for unit, (start, end) in whole.items()},
        {person: tuple(sorted(seats)) for person, seats in people.items()},
    )


def _seated(today: Tree) -> list[dict[str, object]]:
    names = ("person", "unit", "position", "starts_on", "ends_on", "primary", "probation_until", "fte")
    renamed = {"person": "person__key", "unit": "position__unit__key", "position": "position__key"}
    order = {node.key: node.index for node in today.nodes}
    rows = Assignment.objects.values_list(*(renamed.get(name, name) for name in names))
    ordered = sorted(rows, key=lambda row: (order[row[1]], row[2], row[3], row[0]))
    return [dict(zip(names, row, strict=True)) for row in ordered]


def _unit_rows(today: Tree, last: Mapping[str, int]) -> list[dict[str, object]]:
    """Seats end, depth first, where the last non-empty unit of the subtree ends; an empty subtree is empty."""
    rows: list[dict[str, object]] = []
    reached = 1
    starts: list[int] = []
    for node in today.nodes:
        starts.append(reached)
        reached = last.get(node.key, reached)
    starts.append(reached)
    for node in today.nodes:
        ends = {"seat_from": starts[node.index], "seat_to": starts[node.ends]}
        rows.append({"unit": node.key, "parent": node.parent, "kind": node.kind, **ends})
    return rows


def _level_rows(today: Tree) -> list[dict[str, object]]:
    """One ancestor a kind; of two ancestors of one kind the nearer counts, so the key (unit, kind) holds."""
    return [
        {"unit": node.key, "kind": kind, "ancestor": ancestor}
        for node in today.nodes
        for kind, ancestor in {above.kind: above.key for above in today.path(node.key)}.items()
    ]


def _absence_rows() -> list[dict[str, object]]:
    rows = Absence.objects.order_by("person__key", "starts_on").values_list(
        "person__key", "starts_on", "ends_on", "kind"
    )
    return [dict(zip(("person", "starts_on", "ends_on", "kind"), row, strict=True)) for row in rows]


def _table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TABLES[name].schema)
