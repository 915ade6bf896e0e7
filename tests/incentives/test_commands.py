"""`dabiao incentives` by the real path: a plan's file, the lake's facts, rows out."""

import json
import re
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from django.utils import translation
from typer.testing import CliRunner

from dabiao.core.errors import Malformed, NotFound, Refused
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.incentives import queries
from dabiao.incentives.commands import app
from dabiao.incentives.logic import cases, lake
from dabiao.org.models import User
from dabiao.org.queries import operator
from tests.conftest import REPOSITORY
from tests.performance.facts import load

ADVENTUREWORKS = REPOSITORY / "examples" / "adventureworks"
TIERS = REPOSITORY / "tests" / "incentives" / "tiers.yml"
CLI = CliRunner()
BOSS = {"viewer": operator(), "on": date(2026, 3, 16)}


class TestValidate:
    def test_says_that_a_plan_is_sound_and_its_cases_come_out(self):
        done = CLI.invoke(app, ["validate", str(TIERS)])

        assert done.exit_code == 0
        assert "tiers version 1 is sound: 1 components, 7 cases come out." in done.output

    def test_prints_the_plan_as_sentences(self):
        done = CLI.invoke(app, ["validate", str(TIERS), "--explain", "zh"])

        assert "超过 1,000 CNY 的部分按 7% 计。" in done.output

    def test_refuses_a_plan_with_every_problem_and_its_line(self, tmp_path):
        plan = tmp_path / "plan.yml"
        plan.write_text(
            TIERS.read_text().replace("from: 0,", "from: 1,").replace("base: sales", "base: sale")
        )

        with pytest.raises(queries.PlanIsWrong, match=r"2 problems(.|\n)*no measure 'sale'(.|\n)*a gap"):
            queries.checked(plan)

    def test_tells_the_problems_of_a_plan_in_the_readers_language(self, tmp_path):
        plan = tmp_path / "plan.yml"
        plan.write_text(TIERS.read_text().replace("base: sales", "base: sale"))

        with translation.override("zh-hans"), pytest.raises(queries.PlanIsWrong) as refused:
            queries.checked(plan)

        head, problem = str(refused.value).splitlines()
        assert head == "方案有 1 处问题："
        assert re.fullmatch(
            r".*plan\.yml 第 \d+ 行：components\.\w+\.base：没有度量“sale”。已知的有：.*。", problem
        )

    def test_refuses_a_case_that_does_not_come_out(self, tmp_path):
        plan = tmp_path / "plan.yml"
        plan.write_text(TIERS.read_text().replace("commission  50", "commission  51"))

        done = CLI.invoke(app, ["validate", str(plan)])

        assert isinstance(done.exception, Refused)
        assert "expected  person ann  period 2026-01-01  component commission  amount 51" in str(
            done.exception
        )

    def test_a_file_that_is_not_there_is_not_found(self, tmp_path):
        with pytest.raises(NotFound, match="There is no file"):
            queries.read_plan(tmp_path / "none.yml")


@pytest.mark.django_db(transaction=True)
class TestPreview:
    def test_pays_nothing_on_an_empty_lake(self):
        found = queries.preview(queries.read_plan(TIERS), None, None, "person", **BOSS)

        assert (found.rows, found.total, found.snapshot) == ([], 0, None)

    def test_pays_everybody_the_published_rate_on_their_orders(self, shared, at, tmp_path):
        otto = User.objects.create(username="otto", role=User.Role.OPERATIONS)
        mapping = read_map((ADVENTUREWORKS / "map.yml").read_text(encoding="utf-8"), file="map.yml")
        actions.load(actions.Order(shared / "data" / "adventureworks", mapping), by=otto, at=at)

        done = CLI.invoke(
            app,
            f"preview --plan {ADVENTUREWORKS / 'plan.yml'} --from 2013-05-30 --to 2014-07-01 "
            "--by person --format json",
        )

        rows = {row["person"]: Decimal(row["amount"]) for row in json.loads(done.output)}
        assert abs(sum(rows.values()) - Decimal("511232.151")) < Decimal("0.005") * len(rows)
        assert (rows["275"], rows["274"]) == (Decimal("45158.14"), 0)
        lines = queries.preview(
            queries.read_plan(ADVENTUREWORKS / "plan.yml"),
            date(2013, 5, 30),
            date(2014, 7, 1),
            "line",
            **BOSS,
        )
        mine = [line for line in lines.rows if line["person"] == "275"]
        assert sum(line["amount"] for line in mine).quantize(Decimal("0.01")) == Decimal("45158.14")

        newer = tmp_path / "newer.yml"
        newer.write_text((ADVENTUREWORKS / "plan.yml").read_text().replace("version: 1", "version: 2"))
        ask = f"compare --plan {ADVENTUREWORKS / 'plan.yml'} --with {newer} --to 2014-07-01 --format json"
        everybody = [row for row in json.loads(CLI.invoke(app, ask).output) if row["person"] == "275"]
        alone = json.loads(CLI.invoke(app, f"{ask} --person 275").output)
        assert alone == everybody and Decimal(alone[0]["before"]) > 0
        assert all(line["key"].startswith("adventureworks/") and line["snapshot"] == 1 for line in mine)


