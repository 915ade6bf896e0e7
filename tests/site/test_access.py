"""Who may open what: role × endpoint, generated from the URL list, so that a new endpoint cannot be forgotten.

A page without arguments that says in its signature who can is tried as it says. Everything else has a line per
address and method in the `access.txt` of its room's tests. Columns are callers, least powerful first: nobody (no login),
rita (a rep of Shanghai), wes (manager of the West, an outsider here), emma (manager of the East, above
Shanghai), fin (reader), otto (sales operations), ada (administrator). The addresses are about Shanghai and
about rob (P05), who works there; what only the moment knows stands in capitals. Outcomes:

login  asked to sign in (a redirect, or 401)     no    403
none   404: hidden, or not there at all          in    answered

Whatever changes something is asked for validly (`posts.py` beside the room's tests): `in` then means that it was done
and left exactly one line in the audit trail, everything else that nothing at all was written.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from django.utils import timezone

from dabiao.core import publishing
from dabiao.engine.promise import Levels
from dabiao.facts.actions import upserts
from dabiao.lake.models import Lease
from dabiao.org import actions
from dabiao.org.access import Can, may
from dabiao.org.models import ApiToken, Person, Unit, User
from dabiao.org.queries import Scope
from dabiao.rooms import ROOMS
from dabiao.targets import actions as targets
from dabiao.targets.actions import Slot
from tests.acts import Written
from tests.conftest import BACKEND
from tests.posts import Caller, Post, tables

CALLERS = ("nobody", "rita", "wes", "emma", "fin", "otto", "ada")

METHODS, PAGE_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE"), ("GET", "POST")
POSTS = {address: post for table in tables().values() for address, post in table.POSTS.items()}
SHARED_PATHS = {("api:list_targets", "PUT"), ("api:set_targets", "GET")}
"""Two operations of one path; each is named by its own line."""
PUBLISHING = {"facts:import-undo", "api:undo_import"}
"""They look into the lake, and publish what has never been: it is there before the first caller asks."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    address: str
    method: str
    arguments: dict[str, str]
    query: str
    expected: dict[str, str]

    def __str__(self):
        return f"{self.method} {self.address} {self.arguments or ''}{self.query and '?' + self.query}"


def _line(text):
    address, method, arguments, *outcomes = text.split()
    path, _sign, query = ("" if arguments == "-" else arguments).partition("?")
    named = dict(part.split("=") for part in path.split(",") if part)
    return Line(address, method, named, query, dict(zip(CALLERS, outcomes, strict=True)))


TESTS = Path(__file__).parents[1]
WRITTEN = [
    _line(text)
    for file in sorted(TESTS.glob("*/access.txt"))
    for text in file.read_text("utf-8").splitlines()[1:]
    if text.strip()
]


