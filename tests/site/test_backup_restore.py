"""A restore brings everything or leaves nothing; what it writes is its owner's alone; the key comes as was chosen."""

import errno
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from dabiao.core import config, database, secrets
from dabiao.core.models import AuditLine, Job
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.engine.promise import Levels
from dabiao.lake import durable, installation, journal, reading
from dabiao.lake.models import Snapshot
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.site import backup
from dabiao.site.backup import making, staging
from dabiao.site.backup.archive import Archive
from dabiao.targets.actions import Slot, cascade, set_target
from dabiao.targets.logic.cascade import options
from dabiao.targets.logic.cascade.request import CascadeRequest, prepare
from dabiao.targets.models import Target
from tests.performance.facts import load
from tests.site.backups import (
    NOON,
    empty_database,
    every_row,
    mode_of,
    move_to,
    restored_into,
    rewritten,
    tree,
    with_row,
)

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = "key ordered_on person amount\n1 2026-02-01 P04 7\n2 2026-02-02 P09 500"
USERS = "database/org.user.jsonl"


@pytest.fixture
def users(home):
    """A small installation: two users and a file of metrics."""
    User.objects.create_user(username="ada", role=User.Role.ADMIN)
    User.objects.create_user(username="rita", role=User.Role.REP)
    (home / "metrics").mkdir()
    (home / "metrics" / "own.yml").write_text("# 自己的指标\n")
    (home / "imports" / "a1").mkdir(parents=True)
    (home / "imports" / "a1" / "orders.csv").write_text("key\n1\n")


@pytest.fixture
def made(users, tmp_path):
    backup.backup(tmp_path / "b.tar.gz", at=NOON)
    empty_database()
    return tmp_path / "b.tar.gz"


@pytest.fixture
def elsewhere(tmp_path, settings, monkeypatch):
    return move_to(tmp_path / "elsewhere", settings, monkeypatch)


class Killed(BaseException):
    """What a power cut would be."""


def test_every_table_comes_back_to_the_last_microsecond(company, tmp_path, settings, monkeypatch, at, on):
    load(order_lines=ORDERS)
    slot = Slot(Scope("unit", "shanghai"), "sales_amount", date(2026, 3, 1), date(2026, 4, 1))
    set_target(slot, Levels(target=Decimal("1234567.8901")), by=None, at=at, on=on)
    odd = datetime(2026, 3, 16, 4, 5, 6, 123456, tzinfo=UTC)
    Job.objects.create(
        key="k", task="t", created_at=odd, run_after=odd, result={"b": [1.5, None], "a": "汉字\\\n"}
    )
    ready = hand_down(at)
    before = every_row()
    assert b"123456" in b"".join(before["core.job"]) and b"1234567.8901" in b"".join(before["targets.target"])

    backup.backup(tmp_path / "b.tar.gz", at=NOON)
    restored_into(tmp_path / "elsewhere", tmp_path / "b.tar.gz", settings, monkeypatch)

    assert every_row() == before
    assert len(before["org.assignment"]) == 11 and len(before["lake.snapshot"]) > 1
    assert reading.current().run("SELECT sum(amount) AS n FROM order_lines")["n"][0].as_py() == 507
    cascade.edit(
        "year", options.place(ready, "P04:2027-Q1"), Decimal(400), by=None, at=at, reason="after all"
    )
    new = Job.objects.create(key="k2", task="t", created_at=odd, run_after=odd)
    assert new.pk > Job.objects.get(key="k").pk


def hand_down(at):
    """A year's plan, whose cells lie in a table of the lake that no snapshot names."""
    asked = CascadeRequest("sales_amount", CALENDAR_YEAR.parse("2027"), Decimal(8000), ("org", "quarter"))
    ready = prepare(asked, CALENDAR_YEAR)
    cascade.keep(ready, cascade.solve(ready), plan="year", by=None, at=at, reason="the year's plan")
    return ready


@pytest.mark.parametrize(
    ("case", "content", "says"),
    [
        ("a name twice", lambda users: users.replace(b'"rita"', b'"ada"'), USERS),
        (
            "a person that is not there",
            lambda users: with_row(users, "org.user", person_id=4711),
            "fit together",
        ),
        ("a role that is none", lambda users: with_row(users, "org.user", role="king"), USERS),
    ],
)
def test_rows_that_the_database_refuses_leave_nothing(made, elsewhere, tmp_path, case, content, says):
    odd = rewritten(
        made, tmp_path / "odd", contents=lambda members: {**members, USERS: content(members[USERS])}
    )

    with pytest.raises(backup.Damaged, match=says):
        backup.restore(odd)
    assert tree(elsewhere) == {} and not User.objects.exists(), case


