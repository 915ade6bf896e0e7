"""XLS and XLSX: one sheet as a table of text."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core import limited, workbook
from dabiao.core.workbook import Cells
from dabiao.facts.logic.reading import layout
from dabiao.facts.logic.reading.cleaning import cleaned
from dabiao.facts.logic.reading.sheet import CHUNK, PROBLEM, ROW, Aside, Options, Sheet, Unreadable


def sheet_names(file: Path) -> list[str]:
    """Names of the sheets, in the order of the workbook."""
    return list(limited.run(names_of, of=file.name, limit=limited.for_files(file), file=str(file)))


def names_of(file: str) -> list[str]:
    """What `sheet_names` asks for, apart."""
    return workbook.names(Path(file))


def hidden_sheets(file: Path) -> list[str]:
    """Names of the sheets that are hidden."""
    return list(limited.run(hidden_of, of=file.name, limit=limited.for_files(file), file=str(file)))


def hidden_of(file: str) -> list[str]:
    """What `hidden_sheets` asks for, apart."""
    return workbook.hidden(Path(file))


def open_workbook(file: Path, options: Options) -> Sheet:
    """One sheet (the first that is not hidden unless `options.sheet` names one). Raises Unreadable."""
    if options.decimal == "comma":
        raise Unreadable(
            _("%(file)s is a workbook, whose numbers have no comma. Leave `decimal` out, or save it as CSV.")
            % {"file": file.name}
        )
    read = _cells(file, options.sheet)
    name, raw = read.name, read.frame
    found = _layout(raw, options)
    sheet = Sheet(
        file,
        f"{file.name}#{name}",
        found.names,
        lambda sheet: _chunks(raw, sheet, options, found),
        doubles=True,
        total=max(0, raw.height - found.first),
        notes=[_("sheet %(name)s, %(width)s columns") % {"name": name, "width": raw.width}],
        unread=() if options.sheet else read.unread,
        merged=_merged(read, found, options),
    )
    sheet.asides += [Aside(row + 1, "title", text) for row, text in found.titles]
    sheet.asides += [Aside(row + 1, "header", "") for row in found.header]
    return _without_empty_columns(sheet, raw, found.first)


def _cells(file: Path, sheet: str | None) -> Cells:
    """The sheet's cells; read apart, and handed over as a file of our own."""
    if limited.is_apart():
        return workbook.cells(file, sheet)
    with TemporaryDirectory() as folder:
        into = Path(folder) / "cells.arrow"
        told = limited.run(
            keep_cells, of=file.name, limit=limited.for_job(file), file=str(file), sheet=sheet, into=str(into)
        )
        merged = {int(column): tuple(rows) for column, rows in told["merged"].items()}
        return Cells(str(told["name"]), pl.read_ipc(into), tuple(told["unread"]), merged)


def keep_cells(file: str, sheet: str | None, into: str) -> dict[str, Any]:
    """Write the cells of a sheet as text into a file; returns what else is known of it."""
    read = workbook.cells(Path(file), sheet)
    read.frame.write_ipc(into)
    return {"name": read.name, "unread": list(read.unread), "merged": read.merged}


def _merged(read: Cells, found: layout.Layout, options: Options) -> dict[str, frozenset[int]]:
    """Column → rows of data whose cell there is merged with the one above, where nothing fills it."""
    below = {
        found.names[column]: frozenset(row + 1 for row in rows if row > found.first)
        for column, rows in read.merged.items()
        if column < len(found.names)
    }
    return {name: rows for name, rows in below.items() if rows and name not in options.fill_down}


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
