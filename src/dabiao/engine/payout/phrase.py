"""Small pieces of the sentences that explain a plan: amounts, days, spans, conditions."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from dabiao.engine.message import Message, Money, Series, Value, message
from dabiao.engine.message import Words as Label
from dabiao.engine.payout.plan import Every, Plan, Words

_SPANS: Final[Mapping[Every, Message]] = {
    "week": message("week", context="span of pay"),
    "month": message("month", context="span of pay"),
    "quarter": message("quarter", context="span of pay"),
    "half": message("half-year", context="span of pay"),
    "year": message("year", context="span of pay"),
    "plan": message("term of the plan"),
}
LISTED: Final = message("{head}, {last}")
APART: Final = message("{head}; {last}")


def title(words: Words) -> Label:
    return Label(words.en, words.zh)


def span(every: Every) -> Message:
    return _SPANS[every]


def number(value: Decimal) -> str:
    """1000.50 → 1000.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Decimal, plan: Plan) -> Money:
    return Money(value, plan.currency)


def last_day(end: date) -> date:
    """The last day of a half-open period, as people say it."""
    return end - timedelta(days=1)


def listed(items: Sequence[Value]) -> Series:
    return Series(items, LISTED)


def apart(items: Sequence[Value]) -> Series:
    """What is too long for commas."""
    return Series(items, APART)


def between(what: Value, start: date | None, end: date | None) -> Value:
    """Something that holds from a day, or until one, or always."""
    if start:
        what = message("{what} from {day}", what=what, day=start)
    if end:
        what = message("{what} until {day}", what=what, day=last_day(end))
    return what
