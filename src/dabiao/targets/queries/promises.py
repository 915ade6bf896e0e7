"""What scopes were promised for a window: own targets, else sums over their parts and children, else from above."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property

from django.db.models import QuerySet

from dabiao.engine import promise
from dabiao.engine.promise import (
    WHOLE,
    ByPart,
    Levels,
    Part,
    Promise,
    Promises,
    Row,
    Seat,
    WorkingDays,
)
from dabiao.org import queries as org
from dabiao.org.queries import HeldSeat, Scope, Tree, tree
from dabiao.targets.models import Target


class Book:
    """The targets of some metrics that touch one window: along one dimension, or (dimension "") of everything, for which
    narrowed ones may stand. Units and the people asked for are read at once, other people only below units that need
    them."""

    def __init__(
        self,
        window: tuple[date, date],
        scopes: Sequence[Scope],
        metrics: Sequence[str],
        *,
        dimension: str,
        working_days: WorkingDays,
    ) -> None:
        self.start, self.end = window
        self.dimension, self.working_days = dimension, working_days
        self.units = [scope.key for scope in scopes if scope.kind == "unit"]
        self.people = [scope.key for scope in scopes if scope.kind == "person"]
        self.tree: Tree = tree()
        touching = Target.objects.filter(starts_on__lt=self.end, ends_on__gt=self.start)
        self.touching = touching.filter(dimension=dimension) if dimension else touching
        some = self.touching.filter(metric__in=metrics).order_by()
        self.of_units = _read(some.filter(scope_kind="unit"), "unit__key")
        self.of_people = _read(some.filter(person__key__in=self.people), "person__key")
        people = some.filter(scope_kind="person")
        self.members_of_people: dict[str, set[str]] = defaultdict(set)
        for metric, member in people.values_list("metric", "member").distinct():
            self.members_of_people[metric].add(member)

    def parts(self, metric: str) -> list[Part]:
        """What is asked for: everything, or each member that any target names, also of holders nobody asked for."""
        if not self.dimension:
            return [WHOLE]
        of_units = (part for held in self.of_units.get(metric, {}).values() for part in held)
        of_people = (Part(self.dimension, member) for member in self.members_of_people.get(metric, ()))
        return sorted({*of_units, *of_people})

    def promises(self, metric: str, part: Part, *, sums: bool) -> dict[Scope, Promise]:
        """Scope → promise, of those that have one. sums: whether the metric's targets add up."""
        set_on, asked = self.of_units.get(metric, {}), self.of_people.get(metric, {})
        found: dict[Scope, Promise | None] = {}
        if sums:
            added = self._added(metric, part, set_on, asked)
            found |= {Scope("unit", key): added.unit(key, self.start, self.end) for key in self.units}
            found |= {Scope("person", key): added.person(key, self.start, self.end) for key in self.people}
        else:
            own = {key: held for key, rows in set_on.items() if (held := self._own(rows, part))}
            found |= {Scope("unit", key): self._from_above(key, own) for key in self.units}
            for key in self.people:
                held = self._own(asked.get(key, {}), part)
                found[Scope("person", key)] = held or promise.inherited(self._above_person(key, own))
        return {scope: held for scope, held in found.items() if held is not None}

    def _own(self, rows: ByPart, part: Part) -> Promise | None:
        """What one holder's rows promise of a metric that can't be added."""
        return promise.of_holder(
            rows, self.start, self.end, part=part, flow=False, working_days=self.working_days
        )

    def _added(
        self, metric: str, part: Part, set_on: Mapping[str, ByPart], asked: Mapping[str, ByPart]
    ) -> Promises:
        """The sums of one metric: of the people, those asked for and those below units that need them."""
        seats, below = self._seated(metric, part, set_on)
        return Promises(
            set_on,
            {**below, **asked},
            children=lambda key: [node.key for node in self.tree.children(key)],
            seats=seats,
            working_days=self.working_days,
            part=part,
        )

    def _seated(
        self, metric: str, part: Part, set_on: Mapping[str, ByPart]
    ) -> tuple[Mapping[str, Sequence[Seat]], Mapping[str, ByPart]]:
        """Unit → seats, and person → targets, in units asked for, or below, that do not cover the window."""
        members = self.members_of_people.get(metric, set())
        if not members or (part != WHOLE and part.member not in members):
            return {}, {}
        needing = frozenset(self._needing_people(self.units, part, set_on))
        if not needing:
            return {}, {}
        rows = self._rows_below(metric, needing)
        seats: dict[str, list[Seat]] = defaultdict(list)
        for seat in self._seats(needing):
            if seat.person in rows:
                seats[seat.unit].append(Seat(seat.person, seat.starts_on, seat.ends_on))
        return seats, rows

    def _rows_below(self, metric: str, units: frozenset[str]) -> Mapping[str, ByPart]:
        """Person → targets of those who sat in the units: members of a dimension mostly need the same ones."""
        if (metric, units) not in self._read_below:
            held = org.holders(units, self.start, self.end)
            found = _read(self.touching.filter(metric=metric, person__in=held), "person__key")
            self._read_below[metric, units] = found.get(metric, {})
        return self._read_below[metric, units]

    def _seats(self, units: frozenset[str]) -> Sequence[HeldSeat]:
        if units not in self._seats_of:
            self._seats_of[units] = org.primary_seats(units, self.start, self.end)
        return self._seats_of[units]

    def _needing_people(
        self, wanted: Iterable[str], part: Part, set_on: Mapping[str, ByPart]
    ) -> Iterable[str]:
        waiting = [key for key in wanted if key in self.tree.by_key]
        while waiting:
            key = waiting.pop()
            if key not in set_on or promise.left_out(set_on[key], self.start, self.end, part=part):
                yield key
                waiting += [node.key for node in self.tree.children(key)]

    def _from_above(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        """A unit's own promise, else the nearest unit's above it."""
        if key in own:
            return own[key]
        path = reversed(self.tree.path(key)) if key in self.tree.by_key else ()
        return next((promise.inherited(own[node.key]) for node in path if node.key in own), None)

    def _above_person(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        unit = self._unit_of.get(key) if own else None
        return self._from_above(unit, own) if unit else None

    @cached_property
    def _unit_of(self) -> Mapping[str, str]:
        return org.units_of(self.people, self.start, self.end)

    @cached_property
    def _read_below(self) -> dict[tuple[str, frozenset[str]], Mapping[str, ByPart]]:
        return {}

    @cached_property
    def _seats_of(self) -> dict[frozenset[str], Sequence[HeldSeat]]:
        return {}


def _read(found: QuerySet[Target], holder: str) -> Mapping[str, Mapping[str, Mapping[Part, list[Row]]]]:
    """Metric → holder → part → rows."""
    read: dict[str, dict[str, dict[Part, list[Row]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    fields = ("metric", holder, "dimension", "member", "starts_on", "ends_on", "base", "target", "challenge")
    for metric, key, dimension, member, start, end, *levels in found.values_list(*fields):
        read[metric][key][Part(dimension, member)].append(Row(start, end, Levels(*levels)))
    return read
