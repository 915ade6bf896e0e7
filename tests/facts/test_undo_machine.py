"""Loads of two systems, windows, entries by hand and undoing in any order, against a plain dict.

The dict keeps for each key every word that was said on it; the last one that has not been taken back is what stands.
"""

import itertools
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
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
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.models import ImportBatch
from dabiao.lake import maintenance, models, outbox, reading
from dabiao.lake.tables import TABLES

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
MAP = """
schema: dabiao/map/1
system: {system}
sources: {{orders: orders.csv}}
tables:
  - into: order_lines
    from: orders
    key: no
    mode: {mode}
    window: month
    columns: {{ordered_on: day, amount: amount}}
"""
MAPS = {
    (system, mode): read_map(MAP.format(system=system, mode=mode))
    for system, mode in itertools.product(("erp", "crm"), ("upsert", "replace"))
}
FEW = """
sales: {label: {en: Sales, zh-hans: 销售额}, kind: result, unit: money, measure: {table: order_lines, sum: amount}}
"""
systems = st.sampled_from(["erp", "crm"])
keys = st.sampled_from("abcd")
values = st.tuples(st.integers(1, 2), st.integers(1, 2))
"""Month and amount: few, so that the same is often said again."""


class UndoMachine(RuleBasedStateMachine):
    """`words`: (system, key) → (import, value or None) one after the other; an entry by hand is import None."""

    @initialize()
    def begin(self):
        for model in (models.Pin, models.Snapshot, models.Pending, models.Lease, ImportBatch):
            model.objects.all().delete()
        self.folder = tempfile.TemporaryDirectory()
        PLACE["folder"] = Path(self.folder.name) / "lake"
        self.words = {}
        self.loaded = []
        self.undone = set()

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def standing(self, key):
        words = [value for batch, value in self.words.get(key, []) if batch not in self.undone]
        return words[-1] if words else None

    def truth(self):
        return {key: value for key in self.words if (value := self.standing(key)) is not None}

    def say(self, key, batch, value):
        if self.standing(key) != value:
            self.words.setdefault(key, []).append((batch, value))

    @rule(
        system=systems,
        mode=st.sampled_from(["upsert", "replace"]),
        some=st.dictionaries(keys, values, min_size=1, max_size=4),
    )
    def load(self, system, mode, some):
        file = Path(self.folder.name) / "orders.csv"
        file.write_text(
            "no,day,amount\n"
            + "".join(f"{key},2026-0{month}-05,{amount}\n" for key, (month, amount) in some.items())
        )
        order = actions.Order(file, MAPS[system, mode], even_so=frozenset(actions.CODES))
        report = actions.load(order, by=None, at=NOON)
        months = range(min(m for m, _ in some.values()), max(m for m, _ in some.values()) + 1)
        if mode == "replace":
            for key, (month, _amount) in self.truth().items():
                if key[0] == system and month in months and key[1] not in some:
                    self.say(key, report.batch, None)
        for key, value in some.items():
            self.say((system, key), report.batch, value)
        self.loaded.append(report.batch)

    @rule(system=systems, key=keys, value=st.one_of(st.none(), values))
    def enter(self, system, key, value):
        if value is None:
            outbox.remove("order_lines", [(system, key)], by="otto", at=NOON)
        else:
            row = {
                "source": system,
                "key": key,
                "ordered_on": f"2026-0{value[0]}-05",
                "amount": str(value[1]),
            }
            outbox.put("order_lines", [row], by="otto", at=NOON)
        outbox.drain(at=NOON)
        self.say((system, key), None, value)

    @precondition(lambda self: set(self.loaded) - self.undone)
    @rule(data=st.data())
    def undo(self, data):
        batch = data.draw(st.sampled_from([each for each in self.loaded if each not in self.undone]))
        before = self.truth()
        done = actions.undo(batch, by=None, at=NOON)
        self.undone.add(batch)
        after = self.truth()
        assert done.total("goes") == len(set(before) - set(after))
        assert done.total("returns") == len(set(after) - set(before))

    @precondition(lambda self: self.loaded)
    @rule()
    def compact(self):
        maintenance.compact(at=NOON, files=2)

    @invariant()
    def what_stands_is_the_last_word_that_was_not_taken_back(self):
        if hasattr(self, "words") and models.Snapshot.objects.exists():
            rows = (
                reading.current()
                .run("SELECT source, key, ordered_on, amount::INT AS amount FROM order_lines")
                .to_pylist()
            )
            assert {(r["source"], r["key"]): (r["ordered_on"], r["amount"]) for r in rows} == {
                key: (date(2026, month, 5), amount) for key, (month, amount) in self.truth().items()
            }
            assert len(rows) == len(self.truth())


PLACE: dict[str, Path] = {}
QUICK = settings(
    max_examples=12,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
DEEP = settings(QUICK, max_examples=150, stateful_step_count=25)


@pytest.fixture
def lake_folder(monkeypatch):
    """A folder that the machine sets anew for each run, and one metric, so that roll-ups are quick to make."""
    few = load_files({"few.yml": FEW}, catalogue=TABLES)
    monkeypatch.setattr("dabiao.lake.home.lake", lambda: PLACE["folder"])
    monkeypatch.setattr("dabiao.lake.dictionary.in_force", lambda: few)
    reading._open.cache_clear()


@pytest.mark.django_db
def test_what_stands_is_the_last_word_that_was_not_taken_back(lake_folder):
    run_state_machine_as_test(UndoMachine, settings=QUICK)


@pytest.mark.slow
@pytest.mark.django_db
def test_what_stands_is_the_last_word_that_was_not_taken_back_for_long(lake_folder):
    run_state_machine_as_test(UndoMachine, settings=DEEP)
