"""The pages in a real browser: both languages, both themes, two widths; axe finds nothing; nothing asks another host."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dabiao.org.models import User
from tests.browser import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "/cockpit/", "/signals/", "/breakdown/sales_amount/?by=customer", "/breakdown/sales_amount/months/", "/why/sales_amount/", "/facts-of/sales_amount/", "/customers/C1/",
    "/metrics/", "/metrics/sales_amount/", "/search/?q=a", "/settings/",
)  # fmt: skip
FEBRUARY = "period=2026-02"
PASSWORD = "correct horse battery"


@pytest.fixture
def signed_in(chromium: Browser, live_server, facts, company, client):
    """`signed_in("ada", language="zh-hans", theme="dark", width=390)` → a page that fails the test on any error."""
    from tests.conftest import BACKEND

    opened = []

    def page(who: str, *, language: str = "en", theme: str = "light", width: int = 1440) -> Page:
        client.force_login(company.users[who], backend=BACKEND)
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, accept_downloads=True
        )
        values = {"sessionid": client.cookies["sessionid"].value, "django_language": language, "theme": theme}
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in values.items()]
        )
        made = context.new_page()
        made.problems = []
        made.on("console", lambda said: made.problems.append(said.text) if said.type == "error" else None)
        made.on("pageerror", lambda error: made.problems.append(str(error)))
        made.on(
            "request",
            lambda asked: (
                made.problems.append(asked.url)
                if not asked.url.startswith((live_server.url, "data:", "blob:"))
                else None
            ),
        )
        opened.append((context, made))
        return made

    yield page
    for context, made in opened:
        context.close()
        assert made.problems == []


def opened(page: Page, path: str) -> Page:
    page.goto(f"{path}{'&' if '?' in path else '?'}{FEBRUARY}")
    page.wait_for_load_state("networkidle")
    return page


class TestSignIn:
    def test_leads_to_the_cockpit(self, chromium, live_server, facts, company):
        company.emma.set_password(PASSWORD)
        company.emma.save()
        page = chromium.new_page(base_url=live_server.url)
        page.goto("/")
        page.locator("[name=login]").fill("emma")
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")

        expect(page.locator("aside.rail")).to_be_visible()
        assert page.url.startswith(f"{live_server.url}/cockpit/")
        assert violations(page) == []
        page.close()


class TestPages:
    @pytest.mark.parametrize(
        ("language", "theme", "width"),
        [("zh-hans", "light", 1440), ("en", "dark", 390)],
        ids=["Chinese, light, wide", "English, dark, phone"],
    )
    def test_are_accessible_and_fit(self, signed_in, language, theme, width):
        page = signed_in("ada", language=language, theme=theme, width=width)
        found = {}
        for path in PAGES:
            opened(page, path)
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if wrong := [*violations(page), *([f"{over} px too wide"] if over > 0 else [])]:
                found[path] = wrong

        assert found == {}

    def test_on_a_phone_only_tables_scroll_sideways_and_no_keyboard_is_spoken_of(self, signed_in):
        page = signed_in("ada", width=390)
        over = """() => [...document.querySelectorAll(".stacks .listing-scroll, .seg")]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""
        found = {
            path: page.evaluate(over)
            for path in ("/signals/", "/settings/", "/health/", "/targets/")
            if opened(page, path)
        }

        assert found == {path: [] for path in found}
        expect(page.get_by_text("Ctrl+D")).to_be_hidden()

    def test_empty_pages_offer_the_next_step(self, signed_in):
        page = signed_in("ada")
        page.goto("/cockpit/?period=2019-01")

        assert violations(page) == []


