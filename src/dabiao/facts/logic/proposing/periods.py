"""Periods of sheets that are not facts: a column for each of them, or cells that name them, with or without their year."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import part_in_words
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen

PERIOD: Final = "期间"
"""What the column is called that says of when the figures of a wide sheet are."""
Part = tuple[int | None, str]
"""Year (None: none is named), and what of it: 03, Q1, H2; empty: all of it."""
FEWEST: Final = 2
"""Columns that are periods, of a sheet that is wide."""
FINEST: Final = ("month", "quarter", "half", "year")
"""The kinds of period that a sheet may have a column for, the shortest first: what lies above them are their sums."""
_YEARS: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_NAMED: Final = re.compile(
    r"(?<!\d)(?:[qh][1-4]\s*)?(?:fy\s*)?20\d\d(?!\d)"
    r"(?:\s*[-年/._]?\s*(?:[qh][1-4]|第?[一二三四1-4]季度|[上下]半年|(?:0?[1-9]|1[0-2])(?:月|(?!\d))))?",
    re.IGNORECASE,
)


def across(
    seen: Seen, bare: Callable[[str], str], kinds: Sequence[str] = FINEST, fewest: int = FEWEST
) -> dict[str, Part]:
    """Header → period, of a sheet that has a column for each of one kind. bare: a header without what it says besides."""
    parts = {header: part for header in seen.headers if (part := part_in_words(bare(header)))}
    for kind in kinds:
        found = {header: part for header, part in parts.items() if _kind(part) == kind}
        if len(found) >= fewest and len(set(found.values())) == len(found):
            return found
    return {}


def label(part: Part, year: str) -> str:
    """As every period is written: 2026-03, 2026-Q1, 2026. year: that of those which name none."""
    return "-".join([str(part[0] or year), *([part[1]] if part[1] else [])])


def year_of(seen: Seen, parts: Mapping[str, Part], asking: Asking) -> str:
    """The year of periods that name none, as the file, the sheet or the line above the table says; else it is asked."""
    if all(own for own, _rest in parts.values()):
        return ""
    told = {"source": seen.name}
    if named := year_named(seen):
        are_months = all(_kind(part) == "month" for part in parts.values())
        text = (
            _("%(source)s: the months are those of %(year)s")
            if are_months
            else _("%(source)s: the periods are those of %(year)s")
        )
        asking.note(text % {**told, "year": named})
        return named
    named_years = sorted(set(_YEARS.findall(seen.called)))
    years = named_years or [str(asking.year + by) for by in (0, 1, -1)]
    text = _("%(source)s: of which year are these months?")
    if not all(_kind(part) == "month" for part in parts.values()):
        text = _("%(source)s: of which year are these periods?")
    return asking.ask(f"{seen.name}.year", text % told, [Choice(year, year) for year in years])


def year_named(seen: Seen) -> str:
    """The one year that the names of the sheet speak of; nothing where there are several."""
    named = set(_YEARS.findall(seen.called))
    return str(named.pop()) if len(named) == 1 else ""


def period_named(seen: Seen) -> str:
    """The one period that the names of the sheet speak of, as periods are written; nothing where there are several."""
    parts = {part_in_words(found) for found in _NAMED.findall(seen.called)} - {None}
    labels = {label(part, "") for part in parts if part and part[0]}
    return labels.pop() if len(labels) == 1 else ""


def parts_in(seen: Seen, headers: Sequence[str]) -> dict[str, Part] | None:
    """Cell → period, where every cell names one; of a year and a quarter apart the two cells together, as loading joins them."""
    rows = seen.rows.select(headers).drop_nulls().unique(maintain_order=True)
    if not rows.height:
        return None
    texts = [coerce.words.to_text(rows[header]).values for header in headers]
    cells = rows.select(
        pl.concat_str([pl.col(h).cast(pl.String) for h in headers], separator="|")
    ).to_series()
    found: dict[str, Part] = {}
    for cell, *said in zip(cells, *texts, strict=True):
        part = _put_together([_part(text or "", header) for text, header in zip(said, headers, strict=True)])
        if part is None:
            return None
        found[cell] = part
    return found


def strange(seen: Seen, header: str) -> str:
    """The first cell that names no period."""
    return next(
        (
            text
            for text in coerce.words.to_text(seen.values(header)).values
            if text and not part_in_words(text)
        ),
        "",
    )


def _part(text: str, header: str) -> Part | None:
    """What a cell names; 1 under 季度 is the first quarter, and under 月份 January."""
    if part := part_in_words(text):
        return part
    for words, suffix in ((("季", "quarter"), "季度"), (("月", "month"), "月")):
        if text.isdigit() and any(word in header.lower() for word in words):
            return part_in_words(f"{int(text)}{suffix}")
    return None


def _put_together(parts: Sequence[Part | None]) -> Part | None:
    """Of a year and a quarter of any year the quarter of that year; nothing where two of them say the same thing."""
    years = [part[0] for part in parts if part and part[0]]
    rests = [part[1] for part in parts if part and part[1]]
    if None in parts or len(years) > 1 or len(rests) > 1:
        return None
    return (years[0] if years else None, rests[0] if rests else "")


def _kind(part: Part) -> str:
    if not part[1]:
        return "year"
    return {"Q": "quarter", "H": "half"}.get(part[1][0], "month")
