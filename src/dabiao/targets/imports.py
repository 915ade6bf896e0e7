"""Targets from uploaded rows: one row per scope, metric and dates, or one column per period; all errors at once."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Refused
from dabiao.core.importable import Importable, Outcome
from dabiao.core.months import month_in_words
from dabiao.core.uploads import Field, Parsed, RowError, SourceRow, amount, day, parse, text
from dabiao.engine.message import message
from dabiao.engine.period import BadPeriod, Fiscal, Period
from dabiao.engine.promise import Levels
from dabiao.lake import dictionary
from dabiao.org import queries as org
from dabiao.org.access import User, require
from dabiao.org.can import Can
from dabiao.org.queries import Scope
from dabiao.targets import actions, queries
from dabiao.targets.actions import Done, Slot


@dataclass(frozen=True)
class Imported:
    """What an import did, or why it did nothing."""

    done: Done
    errors: tuple[RowError, ...]


FIELDS: Final = (
    Field("unit", message("unit", context="column"), ("部门编码", "部门", "组织编码", "组织"), text),
    Field(
        "person",
        message("person", context="column"),
        ("工号", "员工工号", "姓名", "员工姓名", "employee", "name"),
        text,
    ),
    Field("metric", message("metric", context="column"), ("指标", "指标编码"), text, required=True),
    Field("product", message("product", context="column"), ("产品线", "product line"), text),
    Field("period", message("period", context="column"), ("期间", "月份", "周期"), text),
    Field("starts_on", message("starts_on", context="column"), ("开始日期", "from"), day),
    Field("last_day", message("last_day", context="column"), ("结束日期", "to"), day),
    Field("base", message("base", context="column"), ("保底", "保底目标"), amount),
    Field("target", message("target", context="column"), ("目标", "达标", "目标值", "amount"), amount),
    Field("challenge", message("challenge", context="column"), ("挑战", "挑战目标"), amount),
)


def import_rows(
    rows: Iterable[SourceRow], *, by: User | None, at: datetime, on: date, fiscal: Fiscal, dry_run: bool = False
) -> Imported:  # fmt: skip
    """Set targets from rows. All or nothing; `dry_run` only tells the errors.

    A row names a unit or a person, a metric (key or name), and a period's label or its first and last day.
    Raises Forbidden for who sets no targets at all; somebody else's are errors of their rows.
    """
    _admit(by)
    parsed, errors = parse(rows, FIELDS)
    asked: dict[Slot, Levels] = {}
    read_metric, scope_of = _metric_reader(), _scope_reader(by, on)
    by_day = any(_is_day(row.text("period")) for row in parsed)
    firsts: dict[Slot, Parsed] = {}
    for row in parsed:
        try:
            slot, levels = _slot(row, read_metric, scope_of, fiscal, by_day=by_day), _levels(row)
            actions.check(slot, levels)
        except _Wrong as wrong:
            errors.append(row.error(wrong.column, wrong.value, wrong.message))
            continue
        except Refused as refusal:
            errors.append(row.error("target", "", str(refusal)))
            continue
        if slot in firsts:
            says = _("Row %(row)s sets the same target.") % {"row": firsts[slot].row}
            errors.append(row.error("metric", str(slot), says))
        firsts.setdefault(slot, row)
        asked[slot] = levels
    may = queries.may_set(by, {slot.scope for slot in asked}, on)
    errors += [
        firsts[slot].error(slot.scope.kind, slot.scope.key, _("These targets are not yours to set."))
        for slot in asked
        if not may[slot.scope]
    ]
    if errors or dry_run:
        return Imported(Done(), tuple(sorted(errors, key=lambda error: (error.file, error.row))))
    return Imported(actions.set_targets(asked, by=by, at=at, on=on), ())


class _Wrong(Exception):
    """One cell that cannot be read."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


def _slot(
    row: Parsed,
    read_metric: Callable[[str], str],
    scope_of: Callable[[Parsed], Scope],
    fiscal: Fiscal,
    *,
    by_day: bool,
) -> Slot:
    start, end = _dates(row, fiscal, by_day=by_day)
    return Slot(scope_of(row), read_metric(row.text("metric")), start, end, row.text("product"))


def _levels(row: Parsed) -> Levels:
    def level(name: str) -> Decimal | None:
        value = row.values.get(name)
        return value if isinstance(value, Decimal) else None

    return Levels(level("base"), level("target"), level("challenge"))


