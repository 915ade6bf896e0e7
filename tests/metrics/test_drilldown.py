"""The facts behind a number: aggregated by themselves they give the number, whatever it is and however it is filtered."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import ibis
import pytest

from dabiao.engine.measure import COUNTED, measure
from dabiao.engine.metric import Measure, Ratio, Share, measures_of
from dabiao.engine.period import Fiscal
from dabiao.engine.row import Points
from dabiao.lake import dictionary, reading
from dabiao.lake.tables import TABLES
from dabiao.metrics import answer, drilldown
from dabiao.metrics.answer import BadMetricRequest, MetricRequest, Windows
from dabiao.metrics.frame import frame_of
from dabiao.metrics.query import is_derived
from dabiao.metrics.scope import seats
from tests.performance.facts import load, table

FEBRUARY = Fiscal().parse("2026-02")
ROWS = 40
"""Of every table: enough that each filter keeps some and drops some."""
POOLS = {
    "person": ["P03", "P04", "P05", "P06", "P07", "P09", "GHOST", None],
    "customer": ["c1", "c2", "c3", None],
    "product": ["g1", "g2", "g9", None],
}
OWNERS = """
customer  person  role   share  starts_on   ends_on
c1        P04     owner  0.6    2024-01-01  2030-01-01
c1        P07     owner  0.4    2024-01-01  2030-01-01
c2        P09     owner  1      2026-02-14  2030-01-01
"""
PRODUCTS = """
product  line
g1       pumps
g2       valves
"""
OWN = """
owned_sales:
  label: Sales by owner
  kind: result
  unit: money
  measure: {table: order_lines, sum: amount, credit: owner}
owned_lines:
  label: Lines by owner
  kind: result
  unit: count
  measure: {table: order_lines, count: true, where: {kind: {not: return}}, credit: owner}
"""
FILTERS = [
    ("ada", {}),
    ("ada", {"person": ""}),
    ("emma", {"product_line": "pumps", "customer": ""}),
    ("dora", {"team": "shanghai"}),
]
"""Who looks, and at what; the empty text keeps what is missing."""


def measures() -> dict[str, Measure]:
    return {each.key: each for metric in dictionary.in_force().values() for each in measures_of(metric)}


def wanted(name: str) -> dict[str, list[object]]:
    """Column → the constants that conditions of metrics compare it with, so that some rows meet them and some don't."""
    values: dict[str, list[object]] = {}
    for each in measures().values():
        tests = [*each.where]
        if isinstance(each.of, Points):
            tests += [*each.of.one_if, *each.of.minus_one_if]
        for test in tests if each.source.table == name else ():
            values.setdefault(test.column, []).extend(v for v in test.values if isinstance(v, str))
    return values


def cell(luck: random.Random, column, constants: list[object]):
    """A text that the lake reads as the column's type, or nothing."""
    day = f"2026-0{luck.choice([1, 2, 2, 3])}-{luck.randint(1, 28):02}"
    values = {
        "int": luck.randint(0, 40),
        "flag": luck.choice([True, False]),
        "date": day,
        "time": f"{day}T{luck.randint(0, 23):02}:15:00",
        "text": luck.choice(POOLS.get(column.name) or [*constants, "other"]),
    }
    amount = str(Decimal(luck.randint(-500, 500)) / 4)
    return None if luck.random() < 0.15 else values.get(column.type, amount)


def random_rows(name: str) -> Iterable[dict[str, object]]:
    luck, constants = random.Random(name), wanted(name)
    # No metric measures in how many units a rate is quoted: such a column takes none of the luck of the others.
    left_out = {"source", "key", "fx_per"}
    columns = [column for column in TABLES[name].columns if column.name not in left_out]
    for _ in range(ROWS):
        yield {column.name: cell(luck, column, constants.get(column.name, [])) for column in columns}


