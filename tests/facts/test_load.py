"""An import from its file to its snapshot: nothing silently dropped, doubled or truncated."""

import json
import re
import shutil
from datetime import date
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dabiao.core.errors import Forbidden
from dabiao.facts.actions.load import imports_folder
from dabiao.facts.logic.loading.report import from_json, verdict
from dabiao.facts.logic.loading.sources import NothingToLoad
from dabiao.facts.logic.mapping import BadMapping
from dabiao.facts.models import ImportBatch, Label
from dabiao.lake import reading
from dabiao.org.models import Assignment, Person, Unit, User

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
HEAD = "单号,日期,客户,工号,金额\n"
GOOD = HEAD + 'A1,2026-01-05,甲,007,100\nA2,2026年1月6日,乙,008,12.5万\nA3,20260107,丙,007,"1,234.50"\n'


def write(folder, text=GOOD, name="orders.csv", encoding="utf-8"):
    file = folder / name
    file.write_text(text, encoding=encoding)
    return file


def counts(report):
    return {
        t.into: (t.read, t.inserted, t.updated, t.unchanged, t.rejected, t.skipped) for t in report.tables
    }


class TestLoad:
    def test_lands_every_row_exactly(self, folder, load, sql):
        report = load(write(folder), MAP)

        assert sql(
            "SELECT key, ordered_on, customer, person, amount, source FROM order_lines ORDER BY key"
        ) == [
            ("A1", date(2026, 1, 5), "甲", "007", Decimal(100), "erp"),
            ("A2", date(2026, 1, 6), "乙", "008", Decimal(125000), "erp"),
            ("A3", date(2026, 1, 7), "丙", "007", Decimal("1234.5"), "erp"),
        ]
        assert counts(report) == {"order_lines": (3, 3, 0, 0, 0, 0)}
        assert verdict(report) == "3 rows loaded, 0 unchanged, none rejected."

    def test_changes_nothing_the_second_time(self, folder, load):
        first = load(write(folder), MAP)

        second = load(write(folder), MAP)

        assert counts(second) == {"order_lines": (3, 0, 0, 3, 0, 0)}
        assert second.snapshot == first.snapshot == reading.current().number

    def test_reads_the_same_from_gb18030_and_a_workbook(self, folder, load):
        load(write(folder), MAP)
        again = load(write(folder, encoding="gb18030"), MAP)
        book = openpyxl.Workbook()
        for row in [
            ["销售明细"],
            ["单号", "日期", "客户", "工号", "金额"],
            ["A1", date(2026, 1, 5), "甲", "007", 100.0],
            ["A2", 46028, "乙", "008", "12.5万"],
            ["A3", "2026/1/7", "丙", "007", 1234.5],
            ["合计", None, None, None, 126334.5],
        ]:
            book.active.append(row)
        book.save(folder / "orders.xlsx")
        workbook = load(folder / "orders.xlsx", MAP.replace("orders.csv", "orders.xlsx"))

        assert counts(again) == counts(workbook) == {"order_lines": (3, 0, 0, 3, 0, 0)}
        assert workbook.asides == {"orders.xlsx#Sheet": {"title": 1, "header": 1, "total": 1}}

    def test_a_dry_run_changes_nothing(self, folder, load):
        report = load(write(folder), MAP, dry_run=True)

        assert report.total("ready") == 3 and reading.current().number == 0
        assert not ImportBatch.objects.exists()

    def test_leaves_no_folder_where_nothing_was_handed_back(self, folder, load):
        load(write(folder), MAP, dry_run=True)
        load(write(folder), MAP)
        with pytest.raises(BadMapping):
            load(write(folder, GOOD.replace("金额", "金 额")), MAP)

        assert list(imports_folder().iterdir()) == []

    def test_keeps_who_when_what_and_counts_that_add_up(self, folder, load, otto):
        report = load(write(folder, GOOD + "A4,soon,丁,7,1\n"), MAP)

        batch = ImportBatch.objects.get()
        assert (batch.state, batch.by, batch.snapshot, batch.mapping) == ("done", otto, report.snapshot, MAP)
        assert (batch.read, batch.loaded, batch.unchanged, batch.rejected, batch.skipped) == (4, 3, 0, 1, 0)
        assert from_json(json.loads(json.dumps(batch.report))) == report

    def test_refuses_a_rep(self, folder, db, at):
        from dabiao.facts import actions
        from dabiao.facts.logic.mapping import read_map

        rep = User.objects.create(username="rita", role=User.Role.REP)
        with pytest.raises(Forbidden):
            actions.load(actions.Order(write(folder), read_map(MAP)), by=rep, at=at)

    def test_that_lies_ready_is_discarded_by_nobody_else(self, db, at):
        from dabiao.facts import actions

        rep = User.objects.create(username="rita", role=User.Role.REP)
        ImportBatch.objects.create(key="ready", at=at, path="a.csv")
        with pytest.raises(Forbidden):
            actions.discard("ready", by=rep, at=at)
        assert ImportBatch.objects.filter(key="ready").exists()

    def test_names_a_column_that_is_not_there(self, folder, load):
        with pytest.raises(BadMapping, match=r"no column .金额.\. Did you mean '金 额'"):
            load(write(folder, GOOD.replace("金额", "金 额")), MAP)

    def test_names_a_file_that_is_not_there(self, folder, load):
        with pytest.raises(NothingToLoad, match=r"orders: orders.csv"):
            load(folder, MAP)


