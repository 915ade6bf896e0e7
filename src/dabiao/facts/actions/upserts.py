"""Facts that programs send: a batch, all or nothing, queued in the transaction that writes its audit line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.db import transaction
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.action import action, tell
from dabiao.core.errors import Malformed, NotFound
from dabiao.core.names import wrong_with_key
from dabiao.engine import needs, number
from dabiao.engine.period import EARLIEST, LATEST
from dabiao.lake import dated, outbox, reading
from dabiao.lake.change import BadChange
from dabiao.lake.tables import TABLES, LakeTable
from dabiao.lake.writing import SQL_TYPES
from dabiao.org.access import User, require
from dabiao.org.can import Can

MOST_ERRORS: Final = 200
SCALES: Final = {"money": number.MONEY_SCALE, "qty": number.MONEY_SCALE, "rate": number.RATE_SCALE}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class RowProblem:
    """Why a row was refused; rows count from 0, as in the list sent."""

    row: int
    message: str


class RowsRefused(Malformed):
    """Some rows cannot be facts; nothing was kept."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(f"Row {problems[0].row}: {problems[0].message}")
        self.problems = tuple(problems)


def fact_table(name: str) -> LakeTable:
    """A table that takes facts. Raises NotFound."""
    table = TABLES.get(name)
    if table is None or table.kind != "fact":
        raise NotFound(_("There is no fact table %(name)s.") % {"name": name})
    return table


@action("facts.upserted")
def upsert(table: str, rows: Sequence[Mapping[str, object]], *, by: User, at: datetime) -> int:
    """Queue rows, each by its `source` (default `api`) and `key`; the same rows again change nothing.

    They are published by a worker within seconds. Raises RowsRefused with every bad row, Forbidden, NotFound.
    """
    require(by, Can.OPERATE)
    known = fact_table(table)
    full = [_placed(known, {"source": "api", **row}) for row in rows]
    unfit = [RowProblem(at, why) for at, row in enumerate(full) for why in _unfit(known, row)]
    unfit += _contradictions(full)
    if table in dated.TABLES and not unfit:
        unfit += _overlapping(table, full)
    if unfit:
        raise RowsRefused(_problems(table, full, unfit, by, at))
    try:
        with transaction.atomic():
            outbox.put(table, full, by=by.username, at=at)
    except BadChange:
        raise RowsRefused(_problems(table, full, unfit, by, at)) from None
    tell(by, {"table": table, "rows": len(full)})
    return len(full)


@action("facts.removed")
def remove(table: str, keys: Sequence[tuple[str, str]], *, by: User, at: datetime) -> int:
    """Queue the removal of rows by (source, key). Removing what is not there changes nothing."""
    require(by, Can.OPERATE)
    fact_table(table)
    count = outbox.remove(table, keys, by=by.username, at=at)
    tell(by, {"table": table, "rows": count})
    return count


def _unfit(table: LakeTable, row: Mapping[str, object]) -> Iterator[str]:
    """What no type says: a row without its period's day, a text that no key can be."""
    if row.get(table.on or "") is None:
        yield f"{table.on} is missing: it decides the period"
    if table.spread is not None:
        yield from _unfit_end(table.on or "", table.spread.until, row)
    if table.name == "activities":
        yield from _unfit_needs(row)
    for name, value in row.items():
        if isinstance(value, str) and (wrong := wrong_with_key(value)):
            yield f"{name}: {wrong}"
    for column in table.columns:
        value = row.get(column.name)
        if value is not None and (unlike := _unlike(column.type, value)):
            yield f"{column.name}: {unlike}"


def _unfit_needs(row: Mapping[str, object]) -> Iterator[str]:
    """How deep and which say the same, or one of them is not said."""
    depth, flags = row.get(needs.DEPTH), tuple(row.get(name) for name in needs.FLAGS)
    known = tuple(flag if isinstance(flag, bool) else None for flag in flags)
    if isinstance(depth, int) and needs.contradicts(depth, known):
        yield _("needs_depth: %(depth)s is not how many of the flags are set. Send the flags alone.") % {
            "depth": depth
        }


def _unfit_end(on: str, until: str, row: Mapping[str, object]) -> Iterator[str]:
    """A figure of a stretch of time needs its end: nobody can tell what of it a month has."""
    first, after = _day(row.get(on)), _day(row.get(until))
    if row.get(until) is None:
        yield _("%(until)s is missing: the day after the last for which the figure holds") % {"until": until}
    elif first is not None and after is not None and after <= first:
        yield _("%(until)s: it ends before it begins. The end is the day after the last.") % {"until": until}


