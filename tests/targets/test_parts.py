"""Targets narrowed to a product line, a customer type, a sales channel: set, read, summed, refused, and brought back in."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.core.uploads import rows_of
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import reading
from dabiao.lake.tables import TABLES
from dabiao.org import actions as org_actions
from dabiao.org.queries import Scope
from dabiao.targets import actions, imports, queries
from dabiao.targets.actions import Slot
from dabiao.targets.commands import app
from dabiao.targets.models import Target
from tests.performance.facts import load

MARCH = (date(2026, 3, 1), date(2026, 4, 1))
EAST, SHANGHAI, P04 = Scope("unit", "east"), Scope("unit", "shanghai"), Scope("person", "P04")
ONLINE, DEALER = Part("sales_channel", "online"), Part("sales_channel", "dealer")
LATHES = Part("product_line", "lathes")


@pytest.fixture
def put(company, at, on):
    """Set a target of March as sales operations."""

    def put(scope, value, part=WHOLE, metric="sales_amount", window=MARCH):
        levels = Levels(target=Decimal(value))
        return actions.set_target(Slot(scope, metric, *window, part), levels, by=company.otto, at=at, on=on)

    return put


def promised(scope, part=WHOLE):
    found = queries.targets_for([scope], ["sales_amount"], *MARCH, part=part).get((scope, "sales_amount"))
    return None if found is None else found.target


class TestPromise:
    def test_of_a_whole_is_its_own_and_never_with_its_parts(self, put):
        put(EAST, 1000)
        put(EAST, 600, ONLINE)
        put(EAST, 500, DEALER)
        assert (promised(EAST), promised(EAST, ONLINE), promised(EAST, DEALER)) == (1000, 600, 500)

    def test_of_a_whole_that_nobody_set_is_the_sum_of_one_dimension(self, put):
        """600 + 500 by channel and 700 by product line are two cuts of one amount: product lines go first."""
        put(EAST, 600, ONLINE)
        put(EAST, 500, DEALER)
        assert promised(EAST) == 1100
        put(EAST, 700, LATHES)
        assert promised(EAST) == 700

    def test_of_a_part_is_the_sum_of_that_part_below(self, put):
        put(P04, 10, ONLINE)
        put(Scope("person", "P05"), 20, ONLINE)
        put(Scope("person", "P05"), 300, DEALER)
        put(Scope("unit", "nanjing"), 4000, ONLINE)
        assert promised(SHANGHAI, ONLINE) == 30
        assert promised(EAST, ONLINE) == 4030
        assert promised(EAST, DEALER) == 300
        assert promised(EAST, Part("sales_channel", "post")) is None

    def test_along_a_dimension_tells_each_member(self, put):
        put(P04, 10, ONLINE)
        put(EAST, 500, DEALER)
        put(EAST, 7, LATHES)
        found = queries.targets_along([EAST, P04], ["sales_amount"], *MARCH, "sales_channel")
        told = {(scope.key, member): held.target for (scope, _metric, member), held in found.items()}
        assert told == {("east", "dealer"): 500, ("east", "online"): 10, ("P04", "online"): 10}


class TestRefused:
    @pytest.mark.parametrize(
        ("case", "part", "metric", "words"),
        [
            ("no such dimension", Part("colour", "red"), "sales_amount", "cannot be narrowed by colour; .*sales_channel"),
            ("no member", Part("sales_channel", ""), "sales_amount", "Say which Sales channel"),
            ("facts without it", Part("sales_channel", "online"), "visits", "cannot be split by Sales channel"),
        ],
    )  # fmt: skip
    def test_with_what_would_do(self, put, case, part, metric, words):
        with pytest.raises(Malformed, match=words):
            put(EAST, 1, part, metric)

    def test_a_kind_of_unit_has_targets_of_its_own(self, company):
        with pytest.raises(Malformed, match="region is a kind of unit: set the targets of these units"):
            queries.dimension_named("region")

    @pytest.mark.parametrize("said", ["segment", "customer_type", "Customer type", "客户类型", "客戶型別"])
    def test_a_dimension_is_known_by_its_names(self, company, said):
        assert queries.dimension_named(said) == "customer_type"


def loaded(text, company, at, on, who="otto"):
    rows = rows_of(text.encode(), "t.csv")
    return imports.import_rows(
        rows, by=company.users[who] if who else None, at=at, on=on, fiscal=CALENDAR_YEAR
    )


def held():
    return {
        (t.scope_key, t.dimension, t.member, t.starts_on.month): t.target
        for t in Target.objects.select_related("unit", "person")
    }


class TestImport:
    def test_reads_a_column_of_each_dimension(self, company, at, on):
        text = (
            "部门,工号,指标,期间,渠道,客户类型,产品线,目标\n华东大区,,销售额,2026-03,online,,,100\n"
            "华东大区,,销售额,2026-03,,大客户,,200\n,P04,销售额,2026-03,,,lathes,3\n华东大区,,销售额,2026-03,,,,400\n"
        )
        assert loaded(text, company, at, on).errors == ()
        assert held() == {
            ("east", "sales_channel", "online", 3): 100,
            ("east", "customer_type", "大客户", 3): 200,
            ("P04", "product_line", "lathes", 3): 3,
            ("east", "", "", 3): 400,
        }

    def test_reads_months_across_beside_a_channel_and_leaves_other_levels(self, company, at, on):
        start = Slot(EAST, "sales_amount", *MARCH, ONLINE)
        actions.set_target(start, Levels(Decimal(1), Decimal(2), Decimal(9)), by=company.otto, at=at, on=on)
        text = (
            "unit,metric,channel,2026-03,2026-04\neast,sales_amount,online,5,6\neast,sales_amount,dealer,,7\n"
        )
        done = loaded(text, company, at, on)
        assert (done.errors, done.done.added, done.done.changed) == ((), 2, 1)
        assert held() == {
            ("east", "sales_channel", "online", 3): 5,
            ("east", "sales_channel", "online", 4): 6,
            ("east", "sales_channel", "dealer", 4): 7,
        }
        march = Target.objects.get(starts_on=MARCH[0])
        assert (march.base, march.challenge) == (1, 9)

    def test_refuses_two_dimensions_and_unknown_ones(self, company, at, on):
        text = "unit,metric,period,channel,segment,dimension,member,target\n"
        text += "east,sales_amount,2026-03,online,SME,,,1\neast,sales_amount,2026-03,,,colour,red,1\n"
        text += "east,visits,2026-03,online,,,,1\neast,sales_amount,2026-03,,,region,east,1\n"
        told = [(error.row, error.column) for error in loaded(text, company, at, on).errors]
        assert told == [(2, "sales_channel"), (3, "dimension"), (4, "target"), (5, "dimension")]
        assert not Target.objects.exists()

    def test_takes_a_region_for_the_unit_of_that_name_else_for_a_territory(self, company, at, on):
        text = (
            "部门,工号,区域,指标,期间,目标\n,,华东大区,销售额,2026-03,1\n总公司,,西部大区,销售额,2026-03,2\n"
        )
        text += "总公司,,沿海,销售额,2026-03,3\n,P04,华东大区,销售额,2026-03,4\n"
        assert loaded(text, company, at, on).errors == ()
        assert held() == {
            ("east", "", "", 3): 1,
            ("west", "", "", 3): 2,
            ("company", "territory", "沿海", 3): 3,
            ("P04", "", "", 3): 4,
        }


def content(answer):
    return b"".join(answer.streaming_content)


class TestComesBackIn:
    """What we export is imported again and changes nothing, in whichever language it was written."""

    @pytest.fixture
    def targets(self, put):
        put(EAST, 1000)
        put(EAST, 600, ONLINE)
        put(SHANGHAI, 70, ONLINE)
        put(P04, 5, LATHES)
        put(EAST, "0.9", metric="collection_rate")

    def again(self, text, company, at, on, who="otto", rows=5):
        before = held()
        done = loaded(text, company, at, on, who)
        assert [error.message for error in done.errors] == []
        assert (done.done.added, done.done.changed, done.done.cleared) == (0, 0, 0)
        assert done.done.unchanged == rows
        assert held() == before

    @pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
    def test_the_list(self, targets, company, as_, at, on, language):
        client = as_("otto")
        company.otto.language = language
        company.otto.save()
        answer = client.get(
            reverse("targets:list"),
            {"period": "2026-03", "export": "csv"},
            headers={"accept-language": language},
        )
        self.again(content(answer).decode("utf-8-sig"), company, at, on)

    def test_the_list_of_who_may_not_set_all_of_it(self, targets, company, as_, at, on):
        answer = as_("emma").get(reverse("targets:list"), {"period": "2026-03", "export": "csv"})
        text = content(answer).decode("utf-8-sig")
        self.again(text, company, at, on, who="emma")
        assert "600" in text
        refused = loaded(text.replace("600", "601"), company, at, on, who="emma").errors
        assert [error.message for error in refused] == ["These targets are not yours to set."]

    @pytest.mark.parametrize(("part", "rows"), [(Part(), 4), (ONLINE, 4)])
    def test_the_grid_with_what_follows_from_others(self, targets, company, as_, at, on, part, rows):
        """East's year is the sum of its months, shown and not set; what follows stays to follow."""
        asked = {"scope": "east", "period": "2026-03", "metric": "sales_amount", "export": "csv"}
        answer = as_("otto").get(reverse("targets:grid"), {**asked, **part._asdict()})
        text = content(answer).decode("utf-8-sig")
        filled = [
            cell
            for row in csv.DictReader(io.StringIO(text))
            for name, cell in row.items()
            if name.startswith("2026") and cell
        ]
        self.again(text, company, at, on, rows=len(filled))
        assert len(filled) == rows

    def test_the_command_s_export_and_list(self, targets, company, at, on, tmp_path):
        for arguments in (["export"], ["list", "--on", "2026-03-31", "--format", "csv"]):
            printed = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
            self.again(printed, company, at, on, who=None)