METRICS = """
big_sales:
  label: {en: Big sales, zh-hans: 大单}
  kind: result
  unit: money
  measure: {table: order_lines, sum: {plus: [amount], minus: [cost]}, where: {kind: {not: renewal}, qty: {at_least: 10}}, credit: owner}
average:
  label: {en: Average, zh-hans: 均值}
  kind: result
  unit: money
  measure: {table: order_lines, mean: amount}
"""
METRIC_PLAN = """
schema: dabiao/plan/1
plan: by-metric
version: 1
from: 2026-01-01
to: 2027-01-01
who: everyone
currency: CNY
measures:
  big: {metric: big_sales}
components:
  commission: {base: big, rate: 10%}
"""


@pytest.mark.django_db(transaction=True)
class TestMetricsOfTheDictionary:
    @pytest.fixture
    def plan(self, tmp_path, settings):
        settings.METRICS_FOLDER.mkdir(exist_ok=True)
        (settings.METRICS_FOLDER / "own.yml").write_text(METRICS)
        path = tmp_path / "plan.yml"
        path.write_text(METRIC_PLAN)
        return path

    def test_are_counted_as_they_are_defined_and_credited_by_their_rule(self, plan, company):
        load(
            order_lines="""
            key kind    person customer ordered_on amount cost qty
            1   new     P04    C1       2026-01-12 100    30   10
            2   renewal P04    C1       2026-01-12 100    30   10
            3   -       P04    C1       2026-01-12 50     20   10
            4   new     P04    C1       2026-01-12 100    30   9
            5   new     P05    C2       2026-01-12 900    0    10
            """,
            ownership="""
            customer person role  share starts_on  ends_on
            C1       P06    owner 0.75  2025-01-01 9999-12-31
            C1       P07    owner 0.25  2025-01-01 9999-12-31
            """,
        )

        found = queries.preview(queries.read_plan(plan), None, None, "person", **BOSS)

        # 70 and 30, three quarters to P06; nobody owns C2, so nobody is paid for it.
        assert {row["person"]: row["amount"] for row in found.rows} == {
            "P06": Decimal("7.50"),
            "P07": Decimal("2.50"),
        }
        assert "counts margin of order_lines by ordered_on" in " ".join(
            queries.sentences(queries.read_plan(plan), "en")
        )

    @pytest.mark.parametrize(
        ("metric", "says"),
        [
            ("big_sale", "Did you mean 'big_sales'?"),
            ("average", "'average' is not added up over dated facts"),
        ],
    )
    def test_that_no_fact_has_a_part_in_are_refused(self, plan, metric, says):
        plan.write_text(METRIC_PLAN.replace("big_sales", metric))

        with pytest.raises(queries.PlanIsWrong, match=re.escape(says)):
            queries.read_plan(plan)

    def test_are_not_defined_again_in_the_plan(self, plan):
        plan.write_text(METRIC_PLAN.replace("{metric: big_sales}", "{metric: big_sales, table: invoices}"))

        with pytest.raises(queries.PlanIsWrong, match="unknown word 'table'"):
            queries.read_plan(plan)


