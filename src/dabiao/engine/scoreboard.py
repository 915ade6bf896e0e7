"""Many scopes and periods at once: actual, target, attainment and the change on earlier periods, as one table."""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.attainment import attainment
from dabiao.engine.comparison import change_column
from dabiao.engine.metric import Metric

STEPS: Final = {"window": "string", "previous": "string", "year_before": "string"}
"""Which windows are shown, and which of the cells' windows each is compared with (null: none)."""
_ACTUAL, _BEFORE, _YEAR = range(3)


def scoreboard(
    cells: ir.Table,
    targets: ir.Table,
    steps: ir.Table,
    *,
    metric: Metric,
    by: Sequence[str],
    zero: ir.Table | None,
) -> ir.Table:
    """One row per combination of `by` and shown window that has an actual, a target or something earlier.

    cells:   by…, window, and the metric under its key (what `measure` gives)
    targets: by…, window, target (decimal), one row per combination
    steps:   see STEPS
    zero:    window: where a missing actual is 0, because what it counts is recorded at that time; else, and where
             there is no such table, it stays null
    returns: by…, window, actual, target, attained (1.0 = 100 %), on_previous, on_year (relative; for ratios
             in percentage points)
    """
    met = _with_targets(_reached(cells, steps, metric, by), targets, by)
    actual = met.actual
    if zero is not None:
        nothing = ibis.ifelse(
            met.window.isin(zero.window), ibis.literal(0).cast(actual.type()), ibis.null(actual.type())
        )
        actual = actual.fill_null(nothing)
    return met.select(
        *by,
        "window",
        actual=actual,
        target=met.target,
        attained=attainment(actual, met.target, metric.direction),
        on_previous=change_column(actual, met.before, metric.unit),
        on_year=change_column(actual, met.year, metric.unit),
    )


def _reached(cells: ir.Table, steps: ir.Table, metric: Metric, by: Sequence[str]) -> ir.Table:
    """by…, window, actual, before, year: each cell once for every part that it plays in a shown window."""
    parts = ibis.union(
        steps.select(cell=steps.window, shown=steps.window, part=ibis.literal(_ACTUAL)),
        steps.select(cell=steps.previous, shown=steps.window, part=ibis.literal(_BEFORE)),
        steps.select(cell=steps.year_before, shown=steps.window, part=ibis.literal(_YEAR)),
    )
    played = cells.inner_join(parts, cells.window == parts.cell)
    played = played.select(
        *(cells[name] for name in by), window=parts.shown, part=parts.part, value=cells[metric.key]
    )
    of = {"actual": _ACTUAL, "before": _BEFORE, "year": _YEAR}
    return played.aggregate(
        by=[*by, "window"],
        **{name: played.value.max(where=played.part == part) for name, part in of.items()},
    )


def _with_targets(reached: ir.Table, targets: ir.Table, by: Sequence[str]) -> ir.Table:
    """Both sides' rows; a missing dimension meets a missing dimension."""
    keys = [*by, "window"]
    joined = reached.outer_join(targets, [reached[key].identical_to(targets[key]) for key in keys])
    return joined.select(
        **{key: ibis.coalesce(reached[key], targets[key]) for key in keys},
        actual=reached.actual,
        before=reached.before,
        year=reached.year,
        target=targets.target,
    )
