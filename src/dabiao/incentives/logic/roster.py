"""The small tables beside the facts, read from a connection into the engine's values."""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import duckdb

from dabiao.engine.payout.roster import Absence, Roster, Score, Seat, Target
from dabiao.engine.promise import PRODUCT_LINE, WHOLE, Levels, Part, WorkingDays

_ENDLESS: Final = date(9999, 12, 31)


def load_roster(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, object], working_days: WorkingDays | None
) -> Roster:
    """Seats, units, targets, scores and absences, as far as the connection has them.

    working_days: the company's; None: those of the connection's own table `calendar`.
    """
    return Roster(
        seats=tuple(_seat(row) for row in _rows(con, tables, "assignments")),
        parents={row["unit"]: row["parent"] for row in _rows(con, tables, "units")},
        targets=tuple(_target(row) for row in _rows(con, tables, "targets")),
        scores=tuple(
            Score(row["person"], row["score"], row["starts_on"], _end(row), Decimal(row["value"]))
            for row in _rows(con, tables, "scores")
        ),
        absences=tuple(
            Absence(row["person"], row["starts_on"], _end(row)) for row in _rows(con, tables, "absences")
        ),
        working_days=working_days or _calendar(_rows(con, tables, "calendar")),
    )


def _calendar(rows: list[dict[str, Any]]) -> WorkingDays:
    worked = sorted({row["day"] for row in rows if row["working"]})
    return lambda start, end: worked[bisect_left(worked, start) : bisect_left(worked, end)]


def _rows(con: duckdb.DuckDBPyConnection, tables: Mapping[str, object], name: str) -> list[dict[str, Any]]:
    if name not in tables:
        return []
    rows: list[dict[str, Any]] = con.table(name).to_arrow_table().to_pylist()
    return rows


def _seat(row: Mapping[str, Any]) -> Seat:
    return Seat(
        row["person"],
        row["unit"] or "",
        row["position"] or "",
        row["starts_on"],
        _end(row),
        row.get("probation_until"),
        row.get("primary") is not False,
    )


def _target(row: Mapping[str, Any]) -> Target:
    return Target(
        row["scope_kind"],
        row["scope"],
        row["metric"],
        _part(row),
        row["starts_on"],
        _end(row),
        Levels(row.get("base"), row["target"], row.get("challenge")),
    )


def _part(row: Mapping[str, Any]) -> Part:
    """What a target is narrowed to; cases may name a product line alone."""
    if row.get("dimension"):
        return Part(row["dimension"], row["member"] or "")
    return Part(PRODUCT_LINE, row["product"]) if row.get("product") else WHOLE


def _end(row: Mapping[str, Any]) -> date:
    end: date | None = row["ends_on"]
    return _ENDLESS if end is None else end
