"""What the worker publishes by itself, and that it rests when there is nothing to do."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dabiao.core.publishing import publish_waiting
from dabiao.engine.promise import Levels
from dabiao.lake import maintenance, outbox, reading
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import latest
from dabiao.org import actions as org
from dabiao.org.queries import Scope
from dabiao.targets import actions as targets


@pytest.fixture
def published(company, at):
    publish_waiting(at)
    return latest().number


def test_publishes_the_organisation_first_of_all(company, at):
    publish_waiting(at)

    assert reading.current().run("SELECT count(*) AS n FROM assignments")["n"].to_pylist() == [10]


def test_rests_when_nothing_has_changed(published, at, django_assert_max_num_queries):
    publish_waiting(at)
    with django_assert_max_num_queries(8):  # a few looks
        publish_waiting(at)

    assert latest().number == published


def test_publishes_entries_once(published, at):
    outbox.put(
        "daily_figures", [{"source": "hand", "key": "1", "on": "2026-03-16", "value": "5"}], by="rita", at=at
    )

    publish_waiting(at)
    publish_waiting(at)

    assert latest().number == published + 1
    assert reading.current().run("SELECT value FROM daily_figures")["value"].to_pylist() == [Decimal(5)]
    assert outbox.pending("daily_figures", by="rita") == []


def test_publishes_a_changed_organisation(published, company, at):
    org.change_unit("nanjing", values={"parent": "west"}, by=company.ada, at=at)

    publish_waiting(at)

    found = reading.current().run("SELECT parent FROM units WHERE unit = 'nanjing'")
    assert (latest().number, found["parent"].to_pylist()) == (published + 1, ["west"])


def test_publishes_targets(published, company, at, on):
    slot = targets.Slot(Scope("person", "P04"), "sales_amount", date(2026, 3, 1), date(2026, 4, 1))
    targets.set_target(slot, Levels(target=Decimal(9)), by=company.ada, at=at, on=on)

    publish_waiting(at)

    assert reading.current().run("SELECT target FROM targets")["target"].to_pylist() == [Decimal(9)]


def test_keeps_the_newest_versions_the_last_of_each_day_and_the_pinned(published, at):
    def entered(day, key):
        row = {"source": "hand", "key": key, "on": "2026-03-16", "value": "1"}
        outbox.put("daily_figures", [row], by="rita", at=at)
        return outbox.drain(at=at + timedelta(days=day)).number

    numbers = {key: entered(int(key[0]), key) for key in ("1a", "1b", "1c", "2a", "2b", "3a", "3b")}
    maintenance.pin(numbers["1a"], reason="statement")

    maintenance.clean(keep=1, days=2)

    kept = {
        number: [key for key, each in numbers.items() if each <= number]
        for number in (numbers["1a"], numbers["2b"], numbers["3b"])
    }
    assert set(Snapshot.objects.values_list("number", flat=True)) == set(kept)
    for number, keys in kept.items():
        assert reading.at(number).run("SELECT key FROM daily_figures ORDER BY key")["key"].to_pylist() == keys
