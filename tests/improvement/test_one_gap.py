"""One gap: cockpit, breakdown, explanation, API and command hold the same figure against the same target."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.improvement.queries.explaining import explained
from dabiao.org import actions
from dabiao.org.queries import Scope
from dabiao.performance.queries.breakdown import breakdown
from dabiao.performance.queries.cockpit import cockpit
from dabiao.site import cli
from dabiao.targets.models import Target, TargetVersion
from tests.improvement.promised import ABOVE, COMPANY, EAST, OF, RITA, SHANGHAI, frame
from tests.performance.facts import load

pytestmark = pytest.mark.django_db


def run(*arguments):
    done = CliRunner().invoke(cli.build(arguments), [*arguments, "--format", "json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("scope", [COMPANY, EAST, SHANGHAI, RITA], ids=lambda scope: scope.key)
def test_every_way_to_ask_says_one_gap(promises, company, client, scope):
    here = frame(scope)
    totals = breakdown(here, "sales_amount", "").table.totals
    found = explained(here, "sales_amount", "target")
    secret = actions.create_token(name="t", scope="read", days=1, by=company.ada, at=timezone.now())[1]
    asked = {"metric": "sales_amount", "period": "2026-02", "by": scope.kind}
    reply = client.get("/api/v1/attainment", asked, headers={"Authorization": f"Bearer {secret}"}).json()
    printed = run("attainment", "--metric", "sales_amount", "--period", "2026-02", "--by", scope.kind)
    asked = ("explain", "sales_amount", "--period", "2026-02", "--scope", scope.key, "--against", "target")
    (gap,) = (row for row in run(*asked) if row["step"] == "gap")
    (api,) = (row for row in reply["items"] if row["key"] == scope.key)
    (command,) = (row for row in printed if row["key"] == scope.key)

    gaps = {
        "cockpit": cockpit(here).verdict.ahead,
        "verdict": cockpit(here).verdict.gap,
        "breakdown": totals["ahead"],
        "explanation": found.explanation.gap,
        "api": Decimal(api["ahead"]),
        "command": Decimal(command["ahead"]),
        "explain": Decimal(gap["contribution"]),
    }
    assert gaps == dict.fromkeys(gaps, cockpit(here).headline.value - OF[scope.key])


@pytest.mark.parametrize("key", ABOVE)
@pytest.mark.parametrize("today", [date(2026, 2, 10), date(2026, 3, 16)], ids=["running", "closed"])
def test_a_part_has_the_gap_on_the_page_above_that_it_has_on_its_own(promises, key, today):
    above, dimension = ABOVE[key]
    whole = frame(above, today)
    lines = explained(whole, "sales_amount", "target").explanation.by[dimension].contributions
    rows = breakdown(whole, "sales_amount", "").table.rows
    own = cockpit(frame(Scope("person" if key in {"P04"} else "unit", key), today)).verdict.ahead

    (line,) = (line for line in lines if line.member.name == key)
    (row,) = (row for row in rows if row["key"] == key)
    (part,) = (part for part in cockpit(whole).parts if part.key == key)
    assert abs(line.total - own) <= Decimal("0.0001")
    assert row["ahead"] == part.ahead == own
    assert own != 0


@pytest.mark.parametrize("scope", [COMPANY, EAST, SHANGHAI], ids=lambda scope: scope.key)
@pytest.mark.parametrize("today", [date(2026, 2, 10), date(2026, 3, 16)], ids=["running", "closed"])
def test_parts_sum_to_the_whole_on_every_page_that_shows_both(promises, scope, today):
    here = frame(scope, today)
    split, page = breakdown(here, "sales_amount", ""), cockpit(here)
    why = explained(here, "sales_amount", "target").explanation

    assert sum(row["value"] for row in split.table.rows) == split.table.totals["value"]
    assert (
        sum(row["target"] for row in split.table.rows if row["target"] is not None)
        == split.table.totals["target"]
    )
    lost = [row for row in split.table.rows if row["target"] is None and row["value"]]
    assert (bool(split.note), page.parts_note) == (bool(lost), ""), "of what was promised nothing is missing"
    assert sum(part.value for part in page.parts if part.value) == page.headline.value
    if page.verdict.worst:
        assert page.verdict.worst.ahead + page.verdict.others_gap == page.verdict.ahead
    assert why.gap == page.verdict.ahead
    assert all(sum(line.total for line in each.contributions) == why.gap for each in why.by.values())


def test_what_is_due_is_what_the_grid_says_down_to_single_people(promises):
    lines = explained(frame(COMPANY), "sales_amount", "target").explanation.by

    due = {line.member.name: line.member.expected_part for name in ("region", "team", "person")
           for line in lines[name].contributions}  # fmt: skip
    assert {key: due[key] for key in OF if key != "company"} == {
        key: OF[key] for key in OF if key != "company"
    }
    assert due["P10"] == 0, "who sells in nobody's seat was promised nothing"


def test_who_owes_something_and_has_nothing_is_a_part_too(promises, promise):
    """P08 sits in the West itself and has never sold anything."""
    promise("P08", 500)
    promise("west", 4300)
    promise("company", 11300)
    here = frame(Scope("unit", "west"))
    why = explained(here, "sales_amount", "target").explanation

    (line,) = (line for line in why.by["person"].contributions if line.member.name == "P08")
    assert (line.member.part, line.member.expected_part) == (0, 500)
    assert why.steps.expected == 4300
    rows = {row["key"]: row for row in breakdown(here, "sales_amount", "").table.rows}
    assert rows[""]["target"] == 500, "those in the unit itself stand beside the units below it"


def test_where_targets_do_not_sum_the_pages_say_so(promises, promise):
    promise("shanghai", 5000)
    promise("east", 7500)
    promise("company", 11300)
    here = frame(SHANGHAI)
    found = explained(here, "sales_amount", "target")

    assert found.explanation.steps.expected == 5000
    (note,) = found.notes
    assert "上海组 sum to ¥4.5K, its own is ¥5K" in note
    assert breakdown(here, "sales_amount", "").note == cockpit(here).parts_note != ""
    due = {
        line.member.name: line.member.expected_part for line in found.explanation.by["person"].contributions
    }
    assert (due["P04"], due["P05"], due[""]) == (3000, 1500, 500), "what nobody was promised is nobody's"
    above = explained(frame(EAST), "sales_amount", "target")
    due = {line.member.name: line.member.expected_part for line in above.explanation.by["team"].contributions}
    assert (due["shanghai"], due["nanjing"]) == (5000, 2500), "what sums higher up is still taken as it is"


def test_a_part_without_a_dimension_of_its_own_is_owed_by_its_unit(promises):
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product"))

    due = {line.member.name: line.member.expected_part for line in found.explanation.by["team"].contributions}
    assert (due["shanghai"], due["nanjing"]) == (4500, 2500)
    (total,) = {
        sum(line.member.expected_part for line in each.contributions)
        for each in found.explanation.by.values()
    }
    assert total == 7000


def test_by_person_and_product_line_the_breakdown_has_their_targets(promises, promise, at):
    people = {row["key"]: row for row in breakdown(frame(COMPANY), "sales_amount", "person").table.rows}

    for key in ("P04", "P05", "P06", "P07", "P09"):
        assert people[key]["target"] == OF[key] and people[key]["light"], key
        assert people[key]["ahead"] == cockpit(frame(Scope("person", key))).verdict.ahead


@pytest.mark.parametrize(
    ("case", "own", "rest"),
    [("more than is handed down", 7600, 600), ("less than is handed down", 6600, -400)],
)
def test_a_part_owes_its_own_target_whatever_the_whole_was_promised(promises, promise, case, own, rest):
    promise("east", own)
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product"))

    due = {line.member.name: line.member.expected_part for line in found.explanation.by["team"].contributions}
    assert due == {"shanghai": 4500, "nanjing": 2500, "": rest}, case
    assert found.explanation.steps.expected == own
    assert all(sum(line.total for line in each.contributions) == found.explanation.gap
               for each in found.explanation.by.values())  # fmt: skip


def test_a_part_without_a_target_owes_what_those_with_one_leave(promises, promise):
    Target.objects.filter(unit__key="shanghai").delete()
    Target.objects.filter(person__key__in=("P04", "P05")).delete()
    found = explained(frame(EAST), "sales_amount", "target", by=("team", "product"))

    due = {line.member.name: line.member.expected_part for line in found.explanation.by["team"].contributions}
    assert due == {"shanghai": 4500, "nanjing": 2500}


def test_a_product_line_is_held_against_its_own_target_in_the_breakdown(promises, promise):
    Target.objects.filter(unit__key="east").delete()
    promise("east", 3000, product="lathes")
    promise("east", 900, product="spares")
    TargetVersion.objects.update_or_create(pk=1, defaults={"number": 7001})
    load(products="product line\nX lathes\nY mills")

    page = breakdown(frame(EAST), "sales_amount", "product_line")

    rows = {row["key"]: row for row in page.table.rows}
    assert (rows["lathes"]["target"], rows["spares"]["target"], rows["mills"]["target"]) == (3000, 900, None)
    assert rows["lathes"]["ahead"] == rows["lathes"]["value"] - 3000 and rows["lathes"]["light"]
    assert rows["spares"]["value"] == 0, "what was promised and has not sold is a row too"
    assert page.table.totals["target"] == 3900
    assert "lie in rows without a target" in page.note and "sum to" not in page.note, (
        "mills were promised nothing"
    )


def test_what_lies_in_rows_without_a_target_is_said(promises):
    """P10 sells in nobody's seat, and was promised nothing."""
    split = breakdown(frame(COMPANY), "sales_amount", "person")

    lost = [row["value"] for row in split.table.rows if row["target"] is None and row["value"]]
    assert lost and "lie in rows without a target" in split.note
    assert sum(row["ahead"] or 0 for row in split.table.rows) + sum(lost) == split.table.totals["ahead"]


def test_where_no_row_has_a_target_none_is_said_to_lack_one(promises):
    load(order_lines="key ordered_on person customer amount\n0 2026-02-12 P04 C8 0")
    split = breakdown(frame(COMPANY), "sales_amount", "customer")

    assert {row["target"] for row in split.table.rows} == {None} and split.table.totals["target"]
    assert any(not row["value"] for row in split.table.rows), (
        "a row without anything beside those that have something"
    )
    assert split.note == ""
