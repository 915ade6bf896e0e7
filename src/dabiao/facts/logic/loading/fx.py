"""Amounts in the reporting currency: by the rate of the day or the last one shortly before it, never by 1.

A rate is for `per` units of its currency: 4.81234 for 100 JPY is exact, where six decimals for one are not.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import polars as pl

from dabiao.engine.number import MONEY_SCALE, RATE_SCALE
from dabiao.facts.logic.coerce import numbers
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.mapping.known import Into
from dabiao.facts.logic.reading import ROW

OLDEST: Final = timedelta(days=31)
"""How old a rate may be: holidays have none, but last year's is not today's."""
RATES: Final = pl.Schema(
    {"currency": pl.String(), "on": pl.Date(), "rate": pl.Decimal(18, RATE_SCALE), "per": pl.Int64()}
)
"""Columns of known rates: reporting units for `per` units of `currency`; null is one."""
_ORIGINALS: Final = {"amount": "original_amount", "amount_with_tax": "original_amount_with_tax"}
ADDED: Final = frozenset({"currency", "fx_rate", "fx_per", "fx_on", *_ORIGINALS.values()})
"""Columns that every load into a table of amounts has, also where no file speaks of currencies."""


def converted(
    rows: pl.DataFrame, known: Into, table: TableMap, context: Context, errors: list[pl.DataFrame]
) -> pl.DataFrame:
    """Adds currency, the original amounts, fx_rate, fx_per and fx_on; money columns become the reporting currency's.

    Rows whose table has no currency, and imports that name none, are left as they are: in the reporting currency.
    """
    if "fx_rate" not in known.columns or "fx_rate" in table.columns:
        return rows
    currency = currency_of(rows, context)
    rows = rows.with_columns(currency.alias("currency"), *_kept(rows))
    one = pl.lit(Decimal(1)).cast(pl.Decimal(18, RATE_SCALE))
    day = pl.col(known.on or "").cast(pl.Date)
    if (currency == context.reporting).all():
        return rows.with_columns(
            one.alias("fx_rate"), pl.lit(1, pl.Int64).alias("fx_per"), day.alias("fx_on")
        )
    rates = _rates(rows.select(ROW, "currency", day.alias("day")), context)
    rows = rows.with_columns(rates["fx_rate"], rates["fx_per"], rates["fx_on"])
    _refuse_missing(rows, known.on or "", table.named("currency"), errors)
    money = [name for name, kind in known.columns.items() if kind == "money" and name in rows.columns]
    return _multiplied(rows, [name for name in money if not name.startswith("original_")], context)


def is_plain(rows: pl.DataFrame) -> bool:
    """Whether every row is in the reporting currency, so that what is added says nothing that the amounts do not say."""
    return "fx_rate" in rows.columns and bool((rows["fx_rate"] == 1).all())


def currency_of(rows: pl.DataFrame, context: Context) -> pl.Series:
    """In which currency each row says its amounts."""
    usual = context.currency or context.reporting
    if "currency" in rows.columns:
        return rows["currency"].str.strip_chars().str.to_uppercase().fill_null(usual)
    return pl.repeat(usual, rows.height, dtype=pl.String, eager=True)


def _kept(rows: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.col(name).alias(original)
        for name, original in _ORIGINALS.items()
        if name in rows.columns and original not in rows.columns
    ]


def _rates(asked: pl.DataFrame, context: Context) -> pl.DataFrame:
    """fx_rate, fx_per and fx_on in the order of `asked`; null where no rate is close enough."""
    known = context.rates if context.rates is not None else pl.DataFrame(schema=RATES)
    known = known.select(
        "currency",
        pl.col("on").alias("day"),
        pl.col("on").alias("fx_on"),
        pl.col("rate").alias("fx_rate"),
        pl.col("per").fill_null(1).alias("fx_per"),
    )
    order = asked.with_row_index("__order__").sort("day")
    met = order.join_asof(
        known.sort("day"),
        on="day",
        by="currency",
        strategy="backward",
        tolerance=OLDEST,
        check_sortedness=False,
    ).sort("__order__")
    ours = pl.col("currency") == context.reporting
    one = pl.lit(Decimal(1)).cast(pl.Decimal(18, RATE_SCALE))
    return met.select(
        pl.when(ours).then(one).otherwise("fx_rate").alias("fx_rate"),
        pl.when(ours).then(pl.lit(1, pl.Int64)).otherwise("fx_per").alias("fx_per"),
        pl.when(ours).then("day").otherwise("fx_on").alias("fx_on"),
    )


def _refuse_missing(rows: pl.DataFrame, on: str, column: str, errors: list[pl.DataFrame]) -> None:
    missing = rows.filter(pl.col("fx_rate").is_null())
    if missing.height:
        said = pl.format("{} {}", "currency", pl.col(on).cast(pl.String).fill_null("?"))
        errors.append(
            missing.select(
                ROW,
                pl.lit(column).alias("column"),
                pl.lit("amount").alias("into"),
                said.alias("value"),
                pl.lit("no_rate").alias("reason"),
            )
        )


def _multiplied(rows: pl.DataFrame, names: Sequence[str], context: Context) -> pl.DataFrame:
    """Exact: whole units × whole rate units, divided once, half away from zero."""
    for name in names:
        frame = pl.DataFrame(
            {
                "a": numbers.minor(rows[name], MONEY_SCALE),
                "r": numbers.minor(rows["fx_rate"], RATE_SCALE),
                "u": rows["fx_per"].cast(pl.Int128),
            }
        )
        unit = pl.col("u") * 10**RATE_SCALE
        product = pl.col("a") * pl.col("r")
        size = pl.when(product < 0).then(0 - product).otherwise(product)
        half_up = (size * 2 + unit) // (2 * unit)
        units = frame.select(
            pl.when(product < 0).then(0 - half_up).otherwise(half_up).alias(name)
        ).to_series()
        rows = rows.with_columns(numbers.major(units, MONEY_SCALE))
    return rows
