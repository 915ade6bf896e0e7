"""Who sees what, on which day."""

import re
from datetime import date, timedelta

import pytest
from django.utils import translation

from dabiao.core.errors import NotFound
from dabiao.org import actions, queries
from dabiao.org.logic import seats
from dabiao.org.models import Assignment, User
from dabiao.org.queries import Scope

EVERYONE = {f"P0{n}" for n in range(1, 10)}


def seen_people(user, on):
    return set(queries.people_visible(user, on).values_list("key", flat=True))


def seen_units(user, on):
    return [node.key for node in queries.units_visible(user, on)]


class TestSight:
    @pytest.mark.parametrize(
        ("who", "units", "people"),
        [
            ("ada", ["company", "east", "nanjing", "shanghai", "west", "chengdu"], EVERYONE),
            ("otto", ["company", "east", "nanjing", "shanghai", "west", "chengdu"], EVERYONE),
            ("fin", ["company", "east", "nanjing", "shanghai", "west", "chengdu"], EVERYONE),
            ("dora", ["company", "east", "nanjing", "shanghai", "west", "chengdu"], EVERYONE),
            ("emma", ["east", "nanjing", "shanghai"], {"P02", "P03", "P04", "P05", "P06", "P07"}),
            ("sam", ["shanghai"], {"P03", "P04", "P05", "P06"}),
            ("wes", ["west", "chengdu"], {"P06", "P08", "P09"}),
            ("rita", [], {"P04"}),
            ("max", [], {"P06"}),
        ],
    )
    def test_follows_from_role_and_seat(self, company, on, who, units, people):
        assert seen_units(company.users[who], on) == units
        assert seen_people(company.users[who], on) == people

    def test_of_a_manager_is_that_of_the_day(self, company, on, at):
        seat = actions.Seat("west-head", on)
        actions.change_assignment(
            company.people["P08"].assignments.get().pk, values={"ends_on": on}, by=company.ada, at=at
        )
        actions.move("P03", seat, by=company.ada, at=at)
        assert seen_units(company.sam, on - timedelta(days=1)) == ["shanghai"]
        assert seen_units(company.sam, on) == ["west", "chengdu"]

    def test_reaches_into_a_granted_unit_while_the_grant_lasts(self, company, on, at):
        actions.grant("sam", "west", starts_on=on, ends_on=on + timedelta(days=7), by=company.ada, at=at)
        assert seen_units(company.sam, on - timedelta(days=1)) == ["shanghai"]
        assert seen_units(company.sam, on) == ["shanghai", "west", "chengdu"]
        assert seen_units(company.sam, on + timedelta(days=7)) == ["shanghai"]

    def test_may_be_granted_to_a_rep(self, company, on, at):
        actions.grant("rita", "nanjing", starts_on=on, by=company.ada, at=at)
        assert seen_units(company.rita, on) == ["nanjing"]
        assert seen_people(company.rita, on) == {"P04", "P07"}

    def test_follows_a_unit_that_moves(self, company, on, at):
        actions.change_unit("nanjing", values={"parent": "west"}, by=company.ada, at=at)
        assert seen_units(company.emma, on) == ["east", "shanghai"]
        assert seen_units(company.wes, on) == ["west", "chengdu", "nanjing"]

    def test_of_somebody_locked_out_is_nothing(self, company, on):
        company.ada.is_active = False
        assert queries.sight(company.ada, on) == queries.Sight(False, frozenset(), None)

    def test_of_a_manager_without_a_seat_is_nothing(self, company, on):
        nobody = User.objects.create(username="new", role="manager")
        assert seen_units(nobody, on) == []
        assert queries.home_scope(nobody, on) is None

    def test_has_one_key_for_those_who_see_the_same(self, company, on):
        key = {
            name: queries.sight(company.users[name], on).key for name in ("ada", "fin", "sam", "wes", "rita")
        }
        assert key["ada"] == key["fin"]
        assert len(set(key.values())) == 4

    @pytest.mark.parametrize(
        ("case", "one", "other"),
        [("two reps of a team", "rita", "rob"), ("two reps of whom one has moved", "max", "nina")],
    )
    def test_has_two_keys_for_those_who_see_only_themselves(self, company, on, case, one, other):
        keys = {queries.sight(company.users[name], on).key for name in (one, other)}
        assert len(keys) == 2, case


class TestCheckScope:
    @pytest.mark.parametrize(
        ("who", "scope"),
        [
            ("sam", Scope("unit", "east")),
            ("sam", Scope("unit", "nanjing")),
            ("sam", Scope("person", "P07")),
            ("sam", Scope("unit", "no-such-unit")),
            ("ada", Scope("unit", "no-such-unit")),
            ("ada", Scope("person", "P99")),
            ("rita", Scope("person", "P05")),
            ("rita", Scope("unit", "shanghai")),
        ],
    )
    def test_hides_and_does_not_tell_whether_it_exists(self, company, on, who, scope):
        with pytest.raises(NotFound, match="or it is not yours to see"):
            queries.check_scope(company.users[who], scope, on)

    @pytest.mark.parametrize(
        ("who", "scope"),
        [
            ("sam", Scope("unit", "shanghai")),
            ("sam", Scope("person", "P06")),
            ("emma", Scope("unit", "nanjing")),
            ("rita", Scope("person", "P04")),
            ("fin", Scope("unit", "company")),
        ],
    )
    def test_lets_through_what_may_be_seen(self, company, on, who, scope):
        assert queries.check_scope(company.users[who], scope, on) == scope


