"""The API: tokens, what it does, what it refuses, and that it says what pages say."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dabiao.core import publishing
from dabiao.core.models import AuditLine
from dabiao.engine.promise import Levels
from dabiao.lake.models import Pending
from dabiao.org import actions
from dabiao.org.models import Person
from dabiao.org.queries import Scope
from dabiao.site import warming
from dabiao.targets import actions as targets
from dabiao.targets.models import Target

MARCH = (date(2026, 3, 1), date(2026, 4, 1))


class Caller:
    """A program with somebody's token."""

    def __init__(self, client, secret):
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}"}

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def send(self, method, path, body, content_type="application/json"):
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        call = getattr(self.client, method)
        return call(f"/api/v1/{path}", data, content_type=content_type, headers=self.headers)

    def post(self, path, body, **options):
        return self.send("post", path, body, **options)

    def put(self, path, body):
        return self.send("put", path, body)


@pytest.fixture
def calls(client, company):
    """A caller with a token of somebody: `calls("otto", "write")`."""

    def caller(name, scope="read"):
        at = timezone.now()
        _token, secret = actions.create_token(name="t", scope=scope, days=1, by=company.users[name], at=at)
        return Caller(client, secret)

    return caller


def line(key, person, amount, on="2026-03-02", **more):
    return {"key": key, "person": person, "amount": amount, "ordered_on": on, "currency": "CNY", **more}


LINES = [
    line("1", "P04", "100.10"),
    line("2", "P05", "20"),
    line("3", "P07", "3.33"),
    line("4", "P09", "1000"),
]


class TestToken:
    @pytest.mark.parametrize(
        "header", [{}, {"Authorization": "Bearer dbt_wrong"}, {"Authorization": "Basic eDp5"}]
    )
    def test_is_needed(self, client, db, header):
        assert client.get("/api/v1/units", headers=header).status_code == 401

    def test_of_a_session_is_not_enough(self, as_):
        assert as_("ada").get("/api/v1/units").status_code == 401

    def test_that_reads_does_not_write(self, calls):
        answer = calls("otto").put("targets", [])
        assert (answer.status_code, answer.json()["detail"]) == (403, "This token may read only.")

    def test_that_writes_needs_an_owner_who_may(self, calls, company):
        caller = calls("otto", "write")
        company.otto.role = "reader"
        company.otto.save()
        assert caller.put("targets", []).status_code == 403

    def test_stops_working_when_it_expires(self, client, company, at):
        long_ago = timezone.now() - timedelta(days=2)
        _token, secret = actions.create_token(name="t", scope="read", days=1, by=company.ada, at=long_ago)
        assert Caller(client, secret).get("units").status_code == 401


class TestOrg:
    def test_tells_who_calls_and_what_they_see(self, calls):
        assert calls("sam").get("me").json() == {
            "username": "sam", "role": "manager", "person": "P03", "sees_everything": False, "units": ["shanghai"],
        }  # fmt: skip

    def test_lists_visible_units_and_people_page_by_page(self, calls):
        caller = calls("emma")
        assert [unit["key"] for unit in caller.get("units").json()] == ["east", "nanjing", "shanghai"]
        page = caller.get("people", limit=2, offset=1).json()
        assert (page["count"], [row["key"] for row in page["items"]]) == (6, ["P07", "P03"])

    def test_names_no_parent_out_of_sight(self, calls):
        assert {unit["key"]: unit["parent"] for unit in calls("emma").get("units").json()} == {
            "east": None, "nanjing": "east", "shanghai": "east",
        }  # fmt: skip

    def test_hides_other_units(self, calls):
        assert calls("emma").get("people", unit="west").status_code == 404

    def test_imports_rows_and_changes_nothing_the_second_time(self, calls):
        caller = calls("otto", "write")
        body = {"rows": [{"工号": "N1", "姓名": "新人"}]}
        assert caller.post("org/people", body).json()["added"] == 1
        assert caller.post("org/people", body).json()["unchanged"] == 1

    def test_tells_every_error(self, calls):
        body = {"rows": [{"工号": "N1"}, {"姓名": "x"}, {"工号": "N2", "姓名": "y"}]}
        answer = calls("otto", "write").post("org/people", body)
        assert answer.status_code == 422
        assert [(e["row"], e["column"]) for e in answer.json()["detail"]] == [(2, "name"), (3, "key")]
        assert not Person.objects.filter(key="N2").exists()

    def test_refuses_managers_and_unknown_tables(self, calls):
        assert calls("emma", "write").post("org/people", {"rows": []}).status_code == 403
        assert calls("otto", "write").post("org/secrets", {"rows": []}).status_code == 404
        assert calls("otto", "write").post("org/users", {"rows": []}).status_code == 403


