"""Edges of reading: what ordinary spreadsheets hold and what would load wrong without a word.

Each test writes its own small file, in the form in which shops, banks and accounting systems write theirs.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from django.utils import timezone

from dabiao.facts.logic.mapping import BadMapping
from dabiao.facts.logic.reading import Unreadable

HEAD = "单号,日期,工号,客户,金额\n"
COLUMNS = {"ordered_on": "日期", "person": "工号", "customer": "客户", "order": "单号", "amount": "金额"}


def mapped(file="orders.csv", source="", top="", key="单号", **columns):
    """A mapping of order lines; `source`: further lines of it; columns that are given replace the usual ones."""
    rules = "\n".join(f"      {name}: {rule}" for name, rule in (COLUMNS | columns).items())
    return f"""
schema: dabiao/map/1
system: erp
{top}
sources:
  orders:
    file: "{file}"
    {source}
tables:
  - into: order_lines
    from: orders
    key: {key}
    columns:
{rules}
"""


def write(folder, text, name="orders.csv"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def book(folder, rows, name="orders.xlsx", also=()):
    """A workbook of one sheet; `also` changes it before it is saved."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for change in also:
        change(made)
    made.save(folder / name)
    return folder / name


def refused(report):
    """Row, column and reason of every refused cell."""
    return [(cell.row, cell.column, cell.reason) for cell in report.shown_errors]


def warned(report):
    return {warning.code: warning.examples for warning in report.warnings}


def previewed(report, column):
    shown = next(iter(report.preview.values()))
    return [row[shown.columns.index(column)] for row in shown.rows]


class TestDays:
    ROWS = [
        ["单号", "日期", "工号", "客户", "金额"],
        ["T1", date(2026, 4, 1), "E1", "C1", 10],
        ["T2", datetime(2026, 4, 1), "E1", "C1", 20],
        ["T3", "2026-04-01", "E1", "C1", 40],
    ]

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
    def test_a_day_of_a_workbook_stays_that_day_in_every_time_zone(self, folder, load, zone):
        report = load(book(folder, self.ROWS), mapped("orders.xlsx", top=f"time_zone: {zone}"), dry_run=True)

        assert previewed(report, "ordered_on") == ["2026-04-01"] * 3

    def test_beside_times_the_format_of_a_cell_tells_its_day_from_a_moment(self, folder, load):
        def formats(made):
            for cell, form in (
                ("B2", "m/d/yyyy"),
                ("B3", 'yyyy"年"m"月"d"日"'),
                ("B4", "yyyy-mm-dd hh:mm"),
                ("B5", "d mmm hh:mm"),
            ):
                made.active[cell].number_format = form

        rows = [
            self.ROWS[0],
            *([f"T{n}", datetime(2026, 4, 1), "E1", "C1", 1] for n in range(3)),
            ["T3", datetime(2026, 4, 1, 23), "E1", "C1", 1],
        ]
        mapping = mapped("orders.xlsx", top="time_zone: Asia/Tokyo")

        report = load(book(folder, rows, also=[formats]), mapping, dry_run=True)

        assert previewed(report, "ordered_on") == ["2026-04-01", "2026-04-01", "2026-03-31", "2026-04-01"]

    def test_a_column_with_times_is_one_of_moments_and_each_is_moved_once(self, folder, load):
        rows = [*self.ROWS[:2], ["T4", datetime(2026, 4, 1, 23, 30), "E1", "C1", 1]]
        west = load(
            book(folder, rows), mapped("orders.xlsx", top="time_zone: America/New_York"), dry_run=True
        )

        assert previewed(west, "ordered_on") == ["2026-04-01", "2026-04-02"]

    def test_days_of_parquet_that_are_kept_as_moments_stay_days(self, folder, load):
        pl.DataFrame(
            {
                "单号": ["T1", "T2"],
                "日期": [datetime(2026, 4, 1), datetime(2026, 4, 2)],
                "工号": ["E1", "E1"],
                "客户": ["C1", "C1"],
                "金额": [1, 2],
            }
        ).write_parquet(folder / "orders.parquet")

        report = load(
            folder / "orders.parquet", mapped("orders.parquet", top="time_zone: Asia/Tokyo"), dry_run=True
        )

        assert previewed(report, "ordered_on") == ["2026-04-01", "2026-04-02"]

    @pytest.mark.parametrize(
        ("case", "format", "cell", "day"),
        [
            ("a day without a time", "%d/%m/%Y", "01/04/2026", "2026-04-01"),
            ("a time of the source's zone", "%d/%m/%Y %H:%M", "01/04/2026 23:30", "2026-04-02"),
            ("a time with its own offset", "%d/%m/%Y %H:%M %z", "01/04/2026 23:30 +0000", "2026-04-02"),
            ("with an offset east of us", "%d/%m/%Y %H:%M %z", "02/04/2026 01:30 +0900", "2026-04-02"),
            ("year first is understood beside", "%d/%m/%Y", "2026-04-01", "2026-04-01"),
        ],
    )
    def test_formats_follow_the_same_rule(self, folder, load, case, format, cell, day):
        mapping = mapped(top="time_zone: UTC", ordered_on=f'{{from: 日期, formats: ["{format}"]}}')
        report = load(write(folder, HEAD + f"T1,{cell},E1,C1,1\n"), mapping, dry_run=True)

        assert previewed(report, "ordered_on") == [day], case

    def test_formats_do_not_refuse_true_dates(self, folder, load):
        rows = [self.ROWS[0], ["T1", date(2026, 1, 31), "E1", "C1", 1], ["T2", "28/02/2026", "E1", "C1", 1]]
        mapping = mapped("orders.xlsx", ordered_on='{from: 日期, formats: ["%d/%m/%Y"]}')

        report = load(book(folder, rows), mapping, dry_run=True)

        assert previewed(report, "ordered_on") == ["2026-01-31", "2026-02-28"]

    @pytest.mark.parametrize("format", ["foo", "MM/DD/YYYY", "%H:%M", "%Y-%d-%m", "%Q"])
    def test_a_format_that_reads_no_day_is_refused_with_the_mapping(self, folder, load, format):
        with pytest.raises(BadMapping, match="reads no day"):
            load(write(folder, HEAD), mapped(ordered_on=f'{{from: 日期, formats: ["{format}"]}}'))


