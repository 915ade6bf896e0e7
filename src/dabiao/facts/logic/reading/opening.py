"""The one way to open a table that lies in a file."""

from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Hostile, told
from dabiao.core.hostile.parquet import MOST_COLUMNS, too_wide
from dabiao.facts.logic.reading import text, typed, workbook
from dabiao.facts.logic.reading.sheet import Options, Sheet, Unreadable

FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "txt",
    ".xls": "xls",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}


def open_file(file: Path, options: Options) -> Sheet:
    """Open by `options.format`, else by the suffix. Raises Unreadable, Hostile."""
    with told(file.name):
        sheet = _opened(file, options)
    if len(sheet.columns) > MOST_COLUMNS:
        raise Hostile(too_wide(file.name, len(sheet.columns)))
    return sheet


def sheet_names(file: Path) -> list[str]:
    """Sheets of a workbook; for any other file its one table, called by the empty name."""
    with told(file.name):
        return workbook.sheet_names(file) if FORMATS.get(file.suffix.lower()) in {"xls", "xlsx"} else [""]


def hidden_sheets(file: Path) -> list[str]:
    """Those that whoever opens the workbook does not see."""
    with told(file.name):
        return workbook.hidden_sheets(file) if FORMATS.get(file.suffix.lower()) in {"xls", "xlsx"} else []


def _opened(file: Path, options: Options) -> Sheet:
    kind = options.format or FORMATS.get(file.suffix.lower())
    if not file.stat().st_size:
        raise Unreadable(_("%(file)s is empty.") % {"file": file.name})
    match kind:
        case "csv" | "tsv" | "txt":
            return text.open_text(file, options)
        case "xls" | "xlsx":
            return workbook.open_workbook(file, options)
        case "parquet":
            return typed.open_parquet(file, options)
        case _:
            raise Unreadable(
                _("%(file)s: %(what)r is not a known format; save it as CSV or XLSX.")
                % {"file": file.name, "what": kind or file.suffix}
            )
