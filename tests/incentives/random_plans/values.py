"""Names, numbers and days of random plans and facts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

PEOPLE = ["ann", "bob", "cid", "dan"]
LINES = ["bike", "helmet", "lock"]
CHANNELS = ["direct", "dealer"]
START, END = date(2026, 1, 1), date(2026, 7, 1)


def number(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    """A decimal with at most so many places."""
    step = Decimal(1).scaleb(-places)
    span = st.integers(int(Decimal(low) / step), int(Decimal(high) / step))
    return span.map(lambda units: units * step)


amounts = st.one_of(
    number("-3000", "6000", 4),
    number("-300", "600", 2),
    number("-10", "40", 0).map(lambda n: n * 100),
    st.sampled_from([Decimal(n) for n in ("0.005", "999.9999", "1000", "1000.005", "-0.0001", "0")]),
)
rates = st.one_of(number("0", "0.3", 6), number("0", "30", 0).map(lambda n: n / 100))
factors = st.one_of(number("0", "3", 6), number("0", "3", 1))
portions = number("0.000001", "1", 6) | st.sampled_from([Decimal("0.5"), Decimal(1)])
days = st.dates(START, END - timedelta(days=1))
days_around = st.dates(START - timedelta(days=10), END + timedelta(days=10))
spans = st.sampled_from(["month", "quarter", "half", "year"])


def is_longer(period: str) -> st.SearchStrategy[str]:
    """The pay period itself or a span that it fits into."""
    order = ["month", "quarter", "half", "year"]
    if period in order:
        return st.sampled_from([*order[order.index(period) :], "plan"])
    return st.just(period)


def maybe(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values) | st.sampled_from(values)


def seldom(draw: st.DrawFn, often: int = 4) -> bool:
    """True once in so many times."""
    return draw(st.integers(0, often - 1)) == 0
