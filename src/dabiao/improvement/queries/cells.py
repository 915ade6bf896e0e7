"""The cells of an explanation: what a metric is added up from, by dimensions, in a period and those before it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dabiao.engine.metric import Measure
from dabiao.engine.number import MONEY_SCALE
from dabiao.engine.period import Period, between
from dabiao.improvement.queries.sides import Sides
from dabiao.metrics.answer import WINDOW, without_facts
from dabiao.metrics.frame import Frame

HISTORY: Final = 18
"""Earlier periods that say what is usual; the period itself has this number, the oldest one 0."""

MOST: Final = 10_000
"""Combinations of members that a scan looks at; it takes a second for three times as many."""

AMOUNT: Final = pa.decimal128(26, MONEY_SCALE)
NOTHING: Final = pa.scalar(Decimal(0), AMOUNT)


def cells(
    frame: Frame, made_of: Sides, dimensions: Sequence[str], *, asked: Sequence[str] = ()
) -> tuple[pa.Table, tuple[str, ...]]:
    """period (0 … 18), part, whole (of a ratio) and the dimensions as text, from the facts of the scope; and those.

    Of more cells than a scan should take the finest dimension is left out, unless it was `asked` for: who looks one
    unit deeper has it again.
    """
    if made_of.counts_different:
        assert isinstance(made_of.part, Measure)
        found = frame.parts_of_distinct(made_of.part, windows(frame), dimensions)
    else:
        keys = tuple(dict.fromkeys(made_of.keys.values()))
        found = frame.table(keys, windows(frame), dimensions)
    table = pa.table(
        {
            "period": found[WINDOW].cast(pa.int64()),
            **{side: _amounts(found[key]) for side, key in made_of.keys.items()},
            **{name: _members(found[name]) for name in dimensions},
        }
    )
    return _with_nothing(frame, made_of, table), _bearable(table, dimensions, asked)


def _with_nothing(frame: Frame, made_of: Sides, table: pa.Table) -> pa.Table:
    """Of a period in which there was nothing a cell of nothing, so that it can be explained that all is missing."""
    known, days = len(table) > 0, frame.so_far
    if made_of.whole or not known or now(table).num_rows:
        return table
    if without_facts(frame.lake, made_of.part.key, days.start, days.end) is None:
        return table
    nothing = {"period": pa.array([HISTORY], pa.int64()), "part": pa.array([Decimal(0)], AMOUNT)}
    one = table.slice(0, 1)
    return pa.concat_tables(
        [table, pa.table({name: nothing.get(name, one[name]) for name in table.column_names})]
    )


def _bearable(table: pa.Table, dimensions: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    """The dimensions without the finest ones, as long as there are too many combinations."""
    kept = list(dimensions)
    finest = sorted(set(kept) - set(asked), key=lambda name: (pc.count_distinct(table[name]).as_py(), name))
    while len(kept) > 1 and finest and table.group_by(kept).aggregate([]).num_rows > MOST:
        kept.remove(finest.pop())
    return tuple(kept)


def windows(frame: Frame) -> Mapping[str, Period]:
    """Named by their place: the period itself last, those before it cut to as many days while it still runs."""
    spans, window = {str(HISTORY): frame.so_far}, frame.period
    for place in range(HISTORY - 1, -1, -1):
        window = frame.fiscal.previous(window)
        cut = min(window.end, window.start + (frame.so_far.end - frame.so_far.start))
        spans[str(place)] = window if frame.closed else between(window.start, cut)
    return spans


def now(table: pa.Table) -> pa.Table:
    """The cells of the period itself."""
    return table.filter(pc.equal(table["period"], HISTORY))


def _amounts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Exact at scale 4, half away from zero; what is not known adds nothing."""
    kind = column.type
    if pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.scale > MONEY_SCALE):
        column = pc.round(column, ndigits=MONEY_SCALE, round_mode="half_towards_infinity")
    return pc.fill_null(column.cast(AMOUNT), NOTHING)


def _members(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """An empty text is a missing member."""
    text = column.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
