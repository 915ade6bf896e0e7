"""Metrics by dimensions and windows, within what somebody may see: the one way to a number."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dabiao.core.errors import NotFound
from dabiao.engine.period import Fiscal
from dabiao.lake import reading
from dabiao.metrics import answer, query
from dabiao.metrics.answer import BadMetricRequest, MetricRequest, Windows
from dabiao.metrics.query import Query
from dabiao.metrics.scope import seats
from dabiao.org import actions
from dabiao.org.queries import Scope, operator
from tests.performance.facts import load, table

ORDERS = """
ordered_on  person  amount  product  customer
2026-01-31  P06     100     g1       c1
2026-02-01  P06     40      g2       c1
2026-02-10  P04     7       g1       -
2026-02-10  P05     3       -        c2
2026-02-11  P07     20      g1       c2
2026-02-12  P09     500     g2       c3
2026-02-12  -       1000    g9       -
2026-02-13  GHOST   10000   g1       c3
2023-05-01  P04     4       g1       c1
"""
PRODUCTS = """
product  line
g1       pumps
g2       valves
"""
FEBRUARY = Fiscal().parse("2026-02")


def ask(
    metrics="sales_amount", by="", where=None, scope=None, viewer=None, period=FEBRUARY, on=date(2026, 3, 16)
):
    viewer = viewer or operator()
    asked = Query(tuple(metrics.split()), tuple(by.split()), period, where, scope)
    reply = query.run_query(reading.current(), asked, viewer=viewer, fiscal=Fiscal(), on=on)
    return {tuple(row[name] for name in reply.dimensions): row[reply.metrics[0]] for row in reply.rows}


@pytest.fixture
def orders(company):
    load(order_lines=ORDERS, products=PRODUCTS)
    return company


class TestMeasuring:
    def test_sums_everything_that_nobody_is_credited_with_too(self, orders):
        assert ask() == {(): Decimal(11570)}

    @pytest.mark.parametrize(
        ("case", "by", "expected"),
        [
            ("by region, with the facts of nobody", "region", {("east",): 30, ("west",): 540, (None,): 11000}),
            ("by team", "team", {("chengdu",): 540, ("nanjing",): 20, ("shanghai",): 10, (None,): 11000}),
            ("by product line, the unknown apart", "product_line", {("pumps",): 10027, ("valves",): 540, (None,): 1003}),
            ("by customer", "customer", {("c1",): 40, ("c2",): 23, ("c3",): 10500, (None,): 1007}),
            ("by region and line", "region product_line", {
                ("east", "pumps"): 27, ("east", None): 3, ("west", "valves"): 540, (None, "pumps"): 10000, (None, None): 1000,
            }),
        ],
    )  # fmt: skip
    def test_splits_so_that_the_parts_sum_to_the_whole(self, orders, case, by, expected):
        found = ask(by=by)

        assert found == {key: Decimal(value) for key, value in expected.items()}, case
        assert sum(found.values()) == 11570

    def test_what_no_fact_tells_is_unknown_and_not_none(self, orders):
        """A ledger without order numbers and kinds has sales, and nobody can say of how many orders or new customers."""
        for metric in ("orders", "new_customers", "average_order_value", "gross_profit"):
            assert ask(metric) == {(): None}, metric
        for metric in ("orders", "new_customers"):
            assert answer.without_facts(reading.current(), metric, FEBRUARY.start, FEBRUARY.end) is None, (
                metric
            )
        assert ask() == {(): Decimal(11570)}

        load(order_lines="ordered_on person amount customer order kind\n2026-01-05 P04 8 c1 A1 new")

        assert (ask("orders"), ask("new_customers")) == ({(): 0}, {(): 0})
        january = Fiscal().parse("2026-01")
        assert (ask("orders", period=january), ask("new_customers", period=january)) == ({(): 1}, {(): 1})

    def test_counts_the_day_of_a_transfer_once_and_for_the_new_team(self, orders):
        quarter = Fiscal().parse("2026-Q1")
        where = {"person": ["P06"]}

        assert ask(by="team", where=where, period=quarter) == {("shanghai",): 100, ("chengdu",): 40}
        assert ask(by="month", where=where, period=quarter) == {("2026-01",): 100, ("2026-02",): 40}

    @pytest.mark.parametrize(
        ("case", "viewer", "expected"),
        [
            ("an administrator sees the company with nobody's facts", "ada", 11570),
            ("the director sees every team", "dora", 570),
            ("a regional manager sees the region", "emma", 30),
            ("a team's manager sees the team, and of who left only what was done there", "sam", 10),
            ("the other region's manager sees the other region", "wes", 540),
            ("a rep sees their own", "rita", 7),
            ("who moved sees their own of both teams", "max", 40),
        ],
    )
    def test_shows_what_the_viewer_may_see(self, orders, case, viewer, expected):
        assert ask(viewer=orders.users[viewer]) == {(): Decimal(expected)}, case

    def test_a_manager_keeps_what_was_done_in_the_team_by_who_has_left_it(self, orders):
        january = Fiscal().parse("2026-01")

        assert ask(viewer=orders.users["sam"], period=january) == {(): Decimal(100)}
        assert ask(viewer=orders.users["wes"], period=january) == {(): Decimal(0)}
        assert ask(viewer=orders.users["max"], period=january) == {(): Decimal(100)}

    @pytest.mark.parametrize(
        "scope", [Scope("unit", "west"), Scope("unit", "nowhere"), Scope("person", "P09")]
    )
    def test_says_of_what_is_hidden_what_it_says_of_what_does_not_exist(self, orders, scope):
        with pytest.raises(NotFound, match="or it is not yours to see"):
            ask(viewer=orders.users["emma"], scope=scope)

    @pytest.mark.parametrize(
        ("case", "where", "expected"),
        [
            ("one value", {"customer": ["c1"]}, 40),
            ("what has none", {"customer": [""]}, 1007),
            ("one value and what has none", {"customer": ["c1", ""]}, 1047),
            ("two dimensions", {"customer": ["c2"], "product_line": ["pumps"]}, 20),
        ],
    )
    def test_keeps_what_a_filter_names(self, orders, case, where, expected):
        assert ask(where=where) == {(): Decimal(expected)}, case

    @pytest.mark.parametrize(
        ("case", "by"), [("by the roll-ups", ("window",)), ("by the facts", ("window", "product_line"))]
    )
    def test_of_seat_0_counts_what_is_nobodys(self, orders, case, by):
        february = Windows((("2026-02", FEBRUARY.start, FEBRUARY.end),))
        question = MetricRequest(("sales_amount",), by)

        found = answer.rows(answer.answer(reading.current(), question, windows=february, seats={0}))

        assert sum(row["sales_amount"] for row in found) == 11000, case

    def test_narrows_to_a_scope(self, orders):
        assert ask(scope=Scope("unit", "shanghai"), viewer=orders.users["emma"]) == {(): 10}
        assert ask(scope=Scope("person", "P07"), viewer=orders.users["emma"]) == {(): 20}
        assert ask(scope=Scope("unit", "company")) == {(): 11570}

    def test_a_team_that_has_moved_out_of_a_region_is_not_in_its_total_any_more(self, orders, at):
        """By the numbering that was published before, Nanjing's seats still lie between those of the East."""
        actions.change_unit("nanjing", values={"parent": "west"}, by=orders.ada, at=at)

        assert ask(viewer=orders.users["emma"]) == {(): 10}
        assert ask(viewer=orders.users["wes"]) == {(): 560}
        assert ask(scope=Scope("unit", "east")) == {(): 10}

    def test_says_no_data_where_nothing_is_recorded_and_zero_where_nothing_happened(self, orders):
        april = Fiscal().parse("2025-04")
        found = query.run_query(
            reading.current(),
            Query(("sales_amount", "leads", "win_rate"), (), april),
            viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 16),
        )  # fmt: skip

        assert found.rows == [{"sales_amount": 0, "leads": None, "win_rate": None}]
        assert ask(period=Fiscal().parse("2019")) == {(): None}

    def test_what_lies_before_the_first_fact_of_a_source_is_no_data_beside_another_that_has_some(
        self, company
    ):
        """Visits are filed since January, orders since February: nobody knows what was sold in January."""
        load(
            activities="key person started_at kind\nv1 P04 2026-01-05T08:00 visit\nv2 P05 2026-02-05T08:00 visit\nv3 P04 2026-03-05T08:00 visit",
            order_lines="key ordered_on person amount\n1 2026-02-10 P04 7\n2 2026-02-11 P04 3",
        )
        found = query.run_query(
            reading.current(),
            Query(("sales_amount", "visits"), ("month", "person"), Fiscal().parse("2026-Q1")),
            viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 16),
        )  # fmt: skip

        assert [tuple(row.values()) for row in found.rows] == [
            ("2026-01", "P04", None, 1),
            ("2026-02", "P04", 10, 0),
            ("2026-02", "P05", 0, 1),
            ("2026-03", "P04", None, 1),
        ]

    def test_tells_what_of_it_is_dated_after_today(self, orders):
        asked = Query(("sales_amount", "visits"), ("person",), FEBRUARY)

        def ahead(on, viewer=None):
            viewer = viewer or operator()
            return query.run_query(reading.current(), asked, viewer=viewer, fiscal=Fiscal(), on=on).ahead

        assert ahead(date(2026, 2, 11)) == {"sales_amount": 11500}
        assert ahead(date(2026, 2, 11), orders.users["emma"]) == {}
        assert ahead(date(2026, 2, 13)) == ahead(date(2026, 3, 16)) == {}

    @pytest.mark.parametrize(
        ("case", "asked", "message"),
        [
            ("a metric misspelt", {"metrics": "sale_amount"}, "did you mean sales_amount"),
            ("a dimension these facts lack", {"by": "stage"}, "order_lines: These facts have no 'stage'"),
            ("two lengths of time", {"by": "month week"}, "one length of time"),
            ("years of a month", {"by": "year"}, "2026-02 has no years in it"),
        ],
    )
    def test_refuses_what_does_not_fit_with_what_would(self, orders, case, asked, message):
        with pytest.raises(BadMetricRequest, match=message):
            ask(**asked)

    def test_reads_an_earlier_version_as_it_was(self, orders):
        before = reading.current()
        load(order_lines="key ordered_on person amount\n99 2026-02-20 P04 1")

        assert ask() == {(): 11571}
        then = query.run_query(
            reading.at(before.number),
            Query(("sales_amount",), (), FEBRUARY),
            viewer=operator(),
            fiscal=Fiscal(),
            on=date(2026, 3, 16),
        )
        assert then.rows == [{"sales_amount": Decimal(11570)}]

    def test_compares_nothing_across_currencies_raw(self, orders):
        load(
            order_lines="key ordered_on person amount currency original_amount\n"
            "u 2025-06-01 P04 710 USD 100\ne 2025-06-02 P04 780 EUR 100"
        )

        assert ask(period=Fiscal().parse("2025-06")) == {(): 1490}


