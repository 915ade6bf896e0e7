"""Which metrics can be answered at all: those that are defined and have facts in a snapshot."""

from collections.abc import Iterable

from dabiao.engine.metric import Metric, sources_of
from dabiao.lake import dictionary
from dabiao.lake.reading import Lake
from dabiao.metrics import answer


def known(lake: Lake, keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the metrics that are defined and have facts in this snapshot."""
    metrics = dictionary.in_force()
    return tuple(key for key in keys if key in metrics and has_facts(lake, metrics[key]))


def has_facts(lake: Lake, metric: Metric) -> bool:
    """Whether every table that the metric reads has facts."""
    return all(answer.coverage(lake, source) is not None for source in sources_of([metric]))