class TestHomeScope:
    @pytest.mark.parametrize(
        ("who", "scope"),
        [
            ("ada", Scope("unit", "company")),
            ("emma", Scope("unit", "east")),
            ("rita", Scope("person", "P04")),
        ],
    )
    def test_is_the_top_of_what_one_sees(self, company, on, who, scope):
        assert queries.home_scope(company.users[who], on) == scope


class TestFind:
    def test_finds_nobody_of_another_subtree(self, company, on):
        assert [p.key for p in queries.find_people(company.sam, "nina", on)] == []
        assert [p.key for p in queries.find_people(company.emma, "nina", on)] == ["P07"]
        assert queries.find_units(company.sam, "南京", on) == []
        assert [u.key for u in queries.find_units(company.emma, "南京", on)] == ["nanjing"]

    def test_finds_chinese_names_by_pinyin_and_initials(self, company, on, at):
        actions.change_person("P04", values={"name": "王浩然"}, by=company.ada, at=at)

        for typed in ("wanghao", "haoran", "WHR", "Hao Ran"):
            assert [p.key for p in queries.find_people(company.sam, typed, on)] == ["P04"], typed
            assert not queries.find_people(company.nina, typed, on), typed
        for typed in ("w", "aoran", "hr w"):  # a letter, the middle of a syllable, another order
            assert not queries.find_people(company.sam, typed, on), typed
        assert [u.key for u in queries.find_units(company.emma, "nanjing", on)] == ["nanjing"]
        assert [u.key for u in queries.find_units(company.emma, "shz", on)] == ["shanghai"]


class TestPeopleRows:
    def test_do_not_tell_where_somebody_works_now_who_has_moved_away(self, company, on):
        rows = {row.key: row for row in queries.people_rows(company.sam, on)}
        assert (rows["P04"].unit, rows["P04"].position) == ("上海组", "销售")
        assert (rows["P06"].name, rows["P06"].unit, rows["P06"].since) == ("max", None, None)

    def test_tell_it_to_those_who_see_both_units_and_to_oneself(self, company, on):
        for viewer in (company.dora, company.wes, company.max):
            found = next(row for row in queries.people_rows(viewer, on) if row.key == "P06")
            assert (found.unit, found.since) == ("成都组", date(2026, 2, 1))

    def test_of_a_unit_are_those_who_hold_a_seat_in_it_that_day(self, company, on):
        def seated(day):
            return [row.key for row in queries.people_rows(company.sam, day, unit="shanghai")]

        assert seated(on) == ["P03", "P04", "P05"]
        assert seated(date(2026, 1, 31)) == ["P03", "P04", "P05", "P06"]
        assert seated(date(2026, 2, 1)) == ["P03", "P04", "P05"]

    def test_of_another_day_are_those_of_todays_sight(self, company, at, on):
        """A grant that has ended opens nothing, whichever day is asked about."""
        was = date(2026, 1, 15)
        actions.grant("rita", "nanjing", starts_on=was, ends_on=date(2026, 2, 1), by=company.ada, at=at)

        assert [row.key for row in queries.people_rows(company.rita, on, day=was)] == ["P04"]
        rows = {row.key: row.unit for row in queries.people_rows(company.sam, on, day=date(2026, 1, 31))}
        assert rows["P06"] == "上海组"


