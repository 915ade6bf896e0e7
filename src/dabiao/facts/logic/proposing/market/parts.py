"""Of what the figures of the market are: which columns say so, and which rows are the sum of the others."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import money
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen

_WHOLE: Final = re.compile(
    r"(?i)^(?:合计|总计|小计|总和|总额|汇总|全国|全球|全行业|全市场|整体|总体|整个市场|市场整体|行业合计|市场合计|total|grand total|sum|"
    r"overall|all|whole market|total market|national|nationwide|global|worldwide)$"
)
"""What a row or a column is called that is all of the others together."""


def is_whole(name: str) -> bool:
    """Whether something is called as the sum of its neighbours is."""
    return bool(_WHOLE.match(name.strip()))


def by_of(seen: Seen, found: Mapping[str, str], whens: Sequence[str], asking: Asking) -> list[str]:
    """The columns that say of what the figure is: the segment, else the region, or both where one alone is not enough."""
    by = [found[name] for name in ("segment", "place") if name in found]
    for header in by:
        if seen.is_unique([header, *whens]):
            return [header]
    if len(by) > 1:
        asking.note(
            _("%(source)s: the segments are %(headers)s together")
            % {"source": seen.name, "headers": " + ".join(by)}
        )
    return by


def segment(by: Sequence[str]) -> dict[str, Any]:
    """The rule of the segment; none where nothing says of what the figures are."""
    return {"segment": by[0] if len(by) == 1 else {"from": list(by)}} if by else {}


def without_wholes(
    seen: Seen, by: Sequence[str], whens: Sequence[str], figures: Sequence[str], asking: Asking
) -> dict[str, Any]:
    """The filter that leaves out rows which are the sum of the others: they would count twice.

    Asked where they are called so and are not. figures: the columns in which sizes stand.
    """
    where: dict[str, Any] = {}
    for header in by:
        cells = seen.values(header).cast(pl.String).unique(maintain_order=True).to_list()
        wholes = [cell for cell in cells if is_whole(cell)]
        if not wholes or len(wholes) == len(cells):
            continue
        told = {"source": seen.name, "names": ", ".join(wholes), "header": header}
        rest = [each for each in (*by, *whens) if each != header]
        if _adds_up(seen, header, wholes, rest, figures):
            asking.note(
                _("%(source)s: %(names)s in %(header)s is the sum of the others and is left out") % told
            )
        elif not _is_left_out(seen, header, told, asking):
            continue
        where[header] = {"not": wholes}
    return {"where": where} if where else {}


def _is_left_out(seen: Seen, header: str, told: Mapping[str, str], asking: Asking) -> bool:
    choices = [
        Choice("whole", _("All of the market"), (), _("left out: it would count twice")),
        Choice("part", _("A part beside the others"), (), _("added to them")),
    ]
    text = _("%(source)s: what is %(names)s in %(header)s?") % told
    evidence = _("Its figures are not the sum of the others.")
    return asking.ask(f"{seen.name}.whole_{header}", text, choices, evidence=evidence) == "whole"


def _adds_up(
    seen: Seen, header: str, wholes: Sequence[str], rest: Sequence[str], figures: Sequence[str]
) -> bool:
    """Whether each figure of the rows that are called so is the sum of those beside it. rest: what else tells rows apart."""
    sizes = {f"__{number}__": money.exact(seen, figure) for number, figure in enumerate(figures)}
    beside = pl.concat_str(
        [pl.lit(""), *(pl.col(name).cast(pl.String).fill_null("") for name in rest)], separator="|"
    )
    rows = seen.rows.select(beside=beside, whole=pl.col(header).cast(pl.String).is_in(list(wholes)))
    rows = rows.with_columns(figure.alias(name) for name, figure in sizes.items())
    sums = [
        rows.filter(pl.col("whole") == whole).group_by("beside").agg(pl.col(list(sizes)).sum())
        for whole in (True, False)
    ]
    both = sums[0].join(sums[1], on="beside", how="left", suffix="of").drop("beside")
    pairs = [(row[name], row[f"{name}of"]) for row in both.to_dicts() for name in sizes]
    return all(own == others for own, others in pairs)
