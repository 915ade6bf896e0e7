"""In what the figures of the market are counted, and in which currency."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import money
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.market.sheet import BRACKETS
from dabiao.facts.logic.proposing.seen import Rule, Seen

_WORDED: Final = {"k": r"thousands?|k", "m": r"millions?|mn|mm|m", "bn": r"billions?|bn|b"}
_SHOWN: Final = 3
_SMALL: Final = 10_000
"""A market below that is counted in more than single yuan, dollars or euros."""


def rule(seen: Seen, source: str, headers: Sequence[str], asking: Asking) -> Rule:
    """headers: where the figures stand, of which one or all say in what they are counted; else it may be asked."""
    units = {money.unit_in(header) or _worded(header) for header in headers} - {""}
    unit = units.pop() if len(units) == 1 else ""
    if not unit and not any(map(money.is_plain, headers)):
        unit = _called_in(seen, headers, asking)
    return {"from": source, "unit": unit} if unit else source


def is_foreign(seen: Seen, texts: Sequence[str], asking: Asking) -> bool:
    """Whether it is said to be in another currency than ours, where a header or a name of the sheet says one."""
    code = next((code for text in texts if (code := money.currency_of(_unworded(text)))), "")
    if not code:
        return False
    choices = [
        Choice("own", _("It is the company's currency")),
        Choice("other", _("It is another one"), (), _("the sheet is left out")),
    ]
    text = _("%(source)s: is %(code)s the currency that the company counts in?") % {
        "source": seen.name, "code": code,
    }  # fmt: skip
    evidence = _("Figures of the market are kept in it and not converted.")
    return asking.ask(f"{seen.name}.currency", text, choices, evidence=evidence) == "other"


def _called_in(seen: Seen, headers: Sequence[str], asking: Asking) -> str:
    """The unit that stands above the table or in its name; asked where nothing says it and the figures are small."""
    named = [*BRACKETS.findall(seen.called), *re.findall(r"(?i)\bin [a-z ]+", seen.called)]
    unit = money.unit_above(seen) or next((unit for name in named if (unit := _worded(name))), "")
    if unit:
        asking.note(
            _("%(source)s: %(header)s is in %(unit)s, as stands above the table")
            % {"source": seen.name, "header": ", ".join(headers[:_SHOWN]), "unit": unit}
        )
        return unit
    figures = [value for header in headers for value in money.exact(seen, header).drop_nulls()]
    largest = max(figures, default=Decimal(0))
    if largest >= _SMALL or any(money.currency_of(_unworded(header)) for header in headers):
        return ""
    units = ["万", "亿", "m", "bn"]
    if not any(re.search("[\u4e00-\u9fff]", text) for text in (*seen.headers, seen.called)):
        units = units[2:] + units[:2]
    told = {"shown": f"{largest.normalize():f}"}
    evidence = _("The largest is %(shown)s, and nothing says in what it is counted.") % told
    return money.counted_in(seen, largest, units, evidence, asking)


def _worded(text: str) -> str:
    """k, m or bn, as English words say it: Market size (USD bn)."""
    return next((unit for unit, way in _WORDED.items() if re.search(rf"(?i)\b(?:{way})\b", text)), "")


def _unworded(text: str) -> str:
    """Market size (USD bn) as (USD)."""
    ways = "|".join(_WORDED.values())
    return re.sub(rf"(?i)\s*\b(?:{ways})\b\s*", "", text)
