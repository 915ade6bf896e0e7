"""The publish protocol against a plain dict: loads, windows, removals, moved dates, the outbox, kills at
every step, a loader that slept while another took over, pins, compaction and clean-up."""

import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dabiao.engine.metric_file import load_files
from dabiao.lake import lease, maintenance, models, outbox, reading
from dabiao.lake.change import Change, Window
from dabiao.lake.publish import publish
from dabiao.lake.snapshot import latest
from dabiao.lake.store import Store, StoreMoved
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import select_all

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
DATE = {"order_lines": "ordered_on", "leads": "created_on"}

keys = st.tuples(st.sampled_from(["erp", "crm"]), st.sampled_from("abcdef"))
values = st.tuples(
    st.integers(1, 28).map(lambda day: date(2026, 9, day)), st.sampled_from(["p1", "p2", None])
)
rows = st.dictionaries(keys, values, max_size=6)
tables = st.sampled_from(sorted(DATE))


class Killed(BaseException):
    """What a power cut would be."""


def arrow(table, some):
    return pa.Table.from_pylist(
        [{"source": s, "key": k, DATE[table]: on, "person": person} for (s, k), (on, person) in some.items()],
        schema=pa.schema(
            [(f, TABLES[table].schema.field(f).type) for f in ("source", "key", DATE[table], "person")]
        ),
    )


def key_table(some):
    return pa.Table.from_pylist(
        [{"source": s, "key": k} for s, k in some],
        schema=pa.schema([("source", pa.string()), ("key", pa.string())]),
    )


class PublishMachine(RuleBasedStateMachine):
    """`truth` is what readers must see; `kept` is what each snapshot must go on showing."""

    @initialize()
    def begin(self):
        for model in (models.Pin, models.Snapshot, models.Pending, models.Lease):
            model.objects.all().delete()
        self.folder = tempfile.TemporaryDirectory()
        LAKE["folder"] = Path(self.folder.name) / "lake"
        self.truth = {table: {} for table in DATE}
        self.waiting = []
        self.kept = {}
        self.pinned = set()

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def publish(self, changes, trace=lambda step: None):
        return publish(changes, at=NOON, note="test", trace=trace)

    def remember(self, published):
        self.kept[published.number] = {table: dict(some) for table, some in self.truth.items()}

    def apply(self, table, some, removed=(), window=None):
        held = self.truth[table]
        if window is not None:
            source, start, end = window
            for key in [
                k for k, (on, _) in held.items() if k[0] == source and start <= on < end and k not in some
            ]:
                del held[key]
        for key in set(removed) - set(some):
            held.pop(key, None)
        held.update(some)

    @rule(table=tables, some=rows, removed=st.sets(keys, max_size=2))
    def load(self, table, some, removed):
        before = dict(self.truth[table])
        published = self.publish([Change(table, arrow(table, some), removed=key_table(removed))])
        self.apply(table, some, removed)
        counts = published.counts[table]
        assert counts.inserted == len(set(some) - set(before))
        assert counts.unchanged == len([k for k in some if before.get(k) == some[k]])
        assert counts.inserted + counts.updated + counts.unchanged == len(some)
        self.remember(published)

    @rule(some=rows, others=rows)
    def load_two_tables_at_once(self, some, others):
        published = self.publish(
            [Change("order_lines", arrow("order_lines", some)), Change("leads", arrow("leads", others))]
        )
        self.apply("order_lines", some)
        self.apply("leads", others)
        self.remember(published)

    @rule(table=tables, some=rows, days=st.tuples(st.integers(1, 28), st.integers(1, 28)))
    def replace_a_window(self, table, some, days):
        window = ("erp", date(2026, 9, min(days)), date(2026, 9, max(days)))
        some = {k: v for k, v in some.items() if k[0] == "erp" and window[1] <= v[0] < window[2]}
        published = self.publish([Change(table, arrow(table, some), window=Window(*window))])
        self.apply(table, some, window=window)
        self.remember(published)

    @precondition(lambda self: self.kept)
    @rule(table=tables)
    def loading_the_same_again_changes_nothing(self, table):
        number = latest().number
        published = self.publish([Change(table, arrow(table, self.truth[table]))])
        assert published.number == number
        assert not published.changed

    @rule(table=tables, some=rows, remove=keys)
    def enter_by_hand(self, table, some, remove):
        entered = [
            {"source": s, "key": k, DATE[table]: on.isoformat(), "person": person}
            for (s, k), (on, person) in some.items()
        ]
        outbox.put(table, entered, by="rep", at=NOON)
        outbox.remove(table, [remove], by="rep", at=NOON)
        gone = {remove}
        self.waiting.append((table, {k: v for k, v in some.items() if k not in gone}, gone))

    @rule()
    def drain(self):
        published = outbox.drain(at=NOON)
        self.drained(published)

    def drained(self, published):
        for table, some, removed in self.waiting:
            self.apply(table, some, removed)
        self.waiting = []
        if published is not None:
            self.remember(published)

    @rule(table=tables, some=rows, others=rows, step=st.integers(0, 7))
    def kill_a_load(self, table, some, others, step):
        """A kill before the pointer moved shows nothing, one after it shows everything."""
        both = [Change("order_lines", arrow("order_lines", some)), Change("leads", arrow("leads", others))]
        number = latest().number if latest() else 0
        try:
            published = self.publish(both, trace=kill_at(step))
        except Killed:
            models.Lease.objects.create(
                name="publish", token="dead", expires_at=timezone.now() - timedelta(seconds=1)
            )
            if latest() is None or latest().number == number:
                return
            number = latest().number
            published = None
        self.apply("order_lines", some)
        self.apply("leads", others)
        self.kept[published.number if published else number] = {
            t: dict(held) for t, held in self.truth.items()
        }

    @rule(step=st.integers(0, 7))
    def kill_a_drain(self, step):
        number = latest().number if latest() else 0
        try:
            self.drained(outbox.drain(at=NOON, trace=kill_at(step)))
        except Killed:
            if latest() is not None and latest().number != number:
                assert not models.Pending.objects.exists()
                self.drained(None)
                self.kept[latest().number] = {t: dict(held) for t, held in self.truth.items()}

    @rule(table=tables, some=rows, others=rows, step=st.integers(0, 5))
    def sleep_while_another_loads(self, table, some, others, step):
        """The sleeper's lease has run out; the other publishes; the sleeper must not."""
        steps = iter(range(99))

        def sleep(name):
            if next(steps) == step and name != "done":
                models.Lease.objects.all().delete()
                self.load(table, others, set())

        try:
            published = self.publish([Change(table, arrow(table, some))], trace=sleep)
        except (lease.LeaseLost, StoreMoved):
            return
        self.apply(table, some)
        self.remember(published)

    @precondition(lambda self: self.kept)
    @rule()
    def pin(self):
        maintenance.pin(latest().number, reason="statement")
        self.pinned.add(latest().number)

    @precondition(lambda self: self.kept)
    @rule(keep=st.integers(1, 3))
    def clean_up(self, keep):
        maintenance.clean(keep=keep)
        last = sorted(self.kept)[-keep:]
        self.kept = {
            number: held for number, held in self.kept.items() if number in self.pinned or number in last
        }
        assert set(models.Snapshot.objects.values_list("number", flat=True)) == set(self.kept)

    @precondition(lambda self: self.kept)
    @rule()
    def compact(self):
        made = maintenance.compact(at=NOON, files=2)
        if made is not None:
            self.kept[made] = {t: dict(held) for t, held in self.truth.items()}
            store = Store(LAKE["folder"])
            assert all(len(store.files(table, version)) <= 2 for table, version in latest().tables.items())

    @invariant()
    def the_roll_ups_say_what_the_facts_say(self):
        if latest() is None or not hasattr(self, "truth") or latest().number not in self.kept:
            return
        lake = reading.current()
        for table, held in self.truth.items():
            cells = lake.run(
                f'SELECT day, person, sum("{COUNTED[table]}")::INT AS n FROM "{table}__{DATE[table]}" GROUP BY ALL'
            )
            assert {(c["day"], c["person"]): c["n"] for c in cells.to_pylist()} == Counter(held.values())
        members = lake.run('SELECT day, member FROM "order_lines__ordered_on__members__sellers"').to_pylist()
        sold = set(self.truth["order_lines"].values())
        assert {(m["day"], m["member"]) for m in members} == sold and len(members) == len(sold)

    @invariant()
    def every_snapshot_shows_what_it_showed(self):
        for number, held in getattr(self, "kept", {}).items():
            assert seen(number) == held, f"v{number}"


