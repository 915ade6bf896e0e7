"""Whether rows that come are there already under another name: compared by what they say, never by source or key."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import duckdb

from dabiao.lake.sql import listed, named
from dabiao.lake.tables import LakeTable
from dabiao.lake.writing import literal

LEAST: Final = 20
"""Fewer rows than this can be alike by chance."""
FEW: Final = 3
"""So few can not where they say an amount beside a day and somebody: small ledgers double a company, too."""
_MONEY: Final = frozenset({"amount", "amount_with_tax"})
SHARE: Final = (4, 5)
"""What part of the rows must be there already."""
_TELLING: Final = (
    *("person", "customer", "product", "kind", "metric", "competitor", "segment"),
    *("amount", "amount_with_tax", "qty", "value", "minutes", "score", "events", "on_hand", "size"),
)
_NEEDED: Final = 2
"""Columns beside the day without which rows say too little to be told apart."""
_EXAMPLES: Final = 3
_LARGE: Final = 20_000
_DAYS: Final = 12
"""Days of a large load that are looked at first, evenly from its first to its last."""


@dataclass(frozen=True)
class Alike:
    """How many of the rows that come are there under another source, or under other keys of their own.

    columns: what was compared. examples: `key = the key that it has there`.
    """

    rows: int
    of: int
    source: str
    columns: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


def is_most(rows: int, of: int, least: int = LEAST) -> bool:
    """Whether so many of so many are enough to ask."""
    part, whole = SHARE
    return rows >= least and rows * whole >= of * part


def larger(one: Alike | None, other: Alike | None) -> Alike | None:
    """Of two findings the one of more rows."""
    return max((each for each in (one, other) if each), key=lambda each: each.rows, default=None)


def found(
    work: duckdb.DuckDBPyConnection, table: LakeTable, own: Collection[str], least: int = LEAST
) -> Alike | None:
    """The source that has most of the new rows already; None where none has. After `writing.compare`.

    least: so few may ask; 1 where it is known otherwise that they came before, and chance is no reason.

    Rows that this very load changes or removes are no second ones. Equal rows count as often as both sides have them.
    Of a large load some days are looked at first: where little of them is there, most of all of it cannot be.
    """
    keys = listed(table.key)
    total, known = _row(work, "SELECT (SELECT count(*) FROM incoming), (SELECT count(*) FROM met)")
    if total - known < least and not _MONEY.isdisjoint(_filled(work, table, "incoming")):
        least = min(least, FEW)
    if not is_most(total - known, total, least):
        return None
    new = (
        f"SELECT * FROM incoming ANTI JOIN (SELECT {keys} FROM met) USING ({keys})"
        if known
        else "SELECT * FROM incoming"
    )
    day = f"{named(table.on or '')}::DATE"
    rows = work.execute(f"SELECT DISTINCT {day} FROM incoming WHERE {day} IS NOT NULL ORDER BY 1").fetchall()
    there = [f"DATE '{row[0]}'" for row in rows]
    if not there:
        return None
    looked_at = [f"BETWEEN {there[0]} AND {there[-1]}"]
    if total > _LARGE:
        looked_at.insert(0, f"IN ({', '.join(there[:: len(there) // _DAYS + 1])})")
    best: Alike | None = None
    for days in looked_at:
        work.execute(f"CREATE OR REPLACE TEMP VIEW newcomers AS SELECT * FROM ({new}) WHERE {day} {days}")
        work.execute(f"CREATE OR REPLACE TEMP VIEW others AS SELECT * FROM existing WHERE {day} {days}")
        best = _best(work, table, own)
        if best is None:
            return None
    if best is None or (FEW <= least < LEAST and _MONEY.isdisjoint(best.columns)):
        return None
    return replace(best, of=total) if is_most(best.rows, total, least) else None


def _best(work: duckdb.DuckDBPyConnection, table: LakeTable, own: Collection[str]) -> Alike | None:
    """Of the sources that have more than half of `newcomers` among `others` the one that has most of them."""
    best: Alike | None = None
    filled = _filled(work, table, "newcomers")
    for other, columns in _sources(work, filled) if len(filled) >= _NEEDED else ():
        if len(columns) >= _NEEDED:
            best = larger(best, _shared(work, table, other, columns, own=other in own))
    return best


def _filled(work: duckdb.DuckDBPyConnection, table: LakeTable, rows: str) -> list[str]:
    """Telling columns that at least half of the rows fill."""
    names = [name for name in _TELLING if name in table.names]
    counts = ", ".join(f"count({named(name)})" for name in names)
    total, *filled = _row(work, f"SELECT count(*), {counts} FROM {rows}")
    return [name for name, count in zip(names, filled, strict=True) if count and count * 2 >= total]


def _sources(work: duckdb.DuckDBPyConnection, filled: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each source that has rows on those days, with the columns that at least half of its rows fill as well."""
    counts = ", ".join(f"count({named(name)})" for name in filled)
    rows = work.execute(f"SELECT source, count(*), {counts} FROM others GROUP BY 1 ORDER BY 1").fetchall()
    return [
        (source, [name for name, count in zip(filled, counts, strict=True) if count * 2 >= total])
        for source, total, *counts in rows
    ]


def _shared(
    work: duckdb.DuckDBPyConnection,
    table: LakeTable,
    other: str,
    columns: Sequence[str],
    *,
    own: bool,
) -> Alike | None:
    """The new rows that this source has; None where it has not half of them, or they say too little to be told apart."""
    said = f"hash({named(table.on or '')}::DATE, {listed(columns)})"
    work.execute(
        f"""CREATE OR REPLACE TEMP TABLE said AS SELECT {said} AS h, count(*) AS n FROM newcomers GROUP BY 1"""
    )
    new, distinct = _row(work, "SELECT sum(n)::BIGINT, count(*) FROM said")
    if not new or distinct * 2 < new:
        return None
    keys = listed(table.key)
    standing = f"SELECT *, {said} AS h FROM others WHERE source = {literal(other)}"
    if own:
        standing = f"SELECT * FROM ({standing}) ANTI JOIN (SELECT {keys} FROM gone UNION ALL SELECT {keys} FROM met) USING ({keys})"
    (rows,) = _row(
        work,
        f"""SELECT coalesce(sum(least(said.n, o.n)), 0)::BIGINT FROM said
            JOIN (SELECT h, count(*) AS n FROM ({standing}) SEMI JOIN said USING (h) GROUP BY 1) o USING (h)""",
    )
    if rows * 2 < new:
        return None
    shown = work.execute(
        f"""SELECT n.key || ' = ' || min(o.key) FROM (SELECT key, {said} AS h FROM newcomers) n
            JOIN (SELECT key, h FROM ({standing}) SEMI JOIN said USING (h)) o USING (h)
            GROUP BY n.key ORDER BY 1 LIMIT {_EXAMPLES}"""
    ).fetchall()
    return Alike(rows, new, other, (table.on or "", *columns), tuple(row[0] for row in shown))


def _row(work: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = work.execute(query).fetchone()
    return row if row is not None else ()
