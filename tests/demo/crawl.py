"""Following every link of somebody's pages, and what may not stand on any of them."""

import io
import re
import zipfile
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa
from django.test import Client
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils import timezone

from dabiao.facts.models import Label
from dabiao.lake import reading
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import home_frame, month_of
from dabiao.org import actions
from dabiao.org import queries as org
from dabiao.org.models import ApiToken, Assignment, Person, User
from dabiao.performance.queries import customers
from dabiao.ui import view
from tests.conftest import BACKEND

BEGIN = (
    "/", "/search/?q=a", "/search/?q=%E5%8D%8E", "/scopes/", "/api/v1/me", "/api/v1/units", "/api/v1/people", "/api/v1/targets",
    "/api/v1/attainment?metric=sales_amount&period=2026-11&by=person",
    "/api/v1/attainment?metric=sales_amount&period=2026&by=unit",
    "/api/v1/query?metrics=sales_amount,visits&by=person&period=2026",
    "/api/v1/query?metrics=sales_amount&by=unit,customer&period=2026-11",
)  # fmt: skip
SAID_ANYWAY = frozenset({"People", "people", "Finance", "finance"})
"""English names and keys of the demo company's departments that pages say of other things."""
NOT_FOLLOWED = ("/accounts/logout/", "/static/", "/api/v1/docs", "/api/v1/openapi.json")
_LINK = re.compile(r"""(?:href|hx-get)=["'](/[^"'#]*)""")
_CELL = re.compile("<(?:v|t)(?: [^>]*)?>([^<]*)<")
_TOKEN = re.compile(r"\w+")
_FIGURE = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")


@dataclass(frozen=True)
class Seen:
    """One answer: where, its status, everything written in it."""

    path: str
    status: int
    text: str


def crawled(viewer: User, *, most: int) -> Iterator[Seen]:
    """Every page, fragment and export that can be reached; of addresses that differ only in their values `most`."""
    client = Client(raise_request_exception=False)
    client.force_login(viewer, backend=BACKEND)
    scope = ApiToken.Scope.READ if viewer.role == User.Role.READER else ApiToken.Scope.WRITE
    _token, secret = actions.create_token(name="crawl", scope=scope, days=1, by=viewer, at=timezone.now())
    waiting, known, shapes = deque(BEGIN), set(BEGIN), Counter[tuple[str, ...]]()
    while waiting:
        path = waiting.popleft()
        if path.startswith("/api/"):
            answer = client.get(path, headers={"Authorization": f"Bearer {secret}"})
        else:
            answer = client.get(path)
        if answer.status_code in {301, 302}:
            linked = [answer["Location"]]
            yield Seen(path, answer.status_code, answer["Location"])
        else:
            text = _written(b"".join(answer.streaming_content) if answer.streaming else answer.content)
            yield Seen(path, answer.status_code, text)
            linked = (
                [unescape(each) for each in _LINK.findall(text)]
                if "html" in answer.get("Content-Type", "")
                else []
            )
        for each in linked:
            shape = _shape(each)
            if each in known or shape is None or shapes[shape] >= most:
                continue
            shapes[shape] += 1
            known.add(each)
            waiting.append(each)


def _shape(path: str) -> tuple[str, ...] | None:
    """The view and the names in the address, with those values that choose a way of looking; None: not followed."""
    parts = urlsplit(path)
    if parts.path.startswith(NOT_FOLLOWED):
        return None
    try:
        match = resolve(parts.path)
    except Resolver404:
        return (parts.path,)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    said = sorted(
        {
            _told(name, value)
            for name, value in asked
            if name == "export" or name not in {"period", *view.NAMES}
        }
    )
    metric = str(match.kwargs.get("metric", ""))
    return (match.view_name, metric if metric in {"sales_amount", "win_rate"} else "", *said)


def _told(name: str, value: str) -> str:
    """Of one parameter what makes it another way of looking: not which filters meet, which are thousands together."""
    if name in {"by", "export", "against", "view", "level"}:
        return f"{name}={value if ',' not in value else 'several'}"
    return "is_" if name.startswith("is_") else name


def _written(content: bytes) -> str:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = [
                name for name in book.namelist() if name.startswith(("xl/worksheets/", "xl/sharedStrings"))
            ]
            return " ".join(" ".join(_CELL.findall(book.read(name).decode())) for name in sheets)
    return content.decode("utf-8", "replace")


@dataclass(frozen=True)
class Hidden:
    """What may stand on no page of somebody: names and keys, and figures with every digit."""

    words: frozenset[str]
    figures: frozenset[Decimal]

    def found(self, text: str) -> list[str]:
        """Those that stand in a text."""
        said = set(_TOKEN.findall(text))
        words = [
            word
            for word in self.words
            if _first(word) in said and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        ]
        figures = {
            Decimal(each.replace(",", ""))
            for each in _FIGURE.findall(text)
            if sum(map(str.isdigit, each)) >= 6
        }
        return sorted(words) + sorted(str(each) for each in figures & self.figures)


def _first(word: str) -> str:
    """What a text must hold as a word of its own before the whole is looked for in it: there are thousands."""
    token = _TOKEN.search(word)
    return token.group() if token else ""


def hidden(viewer: User, on: date) -> Hidden:
    """What `viewer` may not meet: units that lie neither in sight nor above it, people and customers out of sight, by key
    and name (but for who came along on a visit of somebody in sight: the visit says so); what everybody out of sight has sold and promised, unless somebody in sight has the same figure."""
    units = {node.key for node in org.units_visible(viewer, on)}
    seats = Assignment.objects.filter(person=viewer.person).values_list("position__unit__key", flat=True)
    tops = [*seats, *(top.key for top in org.tops_visible(viewer, on))]
    above = {node.key for top in tops for node in org.tree().path(top)}
    people = set(org.people_visible(viewer, on).values_list("key", flat=True))
    named = dict(Label.objects.filter(kind="customer").values_list("key", "name"))
    theirs = customers.visible(month_of(viewer, on), list(named))
    open_, shut = set[str](), set[str]()
    for node in org.tree().nodes:
        (open_ if node.key in units | above else shut).update({node.key, node.name, node.name_en} - {""})
    lake, seated = reading.current(), pa.table({"person": pa.array(sorted(people), pa.string())})
    along = lake.run(
        "SELECT DISTINCT companion FROM activities SEMI JOIN seated USING (person)", seated=seated
    )
    met = people | set(along.column(0).to_pylist())
    for key, name in Person.objects.values_list("key", "name"):
        (open_ if key in met else shut).update({key, name})
    dealers = set(lake.run("SELECT DISTINCT dealer FROM order_lines").column(0).to_pylist())
    for key, name in named.items():
        (open_ if key in theirs | dealers else shut).update({key, name})
    seen, unseen = set[Decimal](), set[Decimal]()
    for by, keys in (("unit", units), ("person", people)):
        for key, figure in _figures(by, on):
            (seen if key in keys else unseen).add(figure)
    return Hidden(frozenset(shut - open_ - SAID_ANYWAY), frozenset(unseen - seen))


def _figures(by: str, on: date) -> Iterator[tuple[str, Decimal]]:
    """Key → sales and targets of a few periods, of everybody; without small and round ones, which are met by chance."""
    everywhere = home_frame(org.operator(), on)
    for label in ("2026-11", "2026-10", "2026"):
        for row in attaining(everywhere.everywhere(everywhere.fiscal.parse(label)), "sales_amount", by):
            for figure in (row.actual, row.target):
                if figure is not None and abs(figure) >= 100_000 and figure % 10_000:
                    yield row.key, Decimal(figure)