class TestRejects:
    BAD = GOOD + "A4,2026-02-30,丁,009,1\nA5,2026-01-09,戊,009,=1+1\n,2026-01-10,己,009,5\n"

    def test_bad_rows_are_handed_back_and_good_ones_land(self, folder, load, sql):
        report = load(write(folder, self.BAD), MAP)

        assert sql("SELECT count(*) FROM order_lines") == [(3,)]
        assert [(e.row, e.column, e.value, e.said) for e in report.shown_errors] == [
            (5, "日期", "2026-02-30", "is no day of the calendar"),
            (6, "金额", "=1+1", "is not a number"),
            (7, "单号", None, "is empty, and the row cannot do without it"),
        ]
        assert counts(report) == {"order_lines": (6, 3, 0, 0, 3, 0)}

    def test_the_rejects_file_keeps_the_columns_and_runs_no_formula(self, folder, load):
        report = load(write(folder, self.BAD), MAP)

        table = pl.read_csv(report.rejects["orders"], infer_schema=False)
        assert table.columns == ["dabiao_from", "dabiao_reason", "单号", "日期", "客户", "工号", "金额"]
        assert table["金额"].to_list() == ["1", "'=1+1", "5"]
        assert "no day of the calendar" in table["dabiao_reason"][0]

    @pytest.mark.parametrize(
        "name",
        [
            "\n=1+1",
            "＝1+1",
            "＋1",
            "－1",
            "＠a",
            " @a",
            "'=1",
            "''＝1",
            "-1",
            "+1.5",
            "'-1",
            "'a",
            "\ufeff=1",
        ],
    )
    def test_no_formula_goes_out_and_what_was_there_comes_back(self, folder, load, sql, name):
        """Cells and titles; a quote of one's own before a sign is not taken for ours."""
        title = "=客户"
        mapping = MAP.replace("customer: 客户", f'customer: "{title}"')
        rows = f'单号,日期,{title},工号,金额\nA4,2026-02-30,"{name}",009,1\n'
        report = load(write(folder, rows), mapping)

        handed_back = pl.read_csv(report.rejects["orders"], infer_schema=False)
        out = [handed_back.columns[4], *handed_back[handed_back.columns[4]]]
        assert [text for text in out if re.match(r"\s*[=＝＋－＠@]", text)] == []
        mended = handed_back.with_columns(pl.lit("2026-02-28").alias("日期"))
        mended.write_csv(folder / "mended.csv", include_bom=True)
        again = load(folder / "mended.csv", mapping)

        assert counts(again) == {"order_lines": (1, 1, 0, 0, 0, 0)}
        assert sql("SELECT customer FROM order_lines WHERE key = 'A4'") == [(name.strip("\n \ufeff"),)]

    def test_a_mended_rejects_file_loads_with_the_same_mapping(self, folder, load, sql):
        report = load(write(folder, self.BAD), MAP)
        file = folder / "mended.csv"
        table = pl.read_csv(report.rejects["orders"], infer_schema=False)
        mended = table.with_columns(
            pl.Series("单号", ["A4", "A5", "A6"]), pl.Series("日期", ["2026-02-28", "2026-01-09", "2026-01-10"]), pl.Series("金额", ["1", "2", "5"])
        )  # fmt: skip
        mended.write_csv(file, include_bom=True)

        again = load(file, MAP)

        assert counts(again) == {"order_lines": (3, 3, 0, 0, 0, 0)}
        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(6, Decimal("126342.5"))]

    def test_lookups_are_remembered_for_a_rejects_file(self, folder, load, sql):
        mapping = MAP.replace(
            "  orders: orders.csv",
            "  orders:\n    file: orders.csv\n    join:\n      - {source: owners, on: 客户, take: {销售: 工号}}\n  owners: owners.csv",
        ).replace("person: 工号", "person: 销售")
        write(folder, HEAD + "A1,soon,甲,,1\n")
        write(folder, "客户,工号\n甲,P7\n", "owners.csv")
        report = load(folder, mapping)
        elsewhere = folder / "else"
        elsewhere.mkdir()
        file = elsewhere / "mine.csv"
        text = (folder / report.rejects["orders"]).read_text(encoding="utf-8-sig")
        file.write_text(text.replace(",soon,", ",2026-01-01,"), encoding="utf-8")

        load(file, mapping)

        assert sql("SELECT key, person FROM order_lines") == [("A1", "P7")]

        shutil.rmtree(imports_folder())
        with pytest.raises(NothingToLoad, match="needs the lookup 'owners', which is not there any more"):
            load(file, mapping)

    def test_rows_that_claim_one_key_are_both_handed_back_and_repetitions_counted_once(
        self, folder, load, sql
    ):
        text = (
            HEAD
            + "A1,2026-01-05,甲,7,100\nA1,2026-01-05,甲,7,200\nA2,2026-01-05,甲,7,1\nA2,2026-01-05,甲,7,1\n"
        )

        report = load(write(folder, text), MAP)

        assert sql("SELECT key, amount FROM order_lines") == [("A2", Decimal(1))]
        assert counts(report) == {"order_lines": (4, 1, 0, 0, 2, 1)}
        assert {(e.row, e.reason) for e in report.shown_errors} == {(2, "same_key"), (3, "same_key")}

    def test_a_row_of_the_wrong_width_is_an_error_not_a_loss(self, folder, load):
        report = load(write(folder, GOOD + "A4,2026-01-08,丁\n"), MAP)

        assert counts(report) == {"order_lines": (4, 3, 0, 0, 1, 0)}
        assert report.shown_errors[0].value == "3 cells where the header has 5"


