"""Two sheets of one market, divided in two ways: by line, and by region. Added they would be twice of it, so it is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import money
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen, without_left_out

PARTS: Final = "parts"
CUT: Final = "cut"
_YEAR: Final = re.compile(r"(?<!\d)20\d\d")
_SHOWN: Final = 4


@dataclass(frozen=True)
class Cut:
    """A sheet of the market: what it is divided into, the years that it names, and what its figures sum to."""

    name: str
    segments: frozenset[str]
    years: frozenset[str]
    total: Decimal

    @property
    def shown(self) -> str:
        """What it is divided into, and the sum."""
        names = sorted(self.segments)
        more = ["…"] if len(names) > _SHOWN else []
        of = _(", ").join([*names[:_SHOWN], *more]) or _("no segment")
        return f"{self.name}: {of} = {self.total.normalize():,f}"


def cut_of(seen: Seen, entry: Mapping[str, Any], turned: Mapping[str, Any] | None) -> Cut:
    """What a sheet says, as its table reads it. turned: its `unpivot`."""
    columns = entry["columns"]
    named = turned and turned["name"]
    figures = list(turned["columns"]) if turned else [_from(columns["size"])[0]]
    segments: set[str] = set()
    if "segment" in columns:
        by = _from(columns["segment"])
        segments = set(turned["columns"].values()) if turned and by == [named] else _cells(seen, by)
    rule = columns["period"]
    constant = [rule["constant"]] if isinstance(rule, dict) and "constant" in rule else []
    labels = constant or (rule.get("values", {}).values() if isinstance(rule, dict) else ())
    if turned and _from(rule) == [named]:
        labels = turned["columns"].values()
    elif not labels:
        labels = _cells(seen, _from(rule))
    years = frozenset(year for label in labels for year in _YEAR.findall(str(label)))
    rows = [value for figure in figures for value in _kept(seen, entry, figure).drop_nulls()]
    return Cut(seen.name, frozenset(segments - _left(entry)), years, sum(rows, Decimal(0)))


def is_another_cut(cut: Cut, before: Sequence[Cut], asking: Asking) -> bool:
    """Whether somebody says that the sheet divides once more what sheets before it divide already: it is left out then."""
    for other in before:
        if cut.segments & other.segments or not cut.years & other.years:
            continue
        told = {"source": cut.name, "other": other.name}
        choices = [
            Choice(PARTS, _("Further parts of it"), (), _("their figures are added")),
            Choice(CUT, _("The same market, divided in another way"), (), _("%(source)s is left out") % told),
        ]
        text = (
            _("%(source)s: is this more of the market that %(other)s tells of, or the same once more?") % told
        )
        said = asking.ask(f"{cut.name}.beside", text, choices, evidence=" ⏎ ".join([other.shown, cut.shown]))
        if said == CUT:
            return True
    return False


def _from(rule: object) -> list[str]:
    """The columns that a rule reads."""
    found = rule.get("from", []) if isinstance(rule, dict) else rule
    return [str(name) for name in found] if isinstance(found, list) else [str(found)]


def _cells(seen: Seen, headers: Sequence[str]) -> set[str]:
    rows = seen.rows.select(pl.concat_str([pl.col(name).cast(pl.String) for name in headers], separator="|"))
    return set(rows.to_series().drop_nulls())


def _left(entry: Mapping[str, Any]) -> set[str]:
    """The segments that its filter leaves out."""
    return {cell for where in entry.get("where", {}).values() for cell in where.get("not", ())}


def _kept(seen: Seen, entry: Mapping[str, Any], figure: str) -> pl.Series:
    """The figures of the rows that pass its filter."""
    sizes = seen.rows.with_columns(money.exact(seen, figure).alias("__size__"))
    return without_left_out(sizes, entry)["__size__"]
