"""Facts that begin in the middle of a period: what was promised before counts neither as reached nor as missed."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from dabiao.core.calendars import fiscal
from dabiao.improvement.queries.explaining import explained
from dabiao.lake import reading
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import frame_of
from dabiao.org.queries import Scope
from dabiao.performance.queries.breakdown import breakdown
from dabiao.performance.queries.cockpit import cockpit
from dabiao.targets.models import Target
from tests.performance.facts import load

pytestmark = pytest.mark.django_db
ORDERS = """
key  ordered_on  person  amount
1    2026-02-10  P04     300
2    2026-02-11  P05     60
3    2026-03-03  P04     40
"""
MONTHS = {1: 1000, 2: 500, 3: 220}
"""What Shanghai was promised; 16 March is the eleventh of its 22 working days."""


@pytest.fixture
def asked(company, at):
    load(order_lines=ORDERS)
    for month, amount in MONTHS.items():
        for kind, holder, part in (("unit", "shanghai", 1), ("person", "P04", Decimal("0.75")), ("person", "P05", Decimal("0.25"))):  # fmt: skip
            Target.objects.create(
                **{kind: (company.people if kind == "person" else company.units)[holder]}, scope_kind=kind,
                metric="sales_amount", target=Decimal(amount) * part, starts_on=date(2026, month, 1),
                ends_on=date(2026, month + 1, 1), changed_at=at,
            )  # fmt: skip

    def of(period, today=date(2026, 3, 16)):
        return frame_of(
            reading.current(), viewer=company.users["ada"], scope=Scope("unit", "shanghai"), period=fiscal().parse(period),
            today=today, language="en",
        )  # fmt: skip

    return of


@pytest.mark.parametrize(
    ("case", "period", "today", "due"),
    [
        ("running: February and half of March", "2026-Q1", date(2026, 3, 16), 500 + 110),
        ("of the year the same", "2026", date(2026, 3, 16), 500 + 110),
        ("closed: February and March", "2026-Q1", date(2026, 4, 16), 500 + 220),
        ("a month in which they begin counts", "2026-02", date(2026, 4, 16), 500),
    ],
)
def test_every_page_holds_them_against_what_was_due_since(asked, case, period, today, due):
    here = asked(period, today)
    page = cockpit(here)
    split = breakdown(here, "sales_amount", "person").table
    (row,) = attaining(here, "sales_amount", "team")
    why = explained(here, "sales_amount", "target")

    ahead = {
        "cockpit": page.verdict.ahead,
        "breakdown": split.totals["ahead"],
        "parts": sum(row["ahead"] or 0 for row in split.rows),
        "attainment": row.ahead,
        "explanation": why.explanation.gap,
    }
    assert ahead == dict.fromkeys(ahead, page.headline.value - due), case
    assert why.explanation.steps.expected == due
    of_people = why.explanation.by["person"].contributions
    assert {
        line.member.name: line.member.expected_part for line in of_people if line.member.name[:2] == "P0"
    } == {
        "P04": due * Decimal("0.75"),
        "P05": due * Decimal("0.25"),
    }
    whole = sum(MONTHS.values()) if period != "2026-02" else 500
    assert page.headline.target == row.target == whole, "the target is the grid's"
    assert row.due == (None if period == "2026-02" else pytest.approx(float(Fraction(due, whole))))
    assert page.headline.light == row.light == "red"


def test_the_line_of_what_is_due_begins_with_the_facts(asked):
    drawn = cockpit(asked("2026-Q1")).pace

    goal = dict(zip(drawn.labels, drawn.goal, strict=True))
    actual = dict(zip(drawn.labels, drawn.actual, strict=True))
    assert (actual["01-31"], actual["02-09"], actual["02-10"], actual["03-16"]) == (None, None, 300, 400)
    assert (goal["01-31"], goal["02-28"], goal["03-16"], goal["03-31"]) == (0, 500, 610, 720)


def test_the_headline_says_what_it_leaves_out(asked, as_):
    verdict = cockpit(asked("2026-Q1", date(2026, 4, 16))).verdict
    assert (verdict.before, verdict.begins) == (1000, date(2026, 2, 10))
    assert (verdict.gap, verdict.reach) == (400 - 720, pytest.approx(400 / 720))

    shown = as_("ada").get(
        "/cockpit/?period=2026-Q1&scope=shanghai", headers={"accept-language": "en"}
    ).content.decode()  # fmt: skip
    assert "were meant for the months before" in shown
    closed = as_("ada").get("/cockpit/?period=2026-02&scope=shanghai").content.decode()
    assert "were meant for the months before" not in closed


def test_a_period_before_all_facts_has_no_light(asked):
    assert cockpit(asked("2026-01")).headline is None
    (row,) = attaining(asked("2026-01"), "sales_amount", "team")
    assert (row.actual, row.attainment, row.ahead, row.light) == (None, None, None, None)


def test_days_before_the_month_of_the_first_fact_owe_nothing_in_any_window(asked):
    load(order_lines="key ordered_on person amount\n0 2026-02-02 P04 5")
    (whole,) = attaining(asked("2026-01-26..2026-02-03"), "sales_amount", "team")
    (own,) = attaining(asked("2026-02-01..2026-02-03"), "sales_amount", "team")

    assert whole.actual == own.actual == 5
    assert whole.target > own.target and whole.ahead == own.ahead == 5 - own.target


def test_lines_are_held_against_what_is_due_as_the_whole_is(asked, company, at):
    """The lines' targets begin in February, with the facts: they sum to what is due, not to the target of the quarter."""
    load(products="product line\nX lathes\nY mills")
    load(order_lines="key ordered_on person product amount\n1 2026-02-10 P04 X 300\n2 2026-02-11 P05 Y 60")
    for line, amount in (("lathes", 500), ("mills", 220)):
        Target.objects.create(
            unit=company.units["shanghai"], scope_kind="unit", metric="sales_amount", target=Decimal(amount),
            dimension="product_line", member=line, starts_on=date(2026, 2, 1), ends_on=date(2026, 4, 1), changed_at=at,
        )  # fmt: skip

    why = explained(asked("2026-Q1", date(2026, 4, 16)), "sales_amount", "target")

    assert not why.notes
    due = {
        line.member.name: line.member.expected_part
        for line in why.explanation.by["product_line"].contributions
    }
    assert (due["lathes"], due["mills"]) == (500, 220)


def test_an_empty_page_leads_to_the_newest_facts(asked, as_):
    page = (
        as_("ada")
        .get("/cockpit/?period=2026-08&scope=shanghai", headers={"accept-language": "en"})
        .content.decode()
    )
    assert 'href="/cockpit/?scope=shanghai&amp;period=2026-03"' in page and "Show March 2026" in page
    assert (
        "The newest facts are of"
        not in as_("ada").get("/cockpit/?period=2026-03&scope=shanghai").content.decode()
    )
