"""What somebody says that a sheet is, and what has to be asked then: which of its columns is the day, the amount, whose."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core.months import month_in_words
from dabiao.facts.logic import labels
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import columns, market, people, targets
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.kinds import KINDS, NOTHING
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import words

NONE: Final = "none"
"""The answer that no column is it."""
_BESIDE: Final = ("amount", "person", "customer", "product", "qty")
"""What is worth a question beside what a table cannot do without, where the table has it."""
_SHOWN: Final = 3
_CALLED: Final[Mapping[str, Promise]] = {
    "person": gettext_lazy("the person, by number or name"),
    "customer": gettext_lazy("the customer"),
    "product": gettext_lazy("the product"),
    "amount": gettext_lazy("the amount"),
    "qty": gettext_lazy("the quantity"),
    "stage": gettext_lazy("the stage"),
    "target": gettext_lazy("the target"),
    "period": gettext_lazy("the month, or the day on which the target begins"),
    "unit": gettext_lazy("the unit"),
    "number": gettext_lazy("the employee number"),
    "holder": gettext_lazy("the name of the person"),
    "position": gettext_lazy("the position"),
    "size": gettext_lazy("the size of the market"),
    "segment": gettext_lazy("the segment, or the region"),
}


def correct(seen: Seen, asking: Asking) -> None:
    """Take the sheet for what somebody says that it is, whatever it seemed to be. Raises Malformed for no kind."""
    said = asking.said(f"{seen.name}.kind", KINDS)
    if not said or said == (seen.kind or NOTHING):
        return
    seen.kind, seen.chosen, seen.why = None, {}, _("left out as you said") if said == NOTHING else ""
    if said == NOTHING:
        return
    seen.kind = said
    ways = {"people": _of_people, "units": _of_units, "targets": _of_targets, "market": _of_market}
    lacks = ways.get(said, _of_rows)(seen, said, asking)
    if lacks:
        told = {"table": labels.table(said), "column": _called(said, lacks)}
        seen.kind = None
        seen.why = _("it cannot be %(table)s: no column could be %(column)s") % told


def _of_people(seen: Seen, table: str, asking: Asking) -> str:
    """A number or a name; and unit and position, if there are any. Returns what it lacks."""
    found = people.columns_of(seen)
    free = [header for header in seen.headers if header not in found.values()]
    own = [header for header in free if seen.is_unique([header])]
    for name in ("number", "holder"):
        if name not in found:
            _fill(seen, name, table, own, asking, may_lack=name == "holder" or "holder" in found)
    for name in ("unit", "position"):
        if name not in found:
            _fill(seen, name, table, [h for h in free if h not in own], asking, may_lack=True)
    people.settle(seen, asking)
    return "" if {"number", "holder"} & (set(found) | set(seen.said)) else "number"


def _of_units(seen: Seen, table: str, asking: Asking) -> str:
    if people.is_about_units(seen):
        return ""
    unit = _fill(seen, "unit", table, seen.headers, asking)
    if unit:
        _fill(seen, "holder", table, seen.headers, asking, may_lack=True)
    return "" if unit else "unit"


def _of_targets(seen: Seen, table: str, asking: Asking) -> str:
    """Whose, when and how much; when is what the columns are, where each of them is a month."""
    found = columns.guesses(seen, table)
    is_long = "target" in found and bool({"period", "starts_on"} & set(found))
    months = {} if is_long else targets.periods_of(seen)
    parts = targets.dimensions_of(seen, "")
    used = {*months, *parts.values(), *(guess.header for guess in found.values())}
    free = [header for header in seen.headers if header not in used]
    somebodys = targets.scope_of(seen) or parts or _fill(seen, "person", table, free, asking, may_lack=True)
    if not somebodys and not _fill(seen, "unit", table, free, asking):
        return "unit"
    if months:
        return ""
    seen.chosen = found
    if "target" not in found and not _fill(seen, "target", table, _readable(seen, free, "money"), asking):
        return "target"
    whens = [header for header in free if _is_when(seen, header)]
    if not {"period", "starts_on"} & set(found) and not _fill(seen, "period", table, whens, asking):
        return "period"
    return ""


def _of_market(seen: Seen, table: str, asking: Asking) -> str:
    """Of when, how much and of what; when, or of what, is what the columns are, where each of them is a period or a segment."""
    found = market.columns_of(seen)
    free = [header for header in seen.headers if header not in found.values()]
    if not market.wide(seen):
        whens = [header for header in free if market.fits(seen, header, "period")]
        if not {"period", "year"} & set(found) and not _fill(seen, "period", table, whens, asking):
            return "period"
    market.settle(seen, asking)
    if not market.wide(seen) and "size" not in market.columns_of(seen):
        figures = [header for header in _readable(seen, free, "money") if header != seen.said.get("period")]
        if not _fill(seen, "size", table, figures, asking):
            return "size"
    used = {*market.columns_of(seen).values(), *market.wide(seen)}
    if not {"segment", "place"} & set(found) and not market.is_by_segment(seen):
        names = [h for h in seen.headers if h not in used and columns.readable(seen, h, "money") < 1]
        _fill(seen, "segment", table, names, asking, may_lack=True)
    market.choose(seen, market.columns_of(seen))
    return ""


def _of_rows(seen: Seen, table: str, asking: Asking) -> str:
    """A table of facts, customers or products: all that it cannot do without, and what is worth knowing."""
    found, known = columns.guesses(seen, table), INTO[table]
    seen.chosen = found
    free = [header for header in seen.headers if all(guess.header != header for guess in found.values())]
    needed = [*known.required, *words()["tables"].get(table, {}).get("needs", [])]
    for name in dict.fromkeys(needed):
        if name in found or name == "key" or name not in known.columns:
            continue
        if not _fill(seen, name, table, _readable(seen, free, known.columns[name]), asking):
            return str(name)
    if known.on is None:
        return ""
    for name in _BESIDE:
        if name in known.columns and not {name, f"{name}_with_tax"} & set(found):
            _fill(seen, name, table, _readable(seen, free, known.columns[name]), asking, may_lack=True)
    return ""


def _fill(
    seen: Seen, name: str, table: str, headers: Iterable[str], asking: Asking, *, may_lack: bool = False
) -> str:
    """The header that somebody says is the column; nothing where there is none to choose, or none of them is.

    Where a column must be, and one alone could be it, nobody is asked. One that is another column already is none.
    """
    open_ = {question.key for question in asking.open}
    taken = {
        said for other, said in seen.said.items() if other != name and f"{seen.name}.{other}" not in open_
    }
    choices = [Choice(header, header, (_cells(seen, header),)) for header in headers if header not in taken]
    if not choices:
        return ""
    told = {"source": seen.name, "column": _called(table, name)}
    if len(choices) == 1 and not may_lack:
        said = choices[0].value
        asking.note(_("%(source)s: %(header)s is %(column)s: no other could be") % {**told, "header": said})
    else:
        choices += [Choice(NONE, _("None of them"))] if may_lack else []
        text = _("%(source)s: which column is %(column)s?") % told
        said = asking.ask(f"{seen.name}.{name}", text, choices)
        if said == NONE:
            return ""
    seen.said[name] = said
    if table in INTO and name in INTO[table].columns:
        seen.chosen[name] = Guess(table, name, said, 1.0)
    return said


def _readable(seen: Seen, headers: Iterable[str], kind: str) -> list[str]:
    """Headers whose every cell is one of the kind, and not all empty."""
    return [
        header
        for header in headers
        if seen.values(header).len() and columns.readable(seen, header, kind) == 1
    ]


def _is_when(seen: Seen, header: str) -> bool:
    texts = seen.values(header).cast(pl.String).unique().to_list()
    return bool(texts) and (all(map(month_in_words, texts)) or columns.readable(seen, header, "date") == 1)


def _cells(seen: Seen, header: str) -> str:
    return " · ".join(seen.values(header).cast(pl.String).unique(maintain_order=True).head(_SHOWN))


def _called(table: str, name: str) -> str:
    if table == "market" and name == "period":
        return _("the period: a year, quarter or month")
    if table in INTO and name == INTO[table].on:
        return _("the day")
    return str(_CALLED[name]) if name in _CALLED else labels.column(table, name) or name
