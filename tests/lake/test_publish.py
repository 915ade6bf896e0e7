"""What the state machine tries with any rows, by example and quickly: keys, windows, roll-ups, leases, the outbox."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from django.utils import timezone

from dabiao.engine.metric_file import load_files
from dabiao.lake import home as lake_home
from dabiao.lake import lease, maintenance, outbox, reading
from dabiao.lake.change import BadChange, Change, Counts, Window
from dabiao.lake.models import Lease, Pending, Snapshot
from dabiao.lake.publish import publish
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
METRICS = """
sales: {label: {en: Sales, zh-hans: 销售额}, kind: result, unit: money, measure: {table: order_lines, sum: amount}}
"""
pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a power cut would be."""


@pytest.fixture(autouse=True)
def one_metric(monkeypatch):
    """Roll-ups of one metric, so that they are quick to make."""
    few = load_files({"few.yml": METRICS}, catalogue=TABLES)
    monkeypatch.setattr("dabiao.lake.dictionary.in_force", lambda: few)


def rows(text):
    """`key day amount [source]` as order lines of September; the source is erp where none is named."""
    lines = [line.split() for line in text.strip().splitlines() if line.strip()]
    return pa.Table.from_pylist(
        [
            {
                "key": key,
                "ordered_on": date(2026, 9, int(day)),
                "amount": Decimal(amount),
                "source": (rest or ["erp"])[0],
            }
            for key, day, amount, *rest in lines
        ],
        schema=TABLES["order_lines"].schema,
    )


def keys(*some):
    return pa.table({"source": ["erp"] * len(some), "key": list(some)})


def load(text="", trace=lambda step: None, **change):
    return publish([Change("order_lines", rows(text), **change)], at=NOON, note="test", trace=trace)


def held():
    """key → (day, amount) of what readers see."""
    found = reading.current().run("SELECT key, ordered_on, amount FROM order_lines ORDER BY key").to_pylist()
    return {row["key"]: (row["ordered_on"].day, row["amount"]) for row in found}


def rolled_up():
    """Day → amount, by the roll-ups."""
    cells = reading.current().run('SELECT day, sum(sales) AS n FROM "order_lines__ordered_on" GROUP BY ALL')
    return {row["day"].day: row["n"] for row in cells.to_pylist()}


def takes_over():
    """The lease runs out, as of somebody who sleeps, and another process has it now."""
    Lease.objects.update(token="another", expires_at=timezone.now() + timedelta(minutes=1))


class TestRows:
    def test_that_come_again_changed_replace_the_old_ones(self):
        load("a 1 10\nb 2 20")
        load("b 2 25")

        assert held() == {"a": (1, 10), "b": (2, 25)}

    def test_whose_day_moved_count_on_the_new_day_only(self):
        load("a 1 10\nb 1 20")
        load("a 5 10")

        assert held() == {"a": (5, 10), "b": (1, 20)}
        assert rolled_up() == {1: 20, 5: 10}

    def test_of_one_key_twice_are_refused_and_nothing_is_seen(self):
        load("a 1 10")
        with pytest.raises(BadChange, match="stands there twice"):
            load("b 1 10\nb 2 20")

        assert held() == {"a": (1, 10)}

    def test_that_are_removed_and_come_in_one_change_stay(self):
        load("a 1 10\nb 2 20")
        published = load("a 1 11", removed=keys("a", "b"))

        assert published.counts["order_lines"] == Counts(updated=1, removed=1)
        assert held() == {"a": (1, 11)}
        assert rolled_up() == {1: 11}


class TestWindow:
    def test_holds_its_first_day_and_not_its_end(self):
        load("a 9 1\nb 10 1\nc 19 1\nd 20 1")
        load("e 15 1", window=Window("erp", date(2026, 9, 10), date(2026, 9, 20)))

        assert set(held()) == {"a", "d", "e"}
        assert rolled_up() == {9: 1, 15: 1, 20: 1}

    def test_is_that_of_one_source(self):
        load("a 10 1\nb 10 1 shop")
        load("c 10 1", window=Window("erp", date(2026, 9, 10), date(2026, 9, 20)))

        assert set(held()) == {"b", "c"}


