"""One database and one lake belong together: every way in which they may not, and that nothing is lost by it."""

import errno
import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dabiao.core.publishing import publish_waiting
from dabiao.lake import durable, installation, journal, maintenance, reading
from dabiao.lake import home as lake_home
from dabiao.lake.change import Change
from dabiao.lake.installation import WrongLake
from dabiao.lake.models import Installation, Snapshot
from dabiao.lake.publish import publish
from dabiao.lake.tables import TABLES

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def load(key, amount=1):
    row = {"source": "erp", "key": key, "ordered_on": date(2026, 9, 1), "amount": Decimal(amount)}
    rows = pa.Table.from_pylist([row], schema=TABLES["order_lines"].schema)
    return publish([Change("order_lines", rows)], at=NOON, note="test").number


def keys():
    rows = reading.current().run("SELECT key FROM order_lines ORDER BY key").to_pylist()
    return [row["key"] for row in rows]


def files():
    """Every file of the data folder with its content's size, but for what only says who reads or waits."""
    folder = lake_home.lake().parent
    return {
        str(file.relative_to(folder)): file.stat().st_size
        for file in folder.rglob("*")
        if file.is_file() and ".spill" not in file.parts and ".templates" not in file.parts
    }


def empty_database():
    """What a new PostgreSQL, or a lost SQLite file, looks like after its tables were made."""
    Snapshot.objects.all().delete()
    Installation.objects.all().delete()


def refused_everywhere():
    """No writer, no clean-up and no reader takes the lake as it is; returns what is said."""
    with pytest.raises(WrongLake) as said:
        load("x")
    with suppress(WrongLake):  # it may find nothing to do
        publish_waiting(NOON)
    for attempt in (
        lambda: maintenance.clean(keep=1),
        lambda: maintenance.compact(at=NOON, files=0),
        installation.claim,
    ):
        with pytest.raises(WrongLake):
            attempt()
    return str(said.value)


class TestNewDatabaseOverAnOldLake:
    def test_is_refused_and_nothing_goes(self):
        load("a"), load("b")
        before = files()
        empty_database()

        assert "recover" in refused_everywhere()
        with pytest.raises(WrongLake):
            reading.current()
        assert files() == before

    def test_is_no_place_to_make_a_database(self):
        load("a")
        with pytest.raises(WrongLake, match="lake of another"):
            installation.refuse_new_database()

    def test_also_where_a_program_without_ids_filled_it(self):
        load("a")
        shutil.rmtree(lake_home.lake() / journal.FOLDER)
        empty_database()
        before = files()

        refused_everywhere()

        assert files() == before

    def test_also_where_it_has_an_id_of_its_own(self):
        load("a")
        before = files()
        empty_database()
        Installation.objects.create(pk=1, key="another", since=NOON)

        refused_everywhere()

        assert files() == before


class TestOldDatabaseOverANewFolder:
    def test_is_refused(self, settings, home):
        load("a")
        settings.LAKE_FOLDER = home / "elsewhere" / "lake"

        assert "holds nothing of it" in refused_everywhere()
        with pytest.raises(WrongLake):
            reading.current()

    def test_that_belongs_to_another_is_refused(self, settings, home):
        load("a")
        database = list(Snapshot.objects.all()), Installation.objects.get()
        mine = settings.LAKE_FOLDER
        settings.LAKE_FOLDER = home / "theirs" / "lake"
        empty_database()
        load("b")
        theirs = files()
        empty_database()
        Snapshot.objects.bulk_create(database[0])
        database[1].save()

        assert "two installations" in refused_everywhere()
        assert files() == theirs
        settings.LAKE_FOLDER = mine
        assert keys() == ["a"]


class TestOlderDatabaseOverANewerLake:
    def test_is_refused(self):
        load("a")
        older = Snapshot.objects.latest("number").number
        load("b")
        Snapshot.objects.filter(number__gt=older).delete()
        before = files()

        assert "older than the lake" in refused_everywhere()
        assert files() == before

    def test_is_told_from_a_copy_that_published_meanwhile(self):
        """Two copies of one database: what the other made under the same number is not mine."""
        load("a")
        load("b")
        Snapshot.objects.filter(number=Snapshot.objects.latest("number").number).update(token="a copy's")

        assert "another one publishes here" in refused_everywhere()


class TestTheSame:
    def test_goes_on_where_it_stopped(self):
        load("a")
        load("b")

        assert keys() == ["a", "b"]
        assert journal.newest().number == Snapshot.objects.latest("number").number

    def test_of_a_program_without_ids_is_claimed_once(self):
        load("a")
        shutil.rmtree(lake_home.lake() / journal.FOLDER)
        Installation.objects.all().delete()

        load("b")

        assert keys() == ["a", "b"]
        assert journal.owner() == Installation.objects.get().key
        assert [entry.number for entry in journal.entries()] == [
            each.number for each in Snapshot.objects.order_by("number")
        ]

    def test_claims_again_what_it_had_claimed_by_half(self):
        load("a")
        shutil.rmtree(lake_home.lake() / journal.FOLDER)
        Installation.objects.all().delete()
        journal.own("told to the lake alone")

        load("b")

        assert Installation.objects.get().key == "told to the lake alone"

    def test_that_died_before_it_wrote_the_journal_catches_up(self):
        load("a")
        journal.forget(keep=())
        load("b")

        assert len(list(journal.entries())) == Snapshot.objects.count()

    def test_forgets_what_was_cleaned_away(self):
        for key in "abc":
            load(key)
        maintenance.clean(keep=1)

        assert [entry.number for entry in journal.entries()] == [Snapshot.objects.get().number]

    def test_begins_anew_after_a_restore(self):
        load("a")
        before = Installation.objects.get().key
        installation.begin_anew()

        load("b")

        assert keys() == ["a", "b"]
        assert journal.owner() == Installation.objects.get().key != before


class TestDisk:
    def test_holds_every_file_before_the_pointer_moves(self, monkeypatch, written_through):
        """Each file that the snapshot names, its log entry, and the folders that list them."""
        known = {}
        create = Snapshot.objects.create

        def watched(**values):
            known["through"] = set(written_through)
            return create(**values)

        monkeypatch.setattr(Snapshot.objects, "create", watched)
        load("a"), load("b")
        snapshot = Snapshot.objects.latest("number")

        folder = lake_home.lake()
        for table, version in snapshot.tables.items():
            log = folder / table / "_delta_log"
            named = [*reading.Store(folder).files(table, version), log / f"{version:020}.json", log]
            for file in (*named, folder / table):
                assert str(file) in set(written_through)
        assert str(lake_home.serving() / snapshot.serving) in known["through"]
        newest = reading.Store(folder).files("order_lines", snapshot.tables["order_lines"])[-1]
        assert (
            str(folder / "order_lines" / "_delta_log" / f"{snapshot.tables['order_lines']:020}.json")
            in known["through"]
        )
        assert {newest} <= known["through"]

    def test_without_room_for_the_journal_what_is_published_stays_so(self, monkeypatch, caplog):
        def full(_opened, path):
            if path.name.startswith("v0"):
                raise OSError(errno.ENOSPC, "No space left on device", str(path))

        load("a")
        with monkeypatch.context() as cramped:
            cramped.setattr(durable, "through", full)
            load("b")

        assert keys() == ["a", "b"]
        assert "misses v2: No space left on device" in caplog.text
        assert [entry.number for entry in journal.entries()] == [1]
        assert not list(lake_home.lake().rglob("*.new"))
        load("c")
        assert [entry.number for entry in journal.entries()] == [1, 2, 3]
