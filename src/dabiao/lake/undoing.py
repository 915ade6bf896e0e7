"""Taking an import back: what its rows were before, from the versions of the tables that snapshots still name.

The last word on a row decides what it is. Whatever an import said last goes; the row is again what the last word before
says that nobody has taken back: an earlier import's, a hand's, or that there is none. A row on which somebody else has
had the last word since stays. Only files that a publication dropped or added are read: in no others can rows differ.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dabiao.lake import writing
from dabiao.lake.change import Change
from dabiao.lake.sql import listed
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES, LakeTable
from dabiao.lake.writing import literal


class VersionGone(Exception):
    """A version that is needed to know what a row was before has been cleaned away."""


@dataclass(frozen=True)
class Version:
    """A snapshot as undoing sees it. undone: the import that made it, where that is taken back, now or before.

    silent: what it did is nobody's word: an undoing, a merging of files.
    """

    number: int
    tables: Mapping[str, int]
    undone: str = ""
    silent: bool = False


@dataclass(frozen=True)
class Undone:
    """What taking an import back does to a table.

    goes: rows that were new. back: rows that are again what they were. returns: rows that it had removed.
    stays: rows of it that somebody else has changed or removed since.
    """

    table: str
    goes: int
    back: int
    returns: int
    stays: int
    changes: tuple[Change, ...] = ()


def undone(
    store: Store, name: str, history: Sequence[Version], batch: str, *, void: Collection[str], folder: Path
) -> Undone | None:
    """What becomes of a table; None where the import `batch` did nothing to it.

    history: the snapshots that are still there, oldest first, the current one last. void: all imports that were taken back,
    also those whose snapshots are gone. folder: for the rows that come back;
    it must last until the changes are written. Raises VersionGone.
    """
    steps = list(_steps(name, history, batch))
    if not any(step.version.undone == batch for step in steps):
        return None
    with writing.engine(store) as work:
        undoing = _Undoing(work, store, TABLES[name], steps, batch)
        undoing.begin(history[-1].tables[name])
        for step in reversed(steps):
            if step.version.undone:
                undoing.set_back(step)
        undoing.refuse_what_is_not_known({batch, *void})
        return undoing.all(folder)


@dataclass(frozen=True)
class _Step:
    """A publication that wrote a table: its version, and the table's versions before (None: there was none) and after."""

    version: Version
    before: int | None
    after: int

    @property
    def number(self) -> int:
        return self.version.number


def _steps(name: str, history: Sequence[Version], batch: str) -> Iterator[_Step]:
    """Of versions that have been cleaned away the next one that is there tells. An import that is taken back needs the
    one right before it; of one that was taken back earlier, `refuse_what_is_not_known` tells whether it does."""
    before: Version | None = None
    for version in history:
        then = before.tables.get(name) if before else None
        now = version.tables.get(name)
        close = version.number == (before.number if before else 0) + 1
        if version.undone == batch and not close:
            raise VersionGone(f"v{version.number - 1}")
        if now is not None and now != then and (close or (before and not version.undone)):
            yield _Step(version, then, now)
        before = version


