"""By whom a target is owed: the finest units and people that have one of their own, and what that leaves over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import pyarrow as pa

from dabiao.engine.diagnosis import Shares
from dabiao.engine.diagnosis.decompose import apportioned
from dabiao.engine.number import MONEY_SCALE
from dabiao.improvement.queries.cells import AMOUNT, HISTORY
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, promised
from dabiao.org import queries as org
from dabiao.org.queries import Node, Scope

Bearer = tuple[str, str]
"""A unit and one person directly in it; without a person all of the unit that no other bearer has."""
REST: Final = "\0rest"
"""In place of a person: what of a unit's target is that of no part, below zero where the parts were promised more."""
ROUNDED: Final = Decimal(1).scaleb(-MONEY_SCALE) / 2
"""How far a target may be from its exact value, having been prorated."""


@dataclass(frozen=True)
class Uneven:
    """A unit whose parts' own targets do not sum to its own: `parts` is what they sum to.

    dimension: that the parts are members of, if they are no units and people
    """

    unit: str
    own: Decimal
    parts: Decimal
    dimension: str = ""


@dataclass(frozen=True)
class Owed:
    """Bearer → target; together they are the target of the scope. `uneven`: where own targets do not sum to it."""

    targets: Mapping[Bearer, Decimal]
    uneven: tuple[Uneven, ...]


def owed(frame: Frame, key: str, target: Decimal, dimensions: Sequence[str]) -> Owed:
    """Who owes the target of the frame's unit, as far down as the dimensions tell units and people apart.

    Every unit below and everybody directly in a unit owes their own target, as the grid has it; units below
    that have none owe what that leaves of the unit's.
    """
    top = frame.unit
    if top is None:
        return Owed({}, ())
    inside = frame.tree.subtree(top.key)
    kinds = {node.kind for node in inside} & set(dimensions)
    found = promised(frame, [Scope("unit", node.key) for node in inside], (key,))
    of_units = {
        node.key: value
        for node in inside
        if (value := found.get((Scope("unit", node.key), key), NONE).value) is not None
    }
    book = _Book(frame, key, of_units, kinds, singly="person" in dimensions)
    targets = dict(book.borne(top, target))
    return Owed(targets, tuple(book.uneven))


class _Book:
    """The targets of one metric in a subtree."""

    def __init__(
        self, frame: Frame, key: str, of_units: Mapping[str, Decimal], kinds: set[str], *, singly: bool
    ) -> None:
        self.frame, self.key, self.of_units, self.kinds, self.singly = frame, key, of_units, kinds, singly
        self.uneven: list[Uneven] = []

    def borne(self, unit: Node, own: Decimal) -> Iterator[tuple[Bearer, Decimal]]:
        """The bearers of a unit's target and what each bears."""
        below, here = self._apart(unit)
        units = {node.key: self.of_units[node.key] for node in below if node.key in self.of_units}
        people = self._people(here) if self.singly or below else {}
        if not units and not (self.singly and people):
            yield (unit.key, ""), own
            return
        parts = {(key, ""): value for key, value in units.items()}
        parts |= {(unit.key, key): value for key, value in people.items()}
        left = own - sum(parts.values(), Decimal(0))
        if abs(left) <= ROUNDED * (len(parts) + 1):
            largest = max(parts, key=lambda bearer: (parts[bearer], bearer))
            parts[largest] += left
            left = Decimal(0)
        else:
            self.uneven.append(Uneven(unit.key, own, own - left))
        for node in below:
            if node.key in units:
                yield from self.borne(node, parts[node.key, ""])
        singly = {bearer: value for bearer, value in parts.items() if bearer[1]}
        if self.singly:
            yield from singly.items()
        together = Decimal(0) if self.singly else sum(singly.values(), Decimal(0))
        owing = left if left > 0 and len(units) < len(below) else Decimal(0)
        yield (unit.key, ""), owing
        if rest := together + left - owing:
            yield (unit.key, REST), rest

    def _apart(self, unit: Node) -> tuple[list[Node], list[str]]:
        """The units below that a dimension tells apart, and those whose own people count as directly in the unit."""
        below, here, waiting = list[Node](), [unit.key], list(self.frame.tree.children(unit.key))
        while waiting:
            node = waiting.pop(0)
            if node.kind in self.kinds:
                below.append(node)
            else:
                here.append(node.key)
                waiting += self.frame.tree.children(node.key)
        return below, here

    def _people(self, units: Sequence[str]) -> dict[str, Decimal]:
        """What people were promised for their time directly in the units."""
        start, end = self.frame.period.start, self.frame.period.end
        seated = {seat.person for seat in org.primary_seats(units, start, end)}
        scopes = [Scope("person", person) for person in sorted(seated)]
        found = promised(self.frame, scopes, (self.key,), units=frozenset(units))
        return {
            scope.key: value
            for scope in scopes
            if (value := found.get((scope, self.key), NONE).value) is not None
        }