def kill_at(step):
    steps = iter(range(99))

    def trace(_):
        if next(steps) == step:
            raise Killed

    return trace


def seen(number):
    snapshot = models.Snapshot.objects.get(pk=number)
    store = Store(LAKE["folder"])
    found = {table: {} for table in DATE}
    for table, version in snapshot.tables.items():
        query = select_all(store, TABLES[table], store.files(table, version))
        for s, k, on, person in duckdb.sql(
            f"SELECT source, key, {DATE[table]}, person FROM ({query})"
        ).fetchall():
            assert (s, k) not in found[table], "doubled"
            found[table][s, k] = (on, person)
    return found


LAKE: dict[str, Path] = {}
COUNTED = {"order_lines": "lines", "leads": "leads"}
METRICS = """
lines: {label: {en: Lines, zh-hans: 行}, kind: result, unit: count, measure: {table: order_lines, count: true}}
leads: {label: {en: Leads, zh-hans: 线索}, kind: process, unit: count, measure: {table: leads, count: true}}
sellers: {label: {en: Sellers, zh-hans: 卖家}, kind: team, unit: count, measure: {table: order_lines, distinct: person}}
"""


@pytest.fixture
def lake_folder(monkeypatch):
    """A folder that the machine sets anew for each run, and three metrics, so that roll-ups are quick to make."""
    few = load_files({"few.yml": METRICS}, catalogue=TABLES)
    monkeypatch.setattr("dabiao.lake.home.lake", lambda: LAKE["folder"])
    monkeypatch.setattr("dabiao.lake.dictionary.in_force", lambda: few)
    reading._open.cache_clear()


QUICK = settings(
    max_examples=15,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
DEEP = settings(QUICK, max_examples=150, stateful_step_count=40)


@pytest.mark.django_db
def test_readers_see_the_old_state_or_the_new(lake_folder):
    run_state_machine_as_test(PublishMachine, settings=QUICK)


@pytest.mark.slow
@pytest.mark.django_db
def test_readers_see_the_old_state_or_the_new_for_long(lake_folder):
    run_state_machine_as_test(PublishMachine, settings=DEEP)


def test_amounts_keep_their_four_decimals(tmp_path):
    entered = outbox.arrow(TABLES["order_lines"], [{"source": "erp", "key": "1", "amount": "0.0001"}])

    assert entered["amount"][0].as_py() == Decimal("0.0001")
