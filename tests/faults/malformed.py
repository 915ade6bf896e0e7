"""Files that are not what they should be, by the thousand and the same ones every time: damaged, forged, or absurd.

Two sorts. `CRAFTED` are attacks that somebody thought of, each once. The others are good files (`good.py`) with damage
done to them by a seeded generator: flipped bits, ends cut off, pieces zeroed, doubled, swapped, the wrong suffix.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults import good

SEED = 20261130
SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Malformed:
    """A file to bring. case: what is wrong with it. heavy: reading it may take all the memory or time there is."""

    name: str
    content: bytes
    case: str
    heavy: bool = False

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]


GOOD: dict[str, Callable[[], bytes]] = {
    "a.csv": good.text,
    "gbk.csv": lambda: good.text("gb18030"),
    "a.tsv": lambda: good.text(delimiter="\t"),
    "a.txt": lambda: good.text("utf-16", ";"),
    "a.xlsx": good.xlsx,
    "b.xlsx": good.xlsx,
    "a.xlsm": good.xlsx,
    "a.xls": good.xls,
    "a.parquet": good.parquet,
    "b.parquet": good.parquet,
    "a.yml": good.MAP.encode,
    "a.json": good.body,
    "a.jsonl": good.lines,
}


def files(count: int, *, seed: int = SEED) -> Iterator[Malformed]:
    """`count` files, the crafted ones first; the same for the same seed."""
    crafted = list(CRAFTED())
    yield from crafted[:count]
    chance = random.Random(seed)
    contents = {name: make() for name, make in GOOD.items()}
    names = list(contents)
    for number in range(count - len(crafted)):
        name = names[number % len(names)]
        damage = DAMAGES[(number // len(names)) % len(DAMAGES)]
        content = damage(contents[name], chance)
        if damage is suffixed:
            name = chance.choice(
                [other for other in names if other.rpartition(".")[2] != name.rpartition(".")[2]]
            )
        yield Malformed(f"{number}-{name}", content, damage.__name__)


# Damage that happens to any file.


def flipped(content: bytes, chance: random.Random) -> bytes:
    """A few bits the other way round."""
    out = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def beheaded(content: bytes, chance: random.Random) -> bytes:
    return content[chance.randrange(1, len(content)) :]


def zeroed(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    size = min(chance.choice((1, 64, 4096)), len(content) - start)
    return content[:start] + b"\0" * size + content[start + size :]


def scrambled(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    size = min(chance.choice((4, 100)), len(content) - start)
    return content[:start] + chance.randbytes(size) + content[start + size :]


def doubled(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start // 2 :]


def swapped(content: bytes, chance: random.Random) -> bytes:
    half = chance.randrange(len(content))
    return content[half:] + content[:half]


def huge_number(content: bytes, chance: random.Random) -> bytes:
    """Four or eight bytes that may be a size, an offset or a count say the largest there is."""
    start = chance.randrange(max(1, len(content) - 8))
    size = chance.choice((2, 4, 8))
    largest = chance.choice((b"\xff" * size, b"\xff" * (size - 1) + b"\x7f"))
    return content[:start] + largest + content[start + size :]


def suffixed(content: bytes, chance: random.Random) -> bytes:
    """Whole, and called something else."""
    return content


def prefixed(content: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"<html>", b"PAR1", b"\0")) + content


DAMAGES = (
    flipped, cut, zeroed, scrambled, huge_number, doubled, swapped, suffixed, beheaded, prefixed, flipped, huge_number,
)  # fmt: skip


# Attacks, each once.


def CRAFTED() -> Iterator[Malformed]:  # a list that takes time to make
    """Everything that somebody thought of."""
    yield from _texts()
    yield from _books()
    yield from _archives()
    yield from _parquets()
    yield from _documents()
    yield from _bodies()


def _texts() -> Iterator[Malformed]:
    wide = ",".join(f"列{n}" for n in range(20_000)) + "\n" + ",".join("1" * 20_000) + "\n"
    head = ",".join(good.ROWS[0]) + "\n"
    cases: dict[str, tuple[bytes, bool]] = {
        "nothing": (b"", False),
        "a mark and nothing": (b"\xef\xbb\xbf", False),
        "zeros": (b"\0" * 10_000, False),
        "20,000 columns": (wide.encode() * 12, True),
        "2,000 columns": (
            (",".join(f"金额{n}" for n in range(2_000)) + "\n" + "1," * 1_999 + "1\n").encode() * 3,
            True,
        ),
        "a line of commas": (b"," * 1_500_000, True),
        "a million empty lines": (head.encode() + b"\n" * 2_500_000, True),
        "ragged rows only": (head.encode() + b"1,2\n" * 300_000, True),
        "a quote that never ends": ((head + 'A1,"' + "x\n" * 200_000).encode(), False),
        "a cell of two million": ((head + "A1," + "9" * 2_000_000 + ",,,\n").encode(), False),
        "quotes only": (b'"' * 100_001, False),
        "carriage returns": (head.replace("\n", "\r").encode() + b"1,2,3,4,5\r" * 100, False),
        "UTF-32": ((head + "A1,2026-01-01,x,P04,1\n").encode("utf-32"), False),
        "lone surrogates": (head.encode("utf-16-le") + b"\x00\xd8" * 99, False),
        "half a character": ("单号,金额\n甲,1\n".encode("gb18030")[:-5] + b"\x81", False),
        "numbers beyond measure": (
            (head + "A1,9999-12-31,x,P04,1e999999999\nA2,0001-01-01,x,P04,NaN\n").encode(),
            False,
        ),
        "the same title 300 times": (",".join(["金额"] * 300).encode() + b"\n" + b"1," * 299 + b"1\n", False),
        "formulas": ((head + "=cmd|'/c calc'!A1,2026-01-01,@x,+P04,-1\n").encode(), False),
        "control characters": ((head + "A\x01\x02\x1b[31m,2026-01-01,\u202eabc,P04,1\n").encode(), False),
        "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, False),
    }
    for case, (content, heavy) in cases.items():
        yield Malformed(f"{_slug(case)}.csv", content, case, heavy)


def _books() -> Iterator[Malformed]:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>单号</t></is></c></row>'
    many = "".join(
        f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="BZ{n}"><v>1</v></c></row>' for n in range(1, 30_000)
    )
    cases: dict[str, tuple[str, bool]] = {
        "far cell": (cells + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', True),
        "beyond any sheet": (cells + '<row r="99999999"><c r="ZZZZ99999999"><v>1</v></c></row>', True),
        "row zero": (cells + '<row r="0"><c r="A0"><v>1</v></c></row>', False),
        "rows far apart": (many + '<row r="1000000"><c r="A1000000"><v>1</v></c></row>', True),
        "a text that is not there": (cells + '<row r="2"><c r="A2" t="s"><v>99999999</v></c></row>', False),
        "a negative text": (cells + '<row r="2"><c r="A2" t="s"><v>-1</v></c></row>', False),
        "a number beyond measure": (cells + '<row r="2"><c r="A2"><v>1e400</v></c></row>', False),
        "a day beyond measure": (
            cells + '<row r="2"><c r="A2" s="1" t="d"><v>99999999-99-99</v></c></row>',
            False,
        ),
        "a style that is not there": (cells + '<row r="2"><c r="A2" s="9999"><v>46000</v></c></row>', False),
        "a long cell": (
            cells + f'<row r="2"><c r="A2" t="inlineStr"><is><t>{"x" * 300_000}</t></is></c></row>',
            False,
        ),
        "an error": (cells + '<row r="2"><c r="A2" t="e"><v>#BOOM!</v></c></row>', False),
        "deep tags": (cells + "<a>" * 50_000, True),
        "not closed": (cells + '<row r="2"><c r="A2"><v>1', False),
        "nothing in it": ("", False),
        "endless attributes": (
            f'<row r="1" {" ".join(f"a{n}=%s" % chr(34) * 2 for n in range(20_000))}/>',
            True,
        ),
    }
    for case, (rows, heavy) in cases.items():
        content = book(sheet=f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode())
        yield Malformed(f"{_slug(case)}.xlsx", content, case, heavy)
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]><worksheet><sheetData>&a11;</sheetData></worksheet>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet><sheetData>&a;</sheetData></worksheet>'
    yield Malformed("laughs.xlsx", book(sheet=bomb.encode()), "entities that unfold", True)
    yield Malformed("outside.xlsx", book(sheet=outside.encode()), "an entity outside")
    yield Malformed("not-utf8.xlsx", book(sheet=b"\xff\xfe\x00<worksheet>"), "XML that is no text")
    texts = b"<sst>" + b"<si><t>" + b"x" * 32_000 + b"</t></si></sst>"
    again = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 60_000))
    content = book(sheet=f"<worksheet><sheetData>{again}</sheetData></worksheet>".encode(), texts=texts)
    yield Malformed("one-text.xlsx", content, "one long text in sixty thousand cells", True)
    locked = good.compound("EncryptedPackage".encode("utf-16-le") + b"\0" * 5000)
    yield Malformed("locked.xlsx", locked, "enciphered by Office")
    yield Malformed(
        "macro.xlsm", book(more={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 2000}), "a macro"
    )
    yield Malformed("loop.xls", _looping(), "sectors that follow each other for ever", True)
    yield Malformed("far.xls", good.compound(_far_biff()), "an old workbook with a far cell", True)
    yield Malformed("web.xls", b"<html><body><table><tr><td>1</td></tr></table>", "a web page")


def _archives() -> Iterator[Malformed]:
    whole = good.xlsx()
    for size in (0, 1, 2**31 - 1, 2**32 - 1):
        yield Malformed(f"says-{size}.xlsx", forged(whole, SHEET, 24, size), f"a size of {size}", True)
        yield Malformed(f"packed-{size}.xlsx", forged(whole, SHEET, 20, size), f"a packed size of {size}")
        yield Malformed(f"at-{size}.xlsx", forged(whole, SHEET, 42, size), f"a place of {size}")
    for method in (1, 9, 12, 14, 93, 99):
        content = forged(whole, SHEET, 10, method, "<H")
        yield Malformed(f"method-{method}.xlsx", content, f"packed by method {method}")
    yield Malformed("flag.xlsx", forged(whole, SHEET, 8, 1, "<H"), "said to be enciphered")
    yield Malformed("bomb.xlsx", book(more={"xl/a.xml": b" " * 80_000_000}), "a bomb", True)
    sheets = {f"xl/worksheets/sheet{n}.xml": b"<worksheet/>" for n in range(2, 6_000)}
    yield Malformed("parts.xlsx", book(more=sheets), "six thousand parts")
    for path in ("/etc/passwd", "../../evil.xml", "C:\\evil.xml", "xl/worksheets/sheet1.xml"):
        yield Malformed(f"path-{_slug(path)}.xlsx", book(more={path: b"<a/>"}), f"a part called {path}")
    yield Malformed("overlap.xlsx", _overlapping(whole), "parts that share bytes")
    yield Malformed("text.xlsx", good.text(), "a CSV called a workbook")
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as pack:
        pack.writestr(good.part("a.xlsx"), whole)
    yield Malformed("nested.xlsx", nested.getvalue(), "a workbook in an archive")
    yield Malformed("empty.xlsx", b"PK\x05\x06" + b"\0" * 18, "an archive of nothing")
    yield Malformed("comment.xlsx", whole + b"PK\x05\x06" + b"\xff" * 18, "two ends")


def _parquets() -> Iterator[Malformed]:
    whole = good.parquet()
    for length in (0, 1, 2**31 - 1, 2**32 - 1, len(whole)):
        content = whole[:-8] + struct.pack("<I", length) + b"PAR1"
        yield Malformed(f"footer-{length}.parquet", content, f"a footer of {length} bytes")
    yield Malformed("marks.parquet", b"PAR1PAR1PAR1", "marks only")
    yield Malformed("locked.parquet", whole[:-4] + b"PARE", "enciphered")
    long = pa.table({"单号": pa.DictionaryArray.from_arrays([0] * 5_000, ["x" * 1_000_000])})
    yield Malformed("long.parquet", _parquet(long), "one long text in five thousand rows", True)
    odd = pa.table(
        {
            "list": [[1, 2]], "struct": [{"a": 1}], "binary": [b"\xff\0"], "none": pa.nulls(1),
            "wide": pa.array([10**70], pa.decimal256(76)), "span": pa.array([5], pa.duration("ns")),
            "far": pa.array([2**62], pa.timestamp("us")), "dict": pa.array(["a"]).dictionary_encode(),
            "time": pa.array([5], pa.time64("ns")), "day": pa.array([2**31 - 1], pa.date32()),
        }
    )  # fmt: skip
    yield Malformed("odd.parquet", _parquet(odd), "types that no table of facts has")
    for name in odd.column_names:
        yield Malformed(f"odd-{name}.parquet", _parquet(odd.select([name])), f"a column of {name}")
    yield Malformed("wide.parquet", _parquet(pa.table({f"c{n}": [1] for n in range(5_000)})), "5,000 columns")
    yield Malformed(
        "rows.parquet", _parquet(pa.table({"a": pa.nulls(3_000_000, pa.int8())})), "rows of nothing", True
    )
    names = pa.table([[1], [2]], names=["金额", "金额"])
    yield Malformed("twice.parquet", _parquet(names), "a column twice")
    yield Malformed("no-columns.parquet", _parquet(pa.table({})), "no columns")
    yield Malformed("no-rows.parquet", _parquet(pa.table({"金额": pa.array([], pa.int64())})), "no rows")


def _documents() -> Iterator[Malformed]:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    cases = {
        "deep brackets": "[" * 100_000,
        "deep names": "{a: " * 5_000,
        "deep lines": "".join(" " * n + "a:\n" for n in range(2_000)),
        "laughs": laughs,
        "itself": "a: &a\n  b: *a\n",
        "a tag": "a: !!python/object/apply:os.system [ls]\n",
        "long": "a: b\n" * 300_000,
        "zeros": "schema: \0\n",
        "a tab": "schema:\n\t- a\n",
        "numbers": good.MAP.replace("header: 1", "header: 1e999999999"),
        "no keys": "? [a]\n: b\n",
        "two": "a: 1\n---\nb: 2\n",
        "nothing": "",
        "a list": "- a\n- b\n",
    }
    for option in _OPTIONS:
        cases[f"options {option}"] = good.MAP.replace("header: 1", option)
    for case, text in cases.items():
        yield Malformed(f"{_slug(case)}.yml", text.encode(), case)
    yield Malformed("latin.yml", good.MAP.encode("gb18030"), "a mapping that is not UTF-8")
    yield Malformed("utf16.yml", good.MAP.encode("utf-16"), "a mapping in UTF-16")


_OPTIONS = (
    "header: -1", "header: 1.5", "header: 999999999999", "skip: -5", "skip: 99999999", "header: []", "header: [a, a]",
    'delimiter: "\\""', "delimiter: 中", 'delimiter: "\\n"', 'delimiter: ""', "encoding: zlib", "encoding: idna",
    'encoding: "utf-8\\0"', "encoding: x", "sheet: 9", "format: exe", "format: parquet", "format: xls",
    "query: DROP TABLE x", "connector: /etc/passwd", "totals: 5", "empty: {a: b}", "optional: maybe",
    "replace: {单号: {A1: A1}}", "join: [{source: orders, on: 单号, take: 金额}]",
)  # fmt: skip


def _bodies() -> Iterator[Malformed]:
    cases = {
        "deep": "[" * 100_000,
        "deep objects": '{"rows": ' * 50_000,
        "a long number": '{"rows": [{"key": "1", "amount": ' + "9" * 100_000 + "}]}",
        "a small exponent": '{"rows": [{"key": "1", "amount": "1e-999999999"}]}',
        "not a number": '{"rows": [{"key": "1", "amount": NaN}]}',
        "a day": '{"rows": [{"key": "1", "ordered_on": "9999-99-99"}]}',
        "a list": "[1, 2, 3]",
        "nothing": "",
        "null": "null",
        "rows of lists": '{"rows": [[1], [2]]}',
        "half": '{"rows": [{"key": "1"',
        "a lone surrogate": '{"rows": [{"key": "\\ud800"}]}',
        "long": '{"rows": [{"key": "' + "x" * 300_000 + '"}]}',
        "too many": '{"rows": [' + ",".join(['{"key": "1"}'] * 10_001) + "]}",
        "the same name": '{"rows": [{"key": "1", "key": "2"}], "rows": 5}',
    }
    for case, text in cases.items():
        yield Malformed(f"{_slug(case)}.json", text.encode("utf-8", "surrogatepass"), case)
        yield Malformed(f"{_slug(case)}.jsonl", text.encode("utf-8", "surrogatepass"), case)


# How they are made.


def book(
    *, sheet: bytes | None = None, texts: bytes | None = None, more: dict[str, bytes] | None = None
) -> bytes:
    """A good workbook with another first sheet, other shared texts, or more parts."""
    other = {SHEET: sheet, "xl/sharedStrings.xml": texts}
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good.xlsx())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            content = other.get(entry.filename)
            new.writestr(good.part(entry.filename), old.read(entry) if content is None else content)
        for name, content in (more or {}).items():
            new.writestr(good.part(name), content)
    return file.getvalue()


def forged(content: bytes, part: str, offset: int, value: int, form: str = "<I") -> bytes:
    """Another number in a part's entry of the directory: 8 flags, 10 method, 20 packed, 24 size, 42 its place."""
    at = content.rindex(part.encode()) - 46 + offset
    return content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]


def _overlapping(content: bytes) -> bytes:
    """Every entry of the directory points at the first part."""
    out, at = bytearray(content), content.index(b"PK\x01\x02")
    while at != -1:
        out[at + 42 : at + 46] = b"\0\0\0\0"
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(out)


def _looping() -> bytes:
    """An old workbook whose sectors follow each other in a circle."""
    content = bytearray(good.xls())
    content[512 + 4 * 3 : 512 + 4 * 4] = struct.pack("<I", 2)
    return bytes(content)


def _far_biff() -> bytes:
    stream = good._biff()
    cell = struct.pack("<HH", 0x0203, 14) + struct.pack("<HHHd", 65_535, 65_535, 0, 1.0)
    return stream[:-4] + cell + stream[-4:]


def _parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _slug(case: str) -> str:
    return f"{zlib.crc32(case.encode()):08x}"
