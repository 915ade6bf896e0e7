"""An import's report as tables that pages draw and exports write."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.facts.logic import labels
from dabiao.facts.logic.loading.report import Report
from dabiao.ui.listing import Column, Listing


def counts_listing(report: Report) -> Listing:
    """What became of the rows, table by table."""
    states = (
        [("ready", _("Ready"))]
        if report.dry_run
        else [
            ("inserted", pgettext("rows", "New")),
            ("updated", _("Changed")),
            ("unchanged", _("Unchanged")),
            ("removed", _("Removed")),
        ]
    )
    rows = [
        {
            "table": labels.table(count.into), "source": count.source, "read": count.read,
            **{name: getattr(count, name) for name, _label in states},
            "rejected": count.rejected, "skipped": count.skipped,
        }
        for count in report.tables
    ]  # fmt: skip
    columns = [
        Column("table", _("Table")),
        Column("source", pgettext("source of rows", "From")),
        Column("read", pgettext("rows", "Read"), "count"),
        *[Column(name, label, "count") for name, label in states],
        Column("rejected", _("Rejected"), "count"),
        Column(
            "skipped",
            _("Skipped"),
            "count",
            note=_("Filtered out by the mapping, or a repetition of another row."),
        ),
    ]
    return Listing("counts", columns, rows)


def kinds_listing(report: Report) -> Listing:
    """Refused cells by column and reason."""
    rows = [
        {
            "column": f"{kind.source} · {kind.column}" if kind.column else kind.source, "count": kind.count,
            "first": kind.first_row, "example": kind.example, "reason": kind.said, "mend": kind.mend,
        }
        for kind in report.errors
    ]  # fmt: skip
    columns = [
        Column("column", _("Column")),
        Column("count", _("Cells"), "count"),
        Column("first", _("First row"), "count"),
        Column("example", _("Example")),
        Column("reason", _("What is wrong")),
        Column("mend", _("How to mend it")),
    ]
    return Listing("kinds", columns, rows)


def errors_listing(report: Report) -> Listing:
    """Refused cells one by one; the file beside the report has all of them."""
    rows = [
        {
            "file": cell.file, "row": cell.row, "column": cell.column, "value": cell.value, "reason": cell.said, "mend": cell.mend,
        }
        for cell in report.shown_errors
    ]  # fmt: skip
    columns = [
        Column("file", _("File")),
        Column("row", _("Row"), "count"),
        Column("column", _("Column")),
        Column("value", _("Value")),
        Column("reason", _("What is wrong")),
        Column("mend", _("How to mend it")),
    ]
    return Listing("errors", columns, rows)
