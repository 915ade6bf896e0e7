"""The serving file: the roll-ups of one snapshot in a native DuckDB file that pages read.

Two tables per source of the metrics (fact table, date, crediting rule): one row per day, seat and person,
clustered by seat in tree order, so that any subtree is one stretch of rows; and one row per day, unit and
child of that unit, so that a whole company costs no more to show than a team. A publication copies the last file and
recomputes only the days it touched; when the organisation or the metrics change, all is made anew. The file
gets a new name and is complete before the snapshot names it.
"""

import hashlib
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from dabiao.engine import number
from dabiao.engine.metric import Measure, Metric, Source, measures_of, roll_up, roll_up_further, rollable
from dabiao.lake import crediting, dictionary, home, paths
from dabiao.lake.models import Snapshot
from dabiao.lake.placing import placed, sql
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import engine, select_all

Days = Mapping[str, Mapping[str, frozenset[date]]]
_PLACES = ("units", "unit_levels", "assignments")
_FORMAT = 2
_TOUCHED = {"day": "date"}
_PATHS = {"seat": "int64", "unit": "string", "child": "string"}


@dataclass(frozen=True)
class Cube:
    """One roll-up: the measures of a source that can be rolled up."""

    source: Source
    measures: tuple[Measure, ...]

    @property
    def reads(self) -> frozenset[str]:
        """Tables whose change makes the whole roll-up stale, not only some days of it."""
        return frozenset({*_PLACES, *crediting.tables(self.source.credit)})


def cubes(metrics: Mapping[str, Metric]) -> tuple[Cube, ...]:
    """Every roll-up that these metrics can use, by name of its source."""
    wanted = {each.key: each for metric in metrics.values() for each in measures_of(metric) if rollable(each)}
    sources = sorted({each.source for each in wanted.values()}, key=lambda source: source.name)
    return tuple(
        Cube(source, tuple(wanted[key] for key in sorted(wanted) if wanted[key].source == source))
        for source in sources
    )


def refresh(store: Store, tables: Mapping[str, int], *, base: Snapshot | None, days: Days) -> str:
    """Make the serving file of a snapshot that is about to be published; returns its name.

    No two calls share a name: a publisher that has lost its lease must not write into another's file.
    tables: table → version. days: table → date column → days on which something changed since `base`.
    """
    metrics = dictionary.in_force()
    wanted = cubes(metrics)
    name = f"{uuid.uuid4().hex[:12]}-{_print(wanted)}.duckdb"
    target = home.serving() / name
    patch = base is not None and base.serving != "" and is_current(base.serving)
    if base is not None and patch:
        shutil.copyfile(home.serving() / base.serving, target)
    with engine(store) as work:
        _views(work, store, tables)
        work.execute(f"ATTACH '{target}' AS serving")
        work.execute("SET search_path = 'memory,serving'")
        work.register("paths", paths.of(work))
        for cube in wanted:
            moved = _moved(cube, base, tables, days) if patch else None
            _make(work, cube) if moved is None else _mend(work, cube, moved)
    return name


def cells(source: Source, measures: Sequence[Measure]) -> ir.Table:
    """The roll-up of a source as an Ibis table without data: day, seat, person and the measures' partials."""
    return ibis.table(
        {name: _narrow(kind) for name, kind in _rolled(source, measures).schema().items()}, name=source.name
    )


def totals(source: Source, measures: Sequence[Measure]) -> ir.Table:
    """The same by unit: unit (subtree; empty text: everything), the child it lies in, day, partials."""
    kinds = cells(source, measures).drop("seat", "person").schema().items()
    return ibis.table({"unit": "string", "child": "string", **dict(kinds)}, name=totals_name(source))


def totals_name(source: Source) -> str:
    return f"{source.name}__units"


def is_current(name: str) -> bool:
    """Whether a serving file holds the roll-ups of the metrics in force."""
    return (home.serving() / name).is_file() and name.endswith(
        f"-{_print(cubes(dictionary.in_force()))}.duckdb"
    )