class TestCockpit:
    def test_draws_its_charts(self, signed_in):
        page = opened(signed_in("ada"), "/cockpit/?scope=company")

        expect(page.locator("#pace canvas")).to_be_visible()
        expect(page.locator(".tile").first).to_contain_text("Sales")

    @pytest.mark.parametrize("width", [390, 1440, 1920])
    def test_leaves_room_between_the_dates_of_its_charts(self, signed_in, width):
        page = opened(signed_in("ada", width=width), "/cockpit/?scope=company")
        gaps = page.evaluate(
            """() => {
                const chart = echarts.getInstanceByDom(document.getElementById("pace"));
                const shown = chart.getZr().storage.getDisplayList(true).filter((each) => /^\\d\\d-\\d\\d$/.test(each.style.text));
                const boxes = shown.map((each) => {
                    const box = each.getBoundingRect().clone();
                    box.applyTransform(each.getComputedTransform());
                    return box;
                }).sort((one, other) => one.x - other.x);
                return boxes.slice(1).map((box, at) => box.x - boxes[at].x - boxes[at].width);
            }"""
        )

        assert len(gaps) >= 3
        assert min(gaps) >= 8

    def test_a_column_of_a_trend_leads_to_its_month(self, signed_in):
        page = opened(signed_in("ada"), "/breakdown/sales_amount/?scope=east")
        box = page.locator("#trend canvas").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
        page.wait_for_url("**/breakdown/sales_amount/?scope=east&period=2026-01")

    def test_drills_down_to_the_facts(self, signed_in):
        page = opened(signed_in("ada"), "/cockpit/?scope=company")
        page.locator(".parts a", has_text="华东大区").click()
        expect(page.locator("h1")).to_contain_text("华东大区")
        page.locator(".tile", has_text="Sales").first.click()
        expect(page.locator("#parts")).to_contain_text("上海组")
        page.locator("#parts tbody a", has_text="上海组").click()
        page.get_by_role("link", name="The facts behind it").click()

        expect(page.locator("#facts")).to_contain_text("B1")
        expect(page.locator("#facts")).not_to_contain_text("B5")

    def test_chooses_another_scope_and_period(self, signed_in):
        page = opened(signed_in("ada"), "/cockpit/")
        page.locator("details.scope summary").click()
        page.locator(".tree a", has_text="西部大区").click()
        expect(page.locator("h1")).to_contain_text("西部大区")
        page.get_by_role("link", name="Quarter").click()

        expect(page.locator(".stepper")).to_contain_text("Q1 2026")
        assert "scope=west" in page.url

    @pytest.mark.parametrize("again", [False, True])
    def test_another_scope_and_period_are_shown_in_the_order_chosen_just_now(self, signed_in, again):
        page = opened(signed_in("ada"), "/breakdown/sales_amount/?by=person")
        if again:  # the tree is there already when the order changes
            page.locator("details.scope > summary").click()
            expect(page.locator(".tree a").first).to_be_visible()
            page.keyboard.press("Escape")
        page.locator("th[data-key=name] [data-by]").click()
        page.locator("details.scope > summary").click()
        page.locator(".tree a", has_text="西部大区").click()
        page.wait_for_load_state("networkidle")
        expect(page.locator("th[data-key=name]")).to_have_attribute("aria-sort", "ascending")
        page.locator(".stepper a").first.click()
        page.wait_for_url("**period=2026-01**")

        expect(page.locator("th[data-key=name]")).to_have_attribute("aria-sort", "ascending")
        assert "by=person" in page.url
        assert "scope=west" in page.url

    def test_exports_what_it_shows(self, signed_in):
        page = opened(signed_in("ada"), "/breakdown/sales_amount/?scope=east")
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")

        assert "上海组" in text
        assert "2050" in text


