"""Thirty tiles for the manager of fifty: ten measures of orders, this month so far, against last month and last year.

The program reads its serving file. The others read the lake's lines, a daily roll-up in Parquet as somebody would
keep it by hand, or that roll-up as a native DuckDB table. Everybody counts who sat in the team on the day.
"""

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from bench import company, frames
from bench.harness import Run, Workload
from bench.home import Home, by_hand, lake_files, root

if TYPE_CHECKING:
    import polars as pl

WORKLOAD = Workload(
    name="tiles",
    module="bench.tiles",
    engines=("sql_table", "dabiao", "sql_daily", "sql_raw", "polars_raw", "polars_daily", "pandas_raw"),
    keys=("window",),
    calls=20,
)
TEAM = "t42"
FIRST = company.TEAM * int(TEAM[1:])
PEOPLE = tuple(f"P{p:04d}" for p in range(FIRST, FIRST + company.TEAM))
WINDOWS = {
    "now": (date(2025, 12, 1), date(2025, 12, 16)),
    "previous": (date(2025, 11, 1), date(2025, 11, 16)),
    "year_before": (date(2024, 12, 1), date(2024, 12, 16)),
}
MEASURES = (
    "sales_amount",
    "sales_amount_with_tax",
    "sales_quantity",
    "gross_profit",
    "costed_sales",
    "gross_margin",
    "list_amount",
    "listed_sales",
    "price_realisation",
    "new_business_amount",
)
_OF_LINES = {
    "sales_amount": "sum(amount)",
    "sales_amount_with_tax": "sum(amount_with_tax)",
    "sales_quantity": "sum(qty)",
    "gross_profit": "sum(amount - cost)",
    "costed_sales": "coalesce(sum(amount) FILTER (cost IS NOT NULL), 0)",
    "list_amount": "sum(list_amount)",
    "listed_sales": "coalesce(sum(amount) FILTER (list_amount IS NOT NULL), 0)",
    "new_business_amount": "coalesce(sum(amount) FILTER (kind = 'new'), 0)",
}
"""What a daily roll-up keeps; the two shares are divided last."""
_SHARES = {
    "gross_margin": ("gross_profit", "costed_sales"),
    "price_realisation": ("listed_sales", "list_amount"),
}


def dabiao(home: Home) -> Run:
    """The question the cockpit asks, in the scope of a team."""
    home.enter()
    from dabiao.lake import reading
    from dabiao.metrics.answer import MetricRequest, Windows, answer

    windows = Windows(tuple((name, *span) for name, span in WINDOWS.items()))
    unit = reading.current().run(f"SELECT seat_from, seat_to FROM units WHERE unit = '{TEAM}'").to_pylist()[0]
    seats = range(unit["seat_from"], unit["seat_to"])
    question = MetricRequest(MEASURES, ("window",))
    return lambda: answer(reading.current(), question, windows=windows, seats=seats)


def _sql(source: str, sums: dict[str, str], day: str) -> str:
    """The tiles from any source with a person and a day."""
    windows = " ".join(
        f"WHEN {day} >= DATE '{start}' AND {day} < DATE '{end}' THEN '{name}'"
        for name, (start, end) in WINDOWS.items()
    )
    inside = " OR ".join(
        f"({day} >= DATE '{start}' AND {day} < DATE '{end}')" for start, end in WINDOWS.values()
    )
    people = ", ".join(f"'{person}'" for person in PEOPLE)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in sums.items())
    shares = ", ".join(f"{part}::DOUBLE / {whole} AS {name}" for name, (part, whole) in _SHARES.items())
    return f"""SELECT *, {shares} FROM (
        SELECT CASE {windows} END AS "window", {columns} FROM {source}
        WHERE ({inside}) AND person IN ({people}) GROUP BY 1)"""


def sql_raw(home: Home) -> Run:
    """DuckDB over the lake's lines, warm."""
    home.enter()
    work = by_hand()
    query = _sql(f"read_parquet({lake_files('order_lines')})", _OF_LINES, "ordered_on")
    return lambda: work.execute(query).to_arrow_table()


def sql_daily(home: Home) -> Run:
    """DuckDB over one row per person and day in a Parquet file."""
    work = by_hand()
    query = _sql(f"read_parquet('{_daily(home)}')", {name: f"sum({name})" for name in _OF_LINES}, "day")
    return lambda: work.execute(query).to_arrow_table()


