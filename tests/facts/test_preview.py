"""What a load will do is said before it does it, and exactly so; what is more often a mistake than meant is asked first."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import typer
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.engine.metric_file import load_files
from dabiao.facts import actions, commands
from dabiao.facts.logic import takeback
from dabiao.facts.logic.loading.report import MonthChange, from_json
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.models import ImportBatch
from dabiao.lake import reading
from dabiao.lake.tables import TABLES
from dabiao.org.models import User

MAP = """
schema: dabiao/map/1
system: erp
sources:
  orders: orders.csv
tables:
  - into: order_lines
    from: orders
    key: 单号
    columns:
      ordered_on: 日期
      customer: 客户
      person: 工号
      amount: 金额
"""
REPLACE = MAP.replace("    key: 单号", "    key: 单号\n    mode: replace\n    window: month")
HEAD = "单号,日期,客户,工号,金额\n"
FEW = """
sales: {label: {en: Sales, zh-hans: 销售额}, kind: result, unit: money, measure: {table: order_lines, sum: amount}}
"""


@pytest.fixture(autouse=True)
def one_metric(monkeypatch):
    """Roll-ups of one metric, so that they are quick to make."""
    few = load_files({"few.yml": FEW}, catalogue=TABLES)
    monkeypatch.setattr("dabiao.lake.dictionary.in_force", lambda: few)


def write(folder, *rows, name="orders.csv"):
    file = folder / name
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def lines(month, count, *, first=1, key="A", amount=100, person="P1"):
    """`A1` … of one month, with amounts of their own."""
    return [
        f"{key}{n},2026-{month:02}-{(n - 1) % 28 + 1:02},客{n},{person},{amount + n}"
        for n in range(first, first + count)
    ]


def told(report):
    return {change.into: (change.new, change.changed, change.gone, change.same) for change in report.changes}


def done(report):
    return {t.into: (t.inserted, t.updated, t.removed, t.unchanged) for t in report.tables}


def codes(report):
    return [finding.code for finding in report.findings]


class TestWhatItWillDo:
    def test_is_told_by_month_before_and_after(self, folder, load):
        load(
            write(folder, "A1,2026-01-05,甲,P1,100", "A2,2026-01-06,乙,P1,50.25", "A3,2026-02-01,丙,P2,7"),
            MAP,
        )

        report = load(
            write(folder, "A1,2026-01-05,甲,P1,100", "A2,2026-01-06,乙,P1,60", "A3,2026-03-01,丙,P2,7", "A4,2026-03-02,丁,P2,"), MAP, dry_run=True
        )  # fmt: skip

        assert told(report) == {"order_lines": (1, 2, 0, 1)}
        assert report.changes[0].amount == "amount"
        assert report.changes[0].months == (
            MonthChange("2026-01", 2, 2, "150.25", "160"),
            MonthChange("2026-02", 1, 0, "7", None),
            MonthChange("2026-03", 0, 2, None, "7"),
        )

    def test_says_what_a_replaced_month_loses(self, folder, load):
        load(write(folder, *lines(1, 10), *lines(2, 3, first=11)), REPLACE)

        report = load(write(folder, *lines(1, 9)), REPLACE, dry_run=True)

        assert told(report) == {"order_lines": (0, 0, 1, 9)}
        assert [(m.month, m.rows_before, m.rows_after) for m in report.changes[0].months] == [
            ("2026-01", 10, 9)
        ]

    def test_is_what_is_said_of_a_ledger_without_a_number(self, folder, load):
        """Between its first and its last day what it no longer says goes, a corrected row is one gone and one new, and
        none goes while a row is handed back."""
        ledger = MAP.replace("    key: 单号", "    key: generated\n    mode: replace\n    window: file")
        days = [f"x,2026-01-{day:02},甲,P1,100" for day in (1, 5, 9, 20)]
        load(write(folder, *days), ledger)

        corrected = [days[0], days[1].replace("100", "150"), days[2]]
        assert told(load(write(folder, *corrected), ledger, dry_run=True)) == {"order_lines": (1, 0, 1, 2)}
        assert told(load(write(folder, days[0], days[2]), ledger, dry_run=True)) == {
            "order_lines": (0, 0, 1, 2)
        }
        bad = write(folder, *corrected, "x,2026-01-10,甲,P1,many")
        assert told(load(bad, ledger, dry_run=True)) == {"order_lines": (1, 0, 0, 2)}

    def test_changes_nothing_and_is_what_the_load_then_reports(self, folder, load):
        load(write(folder, *lines(1, 12)), REPLACE)
        number = reading.current().number
        file = write(folder, *lines(1, 8, amount=500), *lines(1, 4, first=20), "B1,soon,甲,P1,1")

        dry = load(file, REPLACE, dry_run=True)
        assert reading.current().number == number
        real = load(file, REPLACE)

        assert told(dry) == told(real) == done(real) == {"order_lines": (4, 8, 0, 0)}
        assert dry.changes == real.changes
        assert from_json(json.loads(json.dumps(ImportBatch.objects.get(key=real.batch).report))) == real

    def test_counts_a_second_map_on_what_the_first_one_leaves(self, folder, load):
        both = MAP.replace("  orders: orders.csv", "  orders: orders.csv\n  more: more.csv")
        both += MAP[MAP.index("  - into") :].replace("from: orders", "from: more")
        write(folder, "A1,2026-01-05,甲,P1,100", "A2,2026-01-06,乙,P1,50")
        load(folder, MAP)
        write(folder, "A1,2026-01-05,甲,P1,120", "A3,2026-01-07,丙,P1,3")
        write(folder, "A1,2026-01-05,甲,P1,100", "A4,2026-01-07,丁,P1,4", name="more.csv")

        dry = load(folder, both, dry_run=True)
        real = load(folder, both)

        assert told(dry) == done(real) == {"order_lines": (2, 2, 0, 0)}
        assert dry.changes[0].months == (MonthChange("2026-01", 2, 4, "150", "157"),)

    def test_counts_the_organisation_too(self, folder, load, sql):
        mapping = (
            MAP
            + "  - into: people\n    from: orders\n    distinct: true\n    columns: {person: 工号, name: 工号}\n"
        )
        file = write(folder, "A1,2026-01-05,甲,P1,1", "A2,2026-01-05,甲,P2,1")

        dry = load(file, mapping, dry_run=True)
        real = load(file, mapping)

        assert told(dry) == told(real) == {"order_lines": (2, 0, 0, 0), "people": (2, 0, 0, 0)}
        assert done(real)["people"] == (2, 0, 0, 0)

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        first=st.dictionaries(
            st.integers(1, 6), st.tuples(st.integers(1, 3), st.integers(-5, 5)), min_size=1
        ),
        second=st.dictionaries(
            st.integers(1, 6), st.tuples(st.integers(1, 3), st.integers(-5, 5)), min_size=1
        ),
        mapping=st.sampled_from([MAP, REPLACE]),
    )
    def test_is_true_of_any_two_files(self, folder, load, sql, first, second, mapping):
        for some in (first, second):
            file = write(
                folder,
                *(f"K{key},2026-{month:02}-05,甲,P1,{amount}" for key, (month, amount) in some.items()),
            )
            before = totals(sql)
            dry = load(file, mapping, dry_run=True)
            real = load(file, mapping, even_so=actions.CODES)
            after = totals(sql)
            assert dry.changes == real.changes and told(real) == done(real)
            months = {m.month: m for m in real.changes[0].months}
            for month in set(before) | set(after):
                if month in months:
                    assert before.get(month, (0, None)) == (
                        months[month].rows_before,
                        exact(months[month].amount_before),
                    )
                    assert after.get(month, (0, None)) == (
                        months[month].rows_after,
                        exact(months[month].amount_after),
                    )
                else:
                    assert before[month] == after[month]


def totals(sql):
    return {
        month: (rows, amount)
        for month, rows, amount in sql(
            "SELECT strftime(ordered_on, '%Y-%m'), count(*), sum(amount) FROM order_lines GROUP BY 1"
        )
    }


def exact(text):
    return None if text is None else Decimal(text)


class TestWhatWasLoadedBefore:
    def test_is_told_and_not_refused(self, folder, load):
        file = write(folder, *lines(1, 30))
        first = load(file, MAP)

        again = load(file, MAP)

        said = {warning.code: warning for warning in again.warnings}
        assert first.batch in said["same_file"].text and said["nothing_new"].count == 30
        assert again.findings == () and told(again) == {"order_lines": (0, 0, 0, 30)}

    def test_is_told_by_the_day_of_the_business(self, folder, otto):
        """Eight in the evening of UTC is the next day in Shanghai."""
        order = actions.Order(write(folder, *lines(1, 3)), read_map(MAP))
        actions.load(order, by=otto, at=datetime(2026, 11, 30, 20, tzinfo=UTC))

        again = actions.load(order, by=otto, at=datetime(2026, 12, 2, 9, tzinfo=UTC), dry_run=True)

        assert "loaded on 2026-12-01" in again.warnings[0].text

    def test_is_not_said_of_another_file(self, folder, load):
        load(write(folder, *lines(1, 3)), MAP)

        assert not {"same_file", "nothing_new"} & {
            w.code for w in load(write(folder, *lines(1, 4)), MAP).warnings
        }


class TestRowsThatMove:
    def test_stop_a_load_whose_key_is_a_running_number(self, folder, load, sql):
        load(write(folder, *lines(1, 6)), MAP)

        with pytest.raises(
            actions.Stopped, match="6 of the 6 rows that it changes get another date or person"
        ) as stop:
            load(write(folder, *lines(2, 6, person="P2", amount=200)), MAP)

        assert "moved" in stop.value.codes and stop.value.report.dry_run
        assert stop.value.findings[0].examples[0] == "A1: 2026-01-01 P1 → 2026-02-01 P2"
        assert sql("SELECT count(*) FROM order_lines WHERE ordered_on >= DATE '2026-02-01'") == [(0,)]

    @pytest.mark.parametrize(
        ("case", "rows", "asked"),
        [
            ("five people of five changed rows", lines(1, 5, person="P2"), True),
            ("four are too few", lines(1, 4, person="P2"), False),
            (
                "half of the changed rows",
                [*lines(1, 5, person="P2"), *lines(1, 5, first=6, amount=101)],
                False,
            ),
            ("more than half", [*lines(1, 6, person="P2"), *lines(1, 4, first=7, amount=101)], True),
            ("amounts alone", lines(1, 10, amount=101), False),
            ("new rows alone", lines(1, 10, first=50, amount=7), False),
        ],
    )
    def test_by_example(self, folder, load, case, rows, asked):
        load(write(folder, *lines(1, 10)), MAP)

        report = load(write(folder, *rows), MAP, dry_run=True)

        assert ("moved" in codes(report)) is asked, case

    def test_a_person_that_was_missing_is_no_move(self, folder, load):
        load(write(folder, *lines(1, 10, person="")), MAP)

        assert codes(load(write(folder, *lines(1, 10)), MAP)) == []


class TestMonthsThatShrink:
    @pytest.mark.parametrize(
        ("case", "rows", "asked"),
        [
            ("a fifth of the rows goes", lines(1, 8, amount=1000), False),
            ("more than a fifth", lines(1, 7, amount=1000), True),
            ("the amount falls below four fifths", lines(1, 10, amount=70), True),
            ("the amount falls a little", lines(1, 10, amount=90), False),
            ("another month is no matter", lines(2, 1, first=11), False),
        ],
    )
    def test_are_asked_for(self, folder, load, case, rows, asked):
        load(write(folder, *lines(1, 10)), REPLACE)

        report = load(write(folder, *rows), REPLACE, dry_run=True)

        assert ("shrinks" in codes(report)) is asked, case

    def test_are_told_with_figures_and_done_once_it_is_said(self, folder, load, sql):
        load(write(folder, *lines(1, 10)), REPLACE)
        file = write(folder, *lines(1, 2))
        with pytest.raises(actions.Stopped) as stop:
            load(file, REPLACE)

        assert stop.value.findings[0].examples == ("2026-01: 10 rows, 1,055.00 → 2 rows, 203.00",)
        assert ImportBatch.objects.filter(state="failed").count() == 1 and sql(
            "SELECT count(*) FROM order_lines"
        ) == [(10,)]
        assert codes(load(file, REPLACE, even_so=["shrinks"])) == ["shrinks"]
        assert sql("SELECT count(*) FROM order_lines") == [(2,)]

    def test_another_systems_rows_do_not_make_up_for_them(self, folder, load):
        load(write(folder, *lines(1, 90, key="S", amount=7)), MAP.replace("system: erp", "system: shop"))
        load(write(folder, *lines(1, 10)), REPLACE)

        assert codes(load(write(folder, *lines(1, 2)), REPLACE, dry_run=True)) == ["shrinks"]


class TestRowsThatAreThereAlready:
    OTHER = MAP.replace("system: erp", "system: huaxing (1)")

    def test_under_another_name_are_found_by_what_they_say(self, folder, load, sql):
        load(write(folder, *lines(1, 25)), MAP)

        with pytest.raises(
            actions.Stopped, match=r"25 of its 25 rows are already there under another name \(erp\)"
        ) as stop:
            load(write(folder, *lines(1, 25)), self.OTHER)

        assert stop.value.codes == ("again",) and stop.value.findings[0].examples[0] == "A1 = A1"
        load(write(folder, *lines(1, 25)), self.OTHER, even_so=["again"])
        assert sql("SELECT count(*) FROM order_lines") == [(50,)]

    @pytest.mark.parametrize(
        ("case", "rows", "asked"),
        [
            ("under other keys of the same system", lines(1, 25, key="A").copy(), True),
            ("four fifths of them", [*lines(1, 20), *lines(1, 5, first=60, amount=9)], True),
            ("fewer than four fifths", [*lines(1, 20), *lines(1, 6, first=60, amount=9)], False),
            ("three, which say an amount", lines(1, 3), True),
            ("fewer than three", lines(1, 2), False),
            ("of another customer", [row.replace("客", "户") for row in lines(1, 25)], False),
            ("of other amounts", lines(1, 25, amount=101), False),
        ],
    )
    def test_by_example(self, folder, load, case, rows, asked):
        load(write(folder, *lines(1, 25)), MAP)

        report = load(write(folder, *(f"X{row}" for row in rows)), MAP, dry_run=True)

        assert (codes(report) == ["again"]) is asked, case

    def test_of_the_very_same_file_one_is_enough(self, folder, load, sql):
        """Of two rows chance may be the reason, of a file that was loaded before it is not."""
        load(write(folder, *lines(1, 2)), MAP)

        assert codes(load(write(folder, *lines(1, 2)), self.OTHER, dry_run=True)) == ["again"]
        with pytest.raises(actions.Stopped, match="2 of its 2 rows"):
            load(write(folder, *lines(1, 2)), self.OTHER)
        assert codes(load(write(folder, *lines(1, 3)), self.OTHER, dry_run=True)) == []
        assert sql("SELECT count(*) FROM order_lines") == [(2,)]

    def test_rows_that_say_too_little_are_not_compared(self, folder, load):
        """The same day, customer and person thirty times: equal rows are no proof where nothing tells rows apart."""
        same = [f"A{n},2026-01-05,甲,P1,100" for n in range(30)]
        load(write(folder, *same), MAP)

        assert codes(load(write(folder, *same), self.OTHER, dry_run=True)) == []

    def test_rows_that_this_load_replaces_are_not_counted(self, folder, load, sql):
        """A ledger with keys from the whole row, one amount corrected: the old rows go, nothing doubles."""
        ledger = REPLACE.replace("key: 单号", "key: 金额")
        load(write(folder, *lines(1, 25)), ledger.replace("key: 金额", "key: 单号"))

        report = load(write(folder, *lines(1, 25)), ledger, dry_run=True)

        assert codes(report) == [] and told(report) == {"order_lines": (25, 0, 25, 0)}

    def test_a_source_without_people_is_compared_by_the_rest(self, folder, load):
        load(write(folder, *lines(1, 25)), MAP.replace("      person: 工号\n", ""))

        assert codes(load(write(folder, *lines(1, 25)), self.OTHER, dry_run=True)) == ["again"]


class TestEvenSo:
    def test_is_a_word_that_a_load_asks(self, folder, load):
        with pytest.raises(Malformed, match="often is nothing that a load asks"):
            load(write(folder, *lines(1, 2)), MAP, even_so=["often"])

    def test_all_that_was_found_has_to_be_said(self, folder, load):
        load(write(folder, *lines(1, 6)), MAP)
        file = write(folder, *lines(2, 6, person="P2", amount=20))
        with pytest.raises(actions.Stopped) as stop:
            load(file, MAP, even_so=["moved"])

        assert stop.value.codes == ("shrinks",)
        assert codes(load(file, MAP, even_so=["moved", "shrinks"])) == ["moved", "shrinks"]


class TestCommand:
    @pytest.fixture
    def run(self, folder, db):
        (folder / "map.yml").write_text(MAP, encoding="utf-8")
        app = typer.Typer()
        for name, command in (("import", commands.import_), ("undo", commands.undo)):
            app.command(name)(command)
        return lambda *said: CliRunner().invoke(app, list(said))

    def load(self, run, folder, *more):
        return run("import", str(folder / "orders.csv"), "--map", str(folder / "map.yml"), *more)

    def test_names_the_option_and_has_an_exit_code_of_its_own(self, run, folder, sql):
        write(folder, *lines(1, 6))
        assert self.load(run, folder).exit_code == 0
        write(folder, *lines(2, 6, person="P2", amount=200))

        for more in (["--dry-run"], ["--even-so", "moved"], []):
            stopped = self.load(run, folder, *more)
            assert stopped.exit_code == 3, more
            assert "--even-so" in stopped.stderr and "2026-01" in stopped.stdout
        assert "moved,shrinks" in stopped.stderr and "6 of the 6 rows" in stopped.stdout.replace("\n", " ")
        assert sql("SELECT max(ordered_on) < DATE '2026-02-01' FROM order_lines") == [(True,)]

        assert self.load(run, folder, "--even-so", "moved,shrinks").exit_code == 0
        assert sql("SELECT min(ordered_on) >= DATE '2026-02-01' FROM order_lines") == [(True,)]

    def test_of_a_dry_run_prints_what_will_be(self, run, folder):
        write(folder, *lines(1, 6))
        told = json.loads(self.load(run, folder, "--dry-run", "--format", "json").stdout)

        (change,) = told["changes"]
        assert (change["new"], change["months"][0]["amount_after"]) == (6, "621")

    def test_takes_back_and_says_what_first(self, run, folder, sql):
        write(folder, *lines(1, 6))
        key = json.loads(self.load(run, folder, "--format", "json").stdout)["batch"]

        looked = json.loads(run("undo", key, "--dry-run", "--format", "json").stdout)
        assert looked["tables"][0]["goes"] == 6 and sql("SELECT count(*) FROM order_lines") == [(6,)]
        done = run("undo", key)
        assert done.exit_code == 0 and "order_lines" in done.stdout and "2026-01" in done.stdout
        assert sql("SELECT count(*) FROM order_lines") == [(0,)]
        assert isinstance(run("undo", key).exception, takeback.NotLoaded)


@pytest.mark.django_db(transaction=True)
def test_a_change_between_check_and_load_is_seen(folder, at):
    """What is compared is what stands when nobody else publishes any more."""
    otto = User.objects.create(username="otto", role=User.Role.OPERATIONS)

    def load(*rows, mapping=MAP, **more):
        return actions.load(actions.Order(write(folder, *rows), read_map(mapping)), by=otto, at=at, **more)

    dry = load(*lines(1, 25), dry_run=True)
    load(*lines(1, 25), mapping=MAP.replace("system: erp", "system: crm"))

    assert codes(dry) == []
    with pytest.raises(actions.Stopped):
        load(*lines(1, 25))

    def test_speaks_chinese_to_whoever_reads_chinese(self, run, folder):
        write(folder, *lines(1, 6))
        with translation.override("zh-hans"):
            before = self.load(run, folder, "--dry-run").stdout
            loaded = self.load(run, folder).stdout
            key = ImportBatch.objects.get(state=ImportBatch.State.DONE).key
            back = run("undo", key).stdout

        assert heads(before)[:2] == [
            ["表", "来源", "读取", "可导入", "退回", "跳过"],
            ["表", "新增", "更新", "消失", "相同"],
        ]
        assert heads(before)[2][:4] == ["订单行", "原有行数", "之后", "±"]
        assert heads(loaded)[0] == ["表", "来源", "读取", "新增", "更新", "相同", "消失", "退回", "跳过"]
        assert heads(back)[0] == ["表", "撤去", "复原", "恢复", "保留"]
        assert "order_lines" not in before + loaded + back


def heads(text):
    return [[cell.strip() for cell in line.split("┃")] for line in text.splitlines() if "┃" in line]
