"""`dabiao incentives` by the real path: a plan's file, the lake's facts, rows out."""

import json
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from dabiao.core.errors import NotFound, Refused
from dabiao.facts import actions
from dabiao.facts.mapping import read_map
from dabiao.incentives import queries
from dabiao.incentives.commands import app
from dabiao.org.models import User
from tests.conftest import REPOSITORY

ADVENTUREWORKS = REPOSITORY / "examples" / "adventureworks"
TIERS = REPOSITORY / "tests" / "incentives" / "tiers.yml"
CLI = CliRunner()


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
        found = queries.preview(queries.read_plan(TIERS), None, None, "person")

        assert (found.rows, found.total, found.snapshot) == ([], 0, None)

    def test_pays_everybody_the_published_rate_on_their_orders(self, shared, at):
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
            queries.read_plan(ADVENTUREWORKS / "plan.yml"), date(2013, 5, 30), date(2014, 7, 1), "line"
        )
        mine = [line for line in lines.rows if line["person"] == "275"]
        assert sum(line["amount"] for line in mine).quantize(Decimal("0.01")) == Decimal("45158.14")
        assert all(line["key"].startswith("adventureworks/") and line["snapshot"] == 1 for line in mine)
