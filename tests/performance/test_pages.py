"""The cockpit and what lies below it: right numbers, for the right people, the same everywhere."""

import csv
import html
import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from dabiao.engine.promise import Levels
from dabiao.facts.logic.loading.publishing import keep_names
from dabiao.lake import dictionary, reading
from dabiao.org.queries import Scope
from dabiao.performance import actions
from dabiao.performance.queries import breakdown, cockpit, fact_links, funnel, links
from dabiao.performance.queries.rows import Link, Stage
from dabiao.targets import actions as targets
from dabiao.targets.actions import Slot
from dabiao.targets.models import Target
from tests.performance import sample
from tests.performance.conftest import ORDERS, SECRET, table
from tests.performance.facts import load

FEBRUARY = "period=2026-02"
OWNERSHIP = """
customer  person  role   starts_on   ends_on
K1        P04     owner  2025-01-01  9999-12-31
K2        P04     owner  2025-01-01  2026-03-16
K2        P09     owner  2026-03-16  9999-12-31
K3        P04     owner  2026-03-17  9999-12-31
"""
"""Today is 2026-03-16, a day after the last of P04's for K2."""
EAST = {"P02", "P03", "P04", "P05", "P07"}


def sold(people, month="2026-02") -> Decimal:
    """The oracle: what the text above says these people sold."""
    return sum(
        (
            Decimal(row["amount"])
            for row in table(ORDERS)
            if row["person"] in people and row["ordered_on"].startswith(month)
        ),
        Decimal(0),
    )