class TestOpenQuotes:
    TEXT = HEAD + (
        'Q1,2026-01-05,E1,C1,10\nQ2,2026-01-05,E1,"C1 north,20\nQ3,2026-01-05,E1,C1,30\n'
        'Q4,2026-01-05,E1,"C4",40\nQ5,2026-01-05,E1,C1,50\n'
    )

    def test_the_line_is_handed_back_and_swallows_none(self, folder, load, sql):
        report = load(write(folder, self.TEXT), mapped())

        assert sql("SELECT key, amount FROM order_lines ORDER BY key") == [
            ("Q1", 10), ("Q3", 30), ("Q4", 40), ("Q5", 50),
        ]  # fmt: skip
        assert refused(report) == [(3, "", "open_quote")]
        assert 'Q2,2026-01-05,E1,"C1 north,20' in report.shown_errors[0].value

    def test_what_is_handed_back_comes_in_again_when_it_is_mended(self, folder, load, sql):
        report = load(write(folder, self.TEXT), mapped())
        file = folder / "mended.csv"
        rejects = Path(report.rejects["orders"]).read_text(encoding="utf-8-sig")
        file.write_text(rejects.replace('"""C1 north"', '"C1 north"'), encoding="utf-8")

        load(file, mapped())

        assert sql("SELECT customer, amount FROM order_lines WHERE key = 'Q2'") == [("C1 north", 20)]

    @pytest.mark.parametrize(
        ("case", "lines", "good", "bad"),
        [
            ("nothing closes it to the end", ['A,2026-01-05,E1,"C,1', "B,2026-01-05,E1,C,2"], ["B"], [2]),
            ("a row between is no part of a cell",
             ['A,2026-01-05,E1,"C,1', "B,2026-01-05,E1,C,2", 'C,2026-01-05,E1,C",3'], ["B", "C"], [2]),
            ("two in a row", ['A,2026-01-05,E1,"C,1', 'B,2026-01-05,E1,"C,2', "C,2026-01-05,E1,C,3"], ["C"], [2, 3]),
            ("after an inch that is no quote", ['A,2026-01-05,E1,5" pipe,1', "B,2026-01-05,E1,C,2"], ["A", "B"], []),
            ("a cell of two lines", ['A,2026-01-05,E1,"C', 'north",1', "B,2026-01-05,E1,C,2"], ["A", "B"], []),
            ("doubled quotes inside", ['A,2026-01-05,E1,"C ""x"", y",1', "B,2026-01-05,E1,C,2"], ["A", "B"], []),
            ("a cell of three lines with quotes",
             ['A,2026-01-05,E1,"C', '""x"" y', '"" z",1', "B,2026-01-05,E1,C,2"], ["A", "B"], []),
        ],
    )  # fmt: skip
    def test_by_example(self, folder, load, case, lines, good, bad):
        mapping = mapped().replace("      customer: 客户\n", "")  # a customer's key holds no line break
        report = load(write(folder, HEAD + "\n".join(lines) + "\n"), mapping, dry_run=True)

        assert previewed(report, "key") == good, case
        assert [row for row, _column, _reason in refused(report)] == bad, case


