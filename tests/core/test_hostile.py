"""Files that are not what they say: looked into before anything parses them."""

import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dabiao.core import hostile
from dabiao.core.damage import told
from dabiao.core.errors import Malformed

SHEET = "xl/worksheets/sheet1.xml"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in [["日期", "金额"], ["2026-01-05", 12.5], ["2026-01-06", 3]]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(**parts: bytes) -> bytes:
    """A workbook in which some parts are others: `sheet`, `more` (a further part), `method` of packing."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, parts.get("sheet", content) if entry.filename == SHEET else content)
        if "more" in parts:
            new.writestr("xl/more.xml", parts["more"])
    return file.getvalue()


def sheet(*cells: str) -> bytes:
    body = "".join(f"<row>{cell}</row>" for cell in cells)
    return f"<worksheet><sheetData>{body}</sheetData></worksheet>".encode()


def filled(place: str) -> str:
    return f'<c r="{place}"><v>1</v></c>'


def forged(content: bytes, part: str, size: int) -> bytes:
    """The directory says that a part has another size than it has."""
    name = part.encode()
    at = content.rindex(name) - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    return content[: at + 24] + struct.pack("<I", size) + content[at + 28 :]


def overlapping() -> bytes:
    """A directory that names the same packed bytes a hundred times."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("xl/workbook.xml", b"<a/>" * 1000)
        first = pack.infolist()[0]
        for number in range(100):
            again = zipfile.ZipInfo(f"xl/part{number}.xml")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(again, name, getattr(first, name))
            pack.filelist.append(again)
            pack.NameToInfo[again.filename] = again
    return file.getvalue()


def with_parts(*names: str, first: str = "xl/workbook.xml", method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as pack:
        for name in (first, *names):
            pack.writestr(name, b"<a/>")
    return file.getvalue()


def locked() -> bytes:
    content = with_parts()
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 8] + b"\x01\x00" + content[at + 10 :]


class TestWorkbooks:
    @pytest.mark.parametrize(
        ("case", "content", "says"),
        [
            ("a bomb", changed(more=b" " * 40_000_000), "times its size"),
            ("a part that unpacks into more than is said", forged(workbook(), SHEET, 10), "damaged"),
            ("a part said to be huge", forged(workbook(), SHEET, 2**31), "damaged"),
            ("a cell far away", changed(sheet=sheet(filled("A1"), filled("XFD1048576"))), "row 1048576 and column 16384"),
            ("a cell outside of any sheet", changed(sheet=sheet(filled("ZZZZ1"))), "damaged"),
            ("far away in other words", changed(sheet=sheet(filled("A1"), "<x:c s='1' r = 'xfd900000' ><v>1</v></x:c>")), "column"),
            ("entities", changed(sheet=b'<!DOCTYPE x [<!ENTITY a "aa">]>' + sheet(filled("A1"))), "document type"),
            ("parts that share bytes", overlapping(), "over one another"),
            ("the same part twice", with_parts("xl/a.xml", "xl/a.xml"), "over one another"),
            ("a path outside", with_parts("../../evil"), "outside"),
            ("too many parts", with_parts(*(f"part{n}" for n in range(5_001))), "parts"),
            ("an odd way of packing", with_parts("xl/a.xml", method=zipfile.ZIP_LZMA), "packed in a way"),
            ("enciphered", locked(), "password"),
            ("no workbook", with_parts("readme.txt", first="notes.txt"), "archive, not a workbook"),
            ("cut off", workbook()[:-300], "damaged"),
            ("nothing", b"", "empty"),
            ("zeros", b"\0" * 5000, "empty"),
            ("a web page", b"<html><table><tr><td>1</table>", "web page"),
            ("something else", b"%PDF-1.7 " * 100, "damaged"),
            ("enciphered by Office", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ],
    )  # fmt: skip
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_are_refused_in_words(self, case, content, says, tmp_path):
        file = tmp_path / "a.xlsx"
        file.write_bytes(content)

        with pytest.raises(Malformed, match=says):
            hostile.inspect(file, "xlsx")

    @pytest.mark.parametrize(
        ("case", "content"),
        [
            ("an ordinary one", workbook()),
            ("one that is coloured far below", changed(sheet=sheet(filled("A1"), '<c r="A1048576" s="1"/>'))),
            ("a form with a note to the right", changed(sheet=sheet(filled("A1"), filled("ZZ1000")))),
        ],
    )
    def test_pass(self, case, content, tmp_path):
        file = tmp_path / "a.xlsx"
        file.write_bytes(content)

        hostile.inspect(file, "xlsx")


class TestParquet:
    def test_an_ordinary_one_passes(self, parquet):
        hostile.inspect(parquet, "parquet")

    @pytest.mark.parametrize(
        ("case", "change"),
        [
            ("cut off", lambda content: content[:-20]),
            ("without its footer", lambda content: content[:-8] + b"\xff\xff\xff\x7fPAR1"),
            ("a footer of zeros", lambda content: content[:4] + b"\0" * (len(content) - 12) + content[-8:]),
            ("another file", lambda content: b"a,b\n1,2\n"),
            ("empty", lambda content: b""),
        ],
    )
    def test_a_damaged_one_is_refused_in_words(self, case, change, parquet):
        parquet.write_bytes(change(parquet.read_bytes()))

        with pytest.raises(Malformed, match="damaged"):
            hostile.inspect(parquet, "parquet")

    def test_more_inside_than_outside_is_refused(self, parquet):
        """A footer that speaks of a million rows where there are a hundred thousand: varints of three bytes each."""
        pq.write_table(pa.table({f"c{n}": pa.nulls(100_000, pa.int8()) for n in range(50)}), parquet)
        content = parquet.read_bytes()
        assert content.count(b"\xc0\x9a\x0c") >= 50
        parquet.write_bytes(content.replace(b"\xc0\x9a\x0c", b"\xfe\xff\x7f"))

        with pytest.raises(Malformed, match="larger inside"):
            hostile.inspect(parquet, "parquet")

    def test_too_many_columns_are_refused(self, parquet):
        pq.write_table(pa.table({f"c{n}": [1] for n in range(2_001)}), parquet)

        with pytest.raises(Malformed, match="2001 columns"):
            hostile.inspect(parquet, "parquet")


class Panic(BaseException):
    """What a library in Rust throws when it gives up."""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Panic("at /opt/build/lib.rs:5"), "damaged"),
        (MemoryError(), "memory"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "encoding"),
        (OverflowError("too large"), "damaged"),
        (RecursionError(), "damaged"),
        (RuntimeError("File is encrypted, password required"), "password"),
    ],
)
def test_whatever_a_library_throws_is_a_sentence_about_the_file(error, says):
    with pytest.raises(Malformed, match=says) as raised, told("一月.xlsx"):
        raise error
    assert "一月.xlsx" in str(raised.value)
    assert "/opt" not in str(raised.value)


@pytest.fixture
def parquet(tmp_path) -> Path:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"on": ["2026-01-05"] * 100, "amount": [1.5] * 100}), file)
    return file