class TestApi:
    def call(self, client, company, who, method, path, body=None, at=None):
        secret = org_actions.create_token(
            name="t", scope="write", days=1, by=company.users[who], at=timezone.now()
        )[1]
        headers = {"Authorization": f"Bearer {secret}"}
        if method == "get":
            return client.get(path, body or {}, headers=headers)
        return client.put(path, json.dumps(body), content_type="application/json", headers=headers)

    def test_sets_and_tells_parts(self, company, client):
        slot = {
            "scope_kind": "unit", "scope": "east", "metric": "sales_amount", "starts_on": "2026-03-01",
            "ends_on": "2026-04-01", "target": "5",
        }  # fmt: skip
        body = [{**slot, "dimension": "channel", "member": "online"}, {**slot, "product": "lathes"}]
        assert self.call(client, company, "otto", "put", "/api/v1/targets", body).json()["added"] == 2
        told = self.call(client, company, "otto", "get", "/api/v1/targets", {"dimension": "sales_channel"})
        assert [(row["dimension"], row["member"]) for row in told.json()["items"]] == [tuple(ONLINE)]
        asked = {
            "period": "2026-03",
            "metrics": "sales_amount",
            "scope": "east",
            "dimension": "sales_channel",
        }
        for member, target in (("online", "5"), ("post", None)):
            found = self.call(
                client, company, "otto", "get", "/api/v1/targets/promised", {**asked, "member": member}
            )
            assert [row["target"] for row in found.json()] == ([target] if target else [])
        wrong = [{**slot, "dimension": "colour", "member": "red"}]
        refused = self.call(client, company, "otto", "put", "/api/v1/targets", wrong)
        assert (refused.status_code, "cannot be narrowed by colour" in refused.json()["detail"]) == (
            422,
            True,
        )

    def test_hides_parts_of_scopes_out_of_sight(self, company, client, put):
        put(EAST, 600, ONLINE)
        put(P04, 5, ONLINE)
        for who, scopes in (("emma", {"east", "P04"}), ("sam", {"P04"}), ("wes", set()), ("rita", {"P04"})):
            told = self.call(client, company, who, "get", "/api/v1/targets", {"dimension": "sales_channel"})
            assert {row["scope"] for row in told.json()["items"]} == scopes, who


