"""Public data sets by the proposal alone: its questions answered, their known figures come out; what it cannot do it says."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dabiao.facts import actions
from dabiao.facts.logic.loading.report import Report
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import Proposal, propose
from dabiao.targets.models import Target

MAVEN = {}
ADVENTUREWORKS = {
    "SalesPersonQuotaHistory.kind": "targets",
    "SalesPersonQuotaHistory.person": "column 1",
    "SalesPersonQuotaHistory.period": "column 2",
    "SalesPersonQuotaHistory.target": "column 3",
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


@pytest.fixture
def loaded(shared, at, otto):
    """`loaded("maven", answers)` → the report of what is proposed for a data set's folder."""

    def run(name: str, answers: dict[str, str]) -> Report:
        folder = shared / "data" / name
        found = propose(files_of(folder), answers=answers, year=2026, company=name)
        assert not found.open, [question.key for question in found.open]
        return actions.load(actions.Order(folder, read_map(found.text)), by=otto, at=at)

    return run


@pytest.fixture
def proposed(shared):
    def run(name: str, answers: dict[str, str] | None = None) -> Proposal:
        return propose(files_of(shared / "data" / name), answers=answers, year=2026)

    return run


def files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in {".csv", ".txt", ".xls"})


class TestMaven:
    def test_asks_nothing_and_every_known_figure_comes_out(self, loaded, sql):
        report = loaded("maven", MAVEN)

        assert report.total("rejected") == 0
        print(report.warnings)
        assert sql("SELECT outcome, count(*) FROM opportunities GROUP BY 1 ORDER BY 2 DESC") == [
            ("won", 4238), ("lost", 2473), (None, 2089),
        ]  # fmt: skip
        assert sql("SELECT sum(amount) FROM opportunities WHERE outcome = 'won'") == [(Decimal(10_005_534),)]


class TestAdventureWorks:
    def test_orders_quotas_and_attainment_after_its_questions(self, loaded, sql):
        report = loaded("adventureworks", ADVENTUREWORKS)

        print(report.errors, report.warnings)
        assert report.total("rejected") == 0
        assert sql("SELECT sum(amount), count(*), count(*) - count(person) FROM order_lines") == [
            (Decimal("109846381.4039"), 31_465, 27_659)
        ]
        assert Target.objects.count() == 163
        assert sql("SELECT sum(target) FROM targets") == [(Decimal(95_714_000),)]


class TestSuperstore:
    def test_one_question(self, loaded, sql):
        report = loaded("superstore_cn", SUPERSTORE)
        assert report.total("rejected") == 0


class TestCdnow:
    def test_a_file_without_titles(self, loaded, sql):
        report = loaded("cdnow", CDNOW)
        print(report.warnings)
        assert sql("SELECT sum(amount), count(DISTINCT customer), min(ordered_on), max(ordered_on) FROM order_lines") == [
            (Decimal("244091.94"), 2357, date(1997, 1, 1), date(1998, 6, 30))]
