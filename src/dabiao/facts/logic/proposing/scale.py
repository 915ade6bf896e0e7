"""Targets that do not say in what they are counted, held against what is sold: far below it they are asked about."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import days, money, targets
from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.proposing.periods import Part
from dabiao.facts.logic.proposing.seen import Seen

_FAR: Final = 300
"""So many times what is promised is no more a company that sells well: 40 beside a million stands for 40 万."""
_LEVELS: Final = ("base", "target", "challenge")
_MONEY: Final = frozenset({"sales_amount", "received_amount", "contract_amount"})
_MONTHS: Final = {"Q": 3, "H": 6}


def monthly(sheets: Iterable[tuple[Seen, Mapping[str, Any]]]) -> Decimal | None:
    """What the order sheets of an upload come to in a month with orders; None where they do not say."""
    total, months = Decimal(0), set[tuple[int, int]]()
    for seen, entry in sheets:
        amount, on = _rule(entry, "amount"), _rule(entry, "ordered_on")
        if amount is None or on is None or not seen.rows.height:
            continue
        found = money.exact(seen, amount[0]).drop_nulls()
        total += (
            sum(found, Decimal(0))
            * (money.worth(amount[1]) if amount[1] else 1)
            * seen.count
            / seen.rows.height
        )
        months |= {(day.year, day.month) for day in days.read(seen, on[0])}
    return total / len(months) if months and total > 0 else None


def settle(seen: Seen, entry: Mapping[str, Any], sold: Decimal | None, asking: Asking) -> None:
    """Put the unit into the rules of a target sheet's amounts, as somebody says. sold: what a month brings, if that is known."""
    columns: dict[str, Any] = entry["columns"]
    metric = columns.get("metric")
    rules = {name: rule for name in _LEVELS if (rule := _rule(entry, name))}
    waiting = {f"{seen.name}.{name}" for name in ("kind", *_LEVELS)}
    if (
        sold is None
        or waiting & {question.key for question in asking.open}  # nobody knows yet where the amounts stand
        or not isinstance(metric, dict)
        or metric.get("constant") not in _MONEY
        or any(unit for _header, unit in rules.values())
    ):
        return
    wide = targets.periods_of(seen)
    headers = [*wide] if wide else [header for header, _unit in rules.values()]
    if not headers or any(money.is_plain(header) or money.currency_of(header) for header in headers):
        return
    promised = _of_a_month(seen, headers, wide)
    if promised is None or promised * _FAR > sold:
        return
    if said := _asked(seen, headers, promised, sold, asking):
        for name in rules:
            rule = columns[name]
            columns[name] = {**(rule if isinstance(rule, dict) else {"from": rule}), "unit": said}


def _of_a_month(seen: Seen, headers: Sequence[str], wide: Mapping[str, Part]) -> Decimal | None:
    """What the sheet promises in a usual month, roughly: how long each target holds is not asked for here."""
    if wide:
        sums = [_sum(seen, header) / _length(wide[header]) for header in headers]
        return median(filled) if (filled := [each for each in sums if each > 0]) else None
    named = next((seen.chosen[name].header for name in ("period", "starts_on") if name in seen.chosen), None)
    spans = seen.values(named).n_unique() if named in seen.headers else 1
    found = max((_sum(seen, header) for header in headers), default=Decimal(0))
    return found / max(spans, 1) if found > 0 else None


def _length(part: Part) -> int:
    return 12 if not part[1] else _MONTHS.get(part[1][0], 1)


def _sum(seen: Seen, header: str) -> Decimal:
    return sum(money.exact(seen, header).drop_nulls(), Decimal(0))


def _asked(seen: Seen, headers: Sequence[str], promised: Decimal, sold: Decimal, asking: Asking) -> str:
    """The unit, or nothing; what brings targets nearest to what is sold stands first."""
    figure = next(value for header in headers for value in money.exact(seen, header).drop_nulls())
    units = sorted(("k", "万", "m"), key=lambda unit: abs(promised * money.worth(unit) / sold - 1))
    told = {"promised": f"{promised:,.0f}", "sold": f"{sold:,.0f}"}
    evidence = _("They come to about %(promised)s in a month, and about %(sold)s is sold.") % told
    return money.counted_in(seen, figure, units, evidence, asking)


def _rule(entry: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """The one header that a column is read from, and its unit."""
    rule = entry["columns"].get(name)
    if isinstance(rule, str):
        return rule, ""
    if isinstance(rule, dict) and isinstance(rule.get("from"), str):
        return rule["from"], str(rule.get("unit") or "")
    return None
