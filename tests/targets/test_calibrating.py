"""Calibrating from a case file and from the facts; a public order book is calibrated and told what then happened."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.facts import actions as facts
from dabiao.facts.logic.mapping import read_map
from dabiao.targets.commands import app
from dabiao.targets.logic.cascade.history import metric_of
from dabiao.targets.queries.calibration import case_from_facts, happened
from tests.conftest import REPOSITORY
from tests.targets.test_cascade import published

CASE = REPOSITORY / "examples" / "new_energy" / "case.yml"


def told(*arguments):
    result = CliRunner().invoke(app, ["calibrate", *arguments, "--format", "json"])
    if result.exception:
        raise result.exception
    return json.loads(result.stdout)


class TestCaseFile:
    def test_the_worked_case_comes_to_a_hundred_and_fifty_million(self, db):
        found = told(str(CASE), "--target", "150000000", "--target", "100000000")

        assert (found["expected"], found["binding"]) == ("150000000", "capacity")
        assert {side["constraint"]: side["amount"] for side in found["sides"]} == {
            "market": "163280000",
            "capacity": "150000000",
            "resources": "150000000",
        }
        stretch, last_year = (target["probability"] for target in found["targets"])
        assert 0 < stretch < 0.5
        assert last_year > 0.99

    def test_that_is_no_text_is_one_sentence(self, db, tmp_path):
        (tmp_path / "case.yml").write_bytes("指标: 销售额".encode("gb18030"))

        with pytest.raises(Malformed, match=r"case\.yml is not UTF-8: save it as UTF-8"):
            told(str(tmp_path / "case.yml"))

    def test_is_the_same_with_the_same_seed(self, db):
        assert told(str(CASE), "--seed", "5") == told(str(CASE), "--seed", "5")

    def test_prints_tables(self, db):
        printed = CliRunner().invoke(app, ["calibrate", str(CASE), "--target", "1"]).stdout
        assert "150,000,000" in printed
        assert "teams.new_energy.attrition" in printed

    def test_prints_tables_in_chinese(self, db):
        with translation.override("zh-hans"):
            printed = CliRunner().invoke(app, ["calibrate", str(CASE), "--target", "1"]).stdout
        heads = [line.split("┃")[0].strip() for line in printed.splitlines() if "┃" in line]
        assert heads == ["内容", "约束", "概率", "金额", "编号"]
        assert (
            "预期" in printed
            and "主要约束" in printed
            and "binding" not in printed
            and "not known" not in printed
        )

    @pytest.mark.parametrize(
        ("case", "text", "says"),
        [
            ("no yaml", "{", "this is not YAML"),
            ("no day", "period: 2027", "as_of"),
            ("nothing known", "period: '2027'\nas_of: 2026-11-15", "at least one"),
            ("no such period", "period: soon\nas_of: 2026-11-15", "names no period"),
            (
                "a missing number",
                "period: '2027'\nas_of: 2026-11-15\nteams: [{key: a}]",
                "teams.a: 'headcount' is missing",
            ),
            (
                "a range without its value",
                "period: '2027'\nas_of: 2026-11-15\nkept: {value: 5, low: 6}",
                "does not lie",
            ),
            ("not a number", "period: '2027'\nas_of: 2026-11-15\nkept: much", "not a number"),
            (
                "not a list",
                "period: '2027'\nas_of: 2026-11-15\nteams: {key: a}",
                "a list of entries is expected",
            ),
            (
                "not a day",
                "period: '2027'\nas_of: 2026-11-15\ntools: [{name: crm, since: soon}]",
                "'soon' is not a day",
            ),
            (
                "not steps",
                "period: '2027'\nas_of: 2026-11-15\njoiners: [{team: a, count: 1, since: 2027-01-01, ramp: fast}]",
                "'fast' is not a number",
            ),
            (
                "no name",
                "period: '2027'\nas_of: 2026-11-15\ntools: [{since: 2027-01-01}]",
                "'name' is missing",
            ),
        ],
    )
    def test_says_what_is_wrong_and_where(self, db, tmp_path, case, text, says):
        file = tmp_path / "case.yml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(Malformed, match=says):
            told(str(file))

    def test_needs_a_file_or_a_metric(self, db):
        with pytest.raises(Malformed, match="case file"):
            told()


class TestFromFacts:
    LINES = """
    P04 2024-01-01 100
    P04 2024-12-31 100
    P05 2024-06-01 200
    P04 2025-06-01 300
    P05 2025-06-01 300
    P06 2025-06-01 0
    P04 2026-03-31 100
    """

    def test_capacity_is_per_head_by_the_days_that_have_facts(self, company, at):
        published(at, self.LINES)
        case = case_from_facts(metric_of("sales_amount"), CALENDAR_YEAR.parse("2026"), CALENDAR_YEAR)

        (team,) = case.teams
        assert team.headcount.value == 2
        assert team.per_head.value == pytest.approx(Decimal("459.92"), abs=Decimal("0.01"))
        assert (team.attrition.value, case.segments[0].share.value) == (0, 1)

    def test_one_period_has_no_growth_and_none_is_refused(self, company, at):
        published(at, self.LINES)
        sales = metric_of("sales_amount")
        one = case_from_facts(sales, CALENDAR_YEAR.parse("2025"), CALENDAR_YEAR)
        assert (one.segments, one.teams[0].attrition.source) == ((), "only one period is known")
        with pytest.raises(Malformed, match="no facts"):
            case_from_facts(sales, CALENDAR_YEAR.parse("2024"), CALENDAR_YEAR)

    def test_says_what_happened_up_to_the_last_day_that_has_facts(self, company, at):
        published(at, self.LINES)
        found = happened(metric_of("sales_amount"), CALENDAR_YEAR.parse("2026"))

        assert found is not None
        assert (found.amount, found.until, found.share_of_period) == (
            100,
            date(2026, 3, 31),
            Decimal("0.246575"),
        )
        assert happened(metric_of("sales_amount"), CALENDAR_YEAR.parse("2027")) is None


def test_three_years_of_a_bicycle_maker_calibrate_the_fourth(shared, company, at):
    """2011 to 2013 calibrate 2014. What was expected and what happened are told, whatever they are."""
    file = REPOSITORY / "examples" / "adventureworks" / "map.yml"
    order = facts.Order(
        shared / "data" / "adventureworks", read_map(file.read_text(encoding="utf-8"), file=str(file))
    )
    facts.load(order, by=company.otto, at=at)
    found = told("--metric", "sales_amount", "--period", "2014", "--target", "40000000")

    after = found["happened"]
    assert after["until"] == "2014-06-30"
    print(
        f"\nexpected {after['expected']}, happened {after['actual']}, off by {float(after['off_by']):+.1%}; {found}"
    )
    heads = {one["key"]: one for one in found["assumptions"]}
    assert heads["headcount"]["value"] == "17"
    assert Decimal(after["actual"]) > 0
    assert found["unknown"] == ["resources"]