class TestSignsOfMoney:
    TEXT = (
        HEAD
        + "N1,2026-01-05,E1,C1,$100\nN2,2026-01-05,E1,C1,€100\nN3,2026-01-05,E1,C1,£100\nN4,2026-01-05,E1,C1,¥100\n"
    )

    def test_a_sign_of_another_currency_is_handed_back(self, folder, load, sql):
        report = load(write(folder, self.TEXT), mapped())

        assert sql("SELECT key, amount FROM order_lines") == [("N4", 100)]
        assert refused(report) == [(row, "金额", "foreign_sign") for row in (2, 3, 4)]

    @pytest.mark.parametrize(
        ("currency", "good"), [("USD", "N1"), ("EUR", "N2"), ("GBP", "N3"), ("JPY", "N4")]
    )
    def test_a_sign_of_the_files_currency_is_taken(self, folder, load, currency, good):
        text = f"币种,日期,汇率\n{currency},2026-01-05,7\n"
        write(folder, text, "rates.csv")
        write(folder, self.TEXT)
        mapping = (
            mapped(top=f"currency: {currency}")
            .replace("sources:\n", "sources:\n  rates: rates.csv\n", 1)
            .replace(
                "tables:\n",
                "tables:\n  - {into: fx_rates, from: rates, columns: {currency: 币种, on: 日期, rate: 汇率}}\n",
                1,
            )
        )
        report = load(folder, mapping, dry_run=True)

        lines = report.preview["order_lines ← orders"]
        at = lines.columns.index
        assert [(row[at("key")], row[at("amount")], row[at("currency")]) for row in lines.rows] == [
            (good, "700.0000", currency)
        ]

    def test_it_is_held_against_the_currency_of_its_own_row(self, folder, load):
        text = "单号,日期,工号,客户,币种,金额\nA,2026-01-05,E1,C1,CNY,￥5\nB,2026-01-05,E1,C1,CNY,5€\nC,2026-01-05,E1,C1,USD,5元\n"
        report = load(write(folder, text), mapped(currency="币种"), dry_run=True)

        assert [(row, reason) for row, _c, reason in refused(report) if reason != "no_rate"] == [
            (3, "foreign_sign"), (4, "foreign_sign"),
        ]  # fmt: skip