@pytest.fixture
def everything(company, settings):
    """Random rows in every table that a metric measures."""
    settings.METRICS_FOLDER.mkdir()
    (settings.METRICS_FOLDER / "own.yml").write_text(OWN, encoding="utf-8")
    names = sorted({each.source.table for each in measures().values()})
    facts = {name: table(name, list(random_rows(name))) for name in names}
    load(products=PRODUCTS, ownership=OWNERS, **facts)
    return company


def answered(keys: Iterable[str], where, seen):
    request = MetricRequest(tuple(keys), (), where)
    return answer.answer(reading.current(), request, windows=WINDOW, seats=seen).to_pylist()[0]


WINDOW = Windows((("", FEBRUARY.start, FEBRUARY.end),))


def facts_of(each: Measure, where, seen):
    request = MetricRequest((each.key,), (), where)
    return answer.facts(reading.current(), request, each, windows=WINDOW, seats=seen)


def aggregated(each: Measure, rows, duckdb):
    """The aggregate of the rows alone: the measure's conditions do not choose among them once more.

    Of no row a sum or count is 0 here, for every table has facts.
    """
    if (
        each.source.spread is not None
    ):  # what is not told of all days is no number, whatever its facts come to
        return sum(rows["counted_value"].to_pylist()) if rows.num_rows else None
    if not rows.num_rows and each.how in {"sum", "count", "distinct"}:
        return 0
    told = measure([replace(each, where=())], {each.source: ibis.memtable(rows)}, by=[])
    return duckdb.to_pyarrow(told).to_pylist()[0][each.key]


def same(number, again) -> bool:
    if isinstance(number, float) and isinstance(again, float):
        return number == pytest.approx(again, rel=1e-12)
    return number == again


def divided(part, whole):
    return None if part is None or not whole else float(part) / float(whole)


def test_the_facts_behind_every_metric_give_its_number(everything):
    duckdb = ibis.duckdb.connect()
    for viewer, only in FILTERS:
        seen = seats(reading.current(), viewer=everything.users[viewer], scope=None, on=date(2026, 3, 16))
        where = tuple(sorted((name, (value,)) for name, value in only.items()))
        again, refused = {}, set()
        for key, each in measures().items():
            try:
                again[key] = aggregated(each, facts_of(each, where, seen)[1], duckdb)
            except BadMetricRequest:
                refused.add(key)
        numbers = {}
        for key, metric in dictionary.in_force().items():
            parts = [each.key for each in measures_of(metric)]
            if refused.intersection(parts):
                with pytest.raises(BadMetricRequest):
                    answered([key], where, seen)
            elif not isinstance(metric, Share):
                values = [again[part] for part in parts]
                numbers[key] = divided(*values) if isinstance(metric, Ratio) else values[0]
        answers = answered(numbers, where, seen)
        different = {
            key: (answers[key], told)
            for key, told in numbers.items()
            if not same(answers[key], told) and not (answers[key] is None and is_derived(key))
        }
        assert different == {}, (viewer, only)
        assert sum(map(bool, again.values())) > 10, "the filter leaves nothing to compare"


def test_what_all_facts_come_to_is_the_number_and_each_says_what_it_adds(everything):
    viewer, only = FILTERS[0]
    seen = seats(reading.current(), viewer=everything.users[viewer], scope=None, on=date(2026, 3, 16))
    where = tuple(sorted((name, (value,)) for name, value in only.items()))
    added = 0
    for key, each in measures().items():
        request = MetricRequest((key,), (), where)
        try:
            rows = facts_of(each, where, seen)[1]
        except BadMetricRequest:
            continue
        total = answer.total_of_facts(reading.current(), request, each, windows=WINDOW, seats=seen)
        assert same(answered([key], where, seen)[key], total), key
        column = COUNTED if COUNTED in rows.column_names else each.column
        if each.how == "sum" and total is not None:
            assert sum(value for value in rows[column].to_pylist() if value is not None) == total, key
            added += bool(total)
    assert added > 10


