"""Where a question is answered from: the totals of a unit, the roll-ups by seat, or the facts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import pyarrow as pa

from dabiao.engine.credit import NOBODY
from dabiao.engine.metric import Measure, Metric, Ratio, Source, measures_of, rollable, sources_of
from dabiao.lake import cubes, paths
from dabiao.lake.reading import Lake
from dabiao.metrics.request import WINDOW, MetricRequest, Windows, metrics_of

_IN_ROLL_UP = frozenset({WINDOW, "day", "seat", "person", "unit"})


@dataclass(frozen=True)
class Shape:
    """All that the SQL depends on; what differs beyond that comes in as small tables."""

    by: tuple[str, ...]
    filters: tuple[tuple[str, bool], ...]
    """(dimension, whether what lacks it is kept too); what else is kept comes in as the table `filter_table`."""
    metrics: tuple[Metric, ...]
    levels: frozenset[str]
    rolled: frozenset[Source]
    unknown: frozenset[str]
    """Measures of which no fact of the snapshot tells anything, and ratios that nobody can know."""
    by_unit: bool
    scoped: bool
    nobody: bool
    """Whether the scope lists seat 0, the facts of nobody."""


@dataclass(frozen=True)
class Plan:
    """A question put to a snapshot: what its SQL depends on, and the small tables that tell which facts count."""

    shape: Shape
    small: Mapping[str, pa.Table]


def plan_for(lake: Lake, question: MetricRequest, *, seats: Collection[int] | None) -> Plan:
    """Decide where a question is answered from. Raises BadMetricRequest."""
    metrics = metrics_of(question.metrics)
    levels = _levels(lake)
    sources = frozenset(sources_of(metrics))
    rolled = _rolled(lake, question, metrics, levels)
    adds_up = rolled == sources and all(rollable(each) for each in metrics)
    whole = _whole(lake, question, seats) if adds_up else None
    small = _filters(question)
    if whole is not None:
        small["whole"] = pa.table({"unit": pa.array([whole], pa.string())})
    elif seats is not None:
        small["scope"] = _scope(seats)
    shape = Shape(
        question.by,
        tuple((name, "" in values) for name, values in question.where),
        metrics,
        levels,
        rolled,
        unknown_of(lake, metrics) | _unsorted(lake, question, metrics),
        by_unit=whole is not None,
        scoped="scope" in small,
        nobody=whole is None and _lists_nobody(seats),
    )
    return Plan(shape, small)


def plan_from_facts(lake: Lake, question: MetricRequest, *, seats: Collection[int] | None) -> Plan:
    """The same question, answered from the facts themselves whatever is rolled up. Raises BadMetricRequest."""
    metrics = metrics_of(question.metrics)
    shape = Shape(
        question.by,
        tuple((name, "" in values) for name, values in question.where),
        metrics,
        _levels(lake),
        frozenset(),
        unknown_of(lake, metrics) | _unsorted(lake, question, metrics),
        by_unit=False,
        scoped=seats is not None,
        nobody=_lists_nobody(seats),
    )
    return Plan(shape, _filters(question) | ({} if seats is None else {"scope": _scope(seats)}))


def filter_table(dimension: str) -> str:
    """The small table of the members of a dimension that a question is filtered to: one column, `member`."""
    return f"only_{dimension}"


def _filters(question: MetricRequest) -> dict[str, pa.Table]:
    return {
        filter_table(name): pa.table({"member": pa.array([value for value in values if value], pa.string())})
        for name, values in question.where
    }


def _lists_nobody(seats: Collection[int] | None) -> bool:
    return seats is not None and NOBODY in seats


def _scope(seats: Collection[int]) -> pa.Table:
    return pa.table({"seat": pa.array(sorted(set(seats)), pa.int64())})


@lru_cache(maxsize=64)
def _levels(lake: Lake) -> frozenset[str]:
    """The kinds of units of this snapshot, each a dimension."""
    kinds = lake.run("SELECT DISTINCT kind FROM unit_levels WHERE kind IS NOT NULL")
    return frozenset(kinds.column(0).to_pylist())


def _whole(lake: Lake, question: MetricRequest, seats: Collection[int] | None) -> str | None:
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
    """Unit → the one kind that all its children have, where they do and nothing above or further below is of that kind
    too: of two units of one kind over one another the nearer one counts, which is no child then."""
    units = lake.run("SELECT unit, parent, kind FROM units").to_pylist()
    kinds: dict[str | None, set[str]] = {}
    for unit in units:
        kinds.setdefault(unit["parent"], set()).add(unit["kind"])
    kind_of = {unit["unit"]: unit["kind"] for unit in units}
    parent_of = {unit["unit"]: unit["parent"] for unit in units}
    # The kinds of grandchildren and further down: each unit's kind counts for whoever is above its parent.
    deeper: dict[str, set[str]] = {}
    for unit, parent in parent_of.items():
        above = parent and parent_of[parent]
        while above:
            deeper.setdefault(above, set()).add(kind_of[unit])
            above = parent_of[above]
    kinds_below = {
        unit: frozenset(below)
        for unit, below in kinds.items()
        if unit is not None
        and len(below) == 1
        and not below & (_kinds_above(unit, kind_of, parent_of) | deeper.get(unit, set()))
    }
    roots = [unit for unit, parent in parent_of.items() if parent is None]
    if len(roots) == 1:
        kinds_below[paths.EVERYTHING] = kinds_below.get(roots[0], frozenset())
    return kinds_below


def _kinds_above(
    unit: str | None, kind_of: Mapping[str, str], parent_of: Mapping[str, str | None]
) -> set[str]:
    above = set()
    while unit is not None:
        above.add(kind_of[unit])
        unit = parent_of[unit]
    return above


def _rolled(
    lake: Lake, question: MetricRequest, metrics: Sequence[Metric], levels: frozenset[str]
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


@lru_cache(maxsize=256)
def coverage(lake: Lake, source: Source) -> tuple[date, date] | None:
    """First and last day of a source's facts in the whole snapshot; None: it has none (or none with a day)."""
    if source.table not in lake.tables:
        return None
    day = "day" if source.name in lake.rolled else f'"{source.on}"::DATE'
    if source.on is None:
        return (date.min, date.max) if lake.run(f'SELECT 1 FROM "{source.table}" LIMIT 1').num_rows else None
    table = source.name if source.name in lake.rolled else source.table
    until = f'"{source.spread.until}"' if source.spread else f"{day} + 1"
    lasting = f"WHERE {until} > {day}" if source.spread else ""
    spans = f'SELECT min({day}) AS f, max({until}) - 1 AS l FROM "{table}" {lasting}'
    first, last = lake.run(spans).to_pylist()[0].values()
    return None if first is None else (first, last)


