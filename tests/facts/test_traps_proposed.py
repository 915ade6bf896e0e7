"""Sheets that say less than they seem to: formulas without results, merged cells, rates above one, days and decimals."""

from decimal import Decimal

import openpyxl
import pytest
import yaml

from dabiao.core.errors import Malformed
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import propose

HEAD = ["订单号", "订单日期", "工号", "客户", "产品"]
ROW = ["2026-01-05", "E1", "C1", "P1"]


def book(folder, *rows, name="订单明细.xlsx", merged=()):
    made = openpyxl.Workbook()
    made.active.title = "明细"
    for row in rows:
        made.active.append(row)
    for place in merged:
        made.active.merge_cells(place)
    made.save(folder / name)
    return folder / name


def columns(found, into="order_lines"):
    return next(t for t in yaml.safe_load(found.text)["tables"] if t["into"] == into)["columns"]


def loaded(path, text, otto, at):
    return actions.load(actions.Order(path, read_map(text)), by=otto, at=at)


class TestFormulasWithoutResults:
    @pytest.mark.parametrize("name", ["金额", "总价", "含税金额", "订单总金额"])
    def test_of_an_amount_are_handed_back_and_never_price_times_quantity(self, folder, otto, at, sql, name):
        file = book(
            folder,
            [*HEAD, "单价", "数量", name],
            ["A", *ROW, 100, 2, "=F2*G2*0.8"],
            ["B", *ROW, 100, 2, 160],
            ["C", *ROW, 100, 2, "=F4*G4*0.8"],
        )

        found = propose([file], year=2026)
        report = loaded(file, found.text, otto, at)

        column = "amount_with_tax" if name == "含税金额" else "amount"
        assert columns(found)[column] == name
        assert "times" not in found.text
        assert any("2" in note and name in note and "formulas" in note for note in found.notes)
        assert sql(f"SELECT {column} FROM order_lines") == [(Decimal(160),)]
        assert {error.value for error in report.shown_errors} == {"#FORMULA?"}

    def test_an_amount_that_cannot_be_read_is_no_product_either(self, folder):
        file = book(
            folder,
            [*HEAD, "单价", "数量", "金额"],
            ["A", *ROW, 100, 2, "见发票"],
            ["B", *ROW, 9, 2, "见发票"],
        )

        assert columns(propose([file], year=2026))["amount"] == "金额"

    def test_where_no_column_is_an_amount_price_times_quantity_is(self, folder):
        file = book(folder, [*HEAD, "单价", "数量"], ["A", *ROW, 100, 2])

        found = propose([file], year=2026)

        assert columns(found)["amount"] == {"from": "单价", "times": "数量", "round": True}


class TestMergedCells:
    ROWS = (
        [*HEAD, "金额"],
        ["A", *ROW, 10],
        [None, None, None, None, "P2", 20],
        ["B", "2026-01-06", "E2", "C2", "P1", 30],
    )
    MERGED = ("A2:A3", "B2:B3", "C2:C3", "D2:D3")

    def test_hold_for_each_row_that_they_span(self, folder, otto, at, sql):
        file = book(folder, *self.ROWS, merged=self.MERGED)

        found = propose([file], year=2026)
        loaded(file, found.text, otto, at)

        assert any("订单号, 订单日期, 工号, 客户" in note for note in found.notes)
        assert sql("SELECT ordered_on::text, person, customer, amount FROM order_lines ORDER BY amount") == [
            ("2026-01-05", "E1", "C1", Decimal(10)),
            ("2026-01-05", "E1", "C1", Decimal(20)),
            ("2026-01-06", "E2", "C2", Decimal(30)),
        ]

    def test_of_an_amount_are_one_amount(self, folder, otto, at, sql):
        rows = [list(row) for row in self.ROWS]
        rows[2][-1] = None
        file = book(folder, *rows, merged=(*self.MERGED, "F2:F3"))

        loaded(file, propose([file], year=2026).text, otto, at)

        assert sql("SELECT sum(amount) FROM order_lines") == [(Decimal(40),)]

    @pytest.mark.parametrize(("said", "held"), [("fill", {"C1": 3}), ("leave", {"C1": 1, None: 2})])
    def test_beside_cells_that_are_only_empty_are_asked_for(self, folder, otto, at, sql, said, held):
        rows = [list(row) for row in self.ROWS]
        rows[3][3] = None
        file = book(folder, *rows, merged=self.MERGED)

        asked = propose([file], year=2026)
        found = propose([file], answers={"明细.fill_客户": said}, year=2026)
        loaded(file, found.text, otto, at)

        assert [question.key for question in asked.open] == ["明细.fill_客户"]
        assert dict(sql("SELECT customer, count(*) FROM order_lines GROUP BY 1")) == held

    def test_an_order_without_a_day_is_handed_back(self, folder, otto, at, sql):
        (folder / "订单.csv").write_text("订单号,订单日期,客户,金额\nA,2026-01-05,C1,1\nB,,C1,2\n")

        report = loaded(folder, propose([folder / "订单.csv"], year=2026).text, otto, at)

        assert report.error_cells == 1
        assert sql("SELECT amount FROM order_lines") == [(Decimal(1),)]


