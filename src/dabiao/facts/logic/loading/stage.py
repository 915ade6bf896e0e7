"""Rows on their way to the lake lie in Parquet on disk: memory stays bounded, and nothing is visible yet."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from dabiao.core import config
from dabiao.facts.logic.loading.shape import ERRORS, WHOLE
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.reading import ROW

FILE: Final = "__file__"
"""Number of the file that a staged row came from."""
SAMPLE: Final = 1_000
"""Refused cells that a report shows; all of them lie in a file beside it."""


@dataclass(frozen=True)
class Finished:
    """A table ready to be written. rejected and skipped are counts of source rows."""

    index: int
    file: Path
    ready: int
    repeated: int
    varied: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass
class Stage:
    """A folder of staged rows: one subfolder per table map, one for refused cells, one for their originals."""

    folder: Path
    parts: int = 0
    refused: bool = False
    _described: dict[int, list[str]] = field(default_factory=dict, repr=False)
    _repeating: dict[int, bool] = field(default_factory=dict, repr=False)
    _work: duckdb.DuckDBPyConnection | None = field(default=None, repr=False)

    def put(self, index: int, rows: pl.DataFrame, file: int) -> None:
        """Stage rows of table map `index`."""
        if rows.height:
            self._write(f"table{index}", rows.with_columns(pl.lit(file, pl.Int64).alias(FILE)))

    def put_errors(self, source: str, file: int, errors: pl.DataFrame, originals: pl.DataFrame) -> None:
        """Stage refused cells, and the rows they stand in as the source had them."""
        if errors.height:
            self.refused = True
            place = [pl.lit(source).alias("source"), pl.lit(file, pl.Int64).alias(FILE)]
            self._write("errors", errors.with_columns(place))
            self.put_originals(source, file, originals)

    def put_originals(self, source: str, file: int, originals: pl.DataFrame) -> None:
        """Stage rows as the source had them, to be handed back."""
        texts = [pl.col(name).cast(pl.String) for name in originals.columns if name != ROW]
        self._write(f"rejects-{source}", originals.select(ROW, pl.lit(file, pl.Int64).alias(FILE), *texts))

    def put_names(self, kind: str, rows: pl.DataFrame) -> None:
        """Stage key and name of customers or products."""
        if rows.height:
            self._write(f"names-{kind}", rows)

    def frame(self, part: str) -> pl.DataFrame:
        """All that is staged in a subfolder; small parts only."""
        files = sorted((self.folder / part).glob("*.parquet"))
        return (
            pl.concat([pl.read_parquet(file) for file in files], how="diagonal") if files else pl.DataFrame()
        )

    def has(self, part: str) -> bool:
        return any((self.folder / part).glob("*.parquet"))

    def conflicts(self, index: int, table: TableMap) -> pl.DataFrame:
        """ROW, FILE, value of rows that share their key with a different row. Repetitions that agree are no conflict."""
        if not self._may_repeat(index, table):
            return pl.DataFrame(schema={ROW: pl.Int64, FILE: pl.Int64, "value": pl.String})
        keys, rest = _list(_keys(table)), _list(self._columns(index))
        shown = " || '|' || ".join(f"{_name(key)}::VARCHAR" for key in _keys(table))
        good = f"SELECT * FROM {self._rows(index)} {self._without_refused(table.source)}"
        twice = f"SELECT {keys} FROM ({good}) GROUP BY ALL HAVING count(*) > 1"
        self.work.execute(f"CREATE OR REPLACE TEMP TABLE twice AS {twice}")
        return self.work.execute(
            f"""SELECT {ROW}, {FILE}, {shown} AS value FROM ({good}) SEMI JOIN (
                    SELECT {keys} FROM (SELECT DISTINCT {rest} FROM ({good}) SEMI JOIN twice USING ({keys}))
                    GROUP BY ALL HAVING count(*) > 1) USING ({keys}) ORDER BY ALL"""
        ).pl()

    def good(self, index: int, table: TableMap) -> pl.DataFrame:
        """All rows of a small table map that are not refused, with FILE, ROW and `source_name`."""
        if not self.has(f"table{index}"):
            return pl.DataFrame()
        rows = self.work.execute(
            f"SELECT * FROM {self._rows(index)} {self._without_refused(table.source)}"
        ).pl()
        return rows.with_columns(pl.lit(table.source).alias("source_name"))

    def finish(self, index: int, table: TableMap) -> Finished:
        """The rows that go on, one per key: the staged files themselves where every row does, else a new file."""
        if not self.has(f"table{index}"):
            return Finished(index, self.folder / "none", 0, 0)
        good = f"SELECT * FROM {self._rows(index)} {self._without_refused(table.source)}"
        columns = self._columns(index)
        file = _every(self.folder / f"table{index}")
        if self.has("errors") or table.key == "generated" or table.distinct or self._may_repeat(index, table):
            file = self.folder / f"final{index}.parquet"
            self._copy(self._one_per_key(index, good, table, columns), file)
        on = INTO[table.into].on
        span = f", min({_name(on)}::DATE), max({_name(on)}::DATE)" if on and on in columns else ", NULL, NULL"
        ready, first, last = self._one(f"SELECT count(*){span} FROM read_parquet('{_quoted(str(file))}')")
        given = self._one(f"SELECT count(*) FROM ({good})")[0]
        return Finished(index, file, ready, given - ready, self._varied(good, table, columns), first, last)

    def refused_rows(self, source: str) -> int:
        """How many rows of a source are handed back."""
        if not self.has("errors"):
            return 0
        return int(
            self._one(
                f"SELECT count(*) FROM (SELECT DISTINCT {FILE}, {ROW} FROM {self._errors()} WHERE source = '{_quoted(source)}')"
            )[0]
        )

    def refused_of(self, index: int, source: str) -> int:
        """How many staged rows of a table map are refused."""
        if not self.has("errors") or not self.has(f"table{index}"):
            return 0
        bad = f"SELECT DISTINCT {FILE}, {ROW} FROM {self._errors()} WHERE source = '{_quoted(source)}'"
        return int(
            self._one(f"SELECT count(*) FROM {self._rows(index)} SEMI JOIN ({bad}) USING ({FILE}, {ROW})")[0]
        )

    def error_kinds(self) -> list[tuple[str, str, str, str, int, int, str | None]]:
        """source, column, into, reason, count, first row, example."""
        if not self.has("errors"):
            return []
        return self.work.execute(
            f"""SELECT source, "column", "into", reason, count(*), min({ROW}), arg_min(value, {ROW}) FROM {self._errors()}
                GROUP BY ALL ORDER BY 5 DESC, 1, 2, 3, 4"""
        ).fetchall()

    def error_cells(self, limit: int | None = SAMPLE) -> pl.DataFrame:
        """Refused cells in the order of the files: source, FILE, ROW, column, into, value, reason."""
        if not self.has("errors"):
            return pl.DataFrame(schema={"source": pl.String, FILE: pl.Int64, **ERRORS})
        upto = f" LIMIT {limit}" if limit else ""
        return self.work.execute(
            f"""SELECT source, {FILE}, {ROW}, "column", "into", value, reason FROM {self._errors()} ORDER BY ALL{upto}"""
        ).pl()

    def error_count(self) -> int:
        return int(self._one(f"SELECT count(*) FROM {self._errors()}")[0]) if self.has("errors") else 0

    def rejects(self, source: str) -> pl.DataFrame:
        """FILE, ROW, the source's columns, and `reasons` as a list of structs, for the rows handed back."""
        originals = self._parquet(f"rejects-{source}")
        return self.work.execute(
            f"""SELECT DISTINCT ON ({FILE}, {ROW}) r.*, e.reasons FROM {originals} r JOIN (
                    SELECT {FILE}, {ROW}, list(struct_pack("column" := "column", reason := reason, value := value) ORDER BY "column", reason) AS reasons
                    FROM {self._errors()} WHERE source = '{_quoted(source)}' GROUP BY ALL) e USING ({FILE}, {ROW})
                ORDER BY {FILE}, {ROW}"""
        ).pl()

    def names(self) -> list[tuple[str, str, str]]:
        """kind, key, name: the name most often given, the smaller one at a tie."""
        found: list[tuple[str, str, str]] = []
        for folder in sorted(self.folder.glob("names-*")):
            rows = self.work.execute(
                f"""SELECT key, name FROM (SELECT key, name, sum(n) AS n FROM {self._parquet(folder.name)} GROUP BY ALL)
                    QUALIFY row_number() OVER (PARTITION BY key ORDER BY n DESC, name) = 1 ORDER BY key"""
            ).fetchall()
            found += [(folder.name.removeprefix("names-"), key, name) for key, name in rows]
        return found

    def distinct(self, index: int, column: str, *, good_of: str = "") -> list[object]:
        """The different values of a staged column, without the empty one. good_of: the source whose refused rows do not count."""
        if not self.has(f"table{index}") or column not in self._columns(index):
            return []
        rows = f"{self._rows(index)} {self._without_refused(good_of)}" if good_of else self._rows(index)
        query = f"SELECT DISTINCT {_name(column)} FROM {rows} WHERE {_name(column)} IS NOT NULL ORDER BY 1"
        return [row[0] for row in self.work.execute(query).fetchall()]

    def empties(self, index: int, table: TableMap, columns: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Per column: how many rows leave it empty, of how many; refused rows are told elsewhere."""
        names = [name for name in columns if self.has(f"table{index}") and name in self._columns(index)]
        if not names:
            return {}
        counts = ", ".join(f"count(*) - count({_name(name)})" for name in names)
        good = f"{self._rows(index)} {self._without_refused(table.source)}"
        total, *empty = self._one(f"SELECT count(*), {counts} FROM {good}")
        return {name: (count, total) for name, count in zip(names, empty, strict=True)}

    def after(self, index: int, table: TableMap, column: str, on: date) -> tuple[int, date | None]:
        """How many rows are dated after a day, and the last of their days; refused rows are told elsewhere."""
        if not self.has(f"table{index}") or column not in self._columns(index):
            return 0, None
        day = f"{_name(column)}::DATE"
        good = f"{self._rows(index)} {self._without_refused(table.source)}"
        count, last = self._one(f"SELECT count(*), max({day}) FROM {good} WHERE {day} > DATE '{on}'")
        return int(count), last

    @property
    def work(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection that spills to the stage's own folder."""
        if self._work is None:
            self._work = duckdb.connect(config={"memory_limit": f"{config.get('DABIAO_MEMORY_MB')}MB"})
            self._work.execute(f"SET temp_directory = '{_quoted(str(self.folder / 'spill'))}'")
            self._work.execute("SET preserve_insertion_order = false")
        return self._work

    def close(self) -> None:
        if self._work is not None:
            self._work.close()
            self._work = None

    def _write(self, part: str, rows: pl.DataFrame) -> None:
        folder = self.folder / part
        folder.mkdir(parents=True, exist_ok=True)
        self.parts += 1
        rows.write_parquet(folder / f"{self.parts:06d}.parquet", compression="lz4", statistics=False)

    def _one_per_key(self, index: int, good: str, table: TableMap, columns: Sequence[str]) -> str:
        if table.key == "generated":
            rest = _list(name for name in columns if name != WHOLE)
            occurrence = f"row_number() OVER (PARTITION BY {WHOLE} ORDER BY {FILE}, {ROW})"
            return f"SELECT left(md5({WHOLE}), 20) || '-' || {occurrence} AS key, {rest} FROM ({good})"
        keys, listed = _keys(table), _list(columns)
        if not keys:
            return f"SELECT DISTINCT {listed} FROM ({good})"
        if not table.distinct and not self._may_repeat(index, table):
            return f"SELECT {listed} FROM ({good})"
        counted = f"SELECT {listed}, count(*) AS __n__ FROM ({good}) GROUP BY ALL"
        order = ", ".join(["__n__ DESC", *(f"{_name(name)} NULLS LAST" for name in columns)])
        one = f"QUALIFY row_number() OVER (PARTITION BY {_list(keys)} ORDER BY {order}) = 1"
        return f"SELECT {listed} FROM ({counted}) {one}"

    def _may_repeat(self, index: int, table: TableMap) -> bool:
        """Whether a key stands there more than once among all staged rows, refused ones included."""
        if not self.has(f"table{index}") or table.distinct or table.key == "generated" or not _keys(table):
            return False
        if index not in self._repeating:
            keys = _list(_keys(table))
            distinct = f"SELECT count(*) FROM (SELECT {keys} FROM {self._rows(index)} GROUP BY ALL)"
            total, found = self._one(f"SELECT count(*), ({distinct}) FROM {self._rows(index)}")
            self._repeating[index] = total != found
        return self._repeating[index]

    def _varied(self, good: str, table: TableMap, columns: Sequence[str]) -> tuple[str, ...]:
        """Keys of a distinct table that the source describes in several ways."""
        if not table.distinct:
            return ()
        keys = _list(_keys(table))
        shown = " || '|' || ".join(f"{_name(key)}::VARCHAR" for key in _keys(table))
        rows = self.work.execute(
            f"SELECT {shown} FROM (SELECT DISTINCT {_list(columns)} FROM ({good})) GROUP BY {keys} HAVING count(*) > 1 ORDER BY 1"
        ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def _without_refused(self, source: str) -> str:
        if not self.has("errors"):
            return ""
        return f"ANTI JOIN (SELECT DISTINCT {FILE}, {ROW} FROM {self._errors()} WHERE source = '{_quoted(source)}') USING ({FILE}, {ROW})"

    def _columns(self, index: int) -> list[str]:
        if index not in self._described:
            described = self.work.execute(f"DESCRIBE SELECT * FROM {self._rows(index)}").fetchall()
            self._described[index] = [row[0] for row in described if row[0] not in {ROW, FILE}]
        return self._described[index]

    def _rows(self, index: int) -> str:
        return self._parquet(f"table{index}")

    def _errors(self) -> str:
        return self._parquet("errors")

    def _parquet(self, part: str) -> str:
        every = _quoted(str(_every(self.folder / part)))
        return f"read_parquet('{every}', union_by_name = true)"

    def _copy(self, query: str, file: Path) -> None:
        self.work.execute(f"COPY ({query}) TO '{_quoted(str(file))}' (FORMAT parquet, COMPRESSION lz4)")

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self.work.execute(query).fetchone()
        return row if row is not None else ()


def _keys(table: TableMap) -> tuple[str, ...]:
    """Columns of the staged rows that make a row the same row."""
    known = INTO[table.into]
    if known.keyed:
        return ("key",)
    return tuple(name for name in known.key if name in table.columns)


def _list(names: Iterable[str]) -> str:
    return ", ".join(_name(name) for name in names)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _every(folder: Path) -> Path:
    """The pattern of a folder's files; `[1]` in the name of a folder above is none."""
    return Path(re.sub(r"([\[*?])", r"[\1]", str(folder))) / "*.parquet"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
