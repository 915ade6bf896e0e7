"""Which metrics can be answered at all: those that are defined and have facts in a snapshot."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from dabiao.engine.metric import Metric, sources_of
from dabiao.engine.period import Period
from dabiao.lake import dictionary
from dabiao.lake.reading import Lake
from dabiao.metrics import answer


def known(lake: Lake, keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the metrics that are defined and have facts in this snapshot."""
    metrics = dictionary.in_force()
    return tuple(key for key in keys if key in metrics and has_facts(lake, metrics[key]))


MISSED: Final = 10
"""Facts that begin later than a tenth of a period into it do not tell of that period."""


def has_facts(lake: Lake, metric: Metric) -> bool:
    """Whether every table that the metric reads has facts."""
    return all(answer.coverage(lake, source) is not None for source in sources_of([metric]))


def first_fact(lake: Lake, metric: Metric) -> date | None:
    """The first day of which the company has facts of all that a metric is made of; None where there are none."""
    return max((first for first, _last in _spans(lake, metric)), default=None)


def last_fact(lake: Lake, metric: Metric) -> date | None:
    """The last day of which the company has facts of all that a metric is made of; None where there are none."""
    return min((last for _first, last in _spans(lake, metric)), default=None)


def _spans(lake: Lake, metric: Metric) -> list[tuple[date, date]]:
    """First and last day of each dated source that has facts."""
    dated = [source for source in sources_of([metric]) if source.on]
    return [span for source in dated if (span := answer.coverage(lake, source))]


def begins(lake: Lake, metric: Metric, period: Period) -> date | None:
    """The first day of which the company has facts of a metric, where so much of the period lies before it that what
    was reached says little of what was promised; None where they reach back far enough, or there are none in it."""
    first = first_fact(lake, metric)
    if first is None:
        return None
    missed, length = (first - period.start).days, (period.end - period.start).days
    return first if first < period.end and missed * MISSED > length else None
