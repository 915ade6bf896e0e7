"""Explanations and effects on the lake's facts, and their commands."""

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import typer
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.core.errors import NotFound
from dabiao.core.publishing import publish
from dabiao.improvement import commands
from dabiao.improvement.queries.effects import effected
from dabiao.improvement.queries.explaining import CannotTakeApart, explained
from dabiao.improvement.queries.why import why
from dabiao.lake import reading
from dabiao.lake.change import Change
from dabiao.lake.tables import TABLES
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.forecast import foreseen
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.models import Person
from dabiao.org.queries import Scope
from dabiao.targets.models import Target
from tests.improvement.conftest import orders
from tests.performance.facts import NOON

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)


def frame(period="2026-02", scope=None, language="en"):
    within = Scope("unit", scope) if scope else None
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=within,
        period=fiscal().parse(period),
        today=TODAY,
        language=language,
    )


def sold(month):
    table = orders()
    return pc.sum(table.filter(pc.equal(table["ordered_on"], month))["amount"]).as_py()


def test_who_stopped_selling_is_the_cause(facts):
    found = explained(frame(), "sales_amount", "baseline", by=("person", "product"))

    assert ("person", "P04") in found.explanation.causes[0].in_full
    assert found.explanation.steps.actual == sold(date(2026, 2, 5))
    assert "below the usual level" in found.sentence


def test_the_gap_to_a_target_is_the_target_less_the_actual(facts):
    found = explained(frame(scope="shanghai"), "sales_amount", "target")

    assert found.explanation.steps.expected == Decimal(4000)
    assert found.explanation.gap == found.explanation.steps.actual - 4000


def test_a_running_period_is_held_against_what_is_due_by_now(facts):
    early = frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=Scope("unit", "shanghai"),
        period=fiscal().parse("2026-02"),
        today=date(2026, 2, 10),
        language="en",
    )
    found = explained(early, "sales_amount", "target")

    assert found.explanation.steps.expected < Decimal(4000)
    assert "the target due by now of" in found.sentence
    assert "the target of" in explained(frame(scope="shanghai"), "sales_amount", "target").sentence


def test_on_the_first_days_of_a_period_no_cause_is_told(facts):
    """The fifth of January was its first or second working day; by the eighth it can be told."""
    first, later = (
        explained(
            frame_of(
                reading.current(), viewer=org.operator(), scope=None, period=fiscal().parse("2026-01"),
                today=date(2026, 1, day), language="en",
            ),
            "sales_amount", "baseline", by=("person", "product"),
        )
        for day in (5, 8)
    )  # fmt: skip

    assert first.explanation.early and "too early to say where that comes from" in first.sentence
    assert first.explanation.gap and not first.explanation.staffing and not first.explanation.place
    assert not later.explanation.early and "too early" not in later.sentence


def test_where_all_is_missing_that_is_explained(facts):
    """P07 visited nobody in February: of what was promised everything is missing, which is no lack of figures."""
    Target.objects.create(
        scope_kind="person", person=Person.objects.get(key="P07"), metric="visits", target=Decimal(5),
        starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=NOON,
    )  # fmt: skip
    rows = [
        {"key": f"V{n}", "source": "crm", "person": who, "kind": "visit", "started_at": day}
        for n, (who, day) in enumerate([("P07", datetime(2026, 1, 5, 9)), ("P04", datetime(2026, 2, 5, 9))])
    ]
    publish(
        [Change("activities", pa.Table.from_pylist(rows, schema=TABLES["activities"].schema))],
        at=NOON,
        note="",
    )
    alone = frame_of(
        reading.current(), viewer=org.operator(), scope=Scope("person", "P07"), period=fiscal().parse("2026-02"),
        today=TODAY, language="en",
    )  # fmt: skip

    found = explained(alone, "visits", "target")

    assert (found.explanation.steps.actual, found.explanation.steps.expected) == (0, 5)
    with pytest.raises(BadMetricRequest, match="no figures here"):
        explained(alone.at(fiscal().parse("2025-03")), "visits", "baseline")


def test_the_gap_to_the_period_before_is_the_difference(facts):
    found = explained(frame(), "sales_amount", "previous", by=("person", "product"))

    assert found.explanation.gap == sold(date(2026, 2, 5)) - sold(date(2026, 1, 5))
    assert set(found.explanation.by) == {"person", "product"}


def test_the_gap_to_the_forecast_is_to_what_was_foreseen_on_the_eve(facts):
    found = explained(frame(), "sales_amount", "forecast", by=("person", "product"))
    seen = foreseen(reading.current(), "sales_amount", None, on=date(2026, 2, 1), until=date(2026, 3, 1))

    assert float(found.explanation.steps.expected) == pytest.approx(seen.total[-1])
    assert found.explanation.gap == sold(date(2026, 2, 5)) - found.explanation.steps.expected
    assert "the forecast of" in found.sentence


def test_a_ratio_is_foreseen_by_its_two_sums(facts):
    found = explained(frame(), "gross_margin", "forecast", by=("product",))

    assert float(found.explanation.steps.expected) == pytest.approx(0.4, abs=0.01)


def test_a_ratio_is_taken_apart_by_its_two_sums(facts):
    found = explained(frame(), "gross_margin", "baseline", by=("product",))

    assert found.explanation.kind == "ratio"
    assert float(found.explanation.steps.actual) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("against", ["baseline", "previous"])
