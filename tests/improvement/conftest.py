"""Fifteen months of orders of six people: P04 sells nothing in the last, P09 half as much again since October."""

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from dabiao.core import publishing
from dabiao.lake.change import Change
from dabiao.lake.tables import TABLES
from dabiao.targets.models import Target
from tests.improvement.promised import TARGETS

MONTHS = [date(2024 + (11 + n) // 12, (11 + n) % 12 + 1, 5) for n in range(15)]
PEOPLE = ("P04", "P05", "P06", "P07", "P09", "P10")


def orders() -> pa.Table:
    draw = np.random.default_rng(0)
    rows = []
    for month in MONTHS:
        for person in PEOPLE:
            for product in ("X", "Y"):
                usual = 1000 + int(draw.integers(-60, 60))
                more = 1.5 if person == "P09" and month >= date(2025, 10, 1) else 1.0
                none = person == "P04" and month == MONTHS[-1]
                amount = Decimal(1) if none else Decimal(str(round(usual * more, 2)))
                key = f"{person}-{product}-{month:%Y%m}"
                rows.append(
                    {"key": key, "order": key, "source": "erp", "person": person, "customer": f"C{person}",
                     "product": product, "ordered_on": month, "amount": amount, "kind": "new",
                     "cost": (amount * Decimal("0.6")).quantize(Decimal("0.01"))}
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=TABLES["order_lines"].schema)


@pytest.fixture
def facts(company, at, home, settings) -> None:
    """The orders are published, and Shanghai has a target for February."""
    settings.LAKE_FOLDER = home / "lake"
    Target.objects.create(
        scope_kind="unit", unit=company.units["shanghai"], metric="sales_amount", target=Decimal(4000),
        starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=at,
    )  # fmt: skip
    publishing.publish([Change("order_lines", orders())], at=at, note="test")


@pytest.fixture
def promise(facts, company, at):
    """Stores February's target of a unit or person, in place of any."""

    def store(holder, amount, metric="sales_amount", product=""):
        part = {"dimension": "product_line" if product else "", "member": product}
        kind = "person" if holder in company.people else "unit"
        held = (company.people if kind == "person" else company.units)[holder]
        key = {kind: held, "metric": metric, "starts_on": date(2026, 2, 1), **part}
        rest = {"target": Decimal(amount), "ends_on": date(2026, 3, 1), "changed_at": at, "scope_kind": kind}
        Target.objects.update_or_create(**key, defaults=rest)

    return store


@pytest.fixture
def promises(promise):
    for holder, amount in TARGETS.items():
        promise(holder, amount)
