"""Small tables in: an uploaded CSV or XLSX as rows of text, and the errors that its rows can have.

This is for tables that people keep by hand (org, targets). Facts have their own, wider door in `facts`.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine import number
from dabiao.engine.message import Message

MOST_ROWS: Final = 200_000
BLOWN_UP: Final = 200
"""A workbook that unpacks to more than this many times its size is a bomb."""


@dataclass(frozen=True)
class RowError:
    """What is wrong in one cell (or row, when `column` is empty) and how to mend it. Rows count from 1, header included."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Field:
    """A column: its name, the title that people are shown, others under which files have it, how its text is read."""

    name: str
    shown: Message
    synonyms: tuple[str, ...]
    read: Callable[[str], object]
    required: bool = False

    @property
    def title(self) -> str:
        """In the reader's language, as a template of ours has it."""
        return say(self.shown)

    @property
    def titles(self) -> tuple[str, ...]:
        """Every title that is understood: the shown one in each language, then the synonyms."""
        return (*(say(self.shown, code) for code, _name in settings.LANGUAGES), *self.synonyms)


@dataclass(frozen=True)
class Parsed:
    """One row of an upload: its number in the file, what its cells said."""

    row: int
    values: Mapping[str, object]

    def text(self, name: str) -> str:
        """The value of a text column; empty when it is missing."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


def rows_of(content: bytes, filename: str) -> list[dict[str, str]]:
    """Rows of a CSV, TSV or XLSX file, header → text. Raises Malformed for what cannot be read."""
    if len(content) > int(config.get("DABIAO_UPLOAD_MB")) * 2**20:
        raise Malformed(_("The file is larger than %(mb)s MB.") % {"mb": config.get("DABIAO_UPLOAD_MB")})
    suffix = filename.rpartition(".")[2].lower()
    if suffix in {"xlsx", "xls"}:
        table = _workbook(content)
    elif suffix in {"csv", "tsv", "txt"}:
        table = _delimited(content)
    else:
        raise Malformed(
            _("%(name)s: only CSV, TSV, XLSX and XLS files can be read here.") % {"name": filename}
        )
    filled = [row for row in table if any(cell.strip() for cell in row)]
    if not filled:
        raise Malformed(_("The file has no rows."))
    if len(filled) - 1 > MOST_ROWS:
        raise Malformed(_("The file has more than %(most)s rows.") % {"most": MOST_ROWS})
    header = [cell.strip() for cell in filled[0]]
    return [dict(zip(header, row, strict=False)) for row in filled[1:]]


def parse(rows: Iterable[Mapping[str, str]], fields: Sequence[Field]) -> tuple[list[Parsed], list[RowError]]:
    """Read every row by `fields`; what cannot be read becomes an error, all of them at once."""
    found: list[Parsed] = []
    errors: list[RowError] = []
    known = {field.name: [(title, _fold(title)) for title in field.titles] for field in fields}
    for at, row in enumerate(rows, start=2):
        named = _by_title(row)
        values: dict[str, object] = {}
        wrong: list[RowError] = []
        for field in fields:
            title, text = next(
                ((title, named[key]) for title, key in known[field.name] if key in named), (field.title, "")
            )
            if not text:
                if field.required:
                    wrong.append(RowError(at, title, "", _("This column must not be empty.")))
                continue
            try:
                values[field.name] = field.read(text)
            except ValueError as error:
                wrong.append(RowError(at, title, text, str(error)))
        errors += wrong
        if not wrong:
            found.append(Parsed(at, values))
    return found, errors


def text(value: str) -> str:
    """Text as it stands, outer blanks off, full-width digits and letters made plain."""
    return unicodedata.normalize("NFKC", value).strip()


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")


def day(value: str) -> date:
    """2026-01-05, 2026/1/5, 2026.1.5, 2026年1月5日, 20260105 or an Excel serial number. Raises ValueError."""
    plain = text(value)
    if found := _DAY.fullmatch(plain):
        year, month, day_ = (int(part) for part in found.groups())
        return _real_day(year, month, day_, value)
    if re.fullmatch(r"\d{8}", plain):
        return _real_day(int(plain[:4]), int(plain[4:6]), int(plain[6:]), value)
    if re.fullmatch(r"\d{5}(\.0+)?", plain):
        return date(1899, 12, 30) + timedelta(days=int(plain.partition(".")[0]))
    raise ValueError(_("%(value)s is not a day. Write it like 2026-01-31.") % {"value": value})


def amount(value: str) -> Decimal:
    """A number with at most four decimals; thousands commas and 万 / 亿 are understood. Raises ValueError."""
    plain = text(value).replace(",", "").replace("¥", "").replace("−", "-").strip()
    shift = 0
    for sign, zeros in (("亿", 8), ("万", 4), ("%", -2)):
        if plain.endswith(sign):
            plain, shift = plain.removesuffix(sign).strip(), zeros
    try:
        return number.exact(number.exact(plain, 4 + shift).scaleb(shift))
    except number.TooPrecise:
        raise ValueError(
            _("%(value)s has more digits than can be kept (14 before, 4 after the point).") % {"value": value}
        ) from None
    except number.NotANumber:
        raise ValueError(_("%(value)s is not a number.") % {"value": value}) from None


_FLAGS = {
    "1": True,
    "0": False,
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "y": True,
    "n": False,
    "是": True,
    "否": False,
}


def flag(value: str) -> bool:
    """yes / no in the usual spellings. Raises ValueError."""
    try:
        return _FLAGS[text(value).lower()]
    except KeyError:
        raise ValueError(_("%(value)s is neither yes nor no.") % {"value": value}) from None


def _real_day(year: int, month: int, day_: int, shown: str) -> date:
    try:
        return date(year, month, day_)
    except ValueError:
        raise ValueError(_("%(value)s does not exist in the calendar.") % {"value": shown}) from None


def _by_title(row: Mapping[str, str]) -> dict[str, str]:
    return {_fold(title): cell.strip() for title, cell in row.items() if title and cell and cell.strip()}


def _fold(title: str) -> str:
    return re.sub(r"[\s_*-]+", "", unicodedata.normalize("NFKC", title)).lower()


def _delimited(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            plain = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Malformed(_("The file is neither UTF-8 nor GB18030 text."))
    first = next((line for line in plain.splitlines() if line.strip()), "")
    delimiter = max("\t;,", key=first.count)
    try:
        return list(csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Malformed(_("The file cannot be read as CSV: %(error)s") % {"error": error}) from None


def _workbook(content: bytes) -> list[list[str]]:
    import fastexcel

    _refuse_bomb(content)
    try:
        sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise Malformed(_("The workbook cannot be read: %(error)s") % {"error": error}) from None
    columns = [column.cast("string").to_pylist() for column in sheet.to_arrow().columns]
    return [[cell or "" for cell in row] for row in zip(*columns, strict=True)]


def _refuse_bomb(content: bytes) -> None:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile:
        raise Malformed(_("The workbook is damaged.")) from None
    if unpacked > max(BLOWN_UP * len(content), 50 * 2**20):
        raise Malformed(_("The workbook unpacks to far more than its size and is not opened."))
