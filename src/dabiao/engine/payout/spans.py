"""Which periods a plan is settled in: pay periods and the longer spans that tiers and limits count over."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.payout.plan import Every, Plan

_MONTHS: Final[dict[Every, int]] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_TRUNCATE: Final[dict[Every, str]] = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}


@dataclass(frozen=True, order=True)
class Span:
    """Half-open days from `start` to `end`."""

    start: date
    end: date

    def __contains__(self, on: date) -> bool:
        return self.start <= on < self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def overlap(self, start: date, end: date) -> "Span | None":
        """The part inside [start, end), or nothing."""
        first, last = max(self.start, start), min(self.end, end)
        return Span(first, last) if first < last else None


def span_of(plan: Plan, every: Every, on: date) -> Span:
    """The span of a kind that a day lies in. Weeks start on Monday; the others on the plan's cut day."""
    if every == "plan":
        return Span(plan.start, plan.end)
    if every == "week":
        monday = on - timedelta(days=on.weekday())
        return Span(monday, monday + timedelta(days=7))
    months = _MONTHS[every]
    index = on.year * 12 + on.month - 1 - (0 if on.day >= plan.cut_day else 1)
    first = index - (index - (plan.year_starts - 1)) % months
    return Span(_cut(plan, first), _cut(plan, first + months))


def spans(plan: Plan, every: Every, since: date, until: date) -> Iterator[Span]:
    """The spans of a kind that touch [since, until), whole, in order."""
    span = span_of(plan, every, since)
    if every == "plan":
        yield span
        return
    while span.start < until:
        yield span
        span = span_of(plan, every, span.end)


def start_of(plan: Plan, every: Every, on: ir.DateValue, since: date, until: date) -> ir.DateValue:
    """The first day of the span that each date lies in, for dates inside [since, until)."""
    touched = list(spans(plan, every, since, until))
    if len(touched) == 1:
        return ibis.literal(touched[0].start)
    plain = plan.cut_day == 1 and plan.year_starts == 1
    if every in _TRUNCATE and (plain or every == "week"):
        # DuckDB truncates a date to a timestamp.
        return on.truncate(_TRUNCATE[every]).cast("timestamp").cast("date")
    # Later starts are asked first, so that each date falls to the last span that has begun.
    later = [(on >= ibis.literal(span.start), ibis.literal(span.start)) for span in reversed(touched[1:])]
    return ibis.cases(*later, else_=ibis.literal(touched[0].start))


def _cut(plan: Plan, index: int) -> date:
    return date(index // 12, index % 12 + 1, plan.cut_day)
