"""Lights, bullets, sparks, tables and charts as the page gets them."""

import json
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from dabiao.ui import cells, charts
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import exported
from dabiao.ui.view import PAGE
from tests.performance import sample


def rendered(text: str, **words: object) -> str:
    request = RequestFactory().get("/cockpit/?scope=east&period=2026-10&page=3&filter=b&sort=name")
    with translation.override("en"):
        return Template(text).render(Context({"request": request, **words}))


class TestLight:
    @pytest.mark.parametrize("colour", ["green", "amber", "red"])
    def test_is_a_shape_and_a_word_beside_its_colour(self, colour):
        assert 'role="img" aria-label="' in cells.light(colour)
        assert f"light {colour}" in cells.light(colour)

    def test_is_empty_without_a_standing(self):
        assert cells.light(None) == '<span class="light none"></span>'


class TestBullet:
    @pytest.mark.parametrize(
        ("case", "value", "pace", "width"),
        [
            ("as long as what is done", 0.708, 0.722, "70.80%"),
            ("full at the target", 1.0, None, "100.00%"),
            ("rescaled above it", 1.1, 1.0, "100.00%"),
            ("never longer than full", 9.0, None, "100.00%"),
            ("never shorter than nothing", -0.5, None, "0.00%"),
        ],
    )
    def test_is(self, case, value, pace, width):
        assert f'width="{width}"' in str(cells.bullet(value, pace, "green")).replace('width="100%"', ""), case


class TestListing:
    def table(self, rows: int) -> Listing:
        columns = [
            Column("name", "Name", link="href"),
            Column("amount", "Amount", "money"),
            Column("share", "Share", "ratio"),
        ]
        each = [
            {"name": f"<b>{n}</b>", "amount": Decimal(n), "share": None, "href": f"/x/{n}"}
            for n in range(rows)
        ]
        return Listing("things", columns, each, totals={"name": "Total", "amount": Decimal(sum(range(rows)))})

    def test_escapes_what_people_have_typed(self):
        page = rendered("{% listing table %}", table=self.table(3))

        assert "<b>1</b>" not in page
        assert '<a href="/x/1">&lt;b&gt;1&lt;/b&gt;</a>' in page

    @pytest.mark.parametrize(
        ("case", "unit", "value", "shown"),
        [
            ("more", "money", Decimal(274_000), "+¥274K"),
            ("less", "money", Decimal(-274_000), "−¥274K"),
            ("of a ratio", "ratio", Decimal("-0.08"), "−8.0\u00a0pp"),
            ("none", "count", Decimal(0), "0"),
            ("nobody knows", "money", None, "–"),
        ],
    )
    def test_a_difference_has_its_sign(self, case, unit, value, shown):
        column = Column("ahead", "Against pace", "difference")

        assert cells.said(column, {"ahead": value, "unit": unit}, "CNY") == shown, case

    def test_sends_a_page_of_a_long_table(self):
        page = rendered("{% listing table %}", table=self.table(10_050))

        assert page.count("<tr>") == PAGE + 2
        assert (
            "10,050 rows" in page and ">&lt;b&gt;200&lt;/b&gt;<" in page
        )  # the address asks for the third page

    def test_exports_every_row_with_full_digits(self):
        lines = self.exported(self.table(10_050))

        assert len(lines) == 10_050 + 2
        assert lines[-1] == "Total,50496225,"

    @pytest.mark.parametrize(
        ("case", "only", "names"),
        [
            ("a word of a name", "B>1049<", ["<b>1049</b>"]),
            ("an amount as it is written, in any case", "¥999 ", ["<b>999</b>"]),
            ("thousands as they are written", "<b>1239 ¥1.24k", ["<b>1239</b>"]),
            ("every word must be there", "<b>998 nothing", []),
            ("what stands nowhere", "nothing like it", []),
        ],
    )  # fmt: skip
    def test_exports_what_the_filter_leaves_far_beyond_what_is_drawn(self, case, only, names):
        lines = self.exported(self.table(10_050), only)

        assert [line.split(",")[0] for line in lines[1:]] == names, case

    def exported(self, table: Listing, only: str = "") -> list[str]:
        request = RequestFactory().get("/things/", {"export": "csv", "filter": only})
        with translation.override("en"):
            return b"".join(exported(request, table)).decode("utf-8-sig").splitlines()

    def test_a_filtered_export_still_has_no_formula(self):
        rows = [{"a": "=HYPERLINK(1)"}, {"a": "plain"}]
        table = Listing("t", [Column("a", "A")], rows)

        assert self.exported(table, "hyper") == ["A", "'=HYPERLINK(1)"]

    def test_folds_what_is_long(self):
        row = {"a": "x" * 200}
        page = cells.cell(Column("a", "A", "long"), row, "CNY")

        assert page.count("x") == 200 and "<summary>" + "x" * cells.FOLDED + " …</summary>" in page
        assert cells.cell(Column("a", "A", "long"), {"a": "short"}, "CNY") == "short"

    def test_says_that_it_is_empty(self):
        assert "Nothing to show." in rendered(
            "{% listing table %}", table=Listing("none", [Column("a", "A")], [])
        )