def _patterns(resolver=None, path="/", space=""):
    """(address, view) of the whole site: the address is its name, or its path where it has none."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield (f"{space}{entry.name}" if entry.name else f"{path}{entry.pattern}"), entry
        else:
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _patterns(entry, f"{path}{entry.pattern}", inner)


def _addresses():
    return (address for address, _pattern in _patterns())


def _derived():
    """A line for each method of the pages that say themselves who can, and that no line names."""
    known = {line.address for line in WRITTEN}
    for address, pattern in _patterns():
        can = getattr(pattern.callback, "can", None)
        if can is None or address in known or pattern.pattern.converters:
            continue
        roles = {who: ROLES[who] for who in CALLERS[1:]}
        said = {who: "in" if may(User(role=role), can) else "no" for who, role in roles.items()}
        for method in pattern.callback.methods:
            yield Line(address, method, {}, "", {"nobody": "login", **said})


ROLES = {
    "rita": "rep",
    "wes": "manager",
    "emma": "manager",
    "fin": "reader",
    "otto": "operations",
    "ada": "admin",
}
LINES = [*WRITTEN, *_derived()]


def _path(address, arguments):
    if address.startswith("/"):
        return address
    return reverse(address, kwargs=arguments)


class Site:
    """The site with one caller of each kind: sessions for pages, tokens for the API."""

    def __init__(self, company):
        self.company = company
        User.objects.update(password=make_password("correct-horse-9"))
        self.company.users.update({user.username: user for user in User.objects.select_related("person")})
        self.secrets = {who: self._token_of(who) for who in (*CALLERS[1:], "nina")}
        ApiToken.objects.update(last_used_at=timezone.now())  # else the first use is written

    def call(self, line, who, method=None):
        """The answer."""
        return self.asked(line, who, method)[0]

    def asked(self, line, who, method=None):
        """The answer, and what was written for it; all is taken back, so that callers do not meet each other's deeds."""
        written = Written()
        with transaction.atomic():
            send = self._request(line, who, method or line.method)
            with connection.execute_wrapper(written):
                answer = send()
            transaction.set_rollback(True)
        return answer, written

    def _request(self, line, who, method):
        """Everything that goes before: somebody signed in, the thing that is asked about, the body."""
        client = Client(raise_request_exception=False)
        headers = {}
        if who != "nobody" and line.address.startswith("api:"):
            headers = {"Authorization": f"Bearer {self.secrets[who]}"}
        elif who != "nobody":
            client.force_login(self.company.users[who], backend=BACKEND)
        post = self._post(line, who) if {line.method, method} != {"GET"} else Post()
        arguments = {
            name: post.arguments.get(name, value) if value.isupper() else value
            for name, value in line.arguments.items()
        }
        path = _path(line.address, arguments) + (f"?{line.query}" if line.query else "")
        body = {"headers": headers}
        if post.json is not None and method != "GET":
            body |= {"data": json.dumps(post.json), "content_type": "application/json"}
        elif method == "POST":
            body |= {"data": post.form}
        return partial(getattr(client, method.lower()), path, **body)

    def _post(self, line, who):
        caller = Caller(
            self.company.users.get(who), self.company, timezone.now(), timezone.localdate(), line.arguments
        )
        return POSTS[line.address](caller) if line.address in POSTS else Post()

    def _token_of(self, who):
        user = self.company.users[who]
        scope = ApiToken.Scope.WRITE if may(user, Can.WRITE) else ApiToken.Scope.READ
        _token, secret = actions.create_token(name="t", scope=scope, days=1, by=user, at=timezone.now())
        return secret


def outcome(answer, *, valid=False):
    """One of the table's words; a valid request that is refused for what it says is told by its status."""
    if answer.status_code == 401 or (answer.status_code == 302 and "/accounts/login/" in answer["Location"]):
        return "login"
    if answer.status_code >= 500 or answer.status_code == 405:
        return f"status {answer.status_code}"
    word = {403: "no", 404: "none"}.get(answer.status_code, "in")
    return f"status {answer.status_code}" if valid and word == "in" and answer.status_code >= 400 else word


@pytest.fixture
def site(company):
    Lease.objects.create(name="worker here", token="test", expires_at=timezone.now() + timedelta(seconds=20))
    return Site(company)


class TestTable:
    def test_has_every_address(self):
        assert sorted({*_addresses()} - {line.address for line in LINES}) == [], "say who may open these"

    def test_has_no_address_that_is_gone(self):
        assert sorted({line.address for line in LINES} - {*_addresses()}) == []

    def test_has_a_valid_request_to_whatever_changes_something(self):
        rooms = tuple(f"{room.key}:" for room in ROOMS)
        changing = {line.address for line in LINES if line.method != "GET"}
        assert sorted({each for each in changing if each.startswith((*rooms, "api:"))} - {*POSTS}) == []
        assert sorted({*POSTS} - changing) == []

    def test_has_every_method(self, site, at):
        """A method that an address answers and that no line names has been forgotten."""
        publishing.publish_waiting(at)  # see PUBLISHING
        known = {(line.address, line.method) for line in LINES} | SHARED_PATHS
        tried = [
            (line, method)
            for line in {line.address: line for line in LINES}.values()
            for method in (METHODS if line.address.startswith("api:") else PAGE_METHODS)
            if (line.address, method) not in known
        ]
        answered = [
            (line, method)
            for line, method in tried
            if site.call(line, "ada", method).status_code not in {404, 405}
        ]
        assert [f"{method} {line.address}" for line, method in answered] == []