class TestTables:
    def test_sort_filter_and_hide_columns(self, signed_in):
        page = opened(signed_in("ada"), "/metrics/")
        names = page.locator("#metrics tbody tr:not(.none):not([hidden]) td:nth-child(2)")
        page.get_by_placeholder("Filter").fill("gross margin")
        expect(names).to_have_text(["Gross margin"])
        with page.expect_download() as download:
            page.locator("#metrics").get_by_role("link", name="CSV").click()
        lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines] == ["Metric", "Gross margin"]
        page.get_by_placeholder("Filter").fill("")
        page.locator("#metrics th a", has_text="Metric").click()
        first, second = names.nth(0).inner_text(), names.nth(1).inner_text()
        assert first.lower() <= second.lower()
        page.locator("#metrics summary", has_text="Columns").click()
        page.get_by_role("checkbox", name="Kind").uncheck()

        expect(page.locator("#metrics th", has_text="Kind")).to_be_hidden()

    def test_move_by_keyboard(self, signed_in):
        page = opened(signed_in("ada"), "/metrics/")
        page.locator("#metrics .listing-scroll").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")

        expect(page.locator("#metrics tr.here")).to_have_count(1)

    def test_the_browser_orders_as_the_server_does(self, signed_in):
        page = opened(signed_in("ada"), "/metrics/")
        for head in ("Metric", "Computed as", "This period", "This period"):
            page.locator("#metrics th a", has_text=head).click()
            here = page.locator("#metrics tbody tr:not(.none)").all_inner_texts()
            anew = page.context.new_page()
            anew.goto(page.url)
            assert anew.locator("#metrics tbody tr:not(.none)").all_inner_texts() == here, page.url
            anew.close()


class TestLongTables:
    def test_a_view_is_made_by_typing_and_clicking_and_can_be_sent(self, signed_in, company):
        User.objects.bulk_create(User(username=f"clone{n}", role="rep") for n in range(1, 251))
        page = signed_in("ada")
        page.goto("/org/users/")
        rows, count = page.locator("#users tbody tr:not(.none)"), page.locator("#users .listing-count")
        expect(rows).to_have_count(100)
        page.get_by_placeholder("Filter").press_sequentially("clone")
        expect(count).to_contain_text("250 /")
        expect(page.get_by_placeholder("Filter")).to_be_focused()
        head = page.locator("#users th", has_text="User name")
        head.locator("a").click()
        expect(rows.first).to_contain_text("clone1")
        head.locator("a").click()
        expect(rows.first).to_contain_text("clone250")
        expect(head).to_have_attribute("aria-sort", "descending")
        page.get_by_role("link", name="Next page").click()
        expect(rows.first).to_contain_text("clone150")
        expect(page.get_by_role("link", name="Next page")).to_be_focused()
        assert page.url.endswith("/org/users/?filter=clone&sort=-username&page=2")

        other = page.context.new_page()
        other.goto(page.url)
        expect(other.locator("#users .listing-count")).to_contain_text("250 /")
        expect(other.get_by_placeholder("Filter")).to_have_value("clone")
        assert (
            other.locator("#users tbody tr").all_inner_texts()
            == page.locator("#users tbody tr").all_inner_texts()
        )
        with other.expect_download() as download:
            other.get_by_role("link", name="CSV").click()
        lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
        assert (len(lines), lines[1].split(",")[0]) == (251, "clone250")

    def test_what_the_filter_does_not_find_is_said(self, signed_in, company):
        User.objects.bulk_create(User(username=f"clone{n}", role="rep") for n in range(1, 121))
        page = signed_in("ada")
        page.goto("/org/users/")
        page.get_by_placeholder("Filter").fill("nobody at all")

        expect(page.locator("#users tr.none")).to_be_visible()
        assert violations(page) == []


