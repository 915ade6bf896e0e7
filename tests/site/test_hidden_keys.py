"""A thing outside one's sight is answered like a thing that does not exist, wherever its key or its name is written.

Every address is asked twice by everybody for whom nanjing, who works there and who buys from them are out of sight:
with their keys, and with keys that nobody has. But for the key itself, status, headers and body are the same.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dabiao.core import spreadsheet
from dabiao.facts.models import Label
from dabiao.metrics import names
from dabiao.org import actions
from dabiao.org.models import ApiToken, User
from tests.conftest import BACKEND
from tests.performance.facts import load
from tests.site.test_access import _patterns, body_of

KEYS = {
    "unit": ("nanjing", "nowhere"),
    "unit name": ("南京组", "无名组"),
    "person": ("P07", "P97"),
    "customer": ("C7", "C97"),
    "product": ("X7", "X97"),
}
"""Kind → the key that is out of sight, and one that nobody has."""
IN_ADDRESSES = {
    "unit": ("scope", "unit"),
    "unit name": ("q",),
    "person": ("person", "scope", "q"),
    "customer": ("customer", "q"),
    "product": ("product",),
}
"""Kind → the parameters in which such a key stands."""
STRANGERS = ("rita", "sam", "wes", "gus")
"""A rep, the manager of the team beside, the manager of another region, and somebody who sees nothing at all."""
ORDERS = """
key  person  customer  product  ordered_on  amount
1    P04     C1        X1       2026-03-02  900
2    P07     C7        X7       2026-03-02  600
3    P07     C7        X7       2026-01-12  600
4    P09     C4        X4       2026-03-03  500
"""
VISITS = """
key  person  customer  started_at           kind   minutes
1    P04     C1        2026-03-02T09:15:00  visit  30
2    P07     C7        2026-03-02T09:15:00  visit  30
"""
OWNERS = """
customer  person  role   share  starts_on   ends_on
C1        P04     owner  1      2024-01-01  2030-01-01
C7        P07     owner  1      2024-01-01  2030-01-01
"""
FIXED = {"metric": "sales_amount", "pk": "1", "table": "order_lines", "name": "report.json"}
CELL = {"kind": "unit", "key": "KEY", "start": "2026-03-01", "end": "2026-04-01", "value": "1"}
TARGET = {
    "scope_kind": "unit", "scope": "KEY", "metric": "sales_amount", "starts_on": "2026-03-01",
    "ends_on": "2026-04-01", "target": "1",
}  # fmt: skip
VISIT = {"kind": "visit", "customer": "C1", "at": "09:30", "person": "P04", "day": "2026-03-16"}


@dataclass(frozen=True)
class Ask:
    """A request in which KEY stands for a key of a kind. then: the page that shows what has come of it."""

    kind: str
    path: str
    method: str = "get"
    json: object = None
    form: object = None
    then: str = ""


def readings():
    """Every address that answers to GET, with keys of each kind in its path, or else in the query."""
    for address, pattern in _patterns():
        if address.startswith(("account_", "/")) or "GET" not in getattr(
            pattern.callback, "methods", ("GET",)
        ):
            continue
        parts = pattern.pattern.converters
        known = {name: FIXED[name] for name in parts if name in FIXED}
        path = reverse(address, kwargs=known | {name: "KEY" for name in parts if name not in FIXED})
        for kind, parameters in IN_ADDRESSES.items():
            if len(known) < len(parts):
                yield Ask(kind, path)
            else:
                yield from (Ask(kind, f"{path}?{name}=KEY") for name in parameters)


def filters():
    """Facts behind a number and the API's question, kept to the value of each column that has names."""
    columns = {name: "person" for name in names.PEOPLE} | dict(names.LABELLED) | {"unit": "unit"}
    for column, named in columns.items():
        kind = named if named in KEYS else "customer"
        for metric in ("sales_amount", "visits"):
            for more in ("", "&period=2026&export=csv"):
                yield Ask(kind, f"/facts-of/{metric}/?is_{column}=KEY{more}")
        yield Ask(kind, f"/api/v1/query?metrics=sales_amount&where={column}=KEY&by={column}")
    for kind in ("unit", "person"):
        yield Ask(kind, f"/api/v1/query?metrics=sales_amount&by=customer,{kind}&scope=KEY")
        yield Ask(kind, f"/api/v1/targets?scope=KEY&scope_kind={kind}")
        yield Ask(
            kind, f"/api/v1/targets/promised?scope=KEY&scope_kind={kind}&period=2026&metrics=sales_amount"
        )
        parameter = "scope" if kind == "unit" else kind
        for page in ("breakdown/sales_amount", "facts-of/sales_amount", "targets", "cockpit"):
            yield Ask(kind, f"/{page}/?{parameter}=KEY&export=csv")
        yield Ask(kind, f"/why/sales_amount/?{parameter}=KEY&part=1")


