"""First half of an import: read, join, shape and stage every row. Nothing outside the stage's folder changes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.coerce import numbers
from dabiao.facts.logic.loading import fx, joining, sources, who
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.loading.overlaps import overlapping, staying
from dabiao.facts.logic.loading.shape import ERRORS, no_errors, numeric, passed, refused, shaped
from dabiao.facts.logic.loading.sources import Found, NothingToLoad, Piece
from dabiao.facts.logic.loading.stage import FILE, Finished, Stage
from dabiao.facts.logic.mapping import MapFile, Source, TableMap
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.reading import ROW, Aside, Sheet
from dabiao.lake import dated
from dabiao.lake.change import Window
from dabiao.lake.tables import TABLES

Progress = Callable[[int, int | None, str], None]
"""Told rows done, rows in all (None: not known), what is being done."""
_NAMES = ("customer", "product")


@dataclass
class Prepared:
    """What the first half found. `read` and `filtered` count rows per table map.

    unread: file → its sheets that nothing reads. merged: sheet → its columns with merged cells that nothing fills
    other_mark: source, column in which some number has its decimals behind the mark that the source does not name
    """

    mapping: MapFile
    stage: Stage
    found: Found
    lookups: dict[str, pl.DataFrame]
    joins: dict[str, list[joining.Lookup]]
    context: Context
    read: dict[int, int] = field(default_factory=dict)
    filtered: dict[int, int] = field(default_factory=dict)
    finished: dict[int, Finished] = field(default_factory=dict)
    replaced: dict[tuple[str, str, str], int] = field(default_factory=dict)
    asides: dict[str, list[Aside]] = field(default_factory=dict)
    unused: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: dict[str, tuple[str, ...]] = field(default_factory=dict)
    merged: dict[str, tuple[str, ...]] = field(default_factory=dict)
    other_mark: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    people: who.Names = field(default_factory=who.Names)
    rows: int = 0

    def piece(self, number: int) -> Piece:
        return next(piece for piece in self.found.pieces if piece.number == number)

    def refuse(self, errors: pl.DataFrame, source: str, number: int) -> None:
        """Hand back rows that turned out bad only after they were staged."""
        rows = errors[ROW].unique().to_list()
        self.stage.put_errors(source, number, errors, self._originals(self.piece(number), rows))

    def _originals(self, piece: Piece, rows: Sequence[int]) -> pl.DataFrame:
        frames = [
            frame.filter(pl.col(ROW).is_in(list(rows))).select(ROW, *own)
            for sheet in [sources.opened(piece)]
            for own in [sheet.columns]
            for frame in sheet.chunks()
        ]
        return pl.concat(frames, how="diagonal")


def prepare(
    found: Found, mapping: MapFile, context: Context, *, stage: Stage, progress: Progress, map_name: str
) -> Prepared:
    """Stage every row of every piece, then hand back rows whose key another row also claims."""
    lookups = {
        name: frame
        for name in sorted(mapping.lookups)
        if (frame := found.lookup(mapping.sources[name])) is not None
    }
    _refuse_lost_lookups(found, mapping, lookups.keys())
    joins = {
        name: [joining.lookup(join, lookups[join.source]) for join in source.joins if join.source in lookups]
        for name, source in mapping.sources.items()
    }
    done = Prepared(mapping, stage, found, lookups, joins, context)
    first = ("fx_rates", "people")
    for piece in sorted(
        found.pieces, key=lambda piece: not any(_feeds(mapping, piece.source, t) for t in first)
    ):
        if not mapping.fed_by(piece.source.name):
            continue
        done.people.meet(done.stage.frame(f"table{index}") for index in _staged(done, "people"))
        if done.context.rates is None or not _feeds(mapping, piece.source, "fx_rates"):
            done.context = _with_own_rates(done)
        _stage_piece(piece, done, progress, map_name)
    _refuse_doubtful(done)
    _refuse_conflicts(done)
    _refuse_overlaps(done)
    return done


def _refuse_lost_lookups(found: Found, mapping: MapFile, there: Collection[str]) -> None:
    """Rejected rows outlive by far what they were joined to only if nobody mends them for months."""
    for piece in found.pieces:
        for join in piece.source.joins if mapping.fed_by(piece.source.name) else ():
            if join.source not in there:
                raise NothingToLoad(
                    _(
                        "%(file)s needs the lookup %(name)r, which is not there any more; load the whole file again."
                    )
                    % {"file": piece.file.name, "name": join.source}
                )


def finish(done: Prepared) -> None:
    """One row per key, ready to be written; call after the last row has been refused."""
    for index, table in enumerate(done.mapping.tables):
        done.finished[index] = done.stage.finish(index, table)


def _constants(done: Prepared, table: TableMap) -> list[pl.Expr]:
    """Where every row of a lake table comes from."""
    into = table.into
    if INTO[into].home != "lake":
        return []
    values = {"source": done.mapping.system_of(table.source), "batch": done.context.batch}
    return [pl.lit(value).alias(name) for name, value in values.items() if name in TABLES[into].names]


def _feeds(mapping: MapFile, source: Source, into: str) -> bool:
    return any(table.into == into for table in mapping.fed_by(source.name))


def _staged(done: Prepared, into: str) -> list[int]:
    """Table maps of which rows are staged already."""
    return [
        index
        for index, table in enumerate(done.mapping.tables)
        if table.into == into and done.stage.has(f"table{index}")
    ]


def _with_own_rates(done: Prepared) -> Context:
    """Rates of the lake and of this very import, which win."""
    own = [_good_rates(done.stage.frame(f"table{index}")) for index in _staged(done, "fx_rates")]
    if not own:
        return done.context
    known = [done.context.rates] if done.context.rates is not None else []
    rates = pl.concat([*known, *own], how="vertical_relaxed").unique(
        ["currency", "on"], keep="last", maintain_order=True
    )
    return replace(done.context, rates=rates.sort("on"))


def _good_rates(staged: pl.DataFrame) -> pl.DataFrame:
    """Rates that can be multiplied by; one that is refused converts nothing."""
    per = pl.col("per") if "per" in staged.columns else pl.lit(None, pl.Int64)
    rates = staged.select("currency", "on", "rate", per.alias("per"))
    return rates.filter((pl.col("rate") > 0) & (pl.col("per").fill_null(1) > 0)).select(list(fx.RATES))


def _stage_piece(piece: Piece, done: Prepared, progress: Progress, map_name: str) -> None:
    sheet = sources.opened(piece)
    source = piece.source
    sources.check_columns(sheet, source, done.mapping, file=map_name)
    context = replace(
        done.context,
        doubles=sheet.doubles,
        own=sheet.columns,
        mark=source.options.decimal,
        merged=sheet.merged,
    )
    done.unused[source.name] = sources.unused(sheet, source, done.mapping)
    _note_sheet(sheet, piece, done)
    done.notes += [f"{sheet.name}: {note}" for note in sheet.notes]
    for frame in sheet.chunks():
        if frame.height:
            _stage_chunk(frame, piece, sheet, done, context)
        done.rows += frame.height
        progress(done.rows, None if sheet.total is None else max(sheet.total, done.rows), sheet.name)
    done.asides.setdefault(sheet.name, []).extend(sheet.asides)


def _note_sheet(sheet: Sheet, piece: Piece, done: Prepared) -> None:
    """Other sheets that no source reads, and merged cells whose rows below the first are empty."""
    read = {source.options.sheet for source in done.mapping.sources.values()}
    if unread := tuple(name for name in sheet.unread if name not in read):
        done.unread[piece.file.name] = unread
    used = {name for table in done.mapping.fed_by(piece.source.name) for name in table.reads}
    if merged := tuple(name for name in sheet.columns if name in sheet.merged and name in used):
        done.merged[sheet.name] = merged


def _stage_chunk(frame: pl.DataFrame, piece: Piece, sheet: Sheet, done: Prepared, context: Context) -> None:
    """Stage a chunk for every table that its source feeds; a row that is bad for one is bad for all."""
    name = piece.source.name
    clean = sources.unpivoted(sources.replaced(frame, piece.source, done.replaced), piece.source)
    wide = joining.joined(clean, done.joins[name])
    errors = []
    for index, table in enumerate(done.mapping.tables):
        if table.source != name:
            continue
        got = shaped(wide, table, context)
        done.other_mark |= {(name, column) for column in got.other_mark}
        done.read[index] = done.read.get(index, 0) + clean.height
        done.filtered[index] = done.filtered.get(index, 0) + got.skipped
        known, strangers = who.numbered(got.rows, table, done.people)
        rows = _without_names(known, done.stage, table.into).with_columns(_constants(done, table))
        done.stage.put(index, rows, piece.number)
        errors += [got.errors, strangers]
    refused_cells = pl.concat(errors)
    if refused_cells.height:
        originals = frame.filter(pl.col(ROW).is_in(refused_cells[ROW].unique().to_list())).select(
            ROW, *sheet.columns
        )
        done.stage.put_errors(name, piece.number, refused_cells, originals)


def _without_names(rows: pl.DataFrame, stage: Stage, into: str) -> pl.DataFrame:
    """Names of customers and products go to the app database: the lake holds keys only."""
    for kind in _NAMES:
        column = f"{kind}_name"
        if column in rows.columns and kind in rows.columns:
            named = rows.select(pl.col(kind).alias("key"), pl.col(column).alias("name")).drop_nulls()
            stage.put_names(kind, named.group_by("key", "name").len("n"))
            rows = rows.drop(column)
    return rows


def _refuse_doubtful(done: Prepared) -> None:
    """Where some number has a decimal comma, 1.234 is one number or another: only whoever wrote the file knows.

    The files are read once more, for such a cell may stand a million rows below.
    """
    for piece in done.found.pieces:
        columns = sorted(column for name, column in done.other_mark if name == piece.source.name)
        for frame in sources.opened(piece).chunks() if columns else ():
            clean = sources.unpivoted(sources.replaced(frame, piece.source, {}), piece.source)
            for table in done.mapping.fed_by(piece.source.name):
                rows = _doubtful(passed(clean, table), table, columns)
                if rows.height:
                    done.refuse(rows, piece.source.name, piece.number)


def _doubtful(frame: pl.DataFrame, table: TableMap, columns: Sequence[str]) -> pl.DataFrame:
    """The cells of these columns that can be read in two ways."""
    errors = [
        refused(
            frame[ROW],
            frame[name],
            pl.select(pl.when(numbers.either_way(frame[name])).then(pl.lit("which_mark"))).to_series(),
            column=name,
            into=table.into,
        )
        for name in columns
        if name in numeric(table, INTO[table.into])
    ]
    return pl.concat(errors) if errors else no_errors()


def _refuse_conflicts(done: Prepared) -> None:
    for index, table in enumerate(done.mapping.tables):
        conflicts = done.stage.conflicts(index, table)
        for (number,), rows in conflicts.group_by(FILE):
            reason = pl.repeat("same_key", rows.height, dtype=pl.String, eager=True)
            key = ", ".join(table.key) if table.key != "generated" else "key"
            done.refuse(
                refused(rows[ROW], rows["value"], reason, column=key or "key", into=table.into),
                table.source,
                int(str(number)),
            )


def _refuse_overlaps(done: Prepared) -> None:
    """What holds of a customer on a day holds once: else every fact of that day would count twice."""
    tables = done.mapping.tables
    for into in sorted({table.into for table in tables} & dated.TABLES.keys()):
        held = done.context.dated.get(into)
        stays = (
            None if held is None else staying(done.stage, into, done.mapping, held, partial(_window, done))
        )
        wrong = overlapping(done.stage, into, tables, stays)
        if wrong.height and stays is not held:  # nothing is replaced while rows of a file are refused
            wrong = overlapping(done.stage, into, tables, held)
        for (source, number), rows in wrong.group_by("source", FILE):
            fed = next(table for table in tables if (table.into, table.source) == (into, source))
            share, begin = pl.lit(fed.named("share")), pl.lit(fed.named(dated.TABLES[into].first))
            column = pl.when(pl.col("reason") == "too_much").then(share).otherwise(begin)
            named = rows.select(list(ERRORS)).with_columns(column.alias("column"))
            done.refuse(named, str(source), int(str(number)))


def _window(done: Prepared, index: int, first: date, last: date) -> Window | None:
    """What a replacing file covers. None for rejects that come back, and while rows of the file are refused."""
    table = done.mapping.tables[index]
    again = any(piece.again for piece in done.found.pieces if piece.source.name == table.source)
    if table.mode != "replace" or again or done.stage.refused_rows(table.source):
        return None
    start, end = first, last + timedelta(days=1)
    if table.window == "month":
        start, end = start.replace(day=1), _next_month(last)
    return Window(done.mapping.system_of(table.source), start, end)


def window_of(done: Prepared, index: int) -> Window | None:
    """What a table map that is finished replaces."""
    finished = done.finished[index]
    if finished.first is None or finished.last is None:
        return None
    return _window(done, index, finished.first, finished.last)


def keep_lookups(done: Prepared, folder: Path) -> None:
    """Keep what a rejects file needs to be loaded again."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in done.lookups.items():
        frame.write_parquet(folder / f"{name}.parquet")


def file_names(done: Prepared) -> Mapping[int, str]:
    """Number of a piece → how its file is called."""
    return {piece.number: piece.file.name for piece in done.found.pieces}


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
