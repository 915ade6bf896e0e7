"""Sheets of the market: how much of a segment or region is sold by all, period by period."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import period_in_words
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing import days, money
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.columns import has_word, readable
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import likeness, words

_VERY: Final = 0.8
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_THOUSANDS: Final = {"k": r"thousands?|k", "m": r"millions?|mn|mm|m"}
_BILLIONS: Final = r"(?i)\b(?:billions?|bn|b)\b"
_COLUMNS: Final = ("size", "share", "growth", "figure_source")


def classify(seen: Seen, asking: Asking) -> bool:
    """Whether the sheet is one of the market; left out, and why, where it does not say until when or of how much."""
    found = columns_of(seen)
    if not {"period", "size"} <= set(found):
        return False
    formats = _formats(seen, found["period"], asking)
    starts = _days_of(seen, found["period"], formats).values()
    if "ends" not in found and any(day.day != 1 for day in starts):
        seen.why = _("its figures begin on days, and nothing says when they end")
    elif re.search(_BILLIONS, found["size"]):
        seen.why = _("%(header)s is in billions: write it in millions") % {"header": found["size"]}
    elif _is_foreign(seen, found["size"], asking):
        seen.why = _("%(header)s is in another currency than the company's") % {"header": found["size"]}
    else:
        seen.kind = "market"
        named = {"period": "period", "ends": "ends_on", "segment": "segment"}
        seen.chosen = {
            named.get(name, name): Guess("market", named.get(name, name), header, 0.95)
            for name, header in found.items()
            if name in named or name in _COLUMNS
        }
    return True


def columns_of(seen: Seen) -> dict[str, str]:
    """What the sheet says of the market → its header; nothing where it has what only facts of ours have."""
    known = words()["market"]
    if has_word(seen, words()["nothing"]) or any(likeness(h, known["never"]) >= _VERY for h in seen.headers):
        return {}
    listed = {**known["columns"]}
    if has_word(seen, known["called"]):
        listed["size"] = [*listed["size"], *known["sizes"]]
    found: dict[str, str] = {}
    for column, names in listed.items():
        fitting = [
            (likeness(_bare(header), names), header)
            for header in seen.headers
            if header not in found.values() and likeness(_bare(header), names) >= _VERY and _fits(seen, header, column)
        ]  # fmt: skip
        if fitting:
            found[column] = max(fitting, key=lambda each: each[0])[1]
    return found


def table(seen: Seen, asking: Asking) -> dict[str, Any]:
    """The table that it feeds."""
    found = columns_of(seen)
    formats = _formats(seen, found["period"], asking)
    period = {"from": found["period"], "formats": list(formats)} if formats else found["period"]
    columns: dict[str, Any] = {"period": period, **_ends(seen, found, formats, asking)}
    by = _by(seen, found, asking)
    if by:
        columns["segment"] = by[0] if len(by) == 1 else {"from": by}
    columns["size"] = _size(seen, found["size"], asking)
    for name in ("share", "growth"):
        if name in found:
            said = money.rate_of(seen, name, found[name], asking)
            if said != money.LEFT_OUT:
                columns[name] = {"from": found[name], "unit": "%"} if said == money.PERCENT else found[name]
    if "figure_source" in found:
        columns["figure_source"] = found["figure_source"]
    key = [*by, found["period"]]
    if not seen.is_unique(key) and "figure_source" in found:
        key.append(found["figure_source"])
    return {
        "into": "market",
        "from": seen.name,
        "key": key[0] if len(key) == 1 else key,
        "columns": columns,
    }


def _by(seen: Seen, found: dict[str, str], asking: Asking) -> list[str]:
    """The columns that say of what the figure is: the segment, else the region, or both where one alone is not enough."""
    by = [found[name] for name in ("segment", "place") if name in found]
    for header in by:
        if seen.is_unique([header, found["period"]]):
            return [header]
    if len(by) > 1:
        asking.note(
            _("%(source)s: the segments are %(headers)s together")
            % {"source": seen.name, "headers": " + ".join(by)}
        )
    return by


def _size(seen: Seen, header: str, asking: Asking) -> Any:  # noqa: ANN401  # a header or a rule
    unit = money.unit_of(seen, header, "money", asking)
    unit = unit or next(
        (unit for unit, way in _THOUSANDS.items() if re.search(rf"(?i)\b(?:{way})\b", header)), None
    )
    return {"from": header, "unit": unit} if unit else header


def _ends(seen: Seen, found: dict[str, str], formats: Sequence[str], asking: Asking) -> dict[str, Any]:
    """Until when the figures hold. A label of a period says it; a day does not."""
    if "ends" in found:
        return {"ends_on": _last_day(seen, found["ends"], asking)}
    texts = _days_of(seen, found["period"], formats)
    if not texts:
        return {}
    told = {"source": seen.name, "days": ", ".join(list(texts)[:3])}
    choices = [
        Choice("month", _("Of that month alone")),
        Choice("quarter", _("Of the quarter that begins then")),
        Choice("year", _("Of the year that begins then")),
    ]
    text = _("%(source)s: of what are the figures of %(days)s …?") % told
    months = _MONTHS[asking.ask(f"{seen.name}.length", text, choices)]
    ends = {text: _after(day, months).isoformat() for text, day in texts.items()}
    return {"ends_on": {"from": found["period"], "values": ends, "otherwise": "empty"}}


def _last_day(seen: Seen, header: str, asking: Asking) -> Any:  # noqa: ANN401  # a header or a rule
    """Whether the file says the last day, or the day after it."""
    formats = _formats(seen, header, asking)
    ends = _days_of(seen, header, formats).values()
    as_it_is = {"from": header, "formats": list(formats)} if formats else header
    inclusive = {**(as_it_is if isinstance(as_it_is, dict) else {"from": header}), "add_days": 1}
    if all((day + timedelta(days=1)).day == 1 for day in ends):
        return inclusive
    if all(day.day == 1 for day in ends):
        return as_it_is
    choices = [
        Choice("last", _("The last day"), (), _("the figure holds on it, too")),
        Choice("after", _("The day after the last"), (), _("the next figure may begin on it")),
    ]
    text = _("%(source)s: what is %(header)s?") % {"source": seen.name, "header": header}
    return inclusive if asking.ask(f"{seen.name}.ends", text, choices) == "last" else as_it_is


def _is_foreign(seen: Seen, header: str, asking: Asking) -> bool:
    """Whether it is said to be in another currency than ours, where the header names one."""
    code = money.currency_of(header)
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


def _fits(seen: Seen, header: str, column: str) -> bool:
    if not seen.values(header).len():
        return False
    if column == "period":
        return all(map(_is_label, _texts(seen, header))) or readable(seen, header, "date") == 1
    kinds = {"ends": "date", "size": "money", "share": "rate", "growth": "rate"}
    return column not in kinds or readable(seen, header, kinds[column]) >= _VERY


def _formats(seen: Seen, header: str, asking: Asking) -> tuple[str, ...]:
    """What its days are read by; labels of periods need nothing."""
    return () if all(map(_is_label, _texts(seen, header))) else days.decided(seen, header, (), asking)


def _texts(seen: Seen, header: str) -> list[str]:
    """The different cells as texts: 2026 of a spreadsheet is no 2026.0."""
    return coerce.words.to_text(seen.values(header)).values.unique(maintain_order=True).to_list()


def _is_label(text: str) -> bool:
    period = period_in_words(text, CALENDAR_YEAR, by_day=True)
    return period is not None and period.kind != "day"


def _days_of(seen: Seen, header: str, formats: Sequence[str] = ()) -> dict[str, date]:
    """The cells that are days and no labels of periods, as they are written."""
    texts = seen.values(header).unique(maintain_order=True)
    read = coerce.coerced(texts, coerce.Cells("date", formats=tuple(formats))).values
    pairs = zip(texts.cast(pl.String), read, coerce.words.to_text(texts).values, strict=True)
    return {
        text: day for text, day, plain in pairs if day and not (texts.dtype == pl.String and _is_label(plain))
    }


def _after(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 + months
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _bare(header: str) -> str:
    """Market size USD m is market size, and so is Market size, million."""
    return re.sub(
        r"(?i)[, ]+(?:in )?(?:usd|eur|cny|rmb|gbp|thousands?|millions?|mn|bn|billions?|[kmb])\b", "", header
    )