def forget(*, keep: set[str]) -> None:
    """Delete the serving files that no snapshot names."""
    for file in home.serving().glob("*.duckdb*"):
        if file.name not in keep:
            file.unlink(missing_ok=True)


def _print(wanted: Sequence[Cube]) -> str:
    """Changes whenever a roll-up would hold other columns or another meaning."""
    return hashlib.sha256(repr((_FORMAT, wanted)).encode()).hexdigest()[:10]


def _views(work: duckdb.DuckDBPyConnection, store: Store, tables: Mapping[str, int]) -> None:
    for name, table in TABLES.items():
        files = store.files(name, tables[name]) if name in tables else []
        work.execute(f'CREATE TEMP VIEW "{name}" AS {select_all(store, table, files)}')


def _moved(
    cube: Cube, base: Snapshot | None, tables: Mapping[str, int], days: Days
) -> frozenset[date] | None:
    """The days to compute again; None for all of them."""
    before = base.tables if base else {}
    if any(before.get(name) != tables.get(name) for name in cube.reads):
        return None
    table = cube.source.table
    if before.get(table) == tables.get(table):
        return frozenset()
    if cube.source.on is None or table not in before:
        return None
    return days.get(table, {}).get(cube.source.on, frozenset())


def _make(work: duckdb.DuckDBPyConnection, cube: Cube) -> None:
    name = cube.source.name
    work.execute(f'CREATE OR REPLACE TABLE serving."{name}" AS {_cells(cube)} ORDER BY seat, day')
    _totals_make(work, cube)


def _totals_make(work: duckdb.DuckDBPyConnection, cube: Cube) -> None:
    name = totals_name(cube.source)
    work.execute(f'CREATE OR REPLACE TABLE serving."{name}" AS {_totals(cube)} ORDER BY unit, day')


def _mend(work: duckdb.DuckDBPyConnection, cube: Cube, moved: frozenset[date]) -> None:
    if not moved:
        return
    work.register("touched", pa.table({"day": pa.array(sorted(moved), pa.date32())}))
    for name, rows, order in (
        (cube.source.name, _cells(cube, touched=True), "seat"),
        (totals_name(cube.source), _totals(cube, touched=True), "unit"),
    ):
        work.execute(f'DELETE FROM serving."{name}" WHERE day IN (SELECT day FROM touched)')
        work.execute(f'INSERT INTO serving."{name}" BY NAME {rows} ORDER BY {order}, day')
    work.unregister("touched")


def _cells(cube: Cube, *, touched: bool = False) -> str:
    """SQL for the roll-up by seat, of all days or of those in the table `touched`."""
    days = ibis.table(_TOUCHED, name="touched") if touched else None
    return _narrowed(_rolled(cube.source, cube.measures, touched=days))


def _totals(cube: Cube, *, touched: bool = False) -> str:
    """SQL for the roll-up by unit, made from the one by seat."""
    seats = ibis.table(cells(cube.source, cube.measures).schema(), name=cube.source.name)
    if touched:
        seats = seats.filter(seats.day.isin(ibis.table(_TOUCHED, name="touched").day))
    paths = ibis.table(_PATHS, name="paths")
    beneath = seats.inner_join(paths, "seat")
    return _narrowed(roll_up_further(cube.measures, beneath, by=["unit", "child", "day"]))


def _narrowed(rolled: ir.Table) -> str:
    return sql(rolled.cast({name: _narrow(kind) for name, kind in rolled.schema().items()}))


def _rolled(source: Source, measures: Sequence[Measure], *, touched: ir.Table | None = None) -> ir.Table:
    return roll_up(measures, placed(source, touched=touched), by=["day", "seat", "person"])


def _narrow(kind: dt.DataType) -> dt.DataType:
    """Sums of one day and seat fit into 64 bits, and 64 bits are read and added twice as fast as 128."""
    return dt.Decimal(18, kind.scale) if kind.is_decimal() and kind.scale <= number.MONEY_SCALE else kind
