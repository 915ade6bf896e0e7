"""By what metrics can be split, and targets narrowed: the names of `dabiao query --by`, and what people call them."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from dabiao.core.sentence import say
from dabiao.engine.dimension import OTHER_NAMES
from dabiao.engine.message import Message, message
from dabiao.engine.metric import Metric, measures_of
from dabiao.lake.tables import TABLES

NARROWING: Final = (
    "product_line", "category", "customer_type", "industry", "tier", "province", "city", "sales_channel",
    "acquisition_channel", "territory",
)  # fmt: skip
"""Dimensions that a target may be narrowed by. Units and people have targets of their own."""
_NEEDS: Final[Mapping[str, str]] = {
    "product_line": "product", "category": "product", "industry": "customer", "province": "customer",
    "city": "customer", "tier": "customer", "customer_type": "customer",
}  # fmt: skip


_TITLES: Final[Mapping[str, Message]] = {
    "product_line": message("Product line"),
    "category": message("Category"),
    "customer_type": message("Customer type"),
    "industry": message("Industry"),
    "tier": message("Customer tier"),
    "province": message("Province"),
    "city": message("City"),
    "sales_channel": message("Sales channel"),
    "acquisition_channel": message("Acquisition channel"),
    "territory": message("Sales territory"),
}


def is_nobodys(metric: Metric) -> bool:
    """Whether it is made of figures of the market, which belong to no unit, to nobody and to no customer: they exist as
    a whole alone, and a ratio to them for whole scopes."""
    return any(each.source.spread is not None for each in measures_of(metric))


def can_split(metric: Metric, name: str) -> bool:
    """Whether every table that the metric reads has the column, or the one that leads to it, and says it of its facts."""
    if is_nobodys(metric):
        return False
    tables = [TABLES[each.source.table].names for each in measures_of(metric)]
    return all(name in columns or _NEEDS.get(name, name) in columns for columns in tables)


def named(said: str) -> str | None:
    """The dimension that a target is to be narrowed by, from its key, another name of it, or its title in any language;
    None: there is none of that name."""
    bare = said.strip().casefold().replace(" ", "_")
    key = OTHER_NAMES.get(bare, bare)
    if key in NARROWING:
        return key
    codes = [code for code, _name in settings.LANGUAGES]
    titles = {
        say(title(name), code).casefold().replace(" ", "_"): name for name in NARROWING for code in codes
    }
    return titles.get(bare)


def title(name: str) -> Message:
    """What a dimension of `NARROWING` is called, in whichever language."""
    return _TITLES[name]


def label(name: str) -> str:
    """What it is called in the reader's language."""
    return say(_TITLES[name])


def unknown(said: str) -> str:
    """That no target can be narrowed by this, and by what they can."""
    return _("A target cannot be narrowed by %(said)s; it can by %(known)s.") % {
        "said": said,
        "known": ", ".join(NARROWING),
    }
