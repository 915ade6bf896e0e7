"""The head of a plan: its periods, and the spans that totals are counted in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tests.incentives.oracle.situation import Plan, Row

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True)
class Span:
    """A stretch of days; the end is the first day after."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end

    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]


def month_start(plan: Plan, number: int) -> date:
    """The first day of a month that is counted from year 0, on the day on which months are cut."""
    return date(number // 12, number % 12 + 1, plan.get("cut_day", 1))


def span_of(plan: Plan, kind: str, day: date) -> Span:
    """The week, month, quarter, half, year or plan that a day lies in."""
    if kind == "plan":
        return Span(plan["from"], plan["to"])
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=7))
    number = day.year * 12 + day.month - 1
    if day.day < plan.get("cut_day", 1):
        number -= 1
    first = number - (number - (plan.get("year_starts", 1) - 1)) % MONTHS[kind]
    return Span(month_start(plan, first), month_start(plan, first + MONTHS[kind]))


def over_of(plan: Plan, words: Row) -> str:
    """The kind of span that a rule counts in: the pay period where it does not say."""
    return str(words.get("over", plan.get("period", "month")))


def pay_period(plan: Plan, day: date) -> Span:
    return span_of(plan, plan.get("period", "month"), day)


def first_unknown(plan: Plan) -> date:
    """The first day not known yet; the plan's end where nothing else is said."""
    until: date = plan.get("until") or plan["to"]
    return until


def pay_periods(plan: Plan) -> Iterator[Span]:
    """Every pay period from the plan's start to the first day not known yet, in order."""
    period = pay_period(plan, plan["from"])
    while period.start < first_unknown(plan):
        yield period
        if period.end >= first_unknown(plan):
            return
        period = pay_period(plan, period.end)


def is_last_of(plan: Plan, period: Span, span: Span) -> bool:
    """Whether a pay period is the last one of a span, or the plan ends in it."""
    return bool(period.end >= min(span.end, plan["to"]))
