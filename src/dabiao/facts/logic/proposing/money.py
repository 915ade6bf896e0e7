"""What an amount is counted in: 万 or yuan, which currency, percent."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.written import number_of
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.marks import mark_of
from dabiao.facts.logic.proposing.seen import Seen

PERCENT, AS_WRITTEN, LEFT_OUT = "percent", "written", "none"
"""How rates above 1 are read, as somebody says."""
ONE_BY_ONE: Final = "one"
"""The answer that figures are counted in nothing larger."""
_SHOWN: Final = 3
_COUNTED: Final = r"([十百千万]亿|百万|千万|十万|万|亿|千)"
_UNIT: Final = rf"{_COUNTED}\s*(?:元|人民币|美元|美金|欧元|英镑|日元|港元|港币)?"
_ABOVE: Final = re.compile(rf"单位\s*[:：]?\s*(?:人民币)?\s*{_UNIT}")
_TITLED: Final = re.compile(rf"[（(\[【]\s*(?:人民币)?\s*{_UNIT}\s*[)）\]】]")
"""In the name of a file or sheet or in a line above the table: 2026年销售目标（万元）."""
_PLAIN: Final = re.compile(
    r"[（(\[【]\s*(?:单位\s*[:：]?)?\s*(?:人民币)?\s*(?:元|yuan)\s*[)）\]】]$", re.IGNORECASE
)
"""金额（元） is in yuan, whatever stands above the table."""
_CURRENCIES: Final = {
    "美元": "USD", "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "港币": "HKD", "港元": "HKD", "人民币": "CNY", "元": "CNY",
    "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "", "￥": "", "rmb": "CNY",
}  # fmt: skip
"""¥ is a yuan or a yen: it names nothing."""
_CODE: Final = re.compile(r"^[A-Z]{3}$")
_NO_CURRENCY: Final = frozenset({"TAX", "VAT", "NET", "QTY", "SUM", "PCS", "AVG"})


def unit_of(seen: Seen, header: str, kind: str, asking: Asking) -> str | None:
    """The unit of a column: by its header, or by a line above the table."""
    if kind in {"money", "qty", "rate"} and (unit := unit_in(header)):
        return unit
    if kind == "money" and not is_plain(header) and (above := unit_above(seen)):
        asking.note(
            _("%(source)s: %(header)s is in %(unit)s, as stands above the table")
            % {"source": seen.name, "header": header, "unit": above}
        )
        return above
    return None


def unit_in(header: str) -> str:
    """The unit at the end of a header: 金额(万元), 金额万, 金额（万美元）."""
    found = re.search(rf"[（(\[【/]?\s*(?:人民币)?\s*{_UNIT}\s*[)）\]】]?$", header)
    return str(found.group(1)) if found else ""


def is_plain(header: str) -> bool:
    """Whether it says that what stands in it is counted one by one: 金额（元）."""
    return bool(_PLAIN.search(header))


def rate_of(seen: Seen, column: str, header: str, asking: Asking) -> str:
    """How a column of rates is read where some cell is above 1 and has no sign: PERCENT, AS_WRITTEN or LEFT_OUT.

    13 beside 13 % is a typing slip, 8.5 a discount of fifteen percent: which of them no cell tells. Empty: nothing to ask.
    """
    above = _above_one(seen, header)
    # A currency that is worth more than ours has no other reading.
    if seen.kind == "fx_rates" or not above.len():
        return ""
    shown = above.unique(maintain_order=True).head(_SHOWN).to_list()
    choices = [
        Choice(PERCENT, _("In per cent"), tuple(f"{text} → {text} %" for text in shown)),
        Choice(
            AS_WRITTEN,
            _("As written"),
            tuple(f"{text} → {_hundredfold(seen, text)} %" for text in shown),
        ),
        Choice(LEFT_OUT, _("Leave the column out"), (), _("it is mended in the file first")),
    ]
    told = {"source": seen.name, "header": header, "example": shown[0]}
    text = _("%(source)s: how is %(example)s in %(header)s meant?") % told
    evidence = _("%(count)s of %(all)s cells are above 1 and have no sign of per cent.") % {
        "count": above.len(), "all": seen.values(header).len(),
    }  # fmt: skip
    return asking.ask(f"{seen.name}.{column}", text, choices, evidence=evidence)


def counted_in(seen: Seen, figure: Decimal, units: Sequence[str], evidence: str, asking: Asking) -> str:
    """In what the figures of a sheet are counted, as somebody says; empty: as they stand.

    figure: one of them, of which every choice says what it would be; units: the likeliest first
    """
    called = {
        "k": _("thousands"), "万": _("ten thousands (万)"), "m": _("millions"), "亿": _("hundred millions (亿)"),
        "bn": _("billions"),
    }  # fmt: skip
    shown = f"{figure.normalize():,f}"
    choices = [
        Choice(unit, called[unit], (f"{shown} → {(figure * worth(unit)).normalize():,f}",)) for unit in units
    ]
    choices.append(Choice(ONE_BY_ONE, _("As they stand"), (f"{shown} → {shown}",)))
    text = _("%(source)s: in what are its figures counted?") % {"source": seen.name}
    said = asking.ask(f"{seen.name}.unit", text, choices, evidence=evidence)
    return "" if said == ONE_BY_ONE else said


def worth(unit: str) -> Decimal:
    """How many one of a unit is: 万 is 10,000."""
    return number_of(f"1{unit}")


def unit_above(seen: Seen) -> str | None:
    """The unit that a line above the table or a name in brackets names: 单位：万元, 销售目标（万元）."""
    found = _ABOVE.search(seen.called) or _TITLED.search(seen.called)
    return str(found.group(1)) if found else None


def currency_of(header: str) -> str | None:
    """The currency that a header names in brackets or at its end: 金额(美元), Amount (EUR), Total €."""
    for word in re.findall(r"[（(\[【]\s*([^)）\]】]+?)\s*[)）\]】]|([$€£]|\b[A-Z]{3})\s*$", header):
        said = re.sub(rf"^{_COUNTED}\s*(?=\D)", "", (word[0] or word[1]).strip())
        if code := _CURRENCIES.get(said.lower()):
            return code if code != "CNY" or said != "元" else None
        if _CODE.match(said) and said not in _NO_CURRENCY and word[0]:
            return str(said)
    return None


def exact(seen: Seen, header: str) -> pl.Series:
    """A column's amounts, one for each row."""
    return coerce.coerced(seen.rows[header], coerce.Cells("money", rounding=True, mark=mark_of(seen))).values


def _above_one(seen: Seen, header: str) -> pl.Series:
    """The cells of a column of rates that are above 1 and name no unit of their own, as they are written."""
    texts = seen.worked_out(header).cast(pl.String)
    how = coerce.Cells("rate", rounding=True, mark=mark_of(seen))
    above = coerce.coerced(texts, how).values > 1
    return texts.filter(above.fill_null(False) & ~texts.str.contains("[%％]"))


def _hundredfold(seen: Seen, text: str) -> str:
    how = coerce.Cells("rate", rounding=True, mark=mark_of(seen))
    value = coerce.coerced(pl.Series([text]), how).values[0]
    return f"{Decimal(value) * 100:f}".rstrip("0").rstrip(".")
