"""Changes of the organisation: each with its rule, its version, its audit line."""

from datetime import date, timedelta

import pytest

from dabiao.core.errors import Forbidden, Malformed, NotFound
from dabiao.core.models import AuditLine
from dabiao.org import actions
from dabiao.org.logic import tree
from dabiao.org.models import FOREVER, Absence, ApiToken, Assignment, Grant, User

GOOD = "correct-horse-9"


class TestEveryAction:
    def test_leaves_one_audit_line_and_a_new_version(self, company, at, on):
        seat = Assignment.objects.get(person__key="P04")
        days = {"starts_on": on, "ends_on": on + timedelta(days=2)}
        steps = [
            lambda: actions.add_unit(key="south", name="南区", parent="company", by=company.otto, at=at),
            lambda: actions.change_unit("south", values={"name": "华南"}, by=company.otto, at=at),
            lambda: actions.add_position(key="south-1", title="销售", unit="south", by=company.otto, at=at),
            lambda: actions.change_position("south-1", values={"unit": "west"}, by=company.otto, at=at),
            lambda: actions.remove_unit("south", by=company.otto, at=at),
            lambda: actions.add_person(key="P77", name="new", by=company.otto, at=at),
            lambda: actions.change_person("P77", values={"name": "newer"}, by=company.otto, at=at),
            lambda: actions.assign("P77", actions.Seat("south-1", on), by=company.otto, at=at),
            lambda: actions.change_assignment(seat.pk, values={"ends_on": on}, by=company.otto, at=at),
            lambda: actions.remove_assignment(seat.pk, by=company.otto, at=at),
            lambda: actions.record_absence("P05", **days, kind="leave", by=company.otto, at=at),
            lambda: actions.remove_absence(Absence.objects.get().pk, by=company.otto, at=at),
            lambda: actions.grant("sam", "west", starts_on=on, by=company.ada, at=at),
            lambda: actions.end_grant(Grant.objects.get().pk, on=on, by=company.ada, at=at),
        ]
        for step in steps:
            lines, version = AuditLine.objects.count(), tree.org_version()
            step()
            assert (AuditLine.objects.count(), tree.org_version()) == (lines + 1, version + 1)

    def test_on_users_and_tokens_leaves_one_audit_line(self, company, at):
        token = {"name": "crm", "scope": "read", "days": 30, "by": company.otto, "at": at}
        steps = [
            lambda: actions.add_user(username="new", password=GOOD, role="rep", by=company.ada, at=at),
            lambda: actions.change_user("new", values={"role": "reader"}, by=company.ada, at=at),
            lambda: actions.set_password("new", GOOD + "0", by=company.ada, at=at),
            lambda: actions.create_token(**token),
            lambda: actions.revoke_token(ApiToken.objects.get().pk, by=company.otto, at=at),
        ]
        for step in steps:
            lines = AuditLine.objects.count()
            step()
            assert AuditLine.objects.count() == lines + 1

    def test_that_changes_nothing_leaves_no_trace(self, company, at):
        lines, version = AuditLine.objects.count(), tree.org_version()
        actions.change_unit("east", values={"name": "华东大区"}, by=company.otto, at=at)
        assert (AuditLine.objects.count(), tree.org_version()) == (lines, version)

    @pytest.mark.parametrize("who", ["fin", "dora", "rita"])
    def test_is_for_operations(self, company, at, on, who):
        by = company.users[who]
        for step in (
            lambda: actions.add_unit(key="x", name="x", by=by, at=at),
            lambda: actions.change_unit("east", values={"name": "x"}, by=by, at=at),
            lambda: actions.add_person(key="x", name="x", by=by, at=at),
            lambda: actions.assign("P04", actions.Seat("director", on), by=by, at=at),
            lambda: actions.add_user(username="x", password=GOOD, role="rep", by=by, at=at),
            lambda: actions.grant(who, "company", starts_on=on, by=by, at=at),
        ):
            with pytest.raises(Forbidden):
                step()

    @pytest.mark.parametrize("who", ["otto", "ada"])
    def test_is_refused_to_somebody_who_has_been_locked_out(self, company, at, who):
        by = company.users[who]
        by.is_active = False
        with pytest.raises(Forbidden):
            actions.add_unit(key="x", name="x", by=by, at=at)
        with pytest.raises(Forbidden):
            actions.add_user(username="x", password=GOOD, role="rep", by=by, at=at)


