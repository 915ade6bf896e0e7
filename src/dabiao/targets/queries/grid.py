"""The editing grid as data: scopes down, periods across, one metric at one level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.utils.translation import get_language

from dabiao.core.spreadsheet import Row as ExportRow
from dabiao.engine import number
from dabiao.engine.metric import Metric
from dabiao.engine.period import Fiscal, Period
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import dictionary
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.targets import queries
from dabiao.targets.models import LEVELS


@dataclass(frozen=True)
class GridRequest:
    """What the grid shows: of which metric, which part of it and level; for the year around a period, or for the quarter
    around a week."""

    scope: Scope
    period: Period
    metric: str
    level: str = "target"
    part: Part = WHOLE


@dataclass(frozen=True)
class Cell:
    """One slot: what is stored there, else what follows from others (`derived`)."""

    start: date
    end: date
    value: Decimal | None
    derived: Decimal | None
    text: str
    """As it is typed: plain digits, a ratio with its percent sign."""

    @property
    def shown(self) -> Decimal | None:
        return self.derived if self.value is None else self.value


@dataclass(frozen=True)
class GridRow:
    """One scope. `locked` rows cannot be edited by this viewer."""

    kind: str
    key: str
    name: str
    depth: int
    locked: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """The whole grid; the first column is the year (or, over weeks, the quarter) itself."""

    metric: Metric
    asked: GridRequest
    periods: tuple[Period, ...]
    rows: tuple[GridRow, ...]

    @property
    def is_ratio(self) -> bool:
        return self.metric.unit == "ratio"

    @property
    def is_locked(self) -> bool:
        return all(row.locked for row in self.rows)


def grid(viewer: User, asked: GridRequest, *, fiscal: Fiscal, on: date) -> Grid:
    """The scope, the units below it and the people in it, by months or weeks. Scope has been checked."""
    periods = _periods(asked.period, fiscal)
    holders = _holders(viewer, asked.scope, periods[0], on)
    scopes = [scope for scope, _name, _depth in holders]
    stored = _stored(asked, periods, scopes)
    metric = dictionary.in_force()[asked.metric]
    may = queries.may_set(viewer, scopes, on)
    seen = [queries.seen_in(viewer, scopes, period.start, period.end, on) for period in periods]
    derived = [_derived(asked, period, scopes) for period in periods]
    rows = []
    for scope, name, depth in holders:
        cells = tuple(
            _cell(
                period, stored.get((scope, period.start, period.end)), found.get(scope), metric, asked.level
            )
            if scope in shown
            else _cell(period, None, None, metric, asked.level)
            for period, found, shown in zip(periods, derived, seen, strict=True)
        )
        rows.append(GridRow(scope.kind, scope.key, name, depth, not may[scope], cells))
    return Grid(metric, asked, periods, tuple(rows))


def _periods(period: Period, fiscal: Fiscal) -> tuple[Period, ...]:
    """The year and its months; where a week is asked for, its quarter and all the weeks that touch it, whole."""
    if period.kind != "week":
        year = fiscal.containing("year", period.start)
        return (year, *fiscal.parts(year, fiscal.monthly))
    quarter = fiscal.containing("quarter", period.start)
    starts = (piece.start for piece in fiscal.parts(quarter, "week"))
    return (quarter, *(fiscal.containing("week", start) for start in starts))


def export_columns(shown: Grid) -> dict[str, str]:
    """Titles of the grid's export, which the import reads."""
    told = ("metric", "level", *(("dimension", "member") if shown.asked.part != WHOLE else ()))
    who = {"kind": "scope_kind", "key": "scope", "name": "name"}
    return {name: name for name in told} | who | {p.label: p.label for p in shown.periods}


def export_rows(shown: Grid) -> list[ExportRow]:
    """The grid's rows with what is shown in them, all digits."""
    part = shown.asked.part
    told = {"metric": shown.metric.key, "level": shown.asked.level, **part._asdict()}
    return [
        {"kind": row.kind, "key": row.key, "name": row.name, **told}
        | {period.label: cell.shown for period, cell in zip(shown.periods, row.cells, strict=True)}
        for row in shown.rows
    ]


def _holders(viewer: User, scope: Scope, year: Period, on: date) -> list[tuple[Scope, str, int]]:
    if scope.kind == "person":
        return [(scope, org.people_names({scope.key}).get(scope.key, scope.key), 0)]
    language = get_language() or ""
    tree = org.tree()
    node = tree.by_key[scope.key]
    units = [
        (Scope("unit", unit.key), unit.label(language), 0 if unit is node else 1)
        for unit in (node, *tree.children(scope.key))
    ]
    seated = dict.fromkeys(seat.person for seat in org.primary_seats([scope.key], year.start, year.end))
    names = org.people_names(set(seated))
    return [*units, *((Scope("person", key), names[key], 1) for key in seated)]


def _stored(
    asked: GridRequest, periods: Sequence[Period], scopes: Sequence[Scope]
) -> Mapping[tuple[Scope, date, date], Levels]:
    exact = {(period.start, period.end) for period in periods}
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    rows = queries.of_scopes(scopes, asked.metric, asked.part, first, last)
    return {
        (Scope(cast("org.ScopeKind", row.scope_kind), row.scope), row.starts_on, row.ends_on): Levels(
            row.base, row.target, row.challenge
        )
        for row in rows
        if (row.starts_on, row.ends_on) in exact
    }


def _derived(asked: GridRequest, period: Period, scopes: Sequence[Scope]) -> Mapping[Scope, Decimal | None]:
    found = queries.targets_for(scopes, [asked.metric], period.start, period.end, part=asked.part)
    return {scope: _level(promise.levels, asked.level) for (scope, _metric), promise in found.items()}


def _cell(period: Period, stored: Levels | None, derived: Decimal | None, metric: Metric, level: str) -> Cell:
    value = _level(stored, level) if stored else None
    return Cell(period.start, period.end, value, None if stored else derived, typed(value, metric))


def typed(value: Decimal | None, metric: Metric) -> str:
    """A value as somebody would type it."""
    if value is None:
        return ""
    if metric.unit == "ratio":
        return f"{number.text(value * 100)}%"
    return number.text(value) or ""


def _level(levels: Levels, level: str) -> Decimal | None:
    return dict(zip(LEVELS, (levels.base, levels.target, levels.challenge), strict=True))[level]
