"""Texts and yes-or-no cells."""

from typing import Final

import polars as pl

from dabiao.core.names import HIDDEN
from dabiao.facts.logic.coerce.result import Coerced, fine

ERRORS: Final = r"^#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!)$"
NO_RESULT: Final = "#FORMULA?"
"""As `core.workbook` marks a formula without a result."""
LOST: Final = r"^[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}$"
"""How a spreadsheet writes a number that has more digits than it keeps: 2.02601E+17."""
_MOST_WHOLE: Final = 1e15
"""Whole numbers below have all of their digits in a double."""
YES: Final = ("是", "y", "yes", "true", "t", "1", "1.0", "√", "✓", "对", "有", "已", "真")
NO: Final = ("否", "n", "no", "false", "f", "0", "0.0", "×", "✗", "错", "无", "未", "假")


def to_text(cells: pl.Series) -> Coerced:
    """Text as it stands; a whole double loses its `.0`; a spreadsheet's error, and what cannot be seen, are refused."""
    if cells.dtype.is_float():
        whole = (cells == cells.round()) & (cells.abs() < _MOST_WHOLE)
        frame = pl.DataFrame({"c": cells, "w": whole})
        shown = (
            pl.when("w")
            .then(pl.col("c").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("c").cast(pl.String))
        )
        lost = frame.select(pl.when(pl.col("c").abs() >= _MOST_WHOLE).then(pl.lit("lost_digits"))).to_series()
        return Coerced(frame.select(shown.alias(cells.name)).to_series(), lost.cast(pl.String))
    texts = cells.cast(pl.String)
    frame = pl.DataFrame({"t": texts})
    hidden = pl.when(pl.col("t").str.contains(HIDDEN)).then(pl.lit("hidden"))
    reason = frame.select(
        hidden.when(pl.col("t").str.contains(ERRORS)).then(pl.lit("excel_error"))
        .when(pl.col("t") == NO_RESULT).then(pl.lit("no_result"))
        .when(pl.col("t").str.contains(LOST)).then(pl.lit("lost_digits"))
    ).to_series()  # fmt: skip
    if reason.null_count() == len(reason):
        return fine(texts)
    kept = frame.select(pl.when(reason.is_null()).then("t").alias(cells.name)).to_series()
    return Coerced(kept, reason.cast(pl.String))


def to_flag(cells: pl.Series) -> Coerced:
    """True or false from 是/否, Y/N, yes/no, 1/0, √/×."""
    if cells.dtype == pl.Boolean:
        return fine(cells)
    texts = cells.cast(pl.String)
    lower = texts.str.strip_chars().str.to_lowercase()
    table = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
    values = lower.replace_strict(table, default=None, return_dtype=pl.Boolean)
    bad = values.is_null() & texts.is_not_null()
    return _refusing(values, bad, "not_a_flag") if bad.any() else fine(values)


def _refusing(values: pl.Series, bad: pl.Series, reason: str) -> Coerced:
    frame = pl.DataFrame({"v": values, "b": bad})
    kept = frame.select(pl.when("b").then(None).otherwise("v").alias(values.name)).to_series()
    return Coerced(kept, frame.select(pl.when("b").then(pl.lit(reason)).cast(pl.String)).to_series())
