"""A scoreboard of many at once: what each reached, of what target, and how it changed, as one query over the lake.

For tables that are too big for pages: every person by category and month. One statement is compiled per shape;
periods, targets and the scope come in as tables, as everywhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ibis
import pyarrow as pa

from dabiao.engine.metric import zero_without_facts
from dabiao.engine.period import Fiscal, Period
from dabiao.engine.scoreboard import STEPS, scoreboard
from dabiao.lake.placing import sql
from dabiao.lake.reading import Lake
from dabiao.metrics.compile import TOLD, expression
from dabiao.metrics.plan import Shape, plan_for, told
from dabiao.metrics.request import WINDOW, BadMetricRequest, MetricRequest, Windows

TARGET = pa.decimal128(18, 4)


@dataclass(frozen=True)
class Step:
    """A period that is shown, and the ones it is compared with; None: with none."""

    now: Period
    previous: Period | None = None
    year_before: Period | None = None


def closed(fiscal: Fiscal, periods: Iterable[Period]) -> tuple[Step, ...]:
    """Whole periods, each against the one before it and the same one a year before."""
    return tuple(Step(each, fiscal.previous(each), fiscal.year_before(each)) for each in periods)


def score(
    lake: Lake,
    question: MetricRequest,
    *,
    steps: Sequence[Step],
    targets: pa.Table,
    seats: Collection[int] | None,
) -> pa.Table:
    """One row per combination of the dimensions and shown period that has an actual, a target or something earlier.

    question: one metric; `by` holds `window`, which becomes the label of the period
    targets:  the dimensions asked for, `window` (a shown period's label), target (decimal(18, 4)); a missing
              dimension is null
    seats:    as in `measuring.answer`
    returns:  by…, window, actual, target, attained (1.0 = 100 %), on_previous, on_year (relative; for ratios in
              percentage points), in no order. Raises BadMetricRequest.
    """
    if len(question.metrics) != 1 or WINDOW not in question.by:
        raise BadMetricRequest("A scoreboard is of one metric, by window.")
    posed = plan_for(lake, question, seats=seats)
    windows = {each.label: each for step in steps for each in _periods(step)}
    ranges = Windows(tuple((label, each.start, each.end) for label, each in windows.items()))
    return lake.run(
        _compiled(posed.shape),
        windows=ranges.days,
        told=told(lake, posed.shape, ranges),
        steps=_steps(steps),
        promises=targets,
        **posed.small,
    )


@lru_cache(maxsize=64)
def _compiled(shape: Shape) -> str:
    cells = expression(shape)
    by = [name for name in shape.by if name != WINDOW]
    kinds = {name: str(cells[name].type()) for name in by}
    promises = ibis.table({**kinds, WINDOW: "string", "target": "decimal(18, 4)"}, name="promises")
    metric = shape.metrics[0]
    steps = ibis.table(STEPS, name="steps")
    zero = ibis.table(TOLD, name="told").select(WINDOW) if zero_without_facts(metric) else None
    return sql(scoreboard(cells, promises, steps, metric=metric, by=by, zero=zero))


def _steps(steps: Sequence[Step]) -> pa.Table:
    rows = [
        {
            "window": step.now.label,
            "previous": step.previous and step.previous.label,
            "year_before": step.year_before and step.year_before.label,
        }
        for step in steps
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in STEPS]))


def _periods(step: Step) -> Iterable[Period]:
    return (each for each in (step.now, step.previous, step.year_before) if each is not None)