class TestChangeUnit:
    def test_refuses_a_circle(self, company, at):
        with pytest.raises(actions.UnitWouldBeItsOwnParent):
            actions.change_unit("east", values={"parent": "shanghai"}, by=None, at=at)
        with pytest.raises(actions.UnitWouldBeItsOwnParent):
            actions.change_unit("east", values={"parent": "east"}, by=None, at=at)

    def test_refuses_a_parent_that_does_not_exist(self, company, at):
        with pytest.raises(NotFound, match="nowhere"):
            actions.change_unit("east", values={"parent": "nowhere"}, by=None, at=at)


class TestRemoveUnit:
    def test_refuses_one_in_use(self, company, at):
        with pytest.raises(actions.UnitIsInUse):
            actions.remove_unit("nanjing", by=None, at=at)


class TestAssign:
    def test_refuses_two_primary_seats_on_one_day(self, company, at, on):
        with pytest.raises(actions.SeatsOverlap, match="already holds"):
            actions.assign("P04", actions.Seat("nanjing-rep1", on), by=None, at=at)

    @pytest.mark.parametrize(
        ("case", "starts_on", "ends_on"),
        [
            ("the last day of what they hold", date(2026, 1, 31), date(2026, 2, 1)),
            ("the first day of what they hold", date(2026, 2, 1), date(2026, 2, 2)),
            ("from before it to after it", date(2023, 1, 1), FOREVER),
        ],
    )
    def test_refuses_an_overlap_of_a_single_day(self, company, at, case, starts_on, ends_on):
        """Max holds a seat in Shanghai through 31 January and one in Chengdu from 1 February."""
        with pytest.raises(actions.SeatsOverlap):
            actions.assign("P06", actions.Seat("nanjing-rep1", starts_on, ends_on), by=None, at=at)

    def test_allows_a_secondary_seat(self, company, at, on):
        actions.assign("P04", actions.Seat("nanjing-rep1", on, primary=False), by=None, at=at)
        assert Assignment.objects.filter(person__key="P04").count() == 2

    def test_allows_seats_that_touch(self, company, at, on):
        seat = Assignment.objects.get(person__key="P04")
        actions.change_assignment(seat.pk, values={"ends_on": on}, by=None, at=at)
        actions.assign("P04", actions.Seat("nanjing-rep1", on), by=None, at=at)

    @pytest.mark.parametrize(
        ("case", "change"),
        [
            ("an end before the beginning", {"starts_on": date(2030, 1, 1), "ends_on": date(2029, 1, 1)}),
            ("no share of a job", {"fte": 0}),
            ("more than one job", {"fte": 2}),
        ],
    )
    def test_refuses(self, company, at, case, change):
        seat = Assignment.objects.get(person__key="P04")
        with pytest.raises(Malformed):
            actions.change_assignment(seat.pk, values=change, by=None, at=at)


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("case", "change"),
        [
            ("a unit", lambda values, **how: actions.change_unit("east", values=values, **how)),
            (
                "a position",
                lambda values, **how: actions.change_position("nanjing-rep1", values=values, **how),
            ),
            ("a person", lambda values, **how: actions.change_person("P04", values=values, **how)),
            ("a user", lambda values, **how: actions.change_user("otto", values=values, **how)),
            (
                "a seat",
                lambda values, **how: actions.change_assignment(
                    Assignment.objects.first().pk, values=values, **how
                ),
            ),
        ],
    )
    def test_are_refused_and_nothing_changes(self, company, at, case, change):
        lines = AuditLine.objects.count()

        with pytest.raises(Malformed, match="hired_at cannot be changed here, only "):
            change({"hired_at": None}, by=company.ada, at=at)

        assert AuditLine.objects.count() == lines, case


class TestMove:
    def test_ends_the_old_seat_on_the_day_the_new_one_begins(self, company, at, on):
        actions.move("P04", actions.Seat("nanjing-rep1", on), by=company.otto, at=at)
        held = Assignment.objects.filter(person__key="P04").order_by("starts_on")
        assert [(a.position.key, a.starts_on, a.ends_on) for a in held] == [
            ("shanghai-rep1", date(2024, 1, 1), on),
            ("nanjing-rep1", on, FOREVER),
        ]

    def test_is_told_in_one_line(self, company, at, on):
        before = AuditLine.objects.count()
        actions.move("P04", actions.Seat("nanjing-rep1", on), by=company.otto, at=at)

        assert AuditLine.objects.count() == before + 1
        line = AuditLine.objects.latest("pk")
        assert (line.what, line.subject_key) == ("org.assignment.added", "P04")
        days = {"starts_on": str(on), "ends_on": str(FOREVER)}
        assert line.detail == {"position": "nanjing-rep1", **days, "left": "shanghai-rep1"}

    def test_leaves_a_secondary_seat_as_it_is(self, company, at, on):
        actions.assign("P04", actions.Seat("chengdu-rep1", date(2026, 1, 1), primary=False), by=None, at=at)
        actions.move("P04", actions.Seat("nanjing-rep1", on), by=company.otto, at=at)
        assert Assignment.objects.get(person__key="P04", primary=False).ends_on == FOREVER


