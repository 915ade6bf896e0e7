"""Names for keys: of people, customers, products. The lake holds keys only; names live in the app database."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.translation import get_language

from dabiao.core import room
from dabiao.org import queries as org

LABELLED: Final[Mapping[str, str]] = {
    "customer": "customer",
    "end_customer": "customer",
    "contract_party": "customer",
    "referrer": "customer",
    "dealer": "customer",
    "parent_customer": "customer",
    "product": "product",
    "competitor": "competitor",
    "campaign": "campaign",
    "product_line": "product_line",
    "segment": "product_line",
    "acquisition_channel": "acquisition_channel",
    "vendor": "vendor",
    "industry": "industry",
    "region": "region",
    "province": "province",
    "city": "city",
    "lost_reason": "lost_reason",
}
"""Column → the kind of label that names its keys."""
PEOPLE: Final = frozenset({"person", "signer", "companion", "entered_by"})


def is_named(column: str) -> bool:
    """Whether the keys of a column have names. Other text is a code and is shown as it is."""
    return column in PEOPLE or column in LABELLED or column == "unit"


def names(column: str, keys: Iterable[object]) -> Mapping[str, str]:
    """Key → name of the keys of a column, of those that have one. Rows must be in scope already."""
    wanted = {str(key) for key in keys if key}
    if column in PEOPLE:
        return org.people_names(wanted)
    if column == "unit":
        return {node.key: node.label(get_language() or "") for node in org.tree().nodes}
    kind = LABELLED.get(column)
    return labels(kind, wanted) if kind else {}


def labels(kind: str, keys: set[str]) -> Mapping[str, str]:
    """Key → name of one kind of thing, however many: SQLite takes 32,766 parameters at a time."""
    found: dict[str, str] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), 20_000):
        found |= room.names(kind, wanted[start : start + 20_000])
    return found
