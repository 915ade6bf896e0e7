"""The size of the market and our share of it in any period, from figures of quarters, months and years."""

from datetime import date
from decimal import Decimal

import pytest

from dabiao.core.publishing import publish
from dabiao.engine.period import Fiscal
from dabiao.lake import dictionary, reading
from dabiao.lake.change import Change
from dabiao.metrics import answer, available, query
from dabiao.metrics.answer import MetricRequest, Windows
from dabiao.metrics.frame import frame_of
from dabiao.metrics.query import Query
from dabiao.org.queries import Scope, operator
from dabiao.performance.queries.breakdown import breakdown
from tests.performance.facts import NOON, load, rows, table

ORDERS = """
ordered_on  person  amount
2026-01-10  P04     310000
2026-02-10  P04     280000
2026-03-10  P09     620000
2026-04-10  P09     100
"""
QUARTER = """
period      ends_on     segment  size     figure_source
2026-01-01  2026-04-01  pumps    9000000  association
"""
MONTHS = ("2026-01", "2026-02", "2026-03")


def ask(metric, period, by="", scope=None, on=date(2026, 12, 31)):
    asked = Query((metric,), tuple(by.split()), Fiscal().parse(period), None, scope)
    reply = query.run_query(reading.current(), asked, viewer=operator(), fiscal=Fiscal(), on=on)
    found = {tuple(row[name] for name in reply.dimensions): row[metric] for row in reply.rows}
    return found if by else found.get(())


@pytest.fixture
def market(company):
    load(order_lines=ORDERS, market=QUARTER)
    return company


class TestSize:
    def test_of_a_month_is_its_days_of_the_quarter_and_months_sum_to_it(self, market):
        sizes = [ask("market_size", month) for month in MONTHS]

        assert sizes == [3_100_000, 2_800_000, 3_100_000]
        assert sum(sizes) == ask("market_size", "2026-Q1") == 9_000_000
        assert ask("market_size", "2026-Q1", by="month") == dict(
            zip([(m,) for m in MONTHS], sizes, strict=True)
        )
        assert sum(ask("market_size", "2026-Q1", by="day").values()) == 9_000_000

    def test_is_the_whole_market_for_every_scope(self, market):
        """Nobody owns it: what a team sells is a share of all of it."""
        team = Scope("unit", "shanghai")

        assert ask("market_size", "2026-01", scope=team) == 3_100_000
        assert ask("market_share", "2026-01", scope=team) == pytest.approx(0.1)

    def test_is_unknown_where_a_day_is_not_covered(self, market):
        assert [ask("market_size", period) for period in ("2026-04", "2026-H1", "2025-Q4")] == [None] * 3
        assert ask("market_size", "2026-03-15..2026-04-15") is None

    def test_is_nobodys_and_so_no_units(self, market):
        assert ask("market_size", "2026-Q1", by="region") == {(None,): 9_000_000}

    def test_follows_a_figure_that_is_corrected_and_one_that_is_taken_away(self, market):
        """What pages read is made anew by the publication, also of days in the midst of the figure."""
        load(market=QUARTER.replace("9000000", "18000000"))
        assert ask("market_size", "2026-02") == 5_600_000

        kept = table("market", rows(QUARTER)).select(["source", "key"])
        publish([Change("market", table("market", []), removed=kept)], at=NOON, note="test")
        assert ask("market_size", "2026-02") is None

    def test_counts_nothing_of_rows_from_before_there_was_an_end(self, company):
        load(order_lines=ORDERS, market=QUARTER.replace("2026-04-01", "-"))

        assert (ask("market_size", "2026-Q1"), ask("market_share", "2026-Q1")) == (None, None)
        assert "market_size" not in available.known(reading.current(), ("market_size", "sales_amount"))


class TestShare:
    def test_of_a_month_is_of_the_months_own_size(self, market):
        shares = [ask("market_share", month) for month in MONTHS]

        assert shares == pytest.approx([0.1, 0.1, 0.2])
        assert shares[0] == pytest.approx(310000 / (9_000_000 * 31 / 90))
        assert ask("market_share", "2026-Q1") == pytest.approx(1210000 / 9_000_000)

    @pytest.mark.parametrize("by", ["unit", "person"])
    def test_of_each_part_of_the_company_is_of_all_of_the_market(self, market, by):
        """As by its own scope and on the page; together they are the company's."""
        shares = ask("market_share", "2026-Q1", by=by)
        sold = {key: value for key, value in shares.items() if value}

        assert {part for (part,) in sold} == ({"P04", "P09"} if by == "person" else {"shanghai", "chengdu"})
        assert sum(sold.values()) == pytest.approx(ask("market_share", "2026-Q1"))
        for (part,), share in sold.items():
            assert share == pytest.approx(ask("market_share", "2026-Q1", scope=Scope(by, part)))
        months = ask("market_share", "2026-Q1", by=f"month {by}")
        assert sum(
            share or 0 for (month, _part), share in months.items() if month == "2026-03"
        ) == pytest.approx(0.2)

    def test_of_a_running_month_is_of_the_days_that_have_come_as_on_its_page(self, market):
        """620,000 by 16 March, of 16 days' part of the month's 3.1 million; the size that is asked alone stays the month's."""
        on = date(2026, 3, 16)
        here = frame_of(
            reading.current(), viewer=operator(), scope=Scope("unit", "company"),
            period=Fiscal().parse("2026-03"), today=on, language="en",
        )  # fmt: skip

        share = ask("market_share", "2026-03", on=on)
        assert share == breakdown(here, "market_share", "").tile.value == pytest.approx(0.3875)
        assert breakdown(here, "market_share", "").trend.values[-1] == share
        assert ask("market_share", "2026-Q1", by="month", on=on)["2026-03",] == share
        assert ask("market_size", "2026-03", on=on) == 3_100_000
        both = Query(("market_share", "market_size"), ("month",), Fiscal().parse("2026-H1"), None, None)
        rows = query.run_query(reading.current(), both, viewer=operator(), fiscal=Fiscal(), on=on).rows
        told = {row["month"]: (row["market_share"], row["market_size"]) for row in rows}
        assert told["2026-03"] == (share, 3_100_000)
        assert ask("market_share", "2026-05", on=on) is None

    def test_of_a_window_partly_covered_is_unknown(self, market):
        assert ask("market_share", "2026-03-15..2026-04-15") is None
        assert ask("market_share", "2026-H1") is None

    def test_stands_beside_other_figures_without_touching_them(self, market):
        asked = Query(("market_share", "sales_amount"), ("month",), Fiscal().parse("2026-H1"), None, None)
        reply = query.run_query(
            reading.current(), asked, viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 16)
        )

        april = next(row for row in reply.rows if row["month"] == "2026-04")
        assert (april["market_share"], april["sales_amount"]) == (None, 100)

    def test_of_the_worked_case(self, company):
        """Q3 300; sales 10, 8, 12: July 9.89, August 7.91, September 12.27 %, the quarter 10.0 %."""
        sales = "ordered_on amount\n2026-07-01 10\n2026-08-01 8\n2026-09-01 12"
        load(order_lines=sales, market="period ends_on segment size\n2026-07-01 2026-10-01 pumps 300")

        months = [round(100 * ask("market_share", f"2026-0{n}"), 2) for n in (7, 8, 9)]
        assert (months, ask("market_share", "2026-Q3")) == ([9.89, 7.91, 12.27], pytest.approx(0.1))
        assert ask("market_share", "2026-Q2") is None
        assert sum(ask("market_size", f"2026-0{n}") for n in (7, 8, 9)) == 300