class TestCockpit:
    def test_shows_what_the_scope_sold_against_its_target(self, frame):
        page = cockpit.cockpit(frame("emma", ("unit", "east")))

        assert page.headline.value == sold(EAST) == Decimal(2650)
        assert page.headline.target == Decimal(3000)
        assert page.headline.attainment == pytest.approx(2650 / 3000)
        assert page.headline.light == "amber"
        assert page.verdict.gap == Decimal(-350)

    def test_counts_everything_for_the_company_also_what_is_nobodys(self, frame):
        page = cockpit.cockpit(frame("ada", ("unit", "company")))

        assert page.headline.value == Decimal(3500)
        assert sum(part.value for part in page.parts) == page.headline.value
        assert {part.label: part.value for part in page.parts} == {
            "华东大区": Decimal(2650), "西部大区": Decimal(800), "Not assigned": Decimal(50),
        }  # fmt: skip

    def test_leaves_a_fact_where_the_person_sat_that_day(self, frame):
        january = cockpit.cockpit(frame("dora", ("unit", "shanghai"), "2026-01"))
        february = cockpit.cockpit(frame("dora", ("unit", "shanghai")))

        assert january.headline.value == sold({"P04", "P05", "P06"}, "2026-01")
        assert february.headline.value == sold({"P04", "P05"})

    def test_names_the_unit_that_the_gap_comes_from(self, frame):
        for who, others in (("dora", -200), ("ada", -150)):
            verdict = cockpit.cockpit(frame(who, ("unit", "company"))).verdict

            assert (verdict.worst.label, verdict.worst.ahead) == ("华东大区", Decimal(-350))
            assert verdict.others_gap == others, "what is nobody's is among the others of who sees it"
            assert verdict.worst.ahead + verdict.others_gap == verdict.gap == verdict.ahead

    def test_compares_a_running_month_with_the_same_share_of_the_one_before(self, frame):
        page = cockpit.cockpit(frame("dora", ("unit", "company"), "2026-03"))

        # 11 of 22 working days have gone; February's first 8 of 16 (the festival's adjusted days) end on the 11th.
        assert page.headline.value == Decimal(750)
        assert page.headline.on_previous.value == pytest.approx((750 - 1250) / 1250)

    @pytest.mark.parametrize(
        ("case", "target", "light", "attained"),
        [
            ("half of it has come at half time", 600, "green", 0.5),
            ("less than four fifths of what is due", 800, "red", 0.375),
        ],
    )
    def test_holds_a_running_month_against_what_is_due_by_now(
        self, frame, company, at, case, target, light, attained
    ):
        """11 of March's 22 working days have gone, and Shanghai has sold 300."""
        march = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 4, 1), "changed_at": at}
        Target.objects.create(
            scope_kind="unit",
            unit=company.units["shanghai"],
            metric="sales_amount",
            target=Decimal(target),
            **march,
        )

        page = cockpit.cockpit(frame("emma", ("unit", "east"), "2026-03"))

        shanghai = next(part for part in page.parts if part.label == "上海组")
        assert (shanghai.light, shanghai.attainment, shanghai.due) == (light, attained, 0.5), case
        assert shanghai.ahead == Decimal(300) - Decimal(target) / 2
        sales = cockpit.cockpit(frame("sam", ("unit", "shanghai"), "2026-03")).headline
        assert (sales.light, sales.attainment, sales.due) == (light, attained, 0.5), case

    def test_counts_what_was_sold_today(self, frame, publish_order):
        publish_order(key="T1", person="P04", ordered_on=date(2026, 3, 16), amount=Decimal(7))
        publish_order(key="T2", person="P04", ordered_on=date(2026, 3, 17), amount=Decimal(9))

        assert cockpit.cockpit(frame("dora", ("unit", "company"), "2026-03")).headline.value == Decimal(757)

    def test_shows_a_target_as_soon_as_somebody_has_changed_it(self, frame, company, at, on):
        def set_to(amount):
            slot = Slot(Scope("unit", "chengdu"), "sales_amount", date(2026, 2, 1), date(2026, 3, 1))
            targets.set_target(slot, Levels(target=Decimal(amount)), by=company.otto, at=at, on=on)
            return cockpit.cockpit(frame("wes", ("unit", "chengdu"))).headline.target

        assert [set_to(amount) for amount in (700, 900)] == [700, 900]

    def test_stands_beside_the_days_as_far_from_spring_festival(self, frame, publish_order):
        """In 2027 it falls on 6 February, in 2026 on the 17th: February is also held against 12 February to 11 March."""
        publish_order(key="F1", person="P04", ordered_on=date(2027, 2, 10), amount=Decimal(2000))
        later = replace(frame("ada", ("unit", "company"), "2027-02"), today=date(2027, 3, 16))

        tile = cockpit.cockpit(later).headline

        assert tile.on_year.value == pytest.approx((2000 - 3500) / 3500)
        assert (tile.festival.start, tile.festival.last_day) == (date(2026, 2, 12), date(2026, 3, 11))
        assert tile.on_festival.value == pytest.approx((2000 - 3000) / 3000)
        totals = breakdown.breakdown(later, "sales_amount", "").table.totals
        assert totals["on_festival"] == tile.on_festival.value

    @pytest.mark.parametrize(("calendar", "month"), [("CN", "2026-08"), ("DE", "2026-02")])
    def test_is_compared_plainly_where_no_festival_is_kept_or_near(self, frame, monkeypatch, calendar, month):
        monkeypatch.setenv("DABIAO_CALENDAR", calendar)

        assert frame("dora", ("unit", "company"), month).festival is None

    @pytest.mark.parametrize(
        ("period", "begins"),
        [
            ("2026-01", date(2026, 1, 12)),
            ("2026-Q1", date(2026, 1, 12)),
            ("2026", None),
            ("2026-02", None),
        ],
    )
    def test_says_from_when_on_there_are_facts_where_much_of_the_period_lies_before(
        self, frame, as_, period, begins
    ):
        assert cockpit.cockpit(frame("dora", ("unit", "company"), period)).verdict.begins == begins
        page = (
            as_("dora").get(f"/cockpit/?period={period}", headers={"accept-language": "en"}).content.decode()
        )
        assert ("is on record from" in page) == bool(begins)

    def test_draws_the_forecast_that_a_job_has_made(self, frame, at, on):
        wanted = frame("dora", ("unit", "company"), "2026-03")
        scopes = [Scope("unit", "company")]
        actions.make_forecasts(reading.current(), scopes, "sales_amount", by=None, at=at, on=on)

        page = cockpit.cockpit(wanted)

        assert page.pace.method
        assert page.pace.middle[-1] > float(page.headline.value)
        assert page.pace.low[-1] <= page.pace.middle[-1] <= page.pace.high[-1]

    @pytest.mark.parametrize(
        ("period", "sunday", "labels"),
        [("2026-03", date(2026, 3, 15), 31), ("2026-H1", date(2026, 3, 15), 27)],
    )
    def test_draws_a_sunday_on_its_own_day(self, frame, publish_order, at, period, sunday, labels):
        publish_order(key="S1", person="P04", ordered_on=sunday, amount=Decimal(5000))
        shown = replace(frame("dora", ("unit", "company"), period), today=sunday)
        actions.make_forecasts(
            reading.current(), [Scope("unit", "company")], "sales_amount", by=None, at=at, on=sunday
        )

        page = cockpit.cockpit(shown)

        drawn = dict(zip(page.pace.labels, page.pace.actual, strict=True))
        assert len(page.pace.labels) == labels
        assert page.pace.labels[page.pace.now] == "03-15"
        assert drawn["03-15"] == float(page.headline.value)
        assert all(value is None for label, value in drawn.items() if label > "03-15")
        if period == "2026-03":
            assert drawn["03-15"] - drawn["03-14"] == 5000

    @pytest.mark.parametrize("today", [date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 30)])
    def test_the_forecast_reaches_to_the_end_of_a_month_that_ends_after_a_weekend(
        self, frame, publish_order, at, today
    ):
        publish_order(key="N1", person="P04", ordered_on=date(2026, 11, 5), amount=Decimal(5000))
        shown = replace(frame("dora", ("unit", "company"), "2026-11"), today=today)
        actions.make_forecasts(
            reading.current(), [Scope("unit", "company")], "sales_amount", by=None, at=at, on=today
        )

        pace = cockpit.cockpit(shown).pace

        left = 30 - today.day
        assert pace.labels[pace.now] == f"{today:%m-%d}"
        assert [value is not None for value in pace.middle[-left - 1 :]] == [True] * (left + 1)
        assert [value is not None for value in pace.high].count(True) == left + 1

    def test_says_nothing_of_the_future_without_a_forecast(self, frame):
        page = cockpit.cockpit(frame("dora", ("unit", "company"), "2026-03"))

        assert page.pace.method == ""
        assert not page.verdict.forecast

    def test_says_of_a_month_to_come_what_is_promised_and_what_the_open_pipeline_covers(
        self, frame, company, at, as_
    ):
        for unit, target in (("shanghai", 900), ("nanjing", 300)):
            Target.objects.create(
                scope_kind="unit", unit=company.units[unit], metric="sales_amount", target=Decimal(target),
                starts_on=date(2026, 4, 1), ends_on=date(2026, 5, 1), changed_at=at,
            )  # fmt: skip
        load(
            opportunities="created_on person amount outcome expected_close_on\n"
            "2026-02-01 P04 400 - 2026-04-10\n2026-02-01 P07 200 - 2026-04-30\n"
            "2026-02-01 P05 999 - 2026-05-01\n2026-02-01 P04 999 won 2026-04-02\n2026-02-01 P09 999 - 2026-04-02"
        )

        page = cockpit.cockpit(frame("emma", ("unit", "east"), "2026-04"))

        assert (page.verdict.target, page.verdict.pipeline, page.verdict.covered) == (1200, 600, 0.5)
        assert {part.label: part.target for part in page.parts} == {"上海组": 900, "南京组": 300}
        assert not page.signals
        shown = (
            as_("emma").get("/cockpit/?period=2026-04", headers={"accept-language": "en"}).content.decode()
        )
        assert "华东大区 has promised <b>¥1.2K</b> of Sales" in shown
        assert "worth ¥600, 50% of it" in shown
        assert "Nothing to compare yet" in shown and "Nothing stands out" not in shown
        assert cockpit.cockpit(frame("wes", ("unit", "west"), "2026-04")).verdict is None

    def test_is_kept_until_something_behind_it_changes(self, frame, company):
        before = cockpit.stamp(frame("emma", ("unit", "east")))

        assert cockpit.stamp(frame("emma", ("unit", "east"))) == before
        assert cockpit.stamp(frame("dora", ("unit", "east"))) != before
        assert cockpit.stamp(frame("emma", ("unit", "east"), "2026-01")) != before

    def test_is_kept_under_the_metrics_as_they_are_written_not_as_they_lie_in_memory(self, frame, settings):
        before = cockpit.stamp(frame("emma", ("unit", "east")))

        dictionary.of.cache_clear()
        assert cockpit.stamp(frame("emma", ("unit", "east"))) == before
        settings.METRICS_FOLDER.mkdir(exist_ok=True)
        (settings.METRICS_FOLDER / "own.yml").write_text("# nothing yet\n", encoding="utf-8")
        assert cockpit.stamp(frame("emma", ("unit", "east"))) != before


