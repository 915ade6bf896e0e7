"""Small tables in: rows with their place, what a column reads out of a cell, and the errors that cells can have.

This is for tables that people keep by hand (org, targets). Their files are text, whatever they are saved as; rows
that another room has typed already keep their types. Facts have their own, wider door in `facts`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from dabiao.core import config, hostile, limited, small_table, written
from dabiao.core.errors import Malformed
from dabiao.core.hostile.names import safe_name
from dabiao.core.sentence import say
from dabiao.core.spreadsheet import DOUBLE_DIGITS
from dabiao.engine import number
from dabiao.engine.message import Message

_HERE: Final = 2**20
"""Bytes of text that are read on the spot: a second's work at most, and some 100 MB."""


Cell = str | int | Decimal | date | bool
"""What stands in a row: text where the source is text, else a value that is taken as it is."""


@dataclass(frozen=True)
class SourceRow:
    """A row as its source gives it: title → cell, and where it stands.

    row: counts from 1, header included. file: a number, where rows of several files come in at once.
    """

    cells: Mapping[str, Cell | None]
    row: int
    file: int = 0


@dataclass(frozen=True)
class RowError:
    """What is wrong in one cell (or row, when `column` is empty) and how to mend it. Rows count from 1, header included."""

    row: int
    column: str
    value: str
    message: str
    file: int = 0


@dataclass(frozen=True)
class Field:
    """A column: its name, the title that people are shown, others under which files have it, how a cell is read.

    read: raises ValueError with the mend
    aside: understood where a file has it, and not offered in our templates
    """

    name: str
    shown: Message
    synonyms: tuple[str, ...]
    read: Callable[[Cell], object]
    required: bool = False
    aside: bool = False

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
    """One row as its fields read it: what its cells said, and where it stands."""

    row: int
    values: Mapping[str, object]
    file: int = 0

    def text(self, name: str) -> str:
        """The value of a text column; empty when it is missing."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def error(self, column: str, value: str, message: str) -> RowError:
        """What is wrong in a cell of this row."""
        return RowError(self.row, column, value, message, self.file)


def numbered(rows: Iterable[Mapping[str, Cell | None]]) -> list[SourceRow]:
    """Rows without a place of their own, as they would stand below a header."""
    return [SourceRow(cells, row) for row, cells in enumerate(rows, start=2)]


class Upload(Protocol):
    """What Django hands over of an uploaded file."""

    size: int | None

    def read(self) -> bytes: ...


def content_of(upload: Upload) -> bytes:
    """All bytes of an uploaded file. Raises Malformed where it is too large."""
    if (upload.size or 0) > int(
        config.get("DABIAO_UPLOAD_MB")
    ) * 2**20:  # then it was not kept: `site.incoming`
        raise Malformed(_("The file is larger than %(mb)s MB.") % {"mb": config.get("DABIAO_UPLOAD_MB")})
    return upload.read()


def rows_of(content: bytes, filename: str) -> list[SourceRow]:
    """Rows of a CSV, TSV, XLSX or XLS file, header → text. Raises Malformed for what cannot be read."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    if len(content) > int(config.get("DABIAO_UPLOAD_MB")) * 2**20:
        raise Malformed(_("The file is larger than %(mb)s MB.") % {"mb": config.get("DABIAO_UPLOAD_MB")})
    if not content.strip(b"\0 \t\r\n"):
        raise Malformed(_("The file has no rows."))
    table = _table(content, name.rpartition(".")[2].lower(), name)
    filled = [(at, row) for at, row in enumerate(table, start=1) if any(cell.strip() for cell in row)]
    if not filled:
        raise Malformed(_("The file has no rows."))
    header = [cell.strip() for cell in filled[0][1]]
    return [SourceRow(dict(zip(header, row, strict=False)), at) for at, row in filled[1:]]


def _table(content: bytes, kind: str, name: str) -> small_table.Table:
    """Text of a moderate size is read here, which costs what it weighs; anything else apart."""
    if kind not in small_table.TEXTS | hostile.WORKBOOKS:
        raise Malformed(_("%(name)s: only CSV, TSV, XLSX and XLS files can be read here.") % {"name": name})
    if kind in small_table.TEXTS and len(content) <= _HERE:
        return small_table.text_table(content, name)
    with TemporaryDirectory() as folder:
        file = Path(folder) / safe_name(name)
        file.write_bytes(content)
        limit = limited.for_files(file)
        table: small_table.Table = limited.run(
            small_table.table_of, of=name, limit=limit, file=str(file), kind=kind, name=name
        )
    return [[_as_seen(cell) for cell in row] for row in table] if kind in hostile.WORKBOOKS else table


_DOUBLE = re.compile(r"-?\d+\.\d+")
_SEEN = Context(prec=DOUBLE_DIGITS)


def _as_seen(cell: str) -> str:
    """A formula leaves 1357.9500000000003 where everybody sees 1357.95: a double's last digits are noise."""
    if len(cell) <= DOUBLE_DIGITS or not _DOUBLE.fullmatch(cell):
        return cell
    return number.text(_SEEN.create_decimal(cell)) or cell


