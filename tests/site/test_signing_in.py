"""The door: one count for all spellings of a name, another for an address; what ends when a password is reset."""

from importlib import import_module
from ipaddress import ip_network

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from dabiao.core.errors import Malformed, Refused
from dabiao.core.names import fold
from dabiao.org import actions
from dabiao.org.access import User
from dabiao.org.models import ApiToken
from dabiao.site import commands
from dabiao.site.accounts import address_counted
from tests.conftest import BACKEND

GOOD = "correct-horse-9"
SPELLINGS = ["rita", "RITA", "Rita", "rItA", "ｒｉｔａ", "ＲＩＴＡ", "Ｒita", " rita "]


@pytest.fixture
def rita(company, at):
    actions.set_password("rita", GOOD, by=company.ada, at=at)
    return company.rita


def signs_in(client, name, password=GOOD, address="203.0.113.7"):
    """The status: 302 is in, 200 the form again, 429 closed."""
    said = {"login": name, "password": password}
    return client.post(reverse("account_login"), said, REMOTE_ADDR=address).status_code


class TestNames:
    @pytest.mark.parametrize("typed", SPELLINGS)
    def test_mean_who_is_meant(self, client, rita, typed):
        assert signs_in(client, typed) == 302
        assert client.session["_auth_user_id"] == str(rita.pk)

    def test_share_one_count_however_they_are_typed(self, client, rita):
        wrong = [signs_in(client, typed, "wrong") for typed in SPELLINGS]

        assert (wrong[:7], wrong[7:]) == ([200] * 7, [429])
        assert signs_in(client, "rita") == 429

    def test_that_nobody_has_are_answered_like_a_wrong_password(self, client, rita):
        told = set()
        for name in ("rita", "nobody", "ﷺ" * 150):  # one that folds into eighteen times its length
            answer = client.post(reverse("account_login"), {"login": name, "password": "wrong"})
            page = answer.content.decode()
            told.add((answer.status_code, page.partition('role="alert">')[2].partition("<")[0]))

        assert told == {(200, "The username and/or password you specified are not correct.")}

    def test_that_nobody_has_cost_as_much_work_as_a_wrong_password(self, client, rita, monkeypatch):
        hashed = []
        monkeypatch.setattr(User, "check_password", lambda self, raw: hashed.append("checked"))
        monkeypatch.setattr(User, "set_password", lambda self, raw: hashed.append("made"))
        signs_in(client, "rita", "wrong")
        signs_in(client, "nobody", "wrong")

        assert hashed == ["checked", "made"]

    def test_that_nobody_has_are_closed_like_others(self, client, db):
        assert [signs_in(client, "nobody", "wrong") for _ in range(9)][-2:] == [429, 429]