@pytest.mark.parametrize("step", [0, 3, 5])
def test_a_full_disk_leaves_nothing(made, elsewhere, monkeypatch, step):
    """The key that the program made when it was started stays, and so does an empty folder."""
    (elsewhere / "secret.key").write_text("new")
    (elsewhere / "serving").mkdir()
    before = tree(elsewhere)
    with monkeypatch.context() as patch:
        raise_at(patch, step, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        with pytest.raises(backup.CannotWrite, match="No space left"):
            backup.restore(made)

    assert tree(elsewhere) == before and not User.objects.exists()
    backup.restore(made)
    assert User.objects.count() == 2 and (elsewhere / "metrics" / "own.yml").exists()


def raise_at(patch, step, error):
    """The n-th time that something is to be on the disk, or is renamed, the error is raised instead."""
    calls = iter(range(999))

    def counting(does):
        def first(*args, **kwargs):
            if next(calls) == step:
                raise error
            return does(*args, **kwargs)

        return first

    patch.setattr(durable, "through", counting(durable.through))
    patch.setattr("pathlib.Path.rename", counting(staging.Path.rename))


def test_whatever_a_kill_has_left_is_undone_by_the_next_restore(users, tmp_path, settings, monkeypatch):
    """Before the files are moved, among the moves, after the last one."""
    for step in (2, 6, 8, 9):
        assert restored_after_a_kill(step, tmp_path, settings, monkeypatch)


@pytest.mark.slow
def test_whatever_a_kill_has_left_is_undone_at_every_step(users, tmp_path, settings, monkeypatch):
    step = 0
    while restored_after_a_kill(step, tmp_path, settings, monkeypatch):
        step += 1
    assert step == 10


def restored_after_a_kill(step, tmp_path, settings, monkeypatch):
    """Whether there was such a step. The key that was there is put back, or that of the backup is."""
    file = tmp_path / "b.tar.gz"
    if not file.exists():
        monkeypatch.delenv("DABIAO_SECRET_KEY")
        monkeypatch.setattr(f"{__name__}.OLD", [config.secret_key()])
        backup.backup(file, at=NOON, keeping=backup.Keeping(plain=True))
    clear_users()
    folder = move_to(tmp_path / f"{step}", settings, monkeypatch)
    new = config.secret_key()
    with monkeypatch.context() as patch:
        raise_at(patch, step, Killed())
        patch.setattr(staging.Stage, "take_back", lambda stage: None)
        try:
            backup.restore(file)
        except Killed:
            assert not User.objects.exists() and (folder / ".restoring").exists()
        else:
            return False
    with pytest.raises(backup.CannotRead):
        backup.restore(tmp_path / "another.tar.gz")
    assert tree(folder) == {"secret.key": new.encode()}
    backup.restore(file)
    assert User.objects.count() == 2 and [config.secret_key()] == OLD
    assert sorted(path.name for path in folder.iterdir()) == ["imports", "lake", "metrics", "secret.key"]
    return True


OLD = []


def test_a_kill_after_the_commit_takes_nothing_back(made, elsewhere, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(staging.Stage, "clear", lambda stage: User.objects.exists() and raise_(Killed()))
        with pytest.raises(Killed):
            backup.restore(made)
    assert User.objects.count() == 2 and (elsewhere / ".restoring" / "moving.json").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging.Stage, "clear", lambda stage: None)
        with pytest.raises(backup.NotEmpty):
            backup.restore(made)
    installation.claim()
    empty_database()
    with pytest.raises(backup.NotEmpty):
        backup.restore(made)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["imports", "lake", "metrics"]


def test_a_copy_beside_its_original_is_an_installation_of_its_own(
    company, home, tmp_path, settings, monkeypatch
):
    load(order_lines=ORDERS)
    backup.backup(tmp_path / "b.tar.gz", at=NOON)
    original = journal.owner()
    restored_into(tmp_path / "elsewhere", tmp_path / "b.tar.gz", settings, monkeypatch)

    installation.prove()
    assert journal.owner() not in {None, original}
    assert journal.newest().number == Snapshot.objects.latest("number").number
    monkeypatch.setenv("DABIAO_HOME", str(home))
    settings.LAKE_FOLDER = home / "lake"
    with pytest.raises(installation.WrongLake):
        backup.backup(tmp_path / "mixed.tar.gz", at=NOON)
    assert not (tmp_path / "mixed.tar.gz").exists()


def clear_users():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM org_user")


@pytest.mark.parametrize("kills", ["Path.rename", "_remove", "Stage.clear"])
def test_a_kill_while_it_is_undone_loses_nothing_either(tmp_path, kills):
    (tmp_path / "secret.key").write_text("old")
    before = tree(tmp_path)
    stage = staging.Stage(tmp_path)
    stage.put("secret.key", [b"new"])
    stage.put("metrics/own.yml", [b"1"])
    stage.move_in()
    assert (tmp_path / "secret.key").read_text() == "new"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"dabiao.site.backup.staging.{kills}", lambda *_: raise_(Killed()))
        with pytest.raises(Killed):
            stage.take_back()
    stage.take_back()
    assert tree(tmp_path) == before


