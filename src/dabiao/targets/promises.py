"""What scopes were promised for a window: own targets, else sums over products and children, else from above."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property

from django.db.models import QuerySet

from dabiao.org import queries as org
from dabiao.org.queries import HeldSeat, Scope
from dabiao.org.tree import Tree, tree
from dabiao.targets import tiling
from dabiao.targets.models import Target
from dabiao.targets.tiling import Levels, Promise, Row, WorkingDays

ByProduct = Mapping[str, Sequence[Row]]


class Book:
    """The targets of some metrics that touch one window. Units and the people asked for are read at once, other
    people only below units that need them."""

    def __init__(
        self,
        window: tuple[date, date],
        scopes: Sequence[Scope],
        metrics: Sequence[str],
        *,
        product: str,
        working_days: WorkingDays,
    ) -> None:
        self.start, self.end = window
        self.product, self.working_days = product, working_days
        self.units = [scope.key for scope in scopes if scope.kind == "unit"]
        self.people = [scope.key for scope in scopes if scope.kind == "person"]
        self.tree: Tree = tree()
        touching = Target.objects.filter(starts_on__lt=self.end, ends_on__gt=self.start)
        self.touching = touching.filter(product=product) if product else touching
        some = self.touching.filter(metric__in=metrics).order_by()
        self.of_units = _read(some.filter(scope_kind="unit"), "unit__key")
        self.of_people = _read(some.filter(person__key__in=self.people), "person__key")
        self.have_people = set(some.filter(scope_kind="person").values_list("metric", flat=True).distinct())

    def promises(self, metric: str, *, sums: bool) -> dict[Scope, Promise]:
        """Scope → promise, of those that have one. sums: whether the metric's targets add up."""
        set_on, asked = self.of_units.get(metric, {}), self.of_people.get(metric, {})
        found: dict[Scope, Promise | None] = {}
        if sums:
            below = _Below(self, set_on, self._seated(metric, set_on))
            found |= {Scope("unit", key): below.promise(key, self.start, self.end) for key in self.units}
            found |= {Scope("person", key): self.own(asked.get(key, {}), sums=True) for key in self.people}
        else:
            own = {key: promise for key, rows in set_on.items() if (promise := self.own(rows, sums=False))}
            found |= {Scope("unit", key): self._from_above(key, own) for key in self.units}
            for key in self.people:
                held = self.own(asked.get(key, {}), sums=False)
                found[Scope("person", key)] = held or tiling.inherited(self._above_person(key, own))
        return {scope: promise for scope, promise in found.items() if promise is not None}

    def own(self, rows: ByProduct, *, sums: bool, window: tuple[date, date] | None = None) -> Promise | None:
        """What one holder's rows promise: those of all products, else (of amounts) the sum over product lines."""
        start, end = window or (self.start, self.end)

        def of(product: str) -> Promise | None:
            found = rows.get(product, ())
            return tiling.promised(found, start, end, flow=sums, working_days=self.working_days)

        whole = of(self.product)
        if whole is not None or self.product or not sums:
            return whole
        return tiling.summed([part for product in sorted(rows) if (part := of(product)) is not None])

    def left_out(self, rows: ByProduct, start: date, end: date) -> list[tuple[date, date]]:
        """Days of a window for which one holder's rows promise nothing."""
        whole = rows.get(self.product, ())
        chosen = whole if self.product or any(row.start < end and start < row.end for row in whole) else None
        return tiling.gaps(
            chosen if chosen is not None else [row for some in rows.values() for row in some], start, end
        )

    def _seated(
        self, metric: str, set_on: Mapping[str, ByProduct]
    ) -> Mapping[str, Sequence[tuple[HeldSeat, ByProduct]]]:
        """Unit → the people in it with their targets, of units asked for, or below, that do not cover the window."""
        if metric not in self.have_people:
            return {}
        needing = frozenset(self._needing_people(self.units, set_on))
        if not needing:
            return {}
        held = org.holders(needing, self.start, self.end)
        read = _read(self.touching.filter(metric=metric, person__in=held), "person__key")
        rows = read.get(metric, {})
        found: dict[str, list[tuple[HeldSeat, ByProduct]]] = defaultdict(list)
        for seat in self._seats(needing):
            if seat.person in rows:
                found[seat.unit].append((seat, rows[seat.person]))
        return found

    def _seats(self, units: frozenset[str]) -> Sequence[HeldSeat]:
        if units not in self._seats_of:
            self._seats_of[units] = org.primary_seats(units, self.start, self.end)
        return self._seats_of[units]

    def _needing_people(self, wanted: Iterable[str], set_on: Mapping[str, ByProduct]) -> Iterable[str]:
        waiting = [key for key in wanted if key in self.tree.by_key]
        while waiting:
            key = waiting.pop()
            if key not in set_on or self.left_out(set_on[key], self.start, self.end):
                yield key
                waiting += [node.key for node in self.tree.children(key)]

    def _from_above(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        """A unit's own promise, else the nearest unit's above it."""
        if key in own:
            return own[key]
        path = reversed(self.tree.path(key)) if key in self.tree.by_key else ()
        return next((tiling.inherited(own[node.key]) for node in path if node.key in own), None)

    def _above_person(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        unit = self._unit_of.get(key) if own else None
        return self._from_above(unit, own) if unit else None

    @cached_property
    def _unit_of(self) -> Mapping[str, str]:
        return org.units_of(self.people, self.start, self.end)

    @cached_property
    def _seats_of(self) -> dict[frozenset[str], Sequence[HeldSeat]]:
        return {}


def _read(found: QuerySet[Target], holder: str) -> Mapping[str, Mapping[str, Mapping[str, list[Row]]]]:
    """Metric → holder → product → rows."""
    read: dict[str, dict[str, dict[str, list[Row]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    fields = ("metric", holder, "product", "starts_on", "ends_on", "base", "target", "challenge")
    for metric, key, product, start, end, *levels in found.values_list(*fields):
        read[metric][key][product].append(Row(start, end, Levels(*levels)))
    return read


class _Below:
    """Promises of units of one metric: their own, and for the days without one the sum of what lies below."""

    def __init__(
        self,
        book: Book,
        set_on: Mapping[str, ByProduct],
        seated: Mapping[str, Sequence[tuple[HeldSeat, ByProduct]]],
    ) -> None:
        self.book, self.set_on, self.seated = book, set_on, seated
        self.known: dict[tuple[str, date, date], Promise | None] = {}

    def promise(self, key: str, start: date, end: date) -> Promise | None:
        """The promise of a unit for [start, end)."""
        if (key, start, end) not in self.known:
            self.known[key, start, end] = self._worked_out(key, start, end)
        return self.known[key, start, end]

    def _worked_out(self, key: str, start: date, end: date) -> Promise | None:
        rows = self.set_on.get(key, {})
        own = self.book.own(rows, sums=True, window=(start, end))
        if own is None:
            return self._children(key, start, end)
        return tiling.completed(
            own, [self._children(key, *gap) for gap in self.book.left_out(rows, start, end)]
        )

    def _children(self, key: str, start: date, end: date) -> Promise | None:
        units = [self.promise(node.key, start, end) for node in self.book.tree.children(key)]
        people = [
            self.book.own(rows, sums=True, window=(max(seat.starts_on, start), min(seat.ends_on, end)))
            for seat, rows in self.seated.get(key, ())
            if seat.starts_on < end and start < seat.ends_on
        ]
        return tiling.summed([part for part in [*units, *people] if part is not None])
