"""Every red light of the cockpit explained in one go; a scan that would take too long leaves the finest members out."""

import json
from datetime import date
from decimal import Decimal

import pytest
import typer
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.improvement import commands
from dabiao.improvement.queries import cells as cells_module
from dabiao.improvement.queries import explaining
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.lights import lights
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.targets.models import Target

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)


def frame(scope="shanghai"):
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=Scope("unit", scope),
        period=fiscal().parse("2026-02"),
        today=TODAY,
        language="en",
    )


@pytest.fixture
def promised(facts, company, at, monkeypatch):
    """Shanghai promised far more sales than it made, and far larger orders; the margin it has it nearly promised."""
    monkeypatch.setattr("dabiao.performance.queries.cockpit.TILES", ("gross_margin", "average_order_value"))
    for metric, target in (
        ("sales_amount", "9000"),
        ("average_order_value", "99000"),
        ("gross_margin", "0.45"),
    ):
        Target.objects.filter(unit=company.units["shanghai"], metric=metric).delete()
        Target.objects.create(
            scope_kind="unit", unit=company.units["shanghai"], metric=metric, target=Decimal(target),
            starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=at,
        )  # fmt: skip


def test_red_lights_are_explained_against_their_target_and_the_others_are_left_alone(promised):
    sales, size = sorted(lights(frame()), key=lambda one: one.tile.metric, reverse=True)

    assert sales.tile.metric == "sales_amount"
    assert sales.found.explanation.steps.expected == Decimal(9000)
    assert "below the target of ¥9K" in sales.sentence
    assert size.tile.metric == "average_order_value"
    assert size.found is None and "Ask for" in size.sentence


def test_amber_ones_where_asked(promised):
    (margin,) = lights(frame(), {"amber"})

    assert margin.tile.metric == "gross_margin" and margin.found is not None


def run(*arguments):
    app = typer.Typer()
    app.command("explain")(commands.explain)
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_command_says_a_sentence_a_light_and_the_same_for_programs(promised, settings):
    asked = ["--red", "--amber", "--period", "2026-02", "--scope", "shanghai"]
    said = run(*asked)
    rows = {row["metric"]: row for row in json.loads(run(*asked, "--format", "json"))}

    assert said.count("■") == 2 and said.count("▲") == 1
    assert rows["sales_amount"]["light"] == "red"
    assert Decimal(rows["sales_amount"]["gap"]) == Decimal(rows["sales_amount"]["actual"]) - 9000
    assert rows["average_order_value"]["explained"] is False and rows["average_order_value"]["gap"] is None
    assert all(row["sentence"] in said for row in rows.values())


def test_no_light_is_said_too(promised):
    assert run("--red", "--period", "2026-02", "--scope", "west").strip() in {
        "No such light is on.",
        "没有亮起的灯。",
    }


@pytest.mark.parametrize("arguments", [[], ["sales_amount", "--red"]])
def test_either_a_metric_or_lights(company, arguments):
    with pytest.raises(Malformed):
        run(*arguments)


def test_of_too_many_combinations_the_finest_members_are_left_out(facts, monkeypatch):
    monkeypatch.setattr(cells_module, "MOST", 1)

    found = explained(frame(), "sales_amount", "baseline")
    asked = explained(frame(), "sales_amount", "baseline", by=("person", "product"))

    assert "person" not in found.explanation.by
    assert set(asked.explanation.by) == {"person", "product"}


def test_in_a_crowd_nobody_is_looked_at_singly(facts, monkeypatch):
    monkeypatch.setattr(explaining, "CROWD", 1)

    found = explained(frame(), "sales_amount", "baseline")

    assert not {"person", "customer"} & set(found.explanation.by)