PEOPLE = st.sampled_from(["P03", "P04", "P05", "P06", "P07", "P09", "GHOST", None])
DAYS = st.dates(date(2025, 12, 1), date(2026, 3, 10))
AMOUNTS = st.decimals(-1000, 1000, places=4) | st.none()
CUSTOMERS = st.sampled_from(["c1", "c2", None])
FACTS = st.lists(st.tuples(PEOPLE, DAYS, AMOUNTS, CUSTOMERS, st.sampled_from(["new", "return"])), max_size=25)
HELD_SHANGHAI = {"P03", "P04", "P05", "P06"}
MONTHS = Windows(tuple((p.label, p.start, p.end) for p in Fiscal().parts(Fiscal().parse("2026-Q1"), "month")))


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(facts=FACTS, viewer=st.sampled_from(["ada", "dora", "emma", "sam", "wes", "max", "rita"]))
def test_roll_ups_facts_and_plain_python_agree(company, facts, viewer):
    some = [
        {
            "key": str(n),
            "person": person,
            "ordered_on": day.isoformat(),
            "amount": None if amount is None else str(amount),
            "customer": customer,
            "kind": kind,
        }
        for n, (person, day, amount, customer, kind) in enumerate(facts)
    ]
    load(order_lines=table("order_lines", some))
    lake, on = reading.current(), date(2026, 3, 16)
    seen = seats(lake, viewer=company.users[viewer], scope=None, on=on)

    def answered(metric, by):
        question = MetricRequest((metric, "sales_quantity"), by)
        rows = answer.answer(lake, question, windows=MONTHS, seats=seen).to_pylist()
        return {tuple(row[name] for name in by): row[metric] for row in rows}

    known = [
        (day.strftime("%Y-%m"), team, fact)
        for fact in facts
        for person, day, *_ in [fact]
        for team in [team_of(person, day)]
        if day >= date(2026, 1, 1) and may_see(viewer, person, team)
    ]
    told = any(
        customer for *_, customer, _ in facts
    )  # where nobody ever names a customer, nobody counts them
    for metric, counted in {
        "sales_amount": total,
        "active_customers": different if told else untold,
        "new_customers": new if told else untold,
    }.items():
        rolled = answered(metric, ("window", "team"))
        # No order has a product, and what no roll-up holds has to come from the facts.
        from_facts = answered(metric, ("window", "team", "product_line"))
        assert {(*key, None): value for key, value in rolled.items()} == from_facts
        assert rolled == by_key(counted, [((month, team), fact) for month, team, fact in known])
        assert answered(metric, ("window",)) == by_key(
            counted, [((month,), fact) for month, _, fact in known]
        )
    # Removed again, so that the next example starts from nothing.
    load_nothing(some)


