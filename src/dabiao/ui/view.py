"""Which rows of a table are looked at: filter, order and page stand in the address, so that a view can be sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, QueryDict

from dabiao.ui import cells, order
from dabiao.ui.listing import Column, Listing, Row

PAGE: Final = 100
"""Rows of a page. A table that has no more is sent whole, and the browser works on it alone."""
NAMES: Final = ("table", "filter", "sort", "page", "export")
"""Query parameters that speak of tables."""
_ONCE: Final = ("page", "export")
"""Of these, what holds for the rows that are there now; the rest is asked of other rows as well."""


@dataclass(frozen=True)
class View:
    """Rows that hold all of the words, by a column (its key, a leading `-` for largest first), a page of them."""

    words: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1

    @property
    def by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def down(self) -> bool:
        return self.sort.startswith("-")

    @property
    def query(self) -> dict[str, str]:
        """The parameters that say the same again."""
        page = str(self.page) if self.page > 1 else ""
        said = {"filter": " ".join(self.words), "sort": self.sort, "page": page}
        return {name: value for name, value in said.items() if value}


def read_view(request: HttpRequest, table: Listing) -> View:
    """The view of this table that the address asks for.

    A column that the table has not got this time (one without values may be left out) orders nothing; a page that does
    not exist becomes the nearest when it is drawn.
    """
    said = request.GET
    if table.passing or said.get("table", table.key) != table.key:
        return View()
    number = said.get("page", "")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1
    if table.fixed:
        return View(page=max(page, 1))
    sort = said.get("sort", "")
    known = table.column(sort.removeprefix("-")) is not None
    return View(tuple(said.get("filter", "").lower().split()), sort if known else "", max(page, 1))


def address(request: HttpRequest, table: Listing, view: View | None = None, *, export: str = "") -> str:
    """Where a view of the table stands: this page with whatever else its address says."""
    query = request.GET.copy()
    for name in NAMES:
        query.pop(name, None)
    said = {**(view.query if view else {}), **({"export": export} if export else {})}
    if said and table.named:
        said = {"table": table.key, **said}
    for name, value in said.items():
        query[name] = value
    text = query.urlencode()
    path = table.at or request.path
    return f"{path}?{text}" if text else path


def lasting(query: QueryDict) -> QueryDict:
    """What an address goes on asking where other figures are shown: filter, order, split, not the page turned to."""
    left = query.copy()
    for name in _ONCE:
        left.pop(name, None)
    return left


def kept(table: Listing, view: View) -> Sequence[Row]:
    """What the filter leaves, in the order asked for, of all pages."""
    if not view.words and not view.sort:
        return table.rows
    left = matching(table, view.words)
    return [table.rows[at] for at in places(table, view) if left[at]]


def places(table: Listing, view: View) -> Sequence[int]:
    """The places of all rows in the order asked for."""
    column = table.column(view.by)
    if column is None:
        return range(len(table.rows))
    return order.arranged(keys(table, column), down=view.down)


def keys(table: Listing, column: Column) -> list[order.Key | None]:
    """What the rows are ordered by in one column."""
    return [order.key_of(row.get(column.key), light=column.kind == "light") for row in table.rows]


def matching(table: Listing, words: Sequence[str]) -> list[bool]:
    """Row by row, whether every word stands somewhere in it as it is written on the page, hidden columns included."""
    if not words:
        return [True] * len(table.rows)
    lines = _lines(table)
    return [all(word in line for word in words) for line in lines]


def _lines(table: Listing) -> Iterator[str]:
    """Each row as it is written. Most cells repeat (days, units, names): none is formatted twice."""
    known: dict[tuple[object, ...], str] = {}
    for row in table.rows:
        said = []
        for at, column in enumerate(table.columns):
            key = (at, row.get(column.key), row.get("unit"), row.get(column.currency))
            if key not in known:
                known[key] = cells.said(column, row, table.currency).lower()
            said.append(known[key])
        yield " ".join(said)


def turned(column: Column, view: View) -> View:
    """The view after a click on the head of a column: numbers begin with the largest, a second click turns round."""
    down = not view.down if column.key == view.by else column.is_number
    return replace(view, sort=f"-{column.key}" if down else column.key, page=1)


def hidden_fields(request: HttpRequest, table: Listing, view: View) -> list[tuple[str, str]]:
    """What a form that filters the table must send besides the words."""
    kept_names = [
        (name, value) for name in request.GET if name not in NAMES for value in request.GET.getlist(name)
    ]
    said: Mapping[str, str] = {"table": table.key if table.named else "", "sort": view.sort}
    return [*kept_names, *((name, value) for name, value in said.items() if value)]
