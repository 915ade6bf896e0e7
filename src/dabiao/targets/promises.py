"""What scopes were promised for a window: own targets, else sums over products and children, else from above."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db.models import QuerySet

from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.org.tree import Tree, tree
from dabiao.targets import tiling
from dabiao.targets.models import Target
from dabiao.targets.tiling import Levels, Promise, Row, WorkingDays

ByProduct = Mapping[str, Sequence[Row]]


class Book:
    """The targets that touch one window, read as they are needed: units at once, people of the units that need them."""

    def __init__(self, start: date, end: date, product: str, working_days: WorkingDays) -> None:
        self.start, self.end, self.product = start, end, product
        self.working_days = working_days
        self.tree: Tree = tree()

    def promises(self, scopes: Sequence[Scope], metric: str, *, sums: bool) -> dict[Scope, Promise]:
        """Scope → promise, of those that have one. sums: whether the metric's targets add up."""
        units = self._read(self._touching(metric).filter(scope_kind="unit"), "unit__key")
        people_asked = [scope.key for scope in scopes if scope.kind == "person"]
        own = {key: promise for key, rows in units.items() if (promise := self._own(rows, sums=sums))}
        found: dict[Scope, Promise] = {}
        if sums:
            found |= self._summed([scope.key for scope in scopes if scope.kind == "unit"], metric, own)
        else:
            found |= {
                scope: promise
                for scope in scopes
                if scope.kind == "unit" and (promise := self._from_above(scope.key, own))
            }
        rows = self._read(self._touching(metric).filter(person__key__in=people_asked), "person__key")
        for key in people_asked:
            promise = self._own(rows.get(key, {}), sums=sums)
            if promise is None and not sums:
                promise = tiling.inherited(self._above_person(key, own))
            if promise is not None:
                found[Scope("person", key)] = promise
        return found

    def _summed(self, wanted: Sequence[str], metric: str, own: Mapping[str, Promise]) -> dict[Scope, Promise]:
        """Own targets of units, else the sum of their children, in the order that children come first."""
        needing = set(self._needing_people(wanted, own))
        seated = self._people(needing, metric)
        done: dict[str, Promise | None] = {}
        for key in self._children_first(wanted):
            if key in own:
                done[key] = own[key]
                continue
            parts = [done[node.key] for node in self.tree.children(key)]
            done[key] = tiling.summed([part for part in [*parts, *seated.get(key, [])] if part is not None])
        return {Scope("unit", key): promise for key in wanted if (promise := done.get(key)) is not None}

    def _needing_people(self, wanted: Iterable[str], own: Mapping[str, Promise]) -> Iterable[str]:
        """Units without own targets that are asked for, or lie below one such."""
        waiting = [key for key in wanted if key in self.tree.by_key]
        while waiting:
            key = waiting.pop()
            if key not in own:
                yield key
                waiting += [node.key for node in self.tree.children(key)]

    def _children_first(self, wanted: Iterable[str]) -> list[str]:
        keys = {node.key for key in wanted for node in self.tree.subtree(key)}
        return [node.key for node in reversed(self.tree.nodes) if node.key in keys]

    def _people(self, units: set[str], metric: str) -> Mapping[str, list[Promise]]:
        """Unit → promises of the people in it, each for the time of the seat."""
        seats = org.primary_seats(units, self.start, self.end)
        people = {seat.person for seat in seats}
        rows = self._read(self._touching(metric).filter(scope_kind="person"), "person__key", only=people)
        found: dict[str, list[Promise]] = defaultdict(list)
        for seat in seats:
            start, end = max(seat.starts_on, self.start), min(seat.ends_on, self.end)
            promise = self._own(rows.get(seat.person, {}), sums=True, window=(start, end))
            if promise is not None:
                found[seat.unit].append(promise)
        return found

    def _own(self, rows: ByProduct, *, sums: bool, window: tuple[date, date] | None = None) -> Promise | None:
        start, end = window or (self.start, self.end)

        def of(product: str) -> Promise | None:
            found = rows.get(product, ())
            return tiling.promised(found, start, end, flow=sums, working_days=self.working_days)

        whole = of(self.product)
        if whole is not None or self.product or not sums:
            return whole
        return tiling.summed([part for product in sorted(rows) if (part := of(product)) is not None])

    def _from_above(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        """A unit's own promise, else the nearest unit's above it."""
        if key in own:
            return own[key]
        path = reversed(self.tree.path(key)) if key in self.tree.by_key else ()
        return next((tiling.inherited(own[node.key]) for node in path if node.key in own), None)

    def _above_person(self, key: str, own: Mapping[str, Promise]) -> Promise | None:
        unit = org.unit_of(key, self.start, self.end)
        return self._from_above(unit, own) if unit else None

    def _touching(self, metric: str) -> QuerySet[Target]:
        found = Target.objects.filter(metric=metric, starts_on__lt=self.end, ends_on__gt=self.start)
        return found.filter(product=self.product) if self.product else found

    def _read(
        self, found: QuerySet[Target], holder: str, only: set[str] | None = None
    ) -> Mapping[str, Mapping[str, list[Row]]]:
        """Holder → product → rows."""
        read: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        fields = (holder, "product", "starts_on", "ends_on", "base", "target", "challenge")
        for key, product, start, end, *levels in found.values_list(*fields):
            if only is None or key in only:
                read[key][product].append(Row(start, end, Levels(*levels)))
        return read