@pytest.mark.parametrize("line", LINES, ids=str)
def test_access(site, line, at):
    if line.address == "performance:customer":  # who has no facts is not there, for nobody
        fact = {"key": "1", "ordered_on": "2026-03-02", "amount": "1", "person": "P05", "customer": "C1"}
        upserts.upsert("order_lines", [fact], by=site.company.ada, at=at)
        publishing.publish_waiting(at)
    if line.address in PUBLISHING:
        publishing.publish_waiting(at)
    changes = line.method != "GET" and line.address in POSTS
    asked = {who: site.asked(line, who) for who in CALLERS}
    got = {who: outcome(answer, valid=changes) for who, (answer, _written) in asked.items()}
    assert got == line.expected
    if changes:
        lines = {who: written.lines for who, (_answer, written) in asked.items()}
        assert lines == {who: int(word == "in") for who, word in got.items()}
        assert [who for who, (_answer, written) in asked.items() if written.rows and got[who] != "in"] == []


SECRET = "Geheimnis"
TARGET_VALUE, FACT_VALUE = "31415926", "27182818"


@pytest.fixture
def marked(company, at, on):
    """Everything of the East carries a mark: names, a target, a fact, a customer."""
    for unit in Unit.objects.filter(key__in=["east", "shanghai"]):
        actions.change_unit(unit.key, values={"name": f"{SECRET}{unit.key}"}, by=company.ada, at=at)
    for person in Person.objects.filter(key__in=["P02", "P03", "P04", "P05"]):
        actions.change_person(person.key, values={"name": f"{SECRET}{person.key}"}, by=company.ada, at=at)
    window = (on.replace(month=1, day=1), on.replace(year=on.year + 1, month=1, day=1))
    for scope in (Scope("unit", "shanghai"), Scope("person", "P05")):
        slot = Slot(scope, "sales_amount", *window)
        targets.set_target(slot, Levels(target=Decimal(TARGET_VALUE)), by=company.ada, at=at, on=on)
    fact = {
        "key": "1",
        "ordered_on": "2026-03-02",
        "amount": FACT_VALUE,
        "person": "P05",
        "customer": f"{SECRET}customer",
    }
    upserts.upsert("order_lines", [fact], by=company.ada, at=at)
    publishing.publish_waiting(at)
    return company


def body_of(answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def readable():
    """Every address that answers to GET: as the table asks, bare, as an export, and as a search."""
    for line in LINES:
        if line.method == "GET" and not line.address.startswith("account_"):
            more = (
                "period=2026&export=csv"
                if line.address.startswith(("performance:", "targets:"))
                else f"q={SECRET}"
            )
            for query in dict.fromkeys([line.query, "", more]):
                yield Line(line.address, "GET", line.arguments, query, line.expected)


def leaks(site, who):
    marks = (SECRET, TARGET_VALUE, FACT_VALUE, "31,415,926", "27,182,818", "3,141.", "2,718.")
    found = []
    for line in readable():
        body = body_of(site.call(line, who)).replace(f"q={SECRET}", "").replace(f'value="{SECRET}"', "")
        body = (
            body.replace(f"“{SECRET}”", "").replace(f"q%3D{SECRET}", "").replace(f'data-for="{SECRET}"', "")
        )
        found += [f"{line}: {mark}" for mark in marks if mark in body]
    return sorted(set(found))


class TestAnotherSubtree:
    def test_does_not_show_to_its_neighbour_anywhere(self, marked):
        assert leaks(Site(marked), "wes") == []

    def test_does_not_show_to_a_rep_of_another_team(self, marked):
        assert leaks(Site(marked), "nina") == []

    def test_shows_to_those_above(self, marked):
        """The marks would be seen, if they could be: the sweep above can fail."""
        found = leaks(Site(marked), "emma")
        for address in (
            "targets:grid",
            "targets:list",
            "org:people",
            "api:people",
            "api:list_targets",
            "api:query",
            "search",
        ):
            assert any(address in leak for leak in found), address


def test_reverse_needs_arguments():
    """Arguments of the table fit their addresses (a typo would otherwise count as 404)."""
    for line in LINES:
        try:
            _path(
                line.address, {name: "1" if name == "pk" else value for name, value in line.arguments.items()}
            )
        except NoReverseMatch as error:
            raise AssertionError(str(line)) from error