class TestTargets:
    BODY = {"scope_kind": "unit", "scope": "shanghai", "metric": "sales_amount", "starts_on": "2026-03-01", "ends_on": "2026-04-01"}  # fmt: skip

    def test_are_set_and_read_back_exactly(self, calls):
        caller = calls("emma", "write")
        body = [{**self.BODY, "target": "12345678901234.1234", "base": 0}]
        assert caller.put("targets", body).json() == {"added": 1, "changed": 0, "unchanged": 0, "cleared": 0}
        assert caller.put("targets", body).json()["unchanged"] == 1
        row = caller.get("targets", on="2026-03-31").json()["items"][0]
        assert (row["target"], row["base"], row["challenge"]) == ("12345678901234.1234", "0", None)
        assert caller.get("targets", on="2026-04-01").json()["count"] == 0

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"target": "1.23456"}, 422),
            ({"metric": "nope", "target": 1}, 422),
            ({"scope": "west", "target": 1}, 403),
            ({"scope": "nowhere", "target": 1}, 403),
            ({"ends_on": "2026-03-01", "target": 1}, 422),
            ({"scope_kind": "god"}, 422),
        ],
    )
    def test_are_refused_with_a_reason(self, calls, change, status):
        answer = calls("emma", "write").put("targets", [{**self.BODY, **change}])
        assert answer.status_code == status
        assert answer.json()["detail"]
        assert not Target.objects.exists()

    def test_say_what_was_promised(self, calls, company, at, on):
        slot = targets.Slot(Scope("person", "P04"), "sales_amount", *MARCH)
        targets.set_target(slot, Levels(target=Decimal(30)), by=company.otto, at=at, on=on)
        told = (
            calls("sam")
            .get("targets/promised", period="2026-03", metrics="sales_amount", scope="shanghai")
            .json()
        )
        assert told == [
            {"metric": "sales_amount", "base": None, "target": "30", "challenge": None, "derived": True, "partial": False}
        ]  # fmt: skip
        assert (
            calls("sam").get("targets/promised", period="2026-03", metrics="x", scope="east").status_code
            == 404
        )

    def test_refuse_like_the_page(self, as_, calls):
        cell = {"kind": "unit", "key": "west", "start": "2026-03-01", "end": "2026-04-01", "value": "1"}
        page = as_("emma").post(
            reverse("targets:grid-save", query={"scope": "east"}),
            json.dumps({"cells": [cell]}),
            content_type="application/json",
        )
        told = calls("emma", "write").put("targets", [{**self.BODY, "scope": "west", "target": 1}])
        assert page.status_code == told.status_code == 403
        assert told.json()["detail"] in page.content.decode()


