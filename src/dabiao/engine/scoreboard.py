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


def scoreboard(
    cells: ir.Table, targets: ir.Table, steps: ir.Table, *, metric: Metric, by: Sequence[str], zero: bool
) -> ir.Table:
    """One row per combination of `by` and shown window that has an actual, a target or something earlier.

    cells:   by…, window, and the metric under its key (what `measure` gives)
    targets: by…, window, target (decimal)
    steps:   see STEPS
    zero:    a missing actual is 0, because what it counts is recorded at that time; else it stays null
    returns: by…, window, actual, target, attained (1.0 = 100 %), on_previous, on_year (relative; for ratios
             in percentage points)

    What belongs together is put under each other and grouped instead of joined: so a missing dimension
    meets a missing dimension, and a row that only one side has is kept.
    """
    value = cells[metric.key].type()
    shown = cells.inner_join(steps, cells.window == steps.window)
    parts = [
        _part(shown, by, steps.window, value, actual=cells[metric.key]),
        *(
            _part(
                cells.inner_join(steps, cells.window == steps[step]),
                by,
                steps.window,
                value,
                **{name: cells[metric.key]},
            )
            for step, name in (("previous", "before"), ("year_before", "year"))
        ),
        _part(targets, by, targets.window, value, target=targets.target),
    ]
    stack = ibis.union(*parts)
    met = stack.aggregate(
        by=[*by, "window"], **{name: stack[name].max() for name in ("actual", "before", "year", "target")}
    )
    actual = met.actual.fill_null(ibis.literal(0).cast(value)) if zero else met.actual
    return met.select(
        *by,
        "window",
        actual=actual,
        target=met.target,
        attained=attainment(actual, met.target, metric.direction),
        on_previous=change_column(actual, met.before, metric.unit),
        on_year=change_column(actual, met.year, metric.unit),
    )


def _part(
    table: ir.Table, by: Sequence[str], window: ir.Column, value: object, **given: ir.Column
) -> ir.Table:
    """One side of the stack: its own column filled, the others null."""
    kinds = {"actual": value, "before": value, "year": value, "target": "decimal(18, 4)"}
    columns = {name: given[name] if name in given else ibis.null(kind) for name, kind in kinds.items()}
    return table.select(*(table[name] for name in by), window=window, **columns)