def shares(
    frame: Frame, cells: pa.Table, dimensions: Sequence[str], owing: Owed, total: Decimal, due: Fraction
) -> tuple[pa.Table, Shares]:
    """The cells, with one of nothing for every bearer that has none yet, and what each bearer owes by now of `total`."""
    kinds = [name for name in dimensions if any(node.kind == name for node in frame.tree.nodes)]
    told = [*kinds, *(["person"] if "person" in dimensions else [])]
    places = [tuple(row[name] for name in told) for row in cells.group_by(told).aggregate([]).to_pylist()]
    bearer_of = {place: _bearer(frame, kinds, dict(zip(told, place, strict=True)), owing) for place in places}
    for unit, person in owing.targets:
        if person == REST:
            bearer_of[_place(frame, told, (unit, ""))] = (unit, REST)
    known = set(bearer_of.values())
    bearers = [bearer for bearer, target in owing.targets.items() if target or bearer in known]
    absent = [bearer for bearer in bearers if bearer not in known]
    bearer_of |= {_place(frame, told, bearer): bearer for bearer in absent}
    there = set(places)
    cells = with_nothing(cells, told, [place for place in bearer_of if place not in there])
    owes = apportioned([Fraction(owing.targets[bearer]) * due for bearer in bearers], total, MONEY_SCALE)
    number = {bearer: place for place, bearer in enumerate(bearers)}
    members = {
        name: pa.array([place[at] for place in bearer_of], pa.string()) for at, name in enumerate(told)
    }
    return cells, Shares(
        figures=pa.table({"group": list(number.values()), "part": pa.array(owes, AMOUNT)}),
        members=pa.table({**members, "group": [number[bearer] for bearer in bearer_of.values()]}),
    )


def _bearer(frame: Frame, kinds: Sequence[str], place: Mapping[str, str | None], owing: Owed) -> Bearer:
    """Who owes what lies here: the person, else the nearest unit upwards that bears a target itself."""
    known = [node for name in kinds if (node := frame.tree.by_key.get(place[name] or ""))]
    deepest = max(known, key=lambda node: node.depth, default=frame.unit)
    assert deepest is not None and frame.unit is not None
    for node in reversed(frame.tree.path(deepest.key)):
        for bearer in ((node.key, place.get("person") or ""), (node.key, "")):
            if bearer in owing.targets:
                return bearer
    return (frame.unit.key, "")


def _place(frame: Frame, told: Sequence[str], bearer: Bearer) -> tuple[str | None, ...]:
    unit, person = bearer
    above = {node.kind: node.key for node in frame.tree.path(unit)}
    return tuple((person or None) if name == "person" else above.get(name) for name in told)


def with_nothing(cells: pa.Table, told: Sequence[str], places: Sequence[tuple[str | None, ...]]) -> pa.Table:
    """The cells and a zero in each of these places, so that what is owed there lies somewhere."""
    if not places:
        return cells
    columns = {name: [place[at] for place in places] for at, name in enumerate(told)}
    zeros = [Decimal(0)] * len(places)
    rows = {
        field.name: pa.array(
            [HISTORY] * len(places)
            if field.name == "period"
            else zeros
            if field.name in {"part", "whole"}
            else columns.get(field.name, [None] * len(places)),
            field.type,
        )
        for field in cells.schema
    }
    return pa.concat_tables([cells, pa.table(rows, schema=cells.schema)])
