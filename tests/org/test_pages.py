"""Pages of the organisation, through the client: what they do, what they refuse, what a stranger finds."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dabiao.core.models import AuditLine
from dabiao.org import actions
from dabiao.org.models import FOREVER, ApiToken, Assignment, Grant, Person, Unit, User
from tests.conftest import BACKEND

GOOD = "correct-horse-9"


def upload(text, name="x.csv"):
    return SimpleUploadedFile(name, text.encode())


class TestSignIn:
    def test_works_with_a_password_that_an_administrator_set(self, client, company, at):
        actions.set_password("rita", GOOD, by=company.ada, at=at)
        page = client.get(reverse("account_login"))
        assert "Sign in" in page.content.decode()
        answer = client.post(
            reverse("account_login"), {"login": "rita", "password": GOOD, "next": "/org/tokens/"}
        )
        assert (answer.status_code, answer["Location"]) == (302, "/org/tokens/")
        assert client.get("/org/tokens/").status_code == 200

    def test_refuses_a_wrong_password_and_locks_after_eight(self, client, company, at):
        actions.set_password("rita", GOOD, by=company.ada, at=at)
        said = {"login": "rita", "password": "wrong"}
        codes = [client.post(reverse("account_login"), said).status_code for _ in range(9)]
        assert codes[:7] == [200] * 7
        assert codes[-1] == 429
        assert client.post(reverse("account_login"), {"login": "rita", "password": GOOD}).status_code == 429

    def test_is_asked_for_before_every_page(self, client, company):
        answer = client.get(reverse("org:people"))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))

    def test_has_no_way_to_sign_up(self, client, db):
        assert client.get("/accounts/signup/").status_code == 404

    def test_lets_somebody_change_their_own_password(self, client, company, at):
        actions.set_password("rita", GOOD, by=company.ada, at=at)
        client.post(reverse("account_login"), {"login": "rita", "password": GOOD})
        said = {"oldpassword": GOOD, "password1": "other-horse-7", "password2": "other-horse-7"}
        assert client.post(reverse("account_change_password"), said).status_code == 302
        assert User.objects.get(username="rita").check_password("other-horse-7")


class TestPeople:
    def test_shows_a_manager_their_own_subtree_only(self, as_):
        page = as_("sam").get(reverse("org:people")).content.decode()
        assert "rita" in page
        assert "nina" not in page

    def test_does_not_open_another_unit(self, as_):
        assert as_("sam").get(reverse("org:people"), {"unit": "nanjing"}).status_code == 404

    def test_exports_what_it_shows(self, as_):
        answer = as_("sam").get(reverse("org:people"), {"export": "csv"})
        text = b"".join(answer.streaming_content).decode()
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["sam", "rita", "rob", "max"]

    def test_does_not_tell_where_somebody_works_now_who_has_moved_away(self, as_):
        page = as_("sam").get(reverse("org:person", args=["P06"])).content.decode()
        assert "上海组" in page
        assert "成都组" not in page

    def test_of_nobody_say_what_to_do_next(self, client, db):
        client.force_login(User.objects.create(username="ada", role="admin"), backend=BACKEND)
        assert reverse("org:import") in client.get(reverse("org:people")).content.decode()


class TestPerson:
    def test_is_added_and_given_a_seat(self, as_):
        ops = as_("otto")
        ops.post(reverse("org:person-add"), {"key": "P20", "name": "neu"})
        said = {"position": "nanjing-rep1", "starts_on": "2026-03-01", "primary": "on", "fte": "1"}
        assert ops.post(reverse("org:person-seat-add", args=["P20"]), said).status_code == 302
        seat = Assignment.objects.get(person__key="P20")
        assert (seat.starts_on, seat.ends_on) == (date(2026, 3, 1), FOREVER)

    def test_that_moves_leaves_the_old_seat_the_day_before(self, as_):
        said = {"position": "chengdu-rep1", "starts_on": "2026-03-01", "primary": "on", "fte": "1"}
        as_("otto").post(reverse("org:person-seat-add", args=["P04"]), said)
        assert Assignment.objects.get(position__key="shanghai-rep1").ends_on == date(2026, 3, 1)

    def test_refusals_stand_in_the_form_with_what_was_typed(self, as_):
        said = {"position": "nanjing-rep1", "starts_on": "2023-03-01", "primary": "on", "fte": "1"}
        answer = as_("otto").post(reverse("org:person-seat-add", args=["P04"]), said)
        assert answer.status_code == 422
        assert "already holds" in answer.content.decode()
        assert 'value="2023-03-01"' in answer.content.decode()

    def test_seat_ends_after_its_last_day(self, as_):
        seat = Assignment.objects.get(position__key="shanghai-rep1")
        address = reverse("org:person-seat-end", args=["P04", seat.pk])
        as_("otto").post(address, {"last_day": "2026-03-31", "exit_reason": "left"})
        seat.refresh_from_db()
        assert (seat.ends_on, seat.exit_reason) == (date(2026, 4, 1), "left")

    def test_absences_are_recorded_and_removed(self, as_, company):
        ops = as_("otto")
        said = {"starts_on": "2026-03-02", "last_day": "2026-03-03", "kind": "leave"}
        ops.post(reverse("org:person-absence-add", args=["P04"]), said)
        row = company.people["P04"].absences.get()
        assert row.ends_on == date(2026, 3, 4)
        ops.post(reverse("org:person-absence-remove", args=["P04", row.pk]))
        assert not company.people["P04"].absences.exists()

    def test_whose_last_day_is_the_last_there_is_stays(self, as_):
        ops = as_("otto")
        ops.post(reverse("org:person-add"), {"key": "P20", "name": "neu"})
        said = {
            "position": "nanjing-rep1",
            "starts_on": "2026-03-01",
            "last_day": "9999-12-31",
            "primary": "on",
            "fte": "1",
        }
        assert ops.post(reverse("org:person-seat-add", args=["P20"]), said).status_code == 302
        assert Assignment.objects.get(person__key="P20").ends_on == FOREVER

    def test_keeps_what_is_said_on_the_page_of_another(self, as_, company, at):
        seat = Assignment.objects.get(position__key="shanghai-rep1")
        away = actions.record_absence(
            "P04", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 3), kind="leave", by=None, at=at
        )
        ops = as_("otto")
        asked = [
            ("org:person-seat-end", ["P05", seat.pk], {"last_day": "2026-03-31"}),
            ("org:person-seat-remove", ["P05", seat.pk], {}),
            ("org:person-absence-remove", ["P05", away.pk], {}),
        ]
        assert [ops.post(reverse(name, args=args), said).status_code for name, args, said in asked] == [
            404
        ] * 3
        seat.refresh_from_db()
        assert (seat.ends_on, company.people["P04"].absences.count()) == (FOREVER, 1)

    def test_is_not_changed_by_a_manager(self, as_):
        answer = as_("sam").post(reverse("org:person", args=["P04"]), {"name": "hacked"})
        assert answer.status_code == 403
        assert Person.objects.get(key="P04").name == "rita"


class TestUnits:
    def test_are_added_changed_and_removed(self, as_):
        ops = as_("otto")
        ops.post(reverse("org:unit-add", args=["east"]), {"key": "hangzhou", "name": "杭州组"})
        said = {"name": "杭州一组", "parent": "west", "order": "2"}
        assert ops.post(reverse("org:unit", args=["hangzhou"]), said).status_code == 302
        unit = Unit.objects.get(key="hangzhou")
        assert (unit.name, unit.parent.key, unit.order) == ("杭州一组", "west", 2)
        ops.post(reverse("org:unit-remove", args=["hangzhou"]))
        assert not Unit.objects.filter(key="hangzhou").exists()

    def test_in_use_are_not_removed(self, as_):
        answer = as_("otto").post(reverse("org:unit-remove", args=["nanjing"]))
        assert answer.status_code == 409

    def test_show_positions_and_who_holds_them(self, as_):
        as_("otto").post(reverse("org:unit-position-add", args=["nanjing"]), {"key": "nj-2", "title": "售前"})
        page = as_("emma").get(reverse("org:unit", args=["nanjing"])).content.decode()
        assert "nina" in page
        assert "售前" in page


class TestImport:
    def test_changes_what_the_file_says(self, as_):
        said = {"table": "people", "file": upload("工号,姓名\nP04,丽塔\nP20,新人\n")}
        page = as_("otto").post(reverse("org:import"), said).content.decode()
        assert "1 added, 1 changed, 0 were already so" in page
        assert Person.objects.get(key="P04").name == "丽塔"

    def test_shows_every_error_and_changes_nothing(self, as_):
        said = {"table": "people", "file": upload("工号,姓名,入职日期\nP04,x,soon\n,y,\n")}
        answer = as_("otto").post(reverse("org:import"), said)
        assert answer.status_code == 422
        assert "2 errors" in answer.content.decode()
        assert "soon" in answer.content.decode()
        assert Person.objects.get(key="P04").name == "rita"

    def test_only_checks_when_asked_to(self, as_):
        said = {"table": "people", "file": upload("工号,姓名\nP20,新人\n"), "dry_run": "on"}
        assert "1 would be added" in as_("otto").post(reverse("org:import"), said).content.decode()
        assert not Person.objects.filter(key="P20").exists()

    def test_of_something_else_says_so(self, as_):
        said = {"table": "people", "file": upload("x", "x.pdf")}
        answer = as_("otto").post(reverse("org:import"), said)
        assert (answer.status_code, "only CSV" in answer.content.decode()) == (422, True)

    def test_offers_an_empty_workbook(self, as_):
        answer = as_("otto").get(reverse("org:import-template", args=["people"]))
        assert b"".join(answer.streaming_content)[:2] == b"PK"
        assert as_("otto").get(reverse("org:import-template", args=["secrets"])).status_code == 404


class TestUsers:
    def test_are_added_with_a_role(self, as_, company):
        said = {"username": "neu", "role": "rep", "person": "P05", "password": GOOD}
        company.users["rob"].delete()
        assert as_("ada").post(reverse("org:user-add"), said).status_code == 302
        assert User.objects.get(username="neu").person.key == "P05"

    def test_keep_what_was_typed_when_refused(self, as_):
        said = {"username": "neu", "role": "rep", "person": "P99", "password": GOOD}
        page = as_("ada").post(reverse("org:user-add"), said).content.decode()
        assert "There is no P99" in page
        assert 'value="neu"' in page

    def test_get_roles_passwords_and_grants(self, as_):
        admin = as_("ada")
        admin.post(
            reverse("org:user", args=["rita"]), {"role": "manager", "person": "P04", "is_active": "on"}
        )
        admin.post(reverse("org:user-password", args=["rita"]), {"password": GOOD})
        admin.post(reverse("org:user-grant", args=["rita"]), {"unit": "west", "starts_on": "2026-01-01"})
        rita = User.objects.get(username="rita")
        assert (rita.role, rita.check_password(GOOD), rita.grants.get().unit.key) == ("manager", True, "west")
        admin.post(reverse("org:user-grant-end", args=["rita", rita.grants.get().pk]))
        assert Grant.objects.get().ends_on < FOREVER

    @pytest.mark.parametrize("who", ["otto", "fin", "emma", "rita"])
    def test_are_for_administrators(self, as_, who):
        visitor = as_(who)
        assert visitor.get(reverse("org:users")).status_code == 403
        assert visitor.get(reverse("org:user", args=["ada"])).status_code == 403
        assert visitor.post(reverse("org:user", args=[who]), {"role": "admin"}).status_code == 403
        assert visitor.post(reverse("org:user-password", args=["ada"]), {"password": GOOD}).status_code == 403


class TestTokens:
    def test_are_shown_once(self, as_):
        rita = as_("rita")
        page = rita.post(
            reverse("org:tokens"), {"name": "crm", "scope": "read", "days": "30"}
        ).content.decode()
        secret = page.split('org-secret">')[1].split("<")[0]
        assert actions.bearer(secret, at=ApiToken.objects.get().created_at).user.username == "rita"
        assert secret not in rita.get(reverse("org:tokens")).content.decode()

    def test_of_others_are_neither_seen_nor_revoked(self, as_, company, at):
        token, _ = actions.create_token(name="secret-crm", scope="read", days=9, by=company.otto, at=at)
        rita = as_("rita")
        assert "secret-crm" not in rita.get(reverse("org:tokens")).content.decode()
        assert rita.post(reverse("org:token-revoke", args=[token.pk])).status_code == 404
        assert "secret-crm" in as_("ada").get(reverse("org:tokens")).content.decode()


class TestAudit:
    def test_can_be_filtered(self, as_):
        ops = as_("otto")
        ops.post(reverse("org:person", args=["P04"]), {"name": "Rita R."})
        page = ops.get(reverse("audit"), {"q": "person.changed", "by": "otto"}).content.decode()
        assert "Rita R." in page
        assert "Nothing to show" in ops.get(reverse("audit"), {"until": "2001-01-01"}).content.decode()

    def test_exports_every_line(self, as_, company, at):
        for n in range(120):
            actions.add_person(key=f"N{n}", name="x", by=None, at=at)
        answer = as_("otto").get(reverse("audit"), {"export": "csv"})
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) == AuditLine.objects.count() + 1

    def test_is_for_operations(self, as_):
        assert as_("emma").get(reverse("audit")).status_code == 403

    def test_says_which_day_cannot_be_read(self, as_):
        answer = as_("otto").get(reverse("audit"), {"since": "yesterday"})
        assert (answer.status_code, "since" in answer.content.decode()) == (422, True)