class TestDecimalCommas:
    TEXT = (
        "单号;日期;工号;客户;金额\nQ1;2026-01-05;E1;C1;1.234,50\nQ2;2026-01-05;E1;C1;1.234\n"
        "Q3;2026-01-05;E1;C1;12,50\nQ4;2026-01-05;E1;C1;12\nQ5;2026-01-05;E1;C1;7 654 321,5 €\n"
    )

    def test_are_read_where_the_source_says_so(self, folder, load):
        mapping = mapped(source="decimal: comma", top="currency: EUR")
        report = load(write(folder, self.TEXT), mapping, dry_run=True)

        assert [row for row, _c, reason in refused(report) if reason != "no_rate"] == []

    def test_keep_every_digit(self, folder, load):
        text = self.TEXT.replace(" €", "")
        report = load(write(folder, text), mapped(source="decimal: comma"), dry_run=True)

        assert previewed(report, "amount") == ["1234.5000", "1234.0000", "12.5000", "12.0000", "7654321.5000"]

    def test_without_a_word_of_them_what_could_be_either_is_refused_beside_them(self, folder, load):
        report = load(write(folder, self.TEXT.replace(" €", "")), mapped(), dry_run=True)

        assert refused(report) == [
            (2, "金额", "not_a_number"),
            (3, "金额", "which_mark"),
            (4, "金额", "not_a_number"),
            (6, "金额", "not_a_number"),
        ]
        assert previewed(report, "key") == ["Q4"]

    def test_also_where_the_one_that_tells_stands_in_another_file(self, folder, load):
        write(folder, HEAD + "A,2026-01-05,E1,C1,1.234\n", "orders-1.csv")
        write(folder, HEAD + 'B,2026-01-05,E1,C1,"12,5"\n', "orders-2.csv")

        report = load(folder, mapped("orders-*.csv"), dry_run=True)

        assert {(cell.file, cell.reason) for cell in report.shown_errors} == {
            ("orders-1.csv", "which_mark"),
            ("orders-2.csv", "not_a_number"),
        }

    def test_a_point_among_decimal_commas_is_as_doubtful(self, folder, load):
        text = HEAD + 'A,2026-01-05,E1,C1,"1,234"\nB,2026-01-05,E1,C1,"1,234.50"\n'
        report = load(write(folder, text), mapped(source="decimal: comma"), dry_run=True)

        assert refused(report) == [(2, "金额", "which_mark"), (3, "金额", "not_a_number")]

    def test_plain_thousands_are_no_doubt(self, folder, load):
        text = HEAD + 'A,2026-01-05,E1,C1,"1,234"\nB,2026-01-05,E1,C1,1.234\nC,2026-01-05,E1,C1,0.5\n'
        report = load(write(folder, text), mapped(), dry_run=True)

        assert previewed(report, "amount") == ["1234.0000", "1.2340", "0.5000"]

    def test_the_mappings_own_numbers_keep_their_point(self, folder, load):
        text = "单号,日期,工号,客户,金额\nA,2026-01-05,E1,C1,\n"
        mapping = mapped(
            source="decimal: comma",
            amount='{from: 金额, default: "0.5"}',
            qty='{constant: "1.25"}',
        )
        report = load(write(folder, text), mapping, dry_run=True)

        assert (previewed(report, "amount"), previewed(report, "qty")) == (["0.5000"], ["1.2500"])

    def test_a_workbook_has_none(self, folder, load):
        file = book(
            folder, [["单号", "日期", "工号", "客户", "金额"], ["A", date(2026, 1, 5), "E1", "C1", 1.234]]
        )
        with pytest.raises(Unreadable, match="whose numbers have no comma"):
            load(file, mapped("orders.xlsx", source="decimal: comma"))


def test_orders_that_are_dated_after_today_load_and_are_told(folder, load):
    near, far = timezone.localdate() + timedelta(days=9), timezone.localdate() + timedelta(days=365)
    rows = f"A,2026-03-02,E1,C1,1\nB,{near},E1,C1,2\nC,{far},E1,C1,3\nD,{far},E1,C1,not a number\n"
    write(folder, HEAD + rows)

    report = load(folder, mapped())

    (told,) = [warning for warning in report.warnings if warning.code == "ahead"]
    assert told.count == 2
    assert str(far) in told.text


