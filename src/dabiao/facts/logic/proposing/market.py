"""Sheets of the market: how much of a segment or region is sold by all, period by period."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import is_full_day, period_in_words
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing import days, money, periods
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.columns import has_word, readable
from dabiao.facts.logic.proposing.periods import PERIOD, Part
from dabiao.facts.logic.proposing.seen import Guess, Rule, Seen
from dabiao.facts.logic.words import likeness, plain, words

SIZE: Final = "市场规模"
"""What the column is called that the figures of a wide sheet are turned into."""
_VERY: Final = 0.8
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_WORDED: Final = {"k": r"thousands?|k", "m": r"millions?|mn|mm|m", "bn": r"billions?|bn|b"}
_COLUMNS: Final = ("size", "share", "growth", "figure_source")
_BRACKETS: Final = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
_ESTIMATED: Final = re.compile(r"(?i)(?<=\d)\s*[ef]$|预测|预计|预估|估计|forecast|estimated?")
"""What says that a figure is of the future: 2026E."""
_SHOWN: Final = 3
_SMALL: Final = 10_000
"""A market below that is counted in more than single yuan, dollars or euros."""


def classify(seen: Seen, asking: Asking) -> bool:
    """Whether the sheet is one of the market; left out, and why, where it does not say until when."""
    found = columns_of(seen)
    if not _has_all(found) and not across(seen):
        return False
    if _has_all(found) and _ends_nowhere(seen, found, asking):
        seen.why = _(
            "its figures begin on days, and nothing says when they end: add a column of the last days, or write 2026-Q1"
        )
    elif _is_foreign(seen, _sized(seen, found), asking):
        seen.why = _("%(header)s is in another currency than the company's") % {
            "header": _sized(seen, found)[0]
        }
    else:
        seen.kind = "market"
        named = {"period": "period", "ends": "ends_on", "segment": "segment"}
        seen.chosen = {
            named.get(name, name): Guess("market", named.get(name, name), header, 0.95)
            for name, header in found.items()
            if name in named or name in _COLUMNS
        }
    return True


def explain(seen: Seen) -> None:
    """Why a sheet that is called after the market, or has a column of its size, is left out: what it lacks, and the mend."""
    known = words()["market"]
    if _is_another(seen):
        return
    sized = [h for h in seen.headers if likeness(_bare(h), known["columns"]["size"]) >= _VERY]
    if not sized and not has_word(seen, [*known["called"], *known["about"]]):
        return
    found = columns_of(seen)
    whens = [h for h in seen.headers if likeness(_bare(h), known["columns"]["period"]) >= _VERY]
    if "size" not in found and sized:
        seen.why = _("not every cell of %(header)s is a number") % {"header": sized[0]}
    elif "size" not in found:
        seen.why = _(
            "it is called after the market, and no column of figures is its size: call one 市场规模 or market size, or name a "
            "column after each period (2026-Q1)"
        )
    elif whens:
        told = {"header": whens[0], "cell": periods.strange(seen, whens[0])}
        seen.why = _("%(cell)s in %(header)s is no period: write 2026, 2026-Q1 or 2026-03") % told
    else:
        seen.why = _(
            "nothing says of when its figures are: add a column 期间 or period with 2026, 2026-Q1 or 2026-03, or name "
            "the year in the file's name"
        )


def across(seen: Seen) -> dict[str, Part]:
    """Header → period, of a sheet of the market that has a column for each."""
    known = words()["market"]
    if _is_another(seen) or has_word(seen, words()["wide"]["aims"]):
        return {}
    found = periods.across(seen, _bare_period)
    listed = known["columns"]["size"]
    named = has_word(seen, known["called"]) or (
        found and all(any(plain(word) in plain(h) for word in listed) for h in found)
    )
    return found if named and all(readable(seen, h, "money") >= _VERY for h in found) else {}


def columns_of(seen: Seen) -> dict[str, str]:
    """What the sheet says of the market → its header; nothing where it has what only facts of ours have.

    part: the quarter or month, where the period is the year alone.
    """
    known = words()["market"]
    if _is_another(seen):
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
    return {**found, **_year_apart(seen, found), **_as_called(seen, found)}


def _year_apart(seen: Seen, found: Mapping[str, str]) -> dict[str, str]:
    """The year and what of it, where two columns say them: 2026 in one, Q1 in the other."""
    if "period" not in found:
        return {}
    listed = words()["market"]["columns"]["period"]
    others = [h for h in seen.headers if h not in found.values() and likeness(_bare(h), listed) >= _VERY]
    for other in others:
        both = [found["period"], other]
        parts = periods.parts_in(seen, both)
        if parts and all(year and rest for year, rest in parts.values()):
            own = periods.parts_in(seen, both[:1]) or {}
            year, part = both if all(year for year, _rest in own.values()) and own else both[::-1]
            return {"period": year, "part": part}
    return {}


def _as_called(seen: Seen, found: Mapping[str, str]) -> dict[str, str]:
    """year: the period that the file, the sheet or a line above names, where no column is one: 2026年市场规模."""
    listed = words()["market"]["columns"]["period"]
    if (
        "period" in found
        or "size" not in found
        or any(likeness(_bare(h), listed) >= _VERY for h in seen.headers)
    ):
        return {}
    by = [found[name] for name in ("segment", "place") if name in found]
    told_apart = seen.is_unique(by) if by else seen.rows.height == 1
    named = periods.period_named(seen)
    return {"year": named} if named and told_apart else {}


def table(seen: Seen, asking: Asking) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the source's `unpivot` is, where there is a column for each period, and the table that it feeds."""
    found = columns_of(seen)
    turned = {} if _has_all(found) else across(seen)
    if turned:
        return _wide(seen, found, turned, asking)
    formats = _formats(seen, found, asking)
    when = _when(found)
    columns: dict[str, Any] = {
        "period": _period(seen, found, formats, asking),
        **_ends(seen, found, formats, asking),
    }
    by = _by(seen, found, when, asking)
    columns |= _segment(by)
    columns["size"] = _size(seen, found["size"], [found["size"]], asking)
    for name in ("share", "growth"):
        if name in found:
            said = money.rate_of(seen, name, found[name], asking)
            if said != money.LEFT_OUT:
                columns[name] = {"from": found[name], "unit": "%"} if said == money.PERCENT else found[name]
    if "figure_source" in found:
        columns["figure_source"] = found["figure_source"]
    key = [*by, *when]
    if when and not seen.is_unique(key) and "figure_source" in found:
        key.append(found["figure_source"])
    return None, {"into": "market", "from": seen.name, **_keyed(key if when else []), "columns": columns}