def test_two_restores_into_one_folder_do_not_meet(made, elsewhere):
    with staging.alone(elsewhere), pytest.raises(backup.Busy, match="Another restore"):
        backup.restore(made)
    assert tree(elsewhere) == {}


@pytest.mark.parametrize(
    "name", ["lake/orders/x", "metrics/own.yml", "calendars/c.yml", "imports/a/b", "demo.json"]
)
def test_what_is_there_is_never_overwritten(made, elsewhere, name):
    (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
    (elsewhere / name).write_text("mine")
    before = tree(elsewhere)

    with pytest.raises(backup.NotEmpty, match="not empty"):
        backup.restore(made)
    assert tree(elsewhere) == before


def test_a_database_with_any_row_is_not_empty(made, elsewhere):
    AuditLine.objects.create(what="x", subject_type="x", subject_key="x", subject_label="x", at=NOON)

    with pytest.raises(backup.NotEmpty, match=r"core\.auditline"):
        backup.restore(made)


def test_everything_written_is_its_owners_alone(made, elsewhere, tmp_path, monkeypatch):
    monkeypatch.delenv("DABIAO_SECRET_KEY")
    before = os.umask(0)
    try:
        backup.restore(made)
        backup.backup(tmp_path / "again", at=NOON)
        file = tmp_path / "db" / "x.sqlite3"
        database.sqlite(file)
    finally:
        os.umask(before)

    restored = [path for path in elsewhere.rglob("*") if "lake" not in path.parts]
    files = [path for path in restored if path.is_file()]
    assert files and {mode_of(path) for path in (*files, made, tmp_path / "again", file)} == {"0o600"}
    assert {mode_of(path) for path in restored if path.is_dir()} == {"0o700"}


class TestBackupThatFails:
    @pytest.mark.parametrize("there", [b"the one of yesterday", None])
    def test_leaves_the_file_that_was_there_and_no_other(self, users, tmp_path, monkeypatch, there):
        file = tmp_path / "b.tar.gz"
        if there:
            file.write_bytes(there)
        (tmp_path / "b.tar.gz.partial").write_bytes(b"of a dead writer")
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        monkeypatch.setattr(making.Writer, "finish", lambda writer, about: raise_(full))

        with pytest.raises(backup.CannotWrite, match=r"No space left.*b\.tar\.gz"):
            backup.backup(file, at=NOON)
        assert [path.name for path in tmp_path.glob("b.tar*")] == (["b.tar.gz"] if there else [])
        assert there is None or file.read_bytes() == there

    def test_says_where_it_cannot_write(self, users, tmp_path):
        with pytest.raises(backup.CannotWrite, match=r"No such file.*nowhere"):
            backup.backup(tmp_path / "nowhere" / "b.tar.gz", at=NOON)
        (tmp_path / "folder").mkdir()
        with pytest.raises(backup.CannotWrite, match="folder"):
            backup.backup(tmp_path / "folder", at=NOON)

    def test_names_what_the_lake_has_lost(self, company, home, tmp_path):
        load(order_lines=ORDERS)
        next((home / "lake" / "order_lines").rglob("*.parquet")).unlink()

        with pytest.raises(backup.CannotRead, match=r"lake/order_lines/.*parquet.*dabiao doctor"):
            backup.backup(tmp_path / "b.tar.gz", at=NOON)
        staging._remove(home / "lake" / "order_lines")
        with pytest.raises(backup.CannotRead, match="lake can't be read"):
            backup.backup(tmp_path / "b.tar.gz", at=NOON)
        assert not list(tmp_path.glob("b.tar*"))
        assert Snapshot.objects.exists()


def raise_(error):
    raise error


class TestKey:
    @pytest.fixture(autouse=True)
    def _in_a_file(self, users, monkeypatch):
        monkeypatch.delenv("DABIAO_SECRET_KEY")
        self.secret = secrets.encrypt("postgresql://erp:pw@host/db")

    def restored(self, tmp_path, settings, monkeypatch, keeping, **options):
        self.file = tmp_path / "b.tar.gz"
        self.old = config.secret_key()
        self.name = backup.backup(self.file, at=NOON, keeping=keeping).key
        done = restored_into(tmp_path / "elsewhere", self.file, settings, monkeypatch, **options)
        assert done.has_key == (config.secret_key() == self.old)
        return done.has_key

    def test_is_left_out_by_default(self, tmp_path, settings, monkeypatch):
        assert not self.restored(tmp_path, settings, monkeypatch, backup.Keeping())
        assert self.name == "" and self.old.encode() not in everything_in(self.file)
        with pytest.raises(secrets.SecretIsUnreadable):
            secrets.decrypt(self.secret)

    def test_comes_along_as_it_is_when_asked_for(self, tmp_path, settings, monkeypatch):
        assert self.restored(tmp_path, settings, monkeypatch, backup.Keeping(plain=True))
        assert self.old.encode() in everything_in(self.file)
        assert secrets.decrypt(self.secret) == "postgresql://erp:pw@host/db"

    def test_stays_in_the_archive_when_it_is_not_wanted(self, tmp_path, settings, monkeypatch):
        assert not self.restored(tmp_path, settings, monkeypatch, backup.Keeping(plain=True), with_key=False)

    def test_opens_with_its_passphrase_and_no_other(self, tmp_path, settings, monkeypatch):
        phrase = tmp_path / "phrase"
        phrase.write_text("correct horse 电池\nsecond line\n")
        keeping = backup.Keeping(passphrase=backup.passphrase_in(phrase))
        with pytest.raises(backup.WrongPassphrase, match="--passphrase-file"):
            self.restored(tmp_path, settings, monkeypatch, keeping)
        assert self.old.encode() not in everything_in(self.file)
        with pytest.raises(backup.WrongPassphrase, match="another passphrase"):
            backup.restore(self.file, passphrase="correct horse")
        assert not User.objects.exists() and not (tmp_path / "elsewhere" / "metrics").exists()
        assert backup.restore(self.file, passphrase="correct horse 电池").has_key
        assert config.secret_key() == self.old

    def test_is_not_kept_when_it_comes_from_the_environment(self, tmp_path, monkeypatch):
        config.secret_key()
        monkeypatch.setenv("DABIAO_SECRET_KEY", "from the environment")

        assert backup.backup(tmp_path / "b", at=NOON, keeping=backup.Keeping(plain=True)).key == ""

    def test_asks_for_a_passphrase_that_protects(self, tmp_path):
        (tmp_path / "short").write_text("1234567\n")
        with pytest.raises(backup.WrongPassphrase, match="shorter than 8"):
            backup.passphrase_in(tmp_path / "short")
        with pytest.raises(backup.CannotRead):
            backup.passphrase_in(tmp_path / "nowhere")


def everything_in(file):
    with Archive.open(file) as archive:
        return b"".join(archive.read(name) for name in archive.members)


def test_an_archive_of_an_earlier_program_is_brought_up_to_date(
    company, tmp_path, settings, monkeypatch, at, on
):
    """Of a time before cascades, whose tables it does not have, and before targets were narrowed by anything but lines."""
    slot = Slot(Scope("unit", "shanghai"), "sales_amount", date(2026, 3, 1), date(2026, 4, 1))
    set_target(slot, Levels(target=Decimal(7)), by=None, at=at, on=on)
    users, made = User.objects.count(), tmp_path / "b.tar.gz"
    backup.backup(made, at=NOON)

    def before_cascades(told):
        migrations = [each for each in told["migrations"] if each not in LATER]
        tables = {label: n for label, n in told["tables"].items() if label not in CASCADES}
        return {**told, "migrations": migrations, "tables": tables}

    def members(held):
        return {
            name: of_lines(content) if name[9:-6] == "targets.target" else content
            for name, content in held.items()
            if name[9:-6] not in CASCADES
        }

    older = rewritten(made, tmp_path / "older", about=before_cascades, contents=members)
    try:
        restored_into(tmp_path / "elsewhere", older, settings, monkeypatch)
        assert User.objects.count() == users
        assert ("targets", "0003_parts") in MigrationRecorder(connection).applied_migrations()
        assert {(each.dimension, each.member) for each in Target.objects.all()} == {("product_line", "cnc")}
    finally:
        call_command("migrate", verbosity=0, interactive=False)


def of_lines(content):
    """Targets as they were written when a product line was all that they could be narrowed to."""
    names, *rows = (json.loads(line) for line in content.splitlines())
    told = [{**dict(zip(names, row, strict=True)), "product": "cnc"} for row in rows]
    older = [name for name in told[0] if name not in {"dimension", "member"}]
    return b"".join(
        json.dumps(line).encode() + b"\n"
        for line in [older, *([row[name] for name in older] for row in told)]
    )


LATER = (["targets", "0002_cascades"], ["targets", "0003_parts"])
CASCADES = ("targets.cascadeplan", "targets.cascadeversion", "targets.cascadelimit", "targets.ledgerentry")


def test_the_manifest_tells_size_and_hash_of_everything(made):
    with Archive.open(made) as archive:
        told = {each["name"]: (each["size"], len(each["sha256"])) for each in archive.about["members"]}
        assert told == {name: (len(archive.read(name)), 64) for name in archive.members}
        assert archive.about["tables"]["org.user"] == 2
        assert json.loads(archive.read(USERS).splitlines()[0])[0] == "id"
