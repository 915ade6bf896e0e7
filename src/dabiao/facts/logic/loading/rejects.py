"""Rows handed back: the file's own columns, why, and where from; mended, the same mapping loads them again."""

import re
from pathlib import Path

import polars as pl

from dabiao.core.spreadsheet import RISKY
from dabiao.facts.logic import coerce
from dabiao.facts.logic.loading.marks import FROM, REASON
from dabiao.facts.logic.loading.prepare import Prepared, file_names
from dabiao.facts.logic.loading.stage import FILE
from dabiao.facts.logic.reading import ROW

_RISKY = rf"^'*{RISKY}"
_NUMBER = r"^[+\-]?[0-9.,]+%?$"


def write_rejects(done: Prepared, folder: Path) -> dict[str, str]:
    """One CSV per source that has rejects; source → path."""
    written: dict[str, str] = {}
    for name in done.mapping.sources:
        if not done.stage.has(f"rejects-{name}"):
            continue
        rows = done.stage.rejects(name)
        origin = pl.format("{}:{}:{}:{}", pl.lit(done.context.batch), pl.lit(name), pl.col(FILE), pl.col(ROW))
        reasons = pl.Series(REASON, [_sentence(cells) for cells in rows["reasons"].to_list()], pl.String)
        own = [column for column in rows.columns if column not in {FILE, ROW, "reasons"}]
        table = rows.select(origin.alias(FROM), *own).insert_column(1, reasons)
        table = table.select(_inert(column) for column in table.columns).rename(_inert_title)
        file = folder / f"rejects-{_plain(name)}.csv"
        table.write_csv(file, include_bom=True)
        written[name] = str(file)
    return written


def write_errors(done: Prepared, folder: Path) -> str:
    """All refused cells as one CSV; empty when there are none."""
    if not done.stage.error_count():
        return ""
    cells = done.stage.error_cells(limit=None)
    files = {number: name for number, name in file_names(done).items()}
    words = {
        code: (coerce.result.said(code), coerce.result.mend(code))
        for code in cells["reason"].unique().to_list()
    }
    table = cells.select(
        pl.col(FILE).replace_strict(files, return_dtype=pl.String).alias("file"),
        pl.col(ROW).alias("row"),
        "column",
        "value",
        pl.col("reason")
        .replace_strict({code: said for code, (said, _m) in words.items()}, return_dtype=pl.String)
        .alias("reason"),
        pl.col("reason")
        .replace_strict({code: mend for code, (_s, mend) in words.items()}, return_dtype=pl.String)
        .alias("mend"),
    )
    file = folder / "errors.csv"
    table = table.with_columns(_inert(name) for name in table.columns if table.schema[name] == pl.String)
    table.write_csv(file, include_bom=True)
    return str(file)


def _sentence(cells: list[dict[str, str | None]]) -> str:
    said = [
        f"{cell['column']}: {cell['value'] or ''} {coerce.result.said(str(cell['reason']))}".replace(
            "  ", " "
        ).removeprefix(": ")  # what is wrong with a whole row is of no column
        for cell in cells
    ]
    return "; ".join(dict.fromkeys(said))


def _inert(column: str) -> pl.Expr:
    """No cell that a spreadsheet would run as a formula (OWASP); loading again takes the apostrophe off.

    What begins with one of its own before a sign gets another, so that taking one off gives back what was there.
    """
    cell = pl.col(column)
    risky = cell.str.contains(_RISKY) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then(pl.lit("'") + cell).otherwise(cell).alias(column)


def _inert_title(title: str) -> str:
    return f"'{title}" if re.match(_RISKY, title) else title


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:60]