def _wide(
    seen: Seen, found: Mapping[str, str], turned: Mapping[str, Part], asking: Asking
) -> tuple[dict[str, Any], dict[str, Any]]:
    year = periods.year_of(seen, turned, asking)
    labels = {header: periods.label(part, year) for header, part in turned.items()}
    if estimated := [header for header in turned if _ESTIMATED.search(header)]:
        asking.note(
            _("%(source)s: %(headers)s are estimates and are read as figures")
            % {"source": seen.name, "headers": ", ".join(estimated)}
        )
    by = _by(seen, found, [], asking)
    size = _size(seen, SIZE, list(turned), asking)
    columns = {"period": PERIOD, **_segment(by), "size": size}
    if "figure_source" in found:
        columns["figure_source"] = found["figure_source"]
    unpivot = {"columns": labels, "name": PERIOD, "value": SIZE}
    entry = {"into": "market", "from": seen.name, **_keyed([*by, PERIOD]), "columns": columns}
    return unpivot, entry


def _keyed(key: Sequence[str]) -> dict[str, Any]:
    """Without a column of periods the sheet replaces what was said of its own year before."""
    if not key:
        return {"key": "generated", "mode": "replace"}
    return {"key": key[0] if len(key) == 1 else list(key)}


def _segment(by: Sequence[str]) -> dict[str, Any]:
    return {"segment": by[0] if len(by) == 1 else {"from": list(by)}} if by else {}


def _has_all(found: Mapping[str, str]) -> bool:
    return "size" in found and ("period" in found or "year" in found)


def _when(found: Mapping[str, str]) -> list[str]:
    """The columns that say of when the figures are."""
    return [found[name] for name in ("period", "part") if name in found]


def _period(seen: Seen, found: Mapping[str, str], formats: Sequence[str], asking: Asking) -> Rule:
    """A header or a rule: periods that name no year are those of the sheet's."""
    when = _when(found)
    if not when:
        asking.note(
            _("%(source)s: the figures are those of %(year)s, as it is called")
            % {"source": seen.name, "year": found["year"]}
        )
        return {"constant": found["year"]}
    parts = periods.parts_in(seen, when)
    if parts and (len(when) > 1 or not all(year for year, _rest in parts.values())):
        year = periods.year_of(seen, parts, asking)
        labels = {cell: periods.label(part, year) for cell, part in parts.items()}
        return {"from": when if len(when) > 1 else when[0], "values": labels}
    return {"from": when[0], "formats": list(formats)} if formats else when[0]