def reaches(lake: Lake, source: Source, start: date, end: date) -> bool:
    """Whether the facts of a source reach into a window: what lies before the first, or behind the last, nobody knows."""
    covered = coverage(lake, source)
    return covered is not None and covered[0] < end and start <= covered[1]


def told(lake: Lake, shape: Shape, windows: Windows) -> pa.Table:
    """source, window: into which windows the facts of each source reach (see `measure`)."""
    names = sorted(
        (source.name, label)
        for source in sources_of(shape.metrics)
        if source.spread is None
        for label, start, end in windows.ranges
        if reaches(lake, source, start, end)
    )
    columns = [[name for name, _label in names], [label for _name, label in names]]
    return pa.table([pa.array(column, pa.string()) for column in columns], names=["source", WINDOW])


def unknown_of(lake: Lake, metrics: Iterable[Metric]) -> frozenset[str]:
    """Keys of the measures of which no fact of the snapshot tells anything: nobody has written an order number yet."""
    return frozenset(each.key for m in metrics for each in measures_of(m) if not _is_told(lake, each))


def _unsorted(lake: Lake, question: MetricRequest, metrics: Sequence[Metric]) -> frozenset[str]:
    """Keys of ratios to a part of the market, where none of our customers is sorted by the market's parts."""
    asked = {name for name, _values in question.where}
    keys = {
        each.key
        for each in metrics
        if isinstance(each, Ratio)
        and each.whole.source.spread
        and asked & set(each.whole.source.spread.about)
    }
    return frozenset() if not keys or _sorts_as_the_market(lake) else frozenset(keys)


@lru_cache(maxsize=8)
def _sorts_as_the_market(lake: Lake) -> bool:
    """Whether some customer is of a segment that the figures of the market are about."""
    if not {"customers", "market"} <= set(lake.tables):
        return False
    both = "SELECT 1 FROM customers JOIN market ON customers.type = market.segment LIMIT 1"
    return bool(lake.run(both).num_rows)


@lru_cache(maxsize=1024)
def _is_told(lake: Lake, each: Measure) -> bool:
    if each.source.table not in lake.tables or not each.told_by:
        return True  # where there are no facts at all there is no data either way
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in each.told_by)
    return bool(lake.run(f'SELECT 1 FROM "{each.source.table}" WHERE {known} LIMIT 1').num_rows)