_SPOILED: Final = re.compile(r"#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|FORMULA\?)")
"""A spreadsheet's error, or a formula without a result (`core.workbook`)."""


def parse(rows: Iterable[SourceRow], fields: Sequence[Field]) -> tuple[list[Parsed], list[RowError]]:
    """Read every row by `fields`; what cannot be read becomes an error, all of them at once."""
    good: list[Parsed] = []
    errors: list[RowError] = []
    known = {field.name: [(title, _fold(title)) for title in field.titles] for field in fields}
    for row in rows:
        named = _by_title(row.cells)
        values: dict[str, object] = {}
        parsed = Parsed(row.row, values, row.file)
        wrong: list[RowError] = []
        for field in fields:
            title, cell = next(
                ((title, named[key]) for title, key in known[field.name] if key in named), (field.title, None)
            )
            if cell is None:
                if field.required:
                    wrong.append(parsed.error(title, "", _("This column must not be empty.")))
                continue
            if isinstance(cell, str) and _SPOILED.fullmatch(cell):
                wrong.append(
                    parsed.error(
                        title,
                        cell,
                        _(
                            "Mend the formula in the file; or open the file in a spreadsheet and save it, so that its results are kept."
                        ),
                    )
                )
                continue
            try:
                values[field.name] = field.read(cell)
            except ValueError as error:
                wrong.append(parsed.error(title, shown(cell), str(error)))
        errors += wrong
        if not wrong:
            good.append(parsed)
    return good, errors


def shown(cell: Cell) -> str:
    """A cell as a person would write it."""
    match cell:
        case bool():
            return "yes" if cell else "no"
        case Decimal():
            return number.text(cell) or ""
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def text(cell: Cell) -> str:
    """Text as it stands, outer blanks off, full-width digits and letters made plain."""
    return unicodedata.normalize("NFKC", shown(cell)).strip()


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")


def day(cell: Cell) -> date:
    """A day, or text: 2026-01-05, 2026/1/5, 2026.1.5, 2026年1月5日, 20260105, an Excel serial number. Raises ValueError."""
    if isinstance(cell, date):
        return cell
    plain = text(cell)
    if written := _DAY.fullmatch(plain):
        year, month, day_ = (int(part) for part in written.groups())
        return _real_day(year, month, day_, plain)
    if re.fullmatch(r"\d{8}", plain):
        return _real_day(int(plain[:4]), int(plain[4:6]), int(plain[6:]), plain)
    if re.fullmatch(r"\d{5}(\.0+)?", plain):
        return date(1899, 12, 30) + timedelta(days=int(plain.partition(".")[0]))
    raise ValueError(_("%(value)s is not a day. Write it like 2026-01-31.") % {"value": shown(cell)})


def amount(cell: Cell) -> Decimal:
    """A number with at most four decimals; in text what `core.written` understands. Raises ValueError."""
    try:
        if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
            return number.exact(cell)
        value = number.exact(written.number_of(text(cell)))
    except number.TooPrecise:
        raise ValueError(
            _("%(value)s has more digits than can be kept (14 before, 4 after the point).")
            % {"value": shown(cell)}
        ) from None
    except number.NotANumber:
        raise ValueError(
            _("%(value)s is not a number. Write it like 1234.50.") % {"value": shown(cell)}
        ) from None
    _refuse_foreign(text(cell))
    return value


def _refuse_foreign(plain: str) -> None:
    """A sign of money is not thrown away: what is kept here is in the reporting currency."""
    ours = config.get("DABIAO_CURRENCY")
    sign = written.sign_of(plain)
    if sign and ours not in written.CURRENCIES[sign]:
        raise ValueError(
            _(
                "%(value)s is not in %(currency)s, in which amounts are kept. Convert it, and leave the sign out."
            )
            % {"value": plain, "currency": ours}
        )


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


def flag(cell: Cell) -> bool:
    """yes / no in the usual spellings. Raises ValueError."""
    if isinstance(cell, bool):
        return cell
    try:
        return _FLAGS[text(cell).lower()]
    except KeyError:
        raise ValueError(_("%(value)s is neither yes nor no.") % {"value": shown(cell)}) from None


def _real_day(year: int, month: int, day_: int, written: str) -> date:
    try:
        return date(year, month, day_)
    except ValueError:
        raise ValueError(_("%(value)s does not exist in the calendar.") % {"value": written}) from None


def _by_title(cells: Mapping[str, Cell | None]) -> dict[str, Cell]:
    """Folded title → cell; empty ones left out."""
    plain = (
        (title, written.unwrapped(cell.strip()) if isinstance(cell, str) else cell)
        for title, cell in cells.items()
    )
    return {_fold(title): cell for title, cell in plain if title and cell is not None and cell != ""}


def _fold(title: str) -> str:
    return re.sub(r"[\s_*-]+", "", unicodedata.normalize("NFKC", title)).lower()
