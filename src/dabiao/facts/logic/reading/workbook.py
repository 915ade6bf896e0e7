"""XLS and XLSX: one parse per sheet, every cell as text, so that leading zeros survive and nothing is guessed."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core import hostile, limited
from dabiao.facts.logic.reading import layout
from dabiao.facts.logic.reading.cleaning import cleaned
from dabiao.facts.logic.reading.sheet import CHUNK, PROBLEM, ROW, Aside, Options, Sheet, Unreadable

if TYPE_CHECKING:
    from fastexcel import ExcelReader

_ERRORS: Final = {
    "NA": "#N/A",
    "Div0": "#DIV/0!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Null": "#NULL!",
}


def sheet_names(file: Path) -> list[str]:
    """Names of the sheets, in the order of the workbook."""
    return list(limited.run(names_of, of=file.name, limit=limited.for_files(file), file=str(file)))


def names_of(file: str) -> list[str]:
    """What `sheet_names` asks for, apart."""
    return [str(name) for name in _reader(Path(file)).sheet_names]


def open_workbook(file: Path, options: Options) -> Sheet:
    """One sheet (the first unless `options.sheet` names one). Raises Unreadable."""
    name, raw = _cells(file, options.sheet)
    found = _layout(raw, options)
    sheet = Sheet(
        file,
        f"{file.name}#{name}",
        found.names,
        lambda sheet: _chunks(raw, sheet, options, found),
        doubles=True,
        total=max(0, raw.height - found.first),
        notes=[_("sheet %(name)s, %(width)s columns") % {"name": name, "width": raw.width}],
    )
    sheet.asides += [Aside(row + 1, "title", text) for row, text in found.titles]
    sheet.asides += [Aside(row + 1, "header", "") for row in found.header]
    return _without_empty_columns(sheet, raw, found.first)


def _cells(file: Path, sheet: str | None) -> tuple[str, pl.DataFrame]:
    """The sheet's name and its cells; read apart, and handed over as a file of our own."""
    if limited.is_apart():
        return _texts(file, sheet)
    with TemporaryDirectory() as folder:
        into = Path(folder) / "cells.arrow"
        name = limited.run(
            keep_texts, of=file.name, limit=limited.for_job(file), file=str(file), sheet=sheet, into=str(into)
        )
        return str(name), pl.read_ipc(into)


def keep_texts(file: str, sheet: str | None, into: str) -> str:
    """Write the cells of a sheet as text into a file; returns the sheet's name."""
    name, raw = _texts(Path(file), sheet)
    raw.write_ipc(into)
    return name


def _texts(file: Path, sheet: str | None) -> tuple[str, pl.DataFrame]:
    """All cells as text, in absolute rows; cells in which Excel shows an error say so, instead of being empty."""
    reader = _reader(file)
    name = sheet or str(reader.sheet_names[0])
    if name not in reader.sheet_names:
        raise Unreadable(
            _("%(file)s has no sheet %(name)r; it has %(names)s.")
            % {"file": file.name, "name": name, "names": ", ".join(reader.sheet_names)}
        )
    loaded = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    batch, errors = loaded.to_arrow_with_errors()
    raw = pl.DataFrame(batch) if batch.num_columns else pl.DataFrame()
    told: dict[int, dict[int, str]] = {}
    for cell in errors.errors if errors is not None else ():
        shown = next((sign for word, sign in _ERRORS.items() if f"({word}" in cell.detail), "#N/A")
        told.setdefault(cell.position[1], {})[cell.position[0] + cell.row_offset] = shown
    for column, cells in told.items():
        series = raw.to_series(column).scatter(list(cells), list(cells.values()))
        raw = raw.replace_column(column, series)
    return name, raw


def _layout(raw: pl.DataFrame, options: Options) -> layout.Layout:
    rows = raw.head(layout.PROBE + options.skip).rows()
    if isinstance(options.header, tuple):
        return layout.Layout(options.skip, _fitted(options.header, raw.width), ())
    known = None if options.header == "auto" else options.header
    return layout.detect(rows, width=raw.width, skip=options.skip, header_rows=known)


def _fitted(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    more = (f"column {layout.letter(index)}" for index in range(len(names), width))
    return (*names, *more)[: max(width, 0)]


def _without_empty_columns(sheet: Sheet, raw: pl.DataFrame, first: int) -> Sheet:
    """Columns with neither a name nor a value are not columns; they are told."""
    data = raw.slice(first)
    for index, name in enumerate(sheet.columns):
        if name == f"column {layout.letter(index)}" and data.to_series(index).null_count() == data.height:
            sheet.asides.append(Aside(0, "column", f"column {layout.letter(index)} is empty"))
    gone = {aside.text.removesuffix(" is empty") for aside in sheet.asides if aside.what == "column"}
    sheet.columns = tuple(name for name in sheet.columns if name not in gone)
    return sheet


def _chunks(
    raw: pl.DataFrame, sheet: Sheet, options: Options, found: layout.Layout
) -> Iterator[pl.DataFrame]:
    for start in range(found.first, raw.height, CHUNK):
        frame = raw.slice(start, CHUNK)
        frame = frame.rename(dict(zip(frame.columns, found.names, strict=True))).select(sheet.columns)
        numbers = pl.Series(ROW, range(start + 1, start + 1 + frame.height), pl.Int64)
        frame = frame.with_columns(numbers, pl.lit(None, pl.String).alias(PROBLEM))
        yield cleaned(frame, sheet, options)


def _reader(file: Path) -> "ExcelReader":
    import fastexcel

    hostile.inspect(file, "xlsx")
    return fastexcel.read_excel(file)
