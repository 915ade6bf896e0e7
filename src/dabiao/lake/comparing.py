"""What changes would do to the tables, told before they do it: by the comparison that `writing` makes, without the writing.

Of several changes of one table each is compared with what the ones before it would leave, as they are written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import duckdb

from dabiao.lake import alike, writing
from dabiao.lake.alike import Alike
from dabiao.lake.change import Change, Counts
from dabiao.lake.sql import listed, named
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES, LakeTable

_AMOUNTS: Final = ("amount", "amount_with_tax")
_EXAMPLES: Final = 3
_KEPT_ROWS: Final = 2_000_000


@dataclass(frozen=True)
class Total:
    """Rows, and what they sum to in the table's amount: null where none has one."""

    rows: int = 0
    amount: Decimal | None = None


@dataclass(frozen=True)
class Month:
    """A month (its first day) in which rows come, go or change. own: of the sources alone whose rows come."""

    month: date
    before: Total
    after: Total
    own_before: Total
    own_after: Total


@dataclass(frozen=True)
class Moved:
    """Rows that go on under their key with another day or person than they had; examples as `key: before → after`."""

    rows: int = 0
    days: int = 0
    people: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What becomes of a table. amount: the column that `months` sum, where it has one that the rows fill.

    changes: what was compared, to be written.
    """

    table: str
    counts: Counts
    amount: str | None = None
    months: tuple[Month, ...] = ()
    moved: Moved = Moved()
    alike: Alike | None = None
    changes: tuple[Change, ...] = ()


def compared(
    store: Store,
    changes: Iterable[Change],
    on: Mapping[str, int],
    *,
    own: Collection[str],
    keep: bool = False,
    least: int = alike.LEAST,
) -> tuple[Comparison, ...]:
    """What the changes would do to these versions of the tables; a table that is not named holds nothing yet.

    own: the sources whose rows come. least: so few rows that are there under another name are told. keep: the changes will be written on these very versions, and need not be compared again
    (`Comparison.changes`; `close` them in the end). Raises BadChange for rows that do not fit.
    """
    by_table: dict[str, list[Change]] = {}
    for change in changes:
        by_table.setdefault(change.table, []).append(change)
    return tuple(
        _of(store, TABLES[name], of, on.get(name), own, keep, least) for name, of in by_table.items()
    )


def close(comparisons: Iterable[Comparison]) -> None:
    """Let go of what was kept for the writing."""
    for change in (change for comparison in comparisons for change in comparison.changes):
        if change.compared is not None:
            change.compared.close()


def _of(
    store: Store,
    table: LakeTable,
    changes: Sequence[Change],
    version: int | None,
    own: Collection[str],
    keep: bool,
    least: int,
) -> Comparison:
    files = store.files(table.name, version) if version is not None else []
    work, kept = writing.engine(store), False
    try:
        base = writing.select_all(store, table, files, extra="row_hash, filename")
        work.execute(f"CREATE TEMP VIEW base AS {base}")
        work.execute("CREATE TEMP VIEW existing AS SELECT * FROM base")
        told = _Told(work, table, own, least)
        for number, change in enumerate(changes):
            if number:
                told.go_on_from(number)
            writing.stage(work, table, change)
            told.add(change)
        found, kept = told.all(), keep and len(changes) == 1 and told.is_small
        done = (replace(changes[0], compared=work),) if kept else tuple(changes)
        return replace(found, changes=done)
    finally:
        if not kept:
            work.close()


@dataclass
class _Told:
    """What the changes of one table do, one after the other, on a connection whose `existing` is the table before."""

    work: duckdb.DuckDBPyConnection
    table: LakeTable
    own: Collection[str]
    least: int
    counts: Counts = field(default_factory=Counts)
    moved: Moved = field(default_factory=Moved)
    alike: Alike | None = None
    _standing: str = "SELECT * FROM base"
    _amount: str | None = None
    _started: bool = False

    @property
    def is_small(self) -> bool:
        """Whether what was found is small enough to be kept beside that of other tables."""
        return self.counts.unchanged + self.counts.updated + self.counts.removed <= _KEPT_ROWS

    @property
    def _is_fact(self) -> bool:
        return self.table.kind == "fact"

    def add(self, change: Change) -> None:
        if not self._is_fact:
            writing.compare(self.work, self.table, change)
            self.counts += writing.counted(self.work)
            return
        self._begin()
        moved = (f"{named(self.table.on or '')}::DATE", "person")
        writing.compare(self.work, self.table, change, moved=moved, kept=(self._month, self._value))
        counts = writing.counted(self.work)
        self.counts += counts
        self._add_months(counts)
        self._add_moved()
        self.alike = alike.larger(self.alike, alike.found(self.work, self.table, self.own, self.least))

    def go_on_from(self, number: int) -> None:
        """Let `existing` be what the change before has made of it."""
        keys = listed(self.table.key)
        self.work.execute(f"CREATE TEMP TABLE gone{number} AS SELECT {keys} FROM gone")
        self.work.execute(f"CREATE TEMP TABLE fresh{number} AS SELECT * FROM fresh")
        self._standing = f"""SELECT * FROM ({self._standing}) ANTI JOIN gone{number} USING ({keys})
            UNION ALL BY NAME SELECT *, '' AS filename FROM fresh{number}"""
        self.work.execute(f"CREATE OR REPLACE TEMP VIEW existing AS {self._standing}")

    def all(self) -> Comparison:
        months = tuple(self._months()) if self._is_fact else ()
        return Comparison(self.table.name, self.counts, self._amount, months, self.moved, self.alike)

    def _begin(self) -> None:
        """Choose the amount, once, and make the place where comings and goings are noted."""
        if self._started:
            return
        self._started = True
        for name in (name for name in _AMOUNTS if name in self.table.names):
            if any(
                self._row(f"SELECT count({named(name)}) FROM {rows}")[0] for rows in ("incoming", "existing")
            ):
                self._amount = name
                break
        self.work.execute(
            "CREATE TEMP TABLE delta (month DATE, rows BIGINT, filled BIGINT, amount DECIMAL(38, 4))"
        )

    def _add_months(self, counts: Counts) -> None:
        """Note what leaves a month and what comes to it. Rows that change are in `met`; no table is read for them again."""
        keys = listed(self.table.key)
        met = "SELECT {0}0 AS month, {0}1 AS amount FROM met WHERE NOT same"
        read = f"SELECT {self._month} AS month, {self._value} AS amount FROM"
        parts: list[tuple[str, str]] = []
        if counts.updated:
            parts += [("-", met.format("old")), ("", met.format("new"))]
        if counts.removed:
            gone = f"(SELECT {keys} FROM gone WHERE removed)"
            parts.append(("-", f"{read} existing SEMI JOIN {gone} USING ({keys})"))
        if counts.inserted:
            known = f" ANTI JOIN met USING ({keys})" if counts.updated or counts.unchanged else ""
            parts.append(("", f"{read} incoming{known}"))
        for sign, rows in parts:
            self.work.execute(
                f"""INSERT INTO delta SELECT month, {sign}count(*), {sign}count(amount), {sign}coalesce(sum(amount), 0)
                    FROM ({rows}) GROUP BY 1"""
            )

    def _months(self) -> Iterable[Month]:
        if not self._started:
            return
        first, last = self._row("SELECT min(month), max(month) FROM delta")
        if first is None:
            return
        day = named(self.table.on or "")
        names = ", ".join(map(writing.literal, sorted(self.own)))
        own = f"source IN ({names})" if names else "false"
        # Days first, months of the days then: a day is there already, a month has to be made of every row.
        rows = self.work.execute(
            f"""WITH days AS (SELECT {day}::DATE AS day, {own} AS own, count(*) AS rows,
                                     count({self._value}) AS filled, sum({self._value}) AS amount
                              FROM base WHERE {day} >= DATE '{first}' AND {day} < DATE '{last}' + INTERVAL 1 MONTH GROUP BY 1, 2),
                     was AS (SELECT date_trunc('month', day)::DATE AS month, sum(rows)::BIGINT AS rows,
                                    sum(filled)::BIGINT AS filled, sum(amount) AS amount,
                                    (sum(rows) FILTER (own))::BIGINT AS own, (sum(filled) FILTER (own))::BIGINT AS own_filled,
                                    sum(amount) FILTER (own) AS own_amount FROM days GROUP BY 1),
                     moved AS (SELECT month, sum(rows)::BIGINT AS rows, sum(filled)::BIGINT AS filled, sum(amount) AS amount
                               FROM delta WHERE month IS NOT NULL GROUP BY 1)
                SELECT month, coalesce(was.rows, 0), was.amount, coalesce(was.own, 0), was.own_amount,
                       coalesce(was.filled, 0), coalesce(was.own_filled, 0), moved.rows, moved.filled, moved.amount
                FROM moved LEFT JOIN was USING (month) ORDER BY month"""
        ).fetchall()
        for month, all_rows, amount, own_rows, own_amount, filled, own_filled, *more in rows:
            yield Month(
                month,
                Total(all_rows, amount),
                _after(all_rows, filled, amount, more),
                Total(own_rows, own_amount),
                _after(own_rows, own_filled, own_amount, more),
            )

    def _add_moved(self) -> None:
        rows, days, people = self._row(
            """SELECT count(*) FILTER (moved0 OR moved1), count(*) FILTER (moved0), count(*) FILTER (moved1)
               FROM met WHERE NOT same"""
        )
        examples = (*self.moved.examples, *self._examples()) if rows else self.moved.examples
        self.moved = Moved(
            self.moved.rows + rows, self.moved.days + days, self.moved.people + people, examples[:_EXAMPLES]
        )

    def _examples(self) -> Iterable[str]:
        keys, day = listed(self.table.key), f"{named(self.table.on or '')}::DATE"
        told = f"concat_ws(' ', {day}, person)"
        rows = self.work.execute(
            f"""SELECT e.key, e.told, i.told FROM (SELECT {keys}, {told} AS told FROM existing) e
                    SEMI JOIN (SELECT {keys} FROM met WHERE NOT same AND (moved0 OR moved1) ORDER BY {keys} LIMIT {_EXAMPLES}) few
                        USING ({keys})
                    JOIN (SELECT {keys}, {told} AS told FROM incoming) i USING ({keys}) ORDER BY 1"""
        ).fetchall()
        return (f"{key}: {before} → {after}" for key, before, after in rows)

    @property
    def _month(self) -> str:
        return f"date_trunc('month', {named(self.table.on or '')})::DATE"

    @property
    def _value(self) -> str:
        return named(self._amount) if self._amount else "NULL::DECIMAL(18, 4)"

    def _row(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self.work.execute(query).fetchone()
        return row if row is not None else ()


def _after(rows: int, filled: int, amount: Decimal | None, more: Sequence[Any]) -> Total:
    """A month's total once rows have come and gone; null once no row has an amount any more."""
    came, came_filled, came_amount = more
    total = (amount or Decimal(0)) + came_amount if filled + came_filled else None
    return Total(rows + came, total)
