"""Rows of a people sheet that share a name, without numbers that tell them apart: two people, or one who moved. It is asked."""

import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.loading.namesakes import told_apart
from dabiao.facts.logic.mapping import Apart
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen

TWO: Final = "two"
MOVED: Final = "moved"
BACK: Final = "back"
_TELLING: Final = ("unit", "position", "hired_on", "email")
"""What may tell two of one name apart, the first that does."""
_MOST: Final = 8
"""Shared names of a list of people; a list with more is one of something else."""
_SHARE: Final = 4
"""Of so many rows one at most shares its name."""
_SHOWN: Final = 6


def shared(seen: Seen, who: str) -> tuple[str, ...]:
    """The names, or numbers, that stand in several different rows, in their order; none where it is no list of people then."""
    rows = seen.rows.filter(pl.col(who).is_not_null()).unique(maintain_order=True)
    counts = rows[who].cast(pl.String).value_counts().filter(pl.col("count") > 1)
    few = counts.height <= _MOST and (counts["count"].sum() <= max(_SHARE, rows.height / _SHARE))
    every = rows[who].cast(pl.String).unique(maintain_order=True)
    return tuple(every.filter(every.is_in(counts[who].to_list()))) if few else ()


def settle(seen: Seen, found: Mapping[str, str], asking: Asking) -> None:
    """Ask of each shared name who it is. Names of two people are told apart in the rows, as loading will do."""
    who = found.get("number") or found["holder"]
    twice = shared(seen, who)
    by = _by(seen, found, who, twice) if "number" not in found else ""
    values: dict[str, dict[str, str]] = {}
    for name in twice:
        rows = seen.rows.filter(pl.col(who).cast(pl.String) == name)
        called = {cell: f"{name}-{_bare(cell)}" for cell in rows[by].cast(pl.String)} if by else {}
        said = _asked(seen, who, name, called, moved=_moved(rows, found.get("hired_on")), asking=asking)
        if said == TWO:
            values[name] = called
        elif said == MOVED:
            seen.moved = (*seen.moved, name)
    if values:
        seen.apart = Apart(who, by, values)
        seen.rows = told_apart(seen.rows, seen.apart)


def names(seen: Seen) -> dict[str, str]:
    """What a shared name is read as → the name."""
    values = seen.apart.values if seen.apart else {}
    return {key: name for name, keys in values.items() for key in keys.values()}


def source(seen: Seen) -> dict[str, Any]:
    """What the source says of names that are told apart."""
    if seen.apart is None:
        return {}
    values = {name: dict(keys) for name, keys in seen.apart.values.items()}
    return {"apart": {"column": seen.apart.column, "by": seen.apart.by, "values": values}}


def _by(seen: Seen, found: Mapping[str, str], who: str, twice: tuple[str, ...]) -> str:
    """The column that tells all of the same name apart; nothing where none does."""
    rows = seen.rows.filter(pl.col(who).cast(pl.String).is_in(list(twice))).unique()
    for header in (found[name] for name in _TELLING if name in found):
        keys = rows.select(
            pl.col(who), pl.col(header).cast(pl.String).map_elements(_bare, return_dtype=pl.String)
        )
        if keys.drop_nulls().unique().height == rows.height:
            return header
    return ""


def _moved(rows: pl.DataFrame, since: str | None) -> bool:
    """Whether each row may be a seat that began on its own day."""
    return since is not None and rows[since].drop_nulls().n_unique() == rows.unique().height


def _asked(seen: Seen, who: str, name: str, called: Mapping[str, str], *, moved: bool, asking: Asking) -> str:
    """What the rows of one name are. called: what each is read as where they are different people; nothing where nothing tells."""
    choices = [
        Choice(BACK, _("Neither"), (), _("the rows are handed back: give each person a number of their own"))
    ]
    if moved:
        says = _("each row is a seat, held until the next one begins")
        choices.insert(0, Choice(MOVED, _("One person, who moved"), (), says))
    if called:
        says = _("they are read as %(names)s") % {"names": ", ".join(called.values())}
        choices.insert(0, Choice(TWO, _("Different people"), (), says))
    told = [
        _("row %(row)s: %(cells)s")
        % {"row": at, "cells": " · ".join(str(cell) for cell in cells if cell is not None)}
        for at, said, cells in zip(
            seen.at, seen.rows[who].cast(pl.String), seen.rows.iter_rows(), strict=True
        )
        if said == name
    ]
    text = _("%(source)s: %(name)s stands in several rows. Who is it?")
    evidence = " ⏎ ".join(told[:_SHOWN])
    return asking.ask(
        f"{seen.name}.same_{name}", text % {"source": seen.name, "name": name}, choices, evidence=evidence
    )


def _bare(text: str) -> str:
    """As the end of an employee number."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
