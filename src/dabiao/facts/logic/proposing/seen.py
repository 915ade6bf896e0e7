"""One table of the files as it was found: its columns, its first rows, what stands above it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import ENGLISH
from dabiao.facts.logic.coerce.words import ERRORS, NO_RESULT
from dabiao.facts.logic.mapping import Apart
from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.reading import (
    PROBLEM,
    ROW,
    Options,
    Sheet,
    Unreadable,
    hidden_sheets,
    open_file,
    sheet_names,
)
from dabiao.facts.logic.words import words

T = TypeVar("T")
Rule = str | dict[str, Any]
"""What a column of a table is read by, as a mapping has it: a header, or more than that."""
SAMPLE: Final = 50_000
"""Rows looked at: a key must be unique among them."""


_DATED: Final = re.compile(
    r"(?:19|20)\d\d(?:[-_. /年]?[01]?\d(?:[-_. /月]?[0-3]?\d日?)?)?年?月?"
    r"|[01]?\d月(?:份|[0-3]?\d日)?|[一二三四五六七八九十]+月份?|第?[一二三四1-4]季度|(?<![A-Za-z])[Qq][1-4](?!\d)"
    rf"|{ENGLISH}"
)
"""What of a name says of which days a file is."""
_COPY: Final = re.compile(r"[（(]\d+[)）]|(?i:副本|复件|copy(?: of)?|- copy)")


@dataclass(frozen=True)
class Guess:
    """A column of a table and the header that it seems to be. confidence: 1 = the very word, well filled."""

    table: str
    column: str
    header: str
    confidence: float
    note: str = ""


@dataclass
class Seen:
    """A table of the upload.

    kind: what it feeds; None: nothing, and why. files: all that look just like it. formats: header → what its days are
    read by. said: column → header, as somebody has said. count: its rows, of which `rows` are the first; whole: all of them
    merges: header with merged cells → its empty cells that are not merged; fill: those that are filled down.
    parts: what each file of it is called, and how many of the rows are its own. hidden: whoever opens it does not see it
    decides: columns that the mapping follows from, whether or not it reads them; at: where each of the rows stands in its file. leader: the first of the sheets of this workbook that are alike but for their month; led: the others of the first
    apart: how two people of one name are told apart in the rows; moved: names whose rows are seats of one person, one after the other
    """

    name: str
    file: Path
    sheet: Sheet
    sheet_name: str
    rows: pl.DataFrame
    kind: str | None = None
    chosen: dict[str, Guess] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    why: str = ""
    count: int = 0
    whole: bool = True
    merges: dict[str, int] = field(default_factory=dict)
    fill: tuple[str, ...] = ()
    parts: list[tuple[str, int]] = field(default_factory=list)
    hidden: bool = False
    decides: tuple[str, ...] = ()
    at: list[int] = field(default_factory=list)
    leader: str = ""
    led: tuple[str, ...] = ()
    apart: Apart | None = None
    moved: tuple[str, ...] = ()
    _kept: dict[object, Any] = field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        return self.sheet.columns

    @property
    def called(self) -> str:
        """The names that it goes by: of the file, of the sheet, and what is written above its header."""
        titles = [aside.text for aside in self.sheet.asides if aside.what == "title"]
        return " ".join([self.file.stem, self.sheet_name, *titles])

    def once(self, key: object, work: Callable[[], T]) -> T:
        """What `work` finds of this sheet, found once: every column is tried as every column of every table."""
        if key not in self._kept:
            self._kept[key] = work()
        found: T = self._kept[key]
        return found

    def values(self, header: str) -> pl.Series:
        """The filled cells of a column, the usual words for nothing left out."""
        return filled(self.rows[header])

    def worked_out(self, header: str) -> pl.Series:
        """Its filled cells without formulas that nobody has worked out and errors of the spreadsheet."""
        texts = (found := self.values(header)).cast(pl.String)
        return found.filter(~(texts.str.contains(ERRORS) | (texts == NO_RESULT)))

    def is_unique(self, headers: Sequence[str]) -> bool:
        """Filled and different in every row; a row that stands there twice with all its cells counts once."""
        part = self.rows.unique().select(headers)
        return part.drop_nulls().height == part.height and part.n_unique() == part.height


def looked_at(paths: Sequence[Path], asking: Asking) -> list[Seen]:
    """Every table of the files that has columns and rows; a header without rows is noted.

    Raises Unreadable for what is no table, and where none has a row.
    """
    seen: list[Seen] = []
    bare: list[str] = []
    for path in paths:
        names = sheet_names(path)
        unseen = hidden_sheets(path) if len(names) > 1 else ()
        for sheet in names:
            one = _look(path, sheet, len(seen) + 1)
            one.hidden = sheet in unseen
            if one.headers and one.rows.height:
                seen.append(one)
            elif one.headers:
                bare.append(called(path, sheet))
    told = {"sheets": ", ".join(bare)}
    if bare and not seen:
        raise Unreadable(
            _("%(sheets)s: there are headers and no rows. Fill rows in below the headers, and give it again.")
            % told
        )
    if bare:
        asking.note(_("%(sheets)s: there are headers and no rows, so nothing is loaded of it") % told)
    return _led(_named_apart(_together(seen)))


def filled(cells: pl.Series) -> pl.Series:
    """Without the empty ones and the usual words for nothing."""
    found = cells.drop_nulls()
    return found.filter(~found.cast(pl.String).is_in(words()["empty"]))


def without_left_out(rows: pl.DataFrame, entry: Mapping[str, Any]) -> pl.DataFrame:
    """The rows without those that a table's filter leaves out by what stands in a cell."""
    for header, where in entry.get("where", {}).items():
        if isinstance(where, dict) and "not" in where and header in rows.columns:
            rows = rows.filter(~pl.col(header).cast(pl.String).is_in(list(where["not"])).fill_null(False))
    return rows


