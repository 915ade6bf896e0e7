"""When a line's amount is paid, and what of it is taken back: stages and clawback."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tests.incentives.oracle.credits import Credit
from tests.incentives.oracle.lines import Line, line_digits
from tests.incentives.oracle.numbers import added, rounded
from tests.incentives.oracle.periods import Span, first_unknown
from tests.incentives.oracle.situation import Row, Situation

Dated = tuple[date, Decimal]
"""An amount and the day that it is posted on."""


def dated_amounts(s: Situation, component: Row, line: Line) -> Iterator[Dated]:
    """What a line pays on which day, before anything is taken back."""
    if "stages" in component:
        yield from staged(s, component, line)
    else:
        yield line.credit.known_on, line.amount


def staged(s: Situation, component: Row, line: Line) -> Iterator[Dated]:
    """Of the amount A the k-th event pays round(A × shares so far) − round(A × shares before it)."""
    digits = line_digits(s.plan)
    happened: list[tuple[date, int, Decimal]] = []
    for place, stage in enumerate(component["stages"]):
        if stage["event"] == "booked":
            happened.append((line.credit.day, place, stage["share"]))
        events = events_of(s, component, line.credit, stage["event"])
        happened += [(event["on"], place, stage["share"] * event["portion"]) for event in events]
    before = Decimal(0)
    for day, _, share in sorted(happened):
        after = before + share
        yield day, rounded(line.amount * after, digits) - rounded(line.amount * before, digits)
        before = after


def taken_back(s: Situation, component: Row, line: Line) -> Iterator[Dated]:
    """What clawbacks post, each on its day."""
    for rule in component.get("clawback", []):
        back = rounded(line.amount * rule.get("share", Decimal(1)), line_digits(s.plan))
        if rule["when"] == "unpaid":
            due, there = days_of_collecting(s, component, line, rule)
            if there is None or there > due:
                yield due, -back
        else:
            for event in events_of(s, component, line.credit, "churned"):
                if event["on"] < line.credit.day + timedelta(days=rule["days"]):
                    yield event["on"], -back


def given_again(s: Situation, component: Row, line: Line) -> Iterator[Dated]:
    """What was taken back because the money was late, on the day on which it comes."""
    for rule in component.get("clawback", []):
        if rule["when"] == "unpaid":
            due, there = days_of_collecting(s, component, line, rule)
            if there is not None and there > due:
                yield there, rounded(line.amount * rule.get("share", Decimal(1)), line_digits(s.plan))


def days_of_collecting(s: Situation, component: Row, line: Line, rule: Row) -> tuple[date, date | None]:
    """The day by which the money should be there, and the one on which all of it is."""
    collected = Decimal(0)
    due = line.credit.day + timedelta(days=rule["days"])
    for event in events_of(s, component, line.credit, "collected"):
        collected += event["portion"]
        if collected >= 1:
            return due, event["on"]
    return due, None


def events_of(s: Situation, component: Row, credit: Credit, name: str) -> list[Row]:
    """The events of a fact that are known, first things first."""
    table = s.plan["measures"][component["base"]]["table"]
    rows = [
        row
        for row in s.rows("events")
        if (row["table"], row["key"], row["event"]) == (table, credit.fact["key"], name)
        and row["on"] < first_unknown(s.plan)
    ]
    return sorted(rows, key=lambda row: row["on"])


def within(s: Situation, amounts: Iterator[Dated], period: Span) -> Decimal:
    """What is posted in a period, as far as its days are known."""
    end = min(period.end, first_unknown(s.plan))
    return added([amount for day, amount in amounts if period.start <= day < end])
