"""Which metrics the cockpit is about: the company's choice would go here; for now the first that have facts."""

from collections.abc import Iterable
from typing import Final

from dabiao.engine.metric import Metric, sources_of
from dabiao.lake import dictionary
from dabiao.lake.reading import Lake
from dabiao.performance import measuring

HEADLINES: Final = (
    "sales_amount",
    "contract_amount",
    "won_amount",
    "revenue_amount",
    "invoiced_amount",
    "received_amount",
    "won_deals",
    "delivered_amount",
    "new_opportunities",
    "leads",
    "visits",
    "filed_visits",
)
"""The first of these that has facts is what the cockpit is about: what was sold, else what is done for it."""


def headline(lake: Lake) -> str | None:
    """The metric that the cockpit is about; None while none of them has facts."""
    return next(iter(known(lake, HEADLINES)), None)


def known(lake: Lake, keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the metrics that are defined and have facts in this snapshot."""
    metrics = dictionary.in_force()
    return tuple(key for key in keys if key in metrics and has_facts(lake, metrics[key]))


def has_facts(lake: Lake, metric: Metric) -> bool:
    """Whether every table that the metric reads has facts."""
    return all(measuring.coverage(lake, source) is not None for source in sources_of([metric]))
