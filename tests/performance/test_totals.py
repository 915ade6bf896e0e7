"""Totals beside a filter say of what they are; a trend begins where there is something to draw."""

import re
from decimal import Decimal

import pytest
from django.test import RequestFactory

from dabiao.performance.queries.breakdown import EARLIER, trend
from dabiao.ui.listing import Column, Listing
from dabiao.ui.table import drawn

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
ROWS = [{"name": f"Part {n}", "value": n} for n in range(23)]
TABLE = Listing(
    "parts",
    [Column("name", "Name"), Column("value", "Value", "count")],
    ROWS,
    {"name": "Total", "value": 253},
)


@pytest.mark.parametrize(
    ("case", "query", "said"),
    [
        ("nothing is filtered", "", ""),
        ("a filter leaves some", "?filter=part+2", "of all rows; 5 of them are shown"),
        ("a filter leaves nothing", "?filter=west", "of all rows; 0 of them are shown"),
        ("the order filters nothing", "?sort=-value", ""),
    ],
)
def test_the_total_of_a_filtered_table_says_that_it_is_of_all(case, query, said):
    foot = drawn(RequestFactory().get(f"/{query}"), TABLE)["totals"]

    (mark,) = re.findall(
        r'<small class="of-all" data-part="of-all" data-said="([^"]*)">([^<]*)</small>', foot
    )
    assert mark == ("of all rows; {left} of them are shown", said), case
    assert "253" in foot, case


def test_a_breakdown_that_is_filtered_marks_its_total(facts, as_):
    page = (
        as_("ada")
        .get("/breakdown/sales_amount/?period=2026-02&filter=west", headers=ENGLISH)
        .content.decode()
    )

    assert re.search(r"Total <small[^>]*>of all rows; \d+ of them are shown</small>", page)


@pytest.mark.parametrize("scope", [("unit", "company"), ("unit", "east"), ("unit", "shanghai")])
@pytest.mark.parametrize("period", ["2026", "2026-Q1", "2026-02"])
def test_a_trend_begins_at_the_first_period_with_a_figure_or_a_target(frame, scope, period):
    here = frame("ada", scope, period)
    drawn_ = trend(here, "sales_amount")

    assert len(drawn_.labels) == len(drawn_.values) == len(drawn_.goal) <= EARLIER
    assert drawn_.labels[-1] == period
    assert drawn_.values[0] or drawn_.goal[0] is not None
    assert sum((value or 0 for value in drawn_.values), Decimal(0)) > 0


def test_a_trend_without_anything_is_the_period_alone(frame):
    assert trend(frame("ada", ("unit", "company"), "2012"), "sales_amount").labels == ("2012",)
