"""Edges of the API, the outbox and the doctor: what is misspelt, contradicts itself or cannot be published is told."""

from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from dabiao.core import calendars, publishing
from dabiao.core.calendars import BadSetting
from dabiao.lake import outbox, reading
from dabiao.lake.change import Change
from dabiao.lake.models import Pending
from dabiao.lake.publish import publish
from dabiao.lake.tables import TABLES
from dabiao.org.models import Person, Unit
from dabiao.site.api import api
from dabiao.site.commands import doctor
from dabiao.site.doctor import examine
from tests.site.test_api import Caller, calls, line  # noqa: F401  # the fixture


def _example(parameter):
    """Something that a required parameter takes."""
    return "2026-03-01" if parameter["schema"].get("format") == "date" else "sales_amount"


class TestParameters:
    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"peroid": "2026-03"}, "Did you mean period?"),
            ({"from": "2026-03-01", "to": "2026-04-01"}, "There is no parameter 'from' here"),
        ],
    )
    def test_that_there_are_none_of_are_refused(self, calls, asked, says):  # noqa: F811
        answer = calls("otto").get("query", metrics="sales_amount", **asked)

        assert answer.status_code == 422 and says in answer.json()["detail"]

    def test_are_refused_by_every_address_that_reads(self, calls):  # noqa: F811
        caller = calls("otto")
        reading = {
            path.removeprefix("/api/v1/"): of["get"].get("parameters", [])
            for path, of in api.get_openapi_schema()["paths"].items()
            if "get" in of and "{" not in path
        }
        assert {"query", "people", "targets"} < set(reading)
        for path, known in reading.items():
            needed = {one["name"]: _example(one) for one in known if one.get("required")}
            answer = caller.get(path, **needed, nonsense="1")
            assert (answer.status_code, "'nonsense'" in str(answer.json()["detail"])) == (422, True), path

    def test_are_refused_where_something_is_written_too(self, calls):  # noqa: F811
        answer = calls("otto", "write").post("facts/order_lines?dry_run=1", {"rows": [line("1", "P04", "1")]})

        assert answer.status_code == 422 and "takes none" in answer.json()["detail"]
        assert not Pending.objects.exists()

    def test_are_told_to_nobody_who_has_no_token(self, client, db):
        assert client.get("/api/v1/query?nonsense=1").status_code == 401


class TestRowsByProgram:
    def test_of_one_key_that_differ_are_handed_back(self, calls):  # noqa: F811
        rows = [line("1", "P04", "1"), line("2", "P04", "2"), line("1", "P04", "3"), line("2", "P04", "2")]
        answer = calls("otto", "write").post("facts/order_lines", {"rows": rows})

        (problem,) = answer.json()["detail"]
        assert (answer.status_code, problem["row"]) == (422, 2)
        assert problem["message"] == "key: 1 stands in row 0 with other values. Send one of them."
        assert not Pending.objects.exists()

    @pytest.mark.parametrize(
        ("table", "column", "value"),
        [
            ("order_lines", "ordered_on", "2026-03-02T23:00:00Z"),
            ("order_lines", "ordered_on", "20260302"),
            ("order_lines", "amount", "0.00001"),
            ("order_lines", "amount", True),
            ("order_lines", "order", 7),
            ("order_lines", "returned", "no"),
            ("activities", "minutes", "1.5"),
            ("activities", "started_at", "1767571200000"),
        ],
    )
    def test_of_another_type_are_refused_by_column_and_value(self, calls, table, column, value):  # noqa: F811
        on = {"order_lines": "ordered_on", "activities": "started_at"}[table]
        row = {"key": "1", on: "2026-03-02", column: value}
        answer = calls("otto", "write").post(f"facts/{table}", {"rows": [row]})

        (problem,) = answer.json()["detail"]
        assert answer.status_code == 422 and problem["message"].startswith(f"{column}: {value} ")

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("2026-03-02T23:00:00Z", "2026-03-03 07:00:00"),
            ("2026-03-02T23:00:00+09:00", "2026-03-02 22:00:00"),
            ("2026-03-02T23:00", "2026-03-02 23:00:00"),
            ("2026-03-02", "2026-03-02 00:00:00"),
        ],
    )
    def test_moments_become_what_our_clock_showed(self, calls, sent, kept):  # noqa: F811
        row = {"key": "1", "started_at": sent, "person": "P04"}
        assert calls("otto", "write").post("facts/activities", {"rows": [row]}).status_code == 202
        publishing.publish_waiting(timezone.now())

        (found,) = reading.current().run("SELECT started_at::VARCHAR AS at FROM activities").to_pylist()
        assert found["at"] == kept


