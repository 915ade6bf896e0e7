"""A lost database comes back as far as the lake knows; an older one is brought along to a newer lake."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command

from dabiao.core.publishing import publish
from dabiao.engine.promise import Levels
from dabiao.lake import home, installation, journal, reading
from dabiao.lake.change import Change
from dabiao.lake.installation import WrongLake
from dabiao.lake.models import Installation, Snapshot
from dabiao.org.models import Absence, Assignment, Person
from dabiao.org.queries import Scope
from dabiao.site.recover import NothingToRecover, recover
from dabiao.targets import actions as targets
from dabiao.targets.models import Target
from tests.lake.test_publish import rows

pytestmark = pytest.mark.django_db(transaction=True)


def load(text, at):
    return publish([Change("order_lines", rows(text))], at=at, note="test").number


def installation_file():
    return home.lake() / ".dabiao" / "installation.json"


def told(*tables):
    """Tables of the newest snapshot, but for the numbers of seats, which depend on the order of units."""
    lake = reading.current()
    found = {}
    for table in tables:
        each = lake.run(f"SELECT * FROM {table}").to_pylist()
        found[table] = sorted(str({k: v for k, v in row.items() if not k.startswith("seat")}) for row in each)
    return found


TABLES = ("units", "unit_levels", "assignments", "absences", "targets", "order_lines")


class TestLostDatabase:
    def test_comes_back_as_far_as_the_lake_knows(self, company, at, on):
        Absence.objects.create(
            person=company.people["P04"], starts_on=on, ends_on=date(2026, 3, 20), kind="leave"
        )
        targets.set_target(
            targets.Slot(Scope("person", "P04"), "revenue_amount", date(2026, 3, 1), date(2026, 4, 1)),
            Levels(None, Decimal(100), None), by=company.ada, at=at, on=on,
        )  # fmt: skip
        load("a 1 10\nb 2 20", at)
        before, number = told(*TABLES), Snapshot.objects.latest("number").number
        call_command("flush", interactive=False, verbosity=0)
        with pytest.raises(WrongLake):
            load("c 3 30", at)

        done = recover(at=at)

        assert done.number == number
        assert {table: left for table, (_taken, left) in done.rows.items() if left} == {}
        assert (
            Assignment.objects.count() == 10 and Target.objects.count() == 1 and Absence.objects.count() == 1
        )
        assert Person.objects.get(key="P04").name == "P04"
        load("c 3 30", at)
        after = told(*TABLES)
        assert len(after.pop("order_lines")) == 3 and len(before.pop("order_lines")) == 2
        assert after == before

    def test_of_a_lake_without_a_journal_takes_its_tables_as_they_lie(self, company, at, home):
        load("a 1 10", at)
        call_command("flush", interactive=False, verbosity=0)
        for file in (home / "lake" / ".dabiao").iterdir():
            file.unlink()

        assert recover(at=at).number == 1
        load("b 2 20", at)

        assert len(told("order_lines")["order_lines"]) == 2
        assert Assignment.objects.count() == 10


class TestOlderDatabase:
    def test_is_brought_along(self, company, at):
        load("a 1 10", at)
        older = Snapshot.objects.latest("number").number
        newer = load("b 2 20", at)
        Snapshot.objects.filter(number__gt=older).delete()

        assert recover(at=at).number == newer
        installation.prove()
        assert len(told("order_lines")["order_lines"]) == 2


class TestMark:
    """The lake's mark alone is lost: everything else says whose it is."""

    @pytest.mark.parametrize("content", [None, b"{"], ids=["missing", "damaged"])
    def test_is_written_anew(self, company, at, content):
        load("a 1 10", at)
        mark, known = installation_file(), Installation.objects.get().key
        mark.unlink() if content is None else mark.write_bytes(content)
        with pytest.raises(WrongLake, match="mark"):
            load("b 2 20", at)

        recover(at=at)

        assert journal.owner() == known
        load("b 2 20", at)

    def test_of_another_lake_is_not(self, company, at):
        load("a 1 10", at)
        Snapshot.objects.update(token="another")
        installation_file().unlink()

        with pytest.raises(WrongLake, match="two installations"):
            load("b 2 20", at)
        assert not installation.mark_again()


class TestNothing:
    def test_is_recovered_where_all_is_well(self, company, at):
        load("a 1 10", at)
        with pytest.raises(NothingToRecover):
            recover(at=at)

    def test_is_recovered_without_a_lake(self, db, at):
        with pytest.raises(NothingToRecover):
            recover(at=at)