class TestUsers:
    def test_refuse_a_weak_password(self, company, at):
        with pytest.raises(Malformed, match="too common"):
            actions.add_user(username="x", password="password", role="rep", by=company.ada, at=at)

    def test_keep_an_administrator(self, company, at):
        with pytest.raises(actions.LastAdministrator):
            actions.change_user("ada", values={"role": "rep"}, by=company.ada, at=at)
        assert User.objects.get(username="ada").role == "admin"

    def test_keep_an_administrator_who_can_sign_in(self, company, at):
        with pytest.raises(actions.LastAdministrator):
            actions.change_user("ada", values={"is_active": False}, by=company.ada, at=at)
        assert User.objects.get(username="ada").is_active

    def test_may_set_their_own_password_only(self, company, at):
        actions.set_password("rita", GOOD, by=company.rita, at=at)
        assert User.objects.get(username="rita").check_password(GOOD)
        with pytest.raises(Forbidden):
            actions.set_password("rob", GOOD, by=company.rita, at=at)

    def test_begin_with_an_administrator(self, db, at):
        user = actions.create_admin(username="root", password=GOOD, by=None, at=at)
        assert user.role == User.Role.ADMIN
        again = actions.create_admin(username="root", password=GOOD + "0", by=None, at=at)
        assert (again.pk, again.check_password(GOOD + "0")) == (user.pk, True)


class TestGrant:
    def test_ends_on_a_day(self, company, at, on):
        given = actions.grant("sam", "west", starts_on=on - timedelta(days=3), by=company.ada, at=at)
        actions.end_grant(given.pk, on=on, by=company.ada, at=at)
        given.refresh_from_db()
        assert given.ends_on == on

    def test_that_has_not_begun_is_gone(self, company, at, on):
        given = actions.grant("sam", "west", starts_on=on, by=company.ada, at=at)
        actions.end_grant(given.pk, on=on, by=company.ada, at=at)
        assert not type(given).objects.filter(pk=given.pk).exists()


class TestTokens:
    def test_work_until_they_expire(self, company, at):
        _token, secret = actions.create_token(name="crm", scope="read", days=30, by=company.otto, at=at)
        assert actions.bearer(secret, at=at).user == company.otto
        assert actions.bearer(secret, at=at + timedelta(days=30)) is None
        assert ApiToken.objects.get().last_used_at == at

    def test_are_kept_as_a_digest_only(self, company, at):
        token, secret = actions.create_token(name="crm", scope="read", days=30, by=company.otto, at=at)
        assert secret not in str(ApiToken.objects.filter(pk=token.pk).values())

    def test_stop_when_revoked_or_when_their_owner_is_locked_out(self, company, at):
        token, secret = actions.create_token(name="crm", scope="read", days=30, by=company.otto, at=at)
        actions.revoke_token(token.pk, by=company.ada, at=at)
        assert actions.bearer(secret, at=at) is None
        _token, secret = actions.create_token(name="crm", scope="read", days=30, by=company.otto, at=at)
        User.objects.filter(pk=company.otto.pk).update(is_active=False)
        assert actions.bearer(secret, at=at) is None

    def test_of_others_cannot_be_found(self, company, at):
        token, _ = actions.create_token(name="crm", scope="read", days=30, by=company.otto, at=at)
        with pytest.raises(NotFound):
            actions.revoke_token(token.pk, by=company.rita, at=at)

    def test_of_a_reader_only_read(self, company, at):
        with pytest.raises(Forbidden):
            actions.create_token(name="x", scope="write", days=1, by=company.fin, at=at)

    @pytest.mark.parametrize("days", [0, -1, 400])
    def test_last_a_year_at_most(self, company, at, days):
        with pytest.raises(Malformed):
            actions.create_token(name="x", scope="read", days=days, by=company.otto, at=at)
