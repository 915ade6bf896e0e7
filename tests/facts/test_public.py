"""Public data sets by the proposal alone: its questions answered, their known figures come out; what it cannot do it says."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dabiao.facts import actions
from dabiao.facts.logic.loading.report import Report
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import Proposal, propose
from dabiao.org.models import Unit
from dabiao.targets.models import Target

MAVEN = {"sales_pipeline.same_product": "yes"}
QUOTAS = "SalesPersonQuotaHistory"
ADVENTUREWORKS = {
    f"{QUOTAS}.kind": "targets",
    f"{QUOTAS}.person": "column 1",
    f"{QUOTAS}.period": "column 2",
    f"{QUOTAS}.target": "column 3",
    "people.kind": "people",
    "people.number": "BusinessEntityID",
}
SUPERSTORE = {"订单.key": "行 ID"}
CDNOW = {
    "CDNOW_sample.kind": "order_lines",
    "CDNOW_sample.customer": "column 1",
    "CDNOW_sample.qty": "column 4",
    "CDNOW_sample.amount": "column 5",
    "CDNOW_sample.person": "none",
    "CDNOW_sample.product": "none",
}


def files_of(shared: Path, name: str) -> list[Path]:
    folder = shared / "data" / name
    return sorted(file for file in folder.iterdir() if file.suffix in {".csv", ".txt", ".xls"})


@pytest.fixture
def proposed(shared):
    """`proposed("cdnow", answers)` → what is proposed for a data set's folder."""

    def run(name: str, answers: dict[str, str] | None = None) -> Proposal:
        return propose(files_of(shared, name), answers=answers, year=2026, company=name)

    return run


@pytest.fixture
def loaded(proposed, shared, at, otto):
    """The report of loading a data set as it is proposed; every question must have been answered."""

    def run(name: str, answers: dict[str, str]) -> Report:
        found = proposed(name, answers)
        assert not found.open, [question.key for question in found.open]
        order = actions.Order(shared / "data" / name, read_map(found.text))
        return actions.load(order, by=otto, at=at)

    return run


def asked(found: Proposal) -> list[str]:
    return [question.key for question in found.open]


class TestMaven:
    def test_asks_of_a_spelling_alone(self, proposed):
        found = proposed("maven")

        assert asked(found) == ["sales_pipeline.same_product"]
        assert found.questions[0].choices[0].rows == ("GTXPro → GTX Pro",)
        assert {sheet.name: sheet.kind for sheet in found.taken} == {
            "accounts": "customers", "data_dictionary": "", "products": "products", "sales_pipeline": "opportunities",
            "sales_teams": "people",
        }  # fmt: skip

    def test_loads_deals_and_teams_with_every_known_figure(self, loaded, sql):
        report = loaded("maven", MAVEN)

        won = "FROM opportunities WHERE outcome = 'won'"
        assert report.total("rejected") == 0
        assert sql("SELECT outcome, count(*) FROM opportunities GROUP BY 1 ORDER BY 2 DESC") == [
            ("won", 4238), ("lost", 2473), (None, 2089),
        ]  # fmt: skip
        assert sql(f"SELECT sum(amount) {won}") == [(Decimal(10_005_534),)]
        assert sql(f"SELECT sum(amount) {won} AND person = 'Darcel Schlecht'") == [(Decimal(1_153_214),)]
        assert sql("SELECT count(DISTINCT product) FROM opportunities") == [(7,)]
        quarters = sql(
            f"SELECT sum(amount) {won} AND year(closed_on) = 2017 GROUP BY quarter(closed_on) ORDER BY quarter(closed_on)"
        )
        assert [total for (total,) in quarters] == [1_134_672, 3_086_111, 2_982_255, 2_802_496]

    def test_makes_thirty_five_agents_six_managers_and_three_offices(self, loaded, sql):
        loaded("maven", MAVEN)

        assert Unit.objects.filter(kind="region").count() == 3
        assert Unit.objects.filter(kind="team").count() == 6
        assert sql("SELECT count(DISTINCT person) FROM assignments") == [(41,)]
        offices = {
            team.key: team.parent.key for team in Unit.objects.filter(kind="team").select_related("parent")
        }
        sold = sql(
            """SELECT a.unit, sum(o.amount) FROM opportunities o JOIN assignments a USING (person)
               WHERE outcome = 'won' GROUP BY 1"""
        )
        by_office: dict[str, Decimal] = {}
        for team, amount in sold:
            by_office[offices[team]] = by_office.get(offices[team], Decimal(0)) + amount
        assert by_office == {"West": 3_568_647, "Central": 3_346_293, "East": 3_090_594}


