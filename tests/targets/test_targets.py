"""Targets: who may set and see them, what a scope was promised for a period."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from dabiao.core.errors import Forbidden, Malformed, NotFound
from dabiao.core.models import AuditLine
from dabiao.core.uploads import numbered
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.metrics.promised import promised
from dabiao.org import queries as org
from dabiao.org.actions import change_assignment, change_person
from dabiao.org.models import Assignment
from dabiao.org.queries import Scope
from dabiao.targets import actions, imports, queries
from dabiao.targets.actions import Slot
from dabiao.targets.models import Target
from dabiao.targets.queries.grid import GridRequest, grid
from tests.company import rows

MONTH = {n: (date(2026, n, 1), date(2026, n + 1, 1)) for n in range(1, 12)}
LINE_A, LINE_B = Part("product_line", "A"), Part("product_line", "B")
MARCH, QUARTER = MONTH[3], (date(2026, 1, 1), date(2026, 4, 1))


def unit(key):
    return Scope("unit", key)


def person(key):
    return Scope("person", key)


def slot(scope, window=MARCH, metric="sales_amount", part=WHOLE):
    return Slot(scope, metric, *window, part)


def money(value):
    return Levels(target=None if value is None else Decimal(value))


@pytest.fixture
def put(company, at, on):
    """Set a target as sales operations."""

    def put(scope, value, window=MARCH, **options):
        return actions.set_target(slot(scope, window, **options), money(value), by=company.otto, at=at, on=on)

    return put


def promise(scope, window=MARCH, metric="sales_amount", **options):
    found = queries.targets_for([scope], [metric], *window, **options).get((scope, metric))
    return None if found is None else (found.target, found.derived)


class TestPromise:
    def test_is_the_unit_s_own_target(self, put):
        put(unit("east"), 500)
        put(unit("shanghai"), 300)
        assert promise(unit("east")) == (500, False)

    def test_is_else_the_sum_of_children_units_and_people(self, put):
        put(unit("nanjing"), 100)
        put(person("P04"), 30)
        put(person("P05"), 40)
        assert promise(unit("shanghai")) == (70, True)
        assert promise(unit("east")) == (170, True)
        assert promise(unit("company")) == (170, True)

    def test_counts_somebody_who_moved_for_each_team_by_their_time_there(self, put):
        for month in (1, 2, 3):
            put(person("P06"), 100, MONTH[month])
        assert promise(unit("shanghai"), QUARTER) == (100, True)
        assert promise(unit("chengdu"), QUARTER) == (200, True)
        assert promise(person("P06"), QUARTER) == (300, False)
        assert promise(unit("company"), QUARTER) == (300, True)

    def test_of_days_without_an_own_target_is_what_children_promise(self, put):
        for month in (1, 2, 3):
            put(unit("nanjing"), 100, MONTH[month])
        put(unit("east"), 500, MONTH[2])
        assert promise(unit("east"), MONTH[2]) == (500, False)
        assert promise(unit("east"), QUARTER) == (700, True)
        assert promise(unit("company"), QUARTER) == (700, True)

    def test_says_when_days_are_left_out(self, put):
        put(unit("nanjing"), 100, MONTH[1])
        put(unit("east"), 500, MONTH[2])
        found = queries.targets_for([unit("east")], ["sales_amount"], *QUARTER)[unit("east"), "sales_amount"]
        assert (found.target, found.partial) == (600, True)

    def test_of_an_empty_level_is_not_zero(self, put):
        put(unit("east"), 0)
        assert promise(unit("east")) == (0, False)
        assert promise(unit("west")) is None

    def test_is_the_sum_over_product_lines_when_there_is_no_total(self, put):
        put(unit("east"), 10, part=LINE_A)
        put(unit("east"), 20, part=LINE_B)
        assert promise(unit("east")) == (30, True)
        assert promise(unit("east"), part=LINE_A) == (10, False)

    def test_of_a_product_line_sums_children_of_that_line(self, put):
        put(person("P04"), 10, part=LINE_A)
        put(person("P05"), 20, part=LINE_A)
        put(person("P05"), 99, part=LINE_B)
        assert promise(unit("shanghai"), part=LINE_A) == (30, True)

    def test_of_a_ratio_is_inherited_and_never_summed(self, put):
        put(unit("east"), "0.9", metric="collection_rate")
        put(person("P04"), "0.8", metric="collection_rate")
        assert promise(unit("shanghai"), metric="collection_rate") == (Decimal("0.9"), True)
        assert promise(person("P05"), metric="collection_rate") == (Decimal("0.9"), True)
        assert promise(person("P04"), metric="collection_rate") == (Decimal("0.8"), False)
        assert promise(unit("company"), metric="collection_rate") is None

    def test_of_a_week_is_prorated(self, put):
        put(unit("east"), 2200)
        assert promise(unit("east"), (date(2026, 3, 9), date(2026, 3, 16))) == (500, True)

    def test_of_many_scopes_costs_few_queries(self, put, django_assert_max_num_queries):
        for key in ("P04", "P05", "P07", "P09"):
            put(person(key), 10)
        scopes = [unit(node) for node in ("company", "east", "west", "shanghai")] + [person("P04")]
        with django_assert_max_num_queries(8):
            found = queries.targets_for(scopes, ["sales_amount"], *MARCH)
        assert [found[scope, "sales_amount"].target for scope in scopes] == [40, 30, 10, 20, 10]


class TestSet:
    def test_changes_clears_and_counts(self, company, at, on, put):
        done = put(unit("east"), 500)
        assert done == actions.Done(added=1)
        assert put(unit("east"), 500) == actions.Done(unchanged=1)
        assert put(unit("east"), 600) == actions.Done(changed=1)
        assert put(unit("east"), None) == actions.Done(cleared=1)
        assert not Target.objects.exists()

    def test_leaves_one_audit_line_and_a_new_version(self, put):
        lines, version = AuditLine.objects.count(), queries.target_version()
        put(unit("east"), 500)
        put(unit("east"), 500)
        assert (AuditLine.objects.count(), queries.target_version()) == (lines + 1, version + 1)
        assert "500" in str(AuditLine.objects.latest("pk").detail)

    @pytest.mark.parametrize(
        ("case", "options", "error"),
        [
            ("no such metric", {"metric": "sales_amont"}, Malformed),
            ("an end before the beginning", {"window": (MARCH[1], MARCH[0])}, Malformed),
            ("a percentage without its sign", {"metric": "collection_rate"}, Malformed),
        ],
    )
    def test_refuses(self, put, case, options, error):
        with pytest.raises(error):
            put(unit("east"), 90, **options)

    def test_refuses_a_scope_that_does_not_exist(self, put):
        with pytest.raises(NotFound):
            put(unit("nowhere"), 90)

    @pytest.mark.parametrize(
        ("who", "scope", "may"),
        [
            ("ada", unit("company"), True),
            ("otto", person("P07"), True),
            ("emma", unit("shanghai"), True),
            ("emma", person("P04"), True),
            ("emma", unit("east"), False),
            ("emma", person("P02"), False),
            ("emma", unit("west"), False),
            ("emma", person("P09"), False),
            ("sam", person("P05"), True),
            ("sam", unit("shanghai"), False),
            ("rita", person("P04"), False),
            ("fin", unit("east"), False),
        ],
    )
    def test_is_for_those_above(self, company, at, on, who, scope, may):
        if may:
            actions.set_target(slot(scope), money(1), by=company.users[who], at=at, on=on)
            assert Target.objects.count() == 1
        else:
            with pytest.raises(Forbidden):
                actions.set_target(slot(scope), money(1), by=company.users[who], at=at, on=on)
            assert not Target.objects.exists()

    @pytest.mark.parametrize(("who", "may"), [("sam", False), ("wes", True)])
    def test_of_who_has_moved_is_for_those_above_now(self, company, at, on, who, may):
        def act():
            actions.set_target(slot(person("P06")), money(9), by=company.users[who], at=at, on=on)

        if may:
            act()
        else:
            with pytest.raises((Forbidden, NotFound)):
                act()
        assert Target.objects.filter(person__key="P06").exists() == may

    def test_of_who_has_gone_is_for_operations_only(self, company, at, on, put):
        seat = Assignment.objects.get(person__key="P04")
        change_assignment(seat.pk, values={"ends_on": date(2026, 3, 1)}, by=company.ada, at=at)

        assert queries.may_set(company.sam, [person("P04")], date(2026, 3, 15)) == {person("P04"): False}
        assert put(person("P04"), 9)


class TestTable:
    def test_is_for_those_who_set_targets(self, company, at, on):
        with pytest.raises(Forbidden):
            imports.import_rows([], by=company.users["fin"], at=at, on=on, fiscal=CALENDAR_YEAR)


class TestVisible:
    @pytest.mark.parametrize(
        ("who", "seen"),
        [
            ("otto", ["company", "east", "shanghai", "west", "P04", "P06", "P07"]),
            ("emma", ["east", "shanghai", "P04", "P07"]),
            ("sam", ["shanghai", "P04"]),
            ("wes", ["west", "P06"]),
            ("rita", ["P04"]),
            ("max", ["P06"]),
        ],
    )
    def test_follows_sight_and_the_time_of_the_seat(self, company, put, on, who, seen):
        for scope in (
            unit("company"),
            unit("east"),
            unit("shanghai"),
            unit("west"),
            person("P04"),
            person("P06"),
            person("P07"),
        ):
            put(scope, 1)
        found = queries.targets_in_force(company.users[who], on)
        assert [row.scope for row in found] == seen

    def test_holds_on_its_days_only(self, company, put, on):
        put(unit("east"), 1)
        assert (
            queries.targets_in_force(
                company.otto, date(2026, 4, 1), wanted=queries.Filter(on=date(2026, 4, 1))
            )
            == []
        )

    @pytest.mark.parametrize(
        ("who", "shown"),
        [("dora", [1, 2, 3]), ("sam", [1]), ("wes", [2, 3]), ("max", [1, 2, 3]), ("fin", [1, 2, 3])],
    )
    def test_in_the_grid_and_as_promised_are_those_of_the_time_of_the_seat(
        self, company, put, on, who, shown
    ):
        for month in (1, 2, 3):
            put(person("P06"), 700 + month, MONTH[month])
        viewer = company.users[who]
        asked = GridRequest(person("P06"), CALENDAR_YEAR.parse("2026"), "sales_amount")
        cells = grid(viewer, asked, fiscal=CALENDAR_YEAR, on=on).rows[0].cells[1:]

        assert [cell.start.month for cell in cells if cell.shown is not None] == shown
        for month in (1, 2, 3):
            period = CALENDAR_YEAR.parse(f"2026-{month:02}")
            seen = org.sight(viewer, on)
            frame = SimpleNamespace(
                viewer=viewer, period=period, scope=None, metrics={}, versions=(f"{month}", month),
                units=None if seen.everything else seen.units,
            )  # fmt: skip
            found = promised(frame, [person("P06")], ["sales_amount"])
            assert [each.value for each in found.values()] == [700 + month] * (month in shown)
            assert bool(queries.seen_in(viewer, [person("P06")], *MONTH[month], on)) == (month in shown)


class TestImport:
    def load(self, text, company, at, on, who="otto", **options):
        return imports.import_rows(
            rows(text), by=company.users[who], at=at, on=on, fiscal=CALENDAR_YEAR, **options
        )

    @pytest.mark.parametrize(
        ("labels", "days"),
        [(["2026-03-01", "2026-04-01"], [31, 30]), (["2026-03-01", "2026-03-02"], [1, 1])],
        ids=["months that a spreadsheet made into days", "days"],
    )
    def test_the_first_of_a_month_is_a_month_unless_the_file_is_of_days(self, company, at, on, labels, days):
        rows = [{"部门": "华东大区", "指标": "销售额", "期间": label, "目标": "1"} for label in labels]

        imports.import_rows(numbered(rows), by=company.otto, at=at, on=on, fiscal=CALENDAR_YEAR)

        spans = Target.objects.order_by("starts_on").values_list("starts_on", "ends_on")
        assert [(end - start).days for start, end in spans] == days

    def test_sets_targets_of_units_and_people(self, company, at, on):
        ready = [{"部门": "华东大区", "指标": "销售额", "期间": "2026年3月", "保底": "80万", "目标": "100万"}]
        ready.append({"工号": "P04", "指标": "sales_amount", "期间": "2026-Q1", "目标": "12.5万"})
        done = imports.import_rows(numbered(ready), by=company.otto, at=at, on=on, fiscal=CALENDAR_YEAR)
        assert (done.errors, done.done.added) == ((), 2)
        assert Target.objects.get(unit__key="east").base == 800_000
        assert Target.objects.get(person__key="P04").ends_on == date(2026, 4, 1)

    def test_knows_people_in_latin_letters_among_those_one_may_see(self, company, at, on):
        for number, name in (("P04", "王浩然"), ("P05", "张伟"), ("P07", "章维")):
            change_person(number, values={"name": name}, by=company.ada, at=at)

        def load(name: str):
            row = {"姓名": name, "指标": "销售额", "期间": "2026-03", "目标": "7"}
            return imports.import_rows(numbered([row]), by=company.otto, at=at, on=on, fiscal=CALENDAR_YEAR)

        (error,) = load("Zhang Wei").errors
        assert (error.value, "P05, P07" in error.message) == ("Zhang Wei", True)
        assert load("Haoran Wang").errors == ()
        assert Target.objects.get().person.key == "P04"

    @pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "import"])
    def test_says_whose_targets_are_part_of_no_unit(self, company, at, on, dry_run):
        """Nobody of the sample sits anywhere before 2024; who comes within the days of a target is no case of that."""
        text = """
