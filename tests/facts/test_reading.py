"""Files as they come: encodings, delimiters, titles, merged headers, totals, ragged rows, hostile uploads."""

import openpyxl
import polars as pl
import pytest

from dabiao.facts.logic.reading import (
    PROBLEM,
    ROW,
    Options,
    Unreadable,
    hostile,
    open_file,
    sheet_names,
    text,
)


def rows(file, **options):
    sheet = open_file(file, Options(**options))
    frames = list(sheet.chunks())
    return sheet, pl.concat(frames) if frames else pl.DataFrame()


def asides(sheet):
    return [(aside.row, aside.what) for aside in sheet.asides if aside.what != "header"]


CSV = "编号,客户,金额\n001,甲公司,12\n002,乙公司,34\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_the_encoding_is_found(folder, encoding):
    file = folder / "a.csv"
    file.write_bytes(CSV.encode(encoding))

    sheet, found = rows(file)

    assert sheet.columns == ("编号", "客户", "金额")
    assert found["编号"].to_list() == ["001", "002"]
    assert found["客户"].to_list() == ["甲公司", "乙公司"]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(folder, mark):
    file = folder / "a.txt"
    file.write_text(CSV.replace(",", mark), encoding="utf-8")

    assert rows(file)[0].columns == ("编号", "客户", "金额")


def test_runs_of_blanks_can_separate(folder):
    file = folder / "a.txt"
    file.write_text(" 00004 19970101  2   29.33\n 00005 19970118  2   29.73\n")

    _sheet, found = rows(file, header=("id", "day", "n", "amount"))

    assert found.select("id", "amount").rows() == [("00004", "29.33"), ("00005", "29.73")]


def test_titles_empty_rows_and_totals_are_told_and_rows_keep_their_number(folder):
    file = folder / "a.csv"
    file.write_text(
        "2026年1月销售明细,,\n\n编号,客户,金额\n1,甲,2\n,,\n2,乙,3\n小计,,5\n合计：,,5\n3,合计科技有限公司,1\n",
        encoding="gb18030",
    )

    sheet, found = rows(file)

    assert asides(sheet) == [(1, "title"), (5, "empty"), (7, "total"), (8, "total")]
    assert found.select(ROW, "客户").rows() == [(4, "甲"), (6, "乙"), (9, "合计科技有限公司")]


def test_totals_can_be_kept(folder):
    file = folder / "a.csv"
    file.write_text("编号,金额\n合计,5\n", encoding="utf-8")

    assert rows(file, totals="keep")[1]["编号"].to_list() == ["合计"]


def test_a_row_of_the_wrong_width_is_kept_with_its_number_and_what_is_wrong(folder):
    file = folder / "a.csv"
    file.write_text('a,b,c\n1,"x\ny",3\n4,5\n6,7,8,9\n10,11,12\n', encoding="utf-8")

    _, found = rows(file)

    told = {row: problem for row, problem in found.select(ROW, PROBLEM).rows()}
    assert told == {
        2: None,
        3: "2 cells where the header has 3",
        4: "4 cells where the header has 3: 9",
        5: None,
    }


