"""The frame of every page: where one can go, headers, refusals, preferences, languages."""

import html
import re

import pytest
from django.http import QueryDict
from django.test import Client

from dabiao.core.errors import Refused
from dabiao.core.room import Entry
from dabiao.org import actions
from dabiao.org.models import ApiToken, User
from dabiao.site import navigation, search
from tests.conftest import BACKEND

GOOD = "correct-horse-9"


def rail(page: bytes) -> set[str]:
    """The addresses in the rail, without their query."""
    aside = page.decode().split("<aside", 1)[1].split("</aside>", 1)[0]
    return {href.partition("?")[0] for href in re.findall(r'<a href="([^"]+)"', aside)}


class TestRail:
    @pytest.mark.parametrize(
        ("who", "sees", "misses"),
        [
            ("rita", "/facts/today/", "/facts/"),
            ("sam", "/targets/", "/org/users/"),
            ("otto", "/facts/", "/org/users/"),
            ("ada", "/org/users/", None),
            ("fin", "/cockpit/", "/facts/today/"),
        ],
    )
    def test_offers_what_the_role_may_open(self, as_, who, sees, misses):
        found = rail(as_(who).get("/metrics/").content)

        assert sees in found
        assert misses not in found

    def test_every_entry_opens_for_whom_it_is_offered(self, as_):
        browser = as_("ada")

        for path in sorted(rail(browser.get("/metrics/").content)):
            assert browser.get(path).status_code == 200, path

    def test_an_entry_without_a_page_is_left_out(self):
        entry = Entry("nowhere:page", "Nowhere", "gauge")
        assert list(navigation.open_to(User(role="admin"), (entry,))) == []


class TestHeaders:
    def test_no_inline_code_and_no_other_host(self, client, db):
        answer = client.get("/accounts/login/")
        policy = answer["Content-Security-Policy"]

        assert "script-src 'self' 'nonce-" in policy
        assert "unsafe-inline" not in policy.split("style-src-attr")[0]
        assert "unsafe-eval" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ],
    )
    def test_keep_other_sites_out(self, client, db, header, value):
        answer = client.get("/accounts/login/")

        assert answer[header] == value
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]

    def test_cookies_are_out_of_reach_of_code_and_of_other_sites(self, client, company, at):
        actions.set_password("rita", GOOD, by=company.ada, at=at)
        client.post("/accounts/login/", {"login": "rita", "password": GOOD})
        session = client.cookies["sessionid"]

        assert (session["httponly"], session["samesite"]) == (True, "Lax")

    def test_a_form_that_comes_from_elsewhere_is_refused(self, company):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(company.users["rita"], backend=BACKEND)

        answer = browser.post("/org/tokens/", {"name": "x", "scope": "read", "days": 30})

        assert answer.status_code == 403
        assert not ApiToken.objects.exists()

    def test_every_answer_has_a_nonce_of_its_own(self, client, db):
        assert (
            client.get("/accounts/login/")["Content-Security-Policy"]
            != client.get("/accounts/login/")["Content-Security-Policy"]
        )

    @pytest.mark.parametrize(
        "path", ["/cockpit/", "/metrics/", "/targets/", "/facts/", "/org/people/", "/accounts/login/"]
    )
    def test_pages_ask_no_other_host(self, as_, path):
        page = as_("ada").get(path).content.decode()

        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
        assert "<script>" not in page
        assert " onclick=" not in page


class TestRefusals:
    def test_a_browser_gets_a_page(self, as_):
        answer = as_("rita").get("/cockpit/?scope=nowhere")

        assert answer.status_code == 404
        assert "nowhere" in answer.content.decode()
        assert "<html" in answer.content.decode()

    def test_htmx_gets_a_fragment(self, as_):
        answer = as_("rita").get("/cockpit/?scope=nowhere", headers={"HX-Request": "true"})

        assert answer.status_code == 404
        assert answer.content.decode().startswith('<div class="say error"')

    def test_a_program_gets_json(self, as_):
        answer = as_("rita").get("/cockpit/?scope=nowhere", headers={"Accept": "application/json"})

        assert answer.status_code == 404
        assert "nowhere" in answer.json()["detail"]

    def test_an_unknown_address_is_a_page_too(self, client, db):
        answer = client.get("/no/such/page/")

        assert answer.status_code == 404
        assert "/cockpit/" in answer.content.decode() or 'href="/"' in answer.content.decode()

    def test_a_bug_is_a_page_without_a_trace(self, as_, monkeypatch):
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(search, "search", broken)
        browser = as_("ada")
        browser.raise_request_exception = False
        answer = browser.get("/search/?q=x")

        assert answer.status_code == 500
        assert "secret detail" not in answer.content.decode()

    def test_settings_are_for_administrators(self, as_):
        assert as_("otto").get("/settings/").status_code == 403
        page = as_("ada").get("/settings/").content.decode()
        assert "DABIAO_HOME" in page
        assert "<code>dabiao init</code>" in page and "&amp;" not in page.partition("<tbody>")[2], (
            "escaped once"
        )
        assert "only for tests" not in page

    def test_a_rule_answers_with_its_own_status(self):
        assert Refused("no").status == 409