def writings():
    """What writes keys into a body."""
    yield Ask("unit", "/targets/save/", "post", json={"cells": [CELL]})
    yield Ask("person", "/targets/save/", "post", json={"cells": [{**CELL, "kind": "person"}]})
    yield Ask("unit", "/api/v1/targets", "put", json=[TARGET])
    yield Ask("person", "/api/v1/targets", "put", json=[{**TARGET, "scope_kind": "person"}])
    for kind in ("unit", "unit name", "person"):
        yield Ask(
            kind,
            "/targets/import/",
            "post",
            form=f"{kind.split()[0]},metric,period,target\nKEY,sales_amount,2026-03,1\n",
        )
    yield Ask("person", "/facts/today/", "post", form={**VISIT, "person": "KEY"})
    yield Ask(
        "customer",
        "/facts/today/",
        "post",
        form={**VISIT, "customer": "KEY"},
        then="/facts/today/?day=2026-03-16",
    )
    yield Ask("unit", "/org/units/KEY/", "post", form={"name": "x"})
    yield Ask("person", "/org/people/KEY/", "post", form={"name": "x"})


@pytest.fixture
def company(company, monkeypatch):
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
    company.users["gus"] = User.objects.create(username="gus", role=User.Role.REP)
    for kind, key in (("customer", "C1"), ("customer", "C4"), ("customer", "C7"), ("product", "X7")):
        Label.objects.create(kind=kind, key=key, name=f"Geheimnis {key}")
    load(order_lines=ORDERS, activities=VISITS, ownership=OWNERS, customers="customer\nC1\nC4\nC7")
    return company


class Asking:
    """Somebody who asks, by session and by token."""

    def __init__(self, user):
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user, backend=BACKEND)
        scope = ApiToken.Scope.READ if user.role == User.Role.READER else ApiToken.Scope.WRITE
        _token, secret = actions.create_token(name="t", scope=scope, days=1, by=user, at=timezone.now())
        self.headers = {"Authorization": f"Bearer {secret}"}

    def told(self, ask, key):
        """(status, headers, body) of each answer, with the key itself left out; nothing written stays."""
        with transaction.atomic():
            answers = [self._sent(ask, key)]
            if ask.then:
                answers.append(self.client.get(ask.then))
            told = [_plain(answer, key) for answer in answers]
            transaction.set_rollback(True)
        return told

    def _sent(self, ask, key):
        path = ask.path.replace("KEY", quote(key))
        body = {"headers": self.headers} if path.startswith("/api/") else {}
        if ask.json is not None:
            body |= {"data": json.dumps(ask.json).replace("KEY", key), "content_type": "application/json"}
        elif isinstance(ask.form, str):
            body["data"] = {"file": SimpleUploadedFile("t.csv", ask.form.replace("KEY", key).encode())}
        elif ask.form is not None:
            body["data"] = {name: text.replace("KEY", key) for name, text in ask.form.items()}
        return getattr(self.client, ask.method)(path, **body)


def _plain(answer, key):
    head = {
        name: text for name, text in answer.headers.items() if name in {"Location", "Content-Disposition"}
    }
    workbook = answer.headers.get("Content-Type") == spreadsheet.XLSX  # packed, with the moment in it
    body = "" if workbook else body_of(answer)
    # Tokens, and what has been filed, are new in each answer; first, for one in sixty holds a short key by chance.
    body = re.sub(r"\b(\w{64}|[0-9a-f]{16})\b", "", body)
    text = f"{answer.status_code} {head}\n{body}"
    for written in (key, quote(key), quote(quote(key)), json.dumps(key)[1:-1], quote(quote(quote(key)))):
        text = text.replace(written, "KEY")
    return re.sub(
        r"<span class=\"fresh\".*?</span>\s*</span>", "", text, flags=re.DOTALL
    )  # how many minutes ago


def different(asking, asks):
    """The requests that tell what is hidden from what is not there."""
    return [ask for ask in asks if asking.told(ask, KEYS[ask.kind][0]) != asking.told(ask, KEYS[ask.kind][1])]


QUICK = [
    *(
        Ask(kind, f"/facts-of/sales_amount/?period=2026&is_{kind}=KEY")
        for kind in ("customer", "person", "unit")
    ),
    Ask("customer", "/customers/KEY/"),
    Ask("person", "/org/people/KEY/"),
    Ask("unit", "/api/v1/people?unit=KEY"),
]


class TestWhatIsHidden:
    @pytest.mark.parametrize("who", STRANGERS)
    def test_is_answered_like_what_does_not_exist(self, company, who):
        assert different(Asking(company.users[who]), [*QUICK, *writings()]) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("who", STRANGERS)
    def test_is_answered_so_at_every_address(self, company, who):
        assert different(Asking(company.users[who]), [*readings(), *filters()]) == []

    def test_is_told_apart_by_who_sees_it(self, company):
        """What is compared above can differ."""
        assert different(Asking(company.emma), QUICK) == QUICK

    def test_is_not_named_to_who_sees_nothing(self, company):
        """Somebody without a seat and without a grant: not even the company stands there as a part."""
        client = Asking(company.users["gus"]).client

        pages = [
            client.get(path).content.decode()
            for path in ("/cockpit/", "/breakdown/sales_amount/", "/signals/")
        ]

        assert [name for name in ("总公司", "Geheimnis") for page in pages if name in page] == []
