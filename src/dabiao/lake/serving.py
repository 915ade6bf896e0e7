"""The serving file: the roll-ups of one snapshot in a native DuckDB file that pages read.

A publication copies the last file and recomputes only the days it touched; when the organisation or the metrics
change, all is made anew. The file gets a new name and is complete before the snapshot names it.
"""

import logging
import shutil
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from dabiao.lake import cubes, dictionary, home, paths
from dabiao.lake.cubes import PLACED, Cube
from dabiao.lake.dictionary import BadDictionary
from dabiao.lake.models import Snapshot
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import engine, literal, select_all

log = logging.getLogger(__name__)

_DAMAGED: Final = ".damaged"
_ROW_GROUP = 20_480
"""A team's rows of a large company fill one or two groups; by DuckDB's own measure it would read six times as much."""
Days = Mapping[str, Mapping[str, frozenset[date]]]


def refresh(store: Store, tables: Mapping[str, int], *, base: Snapshot | None, days: Days) -> str:
    """Make the serving file of a snapshot that is about to be published; returns its name.

    No two calls share a name: a publisher that has lost its lease must not write into another's file.
    tables: table → version. days: table → date column → days on which something changed since `base`.
    """
    name = f"{uuid.uuid4().hex[:12]}-{cubes.print_in_force()}.duckdb"
    target = home.serving() / name
    try:
        if base is not None and base.serving != "" and is_current(base.serving):
            try:
                _patch(store, tables, base, days, target)
                return name
            except duckdb.Error:
                if not is_damaged(base.serving):
                    raise
                target.unlink(missing_ok=True)
        _fill(store, tables, target, lambda cube: None)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return name


def _patch(store: Store, tables: Mapping[str, int], base: Snapshot, days: Days, target: Path) -> None:
    """The last file, with the days that changed computed again."""
    shutil.copyfile(home.serving() / base.serving, target)
    _fill(store, tables, target, lambda cube: _moved(cube, base, tables, days))


def _fill(
    store: Store,
    tables: Mapping[str, int],
    target: Path,
    moved: Callable[[Cube], frozenset[date] | None],
) -> None:
    """Each cube's tables: of the days that moved, or of all where that is None."""
    with engine(store) as work:
        _views(work, store, tables)
        work.execute(f"ATTACH {literal(target)} AS serving (ROW_GROUP_SIZE {_ROW_GROUP})")
        work.execute("SET search_path = 'memory,serving'")
        work.register("paths", paths.of(work))
        for cube in cubes.cubes(dictionary.in_force()):
            days = moved(cube)
            if days and cube.source.derived:
                days = _from_first(work, cube, days)
            _make(work, cube) if days is None else _mend(work, cube, days)


def is_current(name: str) -> bool:
    """Whether a serving file holds the roll-ups of the metrics in force. Not if these can't be read, or it is damaged."""
    try:
        print_now = cubes.print_in_force()
    except BadDictionary:
        return False
    file = home.serving() / name
    return name.endswith(f"-{print_now}.duckdb") and file.is_file() and not _mark(name).exists()


def is_damaged(name: str) -> bool:
    """Read all of a serving file, which is derived and made anew; a damaged one is set aside for good."""
    try:
        with duckdb.connect(home.serving() / name, read_only=True, config={"threads": 1}) as work:
            tables = work.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            for (table,) in tables:
                work.execute(f'SELECT sum(hash(t)) FROM "{table}" t')
    except duckdb.Error:
        set_aside(name)
        return True
    return False


def set_aside(name: str) -> None:
    """Nobody reads this file any more: pages answer from the facts until the worker has made it anew."""
    log.warning("the roll-ups in %s are damaged and are made anew", name)
    _mark(name).touch()


def forget(*, keep: set[str]) -> None:
    """Delete the serving files that no snapshot names."""
    for file in home.serving().glob("*.duckdb*"):
        if file.name.removesuffix(_DAMAGED) not in keep:
            file.unlink(missing_ok=True)


def _mark(name: str) -> Path:
    return home.serving() / f"{name}{_DAMAGED}"


def _views(work: duckdb.DuckDBPyConnection, store: Store, tables: Mapping[str, int]) -> None:
    for name, table in TABLES.items():
        files = store.files(name, tables[name]) if name in tables else []
        work.execute(f'CREATE TEMP VIEW "{name}" AS {select_all(store, table, files)}')


def _moved(cube: Cube, base: Snapshot, tables: Mapping[str, int], days: Days) -> frozenset[date] | None:
    """The days to compute again; None for all of them."""
    before = base.tables
    if any(before.get(name) != tables.get(name) for name in cube.reads):
        return None
    table = cube.source.table
    if before.get(table) == tables.get(table):
        return frozenset()
    if cube.source.on is None or table not in before:
        return None
    return days.get(table, {}).get(cube.source.on, frozenset())


def _from_first(work: duckdb.DuckDBPyConnection, cube: Cube, days: frozenset[date]) -> frozenset[date]:
    """What was said of a day, also late, is known on every day after it."""
    on, first = cube.source.on, min(days)
    later = work.execute(
        f"""SELECT DISTINCT "{on}"::DATE FROM "{cube.source.table}" WHERE "{on}"::DATE >= DATE '{first}'"""
    )
    return days | {row[0] for row in later.fetchall()}


def _make(work: duckdb.DuckDBPyConnection, cube: Cube) -> None:
    recipe = cubes.recipe(cube, touched=False)
    work.execute(f"CREATE TEMP VIEW {PLACED} AS {recipe.placed}")
    for table in recipe.tables:
        rows = f"{table.select} ORDER BY {', '.join(table.sorted_by)}"
        work.execute(f'CREATE OR REPLACE TABLE serving."{table.name}" AS {rows}')
    work.execute(f"DROP VIEW {PLACED}")


def _mend(work: duckdb.DuckDBPyConnection, cube: Cube, moved: frozenset[date]) -> None:
    """Few days: their facts are read and placed once for all tables."""
    if not moved:
        return
    recipe = cubes.recipe(cube, touched=True)
    work.register("touched", pa.table({"day": pa.array(sorted(moved), pa.date32())}))
    work.execute(f"CREATE TEMP TABLE {PLACED} AS {recipe.placed}")
    for table in recipe.tables:
        rows = f"{table.select} ORDER BY {', '.join(table.sorted_by)}"
        work.execute(f'DELETE FROM serving."{table.name}" WHERE day IN (SELECT day FROM touched)')
        work.execute(f'INSERT INTO serving."{table.name}" BY NAME {rows}')
    work.execute(f"DROP TABLE {PLACED}")
    work.unregister("touched")