class TestBlocks:
    def test_a_page_has_a_title_a_sentence_and_acts(self):
        page = rendered("{% page %}A & B{% sentence %}{{ said }}{% acts %}<a>x</a>{% endpage %}", said="<i>")

        assert (
            "<h1>A & B</h1>" in page
            and "<p>&lt;i&gt;</p>" in page
            and '<div class="acts"><a>x</a></div>' in page
        )

    def test_parts_that_say_nothing_leave_nothing_behind(self):
        page = rendered("{% page %}A{% sentence %}{% if 0 %}x{% endif %}{% acts %} {% endpage %}")

        assert "<p>" not in page and "acts" not in page

    def test_a_card_has_more_beside_its_title_only_before_the_body(self):
        page = rendered("{% card title 'below' key='k' %}<a>more</a>{% body %}text{% endcard %}", title="<T>")
        header, _end, body = page.partition("</header>")

        assert '<section class="card below" id="k">' in header and "<h2>&lt;T&gt;</h2>" in header
        assert (
            "<a>more</a>" in header
            and "text" in body
            and "header" not in rendered("{% card %}x{% endcard %}")
        )

    @pytest.mark.parametrize("text", ["{% card titel='x' %}{% endcard %}", "{% card %}"])
    def test_what_a_card_does_not_know_is_refused(self, text):
        with pytest.raises(TemplateSyntaxError):
            rendered(text)


class TestAddresses:
    def test_here_changes_one_parameter_and_shows_tables_from_the_start(self):
        assert rendered("{% here period='2026-09' scope='' %}") == "/cockpit/?period=2026-09"

    def test_keep_takes_scope_and_period_along(self):
        page = rendered("{% keep 'performance:metric' 'visits' person='P01' %}")

        assert page.replace("&amp;", "&") == "/metrics/visits/?scope=east&period=2026-10&person=P01"


def test_an_unknown_icon_is_refused():
    with pytest.raises(KeyError):
        rendered("{% icon 'no-such-icon' %}")


class TestCharts:
    def test_pace_draws_a_band_between_low_and_high(self):
        with translation.override("zh-hans"):
            option = charts.pace(sample.PACE, unit="money", currency="CNY")
        low, band, goal, middle, actual = option["series"]

        assert option["yAxis"]["name"] == "¥ 万"
        assert goal["data"][-1] == 2600
        assert actual["data"][13:] == [None] * 5
        assert low["data"][-1] + band["data"][-1] == pytest.approx(1842 + 750)
        assert middle["data"][11] is None
        assert json.dumps(option)

    @pytest.mark.parametrize(("language", "around"), [("zh-hans", ("¥", "\u00a0万")), ("en", ("¥", "M"))])
    def test_a_tooltip_writes_amounts_as_the_page_does(self, language, around):
        with translation.override(language):
            option = charts.pace(sample.PACE, unit="money", currency="CNY")

        assert (option["tooltip"]["before"], option["tooltip"]["after"]) == around

    def test_funnel_writes_the_share_beside_the_count(self):
        option = charts.funnel(sample.FUNNEL)

        assert [bar["label"]["formatter"] for bar in option["series"][0]["data"]][:2] == ["412", "205  50%"]

    def test_correlation_turns_red_below_zero_and_grey_where_it_may_be_chance(self):
        option = charts.correlation(sample.LINKS)

        colours = [bar["itemStyle"]["color"] for bar in option["series"][0]["data"]]
        assert colours == ["--accent", "--accent", "--red", "--accent", "--goal"]
