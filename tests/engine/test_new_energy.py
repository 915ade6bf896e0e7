"""The worked case: every figure on its page comes out of its two files."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from dabiao.engine.backwards import Step, needed
from dabiao.engine.calibration.calibrate import calibrate
from dabiao.engine.calibration.case_file import read_case
from dabiao.engine.period import CALENDAR_YEAR

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "new_energy"
MILLION = Decimal(1_000_000)


@pytest.fixture(scope="module")
def case():
    return read_case((FOLDER / "case.yml").read_text(encoding="utf-8"), CALENDAR_YEAR)


@pytest.fixture(scope="module")
def page():
    return (FOLDER / "README.md").read_text(encoding="utf-8")


def sides(case):
    return {side.constraint: side.amount / MILLION for side in calibrate(case, seed=1, runs=10).sides}


def test_a_hundred_million_becomes_a_hundred_and_fifty(case):
    assert sides(case) == {"market": Decimal("163.28"), "capacity": 150, "resources": 150}


def test_without_the_policy_the_market_binds_and_without_training_the_team(case):
    assert sides(replace(case, events=()))["market"] == 110
    assert sides(replace(case, uplifts=()))["capacity"] == 120


def test_the_promise_is_honest_about_its_odds(case, page):
    found = calibrate(case, seed=1)

    assert found.probability(100 * MILLION) == 1
    assert found.probability(150 * MILLION) == pytest.approx(1 / 8, abs=0.01)
    assert found.probability(180 * MILLION) == 0
    assert round(found.at_probability(0.8) / MILLION, 1) == Decimal("132.8")
    assert round(found.at_probability(0.5) / MILLION) == 141
    assert "132.8 million" in page
    often = {side.constraint: side.binds for side in found.sides}
    assert often["resources"] > often["capacity"] > often["market"]


@pytest.mark.parametrize(
    ("chain", "leads", "visits", "first"),
    [("before", 600, 1200, "2027-W32"), ("after", 250, 500, "2027-W34")],
)
def test_a_better_conversion_is_worth_seven_hundred_visits(page, chain, leads, visits, first):
    funnel = yaml.safe_load((FOLDER / "funnel.yml").read_text(encoding="utf-8"))
    steps = [Step(one["metric"], Fraction(str(one["yields"])), one.get("days", 0)) for one in funnel[chain]]
    needs = needed([(CALENDAR_YEAR.parse(funnel["period"]), funnel["amount"])], steps, CALENDAR_YEAR)
    total = {step.metric: sum(need.value for need in needs if need.metric == step.metric) for step in steps}

    assert total == {"deals": 30, "qualified_leads": leads, "visits": visits}
    assert min(need.period.label for need in needs if need.metric == "visits") == first
    assert f"| 30 | {leads} | {visits:,} | {first} |" in page
