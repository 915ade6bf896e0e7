"""The examples set up whole companies, and every figure that is known of the data comes out, by the real path."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dabiao.engine.period import Fiscal
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import propose
from dabiao.lake import reading
from dabiao.metrics import query
from dabiao.targets.models import Target
from tests.conftest import REPOSITORY

FISCAL = Fiscal()
TODAY = date(2026, 3, 16)


@pytest.fixture
def ask(otto):
    def run(metrics: str, by: str = "", start=date(2000, 1, 1), end=date(2030, 1, 1)):
        asked = query.Query(
            metrics=tuple(metrics.split(",")),
            by=tuple(by.split(",")) if by else (),
            period=query.period_of(FISCAL, None, start, end),
            where={},
            scope=None,
        )
        reply = query.run_query(reading.current(), asked, viewer=otto, fiscal=FISCAL, on=TODAY)
        return {
            tuple(row[d] for d in reply.dimensions): tuple(row[m] for m in reply.metrics)
            for row in reply.rows
        }

    return run


def example(name: str, shared: Path, at, by) -> "actions.Report":
    file = REPOSITORY / "examples" / name / "map.yml"
    order = actions.Order(shared / "data" / name, read_map(file.read_text(encoding="utf-8"), file=str(file)))
    return actions.load(order, by=by, at=at)


class TestMaven:
    @pytest.fixture
    def report(self, shared, at, otto):
        return example("maven", shared, at, otto)

    def test_every_known_figure_comes_out(self, report, ask, sql):
        year = {"start": date(2017, 1, 1), "end": date(2018, 1, 1)}
        assert ask("sales_amount", **year) == {(): (Decimal(10_005_534),)}
        assert ask("sales_amount", "region", **year) == {
            ("West",): (Decimal(3_568_647),), ("Central",): (Decimal(3_346_293),), ("East",): (Decimal(3_090_594),),
        }  # fmt: skip
        assert ask("sales_amount", "person", **year)[("Darcel Schlecht",)] == (Decimal(1_153_214),)
        quarters = [
            ask("sales_amount", start=date(2017, m, 1), end=date(2017 + m // 10, (m + 3) % 12, 1))
            for m in (1, 4, 7, 10)
        ]
        assert [q[()][0] for q in quarters] == [
            Decimal(n) for n in (1_134_672, 3_086_111, 2_982_255, 2_802_496)
        ]
        ((rate, median, mean),) = ask("win_rate,sales_cycle_days,sales_cycle_mean_days").values()
        assert (round(rate, 4), median, round(mean, 1)) == (0.6315, 57, 51.8)
        assert sql("SELECT stage, count(*) FROM opportunities GROUP BY 1 ORDER BY 2 DESC") == [
            ("Won", 4238), ("Lost", 2473), ("Engaging", 1589), ("Prospecting", 500),
        ]  # fmt: skip
        assert sql("SELECT sum(list_amount) FROM opportunities WHERE outcome IS NULL") == [
            (Decimal(4_966_215),)
        ]

    def test_nothing_is_rejected_and_every_trap_is_told(self, report):
        told = {warning.text: warning for warning in report.warnings}

        assert report.total("rejected") == 0 and all(table.adds_up for table in report.tables)
        assert told["product: GTXPro was read as GTX Pro"].count == 1480
        assert told["sector: technolgy was read as technology"].count == 12
        assert "Opportunities: account is empty in 1,425 of 8,800 rows" in told
        assert "Opportunities: engage_date is empty in 500 of 8,800 rows" in told
        idle = told["People without a single fact"]
        assert {
            "Mei-Mei Johns",
            "Elizabeth Anderson",
            "Natalya Ivanova",
            "Carol Thompson",
            "Carl Lin",
        } <= set(idle.examples)


class TestAdventureWorks:
    @pytest.fixture
    def report(self, shared, at, otto):
        return example("adventureworks", shared, at, otto)

    def test_orders_and_taxes_to_four_decimals(self, report, ask, sql):
        assert ask("sales_amount") == {(): (Decimal("109846381.4039"),)}
        assert sql(
            "SELECT sum(amount_with_tax) - sum(amount), count(*), count(*) - count(person) FROM order_lines"
        ) == [(Decimal("10186974.4602"), 31_465, 27_659)]

    def test_seventeen_of_seventeen_to_the_cent(self, report, ask, shared):
        lines = (shared / "data/adventureworks/SalesPerson.csv").read_text().splitlines()
        known = {cells[0]: Decimal(cells[5]) for cells in (line.split("\t") for line in lines)}

        got = ask("sales_amount", "person", start=date(2013, 5, 30))

        sold = {person: amount for (person,), (amount,) in got.items() if person}
        assert {person: sold[person] for person in known} == known and len(known) == 17

    def test_attainment_by_the_quotas_own_intervals(self, report, sql):
        assert Target.objects.count() == 163
        assert sql("SELECT sum(target) FROM targets") == [(Decimal(95_714_000),)]
        sold = sql(
            """SELECT sum(o.amount) FROM order_lines o JOIN targets t
               ON t.scope = o.person AND o.ordered_on >= t.starts_on AND o.ordered_on < t.ends_on"""
        )
        assert sold == [(Decimal("80487704.1832"),)]
        assert round(sold[0][0] / 95_714_000, 4) == Decimal("0.8409")

    def test_every_trap_is_told(self, report):
        told = {warning.text: warning for warning in report.warnings}

        assert report.total("rejected") == 0
        assert "Order lines: SalesPersonID is empty in 27,659 of 31,465 rows" in told
        territories = told["salespeople.TerritoryID contradicts history.TerritoryID"].examples
        assert "282: 6.0 ≠ 10" in territories and "289: 10.0 ≠ 6" in territories
        assert told["salespeople.SalesQuota contradicts quotas.SalesQuota"].count == 17
        assert told["salespeople has rows without any in history"].examples == ("274", "285", "287")
        assert "Targets start on days that drift from year to year: each holds for its own interval" in told


class TestSuperstore:
    def test_the_proposal_loads_as_it_is(self, shared, at, otto, ask, sql):
        file = next((shared / "data/superstore_cn").glob("*.xls"))
        proposal = propose([file], system="超市", answers={"订单.key": "行 ID"}, year=2026)

        report = actions.load(actions.Order(file, read_map(proposal.text)), by=otto, at=at)

        assert report.total("rejected") == 0
        assert ask("sales_amount") == {(): (Decimal("16117548.237"),)}
        assert sql("SELECT sum(amount - cost), sum(qty), count(*) FROM order_lines") == [
            (Decimal("2156559.517"), Decimal(37_675), 10_000)
        ]
        regions = {region: round(amount, 2) for (region,), (amount,) in ask("sales_amount", "region").items()}
        assert regions == {
            "华东": Decimal("4692464.99"), "中南": Decimal("4147884.01"), "东北": Decimal("2711223.39"),
            "华北": Decimal("2447301.02"), "西南": Decimal("1303124.51"), "西北": Decimal("815550.32"),
        }  # fmt: skip
        assert sql('SELECT count(DISTINCT "order") FROM order_lines WHERE returned') == [(296,)]