class TestLinks:
    @pytest.mark.parametrize(("found", "said"), [((True, False), ["Visits"]), ((False, False), [])])
    def test_show_what_is_sure_alone_or_say_that_nothing_is(self, facts, as_, monkeypatch, found, said):
        known = (("Visits", found[0]), ("Calls", found[1]))
        both = tuple(Link(label, 0.6, 12, low=0.2, high=0.9, found=sure) for label, sure in known)
        monkeypatch.setattr(links, "links", lambda *_: both)
        browser = as_("emma")
        browser.cookies["django_language"] = "en"
        page = browser.get(f"/cockpit/?scope=east&{FEBRUARY}").content.decode()
        drawn = re.search(r'<script id="links-option"[^>]*>(.*?)</script>', page)

        assert ([each for each in ("Visits", "Calls") if drawn and each in drawn[1]]) == said
        assert ("Nothing sure yet" in page) == (not said)


class TestFunnel:
    @pytest.mark.parametrize(
        ("counts", "widens"), [((9, 5, 5), False), ((9, 5, 7), True), ((9, None, 10), True)]
    )
    def test_says_what_its_steps_count_where_a_later_one_is_larger(
        self, facts, as_, monkeypatch, counts, widens
    ):
        stages = tuple(Stage(f"S{n}", count, None, counts=f"S{n}s.") for n, count in enumerate(counts))
        monkeypatch.setattr(funnel, "funnel", lambda *_: stages)
        browser = as_("emma")
        browser.cookies["django_language"] = "en"
        page = browser.get(f"/cockpit/?scope=east&{FEBRUARY}").content.decode()

        assert ("A later step can be larger" in page) == widens
        assert ("<b>S2</b> S2s." in page) == widens

    def test_has_words_for_what_each_of_its_steps_counts(self, frame):
        east = frame("emma", ("unit", "east"))

        assert [key for key in funnel.STAGES if not east.note(key)] == []


