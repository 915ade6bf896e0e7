"""What an amount is counted in: 万 or yuan, which currency, percent."""

import re
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.proposing.marks import mark_of
from dabiao.facts.logic.proposing.seen import Seen

_UNIT: Final = r"(百万|千万|十万|万|亿|千)\s*元?"
_ABOVE: Final = re.compile(rf"单位\s*[:：]?\s*(?:人民币)?\s*{_UNIT}")
_CURRENCIES: Final = {
    "美元": "USD", "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "港币": "HKD", "港元": "HKD", "人民币": "CNY", "元": "CNY",
    "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "", "￥": "", "rmb": "CNY",
}  # fmt: skip
"""¥ is a yuan or a yen: it names nothing."""
_CODE: Final = re.compile(r"^[A-Z]{3}$")
_NO_CURRENCY: Final = frozenset({"TAX", "VAT", "NET", "QTY", "SUM", "PCS", "AVG"})


def unit_of(seen: Seen, header: str, kind: str, asking: Asking) -> str | None:
    """The unit of a column: by its header, by a line above the table, or percent for rates above one."""
    if kind in {"money", "qty", "rate"} and (
        found := re.search(rf"[（(\[【/]?\s*{_UNIT}\s*[)）\]】]?$", header)
    ):
        return found.group(1)
    if kind == "money" and (above := unit_above(seen)):
        asking.note(
            _("%(source)s: %(header)s is in %(unit)s, as stands above the table")
            % {"source": seen.name, "header": header, "unit": above}
        )
        return above
    if kind == "rate" and _looks_like_percent(seen, header):
        return "%"
    return None


def unit_above(seen: Seen) -> str | None:
    """The unit that a line above the table names: 单位：万元."""
    found = _ABOVE.search(seen.called)
    return str(found.group(1)) if found else None


def currency_of(header: str) -> str | None:
    """The currency that a header names in brackets or at its end: 金额(美元), Amount (EUR), Total €."""
    for word in re.findall(r"[（(\[【]\s*([^)）\]】]+?)\s*[)）\]】]|([$€£]|\b[A-Z]{3})\s*$", header):
        said = (word[0] or word[1]).strip()
        if code := _CURRENCIES.get(said.lower()):
            return code if code != "CNY" or said != "元" else None
        if _CODE.match(said) and said not in _NO_CURRENCY and word[0]:
            return str(said)
    return None


def exact(seen: Seen, header: str) -> pl.Series:
    """A column's amounts, one for each row."""
    return coerce.coerced(seen.rows[header], coerce.Cells("money", rounding=True, mark=mark_of(seen))).values


def _looks_like_percent(seen: Seen, header: str) -> bool:
    """Rates above 1 without a sign are percent: 13 means 13 %."""
    values = seen.values(header)
    how = coerce.Cells("rate", rounding=True, mark=mark_of(seen))
    got = coerce.coerced(values, how).values.drop_nulls()
    return got.len() > 0 and bool((got > 1).any()) and not values.cast(pl.String).str.contains("[%％]").any()
