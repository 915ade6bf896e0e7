"""Other sheets that say one thing more about a column of this one: who manages a region, what came back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import ENDING, likeness, words

_LOOKED_UP: Final = (None, "units")
"""Sheets that feed nothing, and those that say who manages which unit."""


def joins_of(seen: Seen, others: Sequence[Seen]) -> list[dict[str, Any]]:
    """Lookups in sheets that feed no facts themselves."""
    joins = []
    for other in others:
        for header in other.headers:
            if header not in seen.headers or not _contained(seen, other, header):
                continue
            more = [name for name in other.headers if name not in seen.headers]
            taken = {name: name for name in more if _adds(name)}
            if taken and other.kind in _LOOKED_UP:
                joins.append(
                    {"source": other.name, "on": {header: header}, "take": taken, "missing": "ignore"}
                )
                break
    return joins


def use(
    join: Mapping[str, Any], columns: dict[str, Any], known: Mapping[str, str], seen: Seen, table: str
) -> None:
    """A manager of the row's region becomes its person, where it has none; a return marks the line."""
    for header in join["take"]:
        if likeness(header, words()["columns"]["returned"]) >= ENDING and "returned" in known:
            columns["returned"] = {"from": header, "default": "否"}
            note = _("from %(source)s; lines are marked, never multiplied") % {"source": join["source"]}
            seen.chosen["returned"] = Guess(table, "returned", header, 0.9, note)
        elif "person" in known and "person" not in columns:
            columns["person"] = header
            note = _("from %(source)s") % {"source": join["source"]}
            seen.chosen["person"] = Guess(table, "person", header, 0.8, note)


def _contained(seen: Seen, other: Seen, header: str) -> bool:
    """Most keys of the other sheet are known here."""
    theirs, ours = other.values(header).unique(), seen.values(header).unique()
    return theirs.len() > 0 and theirs.is_in(ours.to_list()).sum() * 2 >= theirs.len()


def _adds(header: str) -> bool:
    return any(likeness(header, words()["columns"][kind]) >= ENDING for kind in ("holder", "returned"))
