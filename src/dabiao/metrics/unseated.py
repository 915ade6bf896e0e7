"""Facts in the lake that count for the company and for no unit, because their people sit nowhere on their days."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict

from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES, LakeTable

_CHANGE_HANDS: Final = ("leads", "opportunities")
"""Named by who has them now: what a newcomer takes over is older than they are, and nothing is amiss."""


class _Row(TypedDict):
    of: str
    person: str
    rows: int
    first: date
    last: date


@dataclass(frozen=True)
class Unseated:
    """A fact table's rows of days without a seat, and of whom most of them are."""

    table: str
    rows: int
    person: str
    first: date
    last: date


def unseated_facts(lake: Lake, people: Collection[str]) -> list[Unseated]:
    """One for each table that has such rows of these people, by the plain `person` of a row and the table's own day."""
    tables = [table for table in TABLES.values() if _tells(table) and table.name in lake.tables]
    if not tables or not people:
        return []
    away = lake.run(f"{' UNION ALL '.join(map(_away, tables))} ORDER BY rows DESC, person")
    by_table: dict[str, list[_Row]] = {}
    for row in away.to_pylist():
        if row["person"] in people:
            by_table.setdefault(row["of"], []).append(row)
    return [_told(name, rows) for name, rows in by_table.items()]


def _tells(table: LakeTable) -> bool:
    named = {column.name for column in table.columns}
    return table.kind == "fact" and bool(table.on) and "person" in named and table.name not in _CHANGE_HANDS


def _away(table: LakeTable) -> str:
    """Per person the facts of days on which no main seat is held: counted by day before they meet the seats."""
    return f"""
        SELECT '{table.name}' AS of, person, sum(rows)::BIGINT AS rows, min(day) AS first, max(day) AS last
        FROM (SELECT person, "{table.on}"::DATE AS day, count(*) AS rows FROM {table.name}
              WHERE person IS NOT NULL AND "{table.on}" IS NOT NULL GROUP BY ALL) AS counted
        ANTI JOIN (FROM assignments WHERE "primary") AS held
        ON counted.person = held.person AND day >= held.starts_on AND day < held.ends_on
        GROUP BY person"""


def _told(table: str, rows: Sequence[_Row]) -> Unseated:
    """All of a table's, and the person of most; rows come in that order."""
    most = rows[0]
    return Unseated(table, sum(row["rows"] for row in rows), most["person"], most["first"], most["last"])
