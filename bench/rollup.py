"""Every seller by category and month: sales, attainment, and the change on the month and the year before."""

import pyarrow as pa
import pyarrow.parquet as pq

from bench import company, frames
from bench.harness import Run, Workload
from bench.home import Home, by_hand, lake_files, root

WORKLOAD = Workload(
    name="rollup",
    module="bench.rollup",
    engines=("sql", "dabiao", "polars", "pandas"),
    keys=("person", "category", "window"),
)


def dabiao(home: Home) -> Run:
    """The program's own way, from metric and periods to one statement over the lake."""
    home.enter()
    from dabiao.engine.period import CALENDAR_YEAR
    from dabiao.lake import reading
    from dabiao.metrics.answer import MetricRequest
    from dabiao.metrics.scoreboard import closed, score

    year = CALENDAR_YEAR.parse(str(company.YEAR))
    steps = closed(CALENDAR_YEAR, CALENDAR_YEAR.parts(year, "month"))
    question = MetricRequest(("sales_amount",), ("person", "category", "window"))

    def run() -> pa.Table:
        targets = pq.read_table(company.targets(root()))
        return score(reading.current(), question, steps=steps, targets=targets, seats=None)

    return run


_SQL = """
    WITH cell AS (
        SELECT person, category, (12 * year(ordered_on) + month(ordered_on))::INT AS m, sum(amount) AS actual
        FROM read_parquet({lines}) JOIN read_parquet({products}) USING (product) GROUP BY ALL
    ), promise AS (
        SELECT *, (12 * left("window", 4)::INT + right("window", 2)::INT) AS m FROM read_parquet('{targets}')
    )
    SELECT p.person, p.category, p.window, coalesce(c.actual, 0) AS actual, p.target,
           CASE WHEN p.target > 0 THEN coalesce(c.actual, 0)::DOUBLE / p.target
                WHEN p.target < 0 THEN 2 - coalesce(c.actual, 0)::DOUBLE / p.target END AS attained,
           (coalesce(c.actual, 0) - b.actual)::DOUBLE / nullif(abs(b.actual::DOUBLE), 0) AS on_previous,
           (coalesce(c.actual, 0) - y.actual)::DOUBLE / nullif(abs(y.actual::DOUBLE), 0) AS on_year
    FROM promise p
    LEFT JOIN cell c ON c.person = p.person AND c.category = p.category AND c.m = p.m
    LEFT JOIN cell b ON b.person = p.person AND b.category = p.category AND b.m = p.m - 1
    LEFT JOIN cell y ON y.person = p.person AND y.category = p.category AND y.m = p.m - 12"""


def sql(home: Home) -> Run:
    """DuckDB by hand, by somebody who knows that every cell has a target."""
    home.enter()
    work = by_hand()
    query = _SQL.format(
        lines=lake_files("order_lines"), products=lake_files("products"), targets=company.targets(root())
    )
    return lambda: work.execute(query).to_arrow_table()


def polars(home: Home) -> Run:
    """Polars, lazily and with its streaming engine."""
    home.enter()
    import polars as pl

    lines, products = lake_files("order_lines"), lake_files("products")
    keys = ["person", "category", "m"]

    def run() -> pa.Table:
        day, label = pl.col("ordered_on"), pl.col("window")
        catalogue = pl.scan_parquet(products).select("product", "category")
        cell = (
            pl.scan_parquet(lines)
            .select("person", "product", "amount", m=12 * day.dt.year() + day.dt.month().cast(pl.Int32))
            .join(catalogue, on="product")
            .group_by(keys)
            .agg(actual=pl.sum("amount"))
            .collect(engine="streaming")
            .lazy()
        )
        m = 12 * label.str.slice(0, 4).cast(pl.Int32) + label.str.slice(5, 2).cast(pl.Int32)
        wide = pl.scan_parquet(company.targets(root())).with_columns(m=m).join(cell, on=keys, how="left")
        for name, months in (("before", 1), ("year", 12)):
            earlier = cell.select("person", "category", m=pl.col("m") + months, **{name: pl.col("actual")})
            wide = wide.join(earlier, on=keys, how="left")
        actual = pl.col("actual").fill_null(0)
        plain = actual.cast(pl.Float64) / pl.col("target").cast(pl.Float64)
        changes = {
            name: (actual - pl.col(of)).cast(pl.Float64) / pl.col(of).cast(pl.Float64).abs().replace(0, None)
            for name, of in (("on_previous", "before"), ("on_year", "year"))
        }
        mirrored = pl.when(pl.col("target") > 0).then(plain).when(pl.col("target") < 0).then(2 - plain)
        found = wide.select(
            "person", "category", "window", "target", actual=actual, attained=mirrored, **changes
        )
        return found.collect(engine="streaming").to_arrow()

    return run


def pandas(home: Home) -> Run:
    """pandas with Arrow's reader; sums in whole ten-thousandths, because its own decimals are objects."""
    home.enter()
    import numpy as np
    import pandas as pd

    lines, products = lake_files("order_lines"), lake_files("products")
    keys = ["person", "category", "m"]

    def run() -> pa.Table:
        lake = frames.read(lines, ["person", "product", "ordered_on", "amount"])
        frame = pd.DataFrame(
            {
                "person": lake["person"].dictionary_encode().to_pandas(),
                "product": lake["product"].dictionary_encode().to_pandas(),
                "m": frames.months(lake["ordered_on"]),
                "actual": frames.scaled(lake["amount"]),
            }
        )
        del lake
        catalogue = frames.read(products, ["product", "category"]).to_pandas()
        frame["category"] = (
            frame["product"].map(catalogue.set_index("product")["category"]).astype("category")
        )
        cell = frame.groupby(keys, observed=True)["actual"].sum().reset_index()
        cell = cell.astype({"person": str, "category": str})
        promises = pq.read_table(company.targets(root()))
        asked = promises.drop(["target"]).to_pandas()
        asked["target"] = frames.scaled(promises["target"])
        asked["m"] = 12 * asked["window"].str[:4].astype(int) + asked["window"].str[5:].astype(int)
        wide = asked.merge(cell, on=keys, how="left")
        for name, months in (("before", 1), ("year", 12)):
            wide = wide.merge(
                cell.assign(m=cell["m"] + months).rename(columns={"actual": name}), on=keys, how="left"
            )
        actual = wide["actual"].fillna(0)
        plain = actual / wide["target"]
        return pa.table(
            {
                **{name: pa.array(wide[name]) for name in ("person", "category", "window")},
                "actual": frames.unscaled(actual.to_numpy(np.int64)),
                "target": promises["target"],
                "attained": pa.array(plain.where(wide["target"] > 0, 2 - plain)),
                "on_previous": pa.array((actual - wide["before"]) / wide["before"].abs().replace(0, np.nan)),
                "on_year": pa.array((actual - wide["year"]) / wide["year"].abs().replace(0, np.nan)),
            }
        )

    return run
