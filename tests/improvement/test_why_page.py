"""The page of an explanation: what it says sums up, leads to its facts, and is for whoever may see them."""

import re
from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from dabiao.core.calendars import fiscal
from dabiao.improvement.queries import explaining
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.why import Why, why
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from tests.improvement.test_explaining import TODAY

pytestmark = pytest.mark.django_db
FEBRUARY = {"period": "2026-02"}
ENGLISH = {"accept-language": "en"}


def drawn(metric: str, against: str, *, scope: str | None = None, by: Sequence[str] = ()) -> Why:
    within = Scope("unit", scope) if scope else None
    frame = frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=within,
        period=fiscal().parse("2026-02"),
        today=TODAY,
        language="en",
    )
    with translation.override("en"):
        return why(frame, explained(frame, metric, against, by=by))


@pytest.mark.parametrize(
    ("case", "metric", "against", "scope"),
    [
        ("a sum with a cause", "sales_amount", "baseline", None),
        ("a sum against its target", "sales_amount", "target", "shanghai"),
        ("a ratio in which nothing stands out", "gross_margin", "baseline", None),
        ("against the period before", "sales_amount", "previous", "east"),
    ],
)
def test_bars_begin_at_what_was_expected_and_end_at_what_it_is(facts, case, metric, against, scope):
    page = drawn(metric, against, scope=scope)

    first, *moves, last = page.steps
    assert first.value + sum((move.value for move in moves), Decimal(0)) == last.value, case
    for step in page.steps:
        assert 0 <= step.at[0] <= 1 and step.at[0] + step.at[1] <= 1 + 1e-9, step
    assert max(step.at[0] + step.at[1] for step in page.steps) == pytest.approx(1)


def test_every_split_and_the_tree_sum_to_the_gap(facts):
    page = drawn("sales_amount", "baseline")
    gap = page.steps[-1].value - page.steps[0].value

    assert sum((one.value for one in page.branches if one.depth == 0), Decimal(0)) == gap
    for split in page.splits:
        assert sum((row.value for row in split.rows), split.others) == gap, split.label


def test_a_fall_is_bad_where_more_is_better(facts):
    page = drawn("sales_amount", "baseline", by=("person", "product"))

    assert not page.split
    assert page.steps[0].tone == page.steps[-1].tone == "whole"
    assert next(step for step in page.steps if step.facts).tone == "bad"