class TestRatesAboveOne:
    ROWS = "订单号,订单日期,金额,税率\nA,2026-01-05,1,13%\nB,2026-01-05,1,0.13\nC,2026-01-05,1,13\n"

    @pytest.mark.parametrize("cells", ["13%", "13", "0.13"])
    def test_are_asked_for_whatever_stands_beside_them(self, folder, cells):
        (folder / "订单.csv").write_text(self.ROWS.replace("0.13", cells))

        (question,) = propose([folder / "订单.csv"], year=2026).open

        assert question.key == "订单.tax_rate"
        assert [choice.rows for choice in question.choices] == [("13 → 13 %",), ("13 → 1300 %",), ()]

    @pytest.mark.parametrize(
        ("said", "rates"),
        [("percent", [0.13, 0.13, 0.13]), ("written", [0.13, 0.13, 13]), ("none", [None, None, None])],
    )
    def test_are_what_somebody_says(self, folder, otto, at, sql, said, rates):
        (folder / "订单.csv").write_text(self.ROWS.replace("0.13", "13%"))
        text = propose([folder / "订单.csv"], answers={"订单.tax_rate": said}, year=2026).text

        loaded(folder, text, otto, at)

        got = [rate and float(rate) for (rate,) in sql('SELECT tax_rate FROM order_lines ORDER BY "order"')]
        assert got == rates

    def test_are_not_answered_by_a_word_that_is_none(self, folder):
        (folder / "订单.csv").write_text(self.ROWS)

        with pytest.raises(Malformed):
            propose([folder / "订单.csv"], answers={"订单.tax_rate": "perhaps"}, year=2026)

    def test_where_none_is_above_one_nothing_is_asked(self, folder):
        (folder / "订单.csv").write_text(self.ROWS.replace(",13\n", ",1\n"))

        assert not propose([folder / "订单.csv"], year=2026).questions


class TestDaysOfSeveralFiles:
    MARCH = "order id,order date,amount\nA,3/4/2026,1\nB,3/6/2026,1\n"
    APRIL = "order id,order date,amount\nC,4/3/2026,1\nD,4/6/2026,1\n"

    def files(self, folder, names):
        for name, text in zip(names, (self.MARCH, self.APRIL), strict=True):
            (folder / name).write_text(text)
        return [folder / name for name in names]

    def test_are_told_by_the_months_that_each_is_named_after(self, folder):
        files = self.files(folder, ("orders March 2026.csv", "orders April 2026.csv"))

        for order in (files, files[::-1]):
            found = propose(order, year=2026)
            assert not found.open
            assert columns(found)["ordered_on"]["formats"] == ["%m/%d/%Y"]

    def test_are_asked_for_where_the_names_contradict_every_reading(self, folder):
        files = self.files(folder, ("orders May 2026.csv", "orders June 2026.csv"))

        assert [question.key.partition(".")[2] for question in propose(files, year=2026).open] == ["days"]


def test_decimal_commas_are_told(folder):
    (folder / "订单.csv").write_text("订单号;订单日期;金额\nA;2026-01-05;1.234\nB;2026-01-05;1.234,50\n")

    found = propose([folder / "订单.csv"], year=2026)

    assert "decimal: comma" in found.text
    assert any("1.234,50 → 1234.5" in note for note in found.notes)


class TestSheetsOfOneWorkbook:
    HEADER = ["单号", "日期", "工号", "客户", "金额"]

    def made(self, folder, *sheets):
        """A workbook of sheets: name → state; each has one row of its own."""
        made = openpyxl.Workbook()
        made.remove(made.active)
        for number, (name, state) in enumerate(sheets):
            sheet = made.create_sheet(name)
            sheet.append(self.HEADER)
            sheet.append([f"S{number}", f"2026-0{number + 1}-05", "E1", "C1", 100])
            sheet.sheet_state = state
        made.save(folder / "导出.xlsx")
        return folder / "导出.xlsx"

    def test_that_are_hidden_are_left_out_told_and_asked_nothing(self, folder):
        file = self.made(folder, ("_lists", "hidden"), ("订单", "visible"), ("底稿", "veryHidden"))

        found = propose([file], year=2026)

        assert found.open == () and list(read_map(found.text).sources) == ["订单"]
        told = {sheet.name: (sheet.kind, "hidden in the workbook" in sheet.why) for sheet in found.taken}
        assert told == {"lists": ("", True), "订单": ("order_lines", False), "底稿": ("", True)}

    def test_that_are_hidden_are_loaded_where_somebody_says_so(self, folder):
        file = self.made(folder, ("_lists", "hidden"), ("订单", "visible"))

        found = propose([file], answers={"lists.kind": "order_lines"}, year=2026)

        assert sorted(read_map(found.text).sources) == ["lists", "订单"]

    def test_that_are_called_by_months_are_asked_for_once(self, folder):
        file = self.made(folder, ("1月", "visible"), ("2月", "visible"), ("3月", "visible"))

        (asked,) = propose([file], year=2026).open
        answered = propose([file], answers={asked.key: "receipts"}, year=2026)

        assert asked.text == "1月, 2月, 3月: what are these rows?"
        assert answered.open == () and {sheet.kind for sheet in answered.taken} == {"receipts"}
        assert {table.into for table in read_map(answered.text).tables} == {"receipts"}

    def test_of_months_one_can_be_something_else(self, folder):
        file = self.made(folder, ("1月", "visible"), ("2月", "visible"))
        answers = {"1月.kind": "receipts", "2月.kind": "nothing"}

        assert [sheet.kind for sheet in propose([file], answers=answers, year=2026).taken] == ["receipts", ""]

    def test_that_are_called_otherwise_are_asked_for_each(self, folder):
        file = self.made(folder, ("东区", "visible"), ("西区", "visible"))

        assert [question.key for question in propose([file], year=2026).open] == ["东区.kind", "西区.kind"]


def test_of_a_column_of_formulas_alone_no_sum_is_told(folder):
    file = book(folder, [*HEAD, "数量", "金额"], ["A", *ROW, 2, "=1+1"], ["B", *ROW, 3, "=1+1"])

    (sheet,) = propose([file], year=2026).taken

    assert sheet.sums == (("数量", "5.0000"),)
