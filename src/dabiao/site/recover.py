"""A lost database, made anew as far as the lake knows; an older one, brought along to a newer lake.

The lake holds facts, units, seats, absences and targets in force by their keys. Names, users, the audit trail and
whatever else people decided are in backups alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.errors import Refused
from dabiao.core.room import importables
from dabiao.core.uploads import SourceRow, numbered
from dabiao.lake import home, installation, journal, reading
from dabiao.lake.journal import Entry
from dabiao.lake.models import Installation, Snapshot
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES
from dabiao.org.queries import FOREVER, employee_numbers

_MOST_ROUNDS: Final = 6
"""A row that is left out can make another one wrong (its unit is gone), so the rest is offered again."""


class NothingToRecover(Refused):
    """The database and the lake belong together, or there is no lake."""


@dataclass(frozen=True)
class Recovered:
    """The newest snapshot's number, and per table how many rows came back and how many could not."""

    number: int
    rows: Mapping[str, tuple[int, int]]


def recover(*, at: datetime) -> Recovered:
    """Make the database fit the lake. Nothing in the lake changes but whose it is. Raises NothingToRecover."""
    newest = Snapshot.objects.order_by("-number").first()
    if newest is not None and installation.mark_again():
        return Recovered(newest.number, {})
    known = [entry for entry in _remembered() if newest is None or entry.number > newest.number]
    if not known:
        raise NothingToRecover(
            _(
                "The lake holds no version that the database does not know: there is nothing to recover. `dabiao doctor` "
                "says what else may be wrong."
            )
        )
    if newest is None and employee_numbers():
        raise NothingToRecover(
            _("The database holds an organisation. Recover into an empty one (DATABASE_URL).")
        )
    with transaction.atomic():
        _belong_together()
        Snapshot.objects.bulk_create(Snapshot(**vars(entry)) for entry in known)
        rows = _rooms(at) if newest is None else {}
    return Recovered(known[-1].number, rows)


def _remembered() -> list[Entry]:
    """Publications whose files are all there; of a lake that remembers none, its tables as they are."""
    store = Store(home.lake())
    entries = list(journal.entries()) or [_as_it_lies(store)]
    return [entry for entry in entries if entry.tables and _is_whole(store, entry)]


def _as_it_lies(store: Store) -> Entry:
    tables = {table: store.newest(table) for table in TABLES if (store.folder(table) / "_delta_log").is_dir()}
    return Entry(1, "", tables, "", {}, timezone.now(), "recovered")


def _is_whole(store: Store, entry: Entry) -> bool:
    return all(
        Path(file).exists() for table, version in entry.tables.items() for file in store.files(table, version)
    )


def _belong_together() -> None:
    """The database takes the lake's id, since the lake's own database is lost."""
    known, marker = Installation.objects.first(), journal.owner()
    if known is not None and known.key != marker:
        raise NothingToRecover(
            _(
                "The lake belongs to another installation than this database; nothing was changed. Recover into a new, "
                "empty database (DATABASE_URL), or set DABIAO_HOME to the data folder of this one."
            )
        )
    if known is None:
        if not marker:
            installation.begin_anew()
        else:
            Installation.objects.create(pk=1, key=marker, since=timezone.now())


def _rooms(at: datetime) -> dict[str, tuple[int, int]]:
    """Units, people, positions, seats, absences and targets, through the doors by which files bring them."""
    held = {table: reading.current().run(f"SELECT * FROM {table}").to_pylist() for table in _READ}
    rows = {
        "units": [{"key": row["unit"], "name": row["unit"], **_some(row, "kind", "parent")} for row in held["units"]],
        "people": [{"key": key, "name": key} for key in sorted(_people(held))],
        "positions": [
            {"key": key, "title": key, "unit": unit}
            for key, unit in sorted({(row["position"], row["unit"]) for row in held["assignments"]})
        ],
        "assignments": [
            {**_some(row, "person", "position", "primary", "fte"), **_days(row, "probation_until", "probation_last_day")}
            for row in held["assignments"]
        ],
        "absences": [{**_some(row, "person", "kind"), **_days(row)} for row in held["absences"]],
        "targets": [
            {row["scope_kind"]: row["scope"], **_some(row, "metric", "dimension", "member", "base", "target", "challenge"), **_days(row)}
            for row in held["targets"]
        ],
    }  # fmt: skip
    return {table: _take(table, numbered(each), at) for table, each in rows.items() if each}


_READ: Final = ("units", "assignments", "absences", "targets")


def _people(held: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    """Whoever the lake names: by a seat, an absence or a target."""
    seated = {row["person"] for table in ("assignments", "absences") for row in held[table]}
    return seated | {row["scope"] for row in held["targets"] if row["scope_kind"] == "person"}


def _take(table: str, rows: list[SourceRow], at: datetime) -> tuple[int, int]:
    """Rows taken and rows left out: what no longer fits (a metric that is gone) must not keep the rest away."""
    offered = len(rows)
    for _round in range(_MOST_ROUNDS):
        taken = importables()[table].take(rows, by=None, at=at, on=timezone.localdate(at), dry_run=False)
        if not taken.errors:
            return len(rows), offered - len(rows)
        wrong = {error.row for error in taken.errors}
        rows = [row for row in rows if row.row not in wrong]
    return 0, offered


def _some(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] not in {None, ""}}


def _days(row: Mapping[str, Any], also: str = "", under: str = "") -> dict[str, date]:
    """`starts_on` and the last day, as tables have it, where it ends at all."""
    days = {"starts_on": row["starts_on"]}
    days |= {"last_day": _before(row["ends_on"])} if row["ends_on"] < FOREVER else {}
    return days | ({under: _before(row[also])} if also and row[also] else {})


def _before(day: date) -> date:
    return day - timedelta(days=1)


def lines(done: Recovered) -> list[str]:
    """What a person is told afterwards."""
    told = [_("The database now knows the lake up to v%(number)s.") % {"number": done.number}]
    for table, (taken, left) in done.rows.items():
        told.append(
            _("%(table)s: %(taken)s came back, %(left)s could not.")
            % {"table": table, "taken": taken, "left": left}
        )
    if done.rows:
        told.append(
            _(
                "Names, users and what people decided are not in the lake: import people and units again, then `dabiao init`."
            )
        )
    return told