class TestAdventureWorks:
    def test_says_of_files_without_titles_that_they_are_left_out(self, proposed):
        left = {sheet.name: sheet.why for sheet in proposed("adventureworks").taken if not sheet.kind}

        assert len(left) == 8
        assert all("column 1" in why for name, why in left.items() if name != "people")

    def test_asks_what_the_columns_are_once_a_file_is_said_to_be_quotas(self, proposed):
        found = proposed("adventureworks", {f"{QUOTAS}.kind": "targets"})

        assert asked(found) == [f"{QUOTAS}.{name}" for name in ("person", "target", "period")]

    def test_loads_orders_quotas_and_people(self, loaded, sql, shared):
        report = loaded("adventureworks", ADVENTUREWORKS)

        assert report.total("rejected") == 0
        assert sql(
            "SELECT sum(amount), sum(amount_with_tax) - sum(amount), count(*), count(*) - count(person) FROM order_lines"
        ) == [(Decimal("109846381.4039"), Decimal("10186974.4602"), 31_465, 27_659)]
        assert Target.objects.count() == 163
        assert sql("SELECT sum(target) FROM targets") == [(Decimal(95_714_000),)]
        (sold,) = sql(
            """SELECT sum(o.amount) FROM order_lines o JOIN targets t
               ON t.scope = o.person AND o.ordered_on >= t.starts_on AND o.ordered_on < t.ends_on"""
        )
        assert sold == (Decimal("80487704.1832"),)
        lines = (shared / "data/adventureworks/SalesPerson.csv").read_text().splitlines()
        known = {cells[0]: Decimal(cells[5]) for cells in (line.split("\t") for line in lines)}
        since = "SELECT person, sum(amount) FROM order_lines WHERE ordered_on >= DATE '2013-05-30' GROUP BY 1"
        assert {person: amount for person, amount in sql(since) if person in known} == known


class TestSuperstore:
    def test_asks_of_the_key_alone_and_takes_the_managers_of_regions(self, proposed):
        found = proposed("superstore_cn")

        assert asked(found) == ["订单.key"]
        assert {sheet.name: sheet.kind for sheet in found.taken} == {
            "订单": "order_lines", "退货": "", "销售人员": "units",
        }  # fmt: skip
        assert next(sheet.why for sheet in found.taken if sheet.name == "退货") == "looked up for 订单"
        sums = dict(next(sheet.sums for sheet in found.taken if sheet.name == "订单"))
        assert Decimal(sums["销售额"]) == Decimal("16117548.237")

    def test_loads_with_every_known_figure(self, loaded, sql):
        report = loaded("superstore_cn", SUPERSTORE)

        assert report.total("rejected") == 0
        assert sql("SELECT sum(amount), sum(amount - cost), sum(qty), count(*) FROM order_lines") == [
            (Decimal("16117548.237"), Decimal("2156559.517"), Decimal(37_675), 10_000)
        ]
        regions = sql("SELECT territory, round(sum(amount), 2) FROM order_lines GROUP BY 1 ORDER BY 2 DESC")
        assert regions == [
            ("华东", Decimal("4692464.99")), ("中南", Decimal("4147884.01")), ("东北", Decimal("2711223.39")),
            ("华北", Decimal("2447301.02")), ("西南", Decimal("1303124.51")), ("西北", Decimal("815550.32")),
        ]  # fmt: skip


class TestCdnow:
    def test_recognises_nothing_and_says_so(self, proposed):
        found = proposed("cdnow")

        assert [sheet.kind for sheet in found.taken] == ["", "", ""]
        assert all(sheet.why for sheet in found.taken)

    def test_concludes_the_day_and_asks_the_rest_once_it_is_said_to_be_orders(self, proposed):
        found = proposed("cdnow", {"CDNOW_sample.kind": "order_lines"})

        names = ("amount", "person", "customer", "product", "qty")
        assert asked(found) == [f"CDNOW_sample.{name}" for name in names]
        assert any("column 3 is the day" in note for note in found.notes)
        assert next(sheet for sheet in found.taken if sheet.kind).sums == ()

    def test_loads_the_sum_of_all_purchases(self, loaded, sql):
        report = loaded("cdnow", CDNOW)

        assert report.total("rejected") == 0
        assert sql(
            "SELECT sum(amount), count(DISTINCT customer), min(ordered_on), max(ordered_on) FROM order_lines"
        ) == [(Decimal("244091.94"), 2357, date(1997, 1, 1), date(1998, 6, 30))]
