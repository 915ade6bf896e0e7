"""Rows for other rooms: the organisation and targets take them through their own doors, with their own rules.

The rows are typed already and stay so; each says the file and the row that it stands in.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.importable import Outcome
from dabiao.core.room import importables
from dabiao.core.uploads import Cell, RowError, SourceRow
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.shape import ERRORS
from dabiao.facts.logic.loading.stage import FILE
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.reading import ROW
from dabiao.org import queries
from dabiao.org.access import User
from dabiao.org.queries import FOREVER

_ORDER: Final = ("units", "people", "assignments", "targets")
_USUAL_POSITION: Final = "member"
_LAST_DAYS: Final = {"ends_on": "last_day", "probation_until": "probation_last_day"}
"""Columns that hold the day after here, and the last day in a table of people."""
_ATTEMPTS: Final = 6
"""Refusing a row can make another one wrong (its unit is gone), so the rest is offered again a few times."""


@dataclass(frozen=True)
class RoomCount:
    """What a room did with the rows of one table map."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    notes: tuple[str, ...] = ()


def deliver(done: Prepared, *, by: User | None, at: datetime) -> dict[int, RoomCount]:
    """Hand the rows over, tables in their natural order. Call inside a transaction; undo it for a dry run."""
    counts: dict[int, RoomCount] = {}
    for into in _ORDER:
        for index, table in enumerate(done.mapping.tables):
            if table.into == into:
                counts[index] = _deliver_table(done, index, table, by=by, at=at)
    return counts


def has_rows(done: Prepared) -> bool:
    """Whether anything is for other rooms."""
    return any(table.into in _ORDER for table in done.mapping.tables)


def _deliver_table(
    done: Prepared, index: int, table: TableMap, *, by: User | None, at: datetime
) -> RoomCount:
    rows = _rows(done, index, table)
    if table.into == "units":
        rows = _below_others(rows)
    given = rows["__n__"].sum() if rows.height else 0
    rejected = 0
    for _attempt in range(_ATTEMPTS):
        if not rows.height:
            return RoomCount(rejected=rejected)
        taken = _offer(table, rows, by=by, at=at)
        if not taken.errors:
            kept = int(rows["__n__"].sum())
            return RoomCount(
                taken.added,
                taken.changed + taken.cleared,
                taken.unchanged,
                kept - rows.height,
                rejected,
                taken.notes,
            )
        _refuse(done, table, taken.errors)
        bad = {(error.file, error.row) for error in taken.errors}
        places = pl.Series([place in bad for place in rows.select(FILE, ROW).iter_rows()], dtype=pl.Boolean)
        rejected += int(rows.filter(places)["__n__"].sum())
        rows = rows.filter(~places)
    return RoomCount(rejected=int(given))


def _rows(done: Prepared, index: int, table: TableMap) -> pl.DataFrame:
    """One row per key with FILE and ROW of its first source row, and `__n__`: how many rows it stands for."""
    staged = done.stage.frame(f"table{index}")
    if not staged.height:
        return staged
    if done.stage.has("errors"):
        bad = done.stage.frame("errors").filter(pl.col("source") == table.source).select(FILE, ROW).unique()
        staged = staged.join(bad, on=[FILE, ROW], how="anti")
    columns = [name for name in staged.columns if name not in {FILE, ROW}]
    keys = [name for name in INTO[table.into].key if name in columns]
    in_order = staged.sort(FILE, ROW).group_by(columns, maintain_order=True)
    counted = in_order.agg(pl.col(FILE, ROW).first(), pl.len().alias("__n__"))
    best = counted.sort(["__n__", *columns], descending=[True] + [False] * len(columns), nulls_last=True)
    total = best.group_by(keys).agg(pl.col("__n__").sum())
    chosen = (
        best.unique(keys, keep="first", maintain_order=True)
        .drop("__n__")
        .join(total, on=keys, how="left", nulls_equal=True)
    )
    return _with_next(chosen, table).sort(FILE, ROW)


def _below_others(rows: pl.DataFrame) -> pl.DataFrame:
    """A unit that is named as the one above itself, as heads of a department often are, stays where and what it is; a
    new one lies below nothing: no unit wraps one of the same name."""
    if "parent" not in rows.columns:
        return rows
    known, itself = queries.tree().nodes, pl.col("unit") == pl.col("parent")

    def so_far(column: str) -> pl.Expr:
        values = {node.key: getattr(node, column) for node in known}
        return pl.col("unit").replace_strict(values, default=None, return_dtype=pl.String)

    kept = {"parent": so_far("parent")}
    if "kind" in rows.columns:
        kept["kind"] = so_far("kind").fill_null(pl.col("kind"))
    return rows.with_columns(
        pl.when(itself).then(said).otherwise(pl.col(name)).alias(name) for name, said in kept.items()
    )


