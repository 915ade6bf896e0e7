"""Backup into an archive, restore into an empty installation; upgrade of both stores; the doctor."""

from datetime import date

import duckdb
import pytest

from dabiao.core.models import AuditLine
from dabiao.engine.period import Fiscal
from dabiao.lake import home, maintenance, reading
from dabiao.lake.models import Snapshot
from dabiao.metrics import query
from dabiao.metrics.query import Query
from dabiao.org.models import Assignment, User
from dabiao.org.queries import operator
from dabiao.site import backup, doctor
from tests.performance.facts import NOON, load
from tests.site.backups import restored_into

ORDERS = "key ordered_on person amount\n1 2026-02-01 P04 7\n2 2026-02-02 P09 500"


def sales(lake):
    asked = Query(("sales_amount",), ("team",), Fiscal().parse("2026-02"))
    reply = query.run_query(lake, asked, viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 16))
    return {row["team"]: row["sales_amount"] for row in reply.rows}


@pytest.mark.django_db(transaction=True)
class TestBackup:
    def test_comes_back_whole_in_an_empty_installation(self, company, settings, tmp_path, monkeypatch):
        load(order_lines=ORDERS)
        older = reading.current().number
        load(order_lines="key ordered_on person amount\n1 2026-02-01 P04 8")
        counted = {model: model.objects.count() for model in (User, Assignment, AuditLine, Snapshot)}
        before = sales(reading.current())

        files = backup.backup(tmp_path / "b.tar.gz", at=NOON).files
        number = restored_into(tmp_path / "elsewhere", tmp_path / "b.tar.gz", settings, monkeypatch).version

        assert files > len(reading.current().tables)
        assert number == reading.current().number
        assert sales(reading.current()) == before == {"shanghai": 8, "chengdu": 500}
        assert sales(reading.at(older)) == {"shanghai": 7, "chengdu": 500}
        assert {model: model.objects.count() for model in counted} == counted
        assert User.objects.get(username="sam").check_password("") is False
        load(order_lines="key ordered_on person amount\n3 2026-02-03 P07 1")
        assert sales(reading.current()) == {"shanghai": 8, "nanjing": 1, "chengdu": 500}

    def test_refuses_to_overwrite(self, company, tmp_path):
        load(order_lines=ORDERS)
        backup.backup(tmp_path / "b.tar.gz", at=NOON)

        with pytest.raises(backup.NotEmpty, match="not empty"):
            backup.restore(tmp_path / "b.tar.gz")


class TestUpgrade:
    def test_makes_the_roll_ups_anew_when_a_metric_is_added(self, company, settings):
        load(order_lines=ORDERS)
        settings.METRICS_FOLDER.mkdir()
        (settings.METRICS_FOLDER / "own.yml").write_text(
            "big_sales: {label: {en: Big, zh-hans: 大单}, kind: result, unit: money,"
            " measure: {table: order_lines, sum: amount, where: {amount: {at_least: 100}}}}"
        )

        assert maintenance.rebuild(at=NOON) == 2
        assert maintenance.rebuild(at=NOON) is None
        asked = Query(("big_sales",), ("team",), Fiscal().parse("2026-02"))
        reply = query.run_query(
            reading.current(), asked, viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 16)
        )
        assert [row for row in reply.rows if row["big_sales"]] == [{"team": "chengdu", "big_sales": 500}]

    def test_reads_files_from_before_a_column_was_added(self, company, monkeypatch):
        from dabiao.lake import tables, writing

        today = tables.TABLES["order_lines"]
        before = tables._fact("order_lines", "ordered_on", "a line", "order text", money=True)
        with monkeypatch.context() as older:
            older.setattr(writing, "TABLES", {**tables.TABLES, "order_lines": before})
            older.setattr("dabiao.lake.store.TABLES", {**tables.TABLES, "order_lines": before})
            load_as(before, ORDERS)
        load(order_lines="key ordered_on person amount product\n3 2026-02-03 P07 1 g1")

        assert before.names < today.names
        assert sales(reading.current()) == {"shanghai": 7, "nanjing": 1, "chengdu": 500}
        assert reading.current().run("SELECT product FROM order_lines ORDER BY key")[
            "product"
        ].to_pylist() == [None, None, "g1"]


def load_as(table, text):
    from dabiao.lake import publish
    from dabiao.lake.change import Change
    from dabiao.lake.outbox import arrow
    from dabiao.org.logic.seats import org_tables
    from tests.performance.facts import rows

    org = [Change(name, each, whole=True) for name, each in org_tables().tables.items()]
    facts = Change("order_lines", arrow(table, [{"source": "test", **row} for row in rows(text)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dabiao.lake.serving.refresh", lambda *_, **__: "")
        publish.publish([*org, facts], at=NOON, note="older")


class TestDoctor:
    def test_finds_nothing_wrong_with_a_fresh_load(self, company, on, at):
        load(order_lines=ORDERS)

        assert [found.check for found in doctor.examine(at) if found.state != "ok"] == ["worker"]

    def test_names_a_file_that_is_gone(self, company, at, settings):
        load(order_lines=ORDERS)
        next((settings.LAKE_FOLDER / "order_lines").rglob("*.parquet")).unlink()

        broken = [finding for finding in doctor.examine(at) if finding.state == "fail"]
        assert "files are missing" in broken[0].detail

    @pytest.mark.parametrize(
        ("case", "table"),
        [
            ("cells by seat", "order_lines__ordered_on"),
            ("totals by unit", "order_lines__ordered_on__units"),
            ("members", "order_lines__ordered_on__members__sellers"),
        ],
    )
    def test_names_a_measure_whose_roll_up_lost_a_row(self, company, at, case, table):
        load(order_lines=ORDERS)
        file = home.serving() / Snapshot.objects.latest("number").serving
        with duckdb.connect(file) as serving:
            serving.execute(f'DELETE FROM "{table}" WHERE rowid IN (SELECT min(rowid) FROM "{table}")')
        reading._open.cache_clear()

        broken = [finding.detail for finding in doctor.examine(at) if finding.state == "fail"]
        assert len(broken) == 1 and "order_lines__ordered_on: " in broken[0], case

    def test_names_the_entry_of_a_metric_file_that_cannot_be_read(self, as_, at, settings):
        load(order_lines=ORDERS)
        settings.METRICS_FOLDER.mkdir()
        (settings.METRICS_FOLDER / "own.yml").write_text("big_sales: {label: Big}")

        found = {finding.check: finding for finding in doctor.examine(at)}
        assert "own.yml" in found["metrics"].detail and "big_sales" in found["metrics"].detail
        assert (found["metrics"].state, found["roll-ups"].state) == ("fail", "warn")
        page = as_("ada").get("/cockpit/")
        assert page.status_code == 409 and "own.yml" in page.content.decode()
        maintenance.tidy(at=at)
