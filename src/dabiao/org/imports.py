"""Whole tables of the organisation from uploaded rows: every error told at once, nothing half done.

Seven tables, each with its own key; a row whose key is known changes that row, others are added, nothing is
removed. Files say the last day that counts (`last_day`, 结束日期); inside, `ends_on` is the day after.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core.action import action, tell
from dabiao.core.importable import Importable, Outcome
from dabiao.core.uploads import (
    Cell,
    Field,
    Parsed,
    RowError,
    SourceRow,
    amount,
    day,
    flag,
    parse,
    shown,
    text,
)
from dabiao.engine.message import message
from dabiao.org.access import require
from dabiao.org.actions import _common
from dabiao.org.actions.users import refuse_without_admin
from dabiao.org.can import Can
from dabiao.org.models import (
    FOREVER,
    Absence,
    Assignment,
    Grant,
    OrgVersion,
    Person,
    Position,
    Unit,
    User,
    is_key,
)


@dataclass(frozen=True)
class Imported:
    """What an import did, or why it did nothing: with errors, all counts are 0."""

    table: str
    added: int
    changed: int
    unchanged: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True)
class Table:
    """An importable table: its columns, and the function that turns its rows into model rows."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    model: type[models.Model]
    build: Callable[[Sequence[Parsed]], "Built"]


@dataclass(frozen=True)
class Built:
    """Per row what the model's fields shall hold, and what is wrong with rows."""

    values: Sequence[tuple[Parsed, Mapping[str, Any]]]
    errors: Sequence[RowError]


def import_rows(
    table: str, rows: Iterable[SourceRow], *, by: User | None, at: datetime, dry_run: bool = False
) -> Imported:
    """Import rows into one of `TABLES`. All or nothing; `dry_run` only tells what would happen."""
    require(by, Can.ADMINISTER) if table in {"users", "grants"} else require(by, Can.OPERATE)
    spec = TABLES[table]
    parsed, errors = parse(rows, spec.fields)
    return _take(spec, parsed, errors, by=by, at=at, dry_run=dry_run)


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


def key_of(cell: Cell) -> str:
    """A unit or position key: no blanks. Raises ValueError."""
    key = text(cell)
    try:
        is_key(key)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from None
    return key


def last_day(cell: Cell) -> date:
    """The last day that counts, as the half-open end."""
    last = day(cell)
    return last if last == FOREVER else last + timedelta(days=1)


def share(cell: Cell) -> Decimal:
    """A share above 0 and up to 1."""
    part = amount(cell)
    if not 0 < part <= 1:
        raise ValueError(_("%(value)s must lie above 0 and at most be 1.") % {"value": shown(cell)})
    return part


def _choice(choices: type[models.TextChoices]) -> Callable[[Cell], str]:
    words = {str(label).lower(): str(value) for value, label in choices.choices}

    def read(cell: Cell) -> str:
        plain = text(cell).lower()
        if plain in choices.values:
            return plain
        if plain in words:
            return words[plain]
        raise ValueError(
            _("%(value)s is not one of %(all)s.") % {"value": shown(cell), "all": ", ".join(choices.values)}
        )

    return read


def _role(cell: Cell) -> str:
    words = {"管理员": "admin", "销售运营": "operations", "经理": "manager", "销售": "rep"}
    return _choice(User.Role)(words.get(text(cell), cell))


def _absence_kind(cell: Cell) -> str:
    words = {"请假": "leave", "病假": "illness", "培训": "training"}
    return _choice(Absence.Kind)(words.get(text(cell), cell))


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
        spec.model._default_manager.bulk_update(changed_rows, [name], batch_size=500)
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


def _units(parsed: Sequence[Parsed]) -> Built:
    known = {unit.key: unit for unit in Unit.objects.all()}
    above = {
        unit.key: unit.parent.key if unit.parent else None for unit in Unit.objects.select_related("parent")
    }
    for row in parsed:
        known.setdefault(row.text("key"), Unit(key=row.text("key")))
        if "parent" in row.values or row.text("key") not in above:
            above[row.text("key")] = row.text("parent") or None
    values, errors = [], []
    for row in parsed:
        parent = row.text("parent")
        if parent and parent not in known:
            errors.append(row.error("parent", parent, _("There is no such unit, here or in the file.")))
        elif _goes_round(row.text("key"), above):
            errors.append(row.error("parent", parent, _("The unit would lie below itself.")))
        else:
            values.append((row, {**row.values, **({"parent": known[parent]} if parent else {})}))
    return Built(values, errors)


def _goes_round(key: str, above: Mapping[str, str | None]) -> bool:
    seen = set()
    step: str | None = key
    while step is not None and step not in seen:
        seen.add(step)
        step = above.get(step)
    return step is not None


