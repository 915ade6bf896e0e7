"""The guided start in a real browser: from three spreadsheets to a cockpit with attainment, counting clicks."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from dabiao.core import jobs
from dabiao.org.models import User
from tests.browser import violations
from tests.conftest import BACKEND
from tests.facts import starters

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FEW = 4
"""Clicks: choose the files, look at them, check, load."""


@pytest.fixture
def begin(chromium, live_server, client):
    """`begin(width, theme, language)` → the page on which the administrator of an empty installation arrives."""
    opened = []

    def page(width: int, theme: str, language: str) -> Page:
        client.force_login(User.objects.create(username="ada", role=User.Role.ADMIN), backend=BACKEND)
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        values = {"sessionid": client.cookies["sessionid"].value, "django_language": language, "theme": theme}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in values.items()])
        made = context.new_page()
        made.problems = []
        made.on("pageerror", lambda error: made.problems.append(str(error)))
        opened.append((context, made))
        made.goto("/")
        return made

    yield page
    for context, made in opened:
        context.close()
        assert made.problems == []


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(1440, "light", "zh-hans"), (390, "dark", "en")],
)
def test_leads_from_three_files_to_attainment(begin, folder, width, theme, language):
    clicks = 0
    page = begin(width, theme, language)
    expect(page).to_have_url("/facts/start/")
    assert violations(page) == []

    page.set_input_files("[name=upload]", starters.written(folder))
    clicks += 1
    expect(page.locator(".facts-dropped li")).to_have_count(3)
    page.fill("[name=company]", "华星科技")
    page.locator("main form .btn-primary").click()
    clicks += 1

    expect(page.locator(".facts-taken tbody tr")).to_have_count(3, timeout=30_000)
    assert page.locator(".facts-columns").get_attribute("open") is None
    assert violations(page) == []
    page.locator("[name=check]").click()
    clicks += 1
    page.wait_for_selector("#import-status")
    jobs.run_waiting(timezone.now())

    expect(page.locator("#load button")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("117,000.00").first).to_be_visible()
    expect(page.get_by_text("张伟 1001").first).to_be_visible()
    assert violations(page) == []
    page.locator("#load button").click()
    clicks += 1
    page.wait_for_selector("#import-status")
    jobs.run_waiting(timezone.now())

    page.wait_for_url("**/cockpit/?period=2026-03", timeout=30_000)
    expect(page.locator(".verdict h1")).to_contain_text("华星科技")
    expect(page.locator(".tile").first).to_contain_text("97.5%")
    assert clicks == FEW