class TestRates:
    RATES = "  - {into: fx_rates, from: rates, columns: {currency: 币种, on: 日期, rate: 汇率, per: 单位}}\n"

    def loaded(self, folder, load, rates, orders):
        write(folder, "币种,日期,汇率,单位\n" + rates, "rates.csv")
        write(folder, "单号,日期,工号,客户,币种,金额\n" + orders)
        mapping = mapped(currency="币种").replace("sources:\n", "sources:\n  rates: rates.csv\n", 1)
        return load(folder, mapping.replace("tables:\n", "tables:\n" + self.RATES, 1))

    @pytest.mark.parametrize("rate", ["0", "-7.1"])
    def test_that_are_not_above_zero_are_refused_and_convert_nothing(self, folder, load, sql, rate):
        report = self.loaded(folder, load, f"EUR,2026-03-01,{rate},\n", "O1,2026-03-02,E1,C1,EUR,1000\n")

        assert sorted(refused(report)) == [(2, "币种", "no_rate"), (2, "汇率", "not_positive")]
        assert sql("SELECT count(*) FROM order_lines") == [(0,)]

    def test_of_a_hundred_or_a_million_units_are_exact(self, folder, load, sql):
        report = self.loaded(
            folder,
            load,
            "JPY,2026-03-01,4.812345,100\nVND,2026-03-01,270.830001,1000000\nUSD,2026-03-01,7.1,\n",
            "A,2026-03-02,E1,C1,JPY,1234567\nB,2026-03-02,E1,C1,VND,98765432101\nC,2026-03-02,E1,C1,USD,3\n",
        )

        assert refused(report) == []
        expected = {
            "A": Decimal("1234567") * Decimal("4.812345") / 100,
            "B": Decimal("98765432101") * Decimal("270.830001") / 1_000_000,
            "C": Decimal("21.3"),
        }
        assert sql("SELECT key, amount, fx_rate, fx_per FROM order_lines ORDER BY key") == [
            ("A", round(expected["A"], 4), Decimal("4.812345"), 100),
            ("B", round(expected["B"], 4), Decimal("270.830001"), 1_000_000),
            ("C", expected["C"], Decimal("7.1"), 1),
        ]
        assert sql("SELECT currency, per FROM fx_rates ORDER BY currency") == [
            ("JPY", 100), ("USD", None), ("VND", 1_000_000),
        ]  # fmt: skip

    def test_of_no_units_are_refused(self, folder, load):
        report = self.loaded(folder, load, "EUR,2026-03-01,7,0\n", "")

        assert refused(report) == [(2, "单位", "not_positive")]


class TestDatedRows:
    MAP = """
schema: dabiao/map/1
system: crm
sources:
  tiers: {file: tiers.csv, optional: true}
  owners: {file: owners.csv, optional: true}
tables:
  - {into: customer_history, from: tiers, columns: {customer: 客户, tier: 级别, starts_on: 起, ends_on: {from: 止, required: false}}}
  - {into: ownership, from: owners, columns: {customer: 客户, person: 人, role: {constant: owner}, share: 份额, starts_on: 起, ends_on: 止}}
"""

    def tiers(self, folder, load, rows, **how):
        return load(write(folder, "客户,级别,起,止\n" + rows, "tiers.csv"), self.MAP, **how)

    def owners(self, folder, load, rows, **how):
        return load(write(folder, "客户,人,份额,起,止\n" + rows, "owners.csv"), self.MAP, **how)

    def test_that_overlap_are_handed_back_and_the_others_land(self, folder, load, sql):
        report = self.tiers(
            folder,
            load,
            "C1,strategic,2026-01-01,2026-03-31\nC1,profit,2026-03-05,2026-12-31\n"
            "C2,profit,2026-01-01,2026-06-30\nC2,nurture,2026-06-30,2026-12-31\n",
        )

        assert refused(report) == [(2, "起", "overlaps"), (3, "起", "overlaps")]
        assert sql("SELECT DISTINCT customer FROM customer_history") == [("C2",)]

    @pytest.mark.parametrize(
        ("case", "rows", "bad"),
        [
            ("one inside a longer one, and one after", "C1,a,2026-01-01,2026-12-31\nC1,b,2026-02-01,2026-03-01\nC1,c,2026-12-31,2027-01-01\n", [2, 3]),
            ("one that says no end lasts", "C1,a,2026-01-01,\nC1,b,2026-06-01,2026-07-01\n", [2, 3]),
            ("the same row twice is one", "C1,a,2026-01-01,2026-02-01\nC1,a,2026-01-01,2026-02-01\n", []),
            ("an end before the beginning", "C1,a,2026-02-01,2026-01-01\n", [2]),
        ],
    )  # fmt: skip
    def test_by_example(self, folder, load, case, rows, bad):
        report = self.tiers(folder, load, rows, dry_run=True)

        assert sorted({row for row, _c, _r in refused(report)}) == bad, case

    def test_what_the_lake_holds_counts_unless_it_is_replaced(self, folder, load):
        self.tiers(folder, load, "C1,a,2026-01-01,2026-12-31\n")

        again = self.tiers(folder, load, "C1,b,2026-06-01,2027-01-01\n", dry_run=True)
        mended = self.tiers(
            folder, load, "C1,a,2026-01-01,2026-06-01\nC1,b,2026-06-01,2027-01-01\n", dry_run=True
        )

        assert (refused(again), refused(mended)) == ([(2, "起", "overlaps")], [])

    def test_without_an_end_they_hold_until_the_last_day_there_is(self, folder, load, sql):
        self.tiers(folder, load, "C1,a,2026-01-01,\n")

        assert sql("SELECT ends_on FROM customer_history") == [(date(9999, 12, 31),)]

    def test_owners_of_more_than_all_of_a_customer_are_handed_back(self, folder, load, sql):
        report = self.owners(
            folder,
            load,
            "C1,E1,60%,2026-01-01,2026-07-01\nC1,E2,60%,2026-06-30,2026-12-31\n"
            "C2,E1,60%,2026-01-01,2026-07-01\nC2,E2,60%,2026-07-01,2026-12-31\n"
            "C3,E1,50%,2026-01-01,2026-07-01\nC3,E2,50%,2026-01-01,2026-07-01\n",
        )

        assert refused(report) == [(2, "份额", "too_much"), (3, "份额", "too_much")]
        assert sql("SELECT DISTINCT customer FROM ownership ORDER BY 1") == [("C2",), ("C3",)]

    def test_a_next_row_is_no_end_here(self, folder, load):
        mapping = self.MAP.replace("{from: 止, required: false}", "{next: starts_on, per: customer}")
        with pytest.raises(BadMapping, match="`next` works on the organisation and targets"):
            load(write(folder, "客户,级别,起,止\n", "tiers.csv"), mapping)


