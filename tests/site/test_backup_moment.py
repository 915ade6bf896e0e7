"""A backup is one moment, whatever people and publications do while it is written."""

import copy
import tempfile
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dabiao.core.publishing import publish_waiting
from dabiao.engine.metric_file import load_files
from dabiao.engine.promise import Levels
from dabiao.lake import outbox, reading
from dabiao.lake.models import Pending, Snapshot
from dabiao.lake.tables import TABLES
from dabiao.org.access import User
from dabiao.org.actions import units, users
from dabiao.org.models import Unit
from dabiao.org.queries import Scope
from dabiao.site import backup
from dabiao.site.backup import files
from dabiao.targets.actions import Slot, set_target
from dabiao.targets.models import Target
from tests.site.backups import NOON, by_somebody_else, empty_database, every_row, rows_in

ON = date(2026, 3, 16)


METRICS = """
lines: {label: {en: Lines, zh-hans: 行}, kind: result, unit: count, measure: {table: order_lines, count: true}}
"""


@pytest.fixture
def one_metric(monkeypatch):
    """So that roll-ups are quick to make."""
    few = load_files({"few.yml": METRICS}, catalogue=TABLES)
    monkeypatch.setattr("dabiao.lake.dictionary.in_force", lambda: few)
    reading._open.cache_clear()


@pytest.mark.django_db(transaction=True)
class TestOneMoment:
    def test_rows_added_changed_and_removed_meanwhile_are_not_in_it(self, home, tmp_path):
        for name in ("ada", "rita", "rob"):
            User.objects.create_user(username=name)
        before = every_row()

        def meanwhile(step):
            if step == "org.user 1":
                by_somebody_else(lambda: User.objects.create_user(username="zoe"))
                by_somebody_else(lambda: User.objects.filter(username="rob").delete())
                by_somebody_else(lambda: User.objects.filter(username="rita").update(username="rina"))
                by_somebody_else(lambda: Unit.objects.create(key="new", name="New"))

        backup.backup(tmp_path / "b", at=NOON, trace=meanwhile)

        assert rows_in(tmp_path / "b") == before
        assert {user.username for user in User.objects.all()} == {"ada", "rina", "zoe"}
        assert Unit.objects.filter(key="new").exists()

    def test_files_that_vanish_or_are_written_meanwhile_are_left_out_or_taken_whole(
        self, home, tmp_path, monkeypatch
    ):
        (home / "imports").mkdir()
        for name in ("gone", "new", "written"):
            (home / "imports" / name).write_text("before")
        read = files.shutil.copyfileobj

        def and_somebody_writes(source, target, size):
            read(source, target, size)
            if source.name.endswith("written") and (home / "imports" / "written").stat().st_size < 10:
                (home / "imports" / "written").write_text("after, and longer")

        def meanwhile(step):
            if step == "imports/gone":
                (home / "imports" / "gone").unlink()

        monkeypatch.setattr(files.shutil, "copyfileobj", and_somebody_writes)
        backup.backup(tmp_path / "b", at=NOON, trace=meanwhile)
        with backup.Archive.open(tmp_path / "b") as archive:
            inside = {
                name: archive.read(name).decode() for name in archive.members if name.startswith("imports/")
            }
        assert inside == {"imports/new": "before", "imports/written": "after, and longer"}

    def test_what_a_killed_publisher_has_left_is_not_in_it(self, home, tmp_path, one_metric):
        enter("a", "1")
        publish_waiting(NOON)
        enter("b", "2")
        with pytest.raises(Killed):
            outbox.drain(at=NOON, trace=killed_before_the_roll_ups)

        backup.backup(tmp_path / "b", at=NOON)
        with backup.Archive.open(tmp_path / "b") as archive:
            logs = [name for name in archive.members if name.startswith("lake/order_lines/_delta_log/")]
            facts = [name for name in archive.members if name.startswith("lake/order_lines/")]
        newest = Snapshot.objects.latest("number").tables["order_lines"]
        assert logs and max(int(Path(name).name[:20]) for name in logs) == newest
        assert len(list((home / "lake" / "order_lines" / "_delta_log").iterdir())) > len(logs)
        assert len(facts) == len(logs) + 1

    def test_somebody_who_publishes_for_too_long_is_named(self, home, tmp_path, monkeypatch):
        monkeypatch.setattr("dabiao.lake.lease._acquire", lambda *_: raise_busy())

        with pytest.raises(backup.Busy, match="publishing"):
            backup.backup(tmp_path / "b", at=NOON)


def enter(key, amount):
    row = {"source": "hand", "key": key, "ordered_on": "2026-03-02", "amount": amount}
    outbox.put("order_lines", [row], by="root", at=NOON)


class Killed(BaseException):
    """What a power cut would be."""


def killed_before_the_roll_ups(step):
    if step == "serving":
        raise Killed


def raise_busy():
    from dabiao.lake.lease import LeaseBusy

    raise LeaseBusy("publish")


names = st.sampled_from(["ann", "bob", "cai"])
keys = st.sampled_from(["north", "south", "west"])
acts = st.one_of(
    st.tuples(st.just("user"), names, st.sampled_from(["rep", "manager"])),
    st.tuples(st.just("unit"), keys, st.sampled_from(["北", "南", None])),
    st.tuples(st.just("target"), keys, st.sampled_from(["1.0001", "20", None])),
    st.tuples(st.just("entry"), st.sampled_from("abc"), st.sampled_from(["7.5", "0.0001", None])),
    st.tuples(st.just("publish"), st.none(), st.none()),
)