def untold(_facts):
    return None


def load_nothing(some):
    import pyarrow as pa

    from dabiao.core.publishing import publish
    from dabiao.lake.change import Change
    from tests.performance.facts import NOON

    keys = pa.table(
        {
            "source": pa.array(["test"] * len(some), pa.string()),
            "key": pa.array([r["key"] for r in some], pa.string()),
        }
    )
    publish([Change("order_lines", table("order_lines", []), removed=keys)], at=NOON, note="emptied")


def by_key(counted, keyed):
    found = defaultdict(list)
    for key, fact in keyed:
        found[key].append(fact)
    return {key: counted(facts) for key, facts in found.items()}


def total(facts):
    known = [amount for _, _, amount, _, _ in facts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def different(facts):
    return len({customer for *_, customer, kind in facts if customer and kind != "return"})


def new(facts):
    return len({customer for *_, customer, kind in facts if customer and kind == "new"})


def team_of(person, day):
    if person == "P06":
        return "shanghai" if day < date(2026, 2, 1) else "chengdu"
    if person == "P05" and day < date(2025, 7, 1):
        return None
    return {"P03": "shanghai", "P04": "shanghai", "P05": "shanghai", "P07": "nanjing", "P09": "chengdu"}.get(
        person
    )


def may_see(viewer, person, team):
    if viewer == "ada":
        return True
    own = {"max": "P06", "rita": "P04"}
    if viewer in own:
        return person == own[viewer]
    return (
        team
        in {
            "dora": {"shanghai", "nanjing", "chengdu"},
            "emma": {"shanghai", "nanjing"},
            "sam": {"shanghai"},
            "wes": {"chengdu"},
        }[viewer]
    )