class TestRowsThatCannotBePublished:
    @pytest.fixture
    def poisoned(self, company, at):
        """A day that an earlier version took for a number of days, between two good rows."""
        for key, day in (("1", "2026-03-02"), ("2", 20260302), ("3", "2026-03-04")):
            row = {"source": "api", "key": key, "ordered_on": day, "person": "P04", "amount": "1"}
            Pending.objects.create(table="order_lines", source="api", key=key, row=row, by="otto", at=at)

    def test_are_set_aside_and_the_others_go_on(self, poisoned, at):
        publishing.publish_waiting(at)

        assert [
            row["key"] for row in reading.current().run("SELECT key FROM order_lines ORDER BY 1").to_pylist()
        ] == ["1", "3"]
        (aside,) = outbox.set_aside()
        assert (aside.key, aside.error) == (
            "2",
            "order_lines: ordered_on cannot be 20260302; it holds a day like 2026-03-16",
        )
        assert outbox.drain(at=at) is None

    def test_are_told_by_the_doctor(self, poisoned, at):
        publishing.publish_waiting(at)

        (finding,) = [finding for finding in examine(at) if finding.check == "entries"]
        assert finding.state == "warn" and "api/2" in finding.detail

    def test_are_gone_once_they_are_sent_as_they_should_be(self, poisoned, company, at):
        publishing.publish_waiting(at)
        row = {"source": "api", "key": "2", "ordered_on": "2026-03-02", "amount": "1"}
        outbox.put("order_lines", [row], by="otto", at=at)
        publishing.publish_waiting(at)

        assert not Pending.objects.exists()

    def test_an_error_that_is_no_rows_fault_stays_one(self, company, at, monkeypatch):
        row = {"source": "api", "key": "1", "ordered_on": "2026-03-02", "amount": "1"}
        outbox.put("order_lines", [row], by="otto", at=at)

        def broken(*args, **options):
            raise TypeError("the serving file")

        monkeypatch.setattr("dabiao.lake.serving.refresh", broken)
        with pytest.raises(TypeError, match="the serving file"):
            outbox.drain(at=at)

        assert outbox.waiting().count() == 1


class TestDoctor:
    @pytest.mark.parametrize("text", ["foo", "fiscal:13", "fiscal:00", "13:00", "4455:01"])
    def test_says_what_to_write_for_a_fiscal_year_that_is_none(self, db, at, monkeypatch, text):
        monkeypatch.setenv("DABIAO_FISCAL", text)

        with pytest.raises(BadSetting, match="Write calendar, fiscal:MM"):
            calendars.fiscal()
        (finding,) = [finding for finding in examine(at) if finding.check == "settings"]
        assert (finding.state, "DABIAO_FISCAL" in finding.detail) == ("fail", True)

    def test_tells_what_has_happened_and_is_dated_after_today(self, db, at):
        def days():
            return [(each.state, each.detail) for each in examine(at) if each.check == "days ahead"]

        def ordered(key, day):
            row = {"source": "t", "key": key, "ordered_on": day, "amount": "1"}
            publish([Change("order_lines", outbox.arrow(TABLES["order_lines"], [row]))], at=at, note="")

        plan = {"source": "t", "key": "1", "planned_on": date(2036, 1, 1)}
        publish([Change("visit_plans", outbox.arrow(TABLES["visit_plans"], [plan]))], at=at, note="")
        ordered("1", at.date())
        assert [state for state, _detail in days()] == ["ok"]

        ordered("2", at.date() + timedelta(days=400))
        ((state, detail),) = days()
        assert state == "warn"
        assert detail.startswith(
            f"order_lines: rows are dated up to {at.date() + timedelta(days=400)}, after today"
        )

    def test_tells_facts_of_days_on_which_their_people_sit_nowhere(self, db, at):
        def units():
            return [(each.state, each.detail) for each in examine(at) if each.check == "facts without a unit"]

        def sold(key, person, day):
            row = {"source": "t", "key": key, "ordered_on": day, "person": person, "amount": "1"}
            publish([Change("order_lines", outbox.arrow(TABLES["order_lines"], [row]))], at=at, note="")

        Person.objects.create(key="7", name="张三")
        sold("1", "7", date(2026, 1, 5))
        sold("2", "9", date(2026, 1, 5))  # nobody knows them
        assert [state for state, _detail in units()] == ["ok"]  # a company without units lacks none

        Unit.objects.create(key="east", name="华东", kind="team")
        ((state, detail),) = units()
        assert state == "warn"
        assert detail.startswith(
            "Order lines: 1 rows are of days on which their people sit in no unit, e.g. 7 from 2026-01-05 to 2026-01-05."
        )

    def test_is_chinese_to_whoever_reads_chinese(self, db, capsys):
        with translation.override("zh-hans"):
            doctor()
        head, _rule, first, *_more = capsys.readouterr().out.splitlines()
        assert [cell.strip() for cell in head.split("┃")] == ["部分", "状态", "说明"]
        assert [cell.strip() for cell in first.split("│")][:2] == ["系统设置", "正常"]

    def test_tells_dated_rows_that_overlap_and_rates_of_nothing(self, db, at):
        def history(customer, tier, first, last):
            return {"customer": customer, "tier": tier, "starts_on": first, "ends_on": last}

        rows = [
            history("C1", "a", date(2026, 1, 1), date(2026, 4, 1)),
            history("C1", "b", date(2026, 3, 1), date(2026, 5, 1)),
            history("C2", "a", date(2026, 1, 1), date(2026, 4, 1)),
        ]
        rates = [{"currency": "EUR", "on": date(2026, 1, 1), "rate": "0"}]
        publish(
            [
                Change("customer_history", outbox.arrow(TABLES["customer_history"], rows)),
                Change("fx_rates", outbox.arrow(TABLES["fx_rates"], rates)),
            ],
            at=at,
            note="",
        )

        told = [finding.detail for finding in examine(at) if finding.check == "dated rows"]
        assert len(told) == 2
        assert told[0].startswith("customer_history: 2 rows hold on the same days as others, e.g. C1")
        assert told[1].startswith("1 exchange rates are not above zero, e.g. EUR 2026-01-01")
