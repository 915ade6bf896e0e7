"""Merged cells: what the first row of a merge says holds for the rows below, except for figures."""

from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import part_in_words
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen
from dabiao.facts.logic.words import ENDING, likeness, words

_FIGURES: Final = (
    "amount", "amount_with_tax", "tax_amount", "qty", "cost", "profit", "list_amount", "base", "challenge", "target",
)  # fmt: skip
FILL, LEAVE = "fill", "leave"


def fill(seen: Seen, asking: Asking) -> None:
    """Fill merged cells down, as `fill_down` will. One amount over three rows is one amount: it is not repeated.

    Filling fills every empty cell of a column, so a column that has others too is a question.
    """
    filled = tuple(
        header
        for header in seen.headers
        if header in seen.merges and not _is_figure(header) and _is_meant(seen, header, asking)
    )
    if not filled:
        return
    seen.fill = filled
    seen.rows = seen.rows.with_columns(pl.col(filled).forward_fill())
    asking.note(
        _("%(source)s: merged cells of %(headers)s say the same for each row that they span")
        % {"source": seen.name, "headers": ", ".join(filled)}
    )


def _is_figure(header: str) -> bool:
    listed = [word for name in _FIGURES for word in words()["columns"][name]]
    return bool(likeness(header, listed) >= ENDING or part_in_words(header))


def _is_meant(seen: Seen, header: str, asking: Asking) -> bool:
    """Whether every empty cell of the column says what stands above it: merged ones do, of others somebody says so."""
    others = seen.merges[header]
    if not others:
        return True
    told = {"source": seen.name, "header": header, "count": others}
    choices = [
        Choice(FILL, _("Yes, all of them"), (), _("each empty cell says what stands above it")),
        Choice(LEAVE, _("No"), (), _("the merged ones stay empty too: undo the merging in the file")),
    ]
    text = _("%(source)s: do the empty cells of %(header)s say what stands above them?") % told
    evidence = _("Some cells of it are merged, and %(count)s others are empty.") % told
    return asking.ask(f"{seen.name}.fill_{header}", text, choices, evidence=evidence) == FILL
