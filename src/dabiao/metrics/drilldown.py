"""The facts behind a number: the very rows that the metric counts, in the viewer's sight."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, cast

import ibis
import pyarrow as pa
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.engine import dimension
from dabiao.engine.metric import Measure, measures_of
from dabiao.engine.row import all_hold
from dabiao.lake.placing import placed, sql, unbound
from dabiao.lake.tables import TABLES
from dabiao.metrics import answer, labels, names
from dabiao.metrics.figure import Where
from dabiao.metrics.frame import Frame
from dabiao.ui.listing import Cell, Column, Kind, Listing, Row

SHOWN: Final = 5000
"""Rows drawn on the page; an export has all."""
_PLAIN: Final = frozenset(
    {
        "batch",
        "source",
        "entity",
        "fx_on",
        "fx_rate",
        "original_amount",
        "original_amount_with_tax",
        "tax_rate",
    }
)
_KINDS: Final[Mapping[str, Kind]] = {
    "money": "cents",
    "rate": "number",
    "qty": "number",
    "int": "number",
    "date": "day",
    "time": "moment",
    "flag": "flag",
}
_LOOKUPS: Final = ("unit_levels", "products", "customers", "customer_history", "assignments")


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
    table: Listing


def behind(frame: Frame, key: str, *, measure: str, only: Mapping[str, str], everything: bool) -> Behind:
    """The rows of a metric in scope and period; `only` keeps those of a dimension's value ("" = missing).

    everything: all rows, for an export; else the newest `SHOWN`.
    """
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    found = {each.key: each for each in measures_of(metric)}
    chosen = found.get(measure) or next(iter(found.values()))
    count, rows = _rows(frame, chosen, only, limit=None if everything else SHOWN)
    return Behind(
        where=Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number),
        metric=key,
        label=frame.label(key),
        note=frame.note(key),
        measures=tuple((each.key, frame.said(each.label), each is chosen) for each in found.values()),
        filters=tuple(f"{labels.column(name)}: {_named(name, value)}" for name, value in only.items()),
        count=count,
        table=_listing(frame, chosen, rows),
    )


def _rows(
    frame: Frame, measure: Measure, only: Mapping[str, str], *, limit: int | None
) -> tuple[int, pa.Table]:
    levels = frozenset(node.kind for node in frame.tree.nodes if node.kind)
    text = _compiled(measure, tuple(sorted(only.items())), frame.seats is not None, levels)
    small: dict[str, pa.Table] = {
        "span": pa.table({"starts_on": [frame.so_far.start], "ends_on": [frame.so_far.end]})
    }
    if frame.seats is not None:
        small["scope"] = pa.table({"seat": pa.array(sorted(frame.seats), pa.int64())})
    count = frame.lake.run(f"SELECT count(*) AS n FROM ({text})", **small).column(0)[0].as_py()
    order = f"{text} ORDER BY day DESC NULLS LAST, source, key"
    return int(count), frame.lake.run(order if limit is None else f"{order} LIMIT {limit}", **small)


@lru_cache(maxsize=128)
def _compiled(
    measure: Measure, only: tuple[tuple[str, str], ...], scoped: bool, levels: frozenset[str]
) -> str:
    """SQL for the rows that the measure counts; values of filters come in as parameters of expressions, quoted by Ibis."""
    scope = ibis.table({"seat": "int64"}, name="scope") if scoped else None
    facts = placed(measure.source, scope=scope)
    try:
        facts = dimension.with_dimensions(
            facts, [name for name, _value in only], {name: unbound(name) for name in _LOOKUPS}, levels=levels
        )
    except dimension.NoSuchDimension as error:
        raise answer.BadMetricRequest(f"{measure.source.table}: {error}") from error
    for name, value in only:
        column = facts[name].cast("string")
        facts = facts.filter(column == value if value else facts[name].isnull())
    tests = all_hold(measure.where, facts)
    if tests is not None:
        facts = facts.filter(tests)
    if measure.source.on is not None:
        span = ibis.table({"starts_on": "date", "ends_on": "date"}, name="span")
        facts = facts.inner_join(span, [facts.day >= span.starts_on, facts.day < span.ends_on]).select(
            *(facts[name] for name in facts.columns)
        )
    wanted = [name for name in TABLES[measure.source.table].names if name in facts.columns]
    return sql(facts.select("day", "unit", *sorted(wanted)))


def _listing(frame: Frame, measure: Measure, rows: pa.Table) -> Listing:
    """Columns in the order documented, those without any value left out, those that decide first."""
    table = TABLES[measure.source.table]
    first = [name for name in (measure.source.on, "customer", "person", "unit", *measure.columns) if name]
    ordered = list(dict.fromkeys([*first, *(column.name for column in table.columns)]))
    present = [
        name for name in ordered if name in rows.column_names and rows[name].null_count < rows.num_rows
    ]
    types = {column.name: column.type for column in table.columns}
    columns = [
        Column(
            name,
            labels.column(name),
            _KINDS.get(types.get(name, "text"), "text" if names.is_named(name) else "code"),
            hidden=at > 11 or name in _PLAIN,
            currency="currency" if name.startswith("original_") else "",
        )
        for at, name in enumerate(present)
    ]
    return Listing(
        "facts",
        columns,
        list(_cells(rows, present)),
        currency=frame.currency,
        empty=_("No fact meets this in scope and period."),
    )


def _cells(rows: pa.Table, present: Sequence[str]) -> Iterator[Row]:
    called = {
        name: names.names(name, rows[name].unique().to_pylist())
        for name in present
        if rows[name].type == pa.string()
    }
    for row in rows.select(present).to_pylist():
        yield {name: _cell(value, called.get(name, {})) for name, value in row.items()}


def _cell(value: object, called: Mapping[str, str]) -> Cell:
    if isinstance(value, str):
        return called.get(value) or labels.value(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return cast(Cell, value)


def _named(name: str, value: str) -> str:
    return names.names(name, [value]).get(value, value) or _("Not assigned")
