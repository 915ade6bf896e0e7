"""What the pages of this room call tables and states, in the reader's language."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dabiao.core.sentence import say
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.words import synonyms, words
from dabiao.lake import dictionary
from dabiao.metrics.labels import COLUMNS, TABLES, VALUES

ACTIVITIES: Final[Mapping[str, Promise]] = {
    "visit": pgettext_lazy("kind of activity", "Visit"),
    "call": pgettext_lazy("kind of activity", "Call"),
    "demo": pgettext_lazy("kind of activity", "Demo"),
    "proposal": pgettext_lazy("kind of activity", "Proposal"),
    "joint_visit": pgettext_lazy("kind of activity", "Joint visit"),
}
ASIDES: Final[Mapping[str, Promise]] = {
    "title": _("title rows"),
    "empty": _("empty rows"),
    "total": _("total rows"),
    "remark": _("remarks"),
    "column": _("empty columns"),
    "header": _("header rows"),
}
_UNLISTED: Final[Mapping[str, Promise]] = {
    "key": pgettext_lazy("column", "key"),
    "name": pgettext_lazy("column", "name"),
    "ends_on": pgettext_lazy("column", "day after the last"),
    "tier": pgettext_lazy("column", "tier"),
    "share": pgettext_lazy("column", "share"),
    "role": pgettext_lazy("column", "role"),
    "position": pgettext_lazy("column", "position"),
    "status": pgettext_lazy("column", "status"),
    "original_amount": pgettext_lazy("column", "amount in its own currency"),
    "original_amount_with_tax": pgettext_lazy("column", "amount with tax in its own currency"),
    "fx_rate": pgettext_lazy("column", "exchange rate"),
    "fx_per": pgettext_lazy("column", "units that the rate is for"),
    "fx_on": pgettext_lazy("column", "day of the rate"),
    "hired_on": pgettext_lazy("column", "day of entry"),
    "left_on": pgettext_lazy("column", "day of leaving"),
    "email": pgettext_lazy("column", "email"),
}
"""Columns that files seldom have, or for which no word is looked for."""
_CODED: Final = frozenset({"kind", "outcome", "severity", "sales_channel", "tier"})
"""Columns whose cells are codes that have names."""
KINDS: Final = (
    "order_lines", "opportunities", "contracts", "targets", "people", "units", "customers", "products", "receipts",
    "receivables", "invoices", "deliveries", "revenue", "leads", "activities", "expenses", "complaints",
    "fx_rates", "market",
)  # fmt: skip
"""What somebody can say that a sheet is, the most usual first: tables that a day and a few columns make.

What holds from one day to another is none: whether an end is the last day or the one after, only a mapping says.
"""


def kind(name: str) -> str:
    """What a sheet is taken for."""
    return str(_("— left out —")) if name == "nothing" else table(name)


def table(name: str) -> str:
    """A table's name; the key itself for one that has none."""
    return str(TABLES.get(name, name))


def column(into: str, name: str) -> str:
    """What Chinese files usually call a column of a table; nothing in other languages."""
    if not is_chinese():
        return ""
    if name in _UNLISTED:
        return str(_UNLISTED[name])
    listed = words()["market"]["columns"] if into == "market" else {}
    named = "line_of_products" if (into, name) == ("products", "line") else name
    usual = next((word for word in listed.get(name) or synonyms().get(named, []) if not word.isascii()), "")
    return usual or str(COLUMNS.get(name, ""))


def is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def cells(into: str, names: Sequence[str], row: Sequence[str]) -> tuple[str, ...]:
    """A row of a table as people write it: amounts with their thousands and without zeros behind, metrics by their names."""
    types = INTO[into].columns if into in INTO else {}
    return tuple(_cell(name, types.get(name, ""), cell) for name, cell in zip(names, row, strict=True))


def _cell(name: str, kind: str, cell: str) -> str:
    if kind in {"money", "qty", "rate"} and cell:
        whole = f"{Decimal(cell):,f}"
        return whole.rstrip("0").rstrip(".") if "." in whole else whole
    if name == "metric" and (known := dictionary.in_force().get(cell)):
        return say(known.label)
    return str(VALUES[cell]) if name in _CODED and cell in VALUES else cell


def tables(names: str) -> str:
    """`order_lines ← orders` with the table's name in words."""
    into, arrow, source = names.partition(" ← ")
    return f"{table(into)} ← {source}" if arrow else table(names)