def test_a_count_of_different_customers_is_taken_apart_so_that_each_counts_once(facts, against):
    """P05 and P06 both sell to P05's customer: the whole has six, their figures in the breakdown would be seven."""
    shared = {"key": "S1", "order": "S1", "source": "erp", "person": "P06", "customer": "CP05", "product": "X",
              "ordered_on": date(2026, 2, 6), "amount": Decimal(10), "kind": "new"}  # fmt: skip
    table = pa.Table.from_pylist([shared], schema=TABLES["order_lines"].schema)
    publish([Change("order_lines", table)], at=NOON, note="")

    found = explained(frame(), "new_customers", against, by=("person",))

    split = {line.member.name: line.member.part for line in found.explanation.by["person"].contributions}
    assert split == dict.fromkeys(["P04", "P05", "P06", "P07", "P09", "P10"], 1)
    assert found.explanation.steps.actual == 6
    assert found.notes == ("Every “Customer” counts once, in the part where it first showed.",)


def test_chinese_words_are_chinese(facts):
    assert "比平常水平" in explained(frame(language="zh-hans"), "sales_amount", "baseline").sentence


@pytest.mark.parametrize(
    ("case", "metric", "against", "error"),
    [
        ("an unknown metric", "nonsense", "baseline", NotFound),
        ("a metric that does not add up", "average_order_value", "baseline", CannotTakeApart),
        ("no target", "gross_margin", "target", NotFound),
        ("no facts of it at all", "visits", "forecast", BadMetricRequest),
    ],
)
def test_what_cannot_be_explained_is_refused(facts, case, metric, against, error):
    with pytest.raises(error):
        explained(frame(), metric, against)


def test_a_period_without_facts_is_refused(facts):
    with pytest.raises(BadMetricRequest, match="Sales has no figures here in 2023-02"):
        explained(frame("2023-02"), "sales_amount", "baseline")


def test_the_first_period_of_all_has_no_forecast(facts):
    with pytest.raises(NotFound, match="Sales has no forecast"):
        explained(frame("2024-12"), "sales_amount", "forecast")


def test_an_effect_on_people_is_measured_against_the_others(facts):
    found = effected(frame("2026-01"), "sales_amount", ["P09"], by="person", since=fiscal().parse("2025-10"))

    assert found.effect.verdict == "works"
    assert found.effect.low < 0.5 < found.effect.high + 0.05
    assert found.sentence.startswith("It works")


def test_who_is_under_another_measure_is_not_compared_with(facts):
    def measured(**others):
        return effected(
            frame("2026-01"), "sales_amount", ["P09"], by="person", since=fiscal().parse("2025-10"), **others
        )

    alone, apart = measured(), measured(others=["P05", "P06"])
    both = measured(others=["P09"])

    assert apart.effect.compared == alone.effect.compared - 2
    assert "2 under another measure were not compared with" in apart.sentence
    assert both.effect.effect == alone.effect.effect
    assert "1 of the treated is under another measure too" in both.sentence
    with pytest.raises(NotFound, match="P99"):
        measured(others=["P99"])


@pytest.mark.parametrize(
    ("case", "metric", "people", "since", "error"),
    [
        ("an unknown metric", "nonsense", ["P09"], "2025-10", NotFound),
        ("a stranger", "sales_amount", ["P99"], "2025-10", NotFound),
        ("too short a history", "sales_amount", ["P09"], "2025-02", BadMetricRequest),
        ("a measure of the future", "sales_amount", ["P09"], "2026-06", BadMetricRequest),
    ],
)
def test_effects_that_cannot_be_measured_are_refused(facts, case, metric, people, since, error):
    with pytest.raises(error):
        effected(frame("2026-01"), metric, people, by="person", since=fiscal().parse(since))


def run(*arguments):
    app = typer.Typer()
    app.command("explain")(commands.explain)
    app.add_typer(commands.effect_app, name="effect")
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_command_prints_the_parts_that_the_page_shows_with_their_mark(facts):
    here, asked = frame(scope="shanghai"), ("sales_amount", "--period", "2026-02", "--scope", "shanghai")
    found = explained(here, "sales_amount", "target")
    parts = [
        row
        for row in json.loads(run("explain", *asked, "--against", "target", "--format", "json"))
        if row["kind"] == "part"
    ]

    shown = why(here, found).readings
    assert {each.by_chance for each in shown} <= {not row["stands_out"] for row in parts}
    for each in shown:
        (row,) = (row for row in parts if row["name"] == each.name)
        assert row["stands_out"] is not each.by_chance
        assert Decimal(row["actual"]) - Decimal(row["expected"]) == Decimal(row["contribution"])
    table = run("explain", *asked, "--against", "target")
    assert all(row["name"] in table for row in parts) and "may be chance" in table
    assert "stands_out" in run("explain", *asked, "--format", "csv").splitlines()[0]


def test_the_commands_print_rows_that_sum_up(facts):
    rows = json.loads(run("explain", "sales_amount", "--period", "2026-02", "--format", "json"))

    (gap,) = (row for row in rows if row["kind"] == "gap")
    parts = [row for row in rows if row["kind"] in {"step", "split"}]
    assert parts and sum(Decimal(row["contribution"]) for row in parts) == Decimal(gap["contribution"])
    asked = ["sales_amount", "--treated", "P09", "--since", "2025-10", "--until", "2026-01"]
    (effect,) = json.loads(run("effect", "measure", *asked, "--format", "json"))
    assert effect["verdict"] == "works"
    assert "P09" not in run("effect", "measure", *asked)
    (apart,) = json.loads(run("effect", "measure", *asked, "--others", "P05", "--format", "json"))
    assert apart["compared"] == effect["compared"] - 1
    assert "gap" in run(
        "explain", "sales_amount", "--period", "2026-02", "--scope", "shanghai", "--against", "target"
    )
