"""Of when the figures of the market are: from when, and until when."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import is_full_day
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing import days, periods
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.market.sheet import are_labels, is_label, texts_of, whens_of
from dabiao.facts.logic.proposing.seen import Rule, Seen

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def begins(seen: Seen, found: Mapping[str, str], formats: Sequence[str], asking: Asking) -> Rule:
    """A header or a rule: periods that name no year are those of the sheet's."""
    whens = whens_of(found)
    if not whens:
        asking.note(
            _("%(source)s: the figures are those of %(year)s, as it is called")
            % {"source": seen.name, "year": found["year"]}
        )
        return {"constant": found["year"]}
    parts = periods.parts_in(seen, whens)
    if parts and (len(whens) > 1 or not all(year for year, _rest in parts.values())):
        year = periods.year_of(seen, parts, asking)
        labels = {cell: periods.label(part, year) for cell, part in parts.items()}
        return {"from": whens if len(whens) > 1 else whens[0], "values": labels}
    return {"from": whens[0], "formats": list(formats)} if formats else whens[0]


def ends_nowhere(seen: Seen, found: Mapping[str, str], asking: Asking) -> bool:
    if "ends" in found or "period" not in found:
        return False
    starts = _days_of(seen, found["period"], formats_of(seen, found, asking)).values()
    return any(day.day != 1 for day in starts)


def formats_of(seen: Seen, found: Mapping[str, str], asking: Asking) -> tuple[str, ...]:
    """What its days are read by; labels of periods need nothing."""
    if "period" not in found or "part" in found or are_labels(seen, found["period"]):
        return ()
    days_ = [text for text in texts_of(seen, found["period"]) if not is_full_day(text)]
    if days_ and periods.parts_in(seen, [found["period"]]):
        return ()
    return days.decided(seen, found["period"], (), asking)


def ends(seen: Seen, found: Mapping[str, str], formats: Sequence[str], asking: Asking) -> dict[str, Any]:
    """Until when the figures hold. A label of a period says it; a day does not."""
    if "ends" in found:
        return {"ends_on": _last_day(seen, found["ends"], asking)}
    if "period" not in found or "part" in found:
        return {}
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
    until = {text: _after(day, months).isoformat() for text, day in texts.items()}
    return {"ends_on": {"from": found["period"], "values": until, "otherwise": "empty"}}


def _last_day(seen: Seen, header: str, asking: Asking) -> Rule:
    """Whether the file says the last day, or the day after it."""
    formats = days.decided(seen, header, (), asking)
    said = _days_of(seen, header, formats).values()
    as_it_is = {"from": header, "formats": list(formats)} if formats else header
    inclusive = {**(as_it_is if isinstance(as_it_is, dict) else {"from": header}), "add_days": 1}
    if all((day + timedelta(days=1)).day == 1 for day in said):
        return inclusive
    if all(day.day == 1 for day in said):
        return as_it_is
    choices = [
        Choice("last", _("The last day"), (), _("the figure holds on it, too")),
        Choice("after", _("The day after the last"), (), _("the next figure may begin on it")),
    ]
    text = _("%(source)s: what is %(header)s?") % {"source": seen.name, "header": header}
    return inclusive if asking.ask(f"{seen.name}.ends", text, choices) == "last" else as_it_is


def _days_of(seen: Seen, header: str, formats: Sequence[str] = ()) -> dict[str, date]:
    """The cells that are days and no labels of periods, as they are written."""
    texts = seen.values(header).unique(maintain_order=True)
    read = coerce.coerced(texts, coerce.Cells("date", formats=tuple(formats))).values
    pairs = zip(texts.cast(pl.String), read, coerce.words.to_text(texts).values, strict=True)
    return {
        text: day for text, day, plain in pairs if day and not (texts.dtype == pl.String and is_label(plain))
    }


def _after(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 + months
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