class TestKeyboard:
    def test_ctrl_k_finds_people(self, signed_in):
        page = opened(signed_in("ada"), "/cockpit/")
        page.keyboard.press("Control+k")
        page.keyboard.type("rita")
        page.locator("#found a", has_text="rita").click()

        expect(page.locator("h1")).to_contain_text("rita")

    def test_enter_opens_the_first_hit_even_before_it_is_there(self, signed_in):
        page = opened(signed_in("emma"), "/cockpit/")
        for wait in (True, False):
            page.goto("/metrics/")
            page.wait_for_load_state("networkidle")
            page.keyboard.press("Control+k")
            page.keyboard.type("nina")
            if wait:
                expect(page.locator("#found a").first).to_contain_text("nina")
            page.keyboard.press("Enter")
            page.wait_for_url("**/cockpit/?person=P07*")

    def test_enter_without_a_hit_leads_to_the_page_that_says_so(self, signed_in):
        page = opened(signed_in("emma"), "/cockpit/")
        page.keyboard.press("Control+k")
        page.keyboard.type("nobody at all")
        expect(page.locator("#found .hint")).to_be_visible()
        page.keyboard.press("Enter")
        page.wait_for_url("**/search/?q=nobody*")

    def test_the_first_stop_skips_to_the_content(self, signed_in):
        page = opened(signed_in("ada"), "/cockpit/")
        page.keyboard.press("Tab")

        expect(page.locator(".skip")).to_be_focused()


class TestPhone:
    def test_has_a_bar_of_two_rows_at_most(self, signed_in):
        page = opened(signed_in("ada", width=390), "/cockpit/?scope=shanghai")
        tops = page.evaluate(
            """() => [...document.querySelector(".bar").children]
                .map((each) => each.getBoundingClientRect()).filter((box) => box.width && box.height)
                .map((box) => Math.round((box.top + box.bottom) / 2))"""
        )

        assert max(tops) - min(tops) < 60
        assert len({round(top / 20) for top in tops}) <= 2
        expect(page.locator(".fresh-below")).to_be_visible()

    def test_sees_name_actual_and_attainment_of_a_breakdown(self, signed_in):
        page = opened(signed_in("ada", width=390), "/breakdown/sales_amount/?scope=company")
        ends = page.evaluate(
            """() => ["name", "value", "attained"].map((key) =>
                document.querySelector(`#parts th[data-key=${key}]`).getBoundingClientRect().right)"""
        )

        assert max(ends) <= 390 - 12

    def test_sees_that_a_wide_table_goes_on_and_of_whom_it_speaks(self, signed_in):
        page = opened(signed_in("ada", width=390), "/breakdown/sales_amount/months/?by=person")
        place = page.locator("#months .listing-scroll")
        name = page.locator("#months tbody tr:not(.none) td:nth-child(2)").first

        def looks() -> tuple[float, str, int]:
            shadow = name.evaluate("cell => getComputedStyle(cell).boxShadow")
            return name.bounding_box()["x"], shadow, place.evaluate("place => place.scrollLeft")

        before = looks()
        place.focus()
        for _n in range(4):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)  # it glides
        after = looks()

        attached = place.evaluate("place => getComputedStyle(place).backgroundAttachment")
        assert attached == "local, local, scroll, scroll"
        assert before[0] == pytest.approx(after[0], abs=1)
        assert before[1].startswith("rgba(0, 0, 0, 0)")
        assert after[1] != before[1]
        assert after[2] > 60
        assert page.evaluate("document.documentElement.scrollWidth") == 390

    def test_reads_the_details_of_the_audit_log_at_full_width(self, signed_in):
        page = opened(signed_in("ada", width=390), "/org/audit/")
        widths = page.evaluate(
            "[...document.querySelectorAll('#audit td.c-long:not([hidden])')].map((cell) => cell.clientWidth)"
        )

        assert min(widths) > 250

    def test_the_rail_opens_by_its_button(self, signed_in):
        page = opened(signed_in("rita", width=390), "/cockpit/")
        expect(page.locator("aside.rail")).to_be_hidden()
        page.get_by_role("button", name="Menu").click()

        expect(page.get_by_role("link", name="Metric dictionary")).to_be_visible()


class TestThemes:
    def test_choosing_dark_is_kept(self, signed_in):
        page = opened(signed_in("rita"), "/metrics/")
        page.locator("summary.avatar-x").click()
        page.get_by_role("button", name="Dark").click()
        page.wait_for_load_state("networkidle")

        assert page.locator("html").get_attribute("data-bs-theme") == "dark"
