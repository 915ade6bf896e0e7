"""Who may open what: role × endpoint, generated from the URL list, so that a new endpoint cannot be forgotten.

`EXPECTED` has one line per address and method. Columns are callers, least powerful first: nobody (no login),
rita (a rep of Shanghai), wes (manager of the West, an outsider here), emma (manager of the East, above
Shanghai), fin (reader), otto (sales operations), ada (administrator). The addresses are about Shanghai and
about rob (P05), who works there. Outcomes:

login  asked to sign in (a redirect, or 401)     no    403, and nothing changed
none   404: hidden, or not there at all          in    answered; a form may still be refused for what it says
"""

import json
from dataclasses import dataclass
from decimal import Decimal

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
from dabiao.org.models import ApiToken, Assignment, Person, Unit, User
from dabiao.org.queries import Scope
from dabiao.targets import actions as targets
from dabiao.targets.actions import Slot
from tests.conftest import BACKEND

CALLERS = ("nobody", "rita", "wes", "emma", "fin", "otto", "ada")

EXPECTED = """
address                  method  arguments                   nobody  rita   wes    emma   fin    otto   ada
/                        GET     -                           in      in     in     in     in     in     in
/                        POST    -                           in      in     in     in     in     in     in
/healthz                 GET     -                           in      in     in     in     in     in     in
/readyz                  GET     -                           in      in     in     in     in     in     in
search                   GET     -                           login   in     in     in     in     in     in
scopes                   GET     -                           login   in     in     in     in     in     in
settings                 GET     -                           login   no     no     no     no     no     in
preferences              POST    -                           in      in     in     in     in     in     in

performance:cockpit      GET     ?scope=shanghai             login   none   none   in     in     in     in
performance:cockpit      GET     ?person=P05                 login   none   none   in     in     in     in
performance:cockpit      GET     -                           login   in     in     in     in     in     in
performance:signals      GET     ?scope=shanghai             login   none   none   in     in     in     in
performance:breakdown    GET     metric=sales_amount?scope=shanghai  login  none  none  in  in  in  in
performance:facts        GET     metric=sales_amount?scope=shanghai  login  none  none  in  in  in  in
performance:customer     GET     customer=C1?scope=shanghai  login   none   none   in     in     in     in
improvement:why          GET     metric=sales_amount?scope=shanghai  login  none  none  in  in  in  in
improvement:why          GET     metric=sales_amount?scope=shanghai&part=1&against=previous  login  none  none  in  in  in  in
performance:dictionary   GET     -                           login   in     in     in     in     in     in
performance:metric       GET     metric=sales_amount         login   in     in     in     in     in     in

targets:grid             GET     ?scope=shanghai             login   none   none   in     in     in     in
targets:grid             GET     ?person=P05&export=csv      login   none   none   in     in     in     in
targets:grid-save        POST    ?scope=shanghai             login   none   none   in     no     in     in
targets:list             GET     -                           login   in     in     in     in     in     in
targets:import           GET     -                           login   in     in     in     in     in     in
targets:import           POST    -                           login   in     in     in     in     in     in
targets:import-template  GET     -                           login   in     in     in     in     in     in

facts:imports            GET     -                           login   no     no     no     no     in     in
facts:upload             GET     -                           login   no     no     no     no     in     in
facts:upload             POST    -                           login   no     no     no     no     in     in
facts:import-connectors  GET     -                           login   no     no     no     no     no     in
facts:import-connectors  POST    -                           login   no     no     no     no     no     in
facts:import             GET     key=nosuch                  login   no     no     no     no     none   none
facts:import-status      GET     key=nosuch                  login   no     no     no     no     none   none
facts:import-mapping     GET     key=nosuch                  login   no     no     no     no     none   none
facts:import-mapping     POST    key=nosuch                  login   no     no     no     no     none   none
facts:import-load        POST    key=nosuch                  login   no     no     no     no     none   none
facts:import-discard     POST    key=nosuch                  login   no     no     no     no     none   none
facts:import-file        GET     key=nosuch,name=report.json  login  no     no     no     no     none   none
facts:today              GET     -                           login   in     in     in     no     in     in
facts:today              POST    -                           login   in     in     in     no     in     in
facts:today-take-back    POST    -                           login   none   none   none   none   none   none

org:people               GET     ?unit=shanghai              login   none   none   in     in     in     in
org:people               GET     ?unit=shanghai&export=xlsx  login   none   none   in     in     in     in
org:people               GET     -                           login   in     in     in     in     in     in
org:person-add           GET     -                           login   no     no     no     no     in     in
org:person-add           POST    -                           login   no     no     no     no     in     in
org:person               GET     key=P05                     login   none   none   in     in     in     in
org:person               POST    key=P05                     login   none   none   no     no     in     in
org:person-seat-add      POST    key=P05                     login   no     no     no     no     in     in
org:person-seat-end      POST    key=P05,pk=SEAT             login   no     no     no     no     in     in
org:person-seat-remove   POST    key=P05,pk=SEAT             login   no     no     no     no     in     in
org:person-absence-add   POST    key=P05                     login   no     no     no     no     in     in
org:person-absence-remove POST   key=P05,pk=1                login   no     no     no     no     none   none
org:unit-root-add        GET     -                           login   no     no     no     no     in     in
org:unit-root-add        POST    -                           login   no     no     no     no     in     in
org:unit                 GET     key=shanghai                login   none   none   in     in     in     in
org:unit                 POST    key=shanghai                login   none   none   no     no     in     in
org:unit-add             POST    key=shanghai                login   no     no     no     no     in     in
org:unit-position-add    POST    key=shanghai                login   no     no     no     no     in     in
org:unit-remove          POST    key=shanghai                login   no     no     no     no     in     in
org:import               GET     -                           login   no     no     no     no     in     in
org:import               POST    -                           login   no     no     no     no     in     in
org:import-template      GET     table=people                login   no     no     no     no     in     in
org:users                GET     -                           login   no     no     no     no     no     in
org:user-add             GET     -                           login   no     no     no     no     no     in
org:user-add             POST    -                           login   no     no     no     no     no     in
org:user                 GET     username=rob                login   no     no     no     no     no     in
org:user                 POST    username=rob                login   no     no     no     no     no     in
org:user-password        POST    username=rob                login   no     no     no     no     no     in
org:user-grant           POST    username=rob                login   no     no     no     no     no     in
org:user-grant-end       POST    username=rob,pk=1           login   no     no     no     no     no     none
org:tokens               GET     -                           login   in     in     in     in     in     in
org:tokens               POST    -                           login   in     in     in     in     in     in
org:token-revoke         POST    pk=TOKEN                    login   none   none   none   none   none   in
audit                GET     -                           login   no     no     no     no     in     in
audit                GET     ?export=csv                 login   no     no     no     no     in     in

account_login            GET     -                           in      in     in     in     in     in     in
account_login            POST    -                           in      in     in     in     in     in     in
account_logout           GET     -                           in      in     in     in     in     in     in
account_logout           POST    -                           in      in     in     in     in     in     in
account_inactive         GET     -                           in      in     in     in     in     in     in
account_change_password  GET     -                           login   in     in     in     in     in     in
account_change_password  POST    -                           login   in     in     in     in     in     in
account_set_password     GET     -                           login   in     in     in     in     in     in
account_set_password     POST    -                           login   in     in     in     in     in     in
account_reauthenticate   GET     -                           login   in     in     in     in     in     in
account_reauthenticate   POST    -                           login   in     in     in     in     in     in

api:api-root             GET     -                           none    none   none   none   none   none   none
api:openapi-json         GET     -                           in      in     in     in     in     in     in
api:openapi-view         GET     -                           in      in     in     in     in     in     in
api:me                   GET     -                           login   in     in     in     in     in     in
api:units                GET     -                           login   in     in     in     in     in     in
api:people               GET     ?unit=shanghai              login   none   none   in     in     in     in
api:import_rows          POST    table=people                login   no     no     no     no     in     in
api:import_rows          POST    table=users                 login   no     no     no     no     no     in
api:list_targets         GET     ?scope=shanghai             login   none   none   in     in     in     in
api:list_targets         GET     ?scope=P05&scope_kind=person  login none   none   in     in     in     in
api:set_targets          PUT     -                           login   no     no     in     no     in     in
api:promised             GET     ?scope=shanghai&period=2026&metrics=sales_amount  login  none  none  in  in  in  in
api:tables               GET     -                           login   in     in     in     in     in     in
api:upsert               POST    table=order_lines           login   no     no     no     no     in     in
api:remove               POST    table=order_lines           login   no     no     no     no     in     in
api:query                GET     ?metrics=sales_amount&scope=shanghai  login  none  none  in  in  in  in
api:query                GET     ?metrics=sales_amount&scope=P05  login  none  none  in  in  in  in
"""
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


LINES = [_line(text) for text in EXPECTED.strip().splitlines()[1:] if text.strip()]


def _addresses(resolver=None, path="/", space=""):
    """Every address of the site: its name, or its path where it has none."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name}" if entry.name else f"{path}{entry.pattern}"
        else:
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _addresses(entry, f"{path}{entry.pattern}", inner)


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
        scope = ApiToken.Scope.WRITE if user.may_write else ApiToken.Scope.READ
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
