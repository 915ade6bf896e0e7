"""Taking an import back: its rows are what they were before, what others have said since stays, all in one snapshot."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from dabiao.core.errors import Forbidden, NotFound
from dabiao.core.models import AuditLine
from dabiao.facts import actions
from dabiao.facts.logic.takeback import NotLoaded, TooOld
from dabiao.facts.models import ImportBatch, Label
from dabiao.lake import maintenance, outbox, reading
from dabiao.lake.models import Pending, Snapshot
from dabiao.org.models import Person, User
from tests.facts.test_preview import MAP, REPLACE, lines, one_metric, write  # noqa: F401  # a fixture for all

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
SHOP = MAP.replace("system: erp", "system: shop")


@pytest.fixture
def load(load):
    """Whatever a load asks is meant here."""
    return lambda file, mapping: load(file, mapping, even_so=actions.CODES)


@pytest.fixture
def rows(sql):
    """key → (day, amount) of order lines."""
    return lambda: {
        key: (day, amount)
        for key, day, amount in sql("SELECT key, ordered_on, amount FROM order_lines ORDER BY key")
    }


@pytest.fixture
def undo(otto, at):
    return lambda report, **more: actions.undo(
        getattr(report, "batch", report), **{"by": otto, "at": at, **more}
    )


def counts(done):
    return {t.into: (t.goes, t.back, t.returns, t.stays) for t in done.tables}


def enter(key, amount, *, source="erp", remove=False):
    """A row by hand, or through the API, published."""
    if remove:
        outbox.remove("order_lines", [(source, key)], by="otto", at=NOON)
    else:
        row = {"source": source, "key": key, "ordered_on": "2026-01-20", "amount": amount}
        outbox.put("order_lines", [row], by="otto", at=NOON)
    outbox.drain(at=NOON)


class TestUndo:
    def test_takes_new_rows_away_and_sets_changed_ones_back(self, folder, load, undo, rows):
        load(write(folder, "A1,2026-01-05,甲,P1,100", "A2,2026-01-06,乙,P1,50"), MAP)
        before = rows()
        second = load(
            write(folder, "A1,2026-02-05,甲,P1,120", "A2,2026-01-06,乙,P1,50", "A3,2026-01-07,丙,P1,3"), MAP
        )

        done = undo(second)

        assert rows() == before
        assert counts(done) == {"order_lines": (1, 1, 0, 0)}
        assert [(m.month, m.rows_before, m.rows_after) for m in done.changes[0].months] == [
            ("2026-01", 2, 2),
            ("2026-02", 1, 0),
        ]
        assert done.snapshot == second.snapshot + 1 == reading.current().number

    def test_brings_back_what_its_window_removed(self, folder, load, undo, rows):
        load(write(folder, *lines(1, 10)), REPLACE)
        before = rows()
        second = load(write(folder, *lines(1, 9), "A77,2026-01-09,甲,P1,1"), REPLACE)

        assert counts(undo(second)) == {"order_lines": (1, 0, 1, 0)}
        assert rows() == before

    def test_of_the_first_import_leaves_nothing(self, folder, load, undo, rows):
        first = load(write(folder, *lines(1, 3)), MAP)

        undo(first)

        assert rows() == {}

    def test_leaves_and_tells_what_others_have_said_since(self, folder, load, undo, rows):
        load(write(folder, "A1,2026-01-05,甲,P1,1"), MAP)
        second = load(write(folder, *(f"A{n},2026-01-05,甲,P1,{n}0" for n in range(1, 6))), MAP)
        load(write(folder, "A1,2026-01-05,甲,P1,11", "B9,2026-01-05,甲,P1,9"), MAP)
        enter("A2", "12")
        enter("A3", "", remove=True)

        done = undo(second)

        assert counts(done) == {"order_lines": (2, 0, 0, 3)}
        assert {key: amount for key, (_day, amount) in rows().items()} == {"A1": 11, "A2": 12, "B9": 9}

    def test_in_any_order_never_brings_back_what_was_taken_back(self, folder, load, undo, rows):
        batches = [load(write(folder, f"A1,2026-01-05,甲,P1,{n}"), MAP) for n in (1, 2, 3, 1)]

        assert counts(undo(batches[1])) == {"order_lines": (0, 0, 0, 1)}
        undo(batches[3])
        assert rows() == {"A1": (date(2026, 1, 5), Decimal(3))}
        undo(batches[2])
        assert rows() == {"A1": (date(2026, 1, 5), Decimal(1))}
        undo(batches[0])
        assert rows() == {}

    def test_a_row_that_says_the_same_again_is_the_earlier_imports_from_then_on(
        self, folder, load, undo, rows
    ):
        one, two, three = (load(write(folder, f"A1,2026-01-05,甲,P1,{n}"), MAP) for n in (5, 6, 5))
        undo(two)
        undo(three)
        assert rows() == {"A1": (date(2026, 1, 5), Decimal(5))}

        undo(one)

        assert rows() == {}

    def test_a_removal_that_was_taken_back_is_no_reason_for_a_row_to_be_missing(
        self, folder, load, undo, rows
    ):
        load(write(folder, *lines(1, 10)), REPLACE)
        before = rows()
        removes = load(write(folder, *lines(1, 9)), REPLACE)
        again = load(write(folder, "A10,2026-01-10,客10,P1,999"), MAP)
        undo(removes)
        assert rows()["A10"][1] == 999

        undo(again)

        assert rows() == before

    def test_a_later_removal_that_stands_keeps_a_row_away(self, folder, load, undo, rows):
        load(write(folder, *lines(1, 10)), REPLACE)
        first = load(write(folder, *lines(1, 9)), REPLACE)
        enter("A10", "999")
        enter("A10", "", remove=True)

        undo(first)

        assert "A10" not in rows()

    def test_sets_dimensions_back_and_leaves_names(self, folder, load, undo, sql):
        mapping = """
