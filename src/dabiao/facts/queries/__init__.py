"""Reads of this room: imports, what the lake holds, names of things, what has been entered by hand."""

from dabiao.facts.queries.by_hand import ENTERED, HAND, HandEntry, entered, hand_entry
from dabiao.facts.queries.former import former
from dabiao.facts.queries.known import customers_called, customers_known, customers_of, open_opportunities
from dabiao.facts.queries.loaded import (
    Held,
    batch,
    batches,
    connectors,
    failure,
    has_facts,
    held,
    job_of,
    labels,
    labels_holding,
    mappings,
)
from dabiao.facts.queries.sold import sold_a_month

__all__ = [
    "ENTERED",
    "HAND",
    "HandEntry",
    "Held",
    "batch",
    "batches",
    "connectors",
    "customers_called",
    "customers_known",
    "customers_of",
    "entered",
    "failure",
    "former",
    "hand_entry",
    "has_facts",
    "held",
    "job_of",
    "labels",
    "labels_holding",
    "mappings",
    "open_opportunities",
    "sold_a_month",
]
