"""Entries by hand: who may file for whom, and that nothing is kept where somebody may not."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from dabiao.core.errors import Malformed
from dabiao.core.models import AuditLine
from dabiao.facts import queries
from dabiao.facts.actions import entry
from dabiao.facts.actions.entry import Activity, NotYours
from dabiao.lake import reading
from dabiao.lake.models import Pending
from dabiao.org.actions import grant
from dabiao.org.models import Person
from tests.performance.facts import load


@pytest.fixture
def file(company, at, on):
    """Files a visit and a day's figures as somebody."""

    def by(name, person="P04", day=on):
        writer = {"by": company.users[name], "at": at, "on": on}
        visit = Activity("visit", datetime(day.year, day.month, day.day, 9, 30))
        entry.file_activity(person, visit, **writer)
        entry.file_figures(person, day, {"visits": Decimal(3)}, **writer)

    return by


class TestFile:
    @pytest.mark.parametrize("name", ["rita", "sam", "emma", "otto", "ada"])
    def test_is_for_oneself_and_for_those_one_manages(self, file, name):
        file(name)

        assert Pending.objects.count() == 2
        assert set(AuditLine.objects.filter(by__username=name).values_list("what", flat=True)) == {
            "facts.activity.filed",
            "facts.figures.filed",
        }

    @pytest.mark.parametrize(
        ("case", "name"),
        [
            ("a reader sees everybody and writes nothing", "fin"),
            ("a colleague of the same team", "rob"),
            ("the manager of another region", "wes"),
        ],
    )
    def test_is_refused_to_others_and_keeps_nothing(self, file, company, at, on, case, name):
        writer = {"by": company.users[name], "at": at, "on": on}
        with pytest.raises(NotYours):
            entry.file_activity("P04", Activity("visit", datetime(2026, 3, 16, 9)), **writer)
        with pytest.raises(NotYours):
            entry.file_figures("P04", on, {"visits": Decimal(3)}, **writer)

        assert not Pending.objects.exists(), case

    def test_is_refused_to_a_rep_for_those_whom_they_were_granted_to_see(self, file, company, at, on):
        grant("rita", "nanjing", starts_on=on, by=company.ada, at=at)

        with pytest.raises(NotYours):
            file("rita", "P07")

    def test_is_refused_to_a_reader_even_for_themselves(self, file, company):
        company.fin.person = Person.objects.create(key="P99", name="fin")
        company.fin.save()

        with pytest.raises(NotYours):
            file("fin", "P99")

    def test_follows_who_moves_by_the_day(self, file, on):
        """Max sat in shanghai until 31 January and sits in chengdu since."""
        last, first = date(2026, 1, 31), date(2026, 2, 1)
        file("sam", "P06", day=last)
        file("wes", "P06", day=first)

        with pytest.raises(NotYours):
            file("sam", "P06", day=first)
        with pytest.raises(NotYours):
            file("wes", "P06", day=last)

    def test_reaches_back_two_months_and_not_further(self, file, on):
        file("rita", day=on - timedelta(days=62))

        with pytest.raises(Malformed, match="too long ago"):
            file("rita", day=on - timedelta(days=63))
        with pytest.raises(Malformed, match="has not come yet"):
            file("rita", day=on + timedelta(days=1))


class TestCustomersOf:
    ORDERS = """
    person  customer  ordered_on
    P06     BEFORE    2026-01-20
    P06     AFTER     2026-02-20
    P06     NODAY     -
    """
    OWNERS = """
    customer  person  role   share  starts_on   ends_on
    OWNED     P06     owner  1      2026-02-01  2030-01-01
    ENDED     P06     owner  1      2025-01-01  2026-02-01
    """

    @pytest.mark.parametrize(
        ("case", "viewer", "expected"),
        [
            ("the manager before sees those of their time", "sam", {"BEFORE", "ENDED"}),
            ("the manager of today those since the move", "wes", {"AFTER", "OWNED"}),
            ("oneself all", "max", {"BEFORE", "AFTER", "NODAY", "OWNED", "ENDED"}),
            ("operations all", "otto", {"BEFORE", "AFTER", "NODAY", "OWNED", "ENDED"}),
            ("a colleague none", "rita", set()),
        ],
    )
    def test_are_told_by_the_days_that_one_may_see(self, company, on, case, viewer, expected):
        load(order_lines=self.ORDERS, ownership=self.OWNERS)

        told = queries.customers_of(reading.current(), "P06", viewer=company.users[viewer], on=on)

        assert set(told) == expected, case


def test_the_page_of_a_day_lists_who_sat_there_that_day(company, as_, monkeypatch):
    monkeypatch.setattr("dabiao.ui.http.today", lambda: date(2026, 3, 16))
    listed = {
        day: [key for key, _name in as_("sam").get(f"/facts/today/?day={day}").context["people"]]
        for day in ("2026-01-31", "2026-02-01")
    }

    assert listed == {"2026-01-31": ["P03", "P06", "P04", "P05"], "2026-02-01": ["P03", "P04", "P05"]}