schema: dabiao/map/1
system: erp
sources: {customers: customers.csv}
tables:
  - into: customers
    from: customers
    columns: {customer: 编号, customer_name: 名称, industry: 行业}
"""
        file = folder / "customers.csv"
        file.write_text("编号,名称,行业\nC1,甲,化工\nC2,乙,化工\n", encoding="utf-8")
        load(file, mapping)
        file.write_text("编号,名称,行业\nC1,甲公司,钢铁\nC2,乙,钢铁\nC3,丙,钢铁\n", encoding="utf-8")
        second = load(file, mapping)
        file.write_text("编号,名称,行业\nC2,乙,纺织\n", encoding="utf-8")
        load(file, mapping)

        done = undo(second)

        assert counts(done) == {"customers": (1, 1, 0, 1)}
        assert sql("SELECT customer, industry FROM customers ORDER BY 1") == [("C1", "化工"), ("C2", "纺织")]
        assert Label.objects.get(kind="customer", key="C1").name == "甲公司"
        assert done.kept[-1] == "Names of customers and products stay."

    def test_says_what_of_the_organisation_stays(self, folder, load, undo):
        mapping = (
            MAP
            + "  - into: people\n    from: orders\n    distinct: true\n    columns: {person: 工号, name: 工号}\n"
        )
        first = load(write(folder, "A1,2026-01-05,甲,P71,1"), mapping)

        done = undo(first)

        assert "1 rows that it added and 0 that it changed stay" in done.kept[0]
        assert Person.objects.filter(key="P71").exists()

    def test_is_one_line_one_snapshot_and_keeps_who_and_when(self, folder, load, undo, otto, at):
        first = load(write(folder, *lines(1, 3)), MAP)
        number = Snapshot.objects.count()

        done = undo(first)

        batch = ImportBatch.objects.get(key=first.batch)
        assert (batch.state, batch.undone_by, batch.undone_at) == ("undone", otto, at)
        assert batch.undone["tables"][0]["goes"] == 3
        assert Snapshot.objects.count() == number + 1
        (line,) = AuditLine.objects.filter(what="facts.import.undone")
        assert (
            line.subject_key == first.batch
            and line.detail["goes"] == 3
            and line.detail["snapshot"] == done.snapshot
        )

    def test_is_refused_twice_and_for_what_was_not_loaded(self, folder, load, undo, db, at):
        first = load(write(folder, *lines(1, 3)), MAP)
        undo(first)
        number = reading.current().number
        ImportBatch.objects.create(key="ready", at=at, path="a.csv")

        with pytest.raises(NotLoaded, match="taken back already"):
            undo(first)
        with pytest.raises(NotLoaded, match="was not loaded"):
            undo("ready")
        with pytest.raises(NotFound):
            undo("nosuch")
        assert reading.current().number == number

    def test_is_refused_to_a_rep(self, folder, load, undo):
        first = load(write(folder, *lines(1, 3)), MAP)
        rep = User.objects.create(username="rita", role=User.Role.REP)

        with pytest.raises(Forbidden):
            undo(first, by=rep)
        with pytest.raises(Forbidden):
            actions.look_at_undo(first.batch, by=rep)

    def test_is_refused_in_words_once_the_version_before_is_gone(self, folder, load, undo, rows):
        load(write(folder, *lines(1, 3)), MAP)
        second = load(write(folder, *lines(1, 4, amount=110)), MAP)
        third = load(write(folder, *lines(1, 1, first=9)), MAP)
        maintenance.clean(keep=2)
        before = rows()

        with pytest.raises(TooOld, match="has been cleaned away"):
            undo(second)
        assert rows() == before and ImportBatch.objects.get(key=second.batch).state == "done"
        undo(third)
        assert "A9" not in rows()

    def test_lets_the_file_be_loaded_again(self, folder, load, undo, rows):
        file = write(folder, *lines(1, 30))
        first = load(file, MAP)
        before = rows()
        undo(first)

        again = load(file, MAP)

        assert rows() == before and again.total("inserted") == 30
        assert "same_file" not in {warning.code for warning in again.warnings}

    def test_of_a_load_that_changed_nothing_changes_nothing(self, folder, load, undo, rows):
        load(write(folder, *lines(1, 3)), MAP)
        second = load(write(folder, *lines(1, 3)), MAP)
        number, before = reading.current().number, rows()

        done = undo(second)

        assert done.tables == () and rows() == before and reading.current().number == number
        assert ImportBatch.objects.get(key=second.batch).state == "undone"

    def test_works_across_merged_files(self, folder, load, undo, rows):
        load(write(folder, *lines(1, 5)), MAP)
        before = rows()
        second = load(write(folder, *lines(1, 3, amount=110), *lines(2, 3, first=20)), MAP)
        load(write(folder, *lines(1, 1, first=60)), SHOP)
        maintenance.compact(at=NOON, files=1)

        undo(second)

        assert {key: row for key, row in rows().items() if key != "A60"} == before

    def test_leaves_entries_that_wait(self, folder, load, undo):
        first = load(write(folder, *lines(1, 3)), MAP)
        outbox.put(
            "order_lines", [{"source": "hand", "key": "x", "ordered_on": "2026-01-20"}], by="otto", at=NOON
        )

        undo(first)

        assert Pending.objects.count() == 1

    def test_looking_changes_nothing(self, folder, load, otto, rows):
        first = load(write(folder, *lines(1, 3)), MAP)
        before = rows()

        seen = actions.look_at_undo(first.batch, by=otto)

        assert counts(seen) == {"order_lines": (3, 0, 0, 0)} and rows() == before
        assert list(actions.imports_folder().iterdir()) == []


class TestPages:
    def test_ask_before_they_take_back_and_tell_what_was_done(self, folder, load, otto, client, rows):
        load(write(folder, *lines(1, 3)), MAP)
        second = load(write(folder, *lines(1, 2, amount=110)), MAP)
        client.force_login(otto)
        page = reverse("facts:import", args=[second.batch])
        asks = reverse("facts:import-undo", args=[second.batch])

        assert asks in client.get(page).content.decode()
        asked = client.get(asks).content.decode()
        assert "Take back orders.csv?" in asked and "2026-01" in asked and "Names of customers" in asked
        assert client.post(asks).url == page
        told = client.get(page).content.decode()
        assert "orders.csv has been taken back" in told and "What was taken back" in told and asks not in told
        assert rows()["A1"][1] == 101
        assert client.get(asks).status_code == client.post(asks).status_code == 409
