"""Lists that are filtered, ordered, turned and exported by their address; forms that are refused in place."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django import forms
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from dabiao.core.errors import Forbidden, Malformed, Refused
from dabiao.org.models import User
from dabiao.ui.form import Form
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import exported, form_page, list_page
from dabiao.ui.table import drawn
from dabiao.ui.view import PAGE

LONG = 250


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def things(count=LONG, **more) -> Listing:
    """T1 … with amounts that fall from `count` to 1; every fiftieth is unknown."""
    rows = [
        {"name": f"T{n}", "amount": None if n % 50 == 0 else Decimal(count - n + 1)}
        for n in range(1, count + 1)
    ]
    totals = {"name": "Total", "amount": Decimal(7)}
    return Listing(
        "things", [Column("name", "Name"), Column("amount", "Amount", "cents")], rows, totals, **more
    )


def get(**query):
    return RequestFactory().get("/things/", query)


def names(table, /, **query):
    """What is seen of the table at this address."""
    return [cell(row, "text") for row in drawn(get(**query), table)["rows"] if not row.hidden]


def cell(row, part):
    """The text, or the rank, of the first cell of a row as it is drawn."""
    return re.match(r'<td class="c-text"( data-v="(?P<rank>[^"]*)")?>(?P<text>[^<]*)</td>', row.cells)[part]


def lines(table, /, **query):
    """What an export of the table at this address holds."""
    answer = exported(get(export="csv", **query), table)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return [line.split(",")[0] for line in text.splitlines()[1:]]


class TestView:
    @pytest.mark.parametrize("count", [PAGE, LONG], ids=["a short table, whole", "a long one, by pages"])
    @pytest.mark.parametrize(
        ("case", "query", "first"),
        [
            ("as given", {}, ["T1", "T2", "T3"]),
            ("every word must stand in the row", {"filter": "T1 ¥9"}, None),
            ("by a column", {"sort": "name"}, ["T1", "T2", "T3"]),
            ("from the largest", {"sort": "-name"}, ["T{count}", "T{count-1}", "T{count-2}"]),
            (
                "numbers from the smallest, the unknown not first",
                {"sort": "amount"},
                ["T{count-1}", "T{count-2}"],
            ),
            ("a column that is not there orders nothing", {"sort": "colour"}, ["T1", "T2"]),
            (
                "what is meant for another table says nothing of this",
                {"table": "x", "filter": "T7"},
                ["T1", "T2"],
            ),
        ],
    )
    def test_is(self, case, query, first, count):
        table = things(count)
        if first is None:
            first = [
                row["name"]
                for row in table.rows
                if "T1" in row["name"] and str(row["amount"]).startswith("9")
            ]
        number = re.compile(r"\{count(-\d)?\}")
        expected = [number.sub(lambda said: str(count + int(said[1] or 0)), name) for name in first]

        assert expected and names(table, **query)[: len(expected)] == expected, case

    @pytest.mark.parametrize(
        ("case", "page", "first", "count"),
        [
            ("the first", "1", "T1", 100),
            ("the last has what is left", "3", "T201", 50),
            ("one beyond the last is the last", "9", "T201", 50),
            ("what is no number is the first", "two", "T1", 100),
            ("none before the first", "0", "T1", 100),
            ("a number that no page has", "9" * 30, "T1", 100),
        ],
    )
    def test_has_pages(self, case, page, first, count):
        seen = names(things(), page=page)

        assert (seen[0], len(seen)) == (first, count), case

    def test_of_few_enough_rows_has_no_pages(self):
        assert len(names(things(PAGE), page="2")) == PAGE

    def test_pages_what_the_filter_leaves(self):
        assert names(things(), filter="T2", page="2") == names(things(), filter="T2")
        assert drawn(get(filter="T2"), things())["pages"] == 1

    def test_a_short_table_is_sent_whole_with_what_the_browser_needs(self):
        rows = drawn(get(sort="-name", filter="T9"), things(20))["rows"]

        assert [row.at for row in rows] == list(range(19, -1, -1))
        assert [cell(row, "text") for row in rows if not row.hidden] == ["T9"]
        assert [cell(row, "rank") for row in rows] == [str(rank) for rank in range(19, -1, -1)]

    def test_rows_that_a_query_has_chosen_are_only_turned(self):
        table = things(fixed=True)

        assert names(table, filter="T7", sort="-name", page="3")[0] == "T201"


class TestExport:
    @pytest.mark.parametrize("count", [20, LONG])
    @pytest.mark.parametrize(
        "query", [{"filter": "T1"}, {"sort": "-name", "filter": "t"}, {"filter": "T12 ¥9", "sort": "amount"}]
    )
    def test_is_what_the_filter_leaves_in_the_order_on_the_screen(self, query, count):
        table = things(count)
        seen = [name for page in "123" for name in names(table, **query, page=page)]

        assert lines(table, **query) == list(dict.fromkeys(seen))

    def test_is_not_the_page(self):
        assert len(lines(things(), page="2")) == LONG + 1

    def test_has_totals_only_where_nothing_was_left_out(self):
        assert lines(things(), sort="name")[-1] == "Total"
        assert "Total" not in lines(things(), filter="T")

    def test_takes_the_table_that_the_address_names(self):
        request = get(export="csv", table="others")
        others = Listing("others", [Column("name", "Name")], [{"name": "other"}])
        answer = exported(request, things(), others, name="2026")

        assert b"other" in b"".join(answer.streaming_content)
        assert "others-2026.csv" in answer["Content-Disposition"]

    def test_of_another_kind_is_refused(self):
        with pytest.raises(Malformed, match="csv or xlsx"):
            list_page(get(export="pdf"), "unused.html", things())


class TestAddresses:
    def head(self, table, at, **query):
        return drawn(get(**query), table)["heads"][at].href

    def test_a_head_keeps_what_else_is_asked_for_and_begins_at_the_first_page(self):
        href = self.head(things(), 0, scope="east", filter="T1 x", page="3")

        assert href == "/things/?scope=east&filter=t1+x&sort=name"

    def test_a_second_click_turns_round_and_numbers_begin_with_the_largest(self):
        assert self.head(things(), 0, sort="name") == "/things/?sort=-name"
        assert self.head(things(), 1) == "/things/?sort=-amount"
        assert self.head(things(), 1, sort="-amount") == "/things/?sort=amount"

    def test_of_one_table_among_others_say_which_is_meant(self):
        assert self.head(things(named=True), 0) == "/things/?table=things&sort=name"

    def test_of_a_table_beside_a_form_that_posts_elsewhere_lead_to_the_list(self):
        request = RequestFactory().post("/things/add/")

        assert drawn(request, things(at="/things/"))["exports"][0] == ("csv", "/things/?export=csv")

    def test_there_are_none_to_rows_that_only_one_answer_has(self):
        shown = drawn(RequestFactory().post("/things/import/"), things(passing=True))

        assert (len(shown["rows"]), shown["at"], shown["exports"]) == (LONG, "", [])
        assert {head.href for head in shown["heads"]} == {""}


@pytest.fixture
def crowd(company):
    """More users than a page holds."""
    User.objects.bulk_create(User(username=f"clone{n}", role="rep") for n in range(1, 131))


@pytest.mark.usefixtures("crowd")
class TestListPage:
    def shown(self, page):
        return re.findall(r'<a href="/org/users/([^"/]+)/">', page)

    def test_sends_a_page_and_says_how_many_there_are(self, as_):
        page = as_("ada").get(reverse("org:users")).content.decode()
        count = User.objects.count()

        assert len(self.shown(page)) == PAGE
        assert f"{count} rows" in page and f"{count} users" in page

    def test_works_by_links_and_a_form_where_there_is_no_script(self, as_):
        ada = as_("ada")
        page = ada.get(reverse("org:users")).content.decode()
        form = re.search(r'<form class="listing-filter" method="get" action="([^"]+)"', page)[1]
        assert 'name="filter"' in page

        page = ada.get(form, {"filter": "clone"}).content.decode()
        assert "130 / 1" in page
        head = unescape(re.search(r'<a href="([^"]+)" data-by', page)[1])
        page = ada.get(head).content.decode()
        head = unescape(re.search(r'<a href="([^"]+)" data-by', page)[1])
        page = ada.get(head).content.decode()
        assert self.shown(page)[0] == "clone130"
        after = unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])
        page = ada.get(after).content.decode()

        assert self.shown(page) == [f"clone{n}" for n in range(30, 0, -1)]
        assert 'aria-sort="descending"' in page and 'rel="next"' not in page

    def test_answers_a_script_with_the_table_alone(self, as_):
        answer = as_("ada").get(reverse("org:users"), {"filter": "clone13"}, headers={"x-listing": "users"})
        page = answer.content.decode()

        assert self.shown(page) == ["clone13", "clone130"]
        assert "<html" not in page and "X-Listing" in answer["Vary"]

    def test_answers_with_the_page_where_the_script_names_no_table_of_it(self, as_):
        assert "<html" in as_("ada").get(reverse("org:users"), headers={"x-listing": "x"}).content.decode()


class ThingForm(Form):
    name = forms.CharField(max_length=10)
    count = forms.IntegerField(required=False)


class TestFormPage:
    """`done` holds what was acted on."""

    @pytest.fixture
    def done(self):
        return []

    def answer(self, request, act, then="/then/", **more):
        return form_page(
            request, ThingForm, act, then=then, draw=lambda form: ("_form.html", {"form": form}), **more
        )

    def post(self, **said):
        return RequestFactory().post("/things/add/", said)

    def test_draws_and_does_nothing_when_it_is_only_looked_at(self, done):
        answer = self.answer(get(), done.append)

        assert (answer.status_code, done) == (200, [])
        assert "This field is required" not in answer.content.decode()

    def test_acts_once_and_goes_on(self, done):
        answer = self.answer(self.post(name="x", count="3"), done.append)

        assert (answer.status_code, answer["Location"]) == (302, "/then/")
        assert done == [{"name": "x", "count": 3}]

    def test_goes_where_what_was_made_says(self):
        answer = self.answer(self.post(name="x"), lambda said: said["name"], then=lambda made: f"/{made}/")

        assert answer["Location"] == "/x/"

    def test_may_answer_by_itself(self):
        answer = self.answer(self.post(name="x"), lambda said: "secret", then=HttpResponse)

        assert (answer.status_code, answer.content) == (200, b"secret")

    @pytest.mark.parametrize(
        ("case", "said", "reason"),
        [
            ("what cannot be read", {"name": "kept", "count": "many"}, "Enter a whole number"),
            ("what a rule refuses", {"name": "kept", "count": "3"}, "There are enough things."),
        ],
    )
    def test_keeps_what_was_typed_beside_the_reason(self, case, said, reason):
        def act(said):
            raise Refused("There are enough things.")

        answer = self.answer(self.post(**said), act)
        page = answer.content.decode()

        assert answer.status_code == 422, case
        assert reason in page and 'value="kept"' in page and f'value="{said["count"]}"' in page

    def test_lets_pass_what_no_other_words_would_mend(self):
        def act(said):
            raise Forbidden("Not yours.")

        with pytest.raises(Forbidden):
            self.answer(self.post(name="x"), act)

    def test_stands_on_the_page_that_the_room_draws(self, as_):
        """The page of a person has four forms: the one that is refused keeps what was typed, the others are there."""
        address = reverse("org:person-absence-add", args=["P04"])
        answer = as_("otto").post(address, {"starts_on": "2026-03-09", "last_day": "soon", "kind": "leave"})
        page = answer.content.decode()

        assert answer.status_code == 422
        assert 'value="2026-03-09"' in page and "Enter a valid date" in page
        assert "Give the seat" in page and 'value="rita"' in page