class TestPages:
    @pytest.mark.parametrize(
        "path",
        [
            "/cockpit/",
            "/signals/",
            "/breakdown/sales_amount/",
            "/facts-of/sales_amount/",
            "/metrics/",
            "/metrics/gross_margin/",
            "/customers/C1/",
        ],
    )
    @pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
    def test_opens_in_every_language(self, facts, as_, path, language):
        browser = as_("emma")
        browser.cookies["django_language"] = language

        assert browser.get(f"{path}?{FEBRUARY}").status_code == 200

    def test_asks_a_stranger_to_sign_in(self, facts, client):
        assert client.get("/cockpit/").url.startswith("/accounts/login/")

    @pytest.mark.parametrize(
        "path", ["/cockpit/", "/breakdown/sales_amount/", "/facts-of/sales_amount/", "/signals/", "/metrics/"]
    )
    def test_hides_another_subtree(self, facts, as_, path):
        assert as_("emma").get(f"{path}?scope=west&{FEBRUARY}").status_code == 404
        assert as_("rita").get(f"{path}?person=P05&{FEBRUARY}").status_code == 404

    def test_a_rep_gets_from_a_tile_to_the_customers_behind_it(self, facts, as_):
        page = as_("rita").get(f"/breakdown/sales_amount/?{FEBRUARY}").content.decode()

        assert "is_customer=C1" in page and "客户1" in page and "by=person" not in page

    @pytest.mark.parametrize("only", ["is_customer=C4", "is_person=P09", "is_unit=chengdu"])
    def test_does_not_name_who_is_hidden(self, facts, as_, only):
        address = f"/facts-of/sales_amount/?{FEBRUARY}&{only}"
        hidden, open_to_all = (as_(name).get(address).content.decode() for name in ("rita", "ada"))
        names = ("客户4", "cora", "成都组")
        assert not any(name in hidden for name in names)
        assert any(name in open_to_all for name in names)

    def test_hides_a_customer_of_others(self, facts, as_):
        assert as_("emma").get("/customers/C1/").status_code == 200
        assert as_("emma").get("/customers/C4/").status_code == 404
        assert as_("emma").get("/customers/NONE/").status_code == 404
        assert as_("ada").get("/customers/C4/").status_code == 200

    @pytest.mark.parametrize(
        ("case", "customer", "name", "status"),
        [
            ("whose owner today is in one's team", "K1", "sam", 200),
            ("whose owner today one does not see", "K1", "wes", 404),
            ("whom one of one's people owned until yesterday", "K2", "sam", 404),
            ("whom their next owner has from today", "K2", "wes", 200),
            ("whom one of one's people will own from tomorrow", "K3", "sam", 404),
            ("whom nobody owns", "K4", "sam", 404),
        ],
    )
    def test_shows_a_customer_without_facts_to_who_sees_the_owner_of_today(
        self, facts, as_, case, customer, name, status
    ):
        load(ownership=OWNERSHIP, customers="customer\nK1\nK2\nK3\nK4")

        assert as_(name).get(f"/customers/{customer}/").status_code == status, case

    def test_hides_a_customer_whom_somebody_owns_who_has_moved_away(self, facts, as_):
        """Max left shanghai on 1 February: whom he owns in chengdu is not for who managed him before."""
        load(
            ownership="customer person role share starts_on ends_on\nK1 P06 owner 1 2024-01-01 2030-01-01",
            customers="customer\nK1",
        )

        assert {who: as_(who).get("/customers/K1/").status_code for who in ("sam", "wes", "max")} == {
            "sam": 404, "wes": 200, "max": 200,
        }  # fmt: skip

    def test_does_not_name_an_owner_out_of_sight(self, facts, as_):
        load(
            ownership="customer person role share starts_on ends_on\nC1 P09 owner 1 2024-01-01 2030-01-01",
            customers="customer\nC1",
        )

        seen = {who: as_(who).get("/customers/C1/").content.decode() for who in ("rita", "ada")}

        assert "cora" in seen["ada"] and "P09" in seen["ada"]
        assert "cora" not in seen["rita"] and "P09" not in seen["rita"]

    def test_finds_only_what_one_may_see(self, facts, as_):
        headers = {"HX-Request": "true"}

        assert SECRET not in as_("emma").get("/search/", {"q": "绝密"}, headers=headers).content.decode()
        assert SECRET in as_("ada").get("/search/", {"q": "绝密"}, headers=headers).content.decode()

    def test_finds_by_pinyin_and_ones_own_first(self, facts, as_):
        keep_names([("customer", f"C{n}", f"客户{n:04}") for n in range(10, 1200)])
        keep_names([("customer", "C5", "客户9999"), ("customer", "C1", "客户9998")])
        load(ownership="customer person role share starts_on ends_on\nC1 P04 owner 1 2024-01-01 2030-01-01")

        def found(who: str, text: str) -> list[str]:
            answer = as_(who).get("/search/", {"q": text}, headers={"HX-Request": "true"})
            return re.findall(r'href="/customers/([^/]+)/', answer.content.decode())

        assert found("rita", "kehu")[0] == "C1"
        assert found("rita", "kh9998") == ["C1"]
        assert found("rita", "客户9999") == []  # rob's alone
        assert found("rob", "客户9999") == ["C5"]
        assert found("rob", "客户9998") == []

    def test_finds_orders_by_number_of_whom_one_may_see(self, facts, as_, publish_order):
        publish_order(
            key="SO-77",
            person="P04",
            customer="C1",
            ordered_on=date(2026, 2, 9),
            amount=Decimal(7),
            kind="new",
        )

        def found(who: str, text: str) -> list[str]:
            answer = as_(who).get("/search/", {"q": text}, headers={"HX-Request": "true"})
            return re.findall(r'href="(/facts-of/[^"]+)"', answer.content.decode())

        assert found("rita", "so-77") == ["/facts-of/sales_amount/?period=2026-02&amp;filter=SO-77"]
        assert found("sam", "SO-7") == found("rita", "SO-77")
        assert found("nina", "SO-77") == []
        assert found("rita", "so") == found("rita", "SO-78") == []
        page = as_("rita").get(found("rita", "SO-77")[0].replace("&amp;", "&")).content.decode()
        assert "SO-77" in page

    def test_says_what_to_do_without_facts(self, company, as_, home, settings):
        settings.LAKE_FOLDER = home / "lake"

        page = as_("otto").get("/cockpit/").content.decode()

        assert 'href="/facts/"' in page

    def test_refuses_a_period_that_is_none(self, facts, as_):
        answer = as_("emma").get("/cockpit/?period=2026-13")

        assert answer.status_code == 422
        assert "2026-13" in answer.content.decode()

    def test_refuses_it_in_the_readers_language(self, facts, as_):
        answer = as_("emma").get("/cockpit/?period=soon", headers={"accept-language": "zh-hans"})

        assert "“soon”不是期间" in answer.content.decode()


