"""Cells that name a period: 2026, 2026-Q1, 2026-03, 2026年1季度. They say when it begins and when it ends.

A day, also the first of a month, is a day: what it is the first day of, it does not say.
"""

import polars as pl

from dabiao.core.calendars import fiscal
from dabiao.core.months import period_in_words
from dabiao.engine.period import Period
from dabiao.facts.logic.coerce import words


def begins(cells: pl.Series) -> pl.Series:
    """The cells as text, with the first day in place of the label of a period."""
    if cells.dtype.is_temporal():
        return cells
    texts = words.to_text(cells).values
    firsts = {text: period.start.isoformat() for text, period in _periods(texts).items()}
    return texts.replace(firsts).alias(cells.name)


def ends(cells: pl.Series) -> pl.Series:
    """The day after the last of the period that a cell names; null where it names none."""
    if cells.dtype.is_temporal():
        return pl.repeat(None, len(cells), dtype=pl.Date, eager=True)
    texts = words.to_text(cells).values
    lasts = {text: period.end for text, period in _periods(texts).items()}
    return texts.replace_strict(lasts, default=None, return_dtype=pl.Date)


def _periods(texts: pl.Series) -> dict[str, Period]:
    """Text → period, of the different texts."""
    calendar = fiscal()
    found = {text: period_in_words(text, calendar, by_day=True) for text in texts.unique().drop_nulls()}
    return {text: period for text, period in found.items() if period is not None and period.kind != "day"}