def workbook(file, cells, merged=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "数据"
    for row in cells:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    book.save(file)
    return file


def test_a_merged_two_row_header_becomes_one(folder):
    file = workbook(
        folder / "a.xlsx",
        [
            ["华东销售", None, None, None, None],
            ["客户", "一月", None, "二月", None],
            [None, "目标", "实际", "目标", "实际"],
            ["甲", 1, 2, 3, 4],
        ],
        ["B2:C2", "D2:E2", "A2:A3"],
    )

    sheet, found = rows(file)

    assert sheet.columns == ("客户", "一月 目标", "一月 实际", "二月 目标", "二月 实际")
    assert found.select(ROW, "客户", "二月 实际").rows() == [(4, "甲", "4")]


def test_text_stays_text_and_errors_are_told(folder):
    file = workbook(
        folder / "a.xlsx", [["编号", "金额", "空"], ["00123", 0.1 + 0.2, None], ["00124", "12.5万", None]]
    )
    book = openpyxl.load_workbook(file)
    book.active["B4"] = "#DIV/0!"
    book.active["B4"].data_type = "e"
    book.active["A4"] = "00125"
    book.save(file)

    _sheet, found = rows(file)

    assert found["编号"].to_list() == ["00123", "00124", "00125"]
    assert found["金额"].to_list()[1:] == ["12.5万", "#DIV/0!"]


def test_a_sheet_that_starts_lower_keeps_its_row_numbers(folder):
    book = openpyxl.Workbook()
    sheet = book.active
    for cell, value in {"B3": "a", "C3": "b", "B4": "1", "C4": "x", "B6": "2", "C6": "y"}.items():
        sheet[cell] = value
    book.save(folder / "a.xlsx")

    _, found = rows(folder / "a.xlsx")

    assert found.select(ROW, "a").rows() == [(4, "1"), (6, "2")]


def test_every_sheet_is_named_and_a_missing_one_refused(folder):
    file = workbook(folder / "a.xlsx", [["a"], ["1"]])

    assert sheet_names(file) == ["数据"]
    with pytest.raises(Unreadable, match="it has 数据"):
        open_file(file, Options(sheet="订单"))


def test_parquet_keeps_its_types(folder):
    pl.DataFrame({"a": [1, None], "d": ["x", None]}).write_parquet(folder / "a.parquet")

    sheet, found = rows(folder / "a.parquet")

    assert found["a"].to_list() == [1] and asides(sheet) == [(2, "empty")]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet"])
def test_what_is_no_table_is_refused_by_name(folder, name):
    (folder / name).write_bytes(b"\xff\xfe\xff\x00\xd8\xd8" * 7 if name == "a.csv" else b"no such thing")

    with pytest.raises(Unreadable, match=name):
        rows(folder / name)


class TestHostileUploads:
    def test_a_name_cannot_leave_its_folder(self):
        assert hostile.safe_name("../../etc/passwd.csv") == "passwd.csv"
        assert hostile.safe_name("C:\\a\\订单 1月.xlsx") == "订单 1月.xlsx"
        assert hostile.safe_name("..") == "upload"
        assert "\0" not in hostile.safe_name("a\0.csv")

    def test_a_large_file_is_refused_with_the_limit(self, folder):
        file = folder / "a.csv"
        file.write_bytes(b"x" * 2000)

        with pytest.raises(hostile.Hostile, match="DABIAO_UPLOAD_MB"):
            hostile.check(file, largest=1000)

    def test_a_program_is_no_table(self, folder):
        file = folder / "a.exe"
        file.write_bytes(b"MZ")

        with pytest.raises(hostile.Hostile, match="not a kind of table"):
            hostile.check(file, largest=10**9)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a,b\n1,x\n2,y\0y\n3,z\n", 3),
        (b"a,b\n" + b"1,2\n" * 9000 + b"3,\x004\n", 9002),
        (b"a,b\n1,x\n\0\0\0\0\0\0", 3),
    ],
)
def test_a_zero_byte_is_told_with_its_line(folder, data, line):
    file = folder / "a.csv"
    file.write_bytes(data)

    with pytest.raises(Unreadable, match=rf"^a\.csv: line {line} holds a zero byte"):
        rows(file)


@pytest.mark.parametrize(
    ("start", "name"),
    [(b"PK\x03\x04", "a.xlsx"), (bytes.fromhex("d0cf11e0a1b11ae1"), "a.xls"), (b"PAR1", "a.parquet")],
)
def test_a_renamed_workbook_is_told_what_to_call_it(folder, start, name):
    file = folder / "a.csv"
    file.write_bytes(start + bytes(range(256)) * 4)

    with pytest.raises(Unreadable, match=rf"^a\.csv is no text file: .* Rename it to {name}\.$"):
        rows(file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b\n1,\xd6\xd0\n", "a.csv has bytes that are no text in utf-8."),
        (b"a,b\n1,2\n" + b"1,2,3\n" * 5, "a.csv cannot be told apart into rows and columns."),
    ],
)
def test_what_a_reader_throws_is_told_in_our_words(folder, monkeypatch, data, said):
    monkeypatch.setattr(text, "MOST_ASIDES", 2)
    file = folder / "a.csv"
    file.write_bytes(data)

    with pytest.raises(Unreadable) as refused:
        rows(file, encoding="utf-8", header=("a", "b"))

    assert str(refused.value).startswith(said)
    assert not any(word in str(refused.value) for word in ("codec", "CSV parse", "row #"))