class TestDrillDown:
    @pytest.mark.parametrize(
        ("case", "scope", "by", "wanted"),
        [
            ("teams of a region", "scope=east", "", {"上海组": "2050", "南京组": "600"}),
            ("people of a team", "scope=shanghai", "", {"rita": "1250", "rob": "800"}),
            (
                "come from a region that was split by person",
                "scope=shanghai",
                "person",
                {"rita": "1250", "rob": "800"},
            ),
            (
                "customers",
                "scope=east",
                "customer",
                {"客户1": "1000", "客户2": "250", "客户5": "800", "客户6": "600"},
            ),
            ("kinds", "scope=company", "kind", {"Renewal": "2100", "New": "1400"}),
        ],
    )
    def test_splits_a_metric_into_parts(self, facts, as_, case, scope, by, wanted):
        browser = as_("ada")
        browser.cookies["django_language"] = "en"
        answer = browser.get(f"/breakdown/sales_amount/?{scope}&{FEBRUARY}&by={by}&table=parts&export=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        name = next(iter(rows[0]))

        assert {
            row[name]: row["Sales"] for row in rows if row[name] not in {"Total"} and row["Sales"] != "0"
        } == wanted, case

    @pytest.mark.parametrize(
        ("case", "asked", "links"),
        [
            (
                "a team",
                "scope=east&by=",
                {
                    "/breakdown/sales_amount/?scope=shanghai&period=2026-02",
                    "/facts-of/sales_amount/?scope=shanghai&period=2026-02",
                },
            ),
            (
                "somebody of a team",
                "scope=shanghai&by=",
                {
                    "/breakdown/sales_amount/?person=P04&period=2026-02",
                    "/facts-of/sales_amount/?scope=shanghai&period=2026-02&person=P04",
                },
            ),
            (
                "a customer",
                "scope=east&by=customer",
                {
                    "/customers/C1/?scope=east&period=2026-02",
                    "/facts-of/sales_amount/?scope=east&period=2026-02&is_customer=C1",
                },
            ),
            ("a kind, which has no page", "scope=east&by=kind", {
                "/facts-of/sales_amount/?scope=east&period=2026-02&is_kind=new",
            }),
        ],
    )  # fmt: skip
    def test_a_row_leads_one_step_down_and_to_its_facts(self, facts, as_, case, asked, links):
        browser = as_("ada")
        page = browser.get(f"/breakdown/sales_amount/?{FEBRUARY}&{asked}").content.decode()
        found = {href.replace("&amp;", "&") for href in re.findall(r'href="([^"]+)"', page)}

        assert links <= found, case
        assert all(browser.get(link).status_code == 200 for link in links)

    @pytest.mark.parametrize(
        ("case", "address", "leads_to"),
        [
            ("a region's cockpit", "/cockpit/?scope=east", {"/cockpit/", "/breakdown/"}),
            ("a team's", "/cockpit/?scope=shanghai", {"/cockpit/", "/breakdown/"}),
            ("somebody's own", "/cockpit/?person=P04", {"/customers/", "/breakdown/"}),
            ("signals", "/signals/?scope=company", {"/breakdown/"}),
        ],
    )
    def test_every_link_of_a_page_leads_somewhere(self, facts, as_, case, address, leads_to):
        browser = as_("ada")
        page = browser.get(f"{address}&{FEBRUARY}").content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        links = {href.replace("&amp;", "&") for href in re.findall(r'href="(/[^"]+)"', main)}

        assert leads_to <= {f"/{link.split('/')[1]}/" for link in links}, case
        assert {link: status for link in links if (status := browser.get(link).status_code) != 200} == {}

    def test_shows_the_facts_that_a_number_counts(self, facts, as_):
        browser = as_("emma")
        browser.cookies["django_language"] = "en"
        answer = browser.get(f"/facts-of/sales_amount/?scope=east&{FEBRUARY}&export=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))

        assert {row["Number in the source"] for row in rows} == {"B1", "B2", "B3", "B5"}
        assert sum(Decimal(row["Amount excl. tax"]) for row in rows) == Decimal(2650)

    def test_says_what_the_facts_come_to_as_the_headline_does(self, facts, as_):
        browser = as_("emma")
        browser.cookies["django_language"] = "en"
        page = browser.get(f"/facts-of/sales_amount/?scope=east&{FEBRUARY}").content.decode()
        foot = page[page.index("<tfoot") : page.index("</tfoot>")]

        assert "Total of 4 facts" in foot and "¥2,650.00" in foot
        assert "<b>¥2,650.00</b>" in page
        assert "–" not in foot

    def test_leads_from_a_fact_to_its_customer_its_person_and_its_order(self, facts, as_):
        browser = as_("emma")
        page = browser.get(f"/facts-of/sales_amount/?scope=east&{FEBRUARY}").content.decode()
        found = {href.replace("&amp;", "&") for href in re.findall(r'<td[^>]*><a href="([^"]+)"', page)}
        own = {
            f"/customers/C1/?scope=east&{FEBRUARY}",
            f"/cockpit/?person=P04&{FEBRUARY}",
            f"/facts-of/sales_amount/?scope=east&{FEBRUARY}&is_order=B1",
        }

        assert own <= found
        assert {
            each: browser.get(each).status_code for each in found if browser.get(each).status_code != 200
        } == {}
        alone = browser.get(f"/facts-of/sales_amount/?scope=east&{FEBRUARY}&is_order=B1").content.decode()
        assert "<b>¥1,000.00</b>" in alone

    def test_leads_to_nobody_out_of_sight(self, frame):
        """A row names whom it names; only pages that would open are led to."""
        rows = [
            {"customer_key": "C1", "person_key": "P04", "order_key": None},
            {"customer_key": "C4", "person_key": "P09", "order_key": None},
        ]
        may = fact_links.may_open(frame("emma", ("unit", "east")), rows)

        assert (may.customers, may.people) == ({"C1"}, {"P04"})

    def test_keeps_the_facts_of_one_customer(self, facts, as_):
        page = (
            as_("emma").get(f"/facts-of/sales_amount/?scope=east&{FEBRUARY}&is_customer=C1").content.decode()
        )

        assert re.search(r">B1<", page)
        assert not re.search(r">B3<", page)

    def test_refuses_a_split_that_the_facts_do_not_have(self, facts, as_):
        assert as_("emma").get(f"/breakdown/sales_amount/?{FEBRUARY}&by=severity").status_code == 404
        assert as_("emma").get(f"/facts-of/sales_amount/?{FEBRUARY}&is_nonsense=1").status_code == 422

    @pytest.mark.parametrize("page", ["", "months/"])
    @pytest.mark.parametrize("by", ["unit", "person", "parts"])
    def test_every_scope_opens_whatever_another_was_split_by(self, facts, as_, page, by):
        """An address that is kept or changed by hand may name the split of another scope."""
        for scope in ("scope=company", "scope=east", "scope=shanghai", "person=P04"):
            if not (page and by == "parts"):
                address = f"/breakdown/sales_amount/{page}?{scope}&{FEBRUARY}&by={by}"
                assert as_("ada").get(address).status_code == 200, scope

    def test_shows_name_actual_and_attainment_before_all_else(self, frame):
        """They are what a phone has room for."""
        page = breakdown.breakdown(frame("emma", ("unit", "east")), "sales_amount", "")

        assert [column.key for column in page.table.columns][:4] == ["light", "name", "value", "attained"]

    def test_a_month_of_the_trend_leads_to_its_own_breakdown(self, facts, as_):
        page = as_("emma").get(f"/breakdown/sales_amount/?scope=east&{FEBRUARY}").content.decode()
        january = "/breakdown/sales_amount/?scope=east&period=2026-01"

        assert f'"{january}"' in html.unescape(page.replace("\\u0026", "&"))
        assert f'<a href="{january.replace("&", "&amp;")}">2026-01</a>' in page

    def test_totals_are_measured_not_added(self, frame):
        page = breakdown.breakdown(frame("ada", ("unit", "company")), "active_customers", "")

        assert page.table.totals["value"] == 7

    def test_says_why_counts_of_different_things_sum_to_more_than_their_total(self, frame, as_):
        """C1 buys of both lines: it is one customer of two."""
        load(
            products="product line\nX lathes\nY mills",
            order_lines="key ordered_on person customer product amount\n"
            "1 2026-02-10 P04 C1 X 10\n2 2026-02-11 P04 C1 Y 10\n3 2026-02-12 P04 C2 X 10",
        )
        split = breakdown.breakdown(frame("ada", ("unit", "company")), "active_customers", "product_line")

        assert {row["key"]: row["value"] for row in split.table.rows} == {"lathes": 5, "mills": 4}
        assert split.table.totals["value"] == 7
        page = as_("ada").get(
            f"/breakdown/active_customers/?scope=company&{FEBRUARY}&by=product_line",
            headers={"accept-language": "en"},
        )
        assert "counts in each of them, and once in the total: the rows sum to 9." in page.content.decode()
        assert not breakdown.breakdown(frame("ada", ("unit", "company")), "active_customers", "").note


class TestDictionary:
    def test_explains_a_metric(self, facts, as_):
        browser = as_("emma")
        browser.cookies["django_language"] = "zh-hans"
        page = browser.get(f"/metrics/gross_margin/?{FEBRUARY}").content.decode()

        assert "毛利 ÷ 有成本数据的销售额" in page
        assert "gross_profit ÷ costed_sales" in page

    @pytest.mark.parametrize(
        ("metric", "said"),
        [("gross_profit", "金额（不含税） − 成本求和"), ("sales_amount", "金额（不含税）求和")],
    )
    def test_says_what_is_taken_off(self, facts, as_, metric, said):
        browser = as_("emma")
        browser.cookies["django_language"] = "zh-hans"

        assert said in browser.get(f"/metrics/{metric}/?{FEBRUARY}").content.decode()

    def test_knows_no_metric_that_is_not_there(self, facts, as_):
        assert as_("emma").get("/metrics/nonsense/").status_code == 404


class TestMarket:
    """Figures of the market are nobody's: what is not split says why, and leads to what has a figure."""

    MARKET = "period ends_on segment size\n2026-01-01 2026-03-01 pumps 300000"

    @pytest.mark.parametrize(
        ("case", "metric", "asked", "said", "leads"),
        [
            (
                "a month that no figure covers",
                "market_share",
                "scope=company&period=2026-03",
                "not known for every day of March 2026",
                "?scope=company&period=2026-02",
            ),
            ("a size has no parts", "market_size", "scope=company&period=2026-02", "belong to no unit", ""),
            (
                "people have no share",
                "market_share",
                "scope=shanghai&period=2026-02",
                "belong to no unit",
                "?scope=company&period=2026-02",
            ),
            ("units have one", "market_share", "scope=company&period=2026-02", "", ""),
        ],
    )
    def test_is_split_or_says_why_not(self, facts, as_, case, metric, asked, said, leads):
        load(market=self.MARKET)
        page = as_("ada").get(f"/breakdown/{metric}/?{asked}", headers={"accept-language": "en"})
        page = html.unescape(page.content.decode())
        rows = re.findall(r'<tr data-at="', page)

        assert said in page
        assert ("belong to no unit" in page) is (said == "belong to no unit"), case
        assert bool(rows) is (case == "units have one")
        assert re.findall(r'<p><a href="([^"]*)">There is a figure', page) == ([leads] if leads else [])
        assert "Month by month" not in page

    @pytest.mark.parametrize("by", ["", "unit", "person"])
    def test_month_by_month_says_so_too(self, facts, as_, by):
        load(market=self.MARKET)
        page = as_("ada").get(
            f"/breakdown/market_share/months/?period=2026-02&by={by}", headers={"accept-language": "en"}
        )
        assert "belong to no unit and to nobody" in page.content.decode()


class TestVerdict:
    """What comes to nothing as it is written is said in words: no "¥0 above"."""

    @pytest.mark.parametrize(
        ("case", "changes", "said"),
        [
            (
                "the others are on their pace",
                {"others_gap": Decimal("0.004")},
                "together are right on theirs",
            ),
            (
                "so they are when all is over",
                {"others_gap": Decimal(0), "closed": True},
                "reached theirs exactly",
            ),
            ("the target to the point", {"gap": Decimal("-0.001")}, "the target to the point"),
            ("on its pace", {"ahead": Decimal(0)}, "right on its pace"),
        ],
    )
    def test_says_no_zero(self, case, changes, said):
        verdict = replace(sample.FULL.verdict, **{"ahead": Decimal(-9_000), **changes})
        words = {"verdict": verdict, "cockpit": replace(sample.FULL, verdict=verdict)}
        with translation.override("en"):
            page = render_to_string("performance/_verdict.html", words, RequestFactory().get("/cockpit/"))

        assert said in " ".join(page.split()), case
        assert not re.search(r"¥0(\D|$)", page)

    def test_says_what_is_no_zero(self):
        words = {"verdict": sample.FULL.verdict, "cockpit": sample.FULL}
        with translation.override("en"):
            page = render_to_string("performance/_verdict.html", words, RequestFactory().get("/cockpit/"))

        assert "short of the target" in page
        assert "ahead." in page


class TestDoubtfulTargets:
    """An attainment above 1,000 % says "check the target" and leads to it."""

    @pytest.mark.parametrize(("amount", "doubted"), [("10", True), ("100000", False)])
    def test_are_marked_in_lists_and_on_tiles(self, facts, as_, company, at, on, amount, doubted):
        slot = Slot(Scope("unit", "shanghai"), "sales_amount", date(2026, 2, 1), date(2026, 3, 1))
        targets.set_target(slot, Levels(target=Decimal(amount)), by=company.otto, at=at, on=on)
        query = "scope=shanghai&period=2026-02"
        browser = as_("ada")
        english = {"accept-language": "en"}
        listed = browser.get("/breakdown/sales_amount/?scope=east&period=2026-02", headers=english)
        whole = browser.get(f"/breakdown/sales_amount/?{query}", headers=english).content.decode()
        cockpit_ = browser.get(f"/cockpit/?{query}", headers=english).content.decode()

        leads = re.findall(r'class="doubt" href="([^"]*)"', html.unescape(listed.content.decode()))
        assert leads == ([f"/targets/?{query}&metric=sales_amount"] if doubted else [])
        for address in leads:
            assert browser.get(address).status_code == 200
        assert ("Above 1,000%: check the target" in whole) is doubted
        assert ("Above 1,000%: check the target" in cockpit_) is doubted
        above = browser.get("/cockpit/?scope=east&period=2026-02", headers=english).content.decode()
        own = Slot(Scope("person", "P04"), "sales_amount", date(2026, 2, 1), date(2026, 3, 1))
        targets.set_target(own, Levels(target=Decimal(100_000)), by=company.otto, at=at, on=on)
        totals = browser.get(f"/breakdown/sales_amount/?{query}", headers=english).content.decode()
        foot = totals.partition("<tfoot>")[2]
        for page in (
            cockpit_,
            above,
            foot,
            browser.get(f"/why/sales_amount/?{query}", headers=english).content.decode(),
        ):
            told = re.findall(
                r'href="(/targets/[^"]*)" title="Above|class="why said" href="([^"]*)"', html.unescape(page)
            )
            said = {address for each in told for address in each if "/targets/" in address}
            assert {frozenset(re.findall(r"[^?&]+", each)) for each in said} == (
                {frozenset({"/targets/", "scope=shanghai", "period=2026-02", "metric=sales_amount"})}
                if doubted
                else set()
            )
        for address in re.findall(r'class="why said" href="(/targets/[^"]*)"', html.unescape(cockpit_)):
            assert browser.get(address).status_code == 200

    def test_month_by_month_the_target_of_the_year_is_doubted(self, facts, as_, company, at, on):
        slot = Slot(Scope("unit", "shanghai"), "sales_amount", date(2026, 1, 1), date(2027, 1, 1))
        targets.set_target(slot, Levels(target=Decimal(10)), by=company.otto, at=at, on=on)
        page = as_("ada").get("/breakdown/sales_amount/months/?period=2026-02&scope=east&by=unit")

        found = re.findall(r'class="doubt" href="([^"]*)"', html.unescape(page.content.decode()))
        assert "/targets/?scope=shanghai&period=2026&metric=sales_amount" in found
        assert "/targets/?scope=shanghai&period=2026-01&metric=sales_amount" in found, "and that of a month"
        assert all("scope=" in each and "metric=sales_amount" in each for each in found)
