"""A table as its template draws it: the rows of a page or all of a short one, heads that order, other pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dabiao.ui import cells, format, order
from dabiao.ui.listing import Column, Listing, Row
from dabiao.ui.view import PAGE, View, address, hidden_fields, kept, keys, matching, places, read_view, turned

FILTERED_FROM: Final = 9
"""Rows from which on a filter helps."""


@dataclass(frozen=True)
class Drawn:
    """A row: its cells as HTML, its place as given, whether the filter hides it."""

    cells: SafeString
    at: int = 0
    hidden: bool = False


@dataclass(frozen=True)
class Head:
    """The head of a column: how it is ordered now (as ARIA says it), and where a click leads."""

    column: Column
    sorted: str
    href: str


def drawn(request: HttpRequest, table: Listing, *, tools: bool = True) -> dict[str, Any]:
    """What `_listing.html` needs."""
    view, count = read_view(request, table), len(table.rows)
    whole = not table.fixed and (table.passing or count <= PAGE)
    rows = _whole(table, view) if whole else _page(table, view)
    return {
        "table": table,
        "tools": tools,
        "whole": whole,
        "view": view,
        "words": " ".join(view.words),
        "at": "" if table.passing else address(request, table),
        "heads": [_head(request, table, column, view) for column in table.columns],
        "count": count,
        "filters": not table.fixed and count >= FILTERED_FROM,
        "fields": hidden_fields(request, table, view),
        "exports": [] if table.passing else _exports(request, table, replace(view, page=1)),
        "totals": _totals(table, table.totals, rows.left if view.words else None) if table.totals else None,
        "before": address(request, table, replace(view, page=rows.page - 1)) if rows.page > 1 else "",
        "after": address(request, table, replace(view, page=rows.page + 1)) if rows.page < rows.pages else "",
        **vars(rows),
    }  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """The rows drawn, how many the filter leaves, which page of how many they are."""

    rows: Sequence[Drawn]
    left: int
    page: int = 1
    pages: int = 1


def _whole(table: Listing, view: View) -> Rows:
    """Every row, hidden where the filter leaves it out, each cell with its rank: the browser takes it from here."""
    left = matching(table, view.words)
    ranks = [order.ranks(keys(table, column)) for column in table.columns]
    led = _led(table, table.rows)
    rows = [
        Drawn(_cells(table, led[at], [column[at] for column in ranks]), at, not left[at])
        for at in places(table, view)
    ]
    return Rows(rows, sum(left))


def _page(table: Listing, view: View) -> Rows:
    """The rows of the page asked for; of one that does not exist, of the nearest."""
    rows = kept(table, view)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(view.page, pages)
    shown = _led(table, rows[(page - 1) * PAGE : page * PAGE])
    return Rows([Drawn(_cells(table, row)) for row in shown], len(rows), page, pages)


def _led(table: Listing, rows: Sequence[Row]) -> Sequence[Row]:
    return table.leads(rows) if table.leads else rows


def _head(request: HttpRequest, table: Listing, column: Column, view: View) -> Head:
    is_sorted = ("descending" if view.down else "ascending") if column.key == view.by else ""
    lead = "" if table.passing or table.fixed else address(request, table, turned(column, view))
    return Head(column, is_sorted, lead)


def _exports(request: HttpRequest, table: Listing, view: View) -> list[tuple[str, str]]:
    return [(kind, address(request, table, view, export=kind)) for kind in ("csv", "xlsx")]


def _totals(table: Listing, totals: Row, left: int | None) -> SafeString:
    """What has no total is left empty: that is not the same as having none. A filter leaves the totals as they are,
    since not all of them add up: the row says then that it is of all (`left`: so many are shown, None without one)."""
    named = next((each.key for each in table.columns if each.kind == "text" and totals.get(each.key)), "")
    return mark_safe(
        "".join(
            cells.drawn(column, _total(table, totals, column, of=column.key == named, left=left))
            for column in table.columns
        )
    )  # fmt: skip


def _total(table: Listing, totals: Row, column: Column, *, of: bool, left: int | None) -> SafeString:
    shown = cells.cell(column, totals, table.currency) if column.key in totals else SafeString()
    if not of:
        return shown
    said = _("of all rows; %(left)s of them are shown")  # the script fills it in where it filters
    words = "" if left is None else said % {"left": format.count(left)}
    mark = '{} <small class="of-all" data-part="of-all" data-said="{}">{}</small>'
    return format_html(mark, shown, said % {"left": "{left}"}, words)


def _cells(table: Listing, row: Row, ranks: Sequence[str] | None = None) -> SafeString:
    """The cells of a row, each with its rank where the browser orders."""
    told: Sequence[str | None] = ranks or [None] * len(table.columns)
    return mark_safe(
        "".join(
            cells.drawn(column, cells.cell(column, row, table.currency), rank, stacks=table.stacks)
            for column, rank in zip(table.columns, told, strict=True)
        )
    )
