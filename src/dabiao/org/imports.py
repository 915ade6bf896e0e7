"""Whole tables of the organisation from uploaded rows: every error told at once, nothing half done.

Seven tables, each with its own key; a row whose key is known changes that row, others are added, nothing is
removed. Files say the last day that counts (`last_day`, 结束日期); inside, `ends_on` is the day after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core.action import action, tell
from dabiao.core.fields import derive
from dabiao.core.importable import Importable, Outcome
from dabiao.core.uploads import (
    Parsed,
    RowError,
    SourceRow,
    parse,
)
from dabiao.org.access import require
from dabiao.org.actions import _common
from dabiao.org.actions.users import refuse_without_admin
from dabiao.org.can import Can
from dabiao.org.logic.rows import Built
from dabiao.org.logic.tables import TABLES, Table
from dabiao.org.models import (
    OrgVersion,
    Unit,
    User,
)


@dataclass(frozen=True)
class Imported:
    """What an import did, or why it did nothing: with errors, all counts are 0."""

    table: str
    added: int
    changed: int
    unchanged: int
    errors: tuple[RowError, ...]


def import_rows(
    table: str, rows: Iterable[SourceRow], *, by: User | None, at: datetime, dry_run: bool = False
) -> Imported:
    """Import rows into one of `TABLES`. All or nothing; `dry_run` only tells what would happen."""
    _admit(table, by)
    spec = TABLES[table]
    parsed, errors = parse(rows, spec.fields)
    return _take(spec, parsed, errors, by=by, at=at, dry_run=dry_run)


def _admit(table: str, by: User | None) -> None:
    """Who may bring which table. Raises Forbidden."""
    require(by, Can.ADMINISTER if table in {"users", "grants"} else Can.OPERATE)


@action("org.imported")
def _take(
    spec: Table, parsed: Sequence[Parsed], errors: Sequence[RowError], *, by: User | None, at: datetime, dry_run: bool
) -> Imported:  # fmt: skip
    built = spec.build(parsed)
    wrong = sorted(
        [*errors, *built.errors, *_unfit(spec, built), *_twice(spec, built)],
        key=lambda error: (error.file, error.row),
    )
    if wrong:
        return Imported(spec.name, 0, 0, 0, tuple(wrong))
    return _store(spec, built, by=by, at=at, dry_run=dry_run)


def _store(spec: Table, built: Built, *, by: User | None, at: datetime, dry_run: bool) -> Imported:
    rows = spec.model._default_manager.select_related(*_links(spec))
    known = {_key(spec, vars(row)): row for row in rows}
    new: list[models.Model] = []
    changed: dict[str, list[models.Model]] = {}
    touched = 0
    for _row, values in built.values:
        row = known.get(_key(spec, values))
        if row is None:
            new.append(spec.model(**values))
        elif told := _common.changes(row, dict(values)):
            touched += 1
            for name in told:
                changed.setdefault(name, []).append(row)
    done = Imported(spec.name, len(new), touched, len(built.values) - len(new) - touched, ())
    if dry_run or not (new or changed):
        return done
    if spec.model is Unit:
        _add_units(new, changed.get("parent", []))
    else:
        spec.model._default_manager.bulk_create(new, batch_size=500)
    for name, changed_rows in changed.items():
        spec.model._default_manager.bulk_update(changed_rows, derive(changed_rows, name), batch_size=500)
    if spec.model is User and by is not None:
        refuse_without_admin()
    _common.bump(at)
    counts = {"table": spec.name, "added": done.added, "changed": done.changed, "unchanged": done.unchanged}
    tell(OrgVersion.objects.get(pk=1), counts)
    return done


def _add_units(new: list[Any], moved: list[Any]) -> None:
    """Parents first: a file may name them in any order. Whoever points at a new unit gets the saved one."""
    waiting = {unit.key: unit for unit in new}
    added: dict[str, Unit] = {}
    while waiting:
        for unit in [
            unit for unit in waiting.values() if unit.parent is None or unit.parent.key not in waiting
        ]:
            _point_at(unit, added)
            unit.save(force_insert=True)
            added[unit.key] = waiting.pop(unit.key)
    for unit in moved:
        _point_at(unit, added)


def _point_at(unit: Unit, added: Mapping[str, Unit]) -> None:
    if unit.parent is not None and unit.parent.pk is None:
        unit.parent = added[unit.parent.key]


def _links(spec: Table) -> list[str]:
    return [field.name for field in spec.model._meta.fields if field.is_relation]


def _key(spec: Table, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The natural key, with linked rows by their id, from a stored row's attributes or a file row's values."""
    parts = (values[f"{name}_id"] if f"{name}_id" in values else values[name] for name in spec.key)
    return tuple(value.pk if isinstance(value, models.Model) else value for value in parts)


def _unfit(spec: Table, built: Built) -> Iterable[RowError]:
    """Cells that the model's own checks refuse, as they do on a form: too long, no key, no e-mail address."""
    own = {field.name: field for field in spec.model._meta.concrete_fields if not field.is_relation}
    for row, values in built.values:
        for name, field in own.items():
            try:
                field.run_validators(values.get(name))
            except ValidationError as error:
                yield row.error(name, str(values[name])[:80], " ".join(error.messages))


def _twice(spec: Table, built: Built) -> list[RowError]:
    seen: dict[tuple[Any, ...], Parsed] = {}
    errors = []
    for row, values in built.values:
        first = seen.setdefault(_key(spec, values), row)
        if first is not row:
            key = ", ".join(str(values[name]) for name in spec.key)
            says = _("Row %(row)s says the same key.") % {"row": first.row}
            errors.append(row.error(spec.key[0], key, says))
    return errors


def _importable(table: Table, label: Promise) -> Importable:
    def take(rows: Iterable[SourceRow], *, by: User | None, at: datetime, on: date, dry_run: bool) -> Outcome:
        done = import_rows(table.name, rows, by=by, at=at, dry_run=dry_run)
        return Outcome(done.added, done.changed, done.unchanged, errors=done.errors)

    return Importable(table.name, label, table.fields, take, partial(_admit, table.name))


LABELS: Mapping[str, Promise] = {
    "units": gettext_lazy("Units"),
    "people": gettext_lazy("People"),
    "positions": gettext_lazy("Positions"),
    "assignments": gettext_lazy("Who holds which position"),
    "absences": gettext_lazy("Absences"),
    "users": gettext_lazy("Users and roles"),
    "grants": gettext_lazy("Sight of other units"),
}
IMPORTABLES: Mapping[str, Importable] = {
    name: _importable(TABLES[name], label) for name, label in LABELS.items()
}