def sql_table(home: Home) -> Run:
    """DuckDB over the same as a table of its own, in memory: the most that can be done by hand."""
    work = by_hand()
    work.execute(f"CREATE TABLE daily AS SELECT * FROM read_parquet('{_daily(home)}') ORDER BY day, person")
    query = _sql("daily", {name: f"sum({name})" for name in _OF_LINES}, "day")
    return lambda: work.execute(query).to_arrow_table()


def polars_raw(home: Home) -> Run:
    """Polars over the lake's lines."""
    home.enter()
    import polars as pl

    files = lake_files("order_lines")
    amount, cost, listed = pl.col("amount"), pl.col("cost"), pl.col("list_amount")
    sums = {
        "sales_amount": amount.sum(),
        "sales_amount_with_tax": pl.sum("amount_with_tax"),
        "sales_quantity": pl.sum("qty"),
        "gross_profit": (amount - cost).sum(),
        "costed_sales": amount.filter(cost.is_not_null()).sum(),
        "list_amount": listed.sum(),
        "listed_sales": amount.filter(listed.is_not_null()).sum(),
        "new_business_amount": amount.filter(pl.col("kind") == "new").sum(),
    }
    return lambda: _with_polars(pl.scan_parquet(files), "ordered_on", sums)


def polars_daily(home: Home) -> Run:
    """Polars over one row per person and day."""
    daily = _daily(home)
    import polars as pl

    return lambda: _with_polars(pl.scan_parquet(daily), "day", {name: pl.sum(name) for name in _OF_LINES})


def _with_polars(lines: "pl.LazyFrame", day: str, sums: "dict[str, pl.Expr]") -> pa.Table:
    import polars as pl

    on = pl.col(day)
    inside = {name: (on >= start) & (on < end) for name, (start, end) in WINDOWS.items()}
    name = pl.coalesce(*(pl.when(where).then(pl.lit(name)) for name, where in inside.items()))
    found = (
        lines.filter(pl.any_horizontal(*inside.values()), pl.col("person").is_in(PEOPLE))
        .group_by(window=name)
        .agg(**sums)
        .with_columns(
            **{
                share: pl.col(part).cast(pl.Float64) / pl.col(whole).cast(pl.Float64)
                for share, (part, whole) in _SHARES.items()
            }
        )
    )
    return found.collect().to_arrow()


def pandas_raw(home: Home) -> Run:
    """pandas over the lines that Arrow's reader lets through."""
    home.enter()
    import pandas as pd

    files = lake_files("order_lines")
    day, person = pc.field("ordered_on"), pc.field("person")
    inside = {name: (day >= start) & (day < end) for name, (start, end) in WINDOWS.items()}
    wanted = (inside["now"] | inside["previous"] | inside["year_before"]) & person.isin(PEOPLE)
    money = ["amount", "amount_with_tax", "qty", "cost", "list_amount"]

    def run() -> pa.Table:
        lines = frames.read(files, ["ordered_on", "kind", *money], wanted)
        frame = pd.DataFrame({name: frames.scaled(lines[name]) for name in money})
        month = frames.months(lines["ordered_on"])
        labels = {12 * span[0].year + span[0].month: name for name, span in WINDOWS.items()}
        frame["window"] = [labels[m] for m in month.tolist()]
        frame["gross_profit"] = frame["amount"] - frame["cost"]
        frame["new"] = frame["amount"].where(pd.Series(lines["kind"].to_pandas() == "new"), 0)
        summed = frame.groupby("window").sum()
        named = {
            "sales_amount": "amount",
            "sales_amount_with_tax": "amount_with_tax",
            "sales_quantity": "qty",
            "gross_profit": "gross_profit",
            "costed_sales": "amount",
            "list_amount": "list_amount",
            "listed_sales": "amount",
            "new_business_amount": "new",
        }
        sums = {name: summed[column].to_numpy() for name, column in named.items()}
        shares = {share: sums[part] / sums[whole] for share, (part, whole) in _SHARES.items()}
        exact = {name: frames.unscaled(values) for name, values in sums.items()}
        return pa.table({"window": pa.array(summed.index), **exact, **shares})

    return run


def _daily(home: Home) -> Path:
    """One row per person and day, made once; making it is not timed."""
    home.enter()
    file = root() / f"daily_{home.lines}.parquet"
    if not file.exists():
        columns = ", ".join(f"{sql} AS {name}" for name, sql in _OF_LINES.items())
        mine = file.with_suffix(f".{os.getpid()}")
        with by_hand() as work:
            work.execute(
                f"""COPY (SELECT ordered_on AS day, person, {columns}
                          FROM read_parquet({lake_files("order_lines")}) GROUP BY ALL ORDER BY day, person)
                    TO '{mine}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"""
            )
        mine.rename(file)
    return file
