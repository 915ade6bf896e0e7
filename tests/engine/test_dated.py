"""What was true on the day of a fact is one thing, also where rows that came in long ago overlap."""

from datetime import date
from decimal import Decimal

import ibis
import pytest

from dabiao.engine.dimension import with_dimensions
from dabiao.engine.payout.feature import with_columns

DUCKDB = ibis.duckdb.connect()
FACTS = [
    {"key": "O1", "customer": "C1", "day": date(2026, 3, 1), "amount": Decimal(100)},
    {"key": "O2", "customer": "C1", "day": date(2026, 3, 10), "amount": Decimal(200)},
    {"key": "O3", "customer": "C2", "day": date(2026, 3, 20), "amount": Decimal(400)},
    {"key": "O4", "customer": None, "day": date(2026, 3, 21), "amount": Decimal(800)},
    {"key": "O5", "customer": "C1", "day": date(2026, 4, 2), "amount": Decimal(1600)},
]
HISTORY = [
    ("C1", "strategic", date(2026, 1, 1), date(2026, 3, 31)),
    ("C1", "profit", date(2026, 3, 5), date(2026, 12, 31)),
    ("C2", "profit", date(2026, 1, 1), date(2026, 6, 30)),
]


@pytest.fixture
def tables():
    rows = [dict(zip(("customer", "tier", "starts_on", "ends_on"), row, strict=True)) for row in HISTORY]
    return {"customer_history": ibis.memtable([{**row, "status": "active"} for row in rows])}


def tiers(table, name):
    rows = DUCKDB.to_pyarrow(table.order_by("key")).to_pylist()
    return [(row["key"], row[name]) for row in rows]


ONCE = [("O1", "strategic"), ("O2", "profit"), ("O3", "profit"), ("O4", None), ("O5", "profit")]


def test_a_dimension_counts_no_fact_twice(tables):
    assert tiers(with_dimensions(ibis.memtable(FACTS), ["tier"], tables, levels=[]), "tier") == ONCE


def test_a_plan_pays_no_fact_twice(tables):
    assert (
        tiers(with_columns(ibis.memtable(FACTS), ["customer_tier"], tables, on="day"), "customer_tier")
        == ONCE
    )
