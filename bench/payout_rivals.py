"""The same commission written by hand: DuckDB SQL, Polars, pandas, and a plain loop over Decimals.

Each takes (lines, products, out), writes its trace (id, person, share, credit, before, slice_1 … slice_3,
amount; money in cents) and returns how many people × months it paid, and the sum in cents.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

FIRST, SECOND = 10_000_000, 30_000_000
Work = Callable[[Path, Path, Path], tuple[int, int]]


def by_duckdb(lines: Path, products: Path, out: Path) -> tuple[int, int]:
    """One statement; money as BIGINT cents, which is faster than DECIMAL and exact."""
    import duckdb

    con = duckdb.connect(config={"threads": 2})
    con.execute("set preserve_insertion_order = false")
    con.execute(
        f"create temp table products as select product, (mult * 100)::bigint as times from '{products}'"
    )
    con.execute(f"""
        copy (
          with facts as (
            select id, day, rep, rep2, product, (amount * 100)::bigint as cents,
                   sign(cents) * ((abs(cents) * 60 + 50) // 100) as part from '{lines}'
          ), credits as (
            select id, day, rep as person, product, case when rep2 is null then 100 else 60 end::utinyint as "share",
                   case when rep2 is null then cents else part end as credit from facts
            union all
            select id, day, rep2, product, 40, cents - part from facts where rep2 is not null
          ), counted as (
            select *, sum(credit) over (partition by person order by day, id rows unbounded preceding)::bigint as after
            from credits
          ), cut as (
            select *, least(greatest(after, 0), {FIRST}) - least(greatest(after - credit, 0), {FIRST}) as slice_1,
                   least(greatest(after, {FIRST}), {SECOND}) - least(greatest(after - credit, {FIRST}), {SECOND}) as slice_2,
                   greatest(after, {SECOND}) - greatest(after - credit, {SECOND}) as slice_3
            from counted
          ), paid as (
            select cut.*, times, (slice_1 * 2 + slice_2 * 3 + slice_3 * 5) * times as exact from cut join products using (product)
          )
          select id, day, person, product, "share", credit, after - credit as before, slice_1, slice_2, slice_3, times,
                 sign(exact) * ((abs(exact) + 5000) // 10000) as amount
          from paid
        ) to '{out}' (format parquet, compression zstd, compression_level 1)""")
    con.execute(
        f"create temp table totals as select person, month(day) as m, sum(amount) as amount from '{out}' group by all"
    )
    months, paid = con.execute("select count(*), sum(amount) from totals").fetchone()
    return int(months), int(paid)


def by_polars(lines: Path, products: Path, out: Path) -> tuple[int, int]:
    """Lazy, streamed where the engine can."""
    import polars as pl

    def nearest(number: pl.Expr, by: int) -> pl.Expr:
        return number.sign() * ((number.abs() + by // 2) // by)

    def clamp(number: pl.Expr, low: int, high: int | None) -> pl.Expr:
        return number.clip(low) if high is None else number.clip(low, high)

    cents = (pl.col("amount") * 100).cast(pl.Int64)
    facts = pl.scan_parquet(lines).select("id", "day", "rep", "rep2", "product", cents=cents)
    facts = facts.with_columns(part=nearest(pl.col("cents") * 60, 100))
    two = pl.col("rep2").is_not_null()
    first = facts.select("id", "day", "product", person="rep", share=pl.when(two).then(60).otherwise(100).cast(pl.UInt8),
        credit=pl.when(two).then("part").otherwise("cents"))  # fmt: skip
    second = facts.filter(two).select("id", "day", "product", person="rep2", share=pl.lit(40, pl.UInt8),
        credit=pl.col("cents") - pl.col("part"))  # fmt: skip
    times = pl.scan_parquet(products).select("product", times=(pl.col("mult") * 100).cast(pl.Int64))
    after, before = pl.col("after"), pl.col("before")
    slices = {
        f"slice_{number}": clamp(after, low, high) - clamp(before, low, high)
        for number, (low, high) in enumerate([(0, FIRST), (FIRST, SECOND), (SECOND, None)], start=1)
    }
    exact = (pl.col("slice_1") * 2 + pl.col("slice_2") * 3 + pl.col("slice_3") * 5) * pl.col("times")
    trace = (
        pl.concat([first, second])
        .join(times, on="product")
        .sort("person", "day", "id")
        .with_columns(after=pl.col("credit").cum_sum().over("person"))
        .with_columns(before=after - pl.col("credit"))
        .with_columns(**slices)
        .with_columns(amount=nearest(exact, 10_000))
        .drop("after")
    )
    trace.sink_parquet(out, compression="zstd", compression_level=1)
    totals = pl.scan_parquet(out).group_by("person", m=pl.col("day").dt.month()).agg(pl.sum("amount"))
    months, paid = totals.select(pl.len(), pl.sum("amount")).collect().row(0)
    return int(months), int(paid)


def by_pandas(lines: Path, products: Path, out: Path) -> tuple[int, int]:
    """What a careful analyst writes: vectors of cents."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    def cents_of(column):
        return pc.multiply(column, pa.scalar(100, pa.decimal128(3))).cast("int64").to_numpy()

    def nearest(number, by):
        return np.sign(number) * ((np.abs(number) + by // 2) // by)

    table = pq.read_table(lines, columns=["id", "day", "rep", "rep2", "product", "amount"])
    facts = pd.DataFrame({name: table[name].to_numpy() for name in ("id", "rep", "product")})
    facts["day"] = table["day"].cast("timestamp[s]").to_numpy()
    partner = table["rep2"].fill_null(-1).to_numpy()
    cents, two = cents_of(table["amount"]), partner >= 0
    part = nearest(cents * 60, 100)
    first = facts.rename(columns={"rep": "person"}).assign(
        share=np.where(two, 60, 100).astype("uint8"), credit=np.where(two, part, cents)
    )
    second = first[two].assign(person=partner[two], share=np.uint8(40), credit=(cents - part)[two])
    credits = pd.concat([first, second], ignore_index=True).sort_values(
        ["person", "day", "id"], ignore_index=True
    )
    after = credits.groupby("person", sort=False)["credit"].cumsum().to_numpy()
    before = after - credits["credit"].to_numpy()
    credits["before"] = before
    credits["slice_1"] = np.clip(after, 0, FIRST) - np.clip(before, 0, FIRST)
    credits["slice_2"] = np.clip(after, FIRST, SECOND) - np.clip(before, FIRST, SECOND)
    credits["slice_3"] = np.maximum(after, SECOND) - np.maximum(before, SECOND)
    goods = pq.read_table(products)
    times = pd.Series(cents_of(goods["mult"]), index=goods["product"].to_numpy())
    exact = credits["slice_1"] * 2 + credits["slice_2"] * 3 + credits["slice_3"] * 5
    credits["amount"] = nearest(exact * times.reindex(credits["product"]).to_numpy(), 10_000)
    credits.to_parquet(out, compression="zstd", index=False)
    totals = credits.groupby(["person", credits["day"].dt.month])["amount"].sum()
    return len(totals), int(totals.sum())


def by_loop(lines: Path, products: Path, out: Path) -> tuple[int, int]:
    """Row by row with Decimals, as many a home-grown commission program does it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cent = Decimal("0.01")
    tiers = [(Decimal(0), Decimal(100_000), Decimal("0.02")), (Decimal(100_000), Decimal(300_000), Decimal("0.03")),
        (Decimal(300_000), None, Decimal("0.05"))]  # fmt: skip
    times = {row["product"]: row["mult"] for row in pq.read_table(products).to_pylist()}
    so_far: dict[int, Decimal] = {}
    totals: dict[tuple[int, int], Decimal] = {}
    rows = []
    for batch in pq.read_table(lines).to_batches(100_000):
        for fact in batch.to_pylist():
            amount, partner = fact["amount"], fact["rep2"]
            part = (amount * Decimal("0.6")).quantize(cent, ROUND_HALF_UP)
            shares = [(fact["rep"], 100, amount)]
            if partner is not None:
                shares = [(fact["rep"], 60, part), (partner, 40, amount - part)]
            for person, share, credit in shares:
                before = so_far.get(person, Decimal(0))
                so_far[person] = after = before + credit
                slices = []
                for low, high, _ in tiers:
                    top, bottom = max(after, low), max(before, low)
                    slices.append(top - bottom if high is None else min(top, high) - min(bottom, high))
                exact = sum(piece * rate for piece, (_, _, rate) in zip(slices, tiers, strict=True))
                paid = (exact * times[fact["product"]]).quantize(cent, ROUND_HALF_UP)
                rows.append(
                    (fact["id"], person, share, *(int(v * 100) for v in (credit, before, *slices, paid)))
                )
                month = person, fact["day"].month
                totals[month] = totals.get(month, Decimal(0)) + paid
    names = ["id", "person", "share", "credit", "before", "slice_1", "slice_2", "slice_3", "amount"]
    pq.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], names=names), out)
    return len(totals), int(sum(totals.values()) * 100)


WORKS: dict[str, Work] = {
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pandas": by_pandas,
    "loop": by_loop,
}
