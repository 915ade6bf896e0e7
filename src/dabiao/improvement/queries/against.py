"""What a figure is held against: its usual level, a target, a forecast, or the period before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.engine.diagnosis import Margins, Shares
from dabiao.engine.message import Message, message
from dabiao.engine.number import MONEY_SCALE, decimal_of, rounded
from dabiao.engine.period import between
from dabiao.improvement.queries.cells import AMOUNT, HISTORY, NOTHING, now
from dabiao.improvement.queries.narrowed import margins, narrowed
from dabiao.improvement.queries.owed import Uneven, owed, shares
from dabiao.improvement.queries.sides import Sides
from dabiao.metrics.forecast import foreseen
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, promised, since

Against = Literal["baseline", "target", "forecast", "previous"]

CALLED: Final[Mapping[Against, Message]] = {
    "baseline": message("usual level"),
    "target": message("target", context="held against"),
    "forecast": message("forecast", context="held against"),
    "previous": message("period before"),
}

RUNNING: Final[Mapping[Against, Message]] = {
    "baseline": CALLED["baseline"],
    "target": message("target due by now"),
    "forecast": message("forecast by now"),
    "previous": message("same number of days of the period before"),
}


def in_words(frame: Frame, against: Against, *, ratio: bool) -> Message:
    """What the expectation is called. While a period runs it is held against as much of it as has gone."""
    whole = frame.closed or (ratio and against == "target")
    return (CALLED if whole else RUNNING)[against]


@dataclass(frozen=True)
class Expected:
    """cells: those to explain, with one of nothing for whoever owes something and has none. figures: None for what is
    usual. uneven: where the own targets of the parts do not sum to that of the whole."""

    cells: pa.Table
    figures: pa.Table | Shares | Margins | None
    uneven: tuple[Uneven, ...] = ()


def expected(
    frame: Frame, key: str, made_of: Sides, cells: pa.Table, dimensions: Sequence[str], against: Against
) -> Expected:
    """part (and whole) as they should have been, in total, by member or by whoever owes it.

    Raises NotFound where there is no target or no forecast.
    """
    if against == "baseline":
        return Expected(cells, None)
    if against == "previous":
        return Expected(cells, _as_before(cells, dimensions))
    if against == "forecast":
        return Expected(cells, _as_foreseen(frame, key, made_of))
    return _as_promised(frame, key, cells, dimensions)


def _as_before(cells: pa.Table, dimensions: Sequence[str]) -> pa.Table:
    """The period before, member by member; members that had nothing then are expected to have nothing."""
    then = pc.equal(cells["period"], HISTORY - 1)
    sides = [name for name in ("part", "whole") if name in cells.column_names]
    kept = {side: pc.if_else(then, cells[side], NOTHING) for side in sides}
    table = pa.table({**{name: cells[name] for name in dimensions}, **kept})
    summed = table.group_by(list(dimensions)).aggregate([(side, "sum") for side in sides])
    exact = {side: summed[f"{side}_sum"].cast(AMOUNT) for side in sides}
    return pa.table({**{name: summed[name] for name in dimensions}, **exact})


def _as_promised(frame: Frame, key: str, cells: pa.Table, dimensions: Sequence[str]) -> Expected:
    """The target, of an amount by whoever owes it and by what it is narrowed to. A running period owes what is due by now; a ratio owes it on the
    whole there is."""
    promise = promised(frame, [frame.scope], (key,)).get((frame.scope, key), NONE)
    target = promise.value
    if target is None:
        raise NotFound(_("%(metric)s has no target here in this period.") % {"metric": frame.label(key)})
    if "whole" in cells.column_names:
        whole = pc.sum(now(cells)["whole"]).as_py() or Decimal(0)
        return Expected(cells, pa.table({"part": _one(target * whole), "whole": _one(whole)}))
    due = promise.due(frame)
    total = decimal_of(Fraction(target) * due, MONEY_SCALE)
    owing = owed(frame, key, target, dimensions)
    known, contradicting = narrowed(frame, key, target, cells, dimensions) if total > 0 else ([], [])
    uneven = (*owing.uneven, *contradicting)
    if promise.owed is not None:
        # Each owes what its own months say: the share that is due differs from one to the other.
        days = frame.at(between(since(frame, key), frame.so_far.end))
        owing, due = owed(days, key, total, dimensions), Fraction(1)
        known, contradicting = narrowed(days, key, total, cells, dimensions) if total > 0 else ([], [])
        if promise.before:  # what months before the first fact were to bring is held against nothing
            uneven = (*owing.uneven, *contradicting)
    first = None
    if len(owing.targets) > 1:
        cells, first = shares(frame, cells, dimensions, owing, total, due)
    if known:
        return Expected(*margins(cells, first, known, total, due), uneven)
    return Expected(cells, pa.table({"part": _one(total)}) if first is None else first, uneven)


def _as_foreseen(frame: Frame, key: str, made_of: Sides) -> pa.Table:
    """What the cockpit's forecast would have said on the eve of the period about its days up to now."""
    days = frame.so_far
    # What is counted once in a period is counted on several of its days: days do not add up to it.
    foretold = {} if made_of.counts_different else made_of.keys
    made = {
        side: foreseen(frame.lake, key, frame.seats, on=days.start, until=days.end)
        for side, key in foretold.items()
    }
    said = {side: _one(Decimal(str(one.total[-1]))) for side, one in made.items() if one is not None}
    if len(said) < len(made_of.keys):
        raise NotFound(_("%(metric)s has no forecast for this period.") % {"metric": frame.label(key)})
    return pa.table(said)


def _one(value: Decimal) -> pa.Array:
    return pa.array([rounded(value, MONEY_SCALE)], AMOUNT)
