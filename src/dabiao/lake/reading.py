"""Reading one snapshot: its facts, its dimensions and its roll-ups, as views of one DuckDB connection.

Ibis only compiles; the SQL runs here, on a cursor of the calling thread. What differs from call to call
(a scope, some windows) comes in as small tables, so that compiled SQL can be kept per shape.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
from django.conf import settings

from dabiao.lake import home, installation, serving
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import latest
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import literal, select_all

_NAMES = re.compile(r"\w+")


class NoSuchVersion(ValueError):
    """The snapshot asked for was never published, or has been cleaned away."""


class RollUpsDamaged(Exception):
    """The file of roll-ups cannot be read. It has been set aside: the same question, asked again, is answered."""


class Lake:
    """One snapshot, readable from any thread. Use `current()` or `at(number)`; they keep a few open."""

    def __init__(self, number: int, tables: Mapping[str, int], file: str) -> None:
        self.number = number
        self.tables = dict(tables)
        self._connection = _connect()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._viewed: set[str] = set()
        self.serving = file
        self.rolled = self._roll_ups()
        _lock_down(self._connection)

    def run(self, query: str, **small: pa.Table) -> pa.Table:
        """Run SQL over the views; `small` tables are visible to this query alone, by their names."""
        self._view(frozenset(_NAMES.findall(query)) & TABLES.keys())
        with self._cursor() as cursor:
            for name, table in small.items():
                cursor.register(name, table)
            try:
                return cursor.execute(query).to_arrow_table()
            except duckdb.Error as error:
                if self.rolled and serving.is_damaged(self.serving):
                    raise RollUpsDamaged(
                        "The roll-ups were damaged; they are being made anew. Ask again."
                    ) from error
                raise
            finally:
                for name in small:
                    cursor.unregister(name)

    def _roll_ups(self) -> frozenset[str]:
        """A copy of what the facts say: a snapshot whose file is gone or damaged is read from its facts."""
        file = home.serving() / self.serving
        if not self.serving or not file.is_file():
            return frozenset()
        try:
            return _attach(self._connection, file)
        except duckdb.Error:
            serving.set_aside(self.serving)
            return frozenset()

    def _view(self, names: frozenset[str]) -> None:
        """Make the views a query needs: binding a table's files costs a millisecond or two, so not all at once."""
        if names <= self._viewed:
            return
        store = Store(home.lake())
        with self._lock:
            for name in sorted(names - self._viewed):
                files = store.files(name, self.tables[name]) if name in self.tables else []
                self._connection.execute(f'CREATE VIEW "{name}" AS {select_all(store, TABLES[name], files)}')
                self._viewed.add(name)

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            with self._lock:
                cursor = self._local.cursor = self._connection.cursor()
        yield cursor


def current() -> Lake:
    """The snapshot that is in force now; an empty lake before the first publication. Raises WrongLake."""
    snapshot = latest()
    if snapshot is None:
        installation.prove()
        return _open(0, (), "", str(home.lake()))
    return _opened(snapshot)


def at(number: int) -> Lake:
    """An earlier snapshot. Raises NoSuchVersion."""
    snapshot = Snapshot.objects.filter(pk=number).first()
    if snapshot is None:
        raise NoSuchVersion(
            f"Version {number} does not exist, or has been cleaned away; see `dabiao doctor`."
        )
    return _opened(snapshot)


def session(snapshot: Snapshot | None) -> duckdb.DuckDBPyConnection:
    """A locked-down connection of the caller's own, for work in many steps: views of every table of a snapshot (None:
    all of them empty), beside which it may put tables of its own. Rows have no order but the one asked for.
    """
    connection = scratch()
    store, versions = Store(home.lake()), {} if snapshot is None else snapshot.tables
    for name, table in TABLES.items():
        files = store.files(name, versions[name]) if name in versions else []
        connection.execute(f'CREATE VIEW "{name}" AS {select_all(store, table, files)}')
    return connection


def scratch() -> duckdb.DuckDBPyConnection:
    """A locked-down connection without any table."""
    connection = _connect()
    connection.execute("SET preserve_insertion_order = false")
    _lock_down(connection)
    return connection


def _opened(snapshot: Snapshot) -> Lake:
    # What was stored by other definitions of the metrics is left alone; the facts answer until it is made anew.
    file = snapshot.serving if serving.is_current(snapshot.serving) else ""
    return _open(snapshot.number, tuple(sorted(snapshot.tables.items())), file, str(home.lake()))


@lru_cache(maxsize=4)
def _open(number: int, tables: tuple[tuple[str, int], ...], file: str = "", folder: str = "") -> Lake:
    installation.prove()
    return Lake(number, dict(tables), file)


def _connect() -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": f"{settings.LAKE_MEMORY_MB}MB"}
    if settings.LAKE_THREADS:
        config["threads"] = settings.LAKE_THREADS
    connection = duckdb.connect(config=config)
    connection.execute("SET enable_progress_bar = false")
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, file: Path) -> frozenset[str]:
    """The roll-ups of a serving file as views; their names."""
    connection.execute(f"ATTACH {literal(file)} AS serving (READ_ONLY)")
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'serving'"
    ).fetchall()
    names = frozenset(str(row[0]) for row in rows)
    for name in names:
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM serving.main."{name}"')
    return names


def _lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """No file but the lake's own can be read from here, and that can't be undone."""
    folder = home.lake().parent
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute(f"SET allowed_directories = [{literal(f'{folder}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
