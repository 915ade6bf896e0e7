"""What a month usually brings, as the orders that are there say."""

from fractions import Fraction
from typing import Final

from dabiao.engine import number
from dabiao.lake import reading

_MONTHS: Final = 12
"""The newest months with orders."""


def sold_a_month() -> str:
    """The mean of the newest months with orders, exact; empty where there are none."""
    lake = reading.current()
    if "order_lines" not in lake.tables:
        return ""
    newest = lake.run(
        "SELECT date_trunc('month', ordered_on) AS month, sum(amount) AS amount FROM order_lines "
        f"WHERE amount IS NOT NULL AND ordered_on IS NOT NULL GROUP BY ALL ORDER BY month DESC LIMIT {_MONTHS}"
    )
    amounts = newest.column("amount").to_pylist()
    return f"{number.decimal_of(Fraction(sum(amounts)) / len(amounts))}" if sum(amounts) > 0 else ""
