"""The one way from metrics to numbers: by dimensions, in windows, within a scope, at a snapshot.

Pages, API, CLI and exports all ask here. Where the roll-ups can answer they do, else the facts; both are
the same expression, so both say the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from dabiao.core.errors import Malformed
from dabiao.engine import dimension
from dabiao.engine.measure import CannotMeasure, measure
from dabiao.engine.metric import Measure, Metric, Source, measures_of, rollable, sources_of
from dabiao.lake import cubes, dictionary, paths
from dabiao.lake.placing import placed, sql, unbound
from dabiao.lake.reading import Lake

WINDOW = "window"
_LOOKUPS = ("unit_levels", "products", "customers", "customer_history", "assignments")
_IN_ROLL_UP = frozenset({WINDOW, "day", "seat", "person", "unit"})


class BadQuestion(Malformed):
    """The metrics, dimensions and filters don't fit together; the message says what would."""


@dataclass(frozen=True)
class Question:
    """What is asked, without when and for whom: one compiled query per question.

    by: dimensions; `window` splits by the windows. where: dimension → the values to keep (null: "").
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = (WINDOW,)
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Windows:
    """Named half-open date ranges; they may overlap."""

    ranges: tuple[tuple[str, date, date], ...]

    @property
    def days(self) -> pa.Table:
        """One row per window and day, so that facts meet their windows by equality."""
        rows = [
            (name, start + timedelta(days=n))
            for name, start, end in self.ranges
            for n in range((end - start).days)
        ]
        return pa.table(
            {
                WINDOW: pa.array([name for name, _ in rows], pa.string()),
                "day": pa.array([day for _, day in rows], pa.date32()),
            }
        )


def answer(lake: Lake, question: Question, *, windows: Windows, seats: Collection[int] | None) -> pa.Table:
    """One row per combination of the dimensions that has facts: dimensions first, then metrics.

    seats: the seats whose facts count (0: facts of nobody); None: all of them.
    A sum or count of a table without any facts in a window is null ("no data"), not 0.
    Raises BadQuestion.
    """
    posed = pose(lake, question, seats=seats)
    return lake.run(_compiled(posed.shape), windows=windows.days, **posed.small)


@dataclass(frozen=True)
class Posed:
    """A question put to a snapshot: what its SQL depends on, and the small tables that tell whose facts count."""

    shape: "Shape"
    small: Mapping[str, pa.Table]


def pose(lake: Lake, question: Question, *, seats: Collection[int] | None) -> Posed:
    """Decide where a question is answered from. Raises BadQuestion."""
    metrics = _metrics(question.metrics)
    levels = _levels(lake)
    sources = frozenset(sources_of(metrics))
    rolled = _rolled(lake, question, metrics, levels)
    adds_up = rolled == sources and all(rollable(each) for each in metrics)
    whole = _whole(lake, question, seats) if adds_up else None
    alive = frozenset(source for source in sources if coverage(lake, source) is not None)
    scoped = seats is not None and whole is None
    small = {}
    if whole is not None:
        small["whole"] = pa.table({"unit": pa.array([whole], pa.string())})
    elif seats is not None:
        small["scope"] = pa.table({"seat": pa.array(sorted(set(seats)), pa.int64())})
    return Posed(Shape(question, metrics, levels, scoped, rolled, alive, by_unit=whole is not None), small)


def _metrics(keys: Sequence[str]) -> tuple[Metric, ...]:
    known = dictionary.in_force()
    if unknown := [key for key in keys if key not in known]:
        raise BadQuestion(f"No metric is called {unknown[0]!r}{dictionary.nearest(unknown[0])}.")
    return tuple(known[key] for key in keys)


@lru_cache(maxsize=64)
def _levels_of(number: int, lake: Lake) -> frozenset[str]:
    return frozenset(
        lake.run("SELECT DISTINCT kind FROM unit_levels WHERE kind IS NOT NULL").column(0).to_pylist()
    )


def _levels(lake: Lake) -> frozenset[str]:
    """The kinds of units of this snapshot, each a dimension."""
    return _levels_of(lake.number, lake)


def _whole(lake: Lake, question: Question, seats: Collection[int] | None) -> str | None:
    """The unit whose totals answer the question: the seats are all of its subtree, and it is split, if at
    all, by the kind that its children have."""
    unit = (
        paths.EVERYTHING
        if seats is None
        else _subtrees(lake).get((min(seats, default=0), len(seats), max(seats, default=0)))
    )
    if unit is None:
        return None
    named = {*question.by, *(name for name, _ in question.where)} - {WINDOW, "day"}
    return unit if named <= _kinds_below(lake).get(unit, frozenset()) else None


@lru_cache(maxsize=8)
def _subtrees(lake: Lake) -> Mapping[tuple[int, int, int], str]:
    """(first seat, number of seats, last seat) → unit, of every unit that has seats."""
    units = lake.run("SELECT unit, seat_from, seat_to FROM units WHERE seat_to > seat_from").to_pylist()
    return {(u["seat_from"], u["seat_to"] - u["seat_from"], u["seat_to"] - 1): u["unit"] for u in units}


@lru_cache(maxsize=8)
def _kinds_below(lake: Lake) -> Mapping[str, frozenset[str]]:
    """Unit → the one kind that all its children have, where they do and nothing above is of that kind too."""
    units = lake.run("SELECT unit, parent, kind FROM units").to_pylist()
    kinds: dict[str | None, set[str]] = {}
    for unit in units:
        kinds.setdefault(unit["parent"], set()).add(unit["kind"])
    kind_of = {unit["unit"]: unit["kind"] for unit in units}
    parent_of = {unit["unit"]: unit["parent"] for unit in units}
    found = {
        unit: frozenset(below)
        for unit, below in kinds.items()
        if unit is not None and len(below) == 1 and not below & _kinds_above(unit, kind_of, parent_of)
    }
    roots = [unit for unit, parent in parent_of.items() if parent is None]
    if len(roots) == 1:
        found[paths.EVERYTHING] = found.get(roots[0], frozenset())
    return found


def _kinds_above(
    unit: str | None, kind_of: Mapping[str, str], parent_of: Mapping[str, str | None]
) -> set[str]:
    above = set()
    while unit is not None:
        above.add(kind_of[unit])
        unit = parent_of[unit]
    return above


def _rolled(
    lake: Lake, question: Question, metrics: Sequence[Metric], levels: frozenset[str]
) -> frozenset[Source]:
    """The sources of which the serving file has all that the question needs."""
    named = {*question.by, *(name for name, _ in question.where)}
    if not named <= _IN_ROLL_UP | levels:
        return frozenset()
    wanted = {each for m in metrics for each in measures_of(m)}
    needing_facts = {each.source for each in wanted if _stored_as(each) not in lake.rolled}
    return frozenset(sources_of(metrics)) - needing_facts


def _stored_as(each: Measure) -> str | None:
    """The table of the serving file that answers for a measure; None: only the facts do."""
    if rollable(each):
        return each.source.name
    return cubes.members_name(each) if cubes.is_listed(each) else None


@dataclass(frozen=True)
class Shape:
    """All that the SQL depends on; what differs beyond that comes in as small tables."""

    question: Question
    metrics: tuple[Metric, ...]
    levels: frozenset[str]
    scoped: bool
    rolled: frozenset[Source]
    alive: frozenset[Source]
    by_unit: bool


@lru_cache(maxsize=512)
def _compiled(shape: Shape) -> str:
    table, by = expression(shape), shape.question.by
    return sql(table.order_by([table[name].asc(nulls_first=False) for name in by]) if by else table)


def expression(shape: Shape) -> ir.Table:
    """The answer as an expression over unbound tables: those of the lake, `windows` (window, day) and `small` ones.

    Raises BadQuestion.
    """
    wanted = dict.fromkeys(each for m in shape.metrics for each in measures_of(m))
    listed = [each for each in wanted if each.source in shape.rolled and not rollable(each)]
    others = dict.fromkeys(each.source for each in wanted if each not in listed)
    try:
        return measure(
            shape.metrics,
            {source: _source(source, shape) for source in others},
            by=shape.question.by,
            rolled=shape.rolled,
            members={each.key: _stored(cubes.members(each), each.source, shape) for each in listed},
            zero_for=shape.alive,
        )
    except CannotMeasure as error:
        raise BadQuestion(str(error)) from error


def _source(source: Source, shape: Shape) -> ir.Table:
    """The facts (or cells) of a source that are in scope, in a window and meet the filters."""
    if shape.by_unit:
        return _unit_totals(source, shape)
    if source in shape.rolled:
        return _stored(cubes.cells(source, _adding_up(source, shape.metrics)), source, shape)
    seated = bool({"seat", "unit", *shape.levels} & {*_dimensions(shape)})
    return _kept(placed(source, scope=_scope(shape), seated=seated), source, shape)


def _stored(cells: ir.Table, source: Source, shape: Shape) -> ir.Table:
    """Rows of the serving file, by seat, as `_source` says."""
    scope = _scope(shape)
    if scope is not None:
        cells = cells.semi_join(scope, "seat")
    if {"unit", *shape.levels} & {*_dimensions(shape)}:
        seats = unbound("assignments")
        joined = cells.left_join(seats, cells.seat == seats.seat)
        cells = joined.select(*(cells[name] for name in cells.columns), unit=seats.unit)
    return _kept(cells, source, shape)


def _kept(facts: ir.Table, source: Source, shape: Shape) -> ir.Table:
    """With the dimensions asked for, and only what meets the filters and lies in a window."""
    lookups = {name: unbound(name) for name in _LOOKUPS}
    try:
        facts = dimension.with_dimensions(facts, _dimensions(shape), lookups, levels=shape.levels)
    except dimension.NoSuchDimension as error:
        raise BadQuestion(f"{source.table}: {error}") from error
    for name, values in shape.question.where:
        facts = facts.filter(_keeps(facts[name], values))
    return _in_windows(facts, dated=source.on is not None)


def _scope(shape: Shape) -> ir.Table | None:
    return ibis.table({"seat": "int64"}, name="scope") if shape.scoped else None


def _dimensions(shape: Shape) -> list[str]:
    """Those that the question splits or filters by."""
    named = dict.fromkeys([*(name for name, _ in shape.question.where), *shape.question.by])
    return [name for name in named if name != WINDOW]


def _unit_totals(source: Source, shape: Shape) -> ir.Table:
    """The totals of the unit in `whole`, each with the child that it lies in under the name of its kind."""
    totals = cubes.totals(source, _adding_up(source, shape.metrics))
    totals = totals.semi_join(ibis.table({"unit": "string"}, name="whole"), "unit")
    named = [*shape.question.by, *(name for name, _ in shape.question.where)]
    totals = totals.mutate(**{name: totals.child for name in named if name in shape.levels})
    for name, values in shape.question.where:
        totals = totals.filter(_keeps(totals[name], values))
    return _in_windows(totals, dated=source.on is not None)


def _adding_up(source: Source, metrics: Sequence[Metric]) -> list[Measure]:
    found = {each.key: each for m in metrics for each in measures_of(m) if each.source == source}
    return [each for each in found.values() if rollable(each)]


def _in_windows(facts: ir.Table, *, dated: bool) -> ir.Table:
    """Each fact once per window that holds its day; a state, which has no day, in every window."""
    windows = ibis.table({WINDOW: "string", "day": "date"}, name="windows")
    if not dated:
        every = windows.select(WINDOW).distinct()
        return facts.cross_join(every)
    joined = facts.inner_join(windows, facts.day == windows.day)
    return joined.select(*(facts[name] for name in facts.columns), **{WINDOW: windows[WINDOW]})


def _keeps(column: ir.Column, values: Sequence[str]) -> ir.BooleanValue:
    """Equality as text; the empty text stands for "missing"."""
    kept = column.cast("string").isin([value for value in values if value])
    return kept | column.isnull() if "" in values else kept.fill_null(False)


@lru_cache(maxsize=256)
def coverage(lake: Lake, source: Source) -> tuple[date, date] | None:
    """First and last day of a source's facts in the whole snapshot; None: it has none (or none with a day)."""
    if source.table not in lake.tables:
        return None
    day = "day" if source.name in lake.rolled else f'"{source.on}"::DATE'
    if source.on is None:
        return (date.min, date.max) if lake.run(f'SELECT 1 FROM "{source.table}" LIMIT 1').num_rows else None
    table = source.name if source.name in lake.rolled else source.table
    first, last = lake.run(f'SELECT min({day}) AS f, max({day}) AS l FROM "{table}"').to_pylist()[0].values()
    return None if first is None else (first, last)


def without_facts(lake: Lake, key: str, start: date, end: date) -> Decimal | None:
    """What a metric is in a window that has no fact of the scope: 0 for a sum or count of something that is
    recorded at that time, null ("no data") for everything else."""
    found = _metrics((key,))[0]
    if not isinstance(found, Measure) or found.how not in {"sum", "count", "distinct"}:
        return None
    covered = coverage(lake, found.source)
    return Decimal(0) if covered and covered[0] < end and start <= covered[1] else None


def rows(table: pa.Table) -> list[Mapping[str, object]]:
    """The answer as rows; sums are Decimal, ratios float, missing is None."""
    return list(table.to_pylist())