def _with_next(rows: pl.DataFrame, table: TableMap) -> pl.DataFrame:
    """Columns whose value is that of the next row of the same person (or whatever `per` says)."""
    for name, rule in table.columns.items():
        if rule.next is None:
            continue
        per = list(rule.next.per)
        following = pl.col(rule.next.column).shift(-1)
        following = following.over(per, order_by=rule.next.column) if per else following
        last = pl.lit(rule.next.last).str.to_date() if rule.next.last else pl.lit(None, pl.Date)
        rows = rows.sort([*per, rule.next.column]).with_columns(following.fill_null(last).alias(name))
    return rows


def _offer(table: TableMap, rows: pl.DataFrame, *, by: User | None, at: datetime) -> Outcome:
    if table.into == "assignments":
        return _offer_assignments(rows, by=by, at=at)
    key = {"units": "unit", "people": "person"}.get(table.into)
    return _take(table.into, _source_rows(rows, {key: "key"} if key else {}), by=by, at=at)


def _take(table: str, rows: Sequence[SourceRow], *, by: User | None, at: datetime) -> Outcome:
    """Rows go to whichever room takes them, also to one that stands above facts: through the register."""
    outcome: Outcome = importables()[table].take(rows, by=by, at=at, on=timezone.localdate(at), dry_run=False)
    return outcome


def _offer_assignments(rows: pl.DataFrame, *, by: User | None, at: datetime) -> Outcome:
    """Positions and people that an assignment names come into being with it; all of it or none."""
    title = (
        pl.col("position").fill_null(_USUAL_POSITION)
        if "position" in rows.columns
        else pl.lit(_USUAL_POSITION)
    )
    slug = title.str.replace_all(r"[^\w.-]+", "-").str.strip_chars("-")
    rows = rows.with_columns(title.alias("title"), (pl.col("unit") + "/" + slug).alias("position"))
    with transaction.atomic():
        point = transaction.savepoint()
        errors = _add_missing(rows, by=by, at=at)
        if errors:
            taken = Outcome(errors=errors)
        else:
            taken = _take("assignments", _source_rows(rows.drop("unit", "title"), {}), by=by, at=at)
        if taken.errors:
            transaction.savepoint_rollback(point)
        else:
            transaction.savepoint_commit(point)
    return taken


def _add_missing(rows: pl.DataFrame, *, by: User | None, at: datetime) -> tuple[RowError, ...]:
    """What keeps a person or a position from coming into being, at every row that names them."""
    people = rows.select(FILE, ROW, key="person", name="person")
    positions = rows.select(FILE, ROW, "title", "unit", key="position")
    return (
        *_added("people", people, known=queries.employee_numbers(), by=by, at=at),
        *_added("positions", positions, known=queries.position_keys(), by=by, at=at),
    )


def _added(
    table: str, rows: pl.DataFrame, *, known: Collection[str], by: User | None, at: datetime
) -> Iterator[RowError]:
    """Add those of the keys that are not known yet, each as the first row has it."""
    new = [key not in known for key in rows["key"]]
    first = rows.filter(pl.Series(new, dtype=pl.Boolean)).unique("key", keep="first", maintain_order=True)
    errors = _take(table, _source_rows(first, {}), by=by, at=at).errors
    keys = {(file, row): key for file, row, key in first.select(FILE, ROW, "key").iter_rows()}
    wrong = {keys[error.file, error.row]: error for error in errors}
    for file, row, key in rows.select(FILE, ROW, "key").iter_rows():
        if key in wrong:
            yield replace(wrong[key], file=file, row=row)


def _source_rows(rows: pl.DataFrame, names: Mapping[str, str]) -> list[SourceRow]:
    """Rows with their place, without empty cells; `ends_on` becomes the last day that counts."""
    columns = [name for name in rows.columns if not name.startswith("__")]
    return [
        SourceRow(dict(_filled(names, zip(columns, cells, strict=True))), row, file)
        for file, row, *cells in rows.select(FILE, ROW, *columns).iter_rows()
    ]


def _filled(names: Mapping[str, str], cells: Iterator[tuple[str, Cell | None]]) -> Iterator[tuple[str, Cell]]:
    for name, cell in cells:
        if cell is None:
            continue
        if name in _LAST_DAYS and isinstance(cell, date):
            yield _LAST_DAYS[name], cell if cell >= FOREVER else cell - timedelta(days=1)
        else:
            yield names.get(name, name), cell


def _refuse(done: Prepared, table: TableMap, errors: Sequence[RowError]) -> None:
    """Rows that a room does not take, in the words of that room."""
    by_file: dict[int, list[tuple[int, str, str, str, str]]] = {}
    for error in errors:
        by_file.setdefault(error.file, []).append(
            (error.row, error.column, table.into, error.value, error.message or _("was refused"))
        )
    for file, cells in by_file.items():
        done.refuse(pl.DataFrame(cells, schema=ERRORS, orient="row"), table.source, file)
