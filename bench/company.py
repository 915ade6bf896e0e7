"""A seeded company for measurements: 5,000 sellers in teams of fifty, and N order lines of two years, as Parquet.

Made by DuckDB from hashes of row numbers, so that a number of lines always gives the same rows.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from dabiao.lake.tables import TABLES

SELLERS, TEAM, TEAMS_IN_REGION, CATEGORIES, PRODUCTS = 5000, 50, 10, 10, 200
YEAR = 2025
START, DAYS = f"{YEAR - 1}-01-01", 731
PASSWORD = "measure-me-please"  # of a company that exists while it is measured
_FILE = 2


def order_lines(lines: int, folder: Path) -> Path:
    """`order_lines` in date order: about four lines an order, 3 % returns, one seller an order."""
    return _kept(folder / f"order_lines_{lines}_v{_FILE}.parquet", _lines(lines))


def targets(folder: Path) -> Path:
    """A target for every seller, category and month of the shown year: person, category, window, target."""
    return _kept(folder / f"targets_v{_FILE}.parquet", _TARGETS)


def _kept(file: Path, query: str) -> Path:
    """Made once; complete before it has its name."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as work:
            work.execute(
                f"COPY ({query}) TO '{file}.part' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
            )
        Path(f"{file}.part").rename(file)
    return file


def _lines(lines: int) -> str:
    return f"""
        WITH line AS (
            SELECT i, i // 4 AS o, hash(i) AS h, hash(i // 4, 'order') AS g FROM range({lines}) t(i)
        ), priced AS (
            SELECT *, ((CASE WHEN h % 100 < 3 THEN -1 ELSE 1 END) * (100 + h % 500000) / 100)::DECIMAL(18,4) AS amount
            FROM line
        )
        SELECT 'L' || i AS key, 'bench' AS source,
               (DATE '{START}' + (o * {DAYS} // ({lines} // 4))::INT) AS ordered_on,
               'P' || lpad(((pow(g % 1000000 / 1e6, 1.6) * {SELLERS})::INT % {SELLERS})::VARCHAR, 4, '0') AS person,
               'C' || (g % 100000) AS customer, 'O' || o AS "order",
               'G' || lpad((h % {PRODUCTS})::VARCHAR, 3, '0') AS product,
               (1 + h % 9)::DECIMAL(18,4) AS qty,
               amount, (amount * 1.13)::DECIMAL(18,4) AS amount_with_tax, 0.13::DECIMAL(18,6) AS tax_rate,
               (amount * 0.7)::DECIMAL(18,4) AS cost, (amount * 1.08)::DECIMAL(18,4) AS list_amount,
               CASE WHEN h % 100 < 3 THEN 'return' WHEN g % 8 = 0 THEN 'new' ELSE 'repeat' END AS kind,
               CASE h % 3 WHEN 0 THEN 'direct' WHEN 1 THEN 'dealer' ELSE 'online' END AS sales_channel,
               'CNY' AS currency, amount AS original_amount, 1::DECIMAL(18,6) AS fx_rate
        FROM priced"""


_TARGETS = f"""
    SELECT 'P' || lpad(p::VARCHAR, 4, '0') AS person, 'K' || k AS category,
           '{YEAR}-' || lpad(m::VARCHAR, 2, '0') AS window,
           (1000 + hash(p, k, m) % 90000)::DECIMAL(18,4) AS target
    FROM range({SELLERS}) p(p), range({CATEGORIES}) k(k), range(1, 13) m(m)"""


def products() -> pa.Table:
    """The lake's `products`: ten categories, five lines."""
    rows = [
        {"product": f"G{p:03d}", "line": f"L{p // 40}", "category": f"K{p % CATEGORIES}"}
        for p in range(PRODUCTS)
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["products"].schema)


def settle(at: datetime) -> None:
    """The organisation and its users in the app database: `ada` sees all, `m000` a team, `h0` a region."""
    from dabiao.core.uploads import numbered
    from dabiao.org import imports
    from dabiao.org.models import User

    for name, rows in _ORGANISATION.items():
        done = imports.import_rows(name, numbered(rows()), by=None, at=at)
        if done.errors:
            raise ValueError(f"{name}: {done.errors[0]}")
    for user in User.objects.filter(username__in=["ada", "m000", "h0"]):
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])


Rows = Iterator[dict[str, str]]
_TEAM_COUNT = SELLERS // TEAM
_REGION_COUNT = _TEAM_COUNT // TEAMS_IN_REGION


def _units() -> Rows:
    yield {"key": "company", "name": "公司", "kind": "company"}
    for r in range(_REGION_COUNT):
        yield {"key": f"r{r}", "name": f"大区 {r}", "kind": "region", "parent": "company"}
    for t in range(_TEAM_COUNT):
        yield {"key": f"t{t}", "name": f"小组 {t}", "kind": "team", "parent": f"r{t // TEAMS_IN_REGION}"}


def _heads() -> Iterator[tuple[str, str]]:
    """(employee number, unit) of everybody who leads one."""
    yield from ((f"H{r}", f"r{r}") for r in range(_REGION_COUNT))
    yield from ((f"M{t:03d}", f"t{t}") for t in range(_TEAM_COUNT))


def _everybody() -> Iterator[tuple[str, str]]:
    yield from _heads()
    yield from ((f"P{p:04d}", f"t{p // TEAM}") for p in range(SELLERS))


def _people() -> Rows:
    return ({"key": person, "name": f"员工 {person}"} for person, _ in _everybody())


def _positions() -> Rows:
    return ({"key": f"s-{person}", "title": "销售", "unit": unit} for person, unit in _everybody())


def _assignments() -> Rows:
    return (
        {"person": person, "position": f"s-{person}", "starts_on": "2020-01-01"} for person, _ in _everybody()
    )


def _users() -> Rows:
    yield {"username": "ada", "role": "admin"}
    yield from ({"username": p.lower(), "role": "manager", "person": p} for p, _ in _heads())


_ORGANISATION = {
    "units": _units,
    "people": _people,
    "positions": _positions,
    "assignments": _assignments,
    "users": _users,
}
