"""Signs of money in cells: €100 is taken where the row is in euros, and handed back anywhere else."""

from typing import Final

import polars as pl

from dabiao.core import written
from dabiao.facts.logic.coerce import numbers
from dabiao.facts.logic.loading import fx
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.mapping.known import Into
from dabiao.facts.logic.reading import ROW

_ANY: Final = "[¥￥$＄€£￡元]"
_AGREEING: Final = [sign + code for sign, codes in written.CURRENCIES.items() for code in sorted(codes)]


def refuse_foreign(
    frame: pl.DataFrame,
    rows: pl.DataFrame,
    table: TableMap,
    known: Into,
    context: Context,
    errors: list[pl.DataFrame],
) -> None:
    """Hand back amounts whose sign is not that of their row's currency.

    frame: the source's rows. rows: the same as the table has them. What has no sign is in the row's currency.
    """
    for name, rule in table.columns.items():
        if known.columns.get(name) != "money" or rule.values is not None:
            continue
        texts = [column for column in rule.reads if frame.schema[column] == pl.String]
        signed = [column for column in texts if frame[column].str.contains(_ANY).any()]
        if signed:
            currency = _currency(rows, name, table, known, context)
            errors += [_foreign(frame, column, name, currency) for column in signed]


def _foreign(frame: pl.DataFrame, column: str, name: str, currency: pl.Series) -> pl.DataFrame:
    signed = pl.DataFrame({ROW: frame[ROW], "value": frame[column], "sign": numbers.signs(frame[column])})
    signed = signed.with_columns(currency.alias("currency"))
    agreeing = pl.concat_str("sign", "currency").is_in(_AGREEING)
    return signed.filter(pl.col("sign").is_not_null() & ~agreeing.fill_null(False)).select(
        ROW,
        pl.lit(column).alias("column"),
        pl.lit(name).alias("into"),
        pl.col("value"),
        pl.lit("foreign_sign").alias("reason"),
    )


def _currency(rows: pl.DataFrame, name: str, table: TableMap, known: Into, context: Context) -> pl.Series:
    """The currency in which the source says a column: its row's, unless the amounts have been converted already."""
    converted = "fx_rate" not in known.columns or "fx_rate" in table.columns
    if converted and not name.startswith("original_"):
        return pl.repeat(context.reporting, rows.height, dtype=pl.String, eager=True)
    return fx.currency_of(rows, context)
