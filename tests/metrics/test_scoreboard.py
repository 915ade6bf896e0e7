"""The scoreboard over the lake: the same numbers as one question at a time gives."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from dabiao.engine.attainment import attained
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.lake import reading
from dabiao.metrics.answer import BadMetricRequest, MetricRequest, Windows, answer, rows
from dabiao.metrics.scoreboard import TARGET, Step, closed, score
from tests.performance.facts import load

ORDERS = """
ordered_on  person  amount  product
2025-02-03  P04     80      g1
2025-02-03  -       9       g1
2026-01-31  P04     50      g1
2026-01-05  P05     10      g2
2026-02-10  P04     100     g1
2026-02-11  P04     7       -
2026-02-28  P06     20      g2
2026-03-01  P04     1000    g1
"""
PRODUCTS = """
product  line
g1       pumps
g2       valves
"""
FEBRUARY = CALENDAR_YEAR.parse("2026-02")
BY = ("person", "product_line", "window")


def promises(*some, by=("person", "product_line")):
    columns = list(zip(*some, strict=True)) or [()] * (len(by) + 2)
    named = dict(zip((*by, "window"), (pa.array(c, pa.string()) for c in columns), strict=False))
    return pa.table({**named, "target": pa.array([Decimal(t) for t in columns[-1]], TARGET)})


def scored(question=("sales_amount", BY), targets=None, steps=None, seats=None):
    """Dimensions and window → actual, target, attained, on_previous, on_year."""
    found = score(
        reading.current(),
        MetricRequest((question[0],), question[1]),
        steps=steps or closed(CALENDAR_YEAR, [FEBRUARY]),
        targets=promises() if targets is None else targets,
        seats=seats,
    )
    return {tuple(r.values())[: len(question[1])]: tuple(r.values())[len(question[1]) :] for r in rows(found)}


@pytest.fixture
def orders(company):
    load(order_lines=ORDERS, products=PRODUCTS)
    return company


class TestScore:
    def test_puts_actual_target_and_both_changes_beside_each_other(self, orders):
        found = scored(targets=promises(("P04", "pumps", "2026-02", 200), ("P09", "pumps", "2026-02", 40)))

        assert found == {
            ("P04", "pumps", "2026-02"): (100, 200, 0.5, 1.0, 0.25),
            ("P04", None, "2026-02"): (7, None, None, None, None),
            ("P05", "valves", "2026-02"): (0, None, None, -1.0, None),
            ("P06", "valves", "2026-02"): (20, None, None, None, None),
            ("P09", "pumps", "2026-02"): (0, 40, 0.0, None, None),
            (None, "pumps", "2026-02"): (0, None, None, None, -1.0),
        }

    def test_says_what_single_questions_say(self, orders):
        lake, steps = (
            reading.current(),
            closed(CALENDAR_YEAR, CALENDAR_YEAR.parts(CALENDAR_YEAR.parse("2026"), "month")),
        )
        found = scored(("sales_amount", ("person", "window")), promises(by=("person",)), steps)

        for step in steps:
            shown = Windows((("w", step.now.start, step.now.end),))
            singly = rows(
                answer(lake, MetricRequest(("sales_amount",), ("person",)), windows=shown, seats=None)
            )
            assert {row["person"]: row["sales_amount"] for row in singly} == {
                person: values[0]
                for (person, label), values in found.items()
                if label == step.now.label and values[0]
            }

    def test_a_window_without_a_past_is_compared_with_nothing(self, orders):
        assert scored(("sales_amount", ("window",)), promises(by=()), [Step(FEBRUARY)]) == {
            ("2026-02",): (127, None, None, None, None)
        }

    def test_counts_only_the_scope(self, orders):
        seat = reading.current().run(
            "SELECT seat FROM assignments WHERE person = 'P06' AND ends_on > '2027-01-01'"
        )

        found = scored(
            ("sales_amount", ("person", "window")), promises(by=("person",)), seats=seat["seat"].to_pylist()
        )

        assert found == {("P06", "2026-02"): (20, None, None, None, None)}

    def test_attains_as_the_formula_table_does(self, orders):
        found = scored(
            ("gross_margin", ("person", "window")), promises(("P04", "2026-02", -3), by=("person",))
        )

        assert found[("P04", "2026-02")][2] == attained(found[("P04", "2026-02")][0], Decimal(-3))

    @pytest.mark.parametrize(
        ("case", "question"),
        [
            ("two metrics", MetricRequest(("sales_amount", "orders"), ("window",))),
            ("no window", MetricRequest(("sales_amount",), ("person",))),
        ],
    )
    def test_refuses(self, orders, case, question):
        with pytest.raises(BadMetricRequest, match="one metric, by window"):
            score(reading.current(), question, steps=[], targets=promises(by=()), seats=None)


def test_closed_periods_meet_the_one_before_and_a_year_before():
    step = closed(CALENDAR_YEAR, [CALENDAR_YEAR.parse("2026-01")])[0]

    assert (step.previous.start, step.year_before.start) == (date(2025, 12, 1), date(2025, 1, 1))
