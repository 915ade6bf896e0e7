"""A request in words (metric keys, dimensions, a period's label, a scope) and its reply: for API and CLI."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dabiao.core.errors import Malformed, NotFound
from dabiao.core.sentence import say
from dabiao.engine.metric import sources_of
from dabiao.engine.period import DAY, BadPeriod, Fiscal, Period, between
from dabiao.lake import dictionary, reading
from dabiao.lake.reading import Lake
from dabiao.metrics import answer
from dabiao.metrics.ahead import dated_ahead
from dabiao.metrics.answer import WINDOW, BadMetricRequest, MetricRequest, Windows
from dabiao.metrics.request import TIMES, parts_of
from dabiao.metrics.scope import seats
from dabiao.org.access import User
from dabiao.org.queries import Scope, tree


@dataclass(frozen=True)
class Query:
    """What to measure. period None: all time. where: dimension → values to keep, "" for a missing one."""

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    period: Period | None = None
    where: Mapping[str, Sequence[str]] | None = None
    scope: Scope | None = None


@dataclass(frozen=True)
class QueryResult:
    """Rows with the dimensions first, then the metrics, and the snapshot they come from.

    ahead: metric → what facts of the period that are dated after today come to. They are in the rows; pages, which go up
        to today, count them from their day on.
    """

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: list[dict[str, object]]
    version: int
    ahead: Mapping[str, object]


def run_query(lake: Lake, query: Query, *, viewer: User, fiscal: Fiscal, on: date) -> QueryResult:
    """Measure. Raises BadMetricRequest, NotFound (a scope the viewer may not see)."""
    times = [name for name in query.by if name in TIMES]
    if len(times) > 1:
        raise BadMetricRequest(f"Split by one length of time, not by {' and '.join(times)}.")
    whole = query.period or _all_time(lake, query.metrics, on)
    windows = parts_of(fiscal, whole, times[0]) if times else (whole,)
    by = tuple(WINDOW if name in TIMES else name for name in query.by)
    where = tuple(sorted((name, tuple(values)) for name, values in (query.where or {}).items()))
    request = MetricRequest(query.metrics, by or (WINDOW,), where)
    within = seats(lake, viewer=viewer, scope=query.scope, on=on)
    found = _rows(lake, request, windows, within, on)
    rows = [_renamed(row, query.by, by) | {key: row.get(key) for key in query.metrics} for row in found]
    if not rows and not query.by:
        rows = [{key: answer.without_facts(lake, key, whole.start, whole.end) for key in query.metrics}]
    ahead = dated_ahead(lake, request, period=whole, on=on, seats=within)
    return QueryResult(query.by, query.metrics, rows, lake.number, ahead)


def _rows(
    lake: Lake, request: MetricRequest, windows: Sequence[Period], within: Collection[int] | None, on: date
) -> list[Mapping[str, object]]:
    """What is asked. A share of the market is of the days that have come, as on the pages: what was sold so far is no share
    of what the market will buy until the end of the year."""
    shares = tuple(key for key in request.metrics if is_derived(key) and _has_facts_that_come(key))
    if not shares or all(each.end <= on + DAY for each in windows):
        return _answered(lake, request, windows, within)
    others = replace(request, metrics=tuple(key for key in request.metrics if key not in shares))
    so_far = [replace(each, end=min(each.end, on + DAY)) for each in windows if each.start <= on]
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for asked, spans in ((others, windows), (replace(request, metrics=shares), so_far)):
        for row in _answered(lake, asked, spans, within) if asked.metrics and spans else []:
            rows.setdefault(tuple(row[name] for name in request.by), {}).update(row)
    return list(rows.values())


def _answered(
    lake: Lake, request: MetricRequest, windows: Sequence[Period], within: Collection[int] | None
) -> list[Mapping[str, object]]:
    ranges = Windows(tuple((each.label, each.start, each.end) for each in windows))
    return answer.rows(answer.answer(lake, request, windows=ranges, seats=within))


def _has_facts_that_come(key: str) -> bool:
    """Whether something that happens day by day is part of a metric."""
    return any(source.spread is None and source.on for source in sources_of([dictionary.in_force()[key]]))


def period_of(fiscal: Fiscal, label: str | None, start: date | None, end: date | None) -> Period | None:
    """A period from its label, or from two dates of which the second is the day after the last."""
    if label and (start or end):
        raise Malformed("Give a period or two dates, not both.")
    if label:
        return _parsed(fiscal, label)
    if (start is None) != (end is None):
        raise Malformed("Give both dates: --from, and --to (the day after the last).")
    if start is None or end is None:
        return None
    if start >= end:
        raise Malformed(f"--from {start} does not lie before --to {end}.")
    return _parsed(fiscal, between(start, end).label)


def _parsed(fiscal: Fiscal, label: str) -> Period:
    try:
        return fiscal.parse(label)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from error


def lake_at(version: int | None) -> Lake:
    """The snapshot in force, or an earlier one."""
    try:
        return reading.current() if version is None else reading.at(version)
    except reading.NoSuchVersion as error:
        raise NotFound(str(error)) from error


def scope_of(key: str | None) -> Scope | None:
    """A unit if there is one of that key, else a person."""
    if key is None:
        return None
    return Scope("unit" if key in tree().by_key else "person", key)


def listed(text: str) -> tuple[str, ...]:
    """`a, b` → (a, b), each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def filters(texts: list[str]) -> dict[str, list[str]]:
    """`a=x`, `a=y`, `b=z` → {a: [x, y], b: [z]}."""
    values_of: dict[str, list[str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise Malformed(f"Filter {text!r}: write dimension=value.")
        values_of.setdefault(name, []).append(value)
    return values_of


def is_derived(key: str) -> bool:
    """Whether figures of other periods are prorated by days for a metric of the dictionary."""
    metric = dictionary.in_force().get(key)
    return metric is not None and any(source.spread for source in sources_of([metric]))


def _renamed(row: Mapping[str, object], names: Sequence[str], by: Sequence[str]) -> dict[str, object]:
    return {name: row[column] for name, column in zip(names, by, strict=True)}


def _all_time(lake: Lake, keys: Sequence[str], on: date) -> Period:
    """From the first to the last day that any of the metrics has facts of."""
    known = dictionary.in_force()
    sources = sources_of(known[key] for key in keys if key in known)
    covered = [span for source in sources if source.on and (span := answer.coverage(lake, source))]
    if not covered:
        return between(on, on + DAY)
    return between(min(first for first, _ in covered), max(last for _, last in covered) + DAY)