def _people(parsed: Sequence[Parsed]) -> Built:
    errors = []
    for row in parsed:
        hired, left = row.values.get("hired_on"), row.values.get("left_on")
        if isinstance(hired, date) and isinstance(left, date) and left < hired:
            errors.append(row.error("left_on", str(left), _("Nobody leaves before joining.")))
    return Built([(row, row.values) for row in parsed], errors)


def _positions(parsed: Sequence[Parsed]) -> Built:
    return _resolved(parsed, {"unit": ("key", Unit)})


def _assignments(parsed: Sequence[Parsed]) -> Built:
    """Overlaps are looked for among the file's rows and the stored ones that the file does not replace."""
    built = _resolved(parsed, {"person": ("key", Person), "position": ("key", Position)})
    rows = [(row, {"ends_on": FOREVER, "primary": True, **values}) for row, values in built.values]
    errors = [*built.errors, *_backwards(rows)]
    held: dict[int, list[_Held]] = {}
    said = {(v["person"].pk, v["position"].pk, v["starts_on"]) for _row, v in rows}
    for old in Assignment.objects.filter(primary=True):
        if (old.person_id, old.position_id, old.starts_on) not in said:
            held.setdefault(old.person_id, []).append(_Held(old.starts_on, old.ends_on, None))
    for row, values in rows:
        if values["primary"]:
            held.setdefault(values["person"].pk, []).append(
                _Held(values["starts_on"], values["ends_on"], row)
            )
    for times in held.values():
        errors += _overlaps(sorted(times, key=_Held.order))
    return Built(rows, errors)


@dataclass(frozen=True)
class _Held:
    """A primary seat's time; `row` says it, None where it is stored."""

    starts_on: date
    ends_on: date
    row: Parsed | None

    def order(self) -> tuple[date, date, int, int]:
        return self.starts_on, self.ends_on, *((self.row.file, self.row.row) if self.row else (0, 0))


def _overlaps(times: Sequence[_Held]) -> Iterable[RowError]:
    for earlier, later in pairwise(times):
        at_fault = later if later.row else earlier
        if later.starts_on < earlier.ends_on and at_fault.row:
            says = _("The person holds another primary seat at that time. End one of them first.")
            yield at_fault.row.error("starts_on", str(at_fault.starts_on), says)


def _absences(parsed: Sequence[Parsed]) -> Built:
    built = _resolved(parsed, {"person": ("key", Person)})
    return Built(built.values, [*built.errors, *_backwards(built.values)])


def _grants(parsed: Sequence[Parsed]) -> Built:
    built = _resolved(parsed, {"user": ("username", User), "unit": ("key", Unit)})
    rows = [(row, {"ends_on": FOREVER, **values}) for row, values in built.values]
    return Built(rows, [*built.errors, *_backwards(rows)])


def _users(parsed: Sequence[Parsed]) -> Built:
    """A new user gets a password that nobody knows; an administrator sets one, or single sign-on does without."""
    built = _resolved(parsed, {"person": ("key", Person)})
    known = set(User.objects.values_list("username", flat=True))
    fresh = User()
    fresh.set_unusable_password()
    rows = [(r, v if v["username"] in known else {"password": fresh.password, **v}) for r, v in built.values]
    return Built(rows, built.errors)


def _backwards(rows: Sequence[tuple[Parsed, Mapping[str, Any]]]) -> list[RowError]:
    says = _("The end lies before the beginning.")
    return [
        row.error("last_day", str(values["ends_on"] - timedelta(days=1)), says)
        for row, values in rows
        if values["ends_on"] <= values["starts_on"]
    ]


def _resolved(parsed: Sequence[Parsed], links: Mapping[str, tuple[str, type[models.Model]]]) -> Built:
    """Turn keys into rows; a key that nobody has is an error of its cell."""
    known = {
        name: {getattr(row, key): row for row in model._default_manager.all()}
        for name, (key, model) in links.items()
    }
    values, errors = [], []
    for row in parsed:
        named = {name: row.text(name) for name in links if name in row.values}
        missing = [name for name, key in named.items() if key not in known[name]]
        errors += [
            row.error(name, named[name], _("Nothing is known under this key. Import it first."))
            for name in missing
        ]
        if not missing:
            values.append((row, {**row.values, **{name: known[name][key] for name, key in named.items()}}))
    return Built(values, errors)