class BackupMachine(RuleBasedStateMachine):
    """`truth` is what people have done; a disaster takes it back to the moment of the backup that is restored."""

    @initialize()
    def begin(self):
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.TemporaryDirectory()
        self.homes = 0
        empty_database()
        self.move()
        users.create_admin(username="root", password="correct-horse-9", by=None, at=NOON)
        self.truth = {"user": {"root": "admin"}, "unit": {}, "target": {}, "entry": {}, "fact": {}}

    def teardown(self):
        if hasattr(self, "patch"):
            self.patch.undo()
            self.folder.cleanup()

    def move(self):
        self.homes += 1
        home = Path(self.folder.name) / str(self.homes)
        home.mkdir()
        self.patch.setenv("DABIAO_HOME", str(home))
        self.patch.setattr(django_settings, "LAKE_FOLDER", home / "lake")

    def do(self, act):
        """What somebody does; `truth` follows."""
        what, key, value = act
        getattr(self, f"do_{what}")(key, value, self.truth.get(what))

    def do_user(self, name, role, held):
        if name in held:
            users.change_user(name, values={"role": role}, by=None, at=NOON)
        else:
            users.add_user(username=name, password="long enough 42", role=role, by=None, at=NOON)
        held[name] = role

    def do_unit(self, key, name, held):
        if name is not None and key in held:
            units.change_unit(key, values={"name": name}, by=None, at=NOON)
        elif name is not None:
            units.add_unit(key=key, name=name, by=None, at=NOON)
        elif key in held and key not in self.truth["target"]:
            units.remove_unit(key, by=None, at=NOON)
            held.pop(key)
            return
        if name is not None:
            held[key] = name

    def do_target(self, key, value, held):
        if key not in self.truth["unit"]:
            return
        slot = Slot(Scope("unit", key), "lines", date(2026, 3, 1), date(2026, 4, 1))
        exact = Decimal(value) if value else None
        set_target(slot, Levels(target=exact), by=None, at=NOON, on=ON)
        held.pop(key, None)
        if exact:
            held[key] = exact

    def do_entry(self, key, value, held):
        if value is None:
            outbox.remove("order_lines", [("hand", key)], by="root", at=NOON)
        else:
            enter(key, value)
        held[key] = value and Decimal(value)

    def do_publish(self, _key, _value, _held):
        publish_waiting(NOON)
        for key, value in self.truth["entry"].items():
            self.truth["fact"].pop(key, None)
            if value is not None:
                self.truth["fact"][key] = value
        self.truth["entry"] = {}

    @rule(act=acts)
    def somebody_does(self, act):
        self.do(act)

    @rule(meanwhile=st.lists(st.tuples(st.integers(0, 60), acts), max_size=6))
    def back_up_and_lose_everything(self, meanwhile):
        """People go on while the backup is written; whoever wants to publish waits. Then all of that is lost."""
        steps, kept, publishing = iter(range(999)), {}, []

        def others_go_on(step):
            number = next(steps)
            if step == "begun":
                by_somebody_else(lambda: kept.update(rows=every_row(), truth=copy.deepcopy(self.truth)))
            for when, act in meanwhile:
                if when == number and act[0] != "publish":
                    by_somebody_else(lambda act=act: self.do(act))
                elif when == number:
                    publishing.append(in_background(lambda: publish_waiting(NOON)))

        file = Path(self.folder.name) / "b.tar.gz"
        backup.backup(file, at=NOON, trace=others_go_on)
        for thread in publishing:
            thread.join()
        assert not publishing or reading.current().number
        assert rows_in(file) == kept["rows"]

        empty_database()
        self.move()
        backup.restore(file)
        assert every_row() == kept["rows"]
        self.truth = kept["truth"]

    @invariant()
    def everything_is_as_people_left_it(self):
        if not hasattr(self, "truth"):
            return
        assert {user.username: user.role for user in User.objects.all()} == self.truth["user"]
        assert {unit.key: unit.name for unit in Unit.objects.all()} == self.truth["unit"]
        assert {each.unit.key: each.target for each in Target.objects.all()} == self.truth["target"]
        waiting = {
            each.key: each.row and Decimal(each.row["amount"]) for each in Pending.objects.order_by("pk")
        }
        assert waiting == self.truth["entry"]
        lake = reading.current()
        facts = lake.run("SELECT key, amount FROM order_lines").to_pylist() if lake.number else []
        assert {row["key"]: row["amount"] for row in facts} == self.truth["fact"] and len(facts) == len(
            self.truth["fact"]
        )


def in_background(act):
    def run():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


QUICK = settings(
    max_examples=3,
    stateful_step_count=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
DEEP = settings(QUICK, max_examples=40, stateful_step_count=20)


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_restored_as_it_was_at_its_moment(one_metric):
    run_state_machine_as_test(BackupMachine, settings=QUICK)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_backup_is_restored_as_it_was_at_its_moment_for_long(one_metric):
    run_state_machine_as_test(BackupMachine, settings=DEEP)
