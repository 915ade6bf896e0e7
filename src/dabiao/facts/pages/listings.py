"""An import's report as tables that pages draw and exports write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core import config
from dabiao.facts import actions
from dabiao.facts.logic import labels
from dabiao.facts.logic.loading.report import PersonTotal, Report, TableChange
from dabiao.facts.logic.proposing.kinds import NOTHING
from dabiao.facts.logic.takeback import TakenBack
from dabiao.facts.models import ImportBatch
from dabiao.ui.listing import Cell, Column, Listing


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
    return Listing("kinds", columns, rows, stacks=True)


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
    return Listing("errors", columns, rows, stacks=True)


def changes_listing(report: Report) -> Listing:
    """What a load does, or did, to each table: the same figures before it and after."""
    rows: list[dict[str, Cell]] = [
        {
            "table": labels.table(change.into), "new": change.new, "changed": change.changed, "gone": change.gone,
            "same": change.same,
        }
        for change in report.changes
    ]  # fmt: skip
    columns = [
        Column("table", _("Table")),
        Column("new", pgettext("rows", "New"), "count"),
        Column("changed", _("Changed"), "count"),
        Column(
            "gone",
            pgettext("rows", "Gone"),
            "count",
            note=_("There now, and no longer in the file that replaces them."),
        ),
        Column("same", pgettext("rows", "The same"), "count"),
    ]
    return Listing("changes", columns, rows)


def months_listing(changes: Sequence[TableChange]) -> Listing:
    """Each month of a table in which something changes, before and after, with the difference."""
    rows: list[dict[str, Cell]] = [
        {
            "table": labels.table(change.into), "month": month.month,
            "rows_before": month.rows_before, "rows_after": month.rows_after,
            "rows_more": month.rows_after - month.rows_before,
            "before": _amount(month.amount_before), "after": _amount(month.amount_after),
            "more": _more(month.amount_before, month.amount_after),
        }
        for change in changes
        for month in change.months
    ]  # fmt: skip
    columns = [
        Column("table", _("Table")),
        Column("month", _("Month"), "code"),
        Column("rows_before", _("Rows before"), "count"),
        Column("rows_after", _("Rows after"), "count"),
        Column("rows_more", _("Difference"), "count"),
        Column("before", _("Amount before"), "cents"),
        Column("after", _("Amount after"), "cents"),
        Column("more", _("Difference of the amount"), "cents"),
    ]
    return Listing("months", columns, rows, currency=str(config.get("DABIAO_CURRENCY")))


def people_listing(report: Report) -> Listing:
    """What the rows of a load sum to, person by person."""
    rows: list[dict[str, Cell]] = [
        {
            "table": labels.table(total.into), "person": _whom(total), "rows": total.rows, "amount": _amount(total.amount),
        }
        for total in report.people
    ]  # fmt: skip
    columns = [
        Column("table", _("Table")),
        Column("person", _("Person")),
        Column("rows", pgettext("rows", "Rows"), "count"),
        Column("amount", _("Amount"), "cents"),
    ]
    return Listing("people", columns, rows, currency=str(config.get("DABIAO_CURRENCY")))


def _whom(total: PersonTotal) -> str:
    if total.others:
        return _("%(count)s others") % {"count": total.others}
    if total.person is None:
        return _("nobody")
    return total.name if total.name == total.person else f"{total.name} {total.person}"


@dataclass(frozen=True)
class Sheet:
    """A sheet as the page shows what it was taken for. asked: what it is is one of the questions; also: what else it feeds."""

    name: str
    places: tuple[str, ...]
    key: str
    kind: str
    also: str
    why: str
    rows: int
    whole: bool
    first: date | None
    last: date | None
    sums: tuple[tuple[str, Decimal], ...]
    asked: bool


def sheets(batch: ImportBatch) -> list[Sheet]:
    """What each sheet of an import was taken for, those that are left out last."""
    asked = {question.key for question in actions.open_questions(batch)}
    shown = [
        Sheet(
            each.name, each.places, each.key, each.kind or NOTHING, ", ".join(map(labels.table, each.beside)), each.why,
            each.rows, each.whole, _day(each.first), _day(each.last),
            tuple((header, Decimal(total)) for header, total in each.sums), bool({each.key, each.follows} & asked),
        )
        for each in actions.taken(batch)
    ]  # fmt: skip
    return sorted(shown, key=lambda sheet: sheet.kind == NOTHING)


def _day(iso: str) -> date | None:
    return date.fromisoformat(iso) if iso else None


def undo_listing(done: TakenBack) -> Listing:
    """What taking an import back does, or did, to the rows of each table."""
    rows: list[dict[str, Cell]] = [
        {
            "table": labels.table(table.into), "goes": table.goes, "back": table.back, "returns": table.returns,
            "stays": table.stays,
        }
        for table in done.tables
    ]  # fmt: skip
    columns = [
        Column("table", _("Table")),
        Column("goes", _("Removed"), "count", note=_("They were new.")),
        Column("back", _("As before"), "count", note=_("They are again what they were before.")),
        Column("returns", _("Back"), "count", note=_("The import had removed them.")),
        Column("stays", _("Stay"), "count", note=_("Somebody else has changed or removed them since.")),
    ]
    return Listing("undo", columns, rows, empty=_("No row of the data is this import's."))


def _amount(exact: str | None) -> Decimal | None:
    return None if exact is None else Decimal(exact)


def _more(before: str | None, after: str | None) -> Decimal | None:
    """What a month gains; nothing where neither side has an amount."""
    if before is None and after is None:
        return None
    return Decimal(after or 0) - Decimal(before or 0)
