"""The grid in a real browser: typing, pasting a block, filling down, undoing, saving; axe finds nothing."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from dabiao.core import uploads
from dabiao.core.errors import Malformed
from dabiao.engine import number
from dabiao.engine.promise import Levels
from dabiao.org.actions.units import add_unit
from dabiao.org.queries import Scope
from dabiao.targets import actions
from dabiao.targets.models import Target
from tests.browser import violations
from tests.conftest import BACKEND

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATHS = (
    "/targets/?scope=east&period=2026-03",
    "/targets/list/",
    "/targets/import/",
    "/org/people/",
    "/org/people/P06/",
    "/org/units/shanghai/",
    "/org/import/",
    "/org/users/",
    "/org/users/rita/",
    "/org/tokens/",
    "/org/audit/",
    "/accounts/password/",
)


@pytest.fixture
def browse(chromium, live_server, company, client):
    """`browse("otto")` → a page, signed in, that fails the test on any error of a script."""
    opened = []

    def page(who: str, *, width: int = 1440, theme: str = "light", language: str = "en") -> Page:
        client.force_login(company.users[who], backend=BACKEND)
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        values = {"sessionid": client.cookies["sessionid"].value, "django_language": language, "theme": theme}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in values.items()])
        made = context.new_page()
        made.problems = []
        made.on("pageerror", lambda error: made.problems.append(str(error)))
        opened.append((context, made))
        return made

    yield page
    for context, made in opened:
        context.close()
        assert made.problems == []


def cell(page, key, start):
    return page.locator(f"tr[data-key={key}] td[data-start='{start}']:not(.whole)")


def paste(page, text):
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


class TestGrid:
    def test_is_typed_pasted_filled_undone_and_saved(self, browse):
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03")

        cell(page, "east", "2026-01-01").click()
        page.keyboard.type("12.5万")
        page.keyboard.press("Enter")
        expect(cell(page, "east", "2026-01-01")).to_have_class("num derived dirty")

        cell(page, "nanjing", "2026-02-01").click()
        paste(page, "100\t200\r\n300\t400\r\n")
        expect(cell(page, "shanghai", "2026-03-01")).to_have_text("400")

        cell(page, "nanjing", "2026-04-01").click()
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        cell(page, "nanjing", "2026-04-01").click()
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Control+d")
        expect(cell(page, "shanghai", "2026-04-01")).to_have_text("7")

        page.keyboard.press("Control+z")
        expect(cell(page, "shanghai", "2026-04-01")).to_have_text("")

        page.keyboard.press("Control+s")
        expect(page.locator("[data-tg=status]")).to_contain_text("Saved.")
        stored = {(t.scope_key, t.starts_on.month): t.target for t in Target.objects.select_related("unit")}
        assert stored == {
            ("east", 1): 125_000,
            ("nanjing", 2): 100,
            ("nanjing", 3): 200,
            ("nanjing", 4): 7,
            ("shanghai", 2): 300,
            ("shanghai", 3): 400,
        }

    def test_keeps_what_was_typed_and_shows_what_is_wrong(self, browse):
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03")
        cell(page, "east", "2026-01-01").click()
        page.keyboard.type("viel")
        page.keyboard.press("Enter")
        page.keyboard.press("Control+s")
        expect(page.locator("[data-tg=problem]")).to_have_text("viel is not a number. Write it like 1234.50.")
        expect(cell(page, "east", "2026-01-01")).to_have_text("viel")
        expect(cell(page, "east", "2026-01-01")).to_have_attribute("aria-invalid", "true")
        assert not Target.objects.exists()

    def test_folds_away_units_that_sell_nothing(self, browse, put, company, at):
        put("west", "5")
        add_unit(key="books", name="财务部", kind="staff", parent="company", by=company.ada, at=at)
        page = browse("otto")
        page.goto("/targets/?scope=company&period=2026-03")
        expect(page.locator("tr[data-key=books]")).to_be_hidden()
        page.get_by_role("button", name="1 unit without targets").click()
        expect(page.locator("tr[data-key=books]")).to_be_visible()

    def test_of_a_locked_row_cannot_be_edited(self, browse):
        page = browse("emma")
        page.goto("/targets/?scope=east&period=2026-03")
        cell(page, "east", "2026-01-01").click()
        page.keyboard.type("5")
        expect(cell(page, "east", "2026-01-01")).to_have_text("")
        expect(page.locator("td.dirty")).to_have_count(0)


@pytest.fixture
def put(company, at, on):
    """`put("east", "100")`: the sales of March 2026."""

    def put(key, value):
        slot = actions.Slot(Scope("unit", key), "sales_amount", date(2026, 3, 1), date(2026, 4, 1))
        actions.set_target(slot, Levels(target=Decimal(value)), by=company.otto, at=at, on=on)

    return put


def balance(page, row, month):
    return page.locator(f"tr[data-balance={row}] td").nth(month)


class TestColumns:
    @pytest.mark.parametrize("width", [1440, 390])
    def test_of_the_month_asked_for_is_in_sight_beside_the_names(self, browse, width):
        page = browse("otto", width=width)
        page.goto("/targets/?scope=east&period=2026-12")
        expect(page.locator("th.now")).to_have_text("December 2026")
        seen = page.evaluate(
            """() => {
                const box = (found) => document.querySelector(found).getBoundingClientRect();
                const [frame, names, now] = [box("#tgrid"), box("tr[data-key=shanghai] th"), box("th.now")];
                return [names.left - frame.left, now.left - names.right, frame.right - now.right];
            }"""
        )
        assert all(room >= -1 for room in seen) and abs(seen[0]) < 1, seen

    def test_stay_where_they_are_when_all_of_the_month_is_seen(self, browse):
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-01")
        assert page.evaluate("document.getElementById('tgrid').scrollLeft") == 0


class TestBalance:
    def test_says_while_one_types_what_the_parts_sum_to_and_what_is_left(self, browse, put):
        """A tenth and two tenths are three tenths, which floats do not know."""
        put("east", "1000000")
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03")
        expect(balance(page, "parts", 3)).to_have_text("–")
        expect(balance(page, "left", 3)).to_have_text("1,000,000")

        cell(page, "nanjing", "2026-03-01").click()
        page.keyboard.type("40万")
        expect(balance(page, "parts", 3)).to_have_text("400,000")
        expect(balance(page, "left", 3)).to_have_text("600,000")
        page.keyboard.press("Enter")
        page.keyboard.type("600000.1")
        page.keyboard.press("Enter")
        expect(balance(page, "left", 3)).to_have_text("−0.1")
        expect(balance(page, "left", 3)).to_have_class("num over")
        told = "March 2026: the parts sum to 1,000,000, 0.1 more than the whole."
        expect(page.locator("[data-tg=status]")).to_have_text(told)

        page.keyboard.press("Control+s")
        told = "Saved. In 2 columns the parts do not sum to the whole."
        expect(page.locator("[data-tg=status]")).to_have_text(told)
        expect(balance(page, "left", 3)).to_have_text("−0.1")

    def test_of_a_year_waits_for_saving_where_it_follows_from_its_months(self, browse, put):
        put("east", "100")
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03")
        cell(page, "nanjing", "2026-03-01").click()
        page.keyboard.type("40")
        page.keyboard.press("Enter")
        expect(balance(page, "parts", 0)).to_have_text("…")
        page.keyboard.press("Control+s")
        expect(balance(page, "parts", 0)).to_have_text("40")


class TestTyping:
    def test_marks_what_is_no_number_at_once_and_says_why(self, browse):
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03")
        here = cell(page, "east", "2026-01-01")
        here.click()
        page.keyboard.type("viel")
        expect(page.locator("[data-tg=problem]")).to_have_text("viel is not a number. Write it like 1234.50.")
        expect(here.locator("input")).to_have_attribute("aria-invalid", "true")
        page.keyboard.press("Enter")
        expect(here).to_have_attribute("aria-invalid", "true")
        assert violations(page) == []

        page.keyboard.press("ArrowUp")
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        expect(page.locator("[data-tg=problem]")).to_be_hidden()
        expect(here).not_to_have_attribute("aria-invalid", "true")

    def test_reads_numbers_as_the_server_does(self, browse):
        """What the script lets through and refuses, with which words, is what saving would."""
        page = browse("otto")
        page.goto("/targets/?scope=east&period=2026-03&metric=collection_rate")
        rules = "JSON.parse(document.getElementById('tg-rules').textContent)"
        read = f"text => {{ const it = amount(text, {rules}); return it.wrong ?? digits(it.units, 4); }}"
        assert [page.evaluate(read, text) for text in WRITTEN] == [said(text) for text in WRITTEN]


WRITTEN = (
    "1", "-0.5", "0.0001", "0.00001", "１２．５％", "92.5%", "1,234.50", "1234,50", "1,23", "（3）", "3-", "2百", "1e-3",
    "0.5 元", "¥1", "€1", "$", "", "%", "viel", "1.2.3", "12万", "1e40", "9" * 41, "10", "10.0001", "−7", "'5", "+4",
)  # fmt: skip


def said(text: str) -> str:
    """What the server makes of a ratio's text: its digits, or why it is none."""
    window = (date(2026, 1, 1), date(2026, 2, 1))
    try:
        value = uploads.amount(text)
        actions.check(actions.Slot(Scope("unit", "east"), "collection_rate", *window), Levels(target=value))
    except (ValueError, Malformed) as error:
        return str(error)
    return number.text(value)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_pages_are_accessible_and_fit(browse, theme, width):
    page = browse("ada", theme=theme, width=width)
    found = []
    for path in PATHS:
        page.goto(path)
        found += [f"{path}: {each}" for each in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path}: {wide} px too wide"] if wide > 0 else []
    assert found == []
