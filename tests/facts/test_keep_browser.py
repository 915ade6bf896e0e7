"""What is typed while a session ends comes back after signing in, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "at least twelve"


@pytest.fixture
def rita(company, chromium, live_server):
    """A page on which Rita has signed in, and one who signs in again on it as whoever is named."""
    context = chromium.new_context(viewport={"width": 390, "height": 900}, base_url=live_server.url)
    page = context.new_page()
    for user in (company.rita, company.rob):
        user.set_password(PASSWORD)
        user.save()

    def sign_in(name):
        page.fill("[name=login]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")

    page.goto("/accounts/login/?next=/facts/today/")
    sign_in("rita")
    expect(page.locator("[name=note]")).to_be_visible()
    yield page, sign_in
    context.close()


def ended(page):
    """The session ends while something is typed, and the form is sent."""
    page.fill("[name=customer]", "甲公司")
    page.fill("[name=note]", "谈了价格")
    page.check("[name=with_decision_maker]")
    page.context.clear_cookies(name="sessionid")
    page.locator("form[data-keep=activity] .btn-primary").click()
    expect(page.locator("[name=password]")).to_be_visible()


def test_it_comes_back_and_goes_once_it_is_filed(rita):
    page, sign_in = rita
    ended(page)
    sign_in("rita")

    expect(page.locator("[name=note]")).to_have_value("谈了价格")
    expect(page.locator("[name=customer]")).to_have_value("甲公司")
    expect(page.locator("[name=with_decision_maker]")).to_be_checked()
    assert violations(page) == []

    page.locator("form[data-keep=activity] .btn-primary").click()
    page.check("[name=new_customer]")
    page.locator("form[data-keep=activity] .btn-primary").click()
    expect(page.locator(".facts-entries")).to_contain_text("甲公司")
    expect(page.locator("[name=note]")).to_have_value("")
    page.goto("/facts/today/")
    expect(page.locator("[name=note]")).to_have_value("")


def test_it_is_not_shown_to_somebody_else(rita):
    page, sign_in = rita
    ended(page)
    sign_in("rob")

    expect(page.locator("[name=note]")).to_have_value("")
