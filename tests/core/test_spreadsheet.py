"""Exports are read back by another program's reader."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from dabiao.core import spreadsheet

COLUMNS = {"name": "姓名", "amount": "Amount", "on": "On"}


def read_csv(rows, columns=COLUMNS):
    text = "".join(spreadsheet.csv_lines(rows, columns, bom=True))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def read_xlsx(rows, columns=COLUMNS):
    book = openpyxl.load_workbook(spreadsheet.xlsx_file(rows, columns, sheet="a/b"))
    return [[(cell.value, cell.data_type) for cell in row] for row in book.active.iter_rows()]


class TestCsv:
    @pytest.mark.parametrize(
        ("case", "cell", "written"),
        [
            ("a formula is made inert", "=1+1", "'=1+1"),
            ("so is a plus", "+86 139", "'+86 139"),
            ("so is a minus in text", "-1", "'-1"),
            ("so is an at sign", "@SUM(A1)", "'@SUM(A1)"),
            ("so is a tab", "\t=1", "'\t=1"),
            ("so is a carriage return", "\r=1", "'\r=1"),
            ("so is a line break", "\n=1", "'\n=1"),
            ("so is a blank before a sign", " \xa0=1", "' \xa0=1"),
            ("so is what nobody sees before a sign", "\ufeff\u200b=1", "'\ufeff\u200b=1"),
            ("so is an equals sign of full width", "＝1+1", "'＝1+1"),
            ("so is a plus of full width", "＋86 139", "'＋86 139"),
            ("so is a minus of full width", "－1", "'－1"),
            ("so is an at sign of full width", "＠SUM(A1)", "'＠SUM(A1)"),
            ("a sign further on is left alone", "a=1", "a=1"),
            ("a negative amount stays a number", Decimal("-1.5000"), "-1.5"),
            ("a negative whole number stays a number", -3, "-3"),
            ("all eighteen digits survive", Decimal("12345678901234.1234"), "12345678901234.1234"),
            ("nothing is nothing, not 0", None, ""),
            ("zero is 0", Decimal("0.0000"), "0"),
            ("a day is ISO", date(2026, 1, 5), "2026-01-05"),
            ("a comma and a quote survive", 'a,"b"\nc', 'a,"b"\nc'),
        ],
    )
    def test_writes(self, case, cell, written):
        assert read_csv([{"name": cell}])[1] == [written, "", ""], case

    def test_streams_every_row(self):
        rows = ({"name": f"n{i}"} for i in range(30_000))
        assert len(read_csv(rows)) == 30_001


class TestXlsx:
    def test_keeps_numbers_as_numbers_and_text_as_text(self):
        rows = [
            {"name": "=HYPERLINK(1)", "amount": Decimal("1.5"), "on": date(2026, 1, 5)},
            {"name": "5", "amount": Decimal("-12345678901.1234"), "on": None},
            {"name": None, "amount": Decimal("12345678901234.1234"), "on": date(2026, 2, 28)},
            {"name": "-1", "amount": Decimal("123456789012.1234"), "on": None},
        ]
        assert read_xlsx(rows) == [
            [("姓名", "s"), ("Amount", "s"), ("On", "s")],
            [("=HYPERLINK(1)", "s"), (1.5, "n"), (datetime(2026, 1, 5), "d")],
            [("5", "s"), (-12345678901.1234, "n"), (None, "n")],
            [(None, "n"), ("12345678901234.1234", "s"), (datetime(2026, 2, 28), "d")],
            [("-1", "s"), ("123456789012.1234", "s"), (None, "n")],
        ]

    def test_writes_moments_as_text(self):
        rows = [{"name": datetime(2026, 1, 5, 8, 30, tzinfo=UTC)}]
        assert read_xlsx(rows)[1][0] == ("2026-01-05 08:30:00+00:00", "s")

    def test_of_no_rows_has_its_header(self):
        assert read_xlsx([])[0] == [("姓名", "s"), ("Amount", "s"), ("On", "s")]

    def test_keeps_columns_of_the_same_title_apart(self):
        book = read_xlsx([{"a": 1, "b": 2}], {"a": "x", "b": "x"})
        assert book == [[("x", "s"), ("x (2)", "s")], [(1, "n"), (2, "n")]]

    def test_refuses_to_cut_silently(self, monkeypatch):
        monkeypatch.setattr(spreadsheet, "LARGEST_SHEET", 3)
        with pytest.raises(spreadsheet.SheetIsFull, match="Export it as CSV"):
            spreadsheet.xlsx_file(({"name": str(i)} for i in range(4)), COLUMNS, sheet="x")