class TestKeys:
    GENERATED = MAP.replace("key: 单号", "key: generated")

    def test_equal_rows_without_a_key_all_count(self, folder, load, sql):
        text = HEAD + "X,2026-01-05,甲,7,100\n" * 3

        first = load(write(folder, text), self.GENERATED)
        second = load(write(folder, text), self.GENERATED)

        assert sql("SELECT count(DISTINCT key), sum(amount) FROM order_lines") == [(3, Decimal(300))]
        assert counts(first) == {"order_lines": (3, 3, 0, 0, 0, 0)}
        assert counts(second) == {"order_lines": (3, 0, 0, 3, 0, 0)}

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(order=st.permutations(range(6)), split=st.integers(1, 5))
    def test_the_order_of_rows_and_files_does_not_matter(self, folder, load, sql, order, split):
        lines = [
            f"K{n % 4},2026-01-0{n + 1},甲,7,{n}\n" if n < 4 else f"K{n},2026-01-09,乙,8,{n}\n"
            for n in range(6)
        ]
        shuffled = [lines[n] for n in order]
        for text in (HEAD + "".join(shuffled[:split]), HEAD + "".join(shuffled[split:])):
            load(write(folder, text), MAP)

        assert sql("SELECT key, amount FROM order_lines ORDER BY key") == [
            (key, Decimal(n)) for key, n in zip(["K0", "K1", "K2", "K3", "K4", "K5"], range(6), strict=True)
        ]


