"""What a sheet of the market says and in which columns: of when its figures are, of what, how much."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from dabiao.core.months import period_in_words
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing import periods
from dabiao.facts.logic.proposing.columns import has_word, readable
from dabiao.facts.logic.proposing.market.parts import is_whole
from dabiao.facts.logic.proposing.periods import Part
from dabiao.facts.logic.proposing.seen import Seen
from dabiao.facts.logic.words import likeness, plain, words

VERY: Final = 0.8
KIND: Final = "market"
COLUMNS: Final = ("size", "share", "growth", "figure_source")
BRACKETS: Final = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
ESTIMATED: Final = re.compile(r"(?i)(?<=\d)\s*[ef]$|预测|预计|预估|估计|forecast|estimated?")
"""What says that a figure is of the future: 2026E."""
_FEWEST: Final = 2
"""Segments of a sheet that has a column for each."""


def columns_of(seen: Seen) -> dict[str, str]:
    """What the sheet says of the market → its header; nothing where it has what only facts of ours have.

    part: the quarter or month, where the period is the year alone.
    """
    known = words()["market"]
    if is_another(seen):
        return {}
    listed = {**known["columns"]}
    if _is_called_so(seen):
        listed["size"] = [*listed["size"], *known["sizes"]]
    found = {column: seen.said[column] for column in listed if column in seen.said}
    for column, names in listed.items():
        fitting = [] if column in found else [
            (likeness(bare(header), names), header)
            for header in seen.headers
            if header not in found.values() and likeness(bare(header), names) >= VERY and fits(seen, header, column)
        ]  # fmt: skip
        if (
            column == "size"
            and "segment" not in found
            and _are_several(seen, found, [h for _like, h in fitting])
        ):
            continue
        if fitting:
            found[column] = max(fitting, key=lambda each: each[0])[1]
    return {**found, **_year_apart(seen, found), **_as_called(seen, found)}


def _are_several(seen: Seen, found: Mapping[str, str], fitting: Sequence[str]) -> bool:
    """Whether no column alone is the size: 新能源市场规模 stands beside 工业市场规模, or Total beside what it is the sum of."""
    if len(fitting) == 1 and is_whole(fitting[0]):
        used = {*found.values(), *fitting}
        return len([h for h in seen.headers if h not in used and _has_figures(seen, h)]) >= _FEWEST
    return len(fitting) > 1


def _has_figures(seen: Seen, header: str) -> bool:
    return bool(seen.values(header).len()) and readable(seen, header, "money") == 1


def across(seen: Seen) -> dict[str, Part]:
    """Header → period, of a sheet of the market that has a column for each."""
    known = words()["market"]
    if is_another(seen) or (seen.kind != KIND and has_word(seen, words()["wide"]["aims"])):
        return {}
    found = periods.across(seen, _bare_period)
    listed = known["columns"]["size"]
    named = _is_called_so(seen) or (
        found and all(any(plain(word) in plain(h) for word in listed) for h in found)
    )
    return found if named and all(readable(seen, h, "money") >= VERY for h in found) else {}


def by_segment(seen: Seen) -> dict[str, str]:
    """Header → segment, of a sheet of the market that has a row for each period and a column for each segment."""
    found = columns_of(seen)
    if is_another(seen) or "size" in found or "segment" in found or not ({"period", "year"} & set(found)):
        return {}
    used = set(found.values())
    figures = [h for h in seen.headers if h not in used and _has_figures(seen, h)]
    sized = [h for h in figures if _bare_period(h) != h]
    if not (_is_called_so(seen) or (sized and sized == figures)):
        return {}
    names = {header: _bare_period(header) or header for header in figures}
    return names if len(set(names.values())) == len(names) >= _FEWEST else {}


def has_all(found: Mapping[str, str]) -> bool:
    return "size" in found and ("period" in found or "year" in found)


def whens_of(found: Mapping[str, str]) -> list[str]:
    """The columns that say of when the figures are."""
    return [found[name] for name in ("period", "part") if name in found]


def _is_called_so(seen: Seen) -> bool:
    """Whether it is called after the market, or somebody says that it is about it."""
    return seen.kind == KIND or has_word(seen, words()["market"]["called"])


def is_another(seen: Seen) -> bool:
    """It has what only facts of ours have, or is called after what is never loaded; not where somebody says what it is."""
    if seen.kind == KIND:
        return False
    never = words()["market"]["never"]
    return has_word(seen, words()["nothing"]) or any(likeness(h, never) >= VERY for h in seen.headers)


def are_labels(seen: Seen, header: str) -> bool:
    return all(map(is_label, texts_of(seen, header)))


def texts_of(seen: Seen, header: str) -> list[str]:
    """The different cells as texts: 2026 of a spreadsheet is no 2026.0."""
    return coerce.words.to_text(seen.values(header)).values.unique(maintain_order=True).to_list()


def is_label(text: str) -> bool:
    period = period_in_words(text, CALENDAR_YEAR, by_day=True)
    return period is not None and period.kind != "day"


def bare(header: str) -> str:
    """Market size USD m is market size, and so is Market size, million."""
    return re.sub(
        r"(?i)[, ]+(?:in )?(?:usd|eur|cny|rmb|gbp|thousands?|millions?|mn|bn|billions?|[kmb])\b", "", header
    )


def _year_apart(seen: Seen, found: Mapping[str, str]) -> dict[str, str]:
    """The year and what of it, where two columns say them: 2026 in one, Q1 in the other."""
    if "period" not in found:
        return {}
    listed = words()["market"]["columns"]["period"]
    others = [h for h in seen.headers if h not in found.values() and likeness(bare(h), listed) >= VERY]
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
        or any(likeness(bare(h), listed) >= VERY for h in seen.headers)
    ):
        return {}
    by = [found[name] for name in ("segment", "place") if name in found]
    told_apart = seen.is_unique(by) if by else seen.rows.height == 1
    named = periods.period_named(seen)
    return {"year": named} if named and told_apart else {}


def fits(seen: Seen, header: str, column: str) -> bool:
    if not seen.values(header).len():
        return False
    if column == "period":
        return (
            periods.parts_in(seen, [header]) is not None
            or are_labels(seen, header)
            or readable(seen, header, "date") == 1
        )
    kinds = {"ends": "date", "size": "money", "share": "rate", "growth": "rate"}
    return column not in kinds or readable(seen, header, kinds[column]) >= VERY


def _bare_period(header: str) -> str:
    """2026年市场规模（亿元） and 2026E are 2026."""
    known = words()["market"]
    bare = ESTIMATED.sub("", BRACKETS.sub("", header).strip())
    for word in sorted([*known["columns"]["size"], *known["sizes"]], key=len, reverse=True):
        bare = re.sub(rf"(?i)\s*{re.escape(word)}\s*", "", bare)
    return bare.strip()
