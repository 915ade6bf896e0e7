"""Every unit at every depth of a scope and every person of it, in a few set-based questions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final, cast

import pyarrow as pa

from dabiao.engine.metric import Measure, Metric, Ratio, sides_of
from dabiao.engine.period import Period
from dabiao.metrics import answer
from dabiao.metrics.answer import WINDOW
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.org.queries import Node, Scope

CROWD: Final = 500
"""Where more people sit, single people are left to whoever looks one unit deeper."""
Place = tuple[str, Scope | None]
"""A window, and whose figure."""


def sides(metric: Metric) -> tuple[str, ...]:
    """What to ask for so that units and people add up to the metric: itself, or part and whole; nothing where it can't
    be added (different things, medians)."""
    if isinstance(metric, Measure) and metric.additive:
        return (metric.key,)
    if isinstance(metric, Measure) and metric.how == "mean":
        return tuple(side.key for side in sides_of(metric))
    if isinstance(metric, Ratio) and metric.part.additive and metric.whole.additive:
        return (metric.part.key, metric.whole.key)
    return ()


@dataclass
class Subtree:
    """Figures of a scope, the units below it and its people, by window (name → days).

    What can't be added (different things, medians) is known of parts once `learn` has asked.
    """

    frame: Frame
    metrics: tuple[str, ...]
    windows: Mapping[str, Period]
    units: tuple[Node, ...]
    people: Mapping[str, str]
    """Person → the unit of the scope in which they sit, or sat last."""
    sums: Mapping[Place, Mapping[str, Number | None]]
    _odd: dict[tuple[str, str], Mapping[Scope, Number | None]] = field(default_factory=dict)

    @cached_property
    def parts(self) -> tuple[Scope, ...]:
        """All below the scope: units in tree order, then people."""
        units = [Scope("unit", node.key) for node in self.units]
        people = [Scope("person", person) for person in self.people]
        return tuple(scope for scope in (*units, *people) if scope != self.frame.scope)

    def get(self, window: str, key: str, scope: Scope | None) -> Number | None:
        """A metric of the scope itself or of a part of it: ratios divided after everything is summed."""
        metric, added = self.frame.metrics[key], self.added(window, key, scope)
        if not sides(metric):
            if scope is None or scope == self.frame.scope:
                return self._own.get((window, key), self._nothing(window, key))
            return self._odd.get((window, key), {}).get(scope, self._nothing(window, key))
        if len(added) == 1:
            return added[0]
        part, whole = added
        return None if part is None or not whole else float(part) / float(whole)

    def added(self, window: str, key: str, scope: Scope | None) -> tuple[Number | None, ...]:
        """The one or two sums behind the metric."""
        row = self.sums.get((window, scope))
        names = sides(self.frame.metrics[key])
        return tuple(row[name] if row is not None else self._nothing(window, name) for name in names)

    def learn(self, parts: Collection[tuple[Scope | None, str]]) -> None:
        """Ask in all windows what can't be added, of those parts: (scope, metric). One question per kind of unit."""
        wanted = {(scope, key) for scope, key in parts if scope and not sides(self.frame.metrics[key])}
        keys = tuple(dict.fromkeys(key for key in self.metrics if any(of == key for _scope, of in wanted)))
        units = {scope.key for scope, _key in wanted if scope.kind == "unit" and scope != self.frame.scope}
        found: dict[tuple[str, str], dict[Scope, Number | None]] = defaultdict(dict)
        nodes = [node for node in self.units if node.key in units]
        for (window, unit), cell in by_unit(self.frame, keys, self.windows, nodes).items():
            for key in keys:
                found[window, key][Scope("unit", unit)] = cast("Number | None", cell[key])
        people = any(scope.kind == "person" and scope != self.frame.scope for scope, _key in wanted)
        for cell in self.frame.ask(keys, self.windows, ("person",)) if people else ():
            for key in keys:
                person = Scope("person", cast(str, cell["person"]))
                found[cast(str, cell[WINDOW]), key][person] = cast("Number | None", cell[key])
        self._odd = dict(found)

    @cached_property
    def _own(self) -> Mapping[tuple[str, str], Number | None]:
        """(window, metric) → of the scope itself, what can't be added."""
        keys = [key for key in self.metrics if not sides(self.frame.metrics[key])]
        cells = self.frame.ask(keys, self.windows)
        return {(cast(str, cell[WINDOW]), key): cast("Number | None", cell[key]) for cell in cells for key in keys}  # fmt: skip

    def _nothing(self, window: str, key: str) -> Number | None:
        span = self.windows[window]
        return answer.without_facts(self.frame.lake, key, span.start, span.end)