def headers_of(paths: Sequence[Path]) -> dict[str, list[str]]:
    """File (and sheet) → its columns."""
    return {
        called(path, sheet): list(open_file(path, Options(sheet=sheet or None)).columns)
        for path in paths
        for sheet in sheet_names(path)
    }


def ledger_name(seen: Seen) -> str:
    """What a ledger is called in every month and every copy of it: 销售台账 of 2026年3月销售台账 (1).xlsx."""
    sheet = re.sub(r"(?i)^sheet ?\d*$", "", seen.sheet_name)
    return (
        bare_name("-".join(re.sub(_COPY, " ", re.sub(_DATED, " ", name)) for name in (seen.file.stem, sheet)))
        or "ledger"
    )


def bare_name(name: str) -> str:
    """A name without its day or month, and without what says that it is a copy."""
    return re.sub(r"[^\w]+", "-", re.sub(_COPY, " ", re.sub(_DATED, " ", name))).strip("-_")


def called(file: Path, sheet: str) -> str:
    """How the page calls a table of a file."""
    return f"{file.name}#{sheet}" if sheet else file.name


def _look(path: Path, sheet: str, number: int) -> Seen:
    opened = open_file(path, Options(sheet=sheet or None))
    frames, height = [], 0
    for frame in opened.chunks():
        frames.append(frame)
        height += frame.height
        if height >= SAMPLE:
            break
    numbered = pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
    rows = numbered.drop(ROW, PROBLEM, strict=False)
    name = re.sub(r"[^\w-]+", "_", sheet or path.stem).strip("_") or f"source{number}"
    whole = height < SAMPLE
    one = Seen(name, path, opened, sheet, rows, files=[path], count=rows.height, whole=whole)
    one.at = numbered[ROW].to_list() if numbered.height else []
    one.merges = _merges(numbered, opened)
    one.parts = [(one.called, rows.height)]
    return one


def _merges(numbered: pl.DataFrame, opened: Sheet) -> dict[str, int]:
    """Header with merged cells → how many of its cells are empty though nothing merges them with the one above."""
    return {
        header: numbered.filter(pl.col(header).is_null() & ~pl.col(ROW).is_in(sorted(below))).height
        for header, below in opened.merged.items()
        if header in opened.columns and numbered.height
    }


def _together(seen: Sequence[Seen]) -> list[Seen]:
    """Files with the same columns in the same sheet are one source: a file a day or a month."""
    groups: dict[tuple[object, ...], Seen] = {}
    for each in seen:
        alike = (each.headers, each.sheet_name, each.file.suffix.lower(), _stem(each.file))
        first = groups.setdefault(alike, each)
        if first is not each and each.file not in first.files:
            first.files.append(each.file)
            for header in first.merges.keys() | each.merges.keys():
                first.merges[header] = _others(first, header) + _others(each, header)
            first.count, first.whole = first.count + each.count, first.whole and each.whole
            first.rows = pl.concat([first.rows, each.rows], how="diagonal_relaxed").head(SAMPLE)
            first.at = [*first.at, *each.at][:SAMPLE]
            first.parts += each.parts
    return list(groups.values())


def _led(seen: list[Seen]) -> list[Seen]:
    """Sheets of one workbook that are called by months and have the same columns: what one of them is, all of them are."""
    groups: dict[tuple[object, ...], list[Seen]] = {}
    for each in seen:
        if each.sheet_name and not each.hidden:
            rest = re.sub(_DATED, "", each.sheet_name).strip()
            groups.setdefault((each.file, each.headers, rest), []).append(each)
    for first, *others in groups.values():
        first.led = tuple(each.name for each in others)
        for each in others:
            each.leader = first.name
    return seen


def _others(seen: Seen, header: str) -> int:
    """The empty cells of a column that no merge explains."""
    return seen.merges.get(header, seen.rows[header].null_count())


def _stem(file: Path) -> str:
    """The file's name without its day or month: 销售-2026-01 and 销售-2026-02 are the same, 一部 and 二部 are not."""
    return re.sub(_DATED, "", file.stem)


def _named_apart(seen: list[Seen]) -> list[Seen]:
    """Sources have different names, also where two workbooks each have a sheet 订单."""
    used: dict[str, int] = {}
    for each in seen:
        used[each.name] = used.get(each.name, 0) + 1
        if used[each.name] > 1:
            each.name = f"{each.name}_{used[each.name]}"
    return seen
