"""Which file feeds which source; whether the columns that a mapping names are there; rejects handed in again."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.core.spreadsheet import RISKY
from dabiao.engine.document import Problem
from dabiao.facts.logic.loading import connectors, joining
from dabiao.facts.logic.loading.marks import FROM, REASON, rejected_from
from dabiao.facts.logic.loading.namesakes import told_apart
from dabiao.facts.logic.mapping import BadMapping, MapFile, Source
from dabiao.facts.logic.reading import Options, Sheet, Unreadable, open_file, typed

_MARK: Final = rf"^'('*{RISKY})"
"""What `rejects` puts before a cell or a title, so that no spreadsheet runs it."""
_QUERY: Final = Path("query")


class NothingToLoad(Malformed):
    """No file fits any source of the mapping."""


@dataclass(frozen=True)
class Piece:
    """One file of one source. `again`: it is a rejects file, so its rows are an addition, not the whole."""

    source: Source
    file: Path
    number: int
    again: str = ""


@dataclass(frozen=True)
class Found:
    """The files of an import, and the folder in which lookups lie.

    stands_for: one file that is called otherwise than in the mapping, and is meant wherever the mapping names one
    """

    pieces: tuple[Piece, ...]
    lookups: Path
    absent: tuple[str, ...] = ()
    stands_for: Path | None = None

    def lookup(self, source: Source) -> pl.DataFrame | None:
        """All rows of a small source, after its `replace`; None where it is not there."""
        return _whole(source, self.lookups, self.stands_for)


def find(path: Path, mapping: MapFile, *, memory: Path) -> Found:
    """Files for the sources of a mapping.

    path: a folder, or one file (then other sources are only looked up in). memory: where earlier imports keep
    what a rejects file needs to be loaded again. Raises NothingToLoad, Unreadable.
    """
    if not path.exists():
        raise Unreadable(_("%(path)s does not exist.") % {"path": path})
    if path.is_dir():
        return _folder(path, mapping)
    if kept := rejected_from(path):
        batch, name = kept
        if name not in mapping.sources:
            raise NothingToLoad(
                _("%(path)s holds rejects of %(name)r, which this mapping does not know.")
                % {"path": path.name, "name": name}
            )
        return Found((Piece(_as_rejects(mapping.sources[name]), path, 1, batch),), memory / batch / "lookups")
    return _file(path, mapping)


def opened(piece: Piece) -> Sheet:
    """The piece's table, with the columns of a rejects file hidden."""
    if piece.source.query is not None:
        return typed.open_query(
            connectors.url_of(piece.source.connector), piece.source.query, piece.source.options
        )
    sheet = open_file(piece.file, piece.source.options)
    if piece.again:
        sheet = _without_marks(sheet)
    return sheet


def check_columns(sheet: Sheet, source: Source, mapping: MapFile, *, file: str) -> None:
    """Raises BadMapping with every column that a mapping asks a source for in vain."""
    have = (*joining.columns_of(sheet.columns, source.joins), *added(source))
    problems = []
    asked = [
        (name, rule.line)
        for table in mapping.fed_by(source.name)
        for rule in table.columns.values()
        for name in rule.reads
    ]
    asked += [(name, table.line) for table in mapping.fed_by(source.name) for name in table.reads]
    asked += [(name, join.line) for join in source.joins for name in join.on]
    asked += [(name, source.line) for name in (*source.replace, *source.options.fill_down, *source.decides)]
    asked += [(name, source.unpivot.line) for name in source.unpivot.columns] if source.unpivot else []
    asked += (
        [(name, source.apart.line) for name in (source.apart.column, source.apart.by)] if source.apart else []
    )
    lines: dict[str, int] = {}
    for name, line in asked:
        lines.setdefault(name, line)
    for name, line in lines.items():
        if name not in have:
            near = difflib.get_close_matches(name, list(have), n=1, cutoff=0.5)
            mend = (
                _("Did you mean %(what)r?") % {"what": near[0]}
                if near
                else _("It has: %(names)s.") % {"names": ", ".join(have)}
            )
            if sheet.unread:
                mend += " " + _("Other sheets: %(sheets)s; name one with `sheet`.") % {
                    "sheets": ", ".join(sheet.unread)
                }
            problems.append(
                Problem(
                    line,
                    "",
                    _("%(sheet)s has no column %(name)r") % {"sheet": sheet.name, "name": name},
                    mend,
                    file,
                )
            )
    if problems:
        raise BadMapping(sorted(problems))


def unused(sheet: Sheet, source: Source, mapping: MapFile) -> tuple[str, ...]:
    """Columns that no rule reads and no rule follows from; said in the report, because dropping is never silent."""
    read = {name for table in mapping.fed_by(source.name) for name in table.reads}
    read |= {name for join in source.joins for name in join.on}
    read |= set(source.unpivot.columns) if source.unpivot else set()
    read |= set(source.decides)
    return tuple(name for name in sheet.columns if name not in read and name not in mapping.ignore)


