"""A question as one expression over the tables of the lake and of the serving file."""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.core.sentence import say
from dabiao.engine import dimension
from dabiao.engine.measure import CannotMeasure, counted_facts, measure
from dabiao.engine.metric import Measure, Metric, Source, measures_of, rollable
from dabiao.engine.spread import spread
from dabiao.lake import cubes
from dabiao.lake.placing import placed, unbound
from dabiao.metrics.plan import Shape, filter_table
from dabiao.metrics.request import WINDOW, BadMetricRequest

_WINDOWS = {WINDOW: "string", "day": "date"}
TOLD: Final = {"source": "string", WINDOW: "string"}
_LOOKUPS = ("unit_levels", "products", "customers", "customer_history", "assignments")


def expression(shape: Shape) -> ir.Table:
    """The answer as an expression over unbound tables: those of the lake, `windows` (window, day), `told`
    (source, window) and `small` ones.

    Raises BadMetricRequest.
    """
    wanted = dict.fromkeys(each for m in shape.metrics for each in measures_of(m))
    listed = [each for each in wanted if each.source in shape.rolled and not rollable(each)]
    others = dict.fromkeys(each.source for each in wanted if each not in listed)
    try:
        return measure(
            shape.metrics,
            {source: _source(source, shape) for source in others},
            by=shape.by,
            rolled=shape.rolled,
            members={each.key: _stored(cubes.members(each), each.source, shape) for each in listed},
            told=ibis.table(TOLD, name="told"),
            unknown=shape.unknown,
        )
    except CannotMeasure as error:
        raise BadMetricRequest(say(error.said)) from error


def facts_behind(each: Measure, shape: Shape) -> ir.Table:
    """The very facts that `expression` sums up for a measure, with who is credited, `seat` and `unit`.

    shape: one that is answered from the facts. Raises BadMetricRequest.
    """
    return counted_facts(each, _facts(each.source, shape, seated=True))


def _source(source: Source, shape: Shape) -> ir.Table:
    """The facts (or cells) of a source that are in scope, in a window and meet the filters."""
    if shape.by_unit:
        return _unit_totals(source, shape)
    if source in shape.rolled:
        return _stored(cubes.cells(source, _adding_up(source, shape.metrics)), source, shape)
    return _facts(source, shape, seated=bool({"seat", "unit", *shape.levels} & {*_dimensions(shape)}))


def _facts(source: Source, shape: Shape, *, seated: bool) -> ir.Table:
    # What a whole market comes to is nobody's own: every scope is held against it.
    scope = None if source.spread else _scope(shape)
    facts = placed(source, scope=scope, nobody=shape.nobody, seated=seated)
    return _kept(facts, source, shape)


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
        raise BadMetricRequest(f"{source.table}: {say(error.said)}") from error
    if source.spread and source.on:
        facts = spread(facts, ibis.table(_WINDOWS, name="windows"), source.spread, on=source.on, by=shape.by)
    for name, missing in shape.filters:
        facts = facts.filter(_keeps(facts[name], name, missing=missing))
    return facts if source.spread else _in_windows(facts, dated=source.on is not None)


def _scope(shape: Shape) -> ir.Table | None:
    return ibis.table({"seat": "int64"}, name="scope") if shape.scoped else None


def _dimensions(shape: Shape) -> list[str]:
    """Those that the question splits or filters by."""
    named = dict.fromkeys([*(name for name, _ in shape.filters), *shape.by])
    return [name for name in named if name != WINDOW]


def _unit_totals(source: Source, shape: Shape) -> ir.Table:
    """The totals of the unit in `whole`, each with the child that it lies in under the name of its kind."""
    totals = cubes.totals(source, _adding_up(source, shape.metrics))
    totals = totals.semi_join(ibis.table({"unit": "string"}, name="whole"), "unit")
    named = [*shape.by, *(name for name, _ in shape.filters)]
    totals = totals.mutate(**{name: totals.child for name in named if name in shape.levels})
    for name, missing in shape.filters:
        totals = totals.filter(_keeps(totals[name], name, missing=missing))
    return _in_windows(totals, dated=source.on is not None)


def _adding_up(source: Source, metrics: Sequence[Metric]) -> list[Measure]:
    measures = {each.key: each for m in metrics for each in measures_of(m) if each.source == source}
    return [each for each in measures.values() if rollable(each)]


def _in_windows(facts: ir.Table, *, dated: bool) -> ir.Table:
    """Each fact once per window that holds its day; a state, which has no day, in every window."""
    windows = ibis.table(_WINDOWS, name="windows")
    if not dated:
        every = windows.select(WINDOW).distinct()
        return facts.cross_join(every)
    joined = facts.inner_join(windows, facts.day == windows.day)
    return joined.select(*(facts[name] for name in facts.columns), **{WINDOW: windows[WINDOW]})


def _keeps(column: ir.Column, name: str, *, missing: bool) -> ir.BooleanValue:
    """Equality as text with one of the members that are wanted, or with nothing."""
    only = ibis.table({"member": "string"}, name=filter_table(name))
    kept = column.cast("string").isin(only.member)
    return kept | column.isnull() if missing else kept.fill_null(False)
