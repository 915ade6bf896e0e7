"""Keys and names at every door: refused by all alike, or with pages that open."""

from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import polars as pl
import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape
from hypothesis import example, given
from hypothesis import strategies as st

from dabiao.core.errors import Malformed
from dabiao.core.names import wrong_with_key, wrong_with_name
from dabiao.facts.logic import coerce
from dabiao.org import actions
from dabiao.org.models import Person, User
from tests.conftest import BACKEND

AWKWARD = [
    "上海/0012", "E 7", "x?y#z", "a%2Fb", "%", "../x", ".", "..", "a//b", "/a", "a/", "add", "E1/seats", "E1/seats/5/end",
    "~", "~YQ", "<img src=x>", "a\u3000b", "a\u200bb", "\u202eb", "a&b=c;d", "a\\b", "😀",
]  # fmt: skip
"""Keys that may be had though addresses have another use for them."""
HIDDEN = ["a\nb", "a\rb", "a\tb", "a\x07b", "a\x85b", "a\u2028b", "\x7f"]


@pytest.fixture
def ada(company):
    """An administrator's browser."""
    client = Client()
    client.force_login(company.ada, backend=BACKEND)
    return client


@pytest.fixture
def program(company, at):
    """Posts rows by API; the status and what was told."""
    secret = actions.create_token(name="t", scope="write", days=1, by=company.ada, at=timezone.now())[1]

    def post(path, rows):
        answer = Client().post(
            f"/api/v1/{path}", {"rows": rows}, "application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
        )
        return answer.status_code, answer.json()

    return post


class TestAddresses:
    @given(st.text(min_size=1))
    @example("a\nb")
    @example("\ud800")
    @example("~YQ")
    @example("E1/seats/5/end")
    def test_carry_any_key_there_and_back(self, key):
        for name, argument in (
            ("org:person", "key"), ("org:person-seat-add", "key"), ("org:unit", "key"), ("org:unit-add", "key"),
            ("org:user", "username"), ("org:user-password", "username"), ("performance:customer", "customer"),
        ):  # fmt: skip
            found = resolve(_received(reverse(name, args=[key])))

            assert (found.view_name, found.kwargs) == (name, {argument: key})

    @pytest.mark.parametrize("key", ["E1", "上海/0012", "P-7.a", "a b"])
    def test_show_most_keys_as_they_are(self, key):
        assert _received(reverse("org:person", args=[key])) == f"/org/people/{key}/"

    @pytest.mark.parametrize("spelt", ["~!", "~A", "~_w"])
    def test_that_spell_no_key_lead_nowhere(self, ada, spelt):
        assert ada.get(f"/org/people/{spelt}/").status_code == 404


class TestPeople:
    def test_have_pages_under_every_number_that_is_taken(self, ada):
        for key in AWKWARD:
            assert ada.post(reverse("org:person-add"), {"key": key, "name": "neu"}).status_code == 302, key
            assert ada.get(reverse("org:person", args=[key])).status_code == 200, key
            away = {"starts_on": "2026-03-02", "last_day": "2026-03-03", "kind": "leave"}
            assert ada.post(reverse("org:person-absence-add", args=[key]), away).status_code == 302, key
            absence = Person.objects.get(key=key).absences.get()
            ada.post(reverse("org:person-absence-remove", args=[key, absence.pk]))
            assert not Person.objects.get(key=key).absences.exists(), key
        page = ada.get(reverse("org:people")).content.decode()
        assert [key for key in AWKWARD if escape(reverse("org:person", args=[key])) not in page] == []

    def test_are_refused_by_all_doors_alike(self, ada, program, at):
        for text in HIDDEN:
            for key, name in ((text, "neu"), ("P90", text)):
                by_page = ada.post(reverse("org:person-add"), {"key": key, "name": name}).status_code
                by_program, told = program("org/people", [{"key": key, "name": name}])
                with pytest.raises(Malformed, match="cannot be seen"):
                    actions.add_person(key=key, name=name, by=None, at=at)

                assert (by_page, by_program) == (422, 422), repr((key, name))
                assert "cannot be seen" in told["detail"][0]["message"]
        assert not Person.objects.filter(name="neu").exists()

    def test_are_refused_with_half_a_character(self, program):
        assert program("org/people", [{"key": "P9\ud800", "name": "neu"}])[0] in {400, 422}
        assert program("org/people", [{"key": "P90", "name": "\ud800"}])[0] in {400, 422}

    def test_are_refused_a_blank_at_the_edge(self, at, company):
        with pytest.raises(Malformed, match="begins or ends with a blank"):
            actions.add_person(key="P9 ", name="neu", by=None, at=at)


