"""Small tables as people keep them."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from dabiao.core import uploads
from dabiao.core.errors import Malformed
from dabiao.engine.message import Message

FIELDS = (
    uploads.Field("key", Message("key"), ("工号",), uploads.text, required=True),
    uploads.Field("on", Message("on"), ("入职日期",), uploads.day),
)


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class TestRowsOf:
    @pytest.mark.parametrize(
        ("case", "content", "name"),
        [
            ("UTF-8 with a mark", "\ufeff工号,入职日期\nA1,2026-01-05\n".encode(), "x.csv"),
            ("GB18030", "工号,入职日期\nA1,2026-01-05\n".encode("gb18030"), "x.csv"),
            ("tabs", "工号\t入职日期\nA1\t2026-01-05\n".encode(), "x.tsv"),
            ("semicolons", "工号;入职日期\nA1;2026-01-05\n".encode(), "x.CSV"),
            ("empty rows between", "\n工号,入职日期\n,\nA1,2026-01-05\n".encode(), "x.csv"),
            ("a workbook", workbook([["工号", "入职日期"], ["A1", "2026-01-05"]]), "x.xlsx"),
        ],
    )
    def test_reads(self, case, content, name):
        (row,) = uploads.rows_of(content, name)
        assert row.cells == {"工号": "A1", "入职日期": "2026-01-05"}, case

    def test_reads_a_number_of_a_workbook_as_it_is_seen(self):
        cells = [[1234.5 * 1.1], [0.1 + 0.2], [1234567.89], ["110101199003074512"], ["1.10"]]
        content = workbook([["目标"], *cells])

        assert [row.cells["目标"] for row in uploads.rows_of(content, "x.xlsx")] == [
            "1357.95",
            "0.3",
            "1234567.89",
            "110101199003074512",
            "1.10",
        ]

    def test_counts_rows_as_the_file_does_whatever_is_empty(self):
        content = "\n工号,入职日期\n,\nA1,2026-01-05\n".encode()
        assert [row.row for row in uploads.rows_of(content, "x.csv")] == [4]

    def test_reads_numbers_and_days_of_a_workbook(self):
        content = workbook([["工号", "入职日期"], [1001, date(2026, 1, 5)]])
        parsed, errors = uploads.parse(uploads.rows_of(content, "x.xlsx"), FIELDS)
        assert (parsed[0].values, errors) == ({"key": "1001", "on": date(2026, 1, 5)}, [])

    @pytest.mark.parametrize(
        ("case", "content", "name"),
        [
            ("another kind of file", b"%PDF", "x.pdf"),
            ("nothing in it", b"", "x.csv"),
            ("not a workbook", b"hello", "x.xlsx"),
            ("a damaged workbook", b"PK\x03\x04 broken", "x.xlsx"),
            ("neither encoding", b"\xff\xff\xff\x81", "x.csv"),
        ],
    )
    def test_refuses(self, case, content, name):
        with pytest.raises(Malformed):
            uploads.rows_of(content, name)

    @pytest.mark.parametrize(
        ("case", "content", "says"),
        [
            ("more columns than a table has", b"," * 600 + b"\n1\n", "601 columns"),
            ("a cell beyond all measure", b"a,b\n1," + b"x" * 200_000 + b"\n", "131072"),
            ("a quote that never ends", b'a,b\n1,"' + b"x\n" * 100_000, "line 2"),
            ("more rows than are kept by hand", b"a,b\n" + b"1,2\n" * 200_001, "200000"),
            ("zeros", b"\0" * 5000, "no rows"),
        ],
    )
    def test_refuses_text_that_is_no_small_table(self, case, content, says):
        with pytest.raises(Malformed, match=says):
            uploads.rows_of(content, "x.csv")


class TestParse:
    def test_tells_every_error_with_row_column_and_value(self):
        rows = [{"工号": "", "入职日期": "soon"}, {"工号": "A2"}, {"工号": "A3", "入职日期": "2026-02-30"}]
        parsed, errors = uploads.parse(uploads.numbered(rows), FIELDS)
        assert [row.values for row in parsed] == [{"key": "A2"}]
        assert [(e.row, e.column, e.value) for e in errors] == [
            (2, "key", ""),
            (2, "入职日期", "soon"),
            (4, "入职日期", "2026-02-30"),
        ]

    def test_takes_typed_cells_as_they_are_and_says_where_they_stand(self):
        row = uploads.SourceRow({"key": "007", "on": date(2026, 1, 5)}, row=12, file=3)
        (parsed,), errors = uploads.parse([row], FIELDS)
        assert (parsed.values, parsed.file, parsed.row) == ({"key": "007", "on": date(2026, 1, 5)}, 3, 12)
        assert errors == []

    def test_tells_file_and_row_of_a_typed_cell_that_does_not_fit(self):
        row = uploads.SourceRow({"key": "A1", "on": Decimal("1.5")}, row=12, file=3)
        _parsed, (error,) = uploads.parse([row], FIELDS)
        assert (error.file, error.row, error.column, error.value) == (3, 12, "on", "1.5")


@pytest.mark.parametrize(
    ("case", "read", "cell", "value"),
    [
        ("an amount with cents", uploads.amount, Decimal("1234567.8900"), Decimal("1234567.89")),
        ("a whole amount", uploads.amount, 12, Decimal(12)),
        ("a share", uploads.amount, Decimal("0.8"), Decimal("0.8")),
        ("a day", uploads.day, date(2026, 1, 5), date(2026, 1, 5)),
        ("yes", uploads.flag, True, True),
        ("no", uploads.flag, False, False),
        ("a number that is a key", uploads.text, 1001, "1001"),
        ("an amount that is a name", uploads.text, Decimal("8.50"), "8.5"),
    ],
)
def test_a_typed_cell_is_taken_exactly(case, read, cell, value):
    assert read(cell) == value, case


@pytest.mark.parametrize(
    ("case", "read", "cell"),
    [
        ("yes is no amount", uploads.amount, True),
        ("a day is no amount", uploads.amount, date(2026, 1, 5)),
        ("too many decimals", uploads.amount, Decimal("0.00001")),
        ("an amount is no day", uploads.day, Decimal("1.5")),
        ("two is neither yes nor no", uploads.flag, 2),
    ],
)
def test_a_typed_cell_that_does_not_fit_is_refused(case, read, cell):
    with pytest.raises(ValueError, match=r"is not a|more digits|neither"):
        read(cell)


@pytest.mark.parametrize(
    ("case", "cell", "read"),
    [
        ("ISO", "2026-01-05", date(2026, 1, 5)),
        ("slashes", "2026/1/5", date(2026, 1, 5)),
        ("dots", "2026.1.5", date(2026, 1, 5)),
        ("Chinese", "2026年1月5日", date(2026, 1, 5)),
        ("full-width digits", "２０２６年１月５日", date(2026, 1, 5)),
        ("digits only", "20260105", date(2026, 1, 5)),
        ("an Excel serial number", "46027", date(2026, 1, 5)),
        ("a workbook's midnight", "2026-01-05 00:00:00", date(2026, 1, 5)),
    ],
)
def test_day(case, cell, read):
    assert uploads.day(cell) == read, case


@pytest.mark.parametrize(
    ("case", "cell", "read"),
    [
        ("plain", "1234.5", Decimal("1234.5")),
        ("thousands", "1,234,567.8901", Decimal("1234567.8901")),
        ("wan", "12.5万", Decimal(125000)),
        ("yi", "1.2亿", Decimal(120000000)),
        ("full-width", "１２．５", Decimal("12.5")),
        ("percent", "15%", Decimal("0.15")),
        ("a true minus sign", "−3", Decimal(-3)),
        ("zero is a value", "0", Decimal(0)),
    ],
)
def test_amount(case, cell, read):
    assert uploads.amount(cell) == read, case


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "1.23456",
        "123456789012345",
        "",
        "12万5",
        "nan",
        "1000,50",
        "1,5",
        "1.234,50",
        "0,5",
        "35,5%",
        "1,2345万",
        "12,34,567",
    ],
)
def test_amount_refuses(cell):
    with pytest.raises(ValueError, match=r"is not a number|more digits"):
        uploads.amount(cell)


@pytest.mark.parametrize("cell", ["$100", "€100", "100 €", "£5"])
def test_a_sign_of_another_currency_is_not_thrown_away(cell):
    with pytest.raises(ValueError, match="is not in CNY"):
        uploads.amount(cell)


def test_the_sign_of_our_own_currency_says_nothing_new(monkeypatch):
    assert uploads.amount("¥1,250元") == Decimal(1250)
    monkeypatch.setenv("DABIAO_CURRENCY", "USD")
    assert uploads.amount("-$5") == Decimal(-5)


def test_texts_that_keep_their_zeros_are_unwrapped():
    row = uploads.SourceRow({"key": '="0012"'}, row=2)
    other = uploads.SourceRow({"key": "'0013"}, row=3)
    parsed, _errors = uploads.parse([row, other], FIELDS)
    assert [one.values["key"] for one in parsed] == ["0012", "0013"]


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#FORMULA?"])
def test_what_a_spreadsheet_could_not_work_out_is_refused(cell):
    _parsed, (error,) = uploads.parse([uploads.SourceRow({"key": cell}, row=2)], FIELDS)
    assert (error.row, error.value) == (2, cell) and "save it" in error.message


def test_a_quote_that_nothing_closes_is_refused_by_its_line():
    text = 'key,入职日期\nA,2026-01-05\n"B,2026-01-05\nC,2026-01-05\n"D",2026-01-05\n'
    with pytest.raises(Malformed, match=r"x\.csv, line 3: a quote opens here"):
        uploads.rows_of(text.encode(), "x.csv")


def test_a_cell_of_several_lines_is_no_open_quote():
    rows = uploads.rows_of(b'key,note\nA,"one\ntwo ""three"""\nB,x\n', "x.csv")
    assert [row.cells["key"] for row in rows] == ["A", "B"]


def test_a_hidden_sheet_is_not_the_first():
    made = openpyxl.Workbook()
    made.active.append(["key"])
    made.active.append(["seen"])
    old = made.create_sheet("old", 0)
    old.append(["key"])
    old.append(["hidden"])
    old.sheet_state = "hidden"
    content = io.BytesIO()
    made.save(content)
    assert [row.cells["key"] for row in uploads.rows_of(content.getvalue(), "x.xlsx")] == ["seen"]


def test_flag():
    assert [uploads.flag(cell) for cell in ("是", "No", "1")] == [True, False, True]
    with pytest.raises(ValueError, match="neither"):
        uploads.flag("maybe")
