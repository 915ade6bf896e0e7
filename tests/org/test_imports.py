"""The organisation by file: all of it or nothing, every error told."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from dabiao.core.errors import Forbidden
from dabiao.core.models import AuditLine
from dabiao.core.uploads import numbered
from dabiao.facts.models import Label
from dabiao.org import actions, imports
from dabiao.org.logic import tree
from dabiao.org.models import Assignment, Person, Unit, User
from tests import company as company_module
from tests.company import rows

pytestmark = pytest.mark.django_db


def load(table, text, at, **options):
    return imports.import_rows(table, rows(text), by=None, at=at, **options)


def told(done):
    return [(e.row, e.column, e.value) for e in done.errors]


class TestImport:
    def test_twice_changes_nothing_the_second_time(self, company, at):
        version = tree.org_version()
        for name in ("units", "people", "positions", "assignments", "users"):
            done = load(name, getattr(company_module, name.upper()), at)
            assert (done.added, done.changed, done.errors) == (0, 0, ())
            assert done.unchanged > 0
        assert tree.org_version() == version

    def test_with_one_error_does_nothing(self, company, at):
        done = load("people", "key name hired_on\nN1 neu 2026-01-01\nN2 neu 2026-13-01", at)
        assert told(done) == [(3, "hired_on", "2026-13-01")]
        assert not Person.objects.filter(key="N1").exists()

    def test_as_a_dry_run_says_what_it_would_do(self, company, at):
        done = load("people", "key name\nN1 neu\nP04 Rita\nP05 rob", at, dry_run=True)
        assert (done.added, done.changed, done.unchanged) == (1, 1, 1)
        assert Person.objects.get(key="P04").name == "rita"

    def test_a_new_name_is_found_by_its_own_sound(self, company, at):
        load("people", "key name\nN1 李娜", at)
        load("people", "key name\nN1 张伟", at)
        assert Person.objects.get(key="N1").sounds.split()[0] == "zhangwei"

    @pytest.mark.parametrize(("app", "migration"), [("org", "0006"), ("facts", "0003")])
    def test_names_of_before_are_read_aloud_when_upgrading(self, company, at, app, migration):
        load("people", "key name\nN1 李娜", at)
        Label.objects.create(kind="customer", key="K1", name="李娜商行")
        for model in (Person, Label):
            model.objects.update(sounds="")

        import_module(f"dabiao.{app}.migrations.{migration}_names_read_aloud").read_aloud(apps, None)

        found = Person.objects.get(key="N1") if app == "org" else Label.objects.get(key="K1")
        assert found.sounds.split()[0].startswith("lina")

    @pytest.mark.parametrize(
        ("column", "row"),
        [("key", "9" * 41 + " neu x@y.cn"), ("name", "N1 " + "长" * 121 + " x@y.cn"), ("email", "N1 neu nowhere"),
         ("key", "a\x07b neu x@y.cn")],
    )  # fmt: skip
    def test_refuses_what_the_form_refuses(self, company, at, column, row):
        done = load("people", f"key name email\n{row}", at)
        assert [(e.row, e.column) for e in done.errors] == [(2, column)]
        assert not Person.objects.filter(name__startswith="neu").exists()

    def test_refuses_one_key_twice(self, company, at):
        done = load("people", "key name\nN1 a\nN1 b", at)
        assert [(e.row, e.message) for e in done.errors] == [(3, "Row 2 says the same key.")]

    def test_understands_chinese_titles(self, company, at):
        done = load("people", "工号 姓名 入职日期\nN1 新人 2026年1月5日", at)
        assert (done.added, Person.objects.get(key="N1").hired_on) == (1, date(2026, 1, 5))

    def test_is_for_operations_and_users_for_administrators(self, company, at):
        for who, table in (("rita", "people"), ("dora", "units"), ("otto", "users"), ("otto", "grants")):
            with pytest.raises(Forbidden):
                imports.import_rows(table, [], by=company.users[who], at=at)

    def test_leaves_one_audit_line(self, company, at):
        lines = AuditLine.objects.count()
        load("people", "key name\nN1 a\nN2 b", at)
        assert AuditLine.objects.count() == lines + 1


class TestUnits:
    def test_may_come_in_any_order(self, company, at):
        done = load("units", "key name parent\nleaf 叶 branch\nbranch 枝 east", at)
        assert (done.added, done.errors) == (2, ())
        assert [node.key for node in tree.tree().path("leaf")] == ["company", "east", "branch", "leaf"]

    def test_may_move_below_a_new_one(self, company, at):
        done = load("units", "key name parent\nnanjing 南京组 jiangsu\njiangsu 江苏 east", at)
        assert (done.added, done.changed) == (1, 1)
        assert Unit.objects.get(key="nanjing").parent.key == "jiangsu"

    def test_refuse_a_parent_that_nobody_knows(self, company, at):
        assert told(load("units", "key name parent\nx X nowhere", at)) == [(2, "parent", "nowhere")]

    def test_refuse_a_circle(self, company, at):
        done = load("units", "key name parent\neast 华东大区 shanghai", at)
        assert told(done) == [(2, "parent", "shanghai")]

    def test_refuse_a_key_with_blanks(self, company, at):
        done = imports.import_rows("units", numbered([{"key": "a b", "name": "x"}]), by=None, at=at)
        assert told(done) == [(2, "key", "a b")]


class TestAssignments:
    @pytest.mark.parametrize(
        ("case", "text", "errors"),
        [
            (
                "a person nobody knows",
                "person position starts_on\nP99 director 2026-01-01",
                [(2, "person", "P99")],
            ),
            (
                "a position nobody knows",
                "person position starts_on\nP04 x 2026-01-01",
                [(2, "position", "x")],
            ),
            (
                "an overlap with what is stored",
                "person position starts_on\nP04 nanjing-rep1 2026-01-01",
                [(2, "starts_on", "2026-01-01")],
            ),
            (
                "an overlap inside the file",
                "person position starts_on last_day\nN1 director 2026-01-01 2026-06-30\nN1 west-head 2026-06-30",
                [(3, "starts_on", "2026-06-30")],
            ),
            (
                "an end before the beginning",
                "person position starts_on last_day\nN1 director 2026-01-02 2025-12-31",
                [(2, "last_day", "2025-12-31")],
            ),
            (
                "a share of more than a job",
                "person position starts_on last_day fte\nN1 director 2026-01-02 2026-12-31 1.5",
                [(2, "fte", "1.5")],
            ),
        ],
    )
    def test_refuse(self, company, at, case, text, errors):
        actions.add_person(key="N1", name="n", by=None, at=at)
        assert told(load("assignments", text, at)) == errors, case

    def test_keep_the_last_day_as_the_day_after(self, company, at):
        ends = Assignment.objects.get(person__key="P06", position__key="shanghai-rep3").ends_on
        assert ends == date(2026, 2, 1)

    def test_may_end_a_seat_and_begin_the_next_in_one_file(self, company, at):
        text = "person position starts_on last_day\nP04 shanghai-rep1 2024-01-01 2026-02-28\nP04 nanjing-rep1 2026-03-01"
        done = load("assignments", text, at)
        assert (done.added, done.changed, done.errors) == (1, 1, ())


class TestUsers:
    def test_begin_without_a_password_that_works(self, company, at):
        assert not User.objects.get(username="rita").has_usable_password()

    def test_keep_their_password_when_imported_again(self, company, at):
        actions.set_password("rita", "correct-horse-9", by=None, at=at)
        load("users", "username role person\nrita manager P04", at)
        assert User.objects.get(username="rita").check_password("correct-horse-9")

    def test_understand_chinese_roles(self, company, at):
        load("users", "用户名 角色\nneu 经理", at)
        assert User.objects.get(username="neu").role == "manager"

    def test_keep_an_administrator(self, company, at):
        with pytest.raises(actions.LastAdministrator):
            imports.import_rows("users", rows("username role\nada rep"), by=company.ada, at=at)


def test_fifty_thousand_people_take_seconds(company, at, django_assert_max_num_queries):
    many = numbered({"key": f"E{n}", "name": f"n{n}"} for n in range(5_000))
    with django_assert_max_num_queries(40):
        assert imports.import_rows("people", many, by=None, at=at).added == 5_000