class TestAbsences:
    AWAY = (
        (date(2026, 1, 5), date(2026, 1, 8)),
        (date(2026, 1, 30), date(2026, 2, 3)),
        (date(2026, 3, 2), date(2026, 3, 9)),
    )
    """Of max: before he moved to chengdu on 1 February, across the move, and after it."""

    @pytest.fixture
    def away(self, company, at):
        for start, end in self.AWAY:
            actions.record_absence("P06", starts_on=start, ends_on=end, kind="illness", by=company.ada, at=at)
        return company

    @pytest.mark.parametrize(
        ("case", "viewer", "days"),
        [
            ("one's own are all there", "max", [AWAY[2], AWAY[1], AWAY[0]]),
            ("so are those of all whom one sees all the time", "dora", [AWAY[2], AWAY[1], AWAY[0]]),
            ("readers see all", "fin", [AWAY[2], AWAY[1], AWAY[0]]),
            (
                "the manager before sees what lies in their time",
                "sam",
                [(AWAY[1][0], date(2026, 2, 1)), AWAY[0]],
            ),
            ("the manager of today as well", "wes", [AWAY[2], (date(2026, 2, 1), AWAY[1][1])]),
            ("a colleague sees none", "rita", []),
        ],
    )
    def test_are_seen_day_by_day_as_facts_are(self, away, on, case, viewer, days):
        seen = queries.absences_of(away.users[viewer], "P06", on)

        assert [(each.starts_on, each.ends_on) for each in seen] == days, case

    @pytest.mark.parametrize(
        ("case", "viewer", "kinds"),
        [
            ("one's own", "max", {"Illness"}),
            ("sales operations enter them", "otto", {"Illness"}),
            ("administrators may", "ada", {"Illness"}),
            ("the line of today and of then", "wes", {"Illness"}),
            ("and above it", "dora", {"Illness"}),
            ("readers learn that, not why", "fin", {"Away"}),
            ("so does who was granted to see the unit", "rita", {"Away"}),
        ],
    )
    def test_why_is_told_to_oneself_the_line_and_who_enters_it(self, away, as_, on, at, case, viewer, kinds):
        actions.grant(
            "rita", "chengdu", starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1), by=away.ada, at=at
        )
        with translation.override("en"):
            seen = queries.absences_of(away.users[viewer], "P06", on)
        page = as_(viewer).get("/org/people/P06/", headers={"accept-language": "en"}).content.decode()
        cells = set(re.findall(r"<td>(Illness|Away)</td>", page))

        assert {each.kind for each in seen} == kinds, case
        assert cells == kinds

    def test_after_the_move_are_not_on_the_page_of_who_managed_them_before(self, away, as_):
        def shown(name):
            return [away.starts_on for away, _last in as_(name).get("/org/people/P06/").context["absences"]]

        assert shown("sam") == [self.AWAY[1][0], self.AWAY[0][0]]
        assert shown("max") == [start for start, _end in reversed(self.AWAY)]


class TestWhatNoDayBelongsTo:
    """Where somebody is written to and when they left: known to who sees their last seat."""

    @pytest.fixture
    def left(self, company, at):
        values = {"email": "max@example.com", "left_on": date(2026, 3, 31)}
        actions.change_person("P06", values=values, by=company.ada, at=at)
        return company

    @pytest.mark.parametrize(
        ("viewer", "known"), [("sam", False), ("wes", True), ("max", True), ("fin", True), ("dora", True)]
    )
    def test_is_for_whoever_sees_the_last_seat(self, left, on, as_, viewer, known):
        row = next(row for row in queries.people_rows(left.users[viewer], on) if row.key == "P06")
        page = as_(viewer).get("/org/people/P06/").content.decode()

        assert (row.left_on is not None) == known
        assert ("max@example.com" in page) == known

    def test_stays_known_to_the_manager_whom_they_left_under(self, left, at, on):
        actions.change_assignment(
            Assignment.objects.get(person__key="P06", ends_on=queries.FOREVER).pk,
            values={"ends_on": date(2026, 3, 1)}, by=left.ada, at=at,
        )  # fmt: skip
        assert queries.is_theirs(left.wes, "P06", date(2026, 5, 1))
        assert not queries.is_theirs(left.sam, "P06", date(2026, 5, 1))


class TestSeats:
    def tables(self):
        return seats.lake_tables()

    def test_number_assignments_in_tree_order(self, company):
        rows = self.tables()["assignments"].to_pylist()
        assert [(r["seat"], r["unit"], r["person"]) for r in rows] == [
            (1, "company", "P01"),
            (2, "east", "P02"),
            (3, "nanjing", "P07"),
            (4, "shanghai", "P03"),
            (5, "shanghai", "P04"),
            (6, "shanghai", "P05"),
            (7, "shanghai", "P06"),
            (8, "west", "P08"),
            (9, "chengdu", "P09"),
            (10, "chengdu", "P06"),
        ]

    def test_make_a_subtree_an_interval(self, company):
        rows = self.tables()["units"].to_pylist()
        assert [(r["unit"], r["seat_from"], r["seat_to"]) for r in rows] == [
            ("company", 1, 11),
            ("east", 2, 8),
            ("nanjing", 3, 4),
            ("shanghai", 4, 8),
            ("west", 8, 11),
            ("chengdu", 9, 11),
        ]

    def test_leave_an_empty_unit_empty(self, company, at):
        actions.add_unit(key="hangzhou", name="杭州组", parent="east", by=None, at=at)
        rows = {r["unit"]: (r["seat_from"], r["seat_to"]) for r in self.tables()["units"].to_pylist()}
        assert rows["hangzhou"] == (3, 3)
        assert rows["east"] == (2, 8)

    def test_name_every_ancestor_by_kind(self, company):
        rows = self.tables()["unit_levels"].to_pylist()
        assert [(r["kind"], r["ancestor"]) for r in rows if r["unit"] == "nanjing"] == [
            ("company", "company"),
            ("region", "east"),
            ("team", "nanjing"),
        ]

    def test_know_that_the_organisation_has_changed(self, company, at):
        before = seats.org_tables().version
        actions.change_unit("west", values={"name": "西区"}, by=company.ada, at=at)
        assert seats.org_tables().version == before + 1

    def test_absences_are_published(self, company, at):
        days = {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 4), "kind": "leave"}
        actions.record_absence("P04", **days, by=company.otto, at=at)
        assert self.tables()["absences"].to_pylist() == [{"person": "P04", **days}]
