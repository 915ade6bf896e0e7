"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from dabiao.core import room
from dabiao.engine.metric import grows
from dabiao.engine.period import Period, between
from dabiao.metrics.frame import Frame
from dabiao.org import queries
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated, summed or inherited rather than set for exactly this."""

    value: Decimal | None = None
    derived: bool = False


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]
Along = Mapping[tuple[Scope | None, str, str], Promise]
"""(scope, metric, member of a dimension) → target; the member of "" is ""."""
Spans = tuple[Period, ...]


def promised(
    frame: Frame,
    scopes: Iterable[Scope | None],
    metrics: Sequence[str],
    *,
    units: frozenset[str] | None = None,
) -> Promises:
    """(scope, metric) → target, of those that have one. The scopes are visible: the frame has checked them.

    Target and actual are of the same days: of somebody who has moved, the frame counts the facts of the seats in its
    units, so what was promised counts for the time of those seats; what was promised before and after is not theirs
    who look.
    units: those whose seats' time counts, if fewer than the frame's
    """
    found = _asked(frame, scopes, metrics, "", units)
    return {(scope, metric): promise for (scope, metric, _member), promise in found.items()}


def promised_along(
    frame: Frame, scopes: Iterable[Scope | None], metric: str, dimension: str
) -> Mapping[tuple[Scope | None, str], Promise]:
    """(scope, member) → the target that is narrowed to this member of a dimension, of those that have one; of the same
    sight and the same days as `promised`."""
    found = _asked(frame, scopes, [metric], dimension, None)
    return {(scope, member): promise for (scope, _metric, member), promise in found.items()}


def _asked(
    frame: Frame,
    scopes: Iterable[Scope | None],
    metrics: Sequence[str],
    dimension: str,
    units: frozenset[str] | None,
) -> Along:
    asked = dict.fromkeys(scope for scope in scopes if scope is not None)
    days = _days(frame, [scope.key for scope in asked if scope.kind == "person"], units)
    alike: dict[Spans, list[Scope]] = defaultdict(list)
    for scope in asked:
        spans = (frame.period,) if scope.kind == "unit" else days.get(scope.key, ())
        alike[spans].append(scope)
    found: dict[tuple[Scope | None, str, str], Promise] = {}
    for spans, alike_scopes in alike.items():
        found |= _over(frame, tuple(alike_scopes), tuple(metrics), spans, dimension)
    return found


def _days(frame: Frame, people: Sequence[str], fewer: frozenset[str] | None) -> Mapping[str, Spans]:
    """Person → the parts of the period for which the frame counts what they were promised; nobody hidden."""
    units, start, end = fewer or frame.units, frame.period.start, frame.period.end
    if units is None or not people:
        return dict.fromkeys(people, (frame.period,))
    days = queries.days_in(units, people, start, end)
    own = queries.own_person(frame.viewer)
    if own is not None and fewer is None and frame.scope is None and own in people:
        days[own] = [(start, end)]
    return {
        person: tuple(
            frame.period if (first, after) == (start, end) else between(first, after)
            for first, after in spans
        )
        for person, spans in days.items()
    }


def _over(
    frame: Frame, scopes: tuple[Scope, ...], metrics: tuple[str, ...], spans: Spans, dimension: str
) -> dict[tuple[Scope | None, str, str], Promise]:
    """What was promised over some parts of the period: amounts are added, what can't be added holds all along."""
    if spans == (frame.period,):
        return dict(_promised(scopes, metrics, frame.period, dimension, frame.versions))
    found: dict[tuple[Scope | None, str, str], Promise] = {}
    added = tuple(key for key in metrics if key in frame.metrics and grows(frame.metrics[key]))
    for span in spans:
        for place, promise in _promised(scopes, added, span, dimension, frame.versions).items():
            known = found.get(place, NONE).value
            both = [value for value in (known, promise.value) if value is not None]
            found[place] = Promise(sum(both, Decimal(0)) if both else None, derived=True)
    if spans and (held := tuple(key for key in metrics if key not in added)):
        all_along = between(spans[0].start, spans[-1].end)
        found |= _promised(scopes, held, all_along, dimension, frame.versions)
    return found


@lru_cache(maxsize=512)
def _promised(
    scopes: tuple[Scope, ...],
    metrics: tuple[str, ...],
    period: Period,
    dimension: str,
    versions: tuple[str, int],
) -> Along:
    """Kept until somebody changes a target or the organisation."""
    known = room.promises()
    if known is None or not metrics:
        return {}
    promises = known.promised(scopes, metrics, period.start, period.end, dimension)
    return {key: Promise(promise.target, promise.derived) for key, promise in promises.items()}
