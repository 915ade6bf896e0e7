"""Whose facts count: seats of a snapshot, for a viewer and a scope, by today's tree."""

import pytest

from dabiao.core import publishing
from dabiao.core.errors import NotFound
from dabiao.lake import reading
from dabiao.metrics.scope import seats
from dabiao.org import actions
from dabiao.org.models import User
from dabiao.org.queries import Scope

MAX_IN_SHANGHAI, MAX_IN_CHENGDU = ("P06", "shanghai"), ("P06", "chengdu")
WEST = {("P08", "west"), ("P09", "chengdu"), MAX_IN_CHENGDU}


@pytest.fixture
def counted(company, at, on):
    """(person, unit) of every seat whose facts count; None: all facts there are."""
    publishing.publish([], at=at, note="organisation")
    lake = reading.current()

    def of(viewer, scope=None):
        viewer = viewer if isinstance(viewer, User) else company.users[viewer]
        found = seats(lake, viewer=viewer, scope=scope and Scope(*scope), on=on)
        rows = lake.run("SELECT seat, person, unit FROM assignments").to_pylist()
        return None if found is None else {(r["person"], r["unit"]) for r in rows if r["seat"] in found}

    return of


class TestSeatsOfAViewer:
    @pytest.mark.parametrize("name", ["ada", "otto", "fin"])
    def test_are_not_counted_for_who_sees_everything(self, counted, name):
        assert counted(name) is None

    def test_are_those_of_the_visible_units(self, counted):
        assert counted("wes") == WEST
        assert len(counted("dora")) == 10

    def test_split_somebody_who_moved_between_two_teams(self, counted):
        assert MAX_IN_SHANGHAI in counted("sam")
        assert MAX_IN_CHENGDU not in counted("sam")

    def test_are_ones_own_in_every_unit(self, counted):
        assert counted("max") == {MAX_IN_SHANGHAI, MAX_IN_CHENGDU}
        assert counted("rita") == {("P04", "shanghai")}

    def test_are_none_for_a_manager_without_a_seat(self, counted):
        assert counted(User.objects.create(username="new", role="manager")) == set()

    def test_follow_todays_tree_even_by_an_older_numbering(self, counted, company, at):
        actions.change_unit("nanjing", values={"parent": "west"}, by=company.ada, at=at)

        assert ("P07", "nanjing") not in counted("emma")
        assert counted("wes") == {*WEST, ("P07", "nanjing")}

    def test_leave_out_units_that_are_not_published_yet(self, counted, company, at):
        actions.add_unit(key="hangzhou", name="杭州组", parent="west", by=None, at=at)

        assert counted("wes") == WEST
        assert counted("ada", ("unit", "hangzhou")) == set()


class TestSeatsOfAScope:
    @pytest.mark.parametrize(
        ("case", "viewer", "wanted"),
        [
            ("who they left keeps what was done there, and no more", "sam", {MAX_IN_SHANGHAI}),
            ("who they came to has what was done since", "wes", {MAX_IN_CHENGDU}),
            ("who leads neither but both", "dora", {MAX_IN_SHANGHAI, MAX_IN_CHENGDU}),
            ("oneself", "max", {MAX_IN_SHANGHAI, MAX_IN_CHENGDU}),
            ("who sees everything", "fin", {MAX_IN_SHANGHAI, MAX_IN_CHENGDU}),
        ],
    )
    def test_of_a_person_are_cut_by_the_viewers_sight(self, counted, case, viewer, wanted):
        assert counted(viewer, ("person", "P06")) == wanted, case

    def test_of_a_unit_are_those_of_its_subtree(self, counted):
        assert counted("dora", ("unit", "west")) == WEST
        assert counted("emma", ("unit", "nanjing")) == {("P07", "nanjing")}

    def test_of_a_unit_follow_todays_tree(self, counted, company, at):
        actions.change_unit("nanjing", values={"parent": "west"}, by=company.ada, at=at)

        assert counted("ada", ("unit", "west")) == {*WEST, ("P07", "nanjing")}

    def test_of_the_company_hold_what_is_nobodys_for_who_sees_everything(self, counted):
        assert counted("ada", ("unit", "company")) is None
        assert len(counted("dora", ("unit", "company"))) == 10

    @pytest.mark.parametrize("scope", [("unit", "east"), ("person", "P09"), ("unit", "nowhere")])
    def test_that_is_hidden_are_refused(self, counted, scope):
        with pytest.raises(NotFound):
            counted("sam", scope)