class TestReplacedWindow:
    REPLACE = MAP.replace("    key: 单号", "    key: 单号\n    mode: replace\n    window: month")
    BETWEEN = REPLACE.replace("month", "day")

    def test_what_the_month_no_longer_says_is_removed(self, folder, load, sql):
        load(write(folder, GOOD + "B1,2026-02-01,甲,7,5\n"), self.REPLACE)

        report = load(write(folder, HEAD + "A1,2026-01-05,甲,007,100\n"), self.REPLACE, even_so=["shrinks"])

        assert sql("SELECT key FROM order_lines ORDER BY key") == [("A1",), ("B1",)]
        assert report.tables[0].removed == 2

    def test_without_a_month_it_reaches_from_the_files_first_day_through_its_last(self, folder, load, sql):
        days = HEAD + "".join(f"A{n},2026-01-0{n},甲,007,{n}\n" for n in range(4, 9))
        load(write(folder, days + "A9,2026-01-07,甲,007,9\n"), self.BETWEEN)

        report = load(
            write(folder, HEAD + "A5,2026-01-05,甲,007,5\nA7,2026-01-07,甲,007,7\n"),
            self.BETWEEN,
            even_so=["shrinks"],
        )

        assert sql("SELECT key FROM order_lines ORDER BY key") == [("A4",), ("A5",), ("A7",), ("A8",)]
        assert report.tables[0].removed == 2

    def test_another_system_keeps_its_rows(self, folder, load, sql):
        load(write(folder), self.REPLACE.replace("system: erp", "system: shop"))

        load(write(folder, HEAD + "A1,2026-01-05,甲,007,100\n"), self.REPLACE)

        assert sql("SELECT source, count(*) FROM order_lines GROUP BY ALL ORDER BY ALL") == [
            ("erp", 1),
            ("shop", 3),
        ]

    def test_mended_rejects_join_the_month_and_do_not_replace_it(self, folder, load, sql):
        report = load(write(folder, GOOD + "A4,2026-02-30,丁,009,1\n"), self.REPLACE)
        text = (folder / report.rejects["orders"]).read_text(encoding="utf-8-sig")
        mended = folder / "mended.csv"
        mended.write_text(text.replace("2026-02-30", "2026-01-30"), encoding="utf-8")

        again = load(mended, self.REPLACE)

        assert sql("SELECT key FROM order_lines ORDER BY key") == [("A1",), ("A2",), ("A3",), ("A4",)]
        assert again.tables[0].removed == 0

    def test_nothing_is_removed_while_a_row_is_refused(self, folder, load, sql):
        load(write(folder), self.REPLACE)

        load(write(folder, HEAD + "A1,2026-01-05,甲,007,100\nA2,soon,乙,008,1\n"), self.REPLACE)

        assert sql("SELECT count(*) FROM order_lines") == [(3,)]


class TestMoney:
    FX = """
schema: dabiao/map/1
system: erp
sources: {orders: orders.csv, rates: rates.csv}
tables:
  - into: fx_rates
    from: rates
    columns: {currency: cur, "on": day, rate: rate}
  - into: order_lines
    from: orders
    key: 单号
    columns: {ordered_on: 日期, amount: 金额, cost: 成本, currency: 币种}
"""

    def test_currencies_are_converted_by_the_last_rate_and_never_by_one(self, folder, load, sql):
        write(
            folder, "cur,day,rate\nUSD,2026-01-01,7.123456\nUSD,2026-01-09,7\nEUR,2025-01-01,8\n", "rates.csv"
        )
        write(
            folder,
            "单号,日期,金额,成本,币种\n1,2026-01-05,100.01,50,usd\n2,2026-01-10,-0.0005,,USD\n3,2026-01-10,10,5,CNY\n4,2026-01-10,10,5,EUR\n5,2026-01-10,10,5,\n6,2026-01-05,1.0001,,USD\n7,2026-01-05,-1.0001,,USD\n",
        )

        report = load(folder, self.FX)

        found = sql(
            "SELECT key, amount, original_amount, cost, currency, fx_rate, fx_on FROM order_lines ORDER BY key"
        )
        assert found == [
            ("1", Decimal("712.4168"), Decimal("100.01"), Decimal("356.1728"), "USD", Decimal("7.123456"), date(2026, 1, 1)),
            ("2", Decimal("-0.0035"), Decimal("-0.0005"), None, "USD", Decimal(7), date(2026, 1, 9)),
            ("3", Decimal(10), Decimal(10), Decimal(5), "CNY", Decimal(1), date(2026, 1, 10)),
            ("5", Decimal(10), Decimal(10), Decimal(5), "CNY", Decimal(1), date(2026, 1, 10)),
            ("6", Decimal("7.1242"), Decimal("1.0001"), None, "USD", Decimal("7.123456"), date(2026, 1, 1)),
            ("7", Decimal("-7.1242"), Decimal("-1.0001"), None, "USD", Decimal("7.123456"), date(2026, 1, 1)),
        ]  # fmt: skip
        assert [(e.row, e.value, e.reason) for e in report.shown_errors] == [(5, "EUR 2026-01-10", "no_rate")]


