"""Attainment by sales channel, region, month …: figures worked by hand, ranks, sight, one answer everywhere."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.lake import reading
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.attainment import attaining, places
from dabiao.metrics.frame import frame_of
from dabiao.org import actions
from dabiao.org.queries import Scope
from dabiao.performance.queries.breakdown import breakdown
from dabiao.site import cli
from dabiao.targets.models import Target
from tests.performance.facts import load

pytestmark = pytest.mark.django_db
ORDERS = """
key  ordered_on  person  amount  sales_channel  customer
1    2026-02-10  P04     300     online         C1
2    2026-02-11  P05     4000    dealer         C2
3    2026-02-12  P07     50000   online         C2
4    2026-02-13  P09     600000  dealer         C1
5    2026-02-14  P02     7000    -              C1
6    2026-01-20  P04     90      online         C2
"""
CUSTOMERS = "customer type\nC1 big\nC2 small"
FEBRUARY = {
    ("east", "online"): 100_600,
    ("east", "dealer"): 8_000,
    ("west", "dealer"): 300_000,
    ("P04", "online"): 600,
}
"""Narrowed to a channel; P04 sits in shanghai, which has none of its own."""


@pytest.fixture
def promise(company, at):
    """Stores a target of months of 2026."""

    def store(holder, amount, member="", month=2, dimension="sales_channel"):
        kind = "person" if holder in company.people else "unit"
        Target.objects.create(
            **{kind: (company.people if kind == "person" else company.units)[holder]}, scope_kind=kind,
            metric="sales_amount", target=Decimal(amount), starts_on=date(2026, month, 1),
            ends_on=date(2026, month + 1, 1), changed_at=at, dimension=dimension if member else "", member=member,
        )  # fmt: skip

    return store


@pytest.fixture
def promises(promise):
    load(order_lines=ORDERS, customers=CUSTOMERS)
    for (holder, member), amount in FEBRUARY.items():
        promise(holder, amount, member)


def frame(company, who, scope=None, period="2026-02"):
    return frame_of(
        reading.current(), viewer=company.users[who], scope=scope, period=fiscal().parse(period),
        today=date(2026, 3, 16), language="en",
    )  # fmt: skip


def told(rows):
    return [(row.rank, row.key, row.actual, row.target) for row in rows]


@pytest.mark.parametrize(
    ("who", "rows"),
    [
        ("ada", [(1, "dealer", 604_000, 308_000), (2, "online", 50_300, 100_600), (None, "", 7000, None)]),
        ("emma", [(1, "dealer", 4000, 8000), (1, "online", 50_300, 100_600), (None, "", 7000, None)]),
        ("sam", [(1, "online", 300, 600), (None, "dealer", 4000, None)]),
        ("wes", [(1, "dealer", 600_000, 300_000)]),
        ("rita", [(1, "online", 300, 600)]),
    ],
)
def test_a_channel_is_held_against_what_those_in_sight_promised_of_it(promises, company, who, rows):
    """Emma's two channels stand at one half both, and share the first place; what is by no channel has no target."""
    assert told(attaining(frame(company, who), "sales_amount", "sales_channel")) == rows
    assert told(attaining(frame(company, who), "sales_amount", "channel")) == rows


def test_a_scope_s_channels_are_those_of_the_scope(promises, company):
    rows = attaining(frame(company, "ada", Scope("unit", "west")), "sales_amount", "sales_channel")

    assert told(rows) == [(1, "dealer", 600_000, 300_000)]
    assert (rows[0].attainment, rows[0].light, rows[0].ahead) == (2, "green", 300_000)


def test_a_total_beside_its_channels_is_not_added_to_them(promises, promise, company):
    promise("east", 1_000_000)
    rows = {row.key: row for row in attaining(frame(company, "emma"), "sales_amount", "unit")}

    assert rows["east"].target == 1_000_000
    assert told(attaining(frame(company, "emma"), "sales_amount", "sales_channel"))[:2] == [
        (1, "dealer", 4000, 8000),
        (1, "online", 50_300, 100_600),
    ]


def test_a_segment_is_the_customer_s_type(promises, promise, company):
    """Of C1: 300 + 600,000 + 7,000; of C2: 4,000 + 50,000."""
    promise("company", 1_214_600, "big", dimension="customer_type")
    rows = attaining(frame(company, "ada"), "sales_amount", "segment")

    assert told(rows) == [(1, "big", 607_300, 1_214_600), (None, "small", 54_000, None)]
    assert rows[0].attainment == Decimal("0.5")


def test_a_kind_of_unit_lists_its_units(promises, company):
    """Neither has a target of everything: each is the sum of its channels."""
    rows = attaining(frame(company, "ada"), "sales_amount", "region")

    assert [(row.key, row.actual, row.target, row.rank) for row in rows] == [
        ("east", 61_300, 108_600, 2),
        ("west", 600_000, 300_000, 1),
    ]


