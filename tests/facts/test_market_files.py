"""Figures of the market as files and programs bring them: from when to when, once a day, or handed back."""

from datetime import date

import pytest

from dabiao.facts.actions import upserts
from dabiao.facts.actions.upserts import RowsRefused
from dabiao.lake import reading
from dabiao.site import doctor
from tests.facts.test_load import write
from tests.performance.facts import NOON
from tests.performance.facts import load as publish

MAP = """
schema: dabiao/map/1
system: research
sources:
  market: market.csv
tables:
  - into: market
    from: market
    key: [细分, 期间, 来源]
    {mode}
    columns: {{period: 期间, segment: 细分, size: 规模, figure_source: 来源{more}}}
"""
HEAD = "细分,期间,规模,来源,止\n"
END = ", ends_on: 止"


def refused(report):
    return sorted((row.row, row.column, row.reason) for row in report.shown_errors)


def held(sql):
    return sql("SELECT period, ends_on, size::INT FROM market ORDER BY period")


@pytest.fixture
def market(folder, load):
    def given(rows, more="", mode="mode: upsert", **how):
        return load(write(folder, HEAD + rows, "market.csv"), MAP.format(more=more, mode=mode), **how)

    return given


class TestTheLabelOfAPeriod:
    @pytest.mark.parametrize(
        ("label", "first", "after"),
        [
            ("2026", date(2026, 1, 1), date(2027, 1, 1)),
            ("2026年", date(2026, 1, 1), date(2027, 1, 1)),
            ("2026-Q2", date(2026, 4, 1), date(2026, 7, 1)),
            ("2026Q2", date(2026, 4, 1), date(2026, 7, 1)),
            ("2026年2季度", date(2026, 4, 1), date(2026, 7, 1)),
            ("2026年第二季度", date(2026, 4, 1), date(2026, 7, 1)),
            ("2026-03", date(2026, 3, 1), date(2026, 4, 1)),
            ("2026年3月", date(2026, 3, 1), date(2026, 4, 1)),
            ("2026-H1", date(2026, 1, 1), date(2026, 7, 1)),
        ],
    )
    def test_gives_both_ends(self, market, sql, label, first, after):
        report = market(f"泵,{label},900,协会,\n")

        assert (refused(report), held(sql)) == ([], [(first, after, 900)])

    @pytest.mark.parametrize("day", ["2026-01-01", "2026年1月1日", "20260101", "46023"])
    def test_is_no_day_which_says_no_end_and_is_handed_back_with_the_mend(self, market, sql, day):
        report = market(f"泵,{day},900,协会,\n阀,2026-Q1,90,协会,\n")

        assert refused(report) == [(2, "期间", "no_end")]
        assert "ends_on" in report.shown_errors[0].mend
        assert held(sql) == [(date(2026, 1, 1), date(2026, 4, 1), 90)]

    def test_stands_beside_days_with_an_end(self, market, sql):
        report = market("泵,2026-01-01,900,协会,2026-04-01\n阀,2026-Q1,90,协会,\n", END)

        assert refused(report) == []
        assert {row[:2] for row in held(sql)} == {(date(2026, 1, 1), date(2026, 4, 1))}

    def test_and_another_end_contradict_each_other(self, market):
        report = market("泵,2026-Q1,900,协会,2026-03-31\n阀,2026-Q1,90,协会,2026-04-01\n", END)

        assert refused(report) == [(2, "期间", "other_end")]


class TestFiguresOfOneSegment:
    def test_that_overlap_are_handed_back_with_both_named(self, market):
        report = market("泵,2026-Q1,900,协会,\n泵,2026-03,300,咨询,\n阀,2026-Q1,90,协会,\n")

        assert refused(report) == [(2, "期间", "overlaps"), (3, "期间", "overlaps")]
        assert all("协会" in row.value and "咨询" in row.value for row in report.shown_errors)

    def test_overlap_what_the_lake_holds_too(self, market):
        market("泵,2026-Q1,900,协会,\n")

        assert refused(market("泵,2026-03,300,咨询,\n", dry_run=True)) == [(2, "期间", "overlaps")]
        assert refused(market("泵,2026-Q2,900,协会,\n", dry_run=True)) == []

    def test_replace_themselves_and_the_window_they_are_loaded_for(self, market, sql):
        market("泵,2026-Q1,900,协会,\n")

        assert refused(market("泵,2026-Q1,950,协会,\n", dry_run=True)) == []
        assert refused(market("泵,2026-Q1,950,咨询,\n", mode="mode: replace", dry_run=True)) == []
        assert refused(market("泵,2026-02,300,咨询,\n", mode="mode: replace", dry_run=True)) == [
            (2, "期间", "overlaps")
        ]

    def test_that_end_before_they_begin_are_handed_back(self, market):
        assert refused(market("泵,2026-03-01,9,协会,2026-02-01\n", END)) == [(2, "期间", "backwards")]


class TestByApi:
    ROW = {"key": "K1", "segment": "pumps", "period": "2026-01-01", "ends_on": "2026-04-01", "size": "900"}

    def sent(self, company, *rows):
        try:
            upserts.upsert("market", rows, by=company.users["otto"], at=NOON)
        except RowsRefused as refused:
            return [(problem.row, problem.message) for problem in refused.problems]
        return []

    def test_a_figure_needs_its_end(self, company):
        without = {name: value for name, value in self.ROW.items() if name != "ends_on"}
        ((at, said),) = self.sent(company, self.ROW, {**without, "key": "K2"})

        assert (at, "ends_on is missing" in said) == (1, True)
        assert self.sent(company, {**self.ROW, "ends_on": "2026-01-01"})[0][0] == 0

    def test_figures_that_overlap_are_refused(self, company):
        publish(
            market="period ends_on segment size figure_source\n2026-03-01 2026-07-01 valves 9 association"
        )
        second = {**self.ROW, "key": "K2", "period": "2026-03-15"}
        ((_at, said),) = self.sent(company, {**self.ROW, "segment": "valves"})

        assert [at for at, _said in self.sent(company, self.ROW, second)] == [0, 1]
        assert "association valves 2026-03-01 2026-07-01" in said
        assert self.sent(company, self.ROW, {**self.ROW, "segment": "fans", "key": "K2"}) == []


def test_the_doctor_tells_of_rows_without_an_end(company):
    publish(market="period segment size\n2026-01-01 pumps 900\n2026-04-01 pumps 900")

    told = [finding.detail for finding in doctor.examine(NOON) if finding.check == "dated rows"]
    assert any(detail.startswith("market: 2 rows say no end") for detail in told)
    assert reading.current().run("SELECT count(*) AS n FROM market").column(0)[0].as_py() == 2
