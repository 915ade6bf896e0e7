"""A seeded company for measurements: people in teams in regions, and N order lines of one year, as Parquet.

Made by DuckDB from hashes of row numbers, so that a number of lines always gives the same rows.
"""

from pathlib import Path

import duckdb
import pyarrow as pa

from dabiao.lake.tables import TABLES

PEOPLE, TEAM, TEAMS_IN_REGION, CATEGORIES, PRODUCTS = 5000, 10, 50, 10, 200
START = "2025-01-01"


def order_lines(lines: int, folder: Path) -> Path:
    """`order_lines` in date order: about four lines an order, 3 % returns, one seller a order."""
    file = folder / f"order_lines_{lines}.parquet"
    if not file.exists():
        with duckdb.connect() as work:
            work.execute(
                f"COPY ({_lines(lines)}) TO '{file}.part' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
            )
        Path(f"{file}.part").rename(file)
    return file


def _lines(lines: int) -> str:
    return f"""
        WITH line AS (
            SELECT i, i // 4 AS o, hash(i) AS h, hash(i // 4, 'order') AS g FROM range({lines}) t(i)
        )
        SELECT 'L' || i AS key, 'bench' AS source,
               (DATE '{START}' + (o * 365 // ({lines} // 4))::INT) AS ordered_on,
               'P' || lpad(((pow(g % 1000000 / 1e6, 1.6) * {PEOPLE})::INT % {PEOPLE})::VARCHAR, 4, '0') AS person,
               'C' || (g % 100000) AS customer, 'O' || o AS "order",
               'G' || lpad((h % {PRODUCTS})::VARCHAR, 3, '0') AS product,
               (1 + h % 9)::DECIMAL(18,4) AS qty,
               ((CASE WHEN h % 100 < 3 THEN -1 ELSE 1 END) * (100 + h % 500000) / 100)::DECIMAL(18,4) AS amount,
               (((100 + h % 500000) * 0.7) / 100)::DECIMAL(18,4) AS cost,
               CASE h % 3 WHEN 0 THEN 'direct' WHEN 1 THEN 'dealer' ELSE 'online' END AS sales_channel,
               'CNY' AS currency
        FROM line"""


def places() -> dict[str, pa.Table]:
    """The organisation's lake tables: seats in tree order, one seat a person all year."""
    regions = PEOPLE // TEAM // TEAMS_IN_REGION
    units: list[dict[str, object]] = [_unit("company", None, "company", 1, PEOPLE + 1)]
    levels: list[dict[str, object]] = [_level("company", "company", "company")]
    for r in range(regions):
        size = TEAM * TEAMS_IN_REGION
        units.append(_unit(f"r{r}", "company", "region", 1 + r * size, 1 + (r + 1) * size))
        levels += [_level(f"r{r}", "company", "company"), _level(f"r{r}", "region", f"r{r}")]
    for t in range(PEOPLE // TEAM):
        region = f"r{t // TEAMS_IN_REGION}"
        units.append(_unit(f"t{t}", region, "team", 1 + t * TEAM, 1 + (t + 1) * TEAM))
        levels += [
            _level(f"t{t}", "company", "company"),
            _level(f"t{t}", "region", region),
            _level(f"t{t}", "team", f"t{t}"),
        ]
    return {
        "units": _table("units", units),
        "unit_levels": _table("unit_levels", levels),
        "assignments": _table("assignments", [_seat(p) for p in range(PEOPLE)]),
        "products": _table("products", [_product(p) for p in range(PRODUCTS)]),
    }


def _seat(p: int) -> dict[str, object]:
    from datetime import date

    return {
        "seat": p + 1,
        "person": f"P{p:04d}",
        "unit": f"t{p // TEAM}",
        "position": f"s{p}",
        "starts_on": date(2020, 1, 1),
        "ends_on": date(9999, 12, 31),
        "primary": True,
    }


def _product(p: int) -> dict[str, object]:
    return {"product": f"G{p:03d}", "line": f"L{p // 40}", "category": f"K{p % CATEGORIES}"}


def _unit(unit: str, parent: str | None, kind: str, start: int, end: int) -> dict[str, object]:
    return {"unit": unit, "parent": parent, "kind": kind, "seat_from": start, "seat_to": end}


def _level(unit: str, kind: str, ancestor: str) -> dict[str, object]:
    return {"unit": unit, "kind": kind, "ancestor": ancestor}


def _table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TABLES[name].schema)
