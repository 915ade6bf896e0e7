"""The restore drill by command: an archive is restored for show, in another process, and every row is compared."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from dabiao.core import config
from dabiao.core.models import Job
from dabiao.engine.promise import Levels
from dabiao.org.access import User
from dabiao.org.actions.units import add_unit
from dabiao.org.queries import Scope
from dabiao.site import backup, cli
from dabiao.site.backup.drill import drill
from dabiao.targets.actions import Slot, set_target
from tests import postgres
from tests.conftest import skip_or_fail
from tests.performance.facts import load
from tests.site.backups import NOON, every_row, restored_into, rewritten, rows_in, tree, with_row

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = "key ordered_on person amount\n1 2026-02-01 P04 7\n2 2026-02-02 P09 500"


def run(*arguments):
    return CliRunner().invoke(cli.build(arguments), arguments)


def output(*arguments):
    done = run(*arguments, "--format", "json")
    return done.exit_code, {line["part"]: line for line in json.loads(done.stdout)}


@pytest.fixture
def small(home, at, on, tmp_path):
    """A backup without a lake, with something of every kind of value."""
    add_unit(key="shanghai", name="上海", by=None, at=at)
    values_of_every_kind(at, on)
    (home / "metrics").mkdir()
    (home / "metrics" / "own.yml").write_text("# 自己的指标\n")
    backup.backup(tmp_path / "small", at=NOON)
    return tmp_path / "small"


@pytest.fixture
def full(company, at, on, tmp_path):
    """A backup of a company with facts."""
    load(order_lines=ORDERS)
    values_of_every_kind(at, on)
    backup.backup(tmp_path / "full", at=NOON)
    return tmp_path / "full"


def values_of_every_kind(at, on):
    """Amounts, microseconds, JSON, dates, nulls, texts that need care."""
    slot = Slot(Scope("unit", "shanghai"), "sales_amount", date(2026, 3, 1), date(2026, 4, 1))
    set_target(slot, Levels(target=Decimal("1234567.8901")), by=None, at=at, on=on)
    odd = datetime(2026, 3, 16, 4, 5, 6, 123456, tzinfo=UTC)
    value = {"b": [1.5, 0.1, 1e-9, None, True], "a": "汉字\\\n", "c": 2**53}
    Job.objects.create(key="k", task="t", created_at=odd, run_after=odd, result=value)
    User.objects.create_user(username="老王", role=User.Role.ADMIN, last_login=odd)


def test_there_and_back_every_table_is_equal(small, tmp_path, settings, monkeypatch):
    """From this suite's database into SQLite and back again: on its second leg that is PostgreSQL."""
    before = every_row()

    lines = drill(small, again=tmp_path / "again")
    odd = [line for line in lines if line.state != "ok"]
    assert {line.state for line in odd} <= {"warn", "fail"}, odd
    # Nobody works for an installation that is only looked at, so no worker is missed.
    assert [line.detail for line in odd] == ["Nothing has been published yet; import something."]
    assert {"org.user", "targets.target", "metrics"} <= {line.part for line in lines}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "home", "small"]
    restored_into(tmp_path / "back", tmp_path / "again", settings, monkeypatch)

    assert every_row() == before == rows_in(small)


@pytest.mark.slow
def test_from_sqlite_to_postgres_and_back_every_table_is_equal(full, tmp_path):
    with postgres.cluster() as url:
        if url is None:
            skip_or_fail("initdb was not found (apt install postgresql)")
        first = drill(full, database=url, again=tmp_path / "of_postgres.tar.gz")
        again = drill(full, database=url)  # the rows of the first one are gone
        back = drill(tmp_path / "of_postgres.tar.gz", again=tmp_path / "back.tar.gz")

    assert {line.state for line in (*first, *again, *back)} == {"ok"}
    assert any("postgresql" in line.detail for line in first)
    before, between, after = (
        {label: [json.loads(row) for row in rows] for label, rows in rows_in(file).items()}
        for file in (full, tmp_path / "of_postgres.tar.gz", tmp_path / "back.tar.gz")
    )
    assert before == between == after  # as values: PostgreSQL puts the keys of JSON in an order of its own


def test_what_cannot_be_restored_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    User.objects.create_user(username="ada", role=User.Role.ADMIN)
    monkeypatch.delenv("DABIAO_SECRET_KEY")
    config.secret_key()
    (tmp_path / "phrase").write_text("correct horse")
    (tmp_path / "another").write_text("another horse")
    assert run("backup", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "phrase")).exit_code == 0
    before = tree(tmp_path)

    done = run("drill", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "another"))
    assert done.exit_code == 1 and "another passphrase" in str(done.exception)
    assert tree(tmp_path) == before


def test_a_row_that_comes_back_otherwise_is_counted_and_fails(tmp_path, monkeypatch):
    User.objects.create_user(username="ada", role=User.Role.ADMIN)
    backup.backup(tmp_path / "b", at=NOON)
    other = rewritten(
        tmp_path / "b",
        tmp_path / "other",
        contents=lambda members: {
            **members,
            "database/org.user.jsonl": with_row(members["database/org.user.jsonl"], "org.user", theme="dark"),
            "metrics/own.yml": b"# new\n",
        },
    )
    monkeypatch.setattr(
        "dabiao.site.backup.drill._rehearsed",
        lambda file, again, *_: [again.write_bytes(other.read_bytes()), []][1],
    )

    code, lines = output("drill", str(tmp_path / "b"))
    assert code == 1
    assert (lines["org.user"]["state"], lines["org.user"]["detail"]) == ("fail", "1 row differs")
    assert (lines["metrics"]["state"], lines["metrics"]["detail"]) == ("fail", "metrics/own.yml")
    assert lines["org.unit"]["state"] == "ok"
