"""A look at the whole installation: database, lake, roll-ups, what waits. Every finding says what to do."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dabiao.core import calendars, config, disk
from dabiao.core.errors import as_refusal
from dabiao.core.models import Job
from dabiao.engine.measure import measure
from dabiao.lake import cubes, dated, dictionary, home, installation, outbox, reading, serving
from dabiao.lake.models import Snapshot
from dabiao.lake.placing import placed, sql
from dabiao.lake.snapshot import latest
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.metrics import labels
from dabiao.metrics.ahead import tables_ahead
from dabiao.metrics.unseated import unseated_facts
from dabiao.org import queries as org
from dabiao.site import waiting

_LITTLE: Final = 2 * 2**30
"""Bytes of room below which publishing, which writes before it deletes, may fail."""


@dataclass(frozen=True)
class Finding:
    """One check: `state` is ok, warn or fail."""

    check: str
    state: str
    detail: str


def examine(at: datetime) -> list[Finding]:
    """Run every check; one that breaks is a finding of its own."""
    return [finding for name in CHECKS for finding in _safely(name, at)]


def _safely(name: str, at: datetime) -> list[Finding]:
    try:
        return list(CHECKS[name](at))
    except Exception as error:  # whatever is broken is what the doctor is there to say
        refusal = as_refusal(error)
        return [Finding(name, "fail", str(refusal) if refusal else f"{type(error).__name__}: {error}")]


def _database(at: datetime) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if behind:
        words = _("%(count)s migrations are not applied; run `dabiao upgrade`.")
        yield Finding("database", "fail", words % {"count": len(behind)})
    else:
        yield Finding(
            "database", "ok", _("%(vendor)s, all migrations applied") % {"vendor": connection.vendor}
        )


def _lake(at: datetime) -> Iterator[Finding]:
    store, lost = Store(home.lake()), []
    snapshots = list(Snapshot.objects.all())
    for table, version in {pair for snapshot in snapshots for pair in snapshot.tables.items()}:
        if not (log := store.folder(table) / "_delta_log").is_dir():
            lost.append(str(log))
            continue
        lost += [file for file in store.files(table, version) if not Path(file).exists()]
    if lost:
        told = {"count": len(lost), "file": Path(lost[0]).relative_to(home.lake())}
        words = _("%(count)s files are missing, e.g. %(file)s; restore a backup.")
        yield Finding("lake", "fail", words % told)
    elif changed := _changed():
        told = {"count": len(changed), "file": changed[0].relative_to(home.lake())}
        words = _(
            "%(count)s files are not as they were published, e.g. %(file)s: the disk or somebody has changed them, and "
            "figures may be wrong. Restore a backup."
        )
        yield Finding("lake", "fail", words % told)
    elif not snapshots:
        yield Finding("lake", "warn", _("Nothing has been published yet; import something."))
    else:
        words = ngettext(
            "%(count)s snapshot, every file in its place",
            "%(count)s snapshots, every file in its place",
            len(snapshots),
        )
        yield Finding("lake", "ok", words % {"count": len(snapshots)})


def _changed() -> list[Path]:
    store, named = Store(home.lake()), dict[str, set[int]]()
    for snapshot in Snapshot.objects.all():
        for table, version in snapshot.tables.items():
            named.setdefault(table, set()).add(version)
    return [file for table, versions in named.items() for file in store.changed(table, versions)]


def _roll_ups(at: datetime) -> Iterator[Finding]:
    """What the serving file says of everything, against what the facts say."""
    newest = latest()
    if (
        newest
        and newest.serving
        and serving.is_current(newest.serving)
        and serving.is_damaged(newest.serving)
    ):
        yield Finding(
            "roll-ups",
            "fail",
            _(
                "The file of roll-ups was damaged and has been set aside: pages read the facts. A worker makes it anew within seconds; without one run `dabiao upgrade`."
            ),
        )
        return
    lake = reading.current()
    if lake.number and not lake.rolled:
        yield Finding(
            "roll-ups",
            "warn",
            _(
                "There are none of these metrics, or they were damaged: pages read the facts. A worker makes them anew within seconds; without one run `dabiao upgrade`."
            ),
        )
        return
    for cube in cubes.cubes(dictionary.in_force()):
        if cube.source.table in lake.tables and (wrong := _differing(lake, cube)):
            yield Finding(
                "roll-ups",
                "fail",
                (
                    _(
                        "%(table)s: %(metrics)s differ from the facts, whose files have changed; restore a backup."
                    )
                    if _changed()
                    else _("%(table)s: %(metrics)s differ from the facts; run `dabiao upgrade`.")
                )
                % {"table": cube.source.name, "metrics": ", ".join(wrong)},
            )
    yield Finding("roll-ups", "ok", _("totals equal the facts'"))


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


def _worker(at: datetime) -> Iterator[Finding]:
    now = waiting.waiting(at)
    if wrong := now.trouble(at):
        yield Finding("worker", "fail" if now.waits_long(at) else "warn", wrong)
    else:
        yield Finding("worker", "ok", _("%(count)s running, nothing waits for long") % {"count": now.workers})


def _entries(at: datetime) -> Iterator[Finding]:
    """Rows that came in and cannot be published."""
    aside = outbox.set_aside()
    if first := aside.first():
        told = {"count": aside.count(), "key": f"{first.source}/{first.key}", "error": first.error}
        words = _(
            "%(count)s entries were set aside, e.g. %(key)s: %(error)s. Send them again as they should be, or remove them."
        )
        yield Finding("entries", "warn", words % told)
    else:
        yield Finding("entries", "ok", _("none had to be set aside"))


def _ahead(at: datetime) -> Iterator[Finding]:
    """What has happened is not dated after today: a slip of the year would wait for its day unseen."""
    days = tables_ahead(reading.current(), at.astimezone(timezone.get_current_timezone()).date())
    for name, day in days.items():
        words = _(
            "%(table)s: rows are dated up to %(day)s, after today. They count from their day on; where the day is a slip, correct it and import them again."
        )
        yield Finding("days ahead", "warn", words % {"table": name, "day": day})
    if not days:
        yield Finding("days ahead", "ok", _("nothing that has happened is dated after today"))


def _unseated(at: datetime) -> Iterator[Finding]:
    """What is somebody's is some unit's: else sums of units are smaller than the company, and nothing says why."""
    found = unseated_facts(reading.current(), org.employee_numbers()) if org.tree().nodes else []
    for each in found:
        words = _(
            "%(table)s: %(rows)s rows are of days on which their people sit in no unit, e.g. %(person)s from %(first)s to "
            "%(last)s. They count for the company and for no unit; where a first or last day is wrong, correct it."
        )
        yield Finding(
            "facts without a unit", "warn", words % {**vars(each), "table": labels.TABLES[each.table]}
        )
    if not found:
        yield Finding("facts without a unit", "ok", _("whoever has facts sits in a unit on their days"))


def _dated(at: datetime) -> Iterator[Finding]:
    """What holds of a thing on a day holds once; a rate makes no amount vanish."""
    lake, wrong = reading.current(), False
    for name in dated.TABLES:
        keys = ", ".join(TABLES[name].key)
        found = lake.run(
            f"SELECT DISTINCT {keys} FROM ({dated.wrong(name, name, take=keys)}) ORDER BY ALL"
        ).to_pylist()
        if found:
            wrong = True
            told = {
                "table": name,
                "count": len(found),
                "key": " ".join(str(part) for part in found[0].values()),
            }
            words = _(
                "%(table)s: %(count)s rows hold on the same days as others, e.g. %(key)s. Import them again with the right days."
            )
            yield Finding("dated rows", "warn", words % told)
        if (count := dated.endless(name)) and (without := lake.run(count).column(0)[0].as_py()):
            wrong = True
            words = _(
                "%(table)s: %(count)s rows say no end, so that nothing of them counts. Import them again with ends_on or a period."
            )
            yield Finding("dated rows", "warn", words % {"table": name, "count": without})
    if rates := lake.run(
        'SELECT currency, "on" FROM fx_rates WHERE rate <= 0 OR per <= 0 ORDER BY ALL'
    ).to_pylist():
        wrong = True
        told = {"count": len(rates), "key": f"{rates[0]['currency']} {rates[0]['on']}"}
        words = _(
            "%(count)s exchange rates are not above zero, e.g. %(key)s, and convert nothing. Import the right ones."
        )
        yield Finding("dated rows", "warn", words % told)
    if not wrong:
        yield Finding("dated rows", "ok", _("no two hold of one thing on one day"))


def _jobs(at: datetime) -> Iterator[Finding]:
    failed = Job.objects.filter(status=Job.Status.FAILED, finished_at__gt=at - timedelta(days=1))
    if newest := failed.order_by("-finished_at").first():
        told = {
            "count": failed.count(),
            "job": newest.key,
            "error": newest.error.strip().splitlines()[-1][:200],
        }
        yield Finding("jobs", "warn", _("%(count)s failed within a day, last %(job)s: %(error)s") % told)
    else:
        yield Finding("jobs", "ok", _("none failed within a day"))


def _installation(at: datetime) -> Iterator[Finding]:
    try:
        installation.prove()
        yield Finding("installation", "ok", _("the database and the lake belong together"))
    except installation.WrongLake as wrong:
        yield Finding("installation", "fail", str(wrong))


def _disk(at: datetime) -> Iterator[Finding]:
    room = shutil.disk_usage(config.home())
    try:
        with tempfile.TemporaryFile(dir=config.home()) as file:
            file.write(b"room")
    except OSError as error:
        yield Finding("disk", "fail", disk.trouble(error) or str(error))
        return
    if room.free < _LITTLE:
        words = _(
            "%(mb)s MB are free where DABIAO_HOME lies; make room: a publication writes before it deletes."
        )
        yield Finding("disk", "warn", words % {"mb": room.free // 2**20})
    else:
        yield Finding("disk", "ok", _("%(gb)s GB free") % {"gb": room.free // 2**30})


def _metrics(at: datetime) -> Iterator[Finding]:
    try:
        yield Finding(
            "metrics", "ok", _("%(count)s metrics are defined") % {"count": len(dictionary.in_force())}
        )
    except dictionary.BadDictionary as error:
        yield Finding("metrics", "fail", str(error))


def _settings(at: datetime) -> Iterator[Finding]:
    try:
        calendars.fiscal()
        calendars.company()
    except ValueError as error:
        yield Finding("settings", "fail", str(error))
        return
    for name, (environment, kept) in config.contradicted().items():
        yield Finding(
            "settings",
            "warn",
            _(
                "%(name)s is %(environment)s in this environment, but %(kept)s was kept when the installation was made: unset "
                "it, or set it to the same for every process."
            )
            % {"name": name, "environment": environment, "kept": kept},
        )
    if config.get("DABIAO_DEBUG") == "1":
        yield Finding(
            "settings", "warn", _("DABIAO_DEBUG shows the program's inside to everybody; unset it.")
        )
    else:
        yield Finding("settings", "ok", _("nothing risky is set"))


CHECKS: Final = {
    "settings": _settings,
    "database": _database,
    "installation": _installation,
    "lake": _lake,
    "roll-ups": _roll_ups,
    "metrics": _metrics,
    "dated rows": _dated,
    "days ahead": _ahead,
    "facts without a unit": _unseated,
    "worker": _worker,
    "entries": _entries,
    "jobs": _jobs,
    "disk": _disk,
}
CALLED: Final = {
    "settings": gettext_lazy("Settings"),
    "database": gettext_lazy("Database"),
    "installation": gettext_lazy("Installation"),
    "lake": gettext_lazy("Lake"),
    "roll-ups": gettext_lazy("Roll-ups"),
    "metrics": gettext_lazy("Metrics"),
    "dated rows": gettext_lazy("Dated rows"),
    "days ahead": gettext_lazy("Days ahead"),
    "facts without a unit": gettext_lazy("Facts without a unit"),
    "worker": gettext_lazy("Worker"),
    "entries": gettext_lazy("Entries"),
    "jobs": gettext_lazy("Jobs"),
    "disk": gettext_lazy("Disk"),
}
LIGHTS: Final = {"ok": "green", "warn": "amber", "fail": "red"}
"""State → light, from well to ill."""