person  metric        period    target
P04     sales_amount  2023-11   1
P09     sales_amount  2023-12   1
P09     sales_amount  2024-01   1
P04     sales_amount  2023      1
"""
        done = self.load(text, company, at, on, dry_run=dry_run)

        assert done.errors == ()
        (note,) = done.notes
        assert note.startswith("3 targets are of people who sit in no unit")
        assert "2023-11-01..2023-11-30" in note and "2024-01" not in note
        assert Target.objects.count() == (0 if dry_run else 4)
        assert (
            self.load("person metric period target\nP09 sales_amount 2024-01 2", company, at, on).notes == ()
        )

    def test_takes_first_and_last_day(self, company, at, on):
        text = "person metric starts_on last_day target\nP04 sales_amount 2026-05-30 2026-08-29 7"
        self.load(text, company, at, on)
        assert Target.objects.get().ends_on == date(2026, 8, 30)

    def test_tells_every_error_and_sets_nothing(self, company, at, on):
        text = """
unit      metric           period   target
east      sales_amount     2026-03  1
nowhere   sales_amount     2026-03  1
east      sales_amont      2026-03  1
east      sales_amount     2026-13  1
east      sales_amount     2026-03  viel
east      collection_rate  2026-03  90
east      sales_amount     2026-03  2
"""
        done = self.load(text, company, at, on)
        assert told(done) == [
            (3, "unit", "nowhere"),
            (4, "metric", "sales_amont"),
            (5, "period", "2026-13"),
            (6, "target", "viel"),
            (7, "target", ""),
            (8, "metric", "east sales_amount 2026-03-01..2026-04-01"),
        ]
        assert not Target.objects.exists()

    def test_of_a_manager_stays_below_them(self, company, at, on):
        text = "unit metric period target\nshanghai sales_amount 2026-03 1\nwest sales_amount 2026-03 1"
        assert told(self.load(text, company, at, on, who="emma")) == [(3, "unit", "west")]

    def test_as_a_dry_run_sets_nothing(self, company, at, on):
        text = "unit metric period target\nshanghai sales_amount 2026-03 1"
        assert self.load(text, company, at, on, dry_run=True).errors == ()
        assert not Target.objects.exists()


def test_lake_table_holds_every_target(put):
    put(unit("east"), 500)
    put(person("P04"), 30, part=LINE_A)
    told = [
        (r["scope_kind"], r["scope"], r["product"], r["target"], r["base"])
        for r in queries.lake_table().to_pylist()
    ]
    assert told == [("unit", "east", "", Decimal(500), None), ("person", "P04", "A", Decimal(30), None)]


def told(done):
    return [(error.row, error.column, error.value) for error in done.errors]
