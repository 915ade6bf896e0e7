"""The same import by other doors: a database query, the command line."""

import json
import sqlite3

import pytest
import typer
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from typer.testing import CliRunner

from dabiao.core import jobs, limited, secrets
from dabiao.core.errors import Forbidden, NotFound
from dabiao.core.models import Job
from dabiao.facts import actions, commands, queries
from dabiao.facts.logic.reading import Options, Unreadable
from dabiao.facts.logic.reading.typed import open_query
from dabiao.facts.models import Connector, ImportBatch
from dabiao.org.models import User
from tests.core.test_hostile import workbook

MAP = """
schema: dabiao/map/1
system: erp
sources:
  orders: {query: "SELECT no, day, amount FROM orders", connector: erp}
tables:
  - {into: order_lines, from: orders, key: no, columns: {ordered_on: day, amount: amount}}
"""


@pytest.fixture
def database(folder):
    file = folder / "erp.sqlite"
    with sqlite3.connect(file) as work:
        work.execute("CREATE TABLE orders (no TEXT, day TEXT, amount NUMERIC)")
        work.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [("A1", "2026-01-05", 12.5), ("A2", "2026-02-30", 1), ("A3", "20260107", None)],
        )
    return f"sqlite:///{file}"


class TestQuery:
    def test_rows_come_through_the_same_checks(self, folder, database, load, at, sql):
        Connector.objects.create(name="erp", url=secrets.encrypt(database), changed_at=at)

        report = load(folder, MAP)

        assert [(str(a), b) for a, b in sql("SELECT amount, key FROM order_lines ORDER BY key")] == [
            ("12.5000", "A1"),
            ("None", "A3"),
        ]
        assert [(error.row, error.column) for error in report.shown_errors] == [(2, "day")]
        assert load(folder, MAP).total("unchanged") == 1 + 1

    def test_an_unknown_connector_is_named(self, folder, load):
        with pytest.raises(NotFound, match="'erp'"):
            load(folder, MAP)

    def test_a_failing_query_does_not_tell_the_password(self):
        with pytest.raises(Unreadable) as refused:
            open_query("postgresql+psycopg://u:s3cret@127.0.0.1:1/x", "SELECT 1", Options())

        assert "s3cret" not in str(refused.value)


class TestCommand:
    CSV = MAP.replace('{query: "SELECT no, day, amount FROM orders", connector: erp}', "orders.csv")

    @pytest.fixture
    def run(self, db, folder):
        app = typer.Typer()
        app.command()(commands.import_)
        (folder / "map.yml").write_text(self.CSV)
        (folder / "orders.csv").write_text("no,day,amount\nA1,2026-01-05,12.5\nA2,soon,1\n")
        return lambda *more: CliRunner().invoke(app, [str(folder), "--map", str(folder / "map.yml"), *more])

    def test_tells_all_as_json_and_by_its_exit_code(self, run):
        result = run("--format", "json")

        told = json.loads(result.stdout)
        assert result.exit_code == 2
        assert told["verdict"].startswith("1 row loaded, 0 unchanged, 1 rejected")
        assert told["tables"][0]["inserted"] == 1 and told["shown_errors"][0]["row"] == 3

    def test_a_dry_run_says_so_and_changes_nothing(self, run, sql):
        result = run("--dry-run")

        assert "1 row is ready, 1 would be rejected." in result.stdout
        assert sql("SELECT count(*) FROM order_lines") == [(0,)]


class TestRightsFirst:
    """What cannot be read is refused in other words once somebody has read it."""

    def test_by_command_before_the_mapping_is_read(self, folder, db):
        User.objects.create(username="rita", role=User.Role.REP)

        with pytest.raises(Forbidden):
            commands.import_(folder / "none.xlsx", map_file=folder / "none.yml", as_user="rita")

    def test_for_tables_that_only_administrators_bring(self, company, client):
        client.force_login(
            company.users["otto"], backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        damaged = SimpleUploadedFile("users.xlsx", b"PK")

        answer = client.post(reverse("org:import"), {"file": damaged, "table": "users"})

        assert answer.status_code == 403


class TestDamagedFiles:
    def test_an_import_of_one_ends_in_words_and_leaves_nothing(self, folder, load, otto):
        (folder / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
        text = MAP.replace('query: "SELECT no, day, amount FROM orders", connector: erp', 'file: "*.xlsx"')

        with pytest.raises(Unreadable, match=r"a\.xlsx is damaged"):
            load(folder, text)

        assert not ImportBatch.objects.exclude(state=ImportBatch.State.FAILED).exists()

    @pytest.mark.usefixtures("apart")
    def test_a_job_whose_reading_is_killed_fails_with_a_sentence(self, folder, otto, at, monkeypatch):
        monkeypatch.setattr(limited, "for_job", lambda _file: limited.Limit(memory=100 * 2**20))
        upload = SimpleUploadedFile("a.xlsx", workbook())
        batch = actions.begin([upload], mapping=CHECKED, by=otto, at=at)
        actions.confirm_mapping(batch.key, CHECKED, by=otto, at=at)

        jobs.run_waiting(at)

        job = queries.job_of(queries.batch(batch.key))
        assert job.status == "failed" and "a.xlsx" in queries.failure(job) and "Traceback" not in job.error

    def test_a_bug_is_not_shown_to_whoever_brought_the_file(self):
        job = Job(error='Traceback (most recent call last):\n  File "/opt/x.py"\nTypeError: no')

        assert "administrator" in queries.failure(job) and "/opt" not in queries.failure(job)


CHECKED = """
schema: dabiao/map/1
system: erp
sources:
  orders: {file: "*"}
tables:
  - {into: order_lines, from: orders, key: generated, columns: {ordered_on: 日期, amount: 金额}}
"""