class TestUsers:
    def test_have_pages_under_every_name_that_is_taken(self, ada):
        for name in ("add", "a.b@c", "password", "-", "+", "..", "用户"):
            said = {"username": name, "role": "rep", "password": "correct-horse-9"}
            answer = ada.post(reverse("org:user-add"), said)

            assert answer.status_code == 302, name
            assert ada.get(answer["Location"]).status_code == 200, name
            shut = ada.post(answer["Location"], {"role": "reader"})
            assert (shut.status_code, User.objects.get(username=name).is_active) == (302, False), name
        assert ada.get(reverse("org:users")).status_code == 200

    def test_are_refused_by_all_doors_alike(self, ada, program, at):
        for name in ("a/b", "<img src=x onerror=alert(1)>", "a b", *(f"a{text}b" for text in HIDDEN)):
            said = {"username": name, "role": "rep", "password": "correct-horse-9"}
            with pytest.raises(Malformed):
                actions.create_admin(username=name, password="correct-horse-9", by=None, at=at)

            assert ada.post(reverse("org:user-add"), said).status_code == 422, name
            assert program("org/users", [{"username": name, "role": "rep"}])[0] == 422, name


class TestFacts:
    ROW = {"key": "K1", "started_at": "2026-03-16 09:00:00", "kind": "visit", "person": "P04"}

    def test_of_programs_are_refused_whose_keys_nobody_can_see(self, program):
        for text in (*HIDDEN, " a", "x" * 201):
            for column in ("key", "customer", "kind", "source"):
                status, told = program("facts/activities", [{**self.ROW, column: text}])

                assert (status, column in str(told["detail"])) == (422, True), repr((column, text))

    def test_by_hand_too(self, as_):
        for text in HIDDEN:
            said = {"kind": "visit", "customer": f"a{text}b", "at": "09:00"}
            answer = as_("rita").post(f"/facts/today/?day={timezone.localdate()}", said)

            assert answer.status_code == 422, repr(text)
            assert "cannot be seen" in answer.content.decode()

    @given(st.lists(st.text(max_size=4), max_size=5))
    @example(["a\nb", "#N/A", "a", "\x00"])
    @example([" a", "\u2028"])
    def test_of_files_are_handed_back_by_the_same_rule(self, cells):
        got = coerce.words.to_text(pl.Series("customer", cells, dtype=pl.String))
        handed_back = [reason == "hidden" for reason in got.reason]

        assert handed_back == [wrong_with_name(cell) is not None for cell in cells]

    def test_that_stand_in_the_lake_already_have_pages_that_open(self, ada, publish_order):
        keys = ["a\nb", "..", "a//b", "x/"]
        for key in keys:
            publish_order(
                key=key, customer=key, ordered_on=date(2026, 2, 3), amount=Decimal(9000), person="P04"
            )
        page = ada.get("/breakdown/sales_amount/", {"by": "customer", "period": "2026-02"})

        assert page.status_code == 200
        for key in keys:
            address = reverse("performance:customer", args=[key])
            assert ada.get(address, {"period": "2026-02"}).status_code == 200, repr(key)
            assert address in page.content.decode()
        assert ada.get("/facts-of/sales_amount/", {"period": "2026-02"}).status_code == 200


def test_names_take_what_people_write():
    for name in ("O'Brien", "欧阳 娜娜", "Zoë", "<img>", "张三（华东）", "😀"):
        assert wrong_with_name(name) is None
        assert wrong_with_key(name) is None


def _received(address):
    """The path as a server hands it on: percent signs read."""
    return unquote(address, errors="surrogatepass")