_PERSON = message("person", context="column")
_NUMBER = ("工号", "员工工号", "employee", "employee number")
_STARTS = Field(
    "starts_on",
    message("starts_on", context="column"),
    ("开始日期", "生效日期", "from", "start"),
    day,
    required=True,
)
_ENDS = Field(
    "ends_on", message("last_day", context="column"), ("结束日期", "截止日期", "to", "end"), last_day
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "units",
            (
                Field(
                    "key",
                    message("key", context="column of units"),
                    ("部门编码", "组织编码", "编码", "code", "unit"),
                    key_of,
                    required=True,
                ),
                Field(
                    "name",
                    message("name", context="column of units"),
                    ("部门名称", "部门", "组织名称", "名称"),
                    text,
                    required=True,
                ),
                Field("name_en", message("name_en", context="column"), ("英文名称", "english name"), text),
                Field("kind", message("kind", context="column"), ("类型", "层级", "level"), text),
                Field(
                    "parent",
                    message("parent", context="column"),
                    ("上级编码", "上级部门编码", "上级部门", "上级"),
                    key_of,
                ),
                Field(
                    "order",
                    message("order", context="column"),
                    ("顺序", "排序"),
                    lambda value: int(amount(value)),
                ),
            ),
            ("key",),
            Unit,
            _units,
        ),
        Table(
            "people",
            (
                Field(
                    "key",
                    message("key", context="column of people"),
                    ("person", *_NUMBER),
                    text,
                    required=True,
                ),
                Field("name", message("name", context="column of people"), ("姓名",), text, required=True),
                Field("email", message("email", context="column"), ("邮箱", "e-mail"), text),
                Field("hired_on", message("hired_on", context="column"), ("入职日期",), day),
                Field("left_on", message("left_on", context="column"), ("离职日期",), day),
            ),
            ("key",),
            Person,
            _people,
        ),
        Table(
            "positions",
            (
                Field(
                    "key",
                    message("key", context="column of positions"),
                    ("岗位编码", "编码", "code", "position"),
                    key_of,
                    required=True,
                ),
                Field(
                    "title",
                    message("title", context="column"),
                    ("岗位名称", "岗位", "名称"),
                    text,
                    required=True,
                ),
                Field(
                    "unit",
                    message("unit", context="column"),
                    ("部门编码", "部门", "组织编码"),
                    text,
                    required=True,
                ),
            ),
            ("key",),
            Position,
            _positions,
        ),
        Table(
            "assignments",
            (
                Field("person", _PERSON, _NUMBER, text, required=True),
                Field(
                    "position",
                    message("position", context="column"),
                    ("岗位编码", "岗位"),
                    text,
                    required=True,
                ),
                _STARTS,
                _ENDS,
                Field("primary", message("primary", context="column"), ("主岗", "是否主岗"), flag),
                Field(
                    "probation_until",
                    message("probation_last_day", context="column"),
                    ("试用期至", "试用期结束日期"),
                    last_day,
                ),
                Field("fte", message("fte", context="column"), ("工时占比",), share),
                Field(
                    "exit_reason", message("exit_reason", context="column"), ("离任原因", "离职原因"), text
                ),
            ),
            ("person", "position", "starts_on"),
            Assignment,
            _assignments,
        ),
        Table(
            "absences",
            (
                Field("person", _PERSON, _NUMBER, text, required=True),
                _STARTS,
                Field("ends_on", _ENDS.shown, _ENDS.synonyms, last_day, required=True),
                Field("kind", message("kind", context="column"), ("类型", "缺勤类型"), _absence_kind),
            ),
            ("person", "starts_on"),
            Absence,
            _absences,
        ),
        Table(
            "users",
            (
                Field(
                    "username", message("username", context="column"), ("用户名", "账号"), text, required=True
                ),
                Field("role", message("role", context="column"), ("角色",), _role, required=True),
                Field("person", _PERSON, _NUMBER, text),
                Field("email", message("email", context="column"), ("邮箱",), text),
                Field("language", message("language", context="column"), ("语言",), text),
            ),
            ("username",),
            User,
            _users,
        ),
        Table(
            "grants",
            (
                Field("user", message("username", context="column"), ("用户名", "账号"), text, required=True),
                Field("unit", message("unit", context="column"), ("部门编码", "部门"), text, required=True),
                _STARTS,
                _ENDS,
            ),
            ("user", "unit", "starts_on"),
            Grant,
            _grants,
        ),
    )
}


def _importable(table: Table, label: Promise) -> Importable:
    def take(rows: Iterable[SourceRow], *, by: User | None, at: datetime, on: date, dry_run: bool) -> Outcome:
        done = import_rows(table.name, rows, by=by, at=at, dry_run=dry_run)
        return Outcome(done.added, done.changed, done.unchanged, errors=done.errors)

    return Importable(table.name, label, table.fields, take)


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
