"""What each sheet was taken for, in figures that somebody knows of it: rows, days, sums. And why it is left out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic import coerce
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import days, market, targets
from dabiao.facts.logic.proposing.marks import mark_of
from dabiao.facts.logic.proposing.money import unit_above
from dabiao.facts.logic.proposing.seen import Seen, called, filled, without_left_out

_SUMMED: Final = ("amount", "amount_with_tax", "qty", "target", "size")


@dataclass(frozen=True)
class Taken:
    """A sheet, or several files that look alike.

    key: the question whose answer corrects it; follows: the one of the first sheet that is like it. kind: the table that it feeds; nothing: it is left out, and why.
    beside: tables that it feeds besides. rows: how many; whole: all of them, else those that were looked at.
    first and last: ISO days. sums: header and exact sum of the rows that were looked at, as the file writes them.
    """

    key: str
    name: str
    places: tuple[str, ...]
    rows: int
    whole: bool
    kind: str = ""
    beside: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    sums: tuple[tuple[str, str], ...] = ()
    why: str = ""
    follows: str = ""


def taken(seen: Seen, fed: Sequence[dict[str, Any]], asked: Collection[str], why: str) -> Taken:
    """What was made of a sheet. fed: the tables that it feeds; why: what it is used for where it feeds none.

    asked: keys of questions that are open: a column that is asked for is not summed.
    """
    into = list(dict.fromkeys(str(entry["into"]) for entry in fed))
    kind = seen.kind if seen.kind and into else ""
    first, last = _days(seen) if kind else ("", "")
    return Taken(
        key=f"{seen.name}.kind",
        name=seen.name,
        places=tuple(called(file, seen.sheet_name) for file in seen.files),
        rows=seen.count,
        whole=seen.whole,
        kind=kind,
        beside=tuple(name for name in into if name not in {kind, "assignments"}),
        first=first,
        last=last,
        sums=_sums(seen, next((e for e in fed if e["into"] == kind), {}), asked) if kind else (),
        why="" if kind else why or seen.why,
        follows=f"{seen.leader}.kind" if seen.leader else "",
    )


def why_nothing(sheets: Sequence[Taken]) -> str:
    """Why nothing of these sheets can be loaded, each with its reason; nothing where something can."""
    if not sheets or any(sheet.kind for sheet in sheets):
        return ""
    reasons = [
        _("%(source)s: %(why)s") % {"source": ", ".join(sheet.places), "why": sheet.why} for sheet in sheets
    ]
    return " ".join([_("Nothing here can be loaded."), "; ".join(reasons)])


def _days(seen: Seen) -> tuple[str, str]:
    on = INTO[seen.kind].on if seen.kind else None
    if on is None or on not in seen.chosen:
        return "", ""
    read = days.read(seen, seen.chosen[on].header)
    return (read[0].isoformat(), read[-1].isoformat()) if read else ("", "")


def _sums(seen: Seen, entry: Mapping[str, Any], asked: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What the columns of amounts sum to, of the rows that its table reads; the months of a wide sheet together."""
    rows = without_left_out(seen.rows, entry)
    months = list(targets.periods_of(seen)) if seen.kind == "targets" else []
    if seen.kind == "market" and "size" not in seen.chosen:
        months = market.wide(seen)
    if months:
        total = sum((_sum(seen, rows[header]) or Decimal(0) for header in months), Decimal(0))
        unit = unit_above(seen)
        name = f"{months[0]} … {months[-1]}"
        return ((f"{name} ({unit})" if unit else name, str(total)),)
    headers = [
        seen.chosen[name].header
        for name in _SUMMED
        if name in seen.chosen and f"{seen.name}.{name}" not in asked
    ]
    sums = ((header, _sum(seen, rows[header])) for header in headers if header in rows.columns)
    return tuple((header, str(total)) for header, total in sums if total is not None)


def _sum(seen: Seen, cells: pl.Series) -> Decimal | None:
    """Nothing where no cell is a number: that is not 0."""
    how = coerce.Cells("money", rounding=True, mark=mark_of(seen))
    read = coerce.coerced(filled(cells), how).values.drop_nulls()
    return Decimal(read.sum()) if len(read) else None