class TestOneSourceManyTables:
    MAP = """
schema: dabiao/map/1
system: erp
sources:
  deals:
    file: deals.csv
    join:
      - {source: prices, on: {产品: 产品}, take: {单价: 单价}}
  prices: prices.csv
tables:
  - {into: units, from: deals, distinct: true, columns: {unit: {constant: All of it}, kind: {constant: company}}}
  - {into: units, from: deals, distinct: true, columns: {unit: 大区, kind: {constant: region}, parent: {constant: All of it}}}
  - into: assignments
    from: deals
    distinct: true
    columns: {person: 销售, unit: 大区, starts_on: {constant: 2025-01-01}}
  - {into: products, from: deals, distinct: true, columns: {product: 产品, product_name: 产品, list_price: 单价}}
  - into: opportunities
    from: deals
    key: 编号
    columns:
      created_on: {from: 建立, required: false}
      person: 销售
      list_amount: {from: 数量, times: 单价}
      outcome: {from: 阶段, values: {赢单: won, 输单: lost, 洽谈: null}}
  - into: order_lines
    from: deals
    key: 编号
    where: {阶段: 赢单}
    columns: {ordered_on: 成交, person: 销售, amount: {from: 金额, minus: 折让}, qty: 数量}
"""
    DEALS = "编号,大区,销售,产品,数量,阶段,建立,成交,金额,折让\n1,华 东,张三,GTXPro,2,赢单,2026-01-01,2026-02-01,100,10\n2,华 东,李四,MG,1,输单,2026-01-02,,,\n3,西部,王五,MG,3,洽谈,,,,\n"
    PRICES = "产品,单价\nGTX Pro,50\nMG,7\nMG,7\n"

    def test_a_whole_company_comes_from_one_mapping(self, folder, load, sql):
        write(folder, self.DEALS, "deals.csv")
        write(folder, self.PRICES, "prices.csv")

        report = load(folder, self.MAP)

        assert all(table.adds_up for table in report.tables)
        assert sorted(Unit.objects.values_list("key", "name", "parent__key")) == [
            ("All-of-it", "All of it", None), ("华-东", "华 东", "All-of-it"), ("西部", "西部", "All-of-it"),
        ]  # fmt: skip
        assert set(Assignment.objects.values_list("person__key", "position__unit__key")) == {
            ("张三", "华-东"),
            ("李四", "华-东"),
            ("王五", "西部"),
        }
        assert sql("SELECT key, created_on, list_amount, outcome FROM opportunities ORDER BY key") == [
            ("1", date(2026, 1, 1), None, "won"), ("2", date(2026, 1, 2), Decimal(7), "lost"), ("3", None, Decimal(21), None),
        ]  # fmt: skip
        assert sql("SELECT key, amount, qty FROM order_lines") == [("1", Decimal(90), Decimal(2))]
        assert sql(
            "SELECT o.person, a.unit FROM order_lines o JOIN assignments a ON a.person = o.person"
        ) == [("张三", "华-东")]
        assert set(Label.objects.values_list("kind", "key", "name")) == {
            ("product", "GTXPro", "GTXPro"),
            ("product", "MG", "MG"),
        }

    def test_traps_are_reported(self, folder, load):
        write(folder, self.DEALS, "deals.csv")
        write(folder, self.PRICES, "prices.csv")

        told = {
            warning.code: (warning.text, warning.count, warning.examples)
            for warning in load(folder, self.MAP).warnings
        }

        assert told["unmatched"] == (
            "deals: 产品 not found in prices",
            1,
            ("GTXPro (1) — did you mean GTX Pro?",),
        )
        assert told["empty"][0] == "Opportunities: 建立 is empty in 1 of 3 rows"

    def test_a_bad_row_is_refused_for_every_table_it_feeds(self, folder, load, sql):
        write(folder, self.DEALS.replace(",100,10", ",many,10"), "deals.csv")
        write(folder, self.PRICES, "prices.csv")

        report = load(folder, self.MAP)

        assert sql("SELECT key FROM opportunities ORDER BY key") == [("2",), ("3",)]
        assert not Person.objects.filter(key="张三").exists()
        assert all(table.adds_up for table in report.tables)

    def test_a_lookup_with_two_answers_is_an_error_of_the_row(self, folder, load):
        write(folder, self.DEALS, "deals.csv")
        write(folder, self.PRICES + "MG,8\n", "prices.csv")

        report = load(folder, self.MAP)

        assert {e.row for e in report.shown_errors} == {3, 4}
        assert report.shown_errors[0].value == "产品: several answers in prices"

    def test_a_row_that_the_organisation_refuses_is_handed_back_in_its_words(self, folder, load):
        write(folder, self.DEALS + "4,西部,张三,MG,1,洽谈,2026-01-01,,,\n", "deals.csv")
        write(folder, self.PRICES, "prices.csv")

        report = load(folder, self.MAP)

        assert {e.row for e in report.shown_errors} and all(
            "primary seat" in e.said for e in report.shown_errors
        )
        assert all(table.adds_up for table in report.tables)
