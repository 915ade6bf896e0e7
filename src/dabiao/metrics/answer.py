"""The one way from metrics to numbers: by dimensions, in windows, within a scope, at a snapshot.

Pages, API, CLI and exports all ask here. Where the roll-ups can answer they do, else the facts; both are
the same expression, so both say the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

import pyarrow as pa

from dabiao.engine.metric import Measure, zero_without_facts
from dabiao.lake.placing import sql
from dabiao.lake.reading import Lake
from dabiao.metrics.compile import expression, facts_behind
from dabiao.metrics.plan import Plan, Shape, coverage, plan_for, plan_from_facts, reaches, told, unknown_of
from dabiao.metrics.request import WINDOW, BadMetricRequest, MetricRequest, Windows, metrics_of

__all__ = [
    "WINDOW",
    "BadMetricRequest",
    "MetricRequest",
    "Windows",
    "answer",
    "coverage",
    "facts",
    "last_days",
    "newest_facts",
    "rows",
    "total_of_facts",
    "without_facts",
]


def answer(
    lake: Lake, question: MetricRequest, *, windows: Windows, seats: Collection[int] | None
) -> pa.Table:
    """One row per combination of the dimensions that has facts: dimensions first, then metrics.

    seats: the seats whose facts count (0: facts of nobody); None: all of them.
    A sum or count of a source whose facts do not reach into a window is null ("no data"), not 0.
    Raises BadMetricRequest.
    """
    return _run(lake, plan_for(lake, question, seats=seats), windows)


def _run(lake: Lake, posed: Plan, windows: Windows) -> pa.Table:
    reached = told(lake, posed.shape, windows)
    return lake.run(_compiled(posed.shape), windows=windows.days, told=reached, **posed.small)


@lru_cache(maxsize=512)
def _compiled(shape: Shape) -> str:
    table, by = expression(shape), shape.by
    return sql(table.order_by([table[name].asc(nulls_first=False) for name in by]) if by else table)


def facts(
    lake: Lake,
    question: MetricRequest,
    each: Measure,
    *,
    windows: Windows,
    seats: Collection[int] | None,
    newest: int | None = None,
) -> tuple[int, pa.Table]:
    """How many facts of a measure stand behind the answer to a question, and those facts, the newest first.

    The rows are those that `answer` sums up, by the same expression; what splits the answer splits nothing here.
    returns: the table's columns, window, day, seat, unit, and credit_share where a fact is shared; `newest`: so
        many of them.
    Raises BadMetricRequest.
    """
    plan = plan_from_facts(lake, question, seats=seats)
    text, small = _compiled_facts(each, plan.shape), {"windows": windows.days, **plan.small}
    count = lake.run(f"SELECT count(*) AS n FROM ({text})", **small).column(0)[0].as_py()
    return int(count), lake.run(_ordered(text, newest), **small)


def newest_facts(
    lake: Lake,
    question: MetricRequest,
    each: Measure,
    *,
    windows: Windows,
    seats: Collection[int] | None,
    newest: int,
) -> pa.Table:
    """The newest of the facts that `facts` tells, where nobody asks how many there are. Raises BadMetricRequest."""
    plan = plan_from_facts(lake, question, seats=seats)
    text = _compiled_facts(each, plan.shape)
    return lake.run(_ordered(text, newest), windows=windows.days, **plan.small)


def _ordered(text: str, newest: int | None) -> str:
    ordered = f"{text} ORDER BY day DESC NULLS LAST, source, key"
    return ordered if newest is None else f"{ordered} LIMIT {newest}"


def last_days(
    lake: Lake, question: MetricRequest, each: Measure, *, windows: Windows, seats: Collection[int] | None
) -> pa.Table:
    """The last day of the facts that `facts` tells, for every combination of the question's dimensions that has any.

    returns: the dimensions, day. Raises BadMetricRequest.
    """
    plan = plan_from_facts(lake, question, seats=seats)
    by = ", ".join(f'"{name}"' for name in question.by)
    told = (
        f"SELECT {by}, max(day) AS day FROM ({_compiled_facts(each, plan.shape)}) GROUP BY ALL ORDER BY ALL"
    )
    return lake.run(told, windows=windows.days, **plan.small)


def total_of_facts(
    lake: Lake, question: MetricRequest, each: Measure, *, windows: Windows, seats: Collection[int] | None
) -> object:
    """What the facts that `facts` gives come to, all of them: the number itself, not from any roll-up."""
    alone = replace(question, metrics=(each.key,), by=())
    plan = plan_from_facts(lake, alone, seats=seats)
    return _run(lake, plan, windows)[each.key][0].as_py()


@lru_cache(maxsize=128)
def _compiled_facts(each: Measure, shape: Shape) -> str:
    return sql(facts_behind(each, shape))


def without_facts(lake: Lake, key: str, start: date, end: date) -> Decimal | None:
    """What a metric is in a window that has no fact of the scope: 0 for a sum or count of something that is
    recorded at that time, null ("no data") for everything else."""
    metric = metrics_of((key,))[0]
    if not isinstance(metric, Measure) or not zero_without_facts(metric) or unknown_of(lake, (metric,)):
        return None
    return Decimal(0) if reaches(lake, metric.source, start, end) else None


def rows(table: pa.Table) -> list[Mapping[str, object]]:
    """The answer as rows; sums are Decimal, ratios float, missing is None."""
    return list(table.to_pylist())
