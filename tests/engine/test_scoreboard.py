"""Attainment and comparisons of many at once, by example and against dictionaries."""

from decimal import Decimal

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine import attainment
from dabiao.engine.metric import Measure, Source, Words
from dabiao.engine.row import Terms
from dabiao.engine.scoreboard import STEPS, scoreboard

SALES = Measure(
    key="sales", label=Words("Sales", "销售额"), kind="result", unit="money", source=Source("order_lines", "ordered_on"),
    how="sum", of=Terms(("amount",)),
)  # fmt: skip
MONEY = "decimal(38, 4)"
SHOWN = [
    {"window": "2026-01", "previous": "2025-12", "year_before": "2025-01"},
    {"window": "2026-02", "previous": "2026-01", "year_before": None},
]


def scored(cells, targets, *, zero=("2026-01", "2026-02")):
    """(person, window) → actual, target, attained, on_previous, on_year."""
    table = scoreboard(
        ibis.memtable(cells, schema={"person": "string", "window": "string", "sales": MONEY}),
        ibis.memtable(targets, schema={"person": "string", "window": "string", "target": "decimal(18, 4)"}),
        ibis.memtable(SHOWN, schema=STEPS),
        metric=SALES, by=["person"], zero=ibis.memtable([{"window": each} for each in zero], schema={"window": "string"}) if zero else None,
    )  # fmt: skip
    found = ibis.duckdb.connect().to_pyarrow(table).to_pylist()
    return {
        (r["person"], r["window"]): (r["actual"], r["target"], r["attained"], r["on_previous"], r["on_year"])
        for r in found
    }


def cell(person, window, sales):
    return {"person": person, "window": window, "sales": Decimal(sales)}


def promise(person, window, target):
    return {"person": person, "window": window, "target": Decimal(target)}


@pytest.mark.parametrize(
    ("case", "cells", "targets", "expected"),
    [
        ("met and grown", [cell("a", "2026-01", 90), cell("a", "2025-12", 60)], [promise("a", "2026-01", 100)],
         {("a", "2026-01"): (90, 100, 0.9, 0.5, None), ("a", "2026-02"): (0, None, None, -1.0, None)}),
        ("a target without facts is 0 % reached", [], [promise("b", "2026-02", 50)], {("b", "2026-02"): (0, 50, 0.0, None, None)}),
        ("nobody meets nobody", [cell(None, "2026-01", 5), cell(None, "2025-01", 4)], [promise(None, "2026-01", 10)],
         {(None, "2026-01"): (5, 10, 0.5, None, 0.25), (None, "2026-02"): (0, None, None, -1.0, None)}),
        ("a window that is not shown is only compared with", [cell("a", "2025-01", 3)], [], {("a", "2026-01"): (0, None, None, None, -1.0)}),
    ],
)  # fmt: skip
def test_scoreboard(case, cells, targets, expected):
    assert scored(cells, targets) == expected, case


def test_no_data_stays_no_data_where_nothing_is_recorded():
    assert scored([], [promise("b", "2026-02", 50)], zero=()) == {
        ("b", "2026-02"): (None, 50, None, None, None)
    }


PEOPLE = st.sampled_from(["a", "b", None])
WINDOWS = st.sampled_from(["2025-01", "2025-12", "2026-01", "2026-02"])
AMOUNTS = st.decimals(-100, 100, places=2)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.tuples(PEOPLE, WINDOWS), AMOUNTS),
    st.dictionaries(st.tuples(PEOPLE, st.sampled_from(["2026-01", "2026-02"])), AMOUNTS),
)
def test_scoreboard_agrees_with_dictionaries(sales, promised):
    found = scored(
        [cell(p, w, v) for (p, w), v in sales.items()], [promise(p, w, v) for (p, w), v in promised.items()]
    )

    for person in ("a", "b", None):
        for step in SHOWN:
            key = (person, step["window"])
            before, year = sales.get((person, step["previous"])), sales.get((person, step["year_before"]))
            if key not in sales and key not in promised and before is None and year is None:
                assert key not in found
                continue
            actual, target = sales.get(key, Decimal(0)), promised.get(key)
            assert found[key][:2] == (actual, target)
            assert found[key][2] == pytest.approx(attainment.attained(actual, target))
            assert found[key][3:] == (
                pytest.approx(change(actual, before)),
                pytest.approx(change(actual, year)),
            )


def change(now, before):
    return None if not before else float(now - before) / abs(float(before))