def _dates(row: Parsed, fiscal: Fiscal, *, by_day: bool) -> tuple[date, date]:
    label, start, last = row.text("period"), row.values.get("starts_on"), row.values.get("last_day")
    if label:
        period = period_of(label, fiscal, by_day=by_day)
        if period is None:
            raise _Wrong("period", label, _("Write a period like 2026, 2026-Q1, 2026-03 or 2026-W12."))
        return period.start, period.end
    if not isinstance(start, date):
        raise _Wrong("period", "", _("Give a period, or the first and the last day."))
    if not isinstance(last, date) or last == date.max:
        raise _Wrong("last_day", str(last or ""), _("Give a period, or the first and the last day."))
    return start, last + timedelta(days=1)


_FULL_DAY: Final = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T].*)?")


def _is_day(label: str) -> bool:
    """A day that is not the first of a month: where one stands, the others are days too."""
    return bool(_FULL_DAY.fullmatch(label)) and month_in_words(label) is None


def period_of(label: str, fiscal: Fiscal, *, by_day: bool = False) -> Period | None:
    """A period by its label; months in any way that people and spreadsheets write them are understood as well.

    The first day of a month is that month, for it is what a spreadsheet makes of 2026-03; by_day: it is that day.
    """
    month = month_in_words(label)
    if month is not None and month[0] is not None and not (by_day and _FULL_DAY.fullmatch(label)):
        label = f"{month[0]}-{month[1]:02}"
    plain = (
        label.replace("年", "-").replace("月", "").replace("季度", "").replace("/", "-").rstrip("-").upper()
    )
    year, _dash, rest = plain.partition("-")
    if rest.isdigit() and len(rest) == 1:
        plain = f"{year}-0{rest}"
    try:
        return fiscal.parse(plain)
    except BadPeriod:
        return None


def _metric_reader() -> Callable[[str], str]:
    """Metric key from a key, a name in either language, or an alias."""
    known = dictionary.in_force()
    names = {
        name.casefold(): key
        for key, metric in known.items()
        for name in (metric.label.en, metric.label.zh_hans, *metric.aliases)
    }

    def read(said: str) -> str:
        key = said if said in known else names.get(said.casefold())
        if key is None:
            hint = dictionary.nearest(said)
            raise _Wrong(
                "metric", said, _("There is no metric %(metric)s%(hint)s.") % {"metric": said, "hint": hint}
            )
        return key

    return read


def _scope_reader(by: User | None, on: date) -> Callable[[Parsed], Scope]:
    """Unit by key or name, person by employee number or name, of those whom `by` may see: others are not there."""
    viewer = by or org.operator()
    nodes = org.units_visible(viewer, on)
    units = {node.name: node.key for node in nodes} | {node.key: node.key for node in nodes}
    people = dict(org.people_visible(viewer, on).values_list("key", "name"))
    called: dict[str, list[str]] = {}
    for number, name in sorted(people.items()):
        called.setdefault(name, []).append(number)

    def read(row: Parsed) -> Scope:
        person, unit = row.text("person"), row.text("unit")
        if person:
            numbers = [person] if person in people else called.get(person, [])
            if not numbers:
                raise _Wrong("person", person, _("Nobody has this employee number or name."))
            if len(numbers) > 1:
                says = _("This is the name of %(numbers)s: write the employee number.")
                raise _Wrong("person", person, says % {"numbers": ", ".join(numbers)})
            return Scope("person", numbers[0])
        if not unit:
            raise _Wrong("unit", "", _("Give a unit or a person."))
        if unit not in units:
            raise _Wrong("unit", unit, _("There is no such unit."))
        return Scope("unit", units[unit])

    return read


def _admit(by: User | None) -> None:
    require(by, Can.SET_TARGETS)


def _take(rows: Iterable[SourceRow], *, by: User | None, at: datetime, on: date, dry_run: bool) -> Outcome:
    taken = import_rows(rows, by=by, at=at, on=on, fiscal=fiscal(), dry_run=dry_run)
    done = taken.done
    return Outcome(done.added, done.changed, done.unchanged, done.cleared, taken.errors)


_NOTE: Final = gettext_lazy(
    "Name a unit or a person, a metric by key or name, and a period (2026, 2026-Q1, 2026-03) or the first and last day. "
    "Empty levels are not set; 0 is a target."
)
TARGETS: Final = Importable("targets", gettext_lazy("Targets"), FIELDS, _take, _admit, _NOTE)