def test_person_by_month_ranks_within_each_month(promise, company):
    """In January P04 reached 90 of 100; in February 300 of 600, P05 4,000 of 4,000, P07 50,000 of nothing."""
    load(order_lines=ORDERS)
    for holder, month, amount in (("P04", 1, 100), ("P04", 2, 600), ("P05", 2, 4000)):
        promise(holder, amount, month=month)
    rows = attaining(frame(company, "emma", period="2026-Q1"), "sales_amount", "person,month")

    shown = [
        (row.period, row.rank, row.key, row.actual, row.target, row.attainment) for row in rows if row.actual
    ]
    assert shown == [
        ("2026-01", 1, "P04", 90, 100, Decimal("0.9")),
        ("2026-02", 1, "P05", 4000, 4000, 1),
        ("2026-02", 2, "P04", 300, 600, Decimal("0.5")),
        ("2026-02", None, "P02", 7000, None, None),
        ("2026-02", None, "P07", 50_000, None, None),
    ]
    whole = {
        row.key: row for row in attaining(frame(company, "emma", period="2026-Q1"), "sales_amount", "person")
    }
    assert (whole["P04"].actual, whole["P04"].target) == (390, 700)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("sales_channel,month", {("2026-01", "online"), ("2026-02", "online"), ("2026-02", "dealer"), ("2026-02", "")}),
        ("month", {("2026-01", "east"), ("2026-02", "east"), ("2026-03", "east")}),
    ],
)  # fmt: skip
def test_time_can_stand_beside_anything_or_alone(promises, company, by, keys):
    rows = attaining(frame(company, "emma", Scope("unit", "east"), "2026-Q1"), "sales_amount", by)

    assert {(row.period, row.key) for row in rows if row.actual} | {
        (row.period, row.key) for row in rows if row.target
    } == keys - {("2026-03", "east")}


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("colour", "not listed by colour; it is by person, unit, company, region, team, product_line"),
        ("person,unit", "or by both: person,month"),
        ("month,year", "or by both: person,month"),
        ("", "or by both: person,month"),
    ],
)
def test_what_it_is_not_listed_by_is_refused_with_what_it_is(promises, company, by, words):
    with pytest.raises(BadMetricRequest, match=words):
        attaining(frame(company, "ada"), "sales_amount", by)


def test_equal_ones_share_a_place_and_leave_the_next_one_empty():
    values = {"a": Decimal(2), "b": Decimal(3), "c": Decimal(2), "d": None, "e": Decimal(1)}

    assert places(values) == {"b": 1, "a": 2, "c": 2, "e": 4}


def test_page_api_and_command_say_the_same(promises, company, client, as_, monkeypatch):
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
    secret = actions.create_token(name="t", scope="read", days=1, by=company.emma, at=timezone.now())[1]
    asked = {"metric": "sales_amount", "period": "2026-02", "by": "sales_channel"}
    reply = client.get("/api/v1/attainment", asked, headers={"Authorization": f"Bearer {secret}"}).json()
    arguments = ["attainment", "--metric", "sales_amount", "--period", "2026-02", "--by", "sales_channel"]
    arguments += ["--as", "emma", "--format", "json"]
    printed = json.loads(CliRunner().invoke(cli.build(arguments), arguments, catch_exceptions=False).stdout)
    page = breakdown(frame(company, "emma", Scope("unit", "east")), "sales_amount", "sales_channel")

    api = {row["key"]: (row["actual"], row["target"], row["light"], row["rank"]) for row in reply["items"]}
    assert api == {row["key"]: (row["actual"], row["target"], row["light"], row["rank"]) for row in printed}
    shown = {
        row["key"]: (str(row["value"]), row["target"] and str(row["target"]), row["light"], row["rank"])
        for row in page.table.rows
    }
    assert {key: (Decimal(value[0]), value[2:]) for key, value in shown.items()} == {
        key: (Decimal(value[0]), value[2:]) for key, value in api.items()
    }
    assert [column.key for column in page.table.columns if column.export][:5] == [
        "name", "value", "attained", "target", "rank",
    ]  # fmt: skip


def test_the_page_of_months_has_what_the_list_has(promise, company, as_, monkeypatch):
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
    load(order_lines=ORDERS)
    for holder, month, amount in (("P04", 1, 100), ("P04", 2, 600), ("P05", 2, 4000)):
        promise(holder, amount, month=month)
    address = reverse("performance:over-time", args=["sales_amount"])
    asked = {"scope": "shanghai", "period": "2026-02", "by": "person", "export": "csv"}
    lines = b"".join(as_("sam").get(address, asked).streaming_content).decode("utf-8-sig").splitlines()

    titles, rows = lines[0].split(","), [line.split(",") for line in lines[1:]]
    of_p04 = dict(zip(titles, next(row for row in rows if "P04" in row), strict=True))
    assert (of_p04["2026-01"], of_p04["2026-02"], of_p04["2026-03"]) == ("0.9", "0.5", "")
    assert as_("wes").get(address, {"scope": "shanghai"}).status_code == 404
    page = as_("sam").get(address, {"scope": "shanghai", "period": "2026-02"}).content.decode()
    assert "90.0%" in page
    assert "P09" not in page