class TestPreferences:
    def test_language_and_theme_are_kept_with_the_account(self, as_, company):
        browser = as_("rita")
        answer = browser.post(
            "/preferences/", {"language": "zh-hans", "theme": "dark", "next": "/metrics/?period=2026-02"}
        )
        company.rita.refresh_from_db()

        assert answer.url == "/metrics/?period=2026-02"
        assert (company.rita.language, company.rita.theme) == ("zh-hans", "dark")
        page = browser.get("/metrics/").content.decode()
        assert 'data-theme="dark"' in page
        assert "指标字典" in page

    @pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
    def test_go_back_to_nowhere_else(self, as_, target):
        assert as_("rita").post("/preferences/", {"theme": "dark", "next": target}).url == "/"

    def test_unknown_choices_change_nothing(self, as_, company):
        as_("rita").post("/preferences/", {"language": "tlh", "theme": "pink"})
        company.rita.refresh_from_db()

        assert (company.rita.language, company.rita.theme) == ("", "")


class TestScopes:
    def test_lists_what_the_viewer_may_see(self, as_):
        page = as_("emma").get("/scopes/?at=/cockpit/&period=2026-02").content.decode()

        assert "上海组" in page
        assert "成都组" not in page
        assert "/cockpit/?period=2026-02&amp;scope=shanghai" in page

    @pytest.mark.parametrize(
        ("case", "asked", "kept"),
        [
            (
                "order, filter and split",
                "by=customer&sort=-value&filter=a+b",
                "by=customer&sort=-value&filter=a+b&period=2026-02",
            ),
            ("the table of several", "table=orders&sort=name", "table=orders&sort=name&period=2026-02"),
            ("no page turned to, no download", "sort=name&page=3&export=csv", "sort=name&period=2026-02"),
            (
                "no member of the scope that was",
                "measure=won&is_product=A&is_customer=C1&is_person=P4&person=P4",
                "measure=won&is_product=A&period=2026-02",
            ),
            ("what is said twice", "x=1&x=2", "x=1&x=2&period=2026-02"),
        ],
    )
    def test_keep_what_the_address_asks_of_any_scope(self, as_, case, asked, kept):
        tree = as_("emma").get(f"/scopes/?at=/facts-of/sales_amount/&{asked}&period=2026-02").content.decode()
        found = re.search(r'href="([^"]*scope=shanghai)"', tree)

        assert found, case
        assert html.unescape(found[1]) == f"/facts-of/sales_amount/?{kept}&scope=shanghai"

    @pytest.mark.parametrize(
        "path", ["/breakdown/sales_amount/", "/breakdown/sales_amount/months/", "/customers/", "/signals/"]
    )
    def test_the_bar_of_a_page_hands_on_what_it_is_asked(self, facts, as_, path):
        asked = "by=person&sort=-value&filter=a&page=2&period=2026-02"
        bar = as_("emma").get(f"{path}?{asked}").content.decode().split('<header class="bar">')[1]
        bar = html.unescape(bar.split("</header>")[0])

        addresses = re.findall(r'(?:href|hx-get)="([^"]*\?[^"]*period=[^"]*)"', bar)
        for address in addresses:
            said = QueryDict(address.partition("?")[2])
            assert (said["by"], said["sort"], said["filter"]) == ("person", "-value", "a")
            assert "page" not in said
        assert len(addresses) == 7  # four kinds, earlier, later, the tree of scopes

    def test_leads_to_no_other_host(self, as_):
        assert "evil" not in as_("emma").get("/scopes/?at=//evil.example/").content.decode()