def _ends_nowhere(seen: Seen, found: Mapping[str, str], asking: Asking) -> bool:
    if "ends" in found or "period" not in found:
        return False
    starts = _days_of(seen, found["period"], _formats(seen, found, asking)).values()
    return any(day.day != 1 for day in starts)


def _is_another(seen: Seen) -> bool:
    """It has what only facts of ours have, or is called after what is never loaded."""
    never = words()["market"]["never"]
    return has_word(seen, words()["nothing"]) or any(likeness(h, never) >= _VERY for h in seen.headers)


def _by(seen: Seen, found: Mapping[str, str], when: Sequence[str], asking: Asking) -> list[str]:
    """The columns that say of what the figure is: the segment, else the region, or both where one alone is not enough."""
    by = [found[name] for name in ("segment", "place") if name in found]
    for header in by:
        if seen.is_unique([header, *when]):
            return [header]
    if len(by) > 1:
        asking.note(
            _("%(source)s: the segments are %(headers)s together")
            % {"source": seen.name, "headers": " + ".join(by)}
        )
    return by


def _size(seen: Seen, source: str, headers: Sequence[str], asking: Asking) -> Rule:
    """headers: where the figures stand, of which one or all say in what they are counted; else it may be asked."""
    units = {money.unit_in(header) or _worded(header) for header in headers} - {""}
    unit = units.pop() if len(units) == 1 else ""
    if not unit and not any(map(money.is_plain, headers)):
        unit = _called_in(seen, headers, asking)
    return {"from": source, "unit": unit} if unit else source


def _called_in(seen: Seen, headers: Sequence[str], asking: Asking) -> str:
    """The unit that stands above the table or in its name; asked where nothing says it and the figures are small."""
    named = [*_BRACKETS.findall(seen.called), *re.findall(r"(?i)\bin [a-z ]+", seen.called)]
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


def _sized(seen: Seen, found: Mapping[str, str]) -> list[str]:
    """Where figures stand and may say in which currency they are: their headers, and the names of the sheet."""
    headers = [found["size"]] if "size" in found else list(across(seen))
    return [*headers, *_BRACKETS.findall(seen.called)]


def _ends(seen: Seen, found: Mapping[str, str], formats: Sequence[str], asking: Asking) -> dict[str, Any]:
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
    ends = {text: _after(day, months).isoformat() for text, day in texts.items()}
    return {"ends_on": {"from": found["period"], "values": ends, "otherwise": "empty"}}


def _last_day(seen: Seen, header: str, asking: Asking) -> Rule:
    """Whether the file says the last day, or the day after it."""
    formats = days.decided(seen, header, (), asking)
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


def _is_foreign(seen: Seen, texts: Sequence[str], asking: Asking) -> bool:
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


def _fits(seen: Seen, header: str, column: str) -> bool:
    if not seen.values(header).len():
        return False
    if column == "period":
        return (
            periods.parts_in(seen, [header]) is not None
            or _are_labels(seen, header)
            or readable(seen, header, "date") == 1
        )
    kinds = {"ends": "date", "size": "money", "share": "rate", "growth": "rate"}
    return column not in kinds or readable(seen, header, kinds[column]) >= _VERY


def _are_labels(seen: Seen, header: str) -> bool:
    return all(map(_is_label, _texts(seen, header)))


def _formats(seen: Seen, found: Mapping[str, str], asking: Asking) -> tuple[str, ...]:
    """What its days are read by; labels of periods need nothing."""
    if "period" not in found or "part" in found or _are_labels(seen, found["period"]):
        return ()
    texts = [text for text in _texts(seen, found["period"]) if not is_full_day(text)]
    if texts and periods.parts_in(seen, [found["period"]]):
        return ()
    return days.decided(seen, found["period"], (), asking)


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


def _bare_period(header: str) -> str:
    """2026年市场规模（亿元） and 2026E are 2026."""
    known = words()["market"]
    bare = _ESTIMATED.sub("", _BRACKETS.sub("", header).strip())
    for word in sorted([*known["columns"]["size"], *known["sizes"]], key=len, reverse=True):
        bare = re.sub(rf"(?i)\s*{re.escape(word)}\s*", "", bare)
    return bare.strip()


def _bare(header: str) -> str:
    """Market size USD m is market size, and so is Market size, million."""
    return re.sub(
        r"(?i)[, ]+(?:in )?(?:usd|eur|cny|rmb|gbp|thousands?|millions?|mn|bn|billions?|[kmb])\b", "", header
    )
