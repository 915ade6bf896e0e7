"""CSV, TSV and TXT: encoding, delimiter, quotes, records that span lines, rows of the wrong width."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
from django.utils.translation import gettext as _

from dabiao.core import quotes
from dabiao.facts.logic.reading import layout, magic
from dabiao.facts.logic.reading.cleaning import cleaned
from dabiao.facts.logic.reading.sheet import (
    MOST_ASIDES,
    PROBLEM,
    PROBLEM_OF,
    ROW,
    Aside,
    Options,
    Sheet,
    Unreadable,
)

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = ",\t;|"
_BLOCK: Final = 8 * 2**20
_HEAD: Final = 2**18
_LINES: Final = 4096
_BROKEN: Final = "\x1aline "
"""How a line begins that stands for a broken one while the file is read."""
_OPEN: Final = -1
"""Instead of a number of cells: the line opens a quote that nothing closes."""


def open_text(file: Path, options: Options) -> Sheet:
    """A delimited text file. Raises Unreadable where its bytes are no text."""
    magic.refuse(file)
    encoding = options.encoding or detect_encoding(file)
    if not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        _refuse_zeros(file)
    head = _head(file, encoding)
    delimiter = options.delimiter or detect_delimiter(head, options.format)
    records, lines = _records(head, delimiter)
    found, width = _layout(records, options)
    broken = _open_quotes(file, encoding, delimiter, width)
    if broken:
        records, lines = _records(_without(head, broken), delimiter)
        found, width = _layout(records, options)
    above = lines[min(found.first, len(lines)) - 1] if found.first and lines else 0
    sheet = Sheet(
        file,
        file.name,
        found.names,
        lambda sheet: _chunks(sheet, options, encoding, delimiter, broken, above=(above, found.first)),
        notes=[
            _("encoding %(encoding)s, delimiter %(delimiter)s, %(width)s columns")
            % {"encoding": encoding, "delimiter": _said(delimiter), "width": width}
        ],
    )
    sheet.asides += [Aside(row + 1, "title", text) for row, text in found.titles]
    sheet.asides += [Aside(row + 1, "header", "") for row in found.header]
    return sheet


def detect_encoding(file: Path) -> str:
    """By its mark, else UTF-8 where every byte of the file fits it, else GB18030. Raises Unreadable."""
    with file.open("rb") as opened:
        start = opened.read(8192)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name
        if wide := _wide(start):
            return wide
    for name in ("utf-8", "gb18030"):
        if _decodes(file, name):
            return name
    raise Unreadable(
        _("%(file)s is neither UTF-8 nor GB18030; name its `encoding` in the mapping.") % {"file": file.name}
    )


def _wide(start: bytes) -> str:
    """UTF-16 without its mark: every comma and line's end has a zero beside it, in little endian behind it.

    Zeros that are fewer are strays, and the text is another.
    """
    behind, before = start[1::2].count(0), start[::2].count(0)
    ends = sum(start.count(mark) for mark in (b"\n", *(mark.encode() for mark in _DELIMITERS)))
    if 2 * max(behind, before) < max(1, ends) or 4 * min(behind, before) > max(behind, before):
        return ""
    return "utf-16-le" if behind >= before else "utf-16-be"


def detect_delimiter(head: str, kind: str | None) -> str:
    """The character that gives most lines the same number of cells above one."""
    if kind == "tsv":
        return "\t"
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    scores = {mark: _agreement(lines, mark) for mark in _DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])
    if scores[best] > 0:
        return best
    if kind in {None, "txt"} and lines and _agreement([_spaced(line) for line in lines], "\t") > 0:
        return "spaces"
    return ","


def _agreement(lines: Sequence[str], mark: str) -> float:
    counts = [len(row) for row in csv.reader(lines, delimiter=mark)]
    wide = [count for count in counts if count > 1]
    if not wide:
        return 0
    usual = max(set(wide), key=wide.count)
    return wide.count(usual) / len(counts) * (1 + usual / 1000)


def _layout(records: Sequence[Sequence[str]], options: Options) -> tuple[layout.Layout, int]:
    if isinstance(options.header, tuple):
        titles = tuple((i, " ".join(row)[:200]) for i, row in enumerate(records[: options.skip]) if any(row))
        return layout.Layout(options.skip, options.header, titles), len(options.header)
    widths = [len(row) for row in records]
    width = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
    rows = None if options.header == "auto" else options.header
    return layout.detect(records[: layout.PROBE], width=width, skip=options.skip, header_rows=rows), width


def _chunks(
    sheet: Sheet,
    options: Options,
    encoding: str,
    delimiter: str,
    broken: Mapping[int, str],
    *,
    above: tuple[int, int],
) -> Iterator[pl.DataFrame]:
    """above: (lines, records) before the first data row; they differ where a header's cell has a line break.

    broken: lines that open a quote which nothing closes, by their number from 0
    """
    ragged = _Ragged(broken)
    record = above[1]
    for batch in _reader(sheet, encoding, delimiter, above[0], ragged):
        frame = pl.DataFrame(batch)
        numbers = ragged.numbers(record, frame.height, offset=above[1] - above[0])
        record = numbers[-1] if numbers else record
        frame = frame.with_columns(pl.Series(ROW, numbers, pl.Int64), pl.lit(None, pl.String).alias(PROBLEM))
        yield cleaned(frame, sheet, options)
    if rows := ragged.rows:
        yield cleaned(_ragged_frame(sheet, rows, delimiter, above[1] - above[0]), sheet, options)


def _reader(
    sheet: Sheet, encoding: str, delimiter: str, skip: int, ragged: "_Ragged"
) -> Iterator[pa.RecordBatch]:
    spaces = delimiter == "spaces"
    source: object = str(sheet.file)
    if spaces:
        source = _Rewritten(sheet.file, encoding, lambda number, line: _spaced(line))
    elif ragged.broken:
        aside = delimiter * len(
            sheet.columns
        )  # too many cells, so that it comes out as a row of the wrong width
        source = _Rewritten(
            sheet.file,
            encoding,
            lambda number, line: f"{_BROKEN}{number}{aside}" if number in ragged.broken else line,
        )
    try:
        reader = pc.open_csv(
            source,
            read_options=pc.ReadOptions(
                use_threads=False,
                skip_rows=skip,
                column_names=list(sheet.columns),
                block_size=_BLOCK,
                encoding=encoding if isinstance(source, str) else "utf-8",
            ),
            parse_options=pc.ParseOptions(
                delimiter="\t" if spaces else delimiter,
                newlines_in_values=not spaces,
                ignore_empty_lines=False,
                invalid_row_handler=ragged.take,
            ),
            convert_options=pc.ConvertOptions(
                column_types={name: pa.string() for name in sheet.columns}, strings_can_be_null=False
            ),
        )
        yield from reader
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "Empty CSV" in str(error):
            return
        raise Unreadable(_why_not(sheet.file, encoding)) from error


class _Ragged:
    """Rows with too few or too many cells, as the reader meets them."""

    def __init__(self, broken: Mapping[int, str]) -> None:
        self.broken = broken
        self.rows: dict[int, tuple[int, str]] = {}
        self._unplaced: list[int] = []

    def take(self, row: pc.InvalidRow) -> Literal["skip", "error"]:
        number = row.number or 0
        if len(self.rows) >= MOST_ASIDES:
            return "error"
        self.rows[number] = (row.actual_columns, row.text)
        if row.text.startswith(_BROKEN):
            line = re.match(r"[0-9]+", row.text.removeprefix(_BROKEN))
            self.rows[number] = (_OPEN, self.broken[int(line[0])] if line else "")
        self._unplaced.append(number)
        return "skip"

    def numbers(self, last: int, count: int, *, offset: int) -> list[int]:
        """The record numbers of the next `count` good rows after record `last`."""
        if not self._unplaced:
            return list(range(last + 1, last + 1 + count))
        bad = {number + offset for number in self._unplaced}
        out: list[int] = []
        while len(out) < count:
            last += 1
            if last not in bad:
                out.append(last)
        return out


def _ragged_frame(
    sheet: Sheet, rows: dict[int, tuple[int, str]], delimiter: str, offset: int
) -> pl.DataFrame:
    """Rows of the wrong width, cut or filled to the header's width, with what is wrong with them."""
    width = len(sheet.columns)
    mark = "\t" if delimiter == "spaces" else delimiter
    cells = []
    for number, (actual, text) in rows.items():
        line = [text.rstrip("\r")]
        if actual == _OPEN:
            reader = csv.reader(line, delimiter=mark, quoting=csv.QUOTE_NONE)
        else:
            reader = csv.reader(line, delimiter=mark)
        parts: list[str] = next(reader, [])
        found = [*parts, *([""] * (width - len(parts)))][:width]
        if actual == _OPEN:
            cells.append([*found, number + offset, f"open_quote{PROBLEM_OF}{text[:200]}"])
            continue
        said = f"{actual} cells where the header has {width}"
        extra = f": {mark.join(parts[width:])[:80]}" if actual > width else ""
        short_total = actual < width and sum(bool(part.strip()) for part in parts) <= max(2, width // 2)
        cells.append([*found, number + offset, None if short_total and _is_total(parts) else said + extra])
    schema = dict.fromkeys(sheet.columns, pl.String) | {ROW: pl.Int64, PROBLEM: pl.String}
    return pl.DataFrame(cells, schema=schema, orient="row")


def _is_total(parts: Sequence[str]) -> bool:
    first = next((part.strip() for part in parts if part.strip()), "")
    return bool(re.search(r"(合\s*计|小\s*计|总\s*计|共\s*计|total)\s*[:：]?$", first, re.IGNORECASE))


class _Rewritten(io.RawIOBase):
    """A file as UTF-8, each of its lines (counted from 0) as `rewrite` has it."""

    def __init__(self, file: Path, encoding: str, rewrite: Callable[[int, str], str]) -> None:
        self._lines = enumerate(_lines(file, encoding))
        self._rewrite = rewrite
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # the protocol's type is wider than what is passed
        while len(self._rest) < len(view):
            block = list(islice(self._lines, _LINES))
            if not block:
                break
            self._rest += "".join(self._rewrite(number, line) + "\n" for number, line in block).encode()
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _lines(file: Path, encoding: str) -> Iterator[str]:
    with file.open(encoding=encoding, newline="\n") as opened:
        for line in opened:
            yield line.removesuffix("\n")


def _blocks(file: Path, encoding: str) -> Iterator[str]:
    """Whole lines of about a block."""
    with file.open(encoding=encoding, newline="\n") as opened:
        while block := opened.read(_BLOCK):
            yield block + opened.readline()


def _open_quotes(file: Path, encoding: str, delimiter: str, width: int) -> dict[int, str]:
    """Lines that open a quote which nothing closes, by their number from 0."""
    if delimiter == "spaces":
        return {}
    found, before = quotes.OpenQuotes(delimiter), 0
    whole = quotes.whole_pattern(delimiter)
    for block in _blocks(file, encoding):
        count = block.count("\n")
        if not count and len(block) >= _BLOCK:  # lines that end in a carriage return alone
            return {}
        if '"' in block or found.is_open:
            lines = pl.DataFrame({"text": block.removesuffix("\n").split("\n")}).with_row_index(
                "number", before
            )
            quoted = lines.filter(pl.col("text").str.contains('"', literal=True)).with_columns(
                ~pl.col("text").str.strip_suffix("\r").str.contains(whole).alias("opens")
            )
            if quoted["opens"].any() or found.is_open:
                found.feed(map(_line, quoted.iter_rows(named=True)), _row_numbers(lines, delimiter, width))
        before += count
    return found.end()


def _row_numbers(lines: pl.DataFrame, delimiter: str, width: int) -> list[int]:
    """Numbers of the lines without quotes that are rows of the table."""
    if width < quotes.FEWEST:
        return []
    text = pl.col("text")
    plain = ~text.str.contains('"', literal=True)
    return lines.filter(plain & (text.str.count_matches(delimiter, literal=True) == width - 1))[
        "number"
    ].to_list()


def _line(row: Mapping[str, Any]) -> quotes.Line:
    return quotes.Line(row["number"], row["text"], row["opens"])


def _without(head: str, broken: Mapping[int, str]) -> str:
    """The beginning of the file with those lines empty."""
    return "\n".join("" if number in broken else line for number, line in enumerate(head.split("\n")))


def _spaced(line: str) -> str:
    return "\t".join(line.split())


def _head(file: Path, encoding: str) -> str:
    with file.open("rb") as opened:
        raw = opened.read(_HEAD)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return decoder.decode(raw)
    except UnicodeError as error:
        raise Unreadable(_why_not(file, encoding)) from error


def _refuse_zeros(file: Path) -> None:
    """A zero byte is no character of any text. Raises Unreadable with the line of the first."""
    line = 1
    with file.open("rb") as opened:
        while block := opened.read(2**22):
            if (at := block.find(0)) >= 0:
                raise Unreadable(
                    _(
                        "%(file)s: line %(line)s holds a zero byte (NUL), which no text has. Export it again, or take the "
                        "line out."
                    )
                    % {"file": file.name, "line": line + block.count(b"\n", 0, at)}
                )
            line += block.count(b"\n")


def _why_not(file: Path, encoding: str) -> str:
    """Why the file cannot be read as text of that encoding, in our words."""
    told = {"file": file.name, "encoding": encoding}
    if not _decodes(file, encoding):
        return (
            _(
                "%(file)s has bytes that are no text in %(encoding)s. Save it as CSV in UTF-8, or name its `encoding`."
            )
            % told
        )
    return (
        _(
            "%(file)s cannot be told apart into rows and columns. Check `delimiter` and quotes, or save it again as CSV."
        )
        % told
    )


def _records(head: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first records, and the physical line each ends on."""
    if delimiter == "spaces":
        rows = [line.split() for line in head.splitlines()[: layout.PROBE]]
        return rows, list(range(1, len(rows) + 1))
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    records, lines = [], []
    try:
        for row in reader:
            records.append([cell.strip() for cell in row])
            lines.append(reader.line_num)
            if len(records) >= layout.PROBE:
                break
    except csv.Error:
        pass
    return records, lines


def _decodes(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with file.open("rb") as opened:
            while block := opened.read(2**22):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _said(delimiter: str) -> str:
    return {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}.get(delimiter, delimiter)