class TestFacts:
    def test_come_in_as_json_and_are_measured_once_published(self, calls):
        caller = calls("otto", "write")
        assert caller.post("facts/order_lines", {"rows": LINES}).json() == {"accepted": 4}
        publishing.publish_waiting(timezone.now())
        rows = caller.get("query", metrics="sales_amount", by="person", period="2026-03").json()["rows"]
        assert rows == [
            {"person": "P04", "sales_amount": "100.1"},
            {"person": "P05", "sales_amount": "20"},
            {"person": "P07", "sales_amount": "3.33"},
            {"person": "P09", "sales_amount": "1000"},
        ]

    def test_come_in_line_by_line(self, calls):
        body = "\n".join(json.dumps(row) for row in LINES) + "\n\n"
        answer = calls("otto", "write").post("facts/order_lines", body, content_type="application/x-ndjson")
        assert (answer.status_code, answer.json()) == (202, {"accepted": 4})

    def test_sent_again_change_nothing(self, calls):
        caller = calls("otto", "write")
        for _ in range(2):
            caller.post("facts/order_lines", {"rows": LINES})
            publishing.publish_waiting(timezone.now())
        told = caller.get("query", metrics="sales_amount", period="2026").json()
        assert told["rows"] == [{"sales_amount": "1123.43"}]

    def test_can_be_removed(self, calls):
        caller = calls("otto", "write")
        caller.post("facts/order_lines", {"rows": LINES})
        publishing.publish_waiting(timezone.now())
        caller.post("facts/order_lines/removals", [{"source": "api", "key": "4"}])
        publishing.publish_waiting(timezone.now())
        assert caller.get("query", metrics="sales_amount", period="2026").json()["rows"] == [
            {"sales_amount": "123.43"}
        ]

    def test_keep_numbers_exact(self, calls):
        body = '{"rows": [{"key": "1", "ordered_on": "2026-03-02", "amount": 0.1}, {"key": "2", "ordered_on": "2026-03-02", "amount": 0.2}]}'
        caller = calls("otto", "write")
        assert caller.post("facts/order_lines", body).status_code == 202
        publishing.publish_waiting(timezone.now())
        assert caller.get("query", metrics="sales_amount", period="2026").json()["rows"] == [
            {"sales_amount": "0.3"}
        ]

    def test_keep_every_digit_of_an_amount_that_is_no_text(self, calls):
        body = '{"rows": [{"key": "1", "ordered_on": "2026-03-02", "amount": 12345678901234.5678}]}'
        caller = calls("otto", "write")
        assert caller.post("facts/order_lines", body).status_code == 202
        publishing.publish_waiting(at=timezone.now())
        assert caller.get("query", metrics="sales_amount", period="2026").json()["rows"] == [
            {"sales_amount": "12345678901234.5678"}
        ]

    def test_are_refused_row_by_row_and_none_is_kept(self, calls):
        rows = [LINES[0], line("5", "P04", "viel"), {"key": "6"}, line("7", "P04", "1", colour="red")]
        answer = calls("otto", "write").post("facts/order_lines", {"rows": rows[:2] + rows[3:]})
        assert answer.status_code == 422
        assert [problem["row"] for problem in answer.json()["detail"]] == [1, 2]
        undated = calls("otto", "write").post("facts/order_lines", {"rows": rows})
        assert [problem["row"] for problem in undated.json()["detail"]] == [1, 2, 3]
        assert not Pending.objects.exists()

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("ordered_on", 46000), ("ordered_on", -1), ("ordered_on", True), ("ordered_on", "16.3.2026"),
            ("ordered_on", "0001-01-01"), ("ordered_on", "1899-12-31"), ("ordered_on", "2200-01-01"),
            ("ordered_on", "9999-12-31"), ("amount", "1_000"), ("amount", "1,5"), ("amount", "NaN"), ("amount", "１２"),
        ],
    )  # fmt: skip
    def test_are_refused_where_a_value_could_only_be_guessed(self, calls, column, value):
        row = {**line("5", "P04", "1"), column: value}
        answer = calls("otto", "write").post("facts/order_lines", {"rows": [row]})

        assert answer.status_code == 422 and not Pending.objects.exists()
        (problem,) = answer.json()["detail"]
        assert problem["message"].startswith(f"{column}: {value}")

    @pytest.mark.parametrize("half", ["\\ud800", "x\\uDC00y", "\\udc00\\ud800"])
    def test_half_characters_are_refused_at_every_door(self, calls, half):
        caller = calls("otto", "write")
        bodies = {
            "facts/order_lines/removals": f'[{{"source": "x", "key": "{half}"}}]',
            "facts/order_lines": f'{{"rows": [{{"key": "{half}", "ordered_on": "2026-03-02"}}]}}',
        }
        for path, body in bodies.items():
            assert caller.post(path, body).status_code == 422, path
        whole = '{"rows": [{"key": "\\ud83d\\ude00", "ordered_on": "2026-03-02", "amount": "1"}]}'
        assert caller.post("facts/order_lines", whole).status_code == 202

    @pytest.mark.parametrize(
        "body", ["", "[]", '{"rows": 1}', '{"rows": [1]}', '{"rows": [{"key": [1]}]}', "NaN", "["]
    )
    def test_of_another_shape_are_refused(self, calls, body):
        assert calls("otto", "write").post("facts/order_lines", body).status_code == 422

    def test_are_for_operations(self, calls):
        assert calls("emma", "write").post("facts/order_lines", {"rows": LINES}).status_code == 403
        assert calls("otto", "write").post("facts/assignments", {"rows": LINES}).status_code == 404

    def test_are_removed_by_operations_only(self, calls):
        gone = [{"source": "api", "key": "1"}]
        assert calls("emma", "write").post("facts/order_lines/removals", gone).status_code == 403
        assert not Pending.objects.exists()
        assert calls("otto", "write").post("facts/order_lines/removals", gone).status_code == 202
        assert AuditLine.objects.get(what="facts.removed").detail == {"table": "order_lines", "rows": 1}

    def test_leave_an_audit_line(self, calls):
        calls("otto", "write").post("facts/order_lines", {"rows": LINES})
        assert AuditLine.objects.get(what="facts.upserted").detail == {"table": "order_lines", "rows": 4}

    def test_are_described(self, calls):
        tables = {table["name"]: table for table in calls("rita").get("facts").json()}
        assert tables["order_lines"]["on"] == "ordered_on"


