"""Days written in ways that may mean two things: which formats fit, and what tells them apart."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import months_named
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen

_ENOUGH: Final = 0.95
_SORTED: Final = 5
"""Different days that must be in order for the order to mean something."""
_FIRST, _LAST = 1990, 2099
"""Years that a two-figure year may mean."""
DAY, MONTH, YEAR = "day", "month", "year"
_THREE: Final = r"^(?<one>\d{1,2})(?<mark>[-/. ])(?<two>\d{1,2})[-/. ](?<three>\d{2,4})(?<rest>.*)$"
_TIMES: Final = (
    (r"^$", ""),
    (r"^ \d{1,2}:\d{2}$", " %H:%M"),
    (r"^ \d{1,2}:\d{2}:\d{2}$", " %H:%M:%S"),
    (r"^T\d{1,2}:\d{2}:\d{2}$", "T%H:%M:%S"),
    (r"(?i)^ \d{1,2}:\d{2} [ap]m$", " %I:%M %p"),
    (r"(?i)^ \d{1,2}:\d{2}:\d{2} [ap]m$", " %I:%M:%S %p"),
)
"""What may stand behind the day, and its format."""
_WORDED: Final = (
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%b/%Y",
)


def formats(seen: Seen, header: str) -> dict[str, tuple[str, ...]]:
    """Reading (day, month or year first, or none of them) → the formats of `formats:` that read every cell so.

    Empty: the usual forms read them, or nothing does.
    """
    return seen.once(("formats", header), lambda: _formats(seen.values(header)))


def share_of_days(seen: Seen, header: str) -> float:
    """Share of the cells that are days in some reading."""
    values = seen.values(header)
    if values.dtype.is_temporal():
        return 1.0
    usual = _share(values.cast(pl.String), ())
    return 1.0 if usual < _ENOUGH and formats(seen, header) else usual


def _formats(values: pl.Series) -> dict[str, tuple[str, ...]]:
    if values.dtype.is_temporal() or not values.len():
        return {}
    texts = values.cast(pl.String).str.strip_chars()
    if _share(texts, ()) >= _ENOUGH:
        return {}
    if texts.str.contains("[A-Za-z]{3}").all():
        return next(({"": (name,)} for name in _WORDED if _reads(texts, name)), {})
    found = _numbered(texts)
    if not found and _share(texts, (coerce.dates.MONTH,)) >= _ENOUGH:
        return {"": (coerce.dates.MONTH,)}
    if len({tuple(_days(texts, fit)) for fit in found.values()}) == 1:
        return dict([next(iter(found.items()))])
    return found


def _numbered(texts: pl.Series) -> dict[str, tuple[str, ...]]:
    """The readings that three numbers with marks between them allow."""
    parts = texts.str.extract_groups(_THREE).struct.unnest()
    if parts.null_count().sum_horizontal().item():
        return {}
    one, two, three = (parts[name].cast(pl.Int64) for name in ("one", "two", "three"))
    marks, rest = parts["mark"].unique(), parts["rest"].unique()
    wide = parts["three"].str.len_chars().unique().to_list()
    if len(marks) != 1 or wide not in ([4], [2]) or ((one > 31).any() and wide == [4]):
        return {}
    year = "%Y" if wide == [4] else "%y"
    time = next((time for shape, time in _TIMES if rest.str.contains(shape).all()), None)
    if time is None:
        return {}
    fits = {
        YEAR: wide == [2] and (two <= 12).all() and (three <= 31).all(),
        DAY: (one <= 31).all() and (two <= 12).all(),
        MONTH: (one <= 12).all() and (two <= 31).all(),
    }
    body = {YEAR: ("%y", "%m", "%d"), DAY: ("%d", "%m", year), MONTH: ("%m", "%d", year)}
    mark = str(marks[0])
    read = {reading: mark.join(body[reading]) + time for reading, fit in fits.items() if fit}
    return {reading: (name,) for reading, name in read.items() if _reads(texts, name)}


def decided(seen: Seen, header: str, others: Sequence[Seen], asking: Asking) -> tuple[str, ...]:
    """The formats of a column: those that fit alone, that its surroundings tell, or that somebody says."""
    texts = seen.values(header).cast(pl.String)
    found = formats(seen, header)
    if len(found) <= 1:
        return next(iter(found.values()), ())
    reading, why = _told(seen, header, found, others)
    if reading:
        asking.note(
            _("%(source)s: %(header)s is read with the %(reading)s first: %(why)s")
            % {"source": seen.name, "header": header, "reading": _said(reading), "why": why}
        )
        return found[reading]
    shown = texts.unique(maintain_order=True).head(3)
    choices = [
        Choice(
            each,
            _("%(reading)s first") % {"reading": _said(each).capitalize()},
            tuple(f"{text} → {day:%Y-%m-%d}" for text, day in zip(shown, _days(shown, fit), strict=True)),
        )
        for each, fit in found.items()
    ]
    text = _("%(source)s: what is %(example)s in %(header)s?") % {
        "source": seen.name, "example": shown[0], "header": header,
    }  # fmt: skip
    evidence = _(
        "Every cell of the column can be read in each of these ways, and nothing beside it tells which."
    )
    return found[asking.ask(f"{seen.name}.days", text, choices, evidence=evidence)]


def _told(
    seen: Seen, header: str, found: dict[str, tuple[str, ...]], others: Sequence[Seen]
) -> tuple[str, str]:
    """The one reading that other columns, other files, the order of rows or the name of the sheet allow."""
    for near in ([seen], others):
        beside = dict(_only_readings(near, but=(seen, header)))
        if len(met := beside.keys() & found.keys()) == 1:
            reading = met.pop()
            return reading, _("so is %(place)s, which can only be read so") % {"place": beside[reading]}
    texts = seen.values(header).cast(pl.String)
    read = {reading: _days(texts, fit) for reading, fit in found.items()}
    ordered = [reading for reading, values in read.items() if _in_order(values)]
    if len(ordered) == 1:
        return ordered[0], _("the rows are in order of days then, and not otherwise")
    if any(months_named(name) for name, _count in seen.parts):
        inside = [reading for reading, fit in found.items() if _lies_in_its_month(seen, header, fit)]
        if len(inside) == 1:
            return inside[0], _("all days lie in the month that the file or sheet is named after")
    return "", ""


def _lies_in_its_month(seen: Seen, header: str, fit: Iterable[str]) -> bool:
    """Whether the days of each file lie in the month that it is named after, where it is named after one."""
    start = 0
    for name, count in seen.parts:
        texts = seen.rows[header].slice(start, count).drop_nulls().cast(pl.String)
        start += count
        named = months_named(name)
        if named and not set(_days(texts, fit).dt.month().drop_nulls().unique().to_list()) <= named:
            return False
    return True


def _only_readings(near: Sequence[Seen], *, but: tuple[Seen, str]) -> Iterable[tuple[str, str]]:
    """Readings of columns that can be read in one way only, and where each stands."""
    for where in near:
        for name in where.headers:
            beside = formats(where, name)
            if len(beside) == 1 and (where is not but[0] or name != but[1]):
                yield next(iter(beside)), name if where is but[0] else f"{where.name} {name}"


def _in_order(values: pl.Series) -> bool:
    return values.n_unique() >= _SORTED and (values.is_sorted() or values.is_sorted(descending=True))


def _reads(texts: pl.Series, name: str) -> bool:
    """Whether the format reads every cell, as days of our time."""
    head = texts.head(20)
    if _share(head, (name,)) < 1:
        return False
    values = _days(texts, (name,))
    return bool(values.null_count() == 0 and values.dt.year().is_between(_FIRST, _LAST).all())


def _share(texts: pl.Series, names: Iterable[str]) -> float:
    got = coerce.coerced(texts, coerce.Cells("date", formats=tuple(names)))
    return got.reason.null_count() / max(1, texts.len())


def _days(texts: pl.Series, names: Iterable[str]) -> pl.Series:
    return coerce.coerced(texts, coerce.Cells("date", formats=tuple(names))).values


def _said(reading: str) -> str:
    return {DAY: _("day"), MONTH: _("month"), YEAR: _("year")}[reading]


def read(seen: Seen, header: str) -> list[date]:
    """The different days of a column, by the formats that were decided on."""
    how = coerce.Cells("date", formats=seen.formats.get(header, ()))
    return list(coerce.coerced(seen.values(header), how).values.drop_nulls().unique().sort())
