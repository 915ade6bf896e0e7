"""Attainment lists: targets and actuals of the same sight, by page, API and command."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from typer.testing import CliRunner

from dabiao.core.calendars import fiscal
from dabiao.lake import reading
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import frame_of
from dabiao.metrics.promised import NONE, promised
from dabiao.org import actions
from dabiao.org.queries import Scope
from dabiao.performance.queries.breakdown import breakdown
from dabiao.site import cli
from dabiao.targets.models import Target
from tests.performance.facts import load

pytestmark = pytest.mark.django_db
ORDERS = """
key  ordered_on  person  amount
1    2026-01-12  P06     10
2    2026-02-10  P06     20
3    2026-02-10  P04     300
4    2026-02-11  P05     4000
5    2026-02-12  P07     50000
6    2026-02-13  P09     600000
7    2026-02-14  P02     7000000
"""
TARGETS = {"company": 9_130_000, "east": 7_420_000, "west": 1_680_000, "shanghai": 5_270_000, "nanjing": 2_090_000,
           "chengdu": 1_550_000, "P04": 3_310_000, "P05": 1_870_000, "P06": 1_460_000, "P07": 2_030_000}  # fmt: skip
"""Of February, no two alike in their first three digits."""
SEEN = {
    "ada": {"company", "east", "shanghai", "nanjing", "west", "chengdu"},
    "dora": {"company", "east", "shanghai", "nanjing", "west", "chengdu"},
    "emma": {"east", "shanghai", "nanjing"},
    "sam": {"shanghai"},
    "wes": {"west", "chengdu"},
    "rita": set(),
}


@pytest.fixture
def promise(company, at):
    """Stores what a unit or person was promised for months of 2026."""

    def store(holder, amount, first=2, after=3):
        kind = "person" if holder in company.people else "unit"
        Target.objects.create(
            **{kind: (company.people if kind == "person" else company.units)[holder]}, scope_kind=kind,
            metric="sales_amount", target=Decimal(amount), starts_on=date(2026, first, 1),
            ends_on=date(2026, after, 1), changed_at=at,
        )  # fmt: skip

    return store


@pytest.fixture
def promises(promise):
    load(order_lines=ORDERS)
    for holder, amount in TARGETS.items():
        promise(holder, amount)


def frame(company, who, scope=None, period="2026-02"):
    return frame_of(
        reading.current(), viewer=company.users[who], scope=scope, period=fiscal().parse(period),
        today=date(2026, 3, 16), language="en",
    )  # fmt: skip


def by_key(rows):
    return {row.key: row for row in rows}


@pytest.mark.parametrize(("who", "units"), SEEN.items())
def test_units_are_those_in_sight_with_actual_and_target_of_all_of_each(promises, company, who, units):
    rows = by_key(attaining(frame(company, who), "sales_amount", "unit"))

    whole = by_key(attaining(frame(company, "ada"), "sales_amount", "unit"))
    assert set(rows) == units
    for key, row in rows.items():
        assert (row.target, row.actual, row.ahead) == (
            TARGETS[key], whole[key].actual, whole[key].actual - TARGETS[key],
        )  # fmt: skip


def test_a_scope_lists_its_own_units_and_none_above(promises, company):
    rows = attaining(frame(company, "ada", Scope("unit", "shanghai")), "sales_amount", "unit")

    assert [(row.key, row.target, row.actual) for row in rows] == [("shanghai", 5_270_000, 4300)]


def test_a_person_has_no_units(promises, company):
    with pytest.raises(BadMetricRequest, match="list the attainment by person"):
        attaining(frame(company, "ada", Scope("person", "P04")), "sales_amount", "unit")


def test_a_unit_over_another_of_its_kind_counts_it(promises, company):
    for unit in ("shanghai", "nanjing"):
        company.units[unit].kind = "region"
        company.units[unit].save()
    load(order_lines="key ordered_on person amount\n9 2026-02-20 P04 1")

    rows = by_key(attaining(frame(company, "ada"), "sales_amount", "unit"))
    alone = by_key(attaining(frame(company, "ada", Scope("unit", "shanghai")), "sales_amount", "unit"))

    assert rows["east"].actual == 7_000_000 + 50_000 + 4300 + 1
    assert rows["shanghai"].actual == alone["shanghai"].actual == 4300 + 1, "the one below is none of nothing"
    assert rows["nanjing"].actual == 50_000


@pytest.mark.parametrize(
    ("case", "who", "scope", "target", "actual"),
    [
        ("who manages where they were sees that time's", "sam", None, 71, 10),
        ("who manages where they are sees that time's", "wes", None, 73 + 79, 20),
        ("who sees all sees all of it", "ada", None, 71 + 73 + 79, 30),
        ("a unit's list is of the time there whoever asks", "ada", Scope("unit", "shanghai"), 71, 10),
        ("they see all their own", "max", None, 71 + 73 + 79, 30),
    ],
)
def test_of_who_moved_target_and_actual_are_of_the_same_days(
    promise, company, case, who, scope, target, actual
):
    load(order_lines=ORDERS)
    for month, amount in ((1, 71), (2, 73), (3, 79)):
        promise("P06", amount, month, month + 1)
    asked = frame(company, who, scope, "2026-Q1")

    row = by_key(attaining(asked, "sales_amount", "person"))["P06"]

    assert (row.target, row.actual) == (target, actual), case
    own = frame(company, who, Scope("person", "P06"), "2026-Q1")
    if scope is None:
        found = promised(own, [own.scope], ["sales_amount"]).get((own.scope, "sales_amount"), NONE)
        assert found.value == target, case


def test_who_is_not_there_yet_has_no_standing(promise, company):
    """Nobody sits anywhere before 2024; P04 has sold something all the same."""
    load(order_lines="key ordered_on person amount\n1 2023-02-10 P04 10\n2 2023-03-10 P04 10")
    for person in ("P04", "P07"):
        Target.objects.create(
            person=company.people[person], scope_kind="person", metric="sales_amount", target=Decimal(7),
            starts_on=date(2023, 2, 1), ends_on=date(2023, 3, 1), changed_at=timezone.now(),
        )  # fmt: skip
    here = frame(company, "ada", period="2023-02")

    assert [row.key for row in attaining(here, "sales_amount", "person")] == ["P04"]
    listed = breakdown(here, "sales_amount", "person").table.rows
    assert [row["key"] for row in listed if row["key"] != ""] == ["P04"]


def test_who_joined_or_left_owes_what_they_were_promised(promise, company):
    """P05 came in July 2025: their year is not cut to the half that they were there."""
    load(order_lines=ORDERS)
    Target.objects.create(
        person=company.people["P05"], scope_kind="person", metric="sales_amount", target=Decimal(1200),
        starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 1), changed_at=timezone.now(),
    )  # fmt: skip
    rows = by_key(attaining(frame(company, "sam", None, "2025"), "sales_amount", "person"))

    assert rows["P05"].target == 1200


def test_page_api_and_command_list_the_same(promises, company, client):
    secret = actions.create_token(name="t", scope="read", days=1, by=company.emma, at=timezone.now())[1]
    arguments = [
        "attainment",
        "--metric",
        "sales_amount",
        "--period",
        "2026-02",
        "--as",
        "emma",
        "--format",
        "json",
    ]
    for by in ("unit", "person"):
        reply = client.get(
            "/api/v1/attainment", {"metric": "sales_amount", "period": "2026-02", "by": by},
            headers={"Authorization": f"Bearer {secret}"},
        ).json()  # fmt: skip
        done = CliRunner().invoke(cli.build(arguments), [*arguments, "--by", by], catch_exceptions=False)
        printed = json.loads(done.stdout)

        assert reply["count"] == len(reply["items"]) == len(printed) > 1
        for row, line in zip(reply["items"], printed, strict=True):
            assert {name: row[name] for name in line} == line


def test_the_command_has_chinese_heads(promises, company):
    asked = ["attainment", "--metric", "sales_amount", "--period", "2026-02", "--as", "emma"]
    with translation.override("zh-hans"):
        said = CliRunner().invoke(cli.build(asked), asked, catch_exceptions=False).stdout
    head, _rule, *rows = said.splitlines()

    assert [cell.strip() for cell in head.split("┃")] == [
        "编号", "名称", "类别", "期间", "目标", "实际", "完成率", "应完成", "较进度", "状态", "名次",
    ]  # fmt: skip
    assert {row.split("│")[2].strip() for row in rows} == {"大区", "团队"}


def test_a_query_in_chinese_names_metrics_and_dimensions(promises, company):
    asked = ["query", "sales_amount", "--by", "person,month", "--period", "2026-02", "--as", "emma"]
    with translation.override("zh-hans"):
        said = CliRunner().invoke(cli.build(asked), asked, catch_exceptions=False).stdout

    assert [cell.strip() for cell in said.splitlines()[0].split("┃")] == ["人员", "月份", "销售额"]


HIDDEN = {
    "rita": set(TARGETS) - {"P04"},
    "sam": {"company", "east", "west", "nanjing", "chengdu", "P07", "P06"},
    "wes": {"company", "east", "shanghai", "nanjing", "P04", "P05", "P07"},
}
PLACES = (
    "/cockpit/", "/signals/", "/breakdown/sales_amount/", "/breakdown/sales_amount/?by=person",
    "/breakdown/sales_amount/?by=kind", "/breakdown/sales_amount/?export=csv", "/cockpit/?export=csv",
    "/why/sales_amount/", "/why/sales_amount/?part=1", "/metrics/", "/metrics/?export=csv",
    "/metrics/sales_amount/", "/targets/", "/targets/?export=csv", "/targets/list/",
    "/api/v1/attainment?metric=sales_amount", "/api/v1/attainment?metric=sales_amount&by=person",
    "/api/v1/targets?since=2026-01-01", "/api/v1/targets/promised?metrics=sales_amount&scope=SCOPE&scope_kind=KIND",
)  # fmt: skip
HOME = {
    "rita": ("person", "P04"),
    "sam": ("unit", "shanghai"),
    "wes": ("unit", "west"),
    "ada": ("unit", "company"),
}


def spelt(amount):
    """A target as pages and programs write it; 9,130,000 is 9.13M or 913 万."""
    short = f"{amount / 1_000_000:.2f}"
    return {str(amount), f"{amount:,}", f"{short}M", f"{short}\u00a0M", f"{amount // 10_000}\u00a0万"}


def test_no_response_holds_a_target_out_of_sight(promises, company, client, as_, monkeypatch):
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))

    def crawled(who):
        kind, key = HOME[who]
        secret = actions.create_token(
            name="t", scope="read", days=1, by=company.users[who], at=timezone.now()
        )[1]
        for place in PLACES:
            path = place.replace("SCOPE", key).replace("KIND", kind)
            if "targets?since" not in path:
                path += f"{'&' if '?' in path else '?'}period=2026-02"
            headers = {"Authorization": f"Bearer {secret}"} if path.startswith("/api") else {}
            answer = (client if headers else as_(who)).get(
                path, headers={**headers, "accept-language": "zh-hans"}
            )
            body = b"".join(answer) if answer.streaming else answer.content
            yield path, answer.status_code, body.decode("utf-8", "replace")

    seen = "".join(body for _path, _status, body in crawled("ada"))
    for who, hidden in HIDDEN.items():
        for path, status, body in crawled(who):
            assert status == 200, path
            shown = {holder for holder in hidden if any(text in body for text in spelt(TARGETS[holder]))}
            assert not shown, (who, path)
    assert all(any(text in seen for text in spelt(amount)) for amount in TARGETS.values())