class TestQuery:
    @pytest.fixture
    def facts(self, calls):
        calls("otto", "write").post("facts/order_lines", {"rows": LINES})
        publishing.publish_waiting(timezone.now())

    def test_counts_what_the_caller_may_see(self, calls, facts):
        told = {}
        for who in ("ada", "fin", "dora", "emma", "sam", "wes", "rita"):
            told[who] = (
                calls(who)
                .get("query", metrics="sales_amount", period="2026-03")
                .json()["rows"][0]["sales_amount"]
            )
        everything = dict.fromkeys(("ada", "fin", "dora"), "1123.43")
        assert told == {**everything, "emma": "123.43", "sam": "120.1", "wes": "1000", "rita": "100.1"}

    def test_of_another_subtree_is_not_found(self, calls, facts):
        assert (
            calls("sam").get("query", metrics="sales_amount", period="2026", scope="east").status_code == 404
        )
        answer = calls("sam").get("query", metrics="sales_amount", period="2026", scope="P07")
        assert answer.status_code == 404

    def test_cannot_reach_others_by_a_filter(self, calls, facts):
        answer = calls("sam").get(
            "query", metrics="sales_amount", by="person", period="2026", where="person=P07"
        )
        assert answer.json()["rows"] == []

    @pytest.mark.parametrize(
        "asked",
        [
            {"metrics": "nope"},
            {"metrics": "sales_amount", "by": "nope"},
            {"metrics": "sales_amount", "period": "2026-99"},
            {"metrics": "sales_amount", "where": "person"},
            {"metrics": "sales_amount", "start": "2026-01-01"},
            {"metrics": ""},
            {},
        ],
    )
    def test_says_what_it_does_not_understand(self, calls, asked):
        answer = calls("ada").get("query", **asked)
        assert answer.status_code == 422
        assert answer.json()["detail"]

    def test_reads_earlier_versions(self, calls, facts):
        caller = calls("otto", "write")
        before = caller.get("query", metrics="sales_amount", period="2026").json()
        caller.post("facts/order_lines", {"rows": [line("9", "P04", "1")]})
        publishing.publish_waiting(timezone.now())
        again = caller.get(
            "query", metrics="sales_amount", period="2026", at_version=before["version"]
        ).json()
        assert again == before
        assert caller.get("query", metrics="sales_amount", at_version=999).status_code == 404


class TestDescription:
    def test_is_a_page_that_asks_no_other_host(self, client, db):
        page = client.get("/api/v1/docs").content.decode()
        assert "swagger-ui-bundle" in page
        assert "//cdn" not in page
        assert "https://" not in page

    def test_lists_every_operation(self, client, db):
        paths = client.get("/api/v1/openapi.json").json()["paths"]
        assert {"/api/v1/query", "/api/v1/targets", "/api/v1/facts/{table}", "/api/v1/units"} <= set(paths)


class TestHealth:
    def test_answers(self, client, db):
        assert client.get("/healthz").json() == {"status": "ok"}

    def test_is_ready_with_database_migrations_and_lake(self, client, db):
        told = client.get("/readyz")
        assert (told.status_code, told.json()) == (
            200,
            {"status": "ok", "database": "ok", "migrations": "ok", "lake": "ok", "warm-up": "ok"},
        )

    def test_is_not_ready_while_it_warms_up(self, client, db):
        warming.begin()
        try:
            told = client.get("/readyz")
        finally:
            warming.end()
        assert (told.status_code, told.json()["warm-up"]) == (503, "running")
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200

    def test_is_not_ready_while_a_migration_waits(self, client, db):
        from django.db.migrations.recorder import MigrationRecorder

        MigrationRecorder.Migration.objects.filter(app="targets").delete()
        told = client.get("/readyz")
        assert (told.status_code, told.json()["migrations"]) == (503, "pending")
