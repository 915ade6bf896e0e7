"""Rows of the organisation's tables as what the models' fields shall hold, and what is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from dabiao.core.names import fold
from dabiao.core.uploads import Parsed, RowError
from dabiao.org.models import FOREVER, Assignment, Person, Position, Unit, User


@dataclass(frozen=True)
class Built:
    """Per row what the model's fields shall hold, and what is wrong with rows."""

    values: Sequence[tuple[Parsed, Mapping[str, Any]]]
    errors: Sequence[RowError]


def units(parsed: Sequence[Parsed]) -> Built:
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


def people(parsed: Sequence[Parsed]) -> Built:
    errors = []
    for row in parsed:
        hired, left = row.values.get("hired_on"), row.values.get("left_on")
        if isinstance(hired, date) and isinstance(left, date) and left < hired:
            errors.append(row.error("left_on", str(left), _("Nobody leaves before joining.")))
    return Built([(row, row.values) for row in parsed], errors)


def positions(parsed: Sequence[Parsed]) -> Built:
    return _resolved(parsed, {"unit": ("key", Unit)})


def assignments(parsed: Sequence[Parsed]) -> Built:
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


def absences(parsed: Sequence[Parsed]) -> Built:
    built = _resolved(parsed, {"person": ("key", Person)})
    return Built(built.values, [*built.errors, *_backwards(built.values)])


def grants(parsed: Sequence[Parsed]) -> Built:
    built = _resolved(parsed, {"user": ("username", User), "unit": ("key", Unit)})
    rows = [(row, {"ends_on": FOREVER, **values}) for row, values in built.values]
    return Built(rows, [*built.errors, *_backwards(rows)])


def users(parsed: Sequence[Parsed]) -> Built:
    """A new user gets a password that nobody knows; an administrator sets one, or single sign-on does without."""
    built = _resolved(parsed, {"person": ("key", Person)})
    known = dict(User.objects.values_list("known_as", "username"))
    stored = set(known.values())
    fresh = User()
    fresh.set_unusable_password()
    rows, errors = [], [*built.errors]
    for row, values in built.values:
        name = values["username"]
        meant = known.setdefault(fold(name), name)
        if meant != name:
            says = _("Case and width do not tell names apart: there is %(name)s, here or in the file.")
            errors.append(row.error("username", name, says % {"name": meant}))
        rows.append((row, values if name in stored else {"password": fresh.password, **values}))
    return Built(rows, errors)


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
