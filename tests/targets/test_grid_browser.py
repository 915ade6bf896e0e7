"""The grid in a real browser: typing, pasting a block, filling down, undoing, saving; axe finds nothing."""

import pytest
from playwright.sync_api import Page, expect

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
        expect(page.locator("[data-tg=status]")).to_have_text("Saved.")
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

    def test_of_a_locked_row_cannot_be_edited(self, browse):
        page = browse("emma")
        page.goto("/targets/?scope=east&period=2026-03")
        cell(page, "east", "2026-01-01").click()
        page.keyboard.type("5")
        expect(cell(page, "east", "2026-01-01")).to_have_text("")
        expect(page.locator("td.dirty")).to_have_count(0)


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
