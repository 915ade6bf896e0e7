"""Entries by hand: who may file for whom, and that nothing is kept where somebody may not."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dabiao.core.errors import Malformed
from dabiao.core.models import AuditLine
from dabiao.facts.actions import entry
from dabiao.facts.actions.entry import Activity, NotYours
from dabiao.lake.models import Pending
from dabiao.org.actions import grant
from dabiao.org.models import Person


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

    def test_reaches_back_two_months_and_not_further(self, file, on):
        file("rita", day=on - timedelta(days=62))

        with pytest.raises(Malformed, match="too long ago"):
            file("rita", day=on - timedelta(days=63))
        with pytest.raises(Malformed, match="has not come yet"):
            file("rita", day=on + timedelta(days=1))