@dataclass
class _Undoing:
    """The rows that an import had the last word on, step by step back to what they were.

    `target`: all columns and row_hash of what a row is to be (the key alone where it is not); `present`: whether it is to
    be there; `held`: whether it is there now; `upto`: the last version whose word counts; `times`: how often set back.
    """

    work: duckdb.DuckDBPyConnection
    store: Store
    table: LakeTable
    steps: Sequence[_Step]
    batch: str
    _seen: set[int] = field(default_factory=set)

    def begin(self, version: int) -> None:
        """`target`: rows that the import said last, and keys that it removed and nobody has brought back."""
        files = self.store.files(self.table.name, version)
        self.work.execute(
            f"CREATE TEMP VIEW standing AS {writing.select_all(self.store, self.table, files, extra='row_hash')}"
        )
        newest = self.steps[-1].number
        for step in self._own:
            self._look_at(step)
        lost = " UNION ".join(f"SELECT {self._keys} FROM removed{step.number}" for step in self._own)
        self.work.execute(
            f"""CREATE TEMP TABLE target AS
                SELECT {self._columns}, row_hash, true AS present, true AS held, {newest} AS upto, 0 AS times
                FROM ({self._said_last()})
                UNION ALL BY NAME
                SELECT {self._keys}, false AS present, false AS held, {newest} AS upto, 0 AS times
                FROM ({lost}) ANTI JOIN standing USING ({self._keys})"""
        )

    def set_back(self, step: _Step) -> None:
        """Rows of `target` that this step made what they are become what they were before it."""
        if not self._count("target"):
            return
        self._look_at(step)
        keys = self._keys
        same = keys if self._batched else f"{keys}, row_hash"
        whose = f"AND batch = {literal(step.version.undone)}" if self._batched else ""
        self.work.execute(
            f"""CREATE OR REPLACE TEMP TABLE hit AS
                SELECT {keys} FROM (SELECT * FROM target WHERE present {whose}) SEMI JOIN said{step.number} USING ({same})"""
        )
        self.work.execute(
            f"""CREATE OR REPLACE TEMP TABLE missed AS SELECT {keys}, upto
                FROM (SELECT * FROM target WHERE NOT present AND upto >= {step.number}) SEMI JOIN removed{step.number} USING ({keys})"""
        )
        self._forget_what_others_removed(step)
        self.work.execute(f"INSERT INTO hit SELECT {keys} FROM missed")
        others = listed(
            (column.name for column in self.table.columns if column.name not in self.table.key), "o."
        )
        self._replace(
            "target",
            f"""SELECT * FROM target ANTI JOIN hit USING ({keys})
                UNION ALL BY NAME
                SELECT {listed(self.table.key, "t.")}, {others}, o.row_hash, o.row_hash IS NOT NULL AS present, t.held,
                       {step.number - 1} AS upto, t.times + 1 AS times
                FROM target t SEMI JOIN hit USING ({keys}) LEFT JOIN dropped{step.number} o USING ({keys})""",
        )

    def refuse_what_is_not_known(self, void: Collection[str]) -> None:
        """A row that is still an undone import's, for want of the version before it. Raises VersionGone."""
        known = ", ".join(literal(key) for key in sorted(void))
        if self._batched and self._count(f"target WHERE present AND batch IN ({known})"):
            raise VersionGone(self.table.name)

    def all(self, folder: Path) -> Undone:
        goes, back, returns = (
            self._count(f"target WHERE {which}")
            for which in ("held AND NOT present", "held AND present", "NOT held AND present")
        )
        said = " UNION ".join(f"SELECT {self._keys} FROM said{step.number}" for step in self._own)
        stays = self._count(f"({said})") - goes - back
        return Undone(
            self.table.name, goes, back, returns, stays, tuple(self._changes(folder, back + returns))
        )

    def _changes(self, folder: Path, rows: int) -> Iterator[Change]:
        """What says the same again as it says now is written all the same, for it is another import's from now on."""
        empty = self.table.schema.empty_table()
        if again := self._arrow(f"SELECT {self._keys} FROM target WHERE held AND present AND times > 1"):
            yield Change(self.table.name, empty, removed=again)
        removed = self._arrow(f"SELECT {self._keys} FROM target WHERE held AND NOT present")
        if rows:
            file = folder / f"{self.table.name}.parquet"
            self.work.execute(
                f"COPY (SELECT {self._columns} FROM target WHERE present) TO {literal(file)} (FORMAT parquet, COMPRESSION lz4)"
            )
            yield Change(self.table.name, file, removed=removed)
        elif removed:
            yield Change(self.table.name, empty, removed=removed)

    def _look_at(self, step: _Step) -> None:
        """`dropped` and `added`: rows of the files that a step dropped and added. `said`: rows that it made what they are.
        `removed`: keys that it took away. Each with the step's number."""
        n = step.number
        if n in self._seen:
            return
        self._seen.add(n)
        name = self.table.name
        old = set(self.store.files(name, step.before)) if step.before is not None else set()
        new = set(self.store.files(name, step.after))
        for view, files in (("dropped", old - new), ("added", new - old)):
            rows = writing.select_all(self.store, self.table, sorted(files), extra="row_hash")
            self.work.execute(f"CREATE TEMP VIEW {view}{n} AS {rows}")
        whose = (
            f"WHERE batch = {literal(step.version.undone)}" if self._batched and step.version.undone else ""
        )
        keys = self._keys
        self.work.execute(
            f"""CREATE TEMP TABLE said{n} AS SELECT {keys}, row_hash FROM (SELECT {keys}, row_hash FROM added{n} {whose})
                ANTI JOIN (SELECT {keys}, row_hash FROM dropped{n} {whose}) USING ({keys}, row_hash)"""
        )
        self.work.execute(
            f"""CREATE TEMP TABLE removed{n} AS
                SELECT {keys} FROM (SELECT {keys} FROM dropped{n}) ANTI JOIN (SELECT {keys} FROM added{n}) USING ({keys})"""
        )

    def _said_last(self) -> str:
        """Rows that stand and are the import's; where rows do not say whose, nobody may have said anything of them since."""
        if self._batched:
            return f"SELECT * FROM standing WHERE batch = {literal(self.batch)}"
        keys, first = self._keys, self._own[0].number
        said = " UNION ".join(f"SELECT {keys}, row_hash FROM said{step.number}" for step in self._own)
        rows = f"SELECT * FROM standing SEMI JOIN ({said}) USING ({keys}, row_hash)"
        for step in self._standing(after=first):
            self._look_at(step)
            since = f"SELECT {keys} FROM said{step.number} UNION SELECT {keys} FROM removed{step.number}"
            rows = f"SELECT * FROM ({rows}) ANTI JOIN ({since}) USING ({keys})"
        return rows

    def _forget_what_others_removed(self, step: _Step) -> None:
        """A key that a later publication, which stands, took away is missing by its word and not by this step's."""
        for later in self._standing(after=step.number):
            if not self._count("missed"):
                return
            self._look_at(later)
            met = f"SELECT {self._keys} FROM missed SEMI JOIN removed{later.number} USING ({self._keys}) WHERE upto >= {later.number}"
            self._replace("missed", f"SELECT * FROM missed ANTI JOIN ({met}) USING ({self._keys})")

    def _standing(self, *, after: int) -> list[_Step]:
        """Later steps that are somebody's word still."""
        return [
            step
            for step in self.steps
            if step.number > after and not (step.version.undone or step.version.silent)
        ]

    @property
    def _own(self) -> list[_Step]:
        return [step for step in self.steps if step.version.undone == self.batch]

    @property
    def _batched(self) -> bool:
        """Rows say whose they are; else a row is an import's as long as it is what the import has made of it."""
        return "batch" in self.table.names

    @property
    def _keys(self) -> str:
        return listed(self.table.key)

    @property
    def _columns(self) -> str:
        return listed(column.name for column in self.table.columns)

    def _replace(self, name: str, query: str) -> None:
        self.work.execute(f"CREATE TEMP TABLE next AS {query}")
        self.work.execute(f"DROP TABLE {name}")
        self.work.execute(f"ALTER TABLE next RENAME TO {name}")

    def _arrow(self, query: str) -> pa.Table | None:
        keys = self.work.execute(query).to_arrow_table()
        return keys if keys.num_rows else None

    def _count(self, rows: str) -> int:
        row: tuple[Any, ...] | None = self.work.execute(f"SELECT count(*) FROM {rows}").fetchone()
        return int(row[0]) if row is not None else 0
