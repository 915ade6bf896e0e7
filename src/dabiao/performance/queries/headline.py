"""Which metrics the cockpit is about: the company's choice would go here; for now the first that have facts."""

from typing import Final

from dabiao.lake.reading import Lake
from dabiao.metrics.available import known

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