def subtree(frame: Frame, metrics: Sequence[str], windows: Mapping[str, Period]) -> Subtree:
    """The metrics of everybody in the scope, in each window; units and people as they stand in the frame's period.

    Only what the viewer sees is counted, as everywhere. What can't be added is not asked yet: see `learn`.
    """
    units = _units(frame)
    people = _people(frame, units)
    keys = tuple(dict.fromkeys(side for key in metrics for side in sides(frame.metrics[key])))
    sums: Mapping[Place, Mapping[str, Number | None]] = {}
    if keys:
        by = ("unit", "person") if people else ("unit",)
        sums = _summed(frame, frame.table(keys, windows, by), keys, units, people)
    return Subtree(frame, tuple(metrics), windows, units, people, sums)


def by_unit(
    frame: Frame, metrics: Sequence[str], windows: Mapping[str, Period], units: Collection[Node]
) -> dict[tuple[str, str], Mapping[str, object]]:
    """(window, unit) → the metrics of the unit with all that lies below it: one question per kind of unit.

    Of two units of one kind over one another a kind knows the nearer one alone: the upper one is asked by itself.
    """
    inside = {node.key for node in units}
    values: dict[tuple[str, str], Mapping[str, object]] = {}
    for kind in dict.fromkeys(node.kind for node in units):
        for cell in frame.ask(metrics, windows, (kind,)):
            if cell[kind] in inside:
                values[cast(str, cell[WINDOW]), cast(str, cell[kind])] = cell
    nodes = frame.tree.nodes
    for node in units:
        if any(below.kind == node.kind for below in nodes[node.index + 1 : node.ends]):
            own = seats(frame.lake, viewer=frame.viewer, scope=Scope("unit", node.key), on=frame.today)
            for cell in frame.ask(metrics, windows, within=own):
                values[cast(str, cell[WINDOW]), node.key] = cell
    return values


def _units(frame: Frame) -> tuple[Node, ...]:
    """The units of the scope, its own first; of a person none."""
    if frame.scope and frame.scope.kind == "person":
        return ()
    if frame.unit:
        return tuple(frame.tree.subtree(frame.unit.key))
    return org.units_visible(frame.viewer, frame.today)


def _people(frame: Frame, units: Collection[Node]) -> Mapping[str, str]:
    """Who sits, or has sat, in the units in the period, with the last of these units; nobody of a crowd."""
    within = [node.key for node in units]
    held = sorted(
        org.primary_seats(within, frame.period.start, frame.period.end),
        key=lambda seat: (seat.starts_on, seat.person),
    )
    people = {seat.person: seat.unit for seat in held}
    return dict(sorted(people.items())) if len(people) <= CROWD else {}


def _summed(
    frame: Frame, table: pa.Table, keys: Sequence[str], units: Iterable[Node], people: Collection[str]
) -> Mapping[Place, Mapping[str, Number | None]]:
    """The cells added up by person, and by unit with all above it up to the scope, which has those of nobody too."""
    sums: dict[Place, dict[str, Number | None]] = defaultdict(lambda: dict.fromkeys(keys))
    inside = {node.key for node in units}
    for row in _grouped(table, "unit", keys):
        unit = cast("str | None", row["unit"])
        above = [node.key for node in frame.tree.path(unit)] if unit and unit in frame.tree.by_key else []
        places: list[Scope | None] = [Scope("unit", key) for key in above if key in inside]
        places += [frame.scope] if frame.scope not in places else []
        for place in places:
            _add(sums[cast(str, row[WINDOW]), place], row, keys)
    if people:
        for row in _grouped(table, "person", keys):
            if row["person"] in people and Scope("person", cast(str, row["person"])) != frame.scope:
                _add(sums[cast(str, row[WINDOW]), Scope("person", cast(str, row["person"]))], row, keys)
    return sums


def _grouped(table: pa.Table, by: str, keys: Sequence[str]) -> Iterable[Mapping[str, object]]:
    added = table.group_by([WINDOW, by]).aggregate([(key, "sum") for key in keys])
    return list(added.rename_columns([name.removesuffix("_sum") for name in added.column_names]).to_pylist())


def _add(into: dict[str, Number | None], row: Mapping[str, object], keys: Sequence[str]) -> None:
    for key in keys:
        more = cast("Number | None", row[key])
        known = into[key]
        if known is None or more is None:
            into[key] = more if known is None else known
        else:
            into[key] = Decimal(str(known)) + Decimal(str(more))
