"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from dabiao.core import room
from dabiao.engine.metric import grows
from dabiao.engine.number import MONEY_SCALE
from dabiao.engine.pace import pace
from dabiao.engine.period import DAY, Period, between
from dabiao.metrics import available
from dabiao.metrics.frame import Frame
from dabiao.org import queries
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated, summed or inherited rather than set for exactly this.

    owed: the part of it that is due by now, where its months say so, or where facts begin later than the period; None:
        it is due as the working days go, or all of it
    before: the part of it that was promised for days before the company's first fact: what was reached then nobody knows
    """

    value: Decimal | None = None
    derived: bool = False
    owed: Fraction | None = None
    before: Decimal = Decimal(0)

    def due(self, frame: Frame) -> Fraction:
        """The share of it that is due by now, exact; of a period that is over all that can be told of."""
        if self.owed is None or not self.value:
            return frame.pace.share
        return self.owed / Fraction(self.value)


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]
Along = Mapping[tuple[Scope | None, str, str], Promise]
"""(scope, metric, member of a dimension) → target; the member of "" is ""."""
Spans = tuple[Period, ...]
_LONGER: Final = frozenset({"year", "half", "quarter", "range"})
_MANY: Final = 14
"""So many months, and the target itself, may each have been rounded."""
_ROUNDED: Final = Fraction(1, 10**MONEY_SCALE)
"""How far a target of a month may be from its exact value, having been prorated."""


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
    found = _with_dues(frame, scopes, metrics, "", units)
    return {(scope, metric): promise for (scope, metric, _member), promise in found.items()}


def promised_along(
    frame: Frame, scopes: Iterable[Scope | None], metric: str, dimension: str
) -> Mapping[tuple[Scope | None, str], Promise]:
    """(scope, member) → the target that is narrowed to this member of a dimension, of those that have one; of the same
    sight and the same days as `promised`."""
    found = _with_dues(frame, scopes, [metric], dimension, None)
    return {(scope, member): promise for (scope, _metric, member), promise in found.items()}


def added(frame: Frame, promises: Sequence[Promise]) -> Promise:
    """What was promised together, and what of it is due by now."""
    known = [promise for promise in promises if promise.value is not None]
    if not known:
        return NONE
    owed = None
    if any(promise.owed is not None for promise in known):
        owed = sum((Fraction(promise.value or 0) * promise.due(frame) for promise in known), Fraction(0))
    return Promise(
        sum((promise.value or Decimal(0) for promise in known), Decimal(0)),
        derived=True,
        owed=owed,
        before=sum((promise.before for promise in known), Decimal(0)),
    )


def _with_dues(
    frame: Frame,
    scopes: Iterable[Scope | None],
    metrics: Sequence[str],
    dimension: str,
    units: frozenset[str] | None,
) -> Along:
    """What was promised; in a running quarter or year what of it is due goes by its months: those that are over, and of
    the month that runs the share of its working days. Where that comes to the same as by the working days of the whole
    period, it is these, which are exact. Of what has facts from later on only, nothing is due before."""
    asked = list(scopes)
    found = _asked(frame, asked, metrics, dimension, units)
    first_of = {key: since(frame, key) for key in _growing(frame, metrics)}
    dues = dict[tuple[Scope | None, str, str], Promise]()
    for first in sorted(set(first_of.values())):
        growing = [key for key, start in first_of.items() if start == first]
        stretches = _so_far(frame, first)
        parts = [(_asked(frame.at(one), asked, growing, dimension, units), share) for one, share in stretches]
        early = between(frame.period.start, first)
        before = _asked(frame.at(early), asked, growing, dimension, units) if early.days else {}
        for place, promise in found.items():
            if not promise.value or place[1] not in growing or not (stretches or before):
                continue
            owed = sum(
                (Fraction(part.get(place, NONE).value or 0) * share for part, share in parts), Fraction(0)
            )
            if before or abs(owed - Fraction(promise.value) * frame.pace.share) > _ROUNDED * _MANY:
                lost = before.get(place, NONE).value or Decimal(0)
                dues[place] = replace(promise, owed=owed, before=lost)
    return {**found, **dues}


def since(frame: Frame, metric: str) -> date:
    """The first day of the frame's period of which targets are held against facts. What was reached in months before the
    company's first fact of a metric nobody knows, so nothing is due of them; where its facts begin within a month, that
    month counts."""
    first = available.first_fact(frame.lake, frame.metrics[metric])
    if first is None:
        return frame.period.start
    month = frame.fiscal.containing(frame.fiscal.monthly, first).start
    return month if month in frame.period else frame.period.start


def due_by(frame: Frame, metric: str, target: Decimal, days: Sequence[date]) -> list[Fraction]:
    """What of the target of the frame's scope is due by the end of each of these days: as the months of a longer period
    have it, where they sum to it, each by its working days; else as the working days of the whole period go. Nothing is
    due of days before the first fact."""
    first = since(frame, metric)
    if first == frame.period.start:
        return _due_by(frame, metric, target, days)
    before, *due = _due_by(frame, metric, target, [first - DAY, *days])
    return [max(one - before, Fraction(0)) for one in due]


def _due_by(frame: Frame, metric: str, target: Decimal, days: Sequence[date]) -> list[Fraction]:
    months = _months(frame)
    parts = [
        promised(frame.at(month), [frame.scope], (metric,)).get((frame.scope, metric), NONE)
        for month in months
    ]
    known = [Fraction(part.value) for part in parts if part.value is not None]
    if not months or len(known) < len(months) or abs(sum(known) - Fraction(target)) > _ROUNDED * len(months):
        months, known = (frame.period,), [Fraction(target)]
    due = []
    for day in days:
        shares = (pace(month, day, frame.working_days).share for month in months)
        due.append(sum((part * share for part, share in zip(known, shares, strict=True)), Fraction(0)))
    return due


def _months(frame: Frame) -> tuple[Period, ...]:
    """The months of a period that is longer than one; of any other none."""
    if frame.period.kind not in _LONGER:
        return ()
    months = frame.fiscal.parts(frame.period, frame.fiscal.monthly)
    return months if len(months) > 1 else ()


def _so_far(frame: Frame, first: date) -> list[tuple[Period, Fraction]]:
    """What has come of a running period that is longer than a month, from `first` on: the months that are over,
    together, and the one that runs, each with the share of it that is due. Of any other period nothing, unless facts
    begin later than it does: then the days since they do."""
    running = next((month for month in _months(frame) if frame.today in month), None)
    late = first > frame.period.start
    if running is None or (late and first >= running.start):
        end = frame.so_far.end
        return [(between(first, end), Fraction(1))] if late and first < end else []
    over = between(first, running.start)
    share = pace(running, frame.today, frame.working_days).share
    return [*([(over, Fraction(1))] if over.days else []), (running, share)]


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
    growing = _growing(frame, metrics)
    for span in spans:
        for place, promise in _promised(scopes, growing, span, dimension, frame.versions).items():
            known = found.get(place, NONE).value
            both = [value for value in (known, promise.value) if value is not None]
            found[place] = Promise(sum(both, Decimal(0)) if both else None, derived=True)
    if spans and (held := tuple(key for key in metrics if key not in growing)):
        all_along = between(spans[0].start, spans[-1].end)
        found |= _promised(scopes, held, all_along, dimension, frame.versions)
    return found


def _growing(frame: Frame, metrics: Sequence[str]) -> tuple[str, ...]:
    """Those whose targets add up over time."""
    return tuple(key for key in metrics if key in frame.metrics and grows(frame.metrics[key]))


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
