"""The editing grid as data: scopes down, periods across, one metric at one level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.utils.translation import get_language

from dabiao.core.spreadsheet import Row as ExportRow
from dabiao.engine import number
from dabiao.engine.metric import Metric, grows
from dabiao.engine.period import Fiscal, Period
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import dictionary
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.targets import queries
from dabiao.targets.models import LEVELS
from dabiao.targets.queries import seated, selling
from dabiao.targets.queries.balance import Balance, balanced


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
    """What is stored as it is typed: plain digits, a ratio with its percent sign."""
    exact: str = ""
    """What is shown, in the same way."""
    counted: Decimal | None = None
    """What of it belongs to the whole above: of somebody who sat there for a part of the time, that part."""
    told: bool = True
    """Whether this viewer may know what is counted."""

    @property
    def counted_apart(self) -> str | None:
        """What is counted where that is not all that is shown; "" for nothing of it."""
        return None if self.counted == self.shown else number.text(self.counted) or ""

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
    folded: bool = False
    """A unit that sells nothing: shown to whoever wants it."""


@dataclass(frozen=True)
class Grid:
    """The whole grid; the first column is the year (or, over weeks, the quarter) itself. The first row is the whole,
    the others are its parts."""

    metric: Metric
    asked: GridRequest
    periods: tuple[Period, ...]
    rows: tuple[GridRow, ...]
    here: Period
    """The column to begin with: the one asked for, else that of today, else the first that was asked for."""
    balance: tuple[Balance, ...] = ()
    """Column by column how the parts stand against the whole; nothing where no parts add up to one."""

    @property
    def folded(self) -> int:
        return sum(row.folded for row in self.rows)

    @property
    def uneven(self) -> int:
        """In how many columns the parts do not sum to the whole."""
        return sum(bool(each.left) for each in self.balance)

    @property
    def is_ratio(self) -> bool:
        return self.metric.unit == "ratio"

    @property
    def is_locked(self) -> bool:
        return all(row.locked for row in self.rows)


def grid(viewer: User, asked: GridRequest, *, fiscal: Fiscal, on: date) -> Grid:
    """The scope, the units below it and the people in it, by months or weeks. Scope has been checked."""
    periods = _periods(asked.period, fiscal)
    metric = dictionary.in_force()[asked.metric]
    holders = _holders(viewer, asked.scope, periods[0], on)
    scopes = [scope for scope, _name, _depth in holders]
    cells = _cells(viewer, asked, periods, scopes, metric, on)
    may = queries.may_set(viewer, scopes, on)
    idle = _idle(scopes, cells)
    rows = [
        GridRow(scope.kind, scope.key, name, depth, not may[scope], cells[scope], scope in idle)
        for scope, name, depth in holders
    ]
    rows.sort(key=lambda row: row.folded)
    balance = _balance(asked, periods, rows) if grows(metric) and len(rows) > 1 else ()
    return Grid(metric, asked, periods, tuple(rows), _here(asked.period, periods, on), balance)


def _cells(
    viewer: User, asked: GridRequest, periods: Sequence[Period], scopes: Sequence[Scope], metric: Metric, on: date
) -> Mapping[Scope, tuple[Cell, ...]]:  # fmt: skip
    """Each scope's slots, those empty that the viewer may not know."""
    stored = _stored(asked, periods, scopes)
    seen = [queries.seen_in(viewer, scopes, period.start, period.end, on) for period in periods]
    derived = [_derived(asked, period, scopes) for period in periods]
    partly = seated.partly(asked.scope, scopes, periods)
    of_days = {days: _derived(asked, days, [*people]) for days, people in partly.people.items()}

    def cell(scope: Scope, at: int) -> Cell:
        period = periods[at]
        days = partly.days.get((scope, period))
        known = [found for each in days or () if (found := of_days[each].get(scope)) is not None]
        part = sum(known, Decimal(0)) if known else None
        if scope not in seen[at]:
            return Cell(period.start, period.end, None, None, "", counted=part, told=days is not None)
        levels = stored.get((scope, period.start, period.end))
        value = _level(levels, asked.level) if levels else None
        follows = None if levels else derived[at].get(scope)
        whole = follows if value is None else value
        text, exact = typed(value, metric), typed(whole, metric)
        counted = whole if days is None else part
        return Cell(period.start, period.end, value, follows, text, exact, counted)

    return {scope: tuple(cell(scope, at) for at in range(len(periods))) for scope in scopes}


def _idle(scopes: Sequence[Scope], cells: Mapping[Scope, Sequence[Cell]]) -> frozenset[Scope]:
    """Units below the first that sell nothing."""
    units = {scope.key: scope for scope in scopes[1:] if scope.kind == "unit"}
    promised = [key for key, scope in units.items() if any(each.shown is not None for each in cells[scope])]
    return frozenset(units[key] for key in selling.idle(units, promised))


def _balance(asked: GridRequest, periods: Sequence[Period], rows: Sequence[GridRow]) -> tuple[Balance, ...]:
    """Column by column; a whole for whose days nothing is set of its own follows from its parts."""
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    wanted = queries.Filter(since=first, until=last, scope=asked.scope, metric=asked.metric)
    own = [row for row in queries.stored(wanted) if asked.part in {WHOLE, Part(row.dimension, row.member)}]
    whole, *parts = (row.cells for row in rows)
    return tuple(
        balanced(
            whole[at].shown,
            [cells[at].counted for cells in parts],
            follows=not any(row.starts_on < period.end and period.start < row.ends_on for row in own),
            known=all(cells[at].told for cells in parts),
        )
        for at, period in enumerate(periods)
    )


def _here(asked: Period, periods: Sequence[Period], on: date) -> Period:
    inside = [each for each in periods[1:] if each.start < asked.end and asked.start < each.end]
    exactly = (each for each in periods[1:] if each.label == asked.label)
    return next(exactly, next((each for each in inside if on in each), inside[0]))


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


def typed(value: Decimal | None, metric: Metric) -> str:
    """A value as somebody would type it."""
    if value is None:
        return ""
    if metric.unit == "ratio":
        return f"{number.text(value * 100)}%"
    return number.text(value) or ""


def _level(levels: Levels, level: str) -> Decimal | None:
    return dict(zip(LEVELS, (levels.base, levels.target, levels.challenge), strict=True))[level]