class TestTotals:
    def test_a_customer_called_total_is_a_customer(self, folder, load):
        text = (
            "客户,日期,单号,工号,金额\nTotal,2026-01-05,10001,1001,10\nTotal,20260106,10002,1001,20\n"
            "BP,2026-01-06,10003,1001,30\n小计,2026-01-06,,,30\nGrand Total,,,,60\n"
        )
        report = load(write(folder, text), mapped(), dry_run=True)

        assert previewed(report, "amount") == ["10.0000", "20.0000", "30.0000"]
        assert report.asides["orders.csv"]["total"] == 2


class TestWrappedTexts:
    def test_what_is_wrapped_to_keep_its_zeros_is_unwrapped_everywhere(self, folder, load):
        text = HEAD + '="0012345",="2026-01-05",="E1",="0C",="88.50"\n' + "'0012347,'2026-01-05,'E1,C1,'1\n"
        report = load(write(folder, text), mapped(), dry_run=True)

        assert [previewed(report, name) for name in ("key", "ordered_on", "person", "amount")] == [
            ["0012345", "0012347"],
            ["2026-01-05", "2026-01-05"],
            ["E1", "E1"],
            ["88.5000", "1.0000"],
        ]

    def test_an_apostrophe_of_a_name_stays(self, folder, load):
        report = load(write(folder, HEAD + "A,2026-01-05,E1,'t Hart,1\n"), mapped(), dry_run=True)

        assert previewed(report, "customer") == ["'t Hart"]

    def test_a_row_that_is_handed_back_comes_in_again_as_it_was(self, folder, load, sql):
        report = load(write(folder, HEAD + '="\'007",soon,E1,C1,1\n'), mapped())
        file = folder / "mended.csv"
        rejects = Path(report.rejects["orders"]).read_text(encoding="utf-8-sig")
        file.write_text(rejects.replace(",soon,", ",2026-01-05,"), encoding="utf-8")

        load(file, mapped())

        assert sql("SELECT key FROM order_lines") == [("'007",)]