class TestPage:
    def test_the_page_stands_at_once_and_fetches_the_explanation(self, facts, as_):
        browser = as_("ada")
        page = browser.get("/why/sales_amount/", FEBRUARY, headers=ENGLISH).content.decode()
        part = browser.get(
            "/why/sales_amount/", {**FEBRUARY, "part": "1", "against": "baseline"}, headers=ENGLISH
        ).content.decode()

        assert "part=1" in page and "below the usual level" not in page
        assert "below the usual level" in part and "<html" not in part
        assert "Against the target" in page

    def test_in_chinese_nothing_is_english(self, facts, as_):
        zh = {"accept-language": "zh-hans"}
        part = as_("ada").get("/why/sales_amount/", {**FEBRUARY, "part": "1"}, headers=zh).content.decode()

        assert "差距分解树" in part
        assert not re.search(r">[^<]*\b(Adds|Share|Branch|the)\b[^<]*<", part)

    def test_a_cause_leads_to_its_facts(self, facts, as_):
        browser = as_("ada")
        part = browser.get(
            "/why/sales_amount/", {**FEBRUARY, "part": "1", "against": "baseline"}, headers=ENGLISH
        ).content.decode()
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*facts-of[^"]*)"', part)]

        assert links
        assert all(browser.get(link).status_code == 200 for link in links)
        assert any("is_person=P04" in link for link in links)

    @pytest.mark.parametrize(
        ("case", "asked"),
        [
            ("the scope that is home anyway", {"scope": "company"}),
            ("the expectation that is usual anyway", {"against": "baseline"}),
        ],
    )
    def test_links_keep_what_was_asked_whoever_asked_before(self, facts, as_, case, asked):
        """The explanation is kept, and is the same one; where its links lead is not."""

        def along(**query):
            part = as_("ada").get("/why/gross_margin/", {**FEBRUARY, **query, "part": "1"}, headers=ENGLISH)
            return [link for link in re.findall(r'href="([^"]*)"', part.content.decode()) if "by=" in link]

        (key, value), plain = next(iter(asked.items())), along()
        links = along(**asked)

        assert plain and not any(f"{key}={value}" in link for link in plain), case
        assert links and all(f"{key}={value}" in link for link in links), case

    def test_what_cannot_be_taken_apart_is_refused_on_a_page_that_says_what_to_ask(self, facts, as_):
        answer = as_("ada").get("/why/average_order_value/", FEBRUARY, headers=ENGLISH)

        assert answer.status_code == 422
        assert "Ask for Sales" in answer.content.decode()

    @pytest.mark.parametrize(
        ("case", "asked", "status"),
        [
            ("a metric that does not exist", {"path": "/why/nonsense/"}, 404),
            ("an expectation that does not exist", {"against": "wish"}, 422),
            ("no target here", {"against": "target", "part": "1", "scope": "nanjing"}, 404),
            ("no figures in this period", {"period": "2023-02", "part": "1"}, 422),
        ],
    )
    def test_what_cannot_be_answered_is_refused(self, facts, as_, case, asked, status):
        path = asked.pop("path", "/why/sales_amount/")

        assert as_("ada").get(path, {**FEBRUARY, **asked}, headers=ENGLISH).status_code == status, case

    def test_a_manager_is_told_of_their_own_people_only(self, facts, as_):
        part = (
            as_("sam")
            .get("/why/sales_amount/", {**FEBRUARY, "part": "1", "against": "baseline"}, headers=ENGLISH)
            .content.decode()
        )

        assert "rita" in part and "cora" not in part
        assert as_("wes").get("/why/sales_amount/", {**FEBRUARY, "scope": "east"}).status_code == 404


class TestDimensions:
    def test_a_dimension_is_added_and_left_out_by_a_link(self, facts):
        page = drawn("sales_amount", "baseline", by=("person", "sales_channel"))
        along = {one.label: one for one in page.along}

        assert along["Person"].on and along["Person"].by == "sales_channel"
        assert not along["Customer"].on and along["Customer"].by == "person,sales_channel,customer"

    def test_the_page_looks_along_what_it_is_asked_to(self, facts, as_):
        asked = {**FEBRUARY, "part": "1", "against": "baseline", "by": "person,product"}
        part = as_("ada").get("/why/sales_amount/", asked, headers=ENGLISH).content.decode()

        assert "Person rita" in part
        assert "by=product" in part and "by=person" in part

    def test_a_dimension_that_does_not_exist_is_refused(self, facts, as_):
        asked = {**FEBRUARY, "part": "1", "against": "baseline", "by": "colour"}

        assert as_("ada").get("/why/sales_amount/", asked, headers=ENGLISH).status_code == 422

    @pytest.mark.parametrize(
        ("case", "scope", "by", "crowd", "left_out"),
        [
            ("single people of a crowd", "", "person,product", 1, "Person"),
            ("a kind of unit that does not lie below", "shanghai", "region,product", 200, "Region"),
            ("nothing", "", "person,product", 200, ""),
        ],
    )
    def test_what_another_scope_was_looked_along_is_left_out_and_said(
        self, facts, as_, monkeypatch, case, scope, by, crowd, left_out
    ):
        monkeypatch.setattr(explaining, "CROWD", crowd)
        asked = {**FEBRUARY, "scope": scope, "against": "baseline", "by": by}
        browser = as_("ada")
        page = browser.get("/why/sales_amount/", asked, headers=ENGLISH).content.decode()
        part = browser.get("/why/sales_amount/", {**asked, "part": "1"}, headers=ENGLISH)

        said = re.findall(r"Not looked along in this scope: ([^.]*)\.", page)
        assert said == ([left_out] if left_out else [])
        assert part.status_code == 200


def test_a_lit_tile_leads_to_why_and_a_green_one_does_not(facts, as_):
    page = as_("ada").get("/cockpit/", {**FEBRUARY, "scope": "shanghai"}, headers=ENGLISH).content.decode()

    assert f"{reverse('improvement:why', args=['sales_amount'])}?scope=shanghai" in page.replace("&amp;", "&")
    assert reverse("improvement:why", args=["gross_margin"]) not in page