class TestPublisher:
    @pytest.mark.parametrize("step", ["write order_lines", "commit order_lines", "serving", "snapshot"])
    def test_that_is_killed_before_the_pointer_moves_shows_nothing(self, step):
        load("a 1 10")

        def kill(name):
            if name == step:
                raise Killed

        with pytest.raises(Killed):
            load("a 1 99\nb 2 20", trace=kill)
        assert held() == {"a": (1, 10)} and rolled_up() == {1: 10}
        load("c 3 30")

        assert held() == {"a": (1, 10), "c": (3, 30)}
        assert rolled_up() == {1: 10, 3: 30}

    def test_that_slept_while_another_took_over_shows_nothing(self):
        load("a 1 10")

        def sleep(name):
            if name == "snapshot":
                takes_over()

        with pytest.raises(lease.LeaseLost):
            load("b 2 20", trace=sleep)

        assert held() == {"a": (1, 10)}
        assert Snapshot.objects.count() == 1


class TestLease:
    def test_is_not_given_twice(self):
        with lease.held("publish") as mine:
            with pytest.raises(lease.LeaseBusy), lease.held("publish", wait=timedelta(0)):
                pass
            mine.confirm()
        with lease.held("publish", wait=timedelta(0)):
            pass

    def test_that_has_run_out_is_taken_over_and_its_holder_finds_out(self):
        with lease.held("publish") as sleeper:
            Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
            with lease.held("publish", wait=timedelta(0)) as other:
                with pytest.raises(lease.LeaseLost):
                    sleeper.confirm()
                other.confirm()

    def test_is_given_back_by_its_own_holder_only(self):
        with lease.held("publish"):
            takes_over()

        assert Lease.objects.get().token == "another"


class TestOutbox:
    def put(self, key, amount):
        row = {"source": "erp", "key": key, "ordered_on": "2026-09-01", "amount": amount}
        outbox.put("order_lines", [row], by="crm", at=NOON)

    def test_publishes_the_last_word_on_a_key_and_forgets_it(self):
        self.put("a", "1")
        self.put("a", "2")
        self.put("b", "3")
        outbox.remove("order_lines", [("erp", "b")], by="crm", at=NOON)

        outbox.drain(at=NOON)

        assert held() == {"a": (1, 2)}
        assert not Pending.objects.exists()

    def test_keeps_what_comes_in_while_it_publishes(self):
        self.put("a", "1")

        def meanwhile(step):
            if step == "serving":
                self.put("b", "2")

        outbox.drain(at=NOON, trace=meanwhile)
        assert [each.key for each in Pending.objects.all()] == ["b"]
        outbox.drain(at=NOON)

        assert held() == {"a": (1, 1), "b": (1, 2)}

    def test_does_not_bring_an_older_word_back_that_another_worker_was_faster_with(self, monkeypatch):
        self.put("a", "1")
        publish_at_last = outbox.publish.publish

        def overtaken(changes, **said):
            monkeypatch.setattr(outbox.publish, "publish", publish_at_last)
            outbox.drain(at=NOON)
            self.put("a", "2")
            outbox.drain(at=NOON)
            return publish_at_last(changes, **said)

        monkeypatch.setattr(outbox.publish, "publish", overtaken)
        outbox.drain(at=NOON)

        assert held() == {"a": (1, 2)}

    def test_keeps_everything_when_it_is_killed(self):
        self.put("a", "1")

        def kill(step):
            if step == "snapshot":
                raise Killed

        with pytest.raises(Killed):
            outbox.drain(at=NOON, trace=kill)

        assert Pending.objects.count() == 1


class TestSnapshot:
    def test_that_is_pinned_stays_readable(self):
        first = load("a 1 10").number
        load("a 1 20")
        maintenance.pin(first, reason="statement")
        load("a 1 30")
        maintenance.clean(keep=1)

        assert [each.number for each in Snapshot.objects.order_by("number")] == [first, first + 2]
        assert reading.at(first).run("SELECT amount FROM order_lines")["amount"].to_pylist() == [10]

    def test_leaves_no_file_behind_that_a_killed_writer_wrote(self):
        load("a 1 10")
        folder = Store(lake_home.lake()).new_folder("order_lines") / "new"
        folder.mkdir(parents=True)
        (folder / "data_0.parquet").write_bytes(b"PAR1 of somebody who was killed before the commit")
        maintenance.clean(keep=1)

        assert not list(folder.glob("*"))
        assert held() == {"a": (1, 10)}

    def test_cannot_be_made_to_read_other_files(self, tmp_path):
        load("a 1 10")
        (tmp_path / "secret.csv").write_text("password\nhorse\n")

        with pytest.raises(Exception, match="disabled by configuration"):
            reading.current().run(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        with pytest.raises(Exception, match="configuration has been locked"):
            reading.current().run("SET enable_external_access = true")