def test_the_page_says_how_many_facts_come_to_what(everything):
    """The newest few are shown, the totals are those of all; an export has the facts alone."""
    frame = frame_of(
        reading.current(),
        viewer=everything.users["ada"],
        scope=None,
        period=FEBRUARY,
        today=date(2026, 3, 16),
        language="en",
    )
    for key, under in (("owned_sales", COUNTED), ("gross_profit", COUNTED), ("sales_amount", "amount")):
        page = drilldown.behind(frame, key, measure="", only={}, everything=False)
        number = answered([key], (), None)[key]
        first, total = page.table.columns[0].key, page.table.totals
        assert (page.total, total[under]) == (number, number), key
        assert total[first] == f"Total of {page.count} facts"
        assert drilldown.behind(frame, key, measure="", only={}, everything=True).table.totals is None
    orders = drilldown.behind(frame, "orders", measure="", only={}, everything=False)
    assert orders.total == answered(["orders"], (), None)["orders"]
    assert set(orders.table.totals) == {orders.table.columns[0].key}


def test_the_page_tells_what_is_dated_after_today(company):
    """What it counts ends today; what waits for its day is told beside it, as far as one sees it."""
    load(
        order_lines="key ordered_on person amount\n1 2026-02-10 P04 7\n2 2026-02-20 P04 3\n3 2026-02-21 P06 5\n4 2026-03-09 P04 9"
    )

    def page(viewer, only=None):
        frame = frame_of(
            reading.current(), viewer=company.users[viewer], scope=None, period=FEBRUARY, today=date(2026, 2, 14), language="en",
        )  # fmt: skip
        return drilldown.behind(frame, "sales_amount", measure="", only=only or {}, everything=False)

    assert (page("ada").total, page("ada").ahead) == (7, (2, 8))
    assert page("ada", {"person": "P06"}).ahead == (1, 5)
    assert page("ada", {"person": "P05"}).ahead is None
    assert page("sam").ahead is None or page("sam").ahead[1] < 8


def test_a_split_fact_stands_with_the_share_that_counts(everything):
    each = measures()["owned_sales"]
    seen = seats(reading.current(), viewer=everything.users["rita"], scope=None, on=date(2026, 3, 16))

    count, rows = facts_of(each, (), seen)

    assert count == rows.num_rows > 0
    assert set(rows["customer"].to_pylist()) == {"c1"} and set(rows["person"].to_pylist()) == {"P04"}
    assert set(rows["credit_share"].to_pylist()) == {Decimal("0.6")}
    amounts = [amount for amount in rows["amount"].to_pylist() if amount is not None]
    assert answered(["owned_sales"], (), seen)["owned_sales"] == sum(amounts) * Decimal("0.6")


def test_what_does_not_meet_the_conditions_is_not_shown(everything):
    each = measures()["owned_lines"]

    _, rows = facts_of(each, (("person", ("P04",)),), None)

    assert rows.num_rows > 0 and "return" not in rows["kind"].to_pylist()
    weighed = answered(["owned_lines"], (("person", ("P04",)),), None)["owned_lines"]
    assert weighed == sum(rows["credit_share"].to_pylist())


def test_the_page_shows_the_share(everything):
    frame = frame_of(
        reading.current(),
        viewer=everything.users["ada"],
        scope=None,
        period=FEBRUARY,
        today=date(2026, 3, 16),
        language="en",
    )

    page = drilldown.behind(frame, "owned_sales", measure="", only={"customer": "c1"}, everything=True)

    assert page.count == len(page.table.rows) > 1
    assert "credit_share" in [column.key for column in page.table.columns if not column.hidden]
    assert {row["credit_share"] for row in page.table.rows} == {Decimal("0.6"), Decimal("0.4")}


def test_the_newest_are_shown_and_all_are_counted(everything):
    each = measures()["sales_amount"]
    request = MetricRequest(("sales_amount",))

    count, rows = answer.facts(reading.current(), request, each, windows=WINDOW, seats=None, newest=3)

    _, every = answer.facts(reading.current(), request, each, windows=WINDOW, seats=None)
    assert (count, rows.num_rows) == (every.num_rows, 3) and count > 3
    assert rows["day"].to_pylist() == sorted(every["day"].to_pylist(), reverse=True)[:3]
