"""Who may open what: role × endpoint, generated from the URL list, so that a new endpoint cannot be forgotten.

A page without arguments that says in its signature who can is tried as it says. Everything else has a line per
address and method in the `access.txt` of its room's tests. Columns are callers, least powerful first: nobody (no login),
rita (a rep of Shanghai), wes (manager of the West, an outsider here), emma (manager of the East, above
Shanghai), fin (reader), otto (sales operations), ada (administrator). The addresses are about Shanghai and
about rob (P05), who works there. Outcomes:

login  asked to sign in (a redirect, or 401)     no    403, and nothing changed
none   404: hidden, or not there at all          in    answered; a form may still be refused for what it says
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from django.utils import timezone

from dabiao.core import publishing
from dabiao.engine.promise import Levels
from dabiao.facts.actions import upserts
from dabiao.org import actions
from dabiao.org.access import Can, may
from dabiao.org.models import ApiToken, Assignment, Person, Unit, User
from dabiao.org.queries import Scope
from dabiao.targets import actions as targets
from dabiao.targets.actions import Slot
from tests.conftest import BACKEND

CALLERS = ("nobody", "rita", "wes", "emma", "fin", "otto", "ada")

METHODS, PAGE_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE"), ("GET", "POST")
SHARED_PATHS = {("api:list_targets", "PUT"), ("api:set_targets", "GET")}
"""Two operations of one path; each is named by its own line."""
TARGET = {
    "scope_kind": "unit", "scope": "shanghai", "metric": "sales_amount", "starts_on": "2026-03-01",
    "ends_on": "2026-04-01", "target": "1",
}  # fmt: skip
CELLS = {
    "cells": [{"kind": "unit", "key": "shanghai", "start": "2026-03-01", "end": "2026-04-01", "value": "1"}]
}
BODIES = {
    "targets:grid-save": CELLS,
    "api:import_rows": {"rows": []},
    "api:set_targets": [TARGET],
    "api:upsert": {"rows": [{"key": "1", "ordered_on": "2026-03-01"}]},
    "api:remove": [{"source": "api", "key": "1"}],
}
FORMS = {
    "org:person": {"name": "changed"},
    "org:unit": {"name": "changed", "order": "0"},
    "org:unit-add": {"key": "new", "name": "new"},
    "org:unit-position-add": {"key": "new", "title": "new"},
    "org:person-seat-add": {"position": "director", "starts_on": "2026-03-01", "fte": "1"},
    "org:person-seat-end": {"last_day": "2026-03-01"},
    "org:person-absence-add": {"starts_on": "2026-03-01", "last_day": "2026-03-02", "kind": "leave"},
    "org:user": {"role": "rep", "is_active": "on"},
}


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
        self.token, _secret = actions.create_token(
            name="rob's", scope="read", days=1, by=company.rob, at=timezone.now()
        )

    def call(self, line, who, method=None):
        """The answer; what it changed is taken back, so that callers do not meet each other's deeds."""
        with transaction.atomic():
            answer = self._called(line, who, method)
            transaction.set_rollback(True)
        return answer

    def _called(self, line, who, method):
        client = Client(raise_request_exception=False)
        headers = {}
        is_api = line.address.startswith("api:")
        if who != "nobody" and is_api:
            headers = {"Authorization": f"Bearer {self.secrets[who]}"}
        elif who != "nobody":
            client.force_login(self.company.users[who], backend=BACKEND)
        path = _path(line.address, self._arguments(line)) + (f"?{line.query}" if line.query else "")
        send = getattr(client, (method or line.method).lower())
        if line.address in BODIES and (method or line.method) != "GET":
            return send(
                path, json.dumps(BODIES[line.address]), content_type="application/json", headers=headers
            )
        return (
            send(path, FORMS.get(line.address, {}), headers=headers)
            if (method or line.method) == "POST"
            else send(path, headers=headers)
        )

    def _arguments(self, line):
        made = {"SEAT": str(Assignment.objects.get(person__key="P05").pk), "TOKEN": str(self.token.pk)}
        return {name: made.get(value, value) for name, value in line.arguments.items()}

    def _token_of(self, who):
        user = self.company.users[who]
        scope = ApiToken.Scope.WRITE if may(user, Can.WRITE) else ApiToken.Scope.READ
        _token, secret = actions.create_token(name="t", scope=scope, days=1, by=user, at=timezone.now())
        return secret


def outcome(answer):
    """One of the table's words."""
    if answer.status_code == 401 or (answer.status_code == 302 and "/accounts/login/" in answer["Location"]):
        return "login"
    if answer.status_code >= 500 or answer.status_code == 405:
        return f"status {answer.status_code}"
    return {403: "no", 404: "none"}.get(answer.status_code, "in")


@pytest.fixture
def site(company):
    return Site(company)


class TestTable:
    def test_has_every_address(self):
        assert sorted({*_addresses()} - {line.address for line in LINES}) == [], "say who may open these"

    def test_has_no_address_that_is_gone(self):
        assert sorted({line.address for line in LINES} - {*_addresses()}) == []

    def test_has_every_method(self, site):
        """A method that an address answers and that no line names has been forgotten."""
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
    got = {who: outcome(site.call(line, who)) for who in CALLERS}
    assert got == line.expected


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
        body = body.replace(f"“{SECRET}”", "").replace(f"q%3D{SECRET}", "")
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