@pytest.mark.django_db
@pytest.mark.parametrize("opened", [lambda: lake.connection(None), lambda: cases.connection({})])
def test_no_file_but_the_lakes_can_be_read_from_where_pay_counts(opened, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    con = opened()

    with pytest.raises(duckdb.PermissionException):
        con.execute(f"select * from read_csv('{tmp_path}/secret.csv')")
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        con.execute("set enable_external_access = true")


LATE_PLAN = """
schema: dabiao/plan/1
plan: late
version: 1
from: 2026-01-01
to: 2027-01-01
who: everyone
currency: CNY
managers: ["*-head", director]
credits:
  chain: {to: person, rollup: [10%]}
measures:
  sales: {table: order_lines, credit: chain}
components:
  commission:
    base: sales
    rate: {tiers: [{from: 0, is: 5%}, {from: 1000, is: 7%}]}
"""
PAID_ON = """
key person ordered_on amount
A1  P04    2026-01-12 900
A2  P06    2026-01-28 300
A3  P04    2026-03-05 100
"""


@pytest.mark.django_db(transaction=True)
class TestLateFacts:
    @pytest.fixture
    def plan(self, tmp_path):
        path = tmp_path / "plan.yml"
        path.write_text(LATE_PLAN)
        return path

    @pytest.fixture(autouse=True)
    def _paid_and_then_corrected(self, company):
        load(order_lines=PAID_ON)
        load(order_lines="key person ordered_on amount\nA1 P04 2026-01-12 1100\nA4 P06 2026-02-10 50")

    def test_managers_come_from_the_seats_of_the_day(self, plan):
        rows = queries.preview(queries.read_plan(plan), None, None, "person", at_version=1, **BOSS).rows

        assert {row["person"]: row["amount"] for row in rows} == {
            "P04": Decimal("50.00"),
            "P06": Decimal("15.00"),
            "P03": Decimal("6.50"),
        }

    def test_a_roll_up_to_nobody_named_is_refused(self, plan):
        plan.write_text(LATE_PLAN.replace('managers: ["*-head", director]', ""))

        with pytest.raises(queries.NothingSays, match="add `managers:` with leading positions"):
            queries.preview(queries.read_plan(plan), None, None, "person", **BOSS)

    def test_what_they_change_is_posted_in_the_open_period(self, plan):
        done = CLI.invoke(
            app, f"preview --plan {plan} --from 2026-03-01 --against-version 1 --by period --format json"
        )

        rows = [
            (row["person"], row["rule"], row["period"], Decimal(row["amount"]))
            for row in json.loads(done.output)
        ]
        assert rows == [
            ("P03", "late 2026-01-01", "2026-03-01", Decimal("1.00")),
            ("P04", "late 2026-01-01", "2026-03-01", Decimal("12.00")),
            ("P06", "late 2026-02-01", "2026-03-01", Decimal("2.50")),
            ("P08", "late 2026-02-01", "2026-03-01", Decimal("0.25")),
        ]

    def test_the_lines_behind_them_name_the_facts(self, plan):
        found = queries.late_facts(queries.read_plan(plan), date(2026, 3, 1), 1, "line", **BOSS)

        assert [(row["person"], row["key"], row["was"], row["now"]) for row in found.rows] == [
            ("P03", "test/A1", Decimal("4.5"), Decimal("5.5")),
            ("P04", "test/A1", Decimal(45), Decimal(57)),
            ("P06", "test/A4", Decimal(0), Decimal("2.5")),
            ("P08", "test/A4", Decimal(0), Decimal("0.25")),
        ]

    def test_against_what_is_known_now_nothing_is_late(self, plan):
        found = queries.late_facts(queries.read_plan(plan), date(2026, 3, 1), 2, "person", **BOSS)

        assert (found.rows, found.total) == ([], 0)

    def test_a_manager_sees_what_is_late_of_their_own_people(self, plan, company):
        read = queries.read_plan(plan)
        sam = {"viewer": company.users["sam"], "on": date(2026, 3, 16)}

        people, lines = (
            queries.late_facts(read, date(2026, 3, 1), 1, by, **sam).rows for by in ("person", "line")
        )

        # P06 left for Chengdu in February, when the late sale was made; P08 manages there.
        assert [row["person"] for row in people] == [row["person"] for row in lines] == ["P03", "P04"]

    def test_a_comparison_counts_only_whom_the_viewer_sees(self, plan, company):
        rita = {"viewer": company.users["rita"], "on": date(2026, 3, 16)}
        read = queries.read_plan(plan)

        found = queries.compared(read, read, None, **rita)

        assert (found.spread_before.people, found.cost_before) == (1, Decimal("62.00"))
        assert {row.person for row in found.changes} == {"P04"}

    def test_whose_fact_fits_no_rate_is_told_to_who_sees_everything(self, plan, company):
        plan.write_text(
            LATE_PLAN.replace(
                "{from: 0, is: 5%}, {from: 1000, is: 7%}]",
                "{from: 0, is: 5%}, {from: 100%, is: 7%}], by: attainment",
            )
        )
        read, on = queries.read_plan(plan), date(2026, 3, 16)

        with pytest.raises(queries.NothingSays, match="lines of P03"):
            queries.preview(read, None, None, "person", **BOSS)
        with pytest.raises(queries.NothingSays, match=r"^some facts fit no rate of the plan$"):
            queries.preview(read, None, None, "person", viewer=company.users["rita"], on=on)

    def test_two_plans_are_compared_on_the_same_facts(self, plan, tmp_path):
        other = tmp_path / "other.yml"
        other.write_text(LATE_PLAN.replace("7%", "9%"))

        asked = f"compare --plan {plan} --with {other}"
        done = CLI.invoke(app, asked)

        assert "before: 87.25 for 4 people" in done.output
        assert "after: 89.25 for 4 people" in done.output
        assert "1 gain, 0 lose; cost +2.00" in done.output
        with translation.override("zh-hans"):
            told = CLI.invoke(app, asked).output
        assert [cell.strip() for cell in told.splitlines()[0].split("┃")] == [
            "人员",
            "项目",
            "之前",
            "之后",
            "差额",
        ]
        assert "1 人增加，0 人减少；成本 +2.00" in told

    def test_the_first_open_period_must_be_said(self, plan):
        done = CLI.invoke(app, f"preview --plan {plan} --against-version 1")

        assert isinstance(done.exception, Malformed)

    def test_what_is_late_is_added_up_by_person_and_component(self, plan):
        read = queries.read_plan(plan)

        by_person, by_component = (
            queries.late_facts(read, date(2026, 3, 1), 1, by, **BOSS).rows for by in ("person", "component")
        )

        assert sum(row["amount"] for row in by_person) == Decimal("15.75")
        assert by_component == [{"component": "commission", "amount": Decimal("15.75")}]

    def test_an_end_beside_it_is_refused(self, plan):
        done = CLI.invoke(app, f"preview --plan {plan} --from 2026-03-01 --to 2026-04-01 --against-version 1")

        assert isinstance(done.exception, Malformed)