class TestShareBySegment:
    MARKET = QUARTER + "2026-01-01  2026-04-01  valves    1000000  association\n"
    SALES = "ordered_on customer amount\n2026-01-10 A 450000\n2026-02-10 B 40000\n"

    def shares(self, **tables):
        load(market=self.MARKET, **tables)
        return {
            segment: share
            for (segment,), share in ask("market_share", "2026-Q1", by="segment").items()
            if segment
        }

    def test_is_unknown_where_no_sale_is_of_any_segment(self, company):
        """Sales of customers of whom no segment is known are no sales of 0 in each segment."""
        assert self.shares(order_lines=self.SALES) == {"pumps": None, "valves": None}
        assert ask("market_share", "2026-Q1") == pytest.approx(0.049)

    def test_is_unknown_where_ours_are_none_of_the_markets(self, company):
        sorted_otherwise = "customer type\nA large\nB small"
        found = self.shares(order_lines=self.SALES, customers=sorted_otherwise)

        assert (found["pumps"], found["valves"]) == (None, None)

    def test_is_0_where_segments_are_known_and_one_had_no_sales(self, company):
        found = self.shares(order_lines=self.SALES, customers="customer type\nA pumps\nB pumps")

        assert found == {"pumps": pytest.approx(490000 / 9_000_000), "valves": 0}

    def test_is_0_where_nothing_was_sold_at_all(self, company):
        later = "ordered_on customer amount\n2025-12-10 A 1\n2026-05-10 A 1\n"
        found = self.shares(order_lines=later, customers="customer type\nA pumps")

        assert found == {"pumps": 0, "valves": 0}

    @pytest.mark.parametrize(("types", "share"), [("A large", None), ("A valves", 0), ("A pumps", 0.05)])
    def test_of_one_segment_alone_is_as_known(self, company, types, share):
        load(market=self.MARKET, order_lines=self.SALES, customers=f"customer type\n{types}")
        asked = Query(("market_share",), (), Fiscal().parse("2026-Q1"), {"segment": ["pumps"]}, None)
        reply = query.run_query(
            reading.current(), asked, viewer=operator(), fiscal=Fiscal(), on=date(2026, 4, 16)
        )

        assert [row["market_share"] for row in reply.rows] == [share]

    def test_is_told_month_by_month(self, company):
        load(market=self.MARKET, order_lines=self.SALES, customers="customer type\nA pumps")
        found = ask("market_share", "2026-Q1", by="month segment")

        assert found["2026-01", "valves"] == 0 and found["2026-01", "pumps"] > 0
        assert (found["2026-02", "pumps"], found["2026-02", "valves"]) == (None, None)


class TestFactsBehind:
    def test_show_the_figure_from_when_to_when_and_what_of_it_counts(self, market):
        january = Windows((("", date(2026, 1, 1), date(2026, 2, 1)),))
        size = dictionary.in_force()["market_size"]
        asked = MetricRequest(("market_size",), (), ())

        count, found = answer.facts(reading.current(), asked, size, windows=january, seats=None)
        (row,) = found.to_pylist()

        assert (count, row["period"], row["ends_on"]) == (1, date(2026, 1, 1), date(2026, 4, 1))
        assert (row["size"], row["counted_value"]) == (9_000_000, Decimal(3_100_000))
        assert answer.total_of_facts(reading.current(), asked, size, windows=january, seats=None) == 3_100_000

    def test_are_none_where_no_figure_reaches(self, market):
        july = Windows((("", date(2026, 7, 1), date(2026, 8, 1)),))
        size = dictionary.in_force()["market_size"]
        asked = MetricRequest(("market_size",), (), ())

        assert answer.facts(reading.current(), asked, size, windows=july, seats=None)[0] == 0
        assert answer.total_of_facts(reading.current(), asked, size, windows=july, seats=None) is None
