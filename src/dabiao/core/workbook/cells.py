"""One parse per sheet, every cell as text, so that leading zeros survive and nothing is guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core import hostile
from dabiao.core.damage import Unreadable
from dabiao.core.workbook import markup
from dabiao.core.workbook.markup import Marks

if TYPE_CHECKING:
    from fastexcel import ExcelReader

NO_RESULT: Final = "#FORMULA?"
"""What stands for a formula that nobody has worked out: the file holds none of its results."""
_ERRORS: Final = {
    "NA": "#N/A",
    "Div0": "#DIV/0!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Null": "#NULL!",
}
_STAMP: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_MIDNIGHT: Final = " 00:00:00"


@dataclass(frozen=True)
class Cells:
    """name: of the sheet. frame: every cell as text, in absolute rows and columns; null where it is empty.

    unread: the other sheets that are not hidden. merged: column → rows merged with the one above, counted from 0
    """

    name: str
    frame: pl.DataFrame
    unread: tuple[str, ...]
    merged: Mapping[int, tuple[int, ...]]


def names(file: Path) -> list[str]:
    """Names of the sheets, in the order of the workbook."""
    return [str(name) for name in _reader(file).sheet_names]


def hidden(file: Path) -> list[str]:
    """Names of the sheets that whoever opens the workbook does not see."""
    reader = _reader(file)
    seen = _visible(file, reader)
    return [str(name) for name in reader.sheet_names if name not in seen]


def cells(file: Path, sheet: str | None = None) -> Cells:
    """The named sheet, or the first that is not hidden. Raises Unreadable."""
    reader = _reader(file)
    seen = _visible(file, reader)
    name = sheet or str((seen or reader.sheet_names)[0])
    if name not in reader.sheet_names:
        raise Unreadable(
            _("%(file)s has no sheet %(name)r; it has %(names)s.")
            % {"file": file.name, "name": name, "names": ", ".join(reader.sheet_names)}
        )
    loaded = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    batch, errors = loaded.to_arrow_with_errors()
    raw = pl.DataFrame(batch) if batch.num_columns else pl.DataFrame()
    shown = {
        (cell.position[0] + cell.row_offset, cell.position[1]): next(
            (sign for word, sign in _ERRORS.items() if f"({word}" in cell.detail), "#N/A"
        )
        for cell in (errors.errors if errors is not None else ())
    }
    marks = markup.marks(file, name, days=_has_mixed(raw))
    raw = _with(raw, shown | _said(raw, marks))
    unread = tuple(other for other in seen if other != name)
    return Cells(name, _days(raw), unread, _merged(raw, marks))


def _visible(file: Path, reader: "ExcelReader") -> list[str]:
    """The sheets that whoever opens the workbook sees."""
    hidden = markup.hidden(file)
    if hidden is None:  # an old workbook has no markup, and each sheet must be asked
        asked = {name: reader.load_sheet(name, n_rows=0).visible for name in reader.sheet_names}
        hidden = frozenset(name for name, visible in asked.items() if visible != "visible")
    return [str(name) for name in reader.sheet_names if name not in hidden]


def _with(raw: pl.DataFrame, shown: Mapping[tuple[int, int], str]) -> pl.DataFrame:
    """The cells with some of them (row, column) saying something else."""
    told: dict[int, dict[int, str]] = {}
    for (row, column), text in shown.items():
        if row < raw.height and column < raw.width:
            told.setdefault(column, {})[row] = text
    for column, texts in told.items():
        series = raw.to_series(column).cast(pl.String).scatter(list(texts), list(texts.values()))
        raw = raw.replace_column(column, series)
    return raw


def _said(raw: pl.DataFrame, marks: Marks) -> dict[tuple[int, int], str]:
    """What a text alone does not tell: that a number is a percentage, has lost digits, or was never worked out."""
    said = dict.fromkeys(_empty(raw, marks.unworked), NO_RESULT)
    for row, column in marks.percent:
        text = _at(raw, row, column)
        if text is not None and (percent := markup.as_percent(text)):
            said[row, column] = percent
    for row, column in marks.days:
        text = _at(raw, row, column)
        if text is not None and text.endswith(_MIDNIGHT):
            said[row, column] = text.removesuffix(_MIDNIGHT)
    return said | {place: text for place, text in marks.rounded.items() if _at(raw, *place) is not None}


def _empty(raw: pl.DataFrame, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [place for place in places if _at(raw, *place) is None]


def _at(raw: pl.DataFrame, row: int, column: int) -> str | None:
    if row >= raw.height or column >= raw.width:
        return None
    cell = raw.item(row, column)
    return None if cell is None or cell == "" else str(cell)


def _stamps(raw: pl.DataFrame, column: str) -> pl.Series:
    """Those texts of a column that are moments."""
    texts = raw[column].cast(pl.String).drop_nulls()
    return texts.filter(texts.str.contains(_STAMP))


def _has_mixed(raw: pl.DataFrame) -> bool:
    """Whether some column has midnights beside other times: then only their format tells days from moments."""
    return any(
        0 < _stamps(raw, name).str.ends_with(_MIDNIGHT).sum() < len(_stamps(raw, name))
        for name in raw.columns
    )


def _days(raw: pl.DataFrame) -> pl.DataFrame:
    """Columns whose moments are all midnights are days, however they are shown: programs write days so."""
    days = [
        name
        for name in raw.columns
        if len(_stamps(raw, name)) and _stamps(raw, name).str.ends_with(_MIDNIGHT).all()
    ]
    stamped = pl.col(days).str.contains(_STAMP)
    bare = pl.col(days).str.strip_suffix(_MIDNIGHT)
    return raw.with_columns(pl.when(stamped).then(bare).otherwise(pl.col(days))) if days else raw


def _merged(raw: pl.DataFrame, marks: Marks) -> dict[int, tuple[int, ...]]:
    found: dict[int, set[int]] = {}
    for top, bottom, left, right in marks.merged:
        for column in range(left, min(right, raw.width - 1) + 1):
            found.setdefault(column, set()).update(range(top + 1, min(bottom, raw.height - 1) + 1))
    return {column: tuple(sorted(rows)) for column, rows in found.items() if rows}


def _reader(file: Path) -> "ExcelReader":
    import fastexcel

    hostile.inspect(file, "xlsx")
    return fastexcel.read_excel(file)
