"""Explanations use what product lines were promised, beside what units were: two lines, two teams, hand-made figures.

East owes 7,000: Shanghai 4,500 and Nanjing 2,500 of it, lathes 2,000 and mills 5,000 of it.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from dabiao.improvement.queries.explaining import explained
from dabiao.performance.queries.breakdown import breakdown
from dabiao.targets.models import TargetVersion
from tests.improvement.promised import EAST, SHANGHAI, frame
from tests.performance.facts import load

pytestmark = pytest.mark.django_db
LINES = {"lathes": 2000, "mills": 5000}
TEAMS = {"shanghai": 4500, "nanjing": 2500}


@pytest.fixture
def lines(promises, promise):
    load(products="product line\nX lathes\nY mills")
    for line, amount in LINES.items():
        promise("east", amount, product=line)
    TargetVersion.objects.update_or_create(pk=1, defaults={"number": 7101})


def due(found, dimension):
    """Member → what was expected, of those of whom anything was."""
    return {
        line.member.name: line.member.expected_part
        for line in found.explanation.by[dimension].contributions
        if line.member.expected_part
    }


@pytest.mark.parametrize("today", [date(2026, 2, 10), date(2026, 3, 16)], ids=["running", "closed"])
def test_lines_and_teams_have_the_gaps_that_the_breakdown_has(lines, today):
    here = frame(EAST, today)
    found = explained(here, "sales_amount", "target", by=("team", "product_line"))

    for dimension, by, targets in (("team", "", TEAMS), ("product_line", "product_line", LINES)):
        rows = {row["key"]: row for row in breakdown(here, "sales_amount", by).table.rows}
        gaps = {line.member.name: line.total for line in found.explanation.by[dimension].contributions}
        for key, target in targets.items():
            assert abs(gaps[key] - rows[key]["ahead"]) <= Decimal("0.0001"), key
            assert abs(Fraction(due(found, dimension)[key]) - target * here.pace.share) < Fraction(1, 5000)
    assert sum(gaps.values()) == found.explanation.gap


def test_the_sentence_names_the_line_that_lacks_it(lines):
    """Lathes and mills sold about the same: what mills were promised is what is missing."""
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product_line"))

    (cause,) = found.explanation.causes or (found.explanation.place,)
    assert ("product_line", "mills") in cause.where
    mills = next(c for c in found.explanation.by["product_line"].contributions if c.member.name == "mills")
    assert mills.member.expected_part == 5000 and mills.total < -1500


def test_people_and_lines_agree_too(lines):
    found = explained(frame(EAST), "sales_amount", "target", by=("person", "product_line"))

    assert due(found, "product_line") == LINES
    assert due(found, "person") == {"P04": 3000, "P05": 1500, "P07": 2500}


def test_a_line_that_never_sold_owes_its_target(lines, promise):
    promise("east", 4000, product="mills")
    promise("east", 1000, product="spares")
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product_line"))

    assert due(found, "product_line") == {"lathes": 2000, "mills": 4000, "spares": 1000}
    assert due(found, "team") == TEAMS


def test_lines_without_a_target_owe_what_the_others_leave(lines, promise):
    from dabiao.targets.models import Target

    Target.objects.filter(member="mills").delete()
    TargetVersion.objects.update_or_create(pk=1, defaults={"number": 7102})
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product_line"))

    assert due(found, "product_line") == LINES


def test_lines_promised_more_than_the_whole_are_left_aside_and_the_page_says_so(lines, promise):
    promise("east", 9000, product="mills")
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product_line"))

    assert due(found, "team") == TEAMS
    assert due(found, "product_line")["mills"] < 5000
    assert found.notes == (
        "The targets by Product line sum to ¥11K, the target is ¥7K: they are left aside here.",
    )


def test_what_teams_were_promised_beyond_the_whole_is_in_no_line_twice(lines, promise):
    promise("east", 6600)
    promise("east", 4600, product="mills")
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product_line"))

    assert due(found, "team") == {**TEAMS, "": -400}
    assert due(found, "product_line") == {"lathes": 2000, "mills": 4600}
    assert found.explanation.steps.expected == 6600


def test_a_scope_whose_lines_have_no_targets_is_unchanged(lines):
    found = explained(frame(SHANGHAI), "sales_amount", "target", by=("person", "product_line"))

    assert due(found, "person") == {"P04": 3000, "P05": 1500}
    split = due(found, "product_line")
    assert split["lathes"] + split["mills"] == 4500 and 2000 < split["lathes"] < 2500


def test_a_ratio_is_held_against_the_target_of_the_whole(lines, promise):
    promise("east", "0.5", metric="gross_margin")
    before = explained(frame(EAST), "gross_margin", "target", by=("product_line",))
    promise("east", "0.9", metric="gross_margin", product="mills")
    TargetVersion.objects.update_or_create(pk=1, defaults={"number": 7103})
    after = explained(frame(EAST), "gross_margin", "target", by=("product_line",))

    assert before.explanation.steps.expected == Decimal("0.5")
    assert before.explanation.by == after.explanation.by and not after.notes