def _contradictions(rows: Sequence[Mapping[str, object]]) -> Iterator[RowProblem]:
    """Rows of one key that differ: which of them is meant, nobody can know. Repetitions that agree are one."""
    first: dict[tuple[object, object], int] = {}
    for at, row in enumerate(rows):
        before = first.setdefault((row["source"], row.get("key")), at)
        if rows[before] != row:
            told = {"key": row.get("key"), "row": before}
            yield RowProblem(
                at, _("key: %(key)s stands in row %(row)s with other values. Send one of them.") % told
            )


def _placed(table: LakeTable, row: Mapping[str, object]) -> Mapping[str, object]:
    """The row with moments that name their offset as the clock of the business zone showed them."""
    zone = ZoneInfo(config.get("DABIAO_TIME_ZONE"))
    moved = {
        column.name: moment.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ")
        for column in table.columns
        if column.type == "time" and (moment := _moment(row.get(column.name))) is not None and moment.tzinfo
    }
    return {**row, **moved}


def _overlapping(table: str, rows: Sequence[Mapping[str, object]]) -> Iterator[RowProblem]:
    """Figures of days for which another one of the batch or of the lake holds already; what is sent again replaces itself."""
    kinds = {column.name: SQL_TYPES[column.type] for column in TABLES[table].columns}
    texts = {name: [None if (cell := row.get(name)) is None else str(cell) for row in rows] for name in kinds}
    columns = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in kinds.items())
    sent = f"(SELECT DISTINCT {columns} FROM sent)"
    every = f"({sent} UNION ALL SELECT {', '.join(kinds)} FROM {table} ANTI JOIN {sent} USING (source, key))"
    wrong = dated.wrong(table, every, take="source, key")
    found = reading.current().run(
        f"SELECT source, key, other FROM ({wrong}) SEMI JOIN {sent} USING (source, key)",
        sent=pa.table({name: pa.array(cells, pa.string()) for name, cells in texts.items()}),
    )
    others = {(row["source"], row["key"]): row["other"] for row in found.to_pylist()}
    for at, row in enumerate(rows):
        if (other := others.get((row["source"], row.get("key")))) is not None:
            said = _("it holds on days on which another row holds: %(other)s. Send one of them.")
            yield RowProblem(at, f"{dated.TABLES[table].first}: {said % {'other': other}}")


def _unlike(kind: str, value: object) -> str | None:
    """Why a value is not what its column holds, whatever a library would make of it."""
    if kind in {"date", "time"}:
        return _unlike_day(value, _day(value) if kind == "date" else _moment(value))
    if kind in SCALES:
        return _unlike_number(value, SCALES[kind])
    wrong = {
        "int": _("%(value)s is no whole number.") if not _is_whole(value) else None,
        "flag": _("%(value)s is neither true nor false.") if not isinstance(value, bool) else None,
        "text": _("%(value)s is no text. Write it in quotes.") if not isinstance(value, str) else None,
    }[kind]
    return wrong % {"value": value} if wrong else None


def _unlike_day(value: object, day: date | None) -> str | None:
    if day is None:
        return _("%(value)s is no day. Write it as text, like 2026-03-16.") % {"value": value}
    if not EARLIEST <= date(day.year, day.month, day.day) < LATEST:
        return _("%(value)s lies outside 1900 to 2199.") % {"value": value}
    return None


def _is_whole(value: object) -> bool:
    return not isinstance(value, bool) and bool(_WHOLE.fullmatch(str(value)))


def _unlike_number(value: object, scale: int) -> str | None:
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        return _("%(value)s is no number. Write it like 1234.56.") % {"value": value}
    try:
        number.exact(str(value), scale)
    except number.TooPrecise:
        return _("%(value)s has more digits than are kept: %(whole)s before the point, %(scale)s after it.") % {
            "value": value, "whole": 18 - scale, "scale": scale,
        }  # fmt: skip
    return None


def _day(value: object) -> date | None:
    """A day that is written as text, and as nothing but a day: a moment would lie on another one elsewhere."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None


def _moment(value: object) -> datetime | None:
    """A moment, or a day, that is written as text; a number is neither."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and _DAY.match(value) else None
    except ValueError:
        return None


def _problems(
    table: str, rows: Sequence[Mapping[str, object]], unfit: Sequence[RowProblem], by: User, at: datetime
) -> list[RowProblem]:
    """The rows that are unfit, and those that are refused when each is offered alone; nothing of it is kept."""
    problems, known = list(unfit[:MOST_ERRORS]), {problem.row for problem in unfit}
    with transaction.atomic():
        for index, row in enumerate(rows):
            if index in known:
                continue
            try:
                outbox.put(table, [row], by=by.username, at=at)
            except BadChange as error:
                problems.append(RowProblem(index, str(error)))
            if len(problems) >= MOST_ERRORS:
                break
        transaction.set_rollback(True)
    return sorted(problems, key=lambda problem: problem.row)
