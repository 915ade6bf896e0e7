"""Effects on the lake's facts: what a gap means for each kind of metric, when to look again, and refusals in words."""

import json
from datetime import date

import pytest
import typer
from django.utils import translation
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.improvement import commands
from dabiao.improvement.queries.effects import effected
from dabiao.lake import reading
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)


def frame(period, language="en"):
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=None,
        period=fiscal().parse(period),
        today=TODAY,
        language=language,
    )


def on_p09(period, metric="sales_amount", since="2025-10", language="en", **more):
    return effected(
        frame(period, language), metric, ["P09"], by="person", since=fiscal().parse(since), **more
    )


def test_ratios_are_told_in_points_and_a_tenth_of_the_usual_is_worth_having(facts):
    """Everybody's margin is 40 % throughout."""
    found = on_p09("2026-01", "gross_margin")

    assert found.effect.verdict == "no effect seen"
    assert "+0.0 points" in found.sentence or "−0.0 points" in found.sentence
    assert "an improvement of 4 points or more is ruled out" in found.sentence


def test_the_running_period_and_later_ones_do_not_count(facts):
    assert on_p09("2026-12").effect.after == on_p09("2026-02").effect.after == 5


def test_when_to_look_again_is_a_period(facts):
    """P06 sells as before; effects of so many in a hundred would show later, or not for a year."""
    asked = {"by": "person", "since": fiscal().parse("2025-09")}
    found = effected(frame("2025-09"), "sales_amount", ["P06"], worthwhile=0.065, **asked)
    later = effected(frame("2025-09"), "sales_amount", ["P06"], worthwhile=0.001, **asked)

    assert found.effect.verdict == later.effect.verdict == "too early"
    assert found.look_again == fiscal().parse("2025-11")
    assert later.look_again is None


@pytest.mark.parametrize(
    ("case", "period", "since", "english", "chinese"),
    [
        ("months and quarters", "2026-01", "2025-Q4", "two periods of the same kind", "同类的期间"),
        ("too short a history", "2026-01", "2025-02", "at least six", "至少需要六期"),
        ("nothing has passed yet", "2026-12", "2026-06", "no whole period behind it", "还没有完整的一个期间"),
    ],
)
def test_refusals_are_said_in_the_readers_language(facts, settings, case, period, since, english, chinese):
    with pytest.raises(BadMetricRequest, match=english):
        on_p09(period, since=since)

    with translation.override("zh-hans"), pytest.raises(BadMetricRequest, match=chinese):
        on_p09(period, since=since, language="zh-hans")


def test_json_has_all_that_the_sentence_says(facts):
    app = typer.Typer()
    app.add_typer(commands.effect_app, name="effect")
    app.command("explain")(commands.explain)
    asked = [
        "sales_amount",
        "--treated",
        "P09",
        "--since",
        "2025-10",
        "--until",
        "2026-01",
        "--format",
        "json",
    ]
    (told,) = json.loads(
        CliRunner().invoke(app, ["effect", "measure", *asked], catch_exceptions=False).stdout
    )

    assert told["verdict"] == "works" and told["sentence"].startswith("It works")
    assert (told["look_again"], told["left_out"], told["treated"]) == (None, [], 1)