def replaced(frame: pl.DataFrame, source: Source, told: dict[tuple[str, str, str], int]) -> pl.DataFrame:
    """The frame after `replace` and `apart`; `told` counts column, old, new."""
    for column, pairs in source.replace.items():
        counts = frame[column].cast(pl.String).value_counts()
        for value, count in counts.filter(pl.col(column).is_in(list(pairs))).iter_rows():
            place = (column, str(value), pairs[str(value)])
            told[place] = told.get(place, 0) + int(count)
        frame = frame.with_columns(pl.col(column).cast(pl.String).replace(dict(pairs)))
    return told_apart(frame, source.apart) if source.apart else frame


def added(source: Source) -> tuple[str, ...]:
    """Columns that the source has because it was turned."""
    return (source.unpivot.name, source.unpivot.value) if source.unpivot else ()


def unpivoted(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """A row for each filled cell of the columns that are months, in the place of the row that it stands in."""
    if source.unpivot is None:
        return frame
    months, named = list(source.unpivot.columns), source.unpivot.columns
    kept = [name for name in frame.columns if name not in months]
    texts = frame.with_columns(pl.col(months).cast(pl.String))
    name, value = source.unpivot.name, source.unpivot.value
    long = texts.unpivot(months, index=kept, variable_name=name, value_name=value)
    return long.filter(pl.col(value).is_not_null()).with_columns(pl.col(name).replace_strict(dict(named)))


def _whole(source: Source, folder: Path, stands_for: Path | None) -> pl.DataFrame | None:
    kept = folder / f"{source.name}.parquet"
    if kept.exists():
        return pl.read_parquet(kept)
    frames = []
    for file in [stands_for] if stands_for else _matching(folder, source):
        frames += list(open_file(file, source.options).chunks())
    if not frames:
        return None
    return replaced(pl.concat(frames, how="diagonal"), source, {})


def _folder(folder: Path, mapping: MapFile) -> Found:
    pieces: list[Piece] = []
    absent = []
    for source in mapping.sources.values():
        if source.query is not None:
            pieces.append(Piece(source, _QUERY, len(pieces) + 1))
            continue
        files = _matching(folder, source)
        pieces += [Piece(source, file, len(pieces) + 1 + i) for i, file in enumerate(files)]
        if not files:
            absent.append(source.name)
    lost = [name for name in absent if not mapping.sources[name].optional]
    if lost:
        wanted = "; ".join(f"{name}: {', '.join(mapping.sources[name].files)}" for name in lost)
        raise NothingToLoad(
            _("%(folder)s has no file for %(wanted)s. Add it, or mark the source `optional: true`.")
            % {"folder": folder, "wanted": wanted}
        )
    return Found(tuple(pieces), folder, tuple(absent))


def _file(path: Path, mapping: MapFile) -> Found:
    feeding = [source for source in mapping.sources.values() if mapping.fed_by(source.name)]
    fitting = [
        source for source in feeding if any(PurePath(path.name).match(PurePath(p).name) for p in source.files)
    ]
    stands_for = None
    if not fitting:
        fitting, stands_for = _single(path, mapping, feeding), path
    pieces = tuple(Piece(source, path, i + 1) for i, source in enumerate(fitting))
    return Found(pieces, path.parent, stands_for=stands_for)


def _single(path: Path, mapping: MapFile, feeding: Sequence[Source]) -> list[Source]:
    """A file under another name than the mapping's pattern: fine where only one file is meant."""
    patterns = {pattern for source in mapping.sources.values() for pattern in source.files}
    if len(patterns) == 1:
        return list(feeding)
    raise NothingToLoad(
        _("No source of the mapping is called like %(path)s; it names %(names)s.")
        % {"path": path.name, "names": ", ".join(sorted(patterns))}
    )


def _matching(folder: Path, source: Source) -> list[Path]:
    matching = {file for pattern in source.files for file in folder.glob(pattern) if file.is_file()}
    return sorted(file for file in matching if not file.name.startswith(("~$", ".")))


def _as_rejects(source: Source) -> Source:
    options = Options(
        header=1,
        trim=source.options.trim,
        empty=source.options.empty,
        totals="keep",
        decimal=source.options.decimal,
        unwrap=False,
    )
    return replace(source, options=options)


def _unmarked(title: str) -> str:
    return re.sub(_MARK, r"\1", title)


def _without_marks(sheet: Sheet) -> Sheet:
    read = sheet.read

    def chunks(sheet: Sheet) -> Iterator[pl.DataFrame]:
        for frame in read(sheet):
            texts = [
                name for name in frame.columns if not name.startswith("__") and name not in {FROM, REASON}
            ]
            plain = frame.drop(FROM, REASON, strict=False).with_columns(
                pl.col(texts).str.replace(_MARK, "${1}")
            )
            yield plain.rename(_unmarked)

    # The reader needs every column of the file; only what comes out of it is without the marks.
    every = sheet.columns
    hidden = Sheet(
        sheet.file,
        sheet.name,
        tuple(_unmarked(n) for n in every if n not in {FROM, REASON}),
        chunks,
        sheet.doubles,
        sheet.total,
    )
    hidden.asides, hidden.notes = sheet.asides, sheet.notes
    inner = sheet

    def walk(outer: Sheet) -> Iterator[pl.DataFrame]:
        return chunks(inner)

    hidden.read = walk
    return hidden