class TestGrid:
    def test_shows_and_saves_a_part(self, company, as_, put):
        put(EAST, 1000)
        put(EAST, 600, ONLINE)
        asked = {"scope": "east", "period": "2026-03", "dimension": "sales_channel", "member": "online"}
        page = as_("ada").get(reverse("targets:grid"), asked).content.decode()
        assert ">600<" in page
        assert ">1,000<" not in page
        cell = {"kind": "unit", "key": "nanjing", "start": "2026-03-01", "end": "2026-04-01", "value": "77"}
        address = (
            f"{reverse('targets:grid-save')}?scope=east&period=2026-03&dimension=sales_channel&member=online"
        )
        saved = as_("ada").post(address, json.dumps({"cells": [cell]}), content_type="application/json")
        assert saved.status_code == 200
        assert promised(Scope("unit", "nanjing"), ONLINE) == 77
        assert Target.objects.get(unit__key="nanjing").part == ONLINE


class TestLake:
    def test_has_product_lines_also_where_they_always_were(self, put):
        put(EAST, 600, ONLINE)
        put(P04, 5, LATHES)
        told = [(r["product"], r["dimension"], r["member"]) for r in queries.lake_table().to_pylist()]
        assert sorted(told) == [("", "sales_channel", "online"), ("lathes", "product_line", "lathes")]

    def test_of_an_earlier_program_is_read_by_product_line(self, company, monkeypatch):
        """Its files have no dimension and no member."""
        now = TABLES["targets"]
        then = [column for column in now.columns if not column.before]
        key = ("scope_kind", "scope", "metric", "product", "starts_on", "ends_on")
        monkeypatch.setitem(TABLES, "targets", replace(now, columns=tuple(then), key=key))
        schema = TABLES["targets"].schema
        assert "dimension" not in schema.names
        old = {
            "scope_kind": "unit", "scope": "east", "metric": "sales_amount", "starts_on": MARCH[0],
            "ends_on": MARCH[1], "target": Decimal(5),
        }  # fmt: skip
        load(targets=pa.Table.from_pylist([{**old, "product": "A"}, {**old, "product": ""}], schema=schema))
        monkeypatch.setitem(TABLES, "targets", now)
        told = reading.current().run("SELECT dimension, member FROM targets ORDER BY product").to_pylist()
        assert [tuple(row.values()) for row in told] == [("", ""), ("product_line", "A")]


@pytest.mark.django_db(transaction=True)
def test_product_lines_of_stored_targets_become_parts():
    executor = MigrationExecutor(connection)
    executor.migrate([("targets", "0002_cascades")])
    old = executor.loader.project_state([("targets", "0002_cascades"), ("org", "0001_initial")]).apps
    unit = old.get_model("org", "Unit").objects.create(key="x", name="x", kind="team")
    for product in ("", "A"):
        old.get_model("targets", "Target").objects.create(
            scope_kind="unit", unit_id=unit.pk, metric="sales_amount", product=product, target=1,
            starts_on=MARCH[0], ends_on=MARCH[1] - timedelta(days=1), changed_at=timezone.now(),
        )  # fmt: skip
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert {target.part for target in Target.objects.all()} == {Part(), Part("product_line", "A")}
