"""Good files of every format, small: what the malformed ones are made of."""

import csv
import io
import json
import re
import struct
import zipfile
from datetime import datetime
from functools import cache

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    ["单号", "订单日期", "客户名称", "工号", "金额"],
    *(
        [f"A{n}", f"2026-01-{n:02d}", "甲公司" if n % 2 else "乙公司", "P04", 1500 + n / 4]
        for n in range(1, 25)
    ),
]
MAP = """schema: dabiao/map/1
system: erp
sources:
  orders: {file: "*", header: 1}
tables:
  - into: order_lines
    from: orders
    key: 单号
    columns:
      ordered_on: 订单日期
      amount: {from: 金额, unit: 元}
"""
PLAN = """schema: dabiao/plan/1
key: plan
version: 1
"""


def text(encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(ROWS)
    return out.getvalue().encode(encoding)


@cache
def xlsx() -> bytes:
    """The same bytes whenever it is made: no moment stands in it."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2026, 1, 1)
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("说明").append(["备注", "一"])
    file, again = io.BytesIO(), io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = re.sub(rb"<dcterms:modified.*?</dcterms:modified>", b"", old.read(entry))
            new.writestr(part(entry.filename), content)
    return again.getvalue()


def part(name: str) -> zipfile.ZipInfo:
    """An entry of an archive under any name at all, without a moment."""
    entry = zipfile.ZipInfo("x")
    entry.filename, entry.compress_type = name, zipfile.ZIP_DEFLATED
    return entry


def parquet() -> bytes:
    file = io.BytesIO()
    columns = {name: [row[place] for row in ROWS[1:]] for place, name in enumerate(ROWS[0])}
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def lines() -> bytes:
    """One JSON object a line, as the API takes it."""
    rows = ({"key": row[0], "ordered_on": row[1], "amount": str(row[4])} for row in ROWS[1:])
    return "\n".join(json.dumps(row) for row in rows).encode()


def body() -> bytes:
    return json.dumps({"rows": [json.loads(line) for line in lines().splitlines()]}).encode()


def xls() -> bytes:
    """Excel 97: a BIFF8 stream of one sheet in a compound file."""
    return compound(_biff())


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _biff() -> bytes:
    start = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    sheet = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))]
    sheet.append(_record(0x0200, struct.pack("<IIHHH", 0, len(ROWS), 0, len(ROWS[0]), 0)))
    for at, row in enumerate(ROWS):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                said = cell.encode("utf-16-le")
                sheet.append(_record(0x0204, struct.pack("<HHHHB", at, place, 0, len(cell), 1) + said))
            else:
                sheet.append(_record(0x0203, struct.pack("<HHHd", at, place, 0, cell)))
    sheet.append(_record(0x000A, b""))
    font = _record(0x0031, struct.pack("<HHHHHBBBB", 200, 0, 0, 400, 0, 0, 0, 0, 0) + b"\x05\x00Arial")
    style = _record(0x00E0, b"\0" * 20)
    named = struct.pack("<BB", 6, 0) + b"Sheet1"
    head = _record(0x0809, start) + _record(0x0042, struct.pack("<H", 1200)) + font + style
    place = len(head) + 4 + 6 + len(named) + 4
    return (
        head + _record(0x0085, struct.pack("<IH", place, 0) + named) + _record(0x000A, b"") + b"".join(sheet)
    )


def compound(stream: bytes) -> bytes:
    """A compound file (OLE) with one stream called Workbook: header, its allocation table, its directory, the stream."""
    sector = 512
    stream += b"\0" * (max(4096, -(-len(stream) // sector) * sector) - len(stream))
    count = len(stream) // sector
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    chain = [table, end, *range(3, 2 + count), end]
    chain += [free] * (128 - len(chain))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096,
        end, 0, end, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *([free] * 108))
    entries = [_entry("Root Entry", 5, end, 0, child=1), _entry("Workbook", 2, 2, len(stream))]
    directory = b"".join(entries) + _entry("", 0, 0, 0) * 2
    return header + struct.pack("<128I", *chain) + directory + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0" if name else b""
    none = 0xFFFFFFFF
    return struct.pack(
        "<64sHBBIII16sI8s8sIQ",
        written,
        len(written),
        kind,
        1,
        none,
        none,
        child,
        b"",
        0,
        b"",
        b"",
        start,
        size,
    )