class TestAddresses:
    def test_that_try_all_names_are_closed(self, client, rita, settings):
        settings.FAILURES_OF_AN_ADDRESS = 12
        wrong = [signs_in(client, f"name{n}", "wrong") for n in range(13)]

        assert (wrong[:11], wrong[11:]) == ([200] * 11, [429] * 2)
        assert signs_in(client, "rita") == 429
        assert signs_in(client, "rita", address="203.0.113.8") == 302

    def test_let_others_in_while_one_name_is_closed(self, client, rita, company, at):
        actions.set_password("rob", GOOD, by=company.ada, at=at)
        assert [signs_in(client, "rita", "wrong") for _ in range(8)][-1] == 429

        assert signs_in(client, "rob") == 302
        assert signs_in(Client(), "rita", address="203.0.113.8") == 302

    def test_behind_a_proxy_are_the_clients(self, client, rita, settings):
        settings.PROXIES = [ip_network("127.0.0.1")]

        def signs_in_from(address, password):
            said = {"login": "rita", "password": password}
            return client.post(
                reverse("account_login"), said, HTTP_X_FORWARDED_FOR=f"6.6.6.6, {address}"
            ).status_code

        assert [signs_in_from("203.0.113.7", "wrong") for _ in range(8)][-1] == 429
        assert signs_in_from("203.0.113.7", GOOD) == 429
        assert signs_in_from("203.0.113.8", GOOD) == 302

    def test_are_open_again_though_somebody_goes_on(self, client, rita):
        """What is tried while the door is closed does not keep it closed."""
        assert [signs_in(client, "rita", "wrong") for _ in range(8)][-1] == 429
        before = AccessAttempt.objects.get().attempt_time
        assert signs_in(client, "rita", "wrong") == 429

        attempt = AccessAttempt.objects.get()
        assert (attempt.attempt_time, attempt.failures_since_start) == (before, 8)

    @pytest.mark.parametrize(
        ("case", "address", "counted"),
        [
            ("IPv4", "203.0.113.7", "203.0.113.7"),
            ("IPv4 as IPv6", "::ffff:203.0.113.7", "203.0.113.7"),
            ("IPv6: a client has all of its network", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("none", "", None),
        ],
    )
    def test_are_counted_as(self, rf, case, address, counted):
        assert address_counted(rf.get("/", REMOTE_ADDR=address)) == counted, case


class TestWhatEnds:
    @pytest.fixture
    def signed_in(self, client, rita):
        assert signs_in(client, "rita") == 302
        return client

    @pytest.fixture
    def token(self, rita, at):
        _token, secret = actions.create_token(name="crm", scope="read", days=30, by=rita, at=at)
        return secret

    def test_with_a_password_that_an_administrator_sets(self, signed_in, token, company, at):
        actions.set_password("rita", GOOD + "0", by=company.ada, at=at)

        assert signed_in.get("/org/people/").status_code == 302
        assert actions.bearer(token, at=at) is None
        assert ApiToken.objects.get().revoked_at == at

    def test_for_good_with_the_right_to_sign_in(self, signed_in, token, company, at):
        actions.change_user("rita", values={"is_active": False}, by=company.ada, at=at)
        actions.change_user("rita", values={"is_active": True}, by=company.ada, at=at)

        assert signed_in.get("/org/people/").status_code == 302
        assert actions.bearer(token, at=at) is None
        assert signs_in(signed_in, "rita") == 302

    def test_not_with_another_change(self, signed_in, token, company, at):
        actions.change_user("rita", values={"email": "r@example.com"}, by=company.ada, at=at)

        assert signed_in.get("/org/people/").status_code == 200
        assert actions.bearer(token, at=at).user == company.rita

    def test_not_for_who_changes_their_own_password(self, signed_in, rita):
        elsewhere = Client()
        elsewhere.force_login(rita, backend=BACKEND)
        said = {"oldpassword": GOOD, "password1": "other-horse-7", "password2": "other-horse-7"}
        signed_in.post(reverse("account_change_password"), said)

        assert signed_in.get("/org/people/").status_code == 200
        assert elsewhere.get("/org/people/").status_code == 302


class TestUsers:
    def test_differ_in_more_than_case_and_width(self, company, at):
        for name in ("Rita", "ＲＩＴＡ", "rita"):
            with pytest.raises(Malformed, match=r"^There is a user of this name already: case and width"):
                actions.add_user(username=name, password=GOOD, role="rep", by=company.ada, at=at)

    def test_keep_their_own_spelling(self, company, at):
        actions.add_user(username="Zoë", password=GOOD, role="rep", by=company.ada, at=at)
        assert User.objects.get(known_as="zoë").username == "Zoë"

    def test_from_a_file_too(self, as_):
        address = "/api/v1/org/users"
        rows = [{"username": name, "role": "rep"} for name in ("Rita", "neu", "NEU", "rob")]
        _token, secret = actions.create_token(
            name="t", scope="write", days=1, by=User.objects.get(username="ada"), at=commands.timezone.now()
        )
        answer = as_("ada").post(
            address, {"rows": rows}, "application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
        )

        told = [(error["row"], error["value"], error["message"]) for error in answer.json()["detail"]]
        says = "Case and width do not tell names apart: there is {}, here or in the file."
        assert told == [(2, "Rita", says.format("rita")), (4, "NEU", says.format("neu"))]


class TestInit:
    def test_holds_the_first_administrator_to_the_rules_of_all(self, db):
        with pytest.raises(Refused, match="too short"):
            commands.init(password="a")
        assert not User.objects.exists()

    def test_makes_one_that_signs_in(self, client, db, capsys):
        commands.init(admin="Root", password=GOOD)
        commands.init(admin="ROOT", password="another-horse-9")

        assert "Root exists already" in capsys.readouterr().out
        assert signs_in(client, "root") == 302

    def test_makes_up_a_password_that_holds(self, client, db, capsys):
        commands.init()

        secret = capsys.readouterr().out.partition("password: ")[2].splitlines()[0]
        assert signs_in(client, "admin", secret) == 302


class TestUpgrade:
    """Users who differed by case or width alone, from before it was refused."""

    apart = staticmethod(import_module("dabiao.org.migrations.0003_names_folded").apart)

    @pytest.mark.parametrize(
        ("case", "names", "renamed"),
        [
            ("nobody is like another", ["ada", "bea"], {}),
            ("the first keeps the name", ["ada", "Ada", "ＡＤＡ"], {1: "Ada-2", 2: "ＡＤＡ-3"}),
            ("a name that is taken is not given", ["ada", "ADA", "ada-2"], {1: "ADA-3"}),
            ("as long as may be", ["a" * 150, "A" * 150], {1: "A" * 140 + "-2"}),
        ],
    )
    def test_tells_them_apart(self, case, names, renamed):
        told = self.apart(list(enumerate(names)))

        assert told == renamed, case
        kept = [told.get(pk, name) for pk, name in enumerate(names)]
        assert len({fold(name) for name in kept}) == len(names)

    @pytest.mark.django_db(transaction=True)
    def test_says_who_is_called_otherwise(self, capsys):
        call_command("migrate", "org", "0002", verbosity=0)
        with connection.cursor() as cursor:
            for name, active in (("Ada", False), ("ada", True)):
                cursor.execute(
                    "INSERT INTO org_user (username, password, role, is_active, is_superuser, is_staff, first_name,"
                    " last_name, email, date_joined, language, theme)"
                    " VALUES (%s, '', 'rep', %s, %s, %s, '', '', '', '2026-01-01', '', '')",
                    [name, active, False, False],
                )
        call_command("migrate", "org", verbosity=0)

        assert sorted(User.objects.values_list("username", "known_as")) == [
            ("Ada-2", "ada-2"),
            ("ada", "ada"),
        ]
        assert "User Ada was told apart" in capsys.readouterr().err
