"""What views share: today's date, days of a query string, downloads."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import quote

from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone

from dabiao.core import spreadsheet
from dabiao.core.errors import Malformed


def today() -> date:
    """The business day of this moment. Only interfaces ask; below them the day is an argument."""
    return timezone.localdate()


def day(text: str, *, name: str) -> date:
    """An ISO day from a query string. Raises Malformed with the parameter's name."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{name}: {text!r} is not a day like 2026-01-31.") from None


def download(
    rows: Iterable[spreadsheet.Row], columns: spreadsheet.Columns, *, name: str, kind: str
) -> StreamingHttpResponse | FileResponse:
    """All rows as CSV or XLSX under a file name in any language."""
    if kind == "csv":
        streamed = StreamingHttpResponse(
            spreadsheet.csv_lines(rows, columns, bom=True), content_type="text/csv; charset=utf-8"
        )
        streamed["Content-Disposition"] = disposition(f"{name}.csv")
        return streamed
    if kind == "xlsx":
        response = FileResponse(
            spreadsheet.xlsx_file(rows, columns, sheet=name), content_type=spreadsheet.XLSX
        )
        response["Content-Disposition"] = disposition(f"{name}.xlsx")
        return response
    raise Malformed(f"{kind!r} is not an export format; use csv or xlsx.")


def disposition(filename: str) -> str:
    """An attachment header for a name that may be Chinese (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
