"""A look at the whole installation: database, lake, roll-ups, what waits. Every finding says what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dabiao.core import config
from dabiao.engine.measure import measure
from dabiao.lake import cubes, dictionary, home, reading
from dabiao.lake.models import Pending, Snapshot
from dabiao.lake.placing import placed, sql
from dabiao.lake.store import Store

_STALE = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One check: `state` is ok, warn or fail."""

    check: str
    state: str
    detail: str


def examine(at: datetime) -> list[Finding]:
    """Run every check; one that breaks is a finding of its own."""
    return [finding for check in CHECKS for finding in _safely(check, at)]


def _safely(check: Callable[[datetime], Iterator[Finding]], at: datetime) -> list[Finding]:
    try:
        return list(check(at))
    except Exception as error:  # whatever is broken is what the doctor is there to say
        return [Finding(check.__name__.strip("_"), "fail", f"{type(error).__name__}: {error}")]


def _database(at: datetime) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if behind:
        yield Finding("database", "fail", f"{len(behind)} migrations are not applied; run `dabiao upgrade`.")
    else:
        yield Finding("database", "ok", f"{connection.vendor}, all migrations applied")


def _lake(at: datetime) -> Iterator[Finding]:
    store, lost = Store(home.lake()), []
    snapshots = list(Snapshot.objects.all())
    for table, version in {pair for snapshot in snapshots for pair in snapshot.tables.items()}:
        lost += [file for file in store.files(table, version) if not Path(file).exists()]
    if lost:
        yield Finding("lake", "fail", f"{len(lost)} files are missing, e.g. {lost[0]}; restore a backup.")
    elif not snapshots:
        yield Finding("lake", "warn", "Nothing has been published yet; import something.")
    else:
        yield Finding("lake", "ok", f"{len(snapshots)} snapshots, every file in its place")


def _roll_ups(at: datetime) -> Iterator[Finding]:
    """What the serving file says of everything, against what the facts say."""
    lake = reading.current()
    if lake.number and not lake.rolled:
        yield Finding(
            "roll-ups", "warn", "none of these metrics: pages read the facts; run `dabiao upgrade`."
        )
        return
    for cube in cubes.cubes(dictionary.in_force()):
        if cube.source.table in lake.tables and (wrong := _differing(lake, cube)):
            yield Finding(
                "roll-ups",
                "fail",
                f"{cube.source.name}: {', '.join(wrong)} differ from the facts; run `dabiao upgrade`.",
            )
    yield Finding("roll-ups", "ok", "totals equal the facts'")


def _differing(lake: reading.Lake, cube: cubes.Cube) -> list[str]:
    """The measures of a cube whose cells by seat, totals by unit, or members don't say what the facts do."""
    stored: dict[str, dict[str, str]] = {}
    for each in cube.measures:
        if each.additive:
            for table in (cube.source.name, cubes.totals_name(cube.source)):
                stored.setdefault(table, {})[each.key] = f'sum("{each.key}")'
    for each in cube.distinct:
        stored[cubes.members_name(each)] = {each.key: "count(DISTINCT member)"}
    facts = measure([*cube.measures, *cube.distinct], {cube.source: placed(cube.source)}, by=[])
    known = lake.run(sql(facts)).to_pylist()[0]
    wrong: list[str] = []
    for table in stored.keys() & lake.rolled:
        columns = ", ".join(f'{counted} AS "{key}"' for key, counted in stored[table].items())
        everything = " WHERE unit = ''" if table == cubes.totals_name(cube.source) else ""
        found = lake.run(f'SELECT {columns} FROM "{table}"{everything}').to_pylist()[0]
        wrong += [key for key in found if (found[key] or 0) != (known[key] or 0)]
    return sorted(set(wrong))


def _outbox(at: datetime) -> Iterator[Finding]:
    oldest = Pending.objects.order_by("at").first()
    if oldest and at - oldest.at > _STALE:
        yield Finding(
            "entries", "warn", f"entries wait since {oldest.at:%Y-%m-%d %H:%M}; is a worker running?"
        )
    else:
        yield Finding("entries", "ok", "none wait for long")


def _metrics(at: datetime) -> Iterator[Finding]:
    try:
        yield Finding("metrics", "ok", f"{len(dictionary.in_force())} metrics are defined")
    except dictionary.BadDictionary as error:
        yield Finding("metrics", "fail", str(error))


def _settings(at: datetime) -> Iterator[Finding]:
    state = "warn" if config.get("DABIAO_DEBUG") == "1" else "ok"
    yield Finding("settings", state, f"data in {config.home()}")


CHECKS = (_settings, _database, _lake, _roll_ups, _metrics, _outbox)