class TestLostDigits:
    @pytest.mark.parametrize("column", ["单号", "工号", "客户"])
    def test_of_an_identifier_are_told_in_csv(self, folder, load, column):
        cells = {"单号": "A", "日期": "2026-01-05", "工号": "E1", "客户": "C1", "金额": "1"}
        text = HEAD + ",".join((cells | {column: "2.02601E+17"}).values()) + "\n"

        assert (2, column, "lost_digits") in refused(load(write(folder, text), mapped(), dry_run=True))

    def test_and_in_a_workbook_while_texts_keep_all_of_theirs(self, folder, load):
        rows = [
            ["单号", "日期", "工号", "客户", "金额"],
            [202601051234567890, date(2026, 1, 5), "E1", "C1", 1],
            ["202601051234567891", date(2026, 1, 5), "E1", "C1", 2],
            [123456789012345, date(2026, 1, 5), "E1", "C1", 3],
        ]
        report = load(book(folder, rows), mapped("orders.xlsx"), dry_run=True)

        assert (2, "单号", "lost_digits") in refused(report)
        assert sorted(previewed(report, "key")) == ["123456789012345", "202601051234567891"]

    def test_of_doubles_in_parquet_too(self, folder, load):
        pl.DataFrame(
            {
                "单号": [2.0e17, 7.0],
                "日期": [date(2026, 1, 5)] * 2,
                "工号": ["E1"] * 2,
                "客户": ["C"] * 2,
                "金额": [1, 2],
            }
        ).write_parquet(folder / "orders.parquet")
        report = load(folder / "orders.parquet", mapped("orders.parquet"), dry_run=True)

        assert (1, "单号", "lost_digits") in refused(report)
        assert previewed(report, "key") == ["7"]


def hide(name):
    return lambda made: setattr(made[name], "sheet_state", "hidden")


def sheet(name, rows, index=None):
    def add(made):
        added = made.create_sheet(name, index)
        for row in rows:
            added.append(row)

    return add


class TestSheets:
    ROWS = [["单号", "日期", "工号", "客户", "金额"], ["A", date(2026, 1, 5), "E1", "C1", 100]]

    def test_a_hidden_one_is_not_the_first(self, folder, load):
        old = [self.ROWS[0], ["OLD", date(2020, 1, 5), "E1", "C1", 999_999]]
        file = book(folder, self.ROWS, also=[sheet("old", old, 0), hide("old")])

        report = load(file, mapped("orders.xlsx"), dry_run=True)

        assert previewed(report, "key") == ["A"] and "unread" not in warned(report)

    def test_those_that_nothing_reads_are_told(self, folder, load):
        file = book(folder, self.ROWS, also=[sheet("2月", self.ROWS), sheet("3月", self.ROWS)])

        report = load(file, mapped("orders.xlsx"), dry_run=True)

        assert warned(report)["unread"] == ("2月", "3月")

    def test_those_that_another_source_reads_are_not(self, folder, load):
        file = book(folder, self.ROWS, also=[sheet("2月", self.ROWS)])
        mapping = mapped("orders.xlsx").replace("tables:", "  more: {file: orders.xlsx, sheet: 2月}\ntables:")

        assert "unread" not in warned(load(file, mapping, dry_run=True))

    def test_one_that_lacks_the_columns_names_the_others(self, folder, load):
        file = book(folder, [["说明"], ["2026"]], also=[sheet("订单", self.ROWS)])
        with pytest.raises(BadMapping, match="Other sheets: 订单; name one with `sheet`"):
            load(file, mapped("orders.xlsx"))


