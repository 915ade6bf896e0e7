"""Facts of the company of tests/company.py: two months of orders, receipts and visits, written out."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from django.core.cache import cache

from dabiao.core import publishing
from dabiao.core.calendars import fiscal
from dabiao.facts.models import Label
from dabiao.lake import reading
from dabiao.lake.change import Change
from dabiao.lake.tables import TABLES
from dabiao.metrics.frame import Frame, frame_of
from dabiao.org.queries import Scope, ScopeKind
from dabiao.targets.models import Target

ORDERS = """
key  person  customer  product  ordered_on  amount  kind
A1   P04     C1        X        2026-01-12    900   new
A2   P05     C2        X        2026-01-20    400   new
A3   P06     C3        Y        2026-01-28    300   renewal
A4   P09     C4        Y        2026-01-30    500   new
B1   P04     C1        X        2026-02-03   1000   renewal
B2   P04     C2        Y        2026-02-10    250   renewal
B3   P05     C5        X        2026-02-12    800   new
B4   P06     C3        Y        2026-02-20    700   renewal
B5   P07     C6        X        2026-02-25    600   new
B6   P09     C4        Y        2026-02-26    100   renewal
B7   -       C9        X        2026-02-27     50   renewal
D1   P04     C1        X        2026-03-05    300   renewal
D2   P09     C4        X        2026-03-11    450   renewal
"""
"""C9's order is nobody's. P06 moved from Shanghai to Chengdu on 1 February."""
TARGETS = """
unit      metric        value
shanghai  sales_amount   2500
nanjing   sales_amount    500
chengdu   sales_amount   1000
"""
SECRET = "绝密客户"


def table(text: str) -> list[dict[str, str | None]]:
    titles, *lines = (line.split() for line in text.strip().splitlines())
    return [
        {title: None if cell == "-" else cell for title, cell in zip(titles, line, strict=True)}
        for line in lines
    ]


def orders() -> pa.Table:
    rows = [
        {
            **row,
            "source": "erp",
            "ordered_on": date.fromisoformat(row["ordered_on"]),
            "amount": Decimal(row["amount"]),
        }
        for row in table(ORDERS)
    ]
    return pa.Table.from_pylist(
        [{**row, "order": row["key"]} for row in rows], schema=TABLES["order_lines"].schema
    )


@pytest.fixture
def publish_order(facts: None, at: datetime) -> Callable[..., None]:
    """Publishes one more order line of these values."""

    def published(**values: object) -> None:
        row = {"source": "erp", "order": values["key"], **values}
        more = pa.Table.from_pylist([row], schema=TABLES["order_lines"].schema)
        publishing.publish([Change("order_lines", more)], at=at, note="test")

    return published


@pytest.fixture
def facts(company, at: datetime, home, settings, monkeypatch) -> None:
    """The facts are published, February's targets set, names known, and today is the 16th of March."""
    settings.LAKE_FOLDER = home / "lake"
    cache.clear()  # snapshots of another test are numbered alike
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
    for row in table(TARGETS):
        Target.objects.create(
            scope_kind="unit", unit=company.units[row["unit"]], metric=row["metric"], target=Decimal(row["value"]),
            starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=at,
        )  # fmt: skip
    Label.objects.bulk_create(
        [Label(kind="customer", key=f"C{n}", name=f"客户{n}") for n in range(1, 9)]
        + [Label(kind="customer", key="C9", name=SECRET)]
    )
    publishing.publish([Change("order_lines", orders())], at=at, note="test")


@pytest.fixture
def frame(facts: None, company) -> Callable[..., Frame]:
    """(user, scope, period) → what they look at, on the 16th of March, in English."""

    def made(user: str, scope: tuple[ScopeKind, str], period: str = "2026-02") -> Frame:
        return frame_of(
            reading.current(), viewer=company.users[user], scope=Scope(*scope), period=fiscal().parse(period),
            today=date(2026, 3, 16), language="en",
        )  # fmt: skip

    return made
