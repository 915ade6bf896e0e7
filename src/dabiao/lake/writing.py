"""One change to one table: find what is really new, rewrite only the files it touches, commit once.

Keys are looked for in the whole table, not in a month: a row whose date moved would otherwise count twice.
Rows whose hash is unchanged are not rewritten, so a second load of the same file writes nothing.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from dabiao.lake.change import BadChange, Change, Counts, Written
from dabiao.lake.sql import listed as _list
from dabiao.lake.sql import named as _name
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES, Column, LakeTable

_FILE_SIZE = "96MB"
_MEMORY = "1200MB"
SQL_TYPES: Final = {
    "text": "VARCHAR",
    "money": "DECIMAL(18,4)",
    "rate": "DECIMAL(18,6)",
    "qty": "DECIMAL(18,4)",
    "int": "BIGINT",
    "date": "DATE",
    "time": "TIMESTAMP",
    "flag": "BOOLEAN",
}
"""Type of a column, as short as in `tables` → as SQL says it."""


def write(
    store: Store,
    change: Change,
    *,
    on: int | None,
    token: str,
    trace: Callable[[str], None] = lambda step: None,
) -> Written:
    """Apply `change` on top of version `on` (None: the table does not exist yet).

    Raises BadChange for rows that do not fit, StoreMoved when another writer was faster.
    """
    table = TABLES[change.table]
    base = store.settle(change.table, on) if on is not None else _begin(store, change.table)
    with change.compared or engine(store) as work:
        if change.compared is None:
            files = store.files(change.table, base)
            stage(work, table, change)
            work.execute(
                f"CREATE TEMP VIEW existing AS {select_all(store, table, files, extra='row_hash, filename')}"
            )
            compare(work, table, change)
        counts = counted(work)
        if not counts.changed:
            return Written(base, counts)
        days = _days(work, table)
        touched = [row[0] for row in work.execute("SELECT DISTINCT filename FROM gone").fetchall()]
        with _files(store, change.table) as folder:
            added = [*_rewrite(work, store, table, touched, folder), *_append(work, table, folder)]
            trace(f"commit {change.table}")
            version = store.commit(change.table, on=base, drop=touched, add=added, token=token)
    return Written(version, counts, days)


def merge_files(store: Store, name: str, *, on: int, token: str) -> int:
    """The same rows in as few files as their size allows; the new version."""
    table, base = TABLES[name], store.settle(name, on)
    files = store.files(name, base)
    with _files(store, name) as folder, engine(store) as work:
        merged = _copy(work, table, select_all(store, table, files, extra="row_hash"), folder / "merged")
        return store.commit(name, on=base, drop=files, add=merged, token=token)


@contextmanager
def _files(store: Store, table: str) -> Iterator[Path]:
    """A folder for the files of one commit; on a full disk nothing of it stays."""
    folder = store.new_folder(table)
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def engine(store: Store) -> duckdb.DuckDBPyConnection:
    """A connection for one piece of work; what does not fit in memory is spilled beside the tables."""
    work = duckdb.connect(config={"memory_limit": _MEMORY})
    work.execute(f"SET temp_directory = {literal(store.root / '.spill')}")
    work.execute("SET preserve_insertion_order = false")
    work.execute("SET enable_progress_bar = false")
    return work


def _begin(store: Store, table: str) -> int:
    store.create(table)
    return store.settle(table, 0)


def stage(work: duckdb.DuckDBPyConnection, table: LakeTable, change: Change) -> None:
    """`incoming`: the rows in the table's own columns and types, with the hash of all but the batch.

    A view: reading the columns that a step needs once more is cheaper than keeping ten million rows at hand.
    """
    given = _given(work, change.rows)
    if unknown := sorted(name for name in given - table.names if not name.startswith("__")):
        raise BadChange(f"{table.name} has no column {unknown[0]!r}; it has {', '.join(sorted(table.names))}")
    if missing := [name for name in table.key if name not in given]:
        raise BadChange(f"{table.name} needs its key column {missing[0]!r}")
    columns = ", ".join(
        f"{_name(c.name) if c.name in given else 'NULL'}::{SQL_TYPES[c.type]} AS {_name(c.name)}"
        for c in table.columns
    )
    hashed = ", ".join(_name(column.name) for column in table.columns if column.name != "batch")
    work.execute(
        f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT *, (hash({hashed}) >> 1)::BIGINT AS row_hash FROM (SELECT {columns} FROM given)"
    )
    _refuse_bad_keys(work, table)


def _given(work: duckdb.DuckDBPyConnection, rows: pa.Table | Path) -> frozenset[str]:
    if isinstance(rows, Path):
        work.execute(f"CREATE OR REPLACE TEMP VIEW given AS SELECT * FROM read_parquet({literal(rows)})")
    else:
        work.register("given", rows)
    return frozenset(row[0] for row in work.execute("DESCRIBE given").fetchall())


def _refuse_bad_keys(work: duckdb.DuckDBPyConnection, table: LakeTable) -> None:
    keys = _list(table.key)
    empty = " OR ".join(f"{_name(column)} IS NULL" for column in table.key)
    if (row := work.execute(f"SELECT count(*) FROM incoming WHERE {empty}").fetchone()) and row[0]:
        raise BadChange(f"{table.name}: {row[0]} rows have no {' + '.join(table.key)}")
    # Grouped by a hash of 8 bytes first, which takes a third of the memory of the keys themselves.
    work.execute(
        f"CREATE OR REPLACE TEMP TABLE alike AS SELECT hash({keys}) AS h FROM incoming GROUP BY h HAVING count(*) > 1"
    )
    twice = work.execute(
        f"""SELECT {keys} FROM incoming WHERE hash({keys}) IN (SELECT h FROM alike)
            GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 3"""
    ).fetchall()
    if twice:
        shown = "; ".join("/".join(str(part) for part in key) for key in twice)
        raise BadChange(f"{table.name}: the same {' + '.join(table.key)} stands there twice: {shown}")


def compare(
    work: duckdb.DuckDBPyConnection,
    table: LakeTable,
    change: Change,
    *,
    moved: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> None:
    """`met`: incoming keys that exist. `gone`: existing rows that go, replaced or removed.

    moved: expressions over a row, for each of which `met` tells (`moved0`, …) whether a value that was there is another.
    kept: expressions whose values before and after (`old0`, `new0`, …) `met` keeps of rows that change.
    """
    keys = _list(table.key)
    watched = "".join(f", {value} AS was{at}" for at, value in enumerate((*moved, *kept)))
    old = f"SELECT {_list(table.key, 'e.')}, e.filename, e.row_hash{watched} FROM existing e"
    told = "".join(
        f", o.was{at} IS NOT NULL AND o.was{at} IS DISTINCT FROM i.was{at} AS moved{at}"
        for at in range(len(moved))
    )
    for at in range(len(kept)):
        told += "".join(
            f", CASE WHEN o.row_hash <> i.row_hash THEN {side}.was{at + len(moved)} END AS {name}{at}"
            for side, name in (("o", "old"), ("i", "new"))
        )
    given = f"(SELECT {keys}, row_hash{watched} FROM incoming)"
    work.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT {_list(table.key, 'o.')}, o.filename, o.row_hash, o.row_hash = i.row_hash AS same{told} FROM ({old}) o JOIN {given} i USING ({keys})"
    )
    removed = [f"SELECT {keys}, filename, false AS removed FROM met WHERE NOT same"]
    if change.removed is not None:
        work.register("asked", change.removed)
        removed.append(
            f"SELECT {_list(table.key, 'e.')}, e.filename, true FROM existing e SEMI JOIN asked USING ({keys}) ANTI JOIN incoming USING ({keys})"
        )
    if change.window is not None:
        work.execute("SET VARIABLE source = ?", [change.window.source])
        within = f"e.source = getvariable('source') AND e.{_name(table.on or '')} >= DATE '{change.window.start}' AND e.{_name(table.on or '')} < DATE '{change.window.end}'"
        removed.append(
            f"SELECT {_list(table.key, 'e.')}, e.filename, true FROM existing e ANTI JOIN incoming USING ({keys}) WHERE {within}"
        )
    if change.whole:
        removed.append(
            f"SELECT {_list(table.key, 'e.')}, e.filename, true FROM existing e ANTI JOIN incoming USING ({keys})"
        )
    work.execute(
        f"CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT * FROM ({' UNION ALL '.join(removed)})"
    )
    work.execute(
        f"CREATE OR REPLACE TEMP VIEW fresh AS SELECT * FROM incoming ANTI JOIN (SELECT {keys} FROM met WHERE same) USING ({keys})"
    )


def counted(work: duckdb.DuckDBPyConnection) -> Counts:
    """What `compare` found, as numbers."""
    incoming, unchanged, updated, removed = _row(
        work,
        """SELECT (SELECT count(*) FROM incoming), (SELECT count(*) FROM met WHERE same),
                  (SELECT count(*) FROM met WHERE NOT same), (SELECT count(*) FROM gone WHERE removed)""",
    )
    return Counts(incoming - unchanged - updated, updated, unchanged, removed)


def _days(work: duckdb.DuckDBPyConnection, table: LakeTable) -> dict[str, frozenset[date]]:
    """Per date column of a fact table, the days that lose or gain a row."""
    if table.kind != "fact":
        return {}
    dates = [column.name for column in table.columns if column.type in {"date", "time"}]
    days = ", ".join(f"{_name(name)}::DATE AS {_name(name)}" for name in dates)
    work.execute(
        f"""CREATE TEMP TABLE moved AS SELECT DISTINCT {days} FROM fresh
            UNION SELECT DISTINCT {days} FROM existing SEMI JOIN gone USING ({_list(table.key)})"""
    )
    return {
        name: frozenset(
            row[0] for row in work.execute(f"SELECT DISTINCT {_name(name)} FROM moved").fetchall() if row[0]
        )
        for name in dates
    }


def _rewrite(
    work: duckdb.DuckDBPyConnection, store: Store, table: LakeTable, touched: Sequence[str], folder: Path
) -> list[Path]:
    """The touched files without the rows that go."""
    if not touched:
        return []
    kept = f"SELECT * FROM ({select_all(store, table, touched, extra='row_hash')}) ANTI JOIN gone USING ({_list(table.key)})"
    return _copy(work, table, kept, folder / "kept")


def _append(work: duckdb.DuckDBPyConnection, table: LakeTable, folder: Path) -> list[Path]:
    return _copy(work, table, "SELECT * FROM fresh", folder / "new")


def _copy(work: duckdb.DuckDBPyConnection, table: LakeTable, query: str, folder: Path) -> list[Path]:
    order = [table.on, "person"] if table.on else list(table.key)
    sort = ", ".join(_name(column) for column in order if column in table.names)
    work.execute(
        f"""COPY (SELECT {_list([c.name for c in table.columns])}, row_hash FROM ({query}) ORDER BY {sort})
            TO {literal(folder)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, FILE_SIZE_BYTES '{_FILE_SIZE}')"""
    )
    files = sorted(folder.rglob("*.parquet"))
    return [file for file in files if _rows(work, file)]


def _rows(work: duckdb.DuckDBPyConnection, file: Path) -> int:
    return _row(work, f"SELECT count(*) FROM read_parquet({literal(file)})")[0]


def select_all(store: Store, table: LakeTable, files: Iterable[str], *, extra: str = "") -> str:
    """SQL that reads the files as the table: documented columns, and `extra` ones like `filename`."""
    listed = ", ".join(literal(file) for file in (store.template(table.name), *files))
    columns = ", ".join(map(_selected, table.columns)) + (f", {extra}" if extra else "")
    return f"SELECT {columns} FROM read_parquet([{listed}], union_by_name = true, filename = true)"


def _selected(column: Column) -> str:
    name = _list([column.name])
    return f"coalesce({name}, {column.before}) AS {name}" if column.before else name


def _row(work: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = work.execute(query).fetchone()
    return row if row is not None else ()


def literal(text: str | Path) -> str:
    """A text, or a path, as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"
