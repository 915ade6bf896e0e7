"""The facts behind a number: the very rows that the metric counts, in the viewer's sight."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, cast

import pyarrow as pa
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.core import keeping
from dabiao.core.errors import NotFound
from dabiao.engine.measure import COUNTED, SHARE
from dabiao.engine.metric import Measure, measures_of
from dabiao.lake.tables import TABLES
from dabiao.metrics import answer, labels, names
from dabiao.metrics.ahead import dated_ahead, windows_ahead
from dabiao.metrics.answer import MetricRequest, Windows
from dabiao.metrics.figure import Where
from dabiao.metrics.frame import Frame
from dabiao.org import queries as org
from dabiao.ui.listing import Cell, Column, Kind, Listing, Row
from dabiao.ui.rows import LazyRows

SHOWN: Final = 5000
"""Rows drawn on the page; an export has all."""
LINKED: Final = ("customer", "person", "order")
"""Columns whose cells may lead to a page: rows carry their keys too."""
_PLAIN: Final = frozenset(
    {
        "batch",
        "source",
        "entity",
        "fx_on",
        "fx_per",
        "fx_rate",
        "original_amount",
        "original_amount_with_tax",
        "tax_rate",
    }
)
_KINDS: Final[Mapping[str, Kind]] = {
    "money": "cents",
    "rate": "number",
    "share": "ratio",
    "qty": "number",
    "int": "number",
    "date": "day",
    "time": "moment",
    "flag": "flag",
}


@dataclass(frozen=True)
class Behind:
    """The facts of one measure of a metric."""

    where: Where
    metric: str
    label: str
    note: str
    measures: tuple[tuple[str, str, bool], ...]
    """key, label, on: a ratio has two."""
    filters: tuple[str, ...]
    count: int
    total: Cell
    """What all of the facts come to: the number that they stand behind, in its `unit`."""
    ahead: tuple[int, Cell] | None
    """How many facts of the period are dated after today, and what they come to: they count from their day on."""
    unit: str
    table: Listing


def behind(frame: Frame, key: str, *, measure: str, only: Mapping[str, str], everything: bool) -> Behind:
    """The rows of a metric in scope and period; `only` keeps those of a dimension's value ("" = missing).

    everything: all rows, for an export; else the newest `SHOWN`.
    """
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    measures = {each.key: each for each in measures_of(metric)}
    chosen = measures.get(measure) or next(iter(measures.values()))
    count, rows, total = _rows(frame, chosen, only, newest=None if everything else SHOWN)
    ahead = _ahead(frame, chosen, only)
    # A name is told only of what the viewer meets in rows of theirs: names would give away who there is.
    named = count > 0 or org.sight(frame.viewer, frame.today).everything
    return Behind(
        where=Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number),
        metric=key,
        label=frame.label(key),
        note=frame.note(key),
        measures=tuple((each.key, frame.said(each.label), each is chosen) for each in measures.values()),
        filters=tuple(
            f"{labels.column(name)}: {_named(name, value) if named else value}"
            for name, value in only.items()
        ),
        count=count,
        total=total,
        ahead=ahead,
        unit=chosen.unit,
        table=_listing(frame, chosen, rows, totals=None if everything or not count else (count, total)),
    )


def _rows(
    frame: Frame, measure: Measure, only: Mapping[str, str], *, newest: int | None
) -> tuple[int, pa.Table, Cell]:
    """How many facts, those that are shown, and what all of them come to."""
    request = _request(measure, only)
    window = Windows((("", frame.so_far.start, frame.so_far.end),))
    count, rows = answer.facts(frame.lake, request, measure, windows=window, seats=frame.seats, newest=newest)
    # The same for every order and page of the table: asked once. What is seen decides it, not who looks.
    stamp = keeping.stamp(
        frame.lake.number, frame.edition, frame.versions, request, window, _sorted(frame.seats)
    )
    total = keeping.once(
        "facts.total",
        stamp,
        lambda: answer.total_of_facts(frame.lake, request, measure, windows=window, seats=frame.seats),
    )
    return count, rows, _exact(total)


def _ahead(frame: Frame, measure: Measure, only: Mapping[str, str]) -> tuple[int, Cell] | None:
    request = _request(measure, only)
    values = dated_ahead(frame.lake, request, period=frame.period, on=frame.today, seats=frame.seats)
    windows = windows_ahead(frame.period, frame.today)
    if windows is None or not values:
        return None
    count, _newest = answer.facts(frame.lake, request, measure, windows=windows, seats=frame.seats, newest=1)
    return count, _exact(values[measure.key])


def _request(measure: Measure, only: Mapping[str, str]) -> MetricRequest:
    return MetricRequest((measure.key,), (), tuple(sorted((name, (value,)) for name, value in only.items())))


def _exact(value: object) -> Cell:
    return Decimal(repr(round(value, 4))) if isinstance(value, float) else cast(Cell, value)


def _sorted(seats: Collection[int] | None) -> list[int] | None:
    return None if seats is None else sorted(seats)


def _listing(frame: Frame, measure: Measure, rows: pa.Table, totals: tuple[int, Cell] | None) -> Listing:
    """Columns in the order documented, those without any value left out, those that decide first."""
    table = TABLES[measure.source.table]
    what = (COUNTED, measure.column)
    people = ("person", SHARE, "unit")
    days = (measure.source.on, measure.source.spread.until if measure.source.spread else None)
    first = [name for name in (*days, "customer", *what, *people, *measure.columns) if name]
    ordered = list(dict.fromkeys([*first, *(column.name for column in table.columns)]))
    present = [
        name for name in ordered if name in rows.column_names and rows[name].null_count < rows.num_rows
    ]
    types = {
        SHARE: "share",
        COUNTED: "money" if measure.unit == "money" else "qty",
        **{column.name: column.type for column in (*table.columns, *table.derived_columns)},
    }
    columns = [
        Column(
            name,
            labels.column(name),
            _KINDS.get(types.get(name, "text"), "text" if names.is_named(name) else "code"),
            hidden=at > 11 or name in _PLAIN,
            currency="currency" if name.startswith("original_") else "",
            link=_link(name) if name in LINKED else "",
        )
        for at, name in enumerate(present)
    ]
    return Listing(
        "facts",
        columns,
        _Rows(rows.select(present)),
        totals=_total(measure, present, *totals) if totals else None,
        currency=frame.currency,
        empty=_("No fact meets this in scope and period."),
    )


def _total(measure: Measure, present: Sequence[str], count: int, total: Cell) -> dict[str, Cell]:
    """How many facts there are, and under what is counted of each what they come to."""
    under = COUNTED if COUNTED in present else measure.column
    said = ngettext("Total of %(n)s fact", "Total of %(n)s facts", count) % {"n": f"{count:,}"}
    return {present[0]: said, **({under: total} if under and measure.how != "distinct" else {})}


def _link(column: str) -> str:
    """Under which name a row says where the cell of a column leads."""
    return f"{column}_href"


def key_of(row: Row, column: str) -> str:
    """The key behind a name that a row shows; empty where it has none."""
    return str(row.get(f"{column}_key") or "")


def leading(row: Row, to: Mapping[str, str]) -> Row:
    """The row with addresses that its cells lead to, by column."""
    return {**row, **{_link(column): address for column, address in to.items()}}


class _Rows(LazyRows):
    """Facts as rows of a table."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def part(self, at: slice) -> Sequence[Row]:
        start, stop, step = at.indices(len(self))
        return _made(self._table.slice(start, max(0, stop - start)))[::step]

    def one(self, at: int) -> Row:
        return self._whole[at]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._whole)

    @cached_property
    def _whole(self) -> Sequence[Row]:
        return _made(self._table)


def _made(rows: pa.Table) -> list[Row]:
    """Column by column: keys of the rows asked for are named in one go each."""
    keys = [name for name in LINKED if name in rows.column_names]
    columns = [
        *(_said(name, rows[name]) for name in rows.column_names),
        *(rows[name].to_pylist() for name in keys),
    ]
    named = [*rows.column_names, *(f"{name}_key" for name in keys)]
    return [dict(zip(named, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _said(name: str, column: pa.ChunkedArray) -> list[Cell]:
    """The cells of a column; equal ones are written once."""
    values = column.to_pylist()
    called = names.names(name, set(values)) if column.type == pa.string() else {}
    known = {value: _cell(name, value, called) for value in set(values)}
    return [known[value] for value in values]


def _cell(name: str, value: object, called: Mapping[str, str]) -> Cell:
    if isinstance(value, str):
        return called.get(value) or labels.value(value, name)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return cast(Cell, value)


def _named(name: str, value: str) -> str:
    return names.names(name, [value]).get(value, value) or _("Not assigned")