class TestCellsOfAWorkbook:
    HEADER = ["单号", "日期", "工号", "客户", "税率", "金额"]

    def test_a_percentage_is_the_same_from_workbook_and_csv(self, folder, load):
        def percent(made):
            made.active["E2"].number_format = "0.0%"
            made.active["E5"].number_format = '0"%"'

        rows = [
            self.HEADER,
            ["P1", date(2026, 1, 5), "E1", "C1", 0.135, 1],
            ["P2", date(2026, 1, 5), "E1", "C1", "13.5%", 1],
            ["P3", date(2026, 1, 5), "E1", "C1", 13.5, 1],
            ["P4", date(2026, 1, 5), "E1", "C1", 13.5, 1],
        ]
        mapping = mapped("orders.xlsx", tax_rate='{from: 税率, unit: "%"}')
        report = load(book(folder, rows, also=[percent]), mapping, dry_run=True)

        assert previewed(report, "tax_rate") == ["0.135000"] * 4

    def test_without_a_unit_a_percentage_is_a_share(self, folder, load):
        def percent(made):
            made.active["E2"].number_format = "0%"

        rows = [self.HEADER, ["P1", date(2026, 1, 5), "E1", "C1", 0.13, 1]]
        report = load(
            book(folder, rows, also=[percent]), mapped("orders.xlsx", tax_rate="税率"), dry_run=True
        )

        assert previewed(report, "tax_rate") == ["0.130000"]

    def test_a_formula_that_nobody_worked_out_is_an_error_of_its_row(self, folder, load):
        rows = [
            self.HEADER,
            ["P1", date(2026, 1, 5), "E1", "C1", None, "=1+1"],
            ["P2", date(2026, 1, 5), "E1", "C1", None, 5],
            ["P3", date(2026, 1, 5), '="E"&1', "C1", None, 6],
        ]
        report = load(book(folder, rows), mapped("orders.xlsx"), dry_run=True)

        assert sorted(refused(report)) == [(2, "金额", "no_result"), (4, "工号", "no_result")]

    def test_it_is_found_where_the_table_begins_further_right(self, folder, load):
        def shifted(made):
            made.active.insert_cols(1, 2)
            made.active.insert_rows(1, 3)

        rows = [
            self.HEADER,
            ["P1", date(2026, 1, 5), "E1", "C1", None, 5],
            ["P2", date(2026, 1, 5), "E1", "C1", None, "=1+1"],
        ]
        report = load(book(folder, rows, also=[shifted]), mapped("orders.xlsx"), dry_run=True)

        assert refused(report) == [(6, "金额", "no_result")]


class TestMergedCells:
    ROWS = [
        ["单号", "日期", "工号", "客户", "行", "金额"],
        ["M1", date(2026, 1, 5), "E1", "C1", 1, 10],
        [None, None, None, None, 2, 20],
        [None, None, None, None, 3, 30],
        ["M2", date(2026, 1, 6), "E2", "C2", 1, 40],
    ]

    def merged(self, folder):
        return book(
            folder, self.ROWS, also=[lambda made: [made.active.merge_cells(f"{c}2:{c}4") for c in "ABCD"]]
        )

    def test_are_named_in_the_refusal_and_told(self, folder, load):
        report = load(self.merged(folder), mapped("orders.xlsx"), dry_run=True)

        assert {(row, column) for row, column, reason in refused(report) if reason == "merged"} == {
            (row, column) for row in (3, 4) for column in ("单号", "日期")
        }
        assert warned(report)["merged"] == ("单号", "日期", "工号", "客户")

    def test_say_in_every_row_what_they_say_in_the_first(self, folder, load, sql):
        mapping = mapped("orders.xlsx", source="fill_down: [单号, 日期, 工号, 客户]", key="[单号, 行]")
        report = load(self.merged(folder), mapping)

        assert sql("SELECT key, person, ordered_on, amount FROM order_lines ORDER BY key") == [
            ("M1|1", "E1", date(2026, 1, 5), 10),
            ("M1|2", "E1", date(2026, 1, 5), 20),
            ("M1|3", "E1", date(2026, 1, 5), 30),
            ("M2|1", "E2", date(2026, 1, 6), 40),
        ]
        assert "merged" not in warned(report)

    def test_a_column_to_fill_that_is_not_there_is_refused(self, folder, load):
        with pytest.raises(BadMapping, match="has no column '部门'"):
            load(self.merged(folder), mapped("orders.xlsx", source="fill_down: 部门"))

    def test_are_filled_from_one_chunk_to_the_next(self, folder, load, monkeypatch):
        monkeypatch.setattr("dabiao.facts.logic.reading.workbook.CHUNK", 2)
        mapping = mapped("orders.xlsx", source="fill_down: [单号, 日期, 工号, 客户]", key="[单号, 行]")

        assert refused(load(self.merged(folder), mapping, dry_run=True)) == []


def test_a_constant_of_nothing_is_nothing(folder, load):
    report = load(
        write(folder, HEAD + "A,2026-01-05,E1,C1,1\n"), mapped(dealer="{constant: null}"), dry_run=True
    )

    assert previewed(report, "dealer") == [""]
