"""Targets from uploaded rows: one row per scope, metric and dates, or one column per period; all errors at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core.calendars import fiscal
from dabiao.core.called import Called
from dabiao.core.errors import Malformed, Refused
from dabiao.core.importable import Importable, Outcome
from dabiao.core.months import is_full_day, month_in_words, period_in_words
from dabiao.core.sentence import say
from dabiao.core.uploads import Field, Parsed, RowError, SourceRow, amount, day, parse, text
from dabiao.engine.message import Message, message
from dabiao.engine.period import Fiscal
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import dictionary
from dabiao.metrics import splits
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
    notes: tuple[str, ...] = ()


_LEVELS: Final = {"base": message("Base"), "target": message("Target"), "challenge": message("Challenge")}
_KINDS: Final = {"unit": message("Unit"), "person": message("Person")}
_NARROWED: Final[Mapping[str, tuple[str, ...]]] = {
    "product_line": ("product_line", "产品线", "product line", "product"),
    "category": ("category", "品类", "产品大类", "产品类别"),
    "customer_type": (
        "customer_type",
        "客户类型",
        "客户类别",
        "细分",
        "细分市场",
        "客户细分",
        "segment",
        "customer segment",
    ),
    "industry": ("industry", "行业", "所属行业", "客户行业", "sector"),
    "tier": ("tier", "客户等级"),
    "province": ("province", "省", "省份", "省区"),
    "city": ("city", "城市"),
    "sales_channel": ("sales_channel", "销售渠道", "渠道", "channel"),
    "acquisition_channel": ("acquisition_channel", "获客渠道"),
    "territory": ("territory", "销售区域", "片区"),
}
"""Columns that each narrow a target by one dimension, and what files call them."""
_USUAL: Final = frozenset({"product_line", "customer_type", "industry", "sales_channel"})

FIELDS: Final = (
    Field("scope_kind", message("Whose"), ("scope_kind", "归属", "归属类型"), text, aside=True),
    Field("scope", message("Key"), ("scope",), text, aside=True),
    Field(
        "unit",
        message("unit", context="column"),
        ("部门编码", "部门", "组织编码", "组织"),
        text,
    ),
    Field(
        "person",
        message("person", context="column"),
        ("工号", "员工工号", "姓名", "员工姓名", "employee", "name"),
        text,
    ),
    Field("region", message("Region"), ("region", "区域", "大区", "地区"), text, aside=True),
    Field("metric", message("metric", context="column"), ("指标", "指标编码"), text, required=True),
    Field("dimension", message("Narrowed by"), ("dimension", "维度"), text, aside=True),
    Field("member", message("Narrowed to"), ("member", "维度值"), text, aside=True),
    *(
        Field(name, splits.title(name), words, text, aside=name not in _USUAL)
        for name, words in _NARROWED.items()
    ),
    Field("period", message("period", context="column"), ("期间", "月份", "周期"), text),
    Field("starts_on", message("starts_on", context="column"), ("开始日期", "from", "first day"), day),
    Field("last_day", message("last_day", context="column"), ("结束日期", "to"), day),
    Field("ends_on", message("Day after the last"), ("ends_on",), day, aside=True),
    Field("level", message("Level"), ("level", "级别", "档位"), text, aside=True),
    Field("base", message("base", context="column"), ("保底", "保底目标"), amount),
    Field("target", message("target", context="column"), ("目标", "达标", "目标值", "amount"), amount),
    Field("challenge", message("challenge", context="column"), ("挑战", "挑战目标"), amount),
)


def import_rows(
    rows: Iterable[SourceRow], *, by: User | None, at: datetime, on: date, fiscal: Fiscal, dry_run: bool = False
) -> Imported:  # fmt: skip
    """Set targets from rows. All or nothing; `dry_run` only tells the errors.

    A row names a unit or a person, a metric (key or name), and a period's label or its first and last day. A row with a
    column for each period stands for a row each; these, and rows that name a level, leave the other levels as they are.
    What somebody else has set may stand in the file as it is: our own exports come back in.
    Raises Forbidden for who sets no targets at all; somebody else's are errors of their rows.
    """
    _admit(by)
    is_period = cache(
        lambda title: period_in_words(title.strip(), fiscal) is not None
    )  # rows share their titles
    given = [part for row in rows for part in _by_period(row, is_period)]
    parsed, errors = parse(given, FIELDS)
    asked: dict[Slot, Levels] = {}
    partly: dict[Slot, str] = {}
    read_metric, scope_of = _metric_reader(), _scope_reader(by, on)
    by_day = any(_is_day(row.text("period")) for row in parsed)
    firsts: dict[Slot, Parsed] = {}
    for row in parsed:
        try:
            slot = _slot(row, read_metric, scope_of, fiscal, by_day=by_day)
            levels, level = _levels(row), _level(row)
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
        if level:
            partly[slot] = level
    asked, unchanged = _news(asked, partly, by, on)
    may = queries.may_set(by, {slot.scope for slot in asked}, on)
    errors += [
        firsts[slot].error(slot.scope.kind, slot.scope.key, _("These targets are not yours to set."))
        for slot in asked
        if not may[slot.scope]
    ]
    if errors or dry_run:
        notes = () if errors else _notes(firsts)
        return Imported(Done(), tuple(sorted(errors, key=lambda error: (error.file, error.row))), notes)
    done = actions.set_targets(asked, by=by, at=at, on=on) if asked else Done()
    return Imported(replace(done, unchanged=done.unchanged + unchanged), (), _notes(firsts))


_TOLD: Final = 5


def _notes(slots: Iterable[Slot]) -> tuple[str, ...]:
    """Targets that are part of no unit's: of people who sit nowhere in all of their days."""
    spans: dict[tuple[date, date], list[Slot]] = {}
    for slot in slots:
        if slot.scope.kind == "person":
            spans.setdefault((slot.starts_on, slot.ends_on), []).append(slot)
    lost: list[Slot] = []
    for (start, end), some in sorted(spans.items()):
        nowhere = org.seatless({slot.scope.key for slot in some}, start, end)
        lost += [slot for slot in some if slot.scope.key in nowhere]
    if not lost:
        return ()
    called = org.people_names({slot.scope.key for slot in lost})
    examples = [
        f"{called.get(slot.scope.key, slot.scope.key)} {slot.starts_on}..{slot.ends_on - timedelta(days=1)}"
        for slot in lost[:_TOLD]
    ]
    return (
        _(
            "%(count)s targets are of people who sit in no unit in all of their days (not there yet, or gone): they are kept, "
            "and part of no unit's target. %(examples)s"
        )
        % {"count": len(lost), "examples": _(", ").join([*examples, *(["…"] if len(lost) > _TOLD else [])])},
    )


def _by_period(row: SourceRow, is_period: Callable[[str], bool]) -> Iterable[SourceRow]:
    """A row of one target; or, where columns are called like periods, one for each of them that is filled."""
    periods = {title: cell for title, cell in row.cells.items() if title and is_period(title)}
    if not periods:
        return [row]
    rest = {title: cell for title, cell in row.cells.items() if title not in periods}
    level = {} if any(rest.get(name) for name in ("level", "级别", "档位")) else {"level": "target"}
    return [
        replace(row, cells={**rest, **level, "period": title.strip(), "target": cell})
        for title, cell in periods.items()
        if cell is not None and str(cell).strip()
    ]


def _news(
    asked: Mapping[Slot, Levels], partly: Mapping[Slot, str], by: User | None, on: date
) -> tuple[dict[Slot, Levels], int]:
    """What the rows would set anew, and how many say what already is and need nobody's leave.

    partly: slots of which the rows tell one level; the others stay. Of these also what follows from other targets, as
        a grid shows it, is left to follow.
    """
    asker = by or org.operator()
    stored = actions.stored(asked)
    whole = {slot: _whole(levels, partly.get(slot, ""), stored.get(slot)) for slot, levels in asked.items()}
    same = {slot for slot, levels in whole.items() if stored.get(slot) == levels}
    kept = actions.seen(same, asker, on)
    kept |= _following(
        {slot: level for slot, level in partly.items() if slot not in stored}, asked, asker, on
    )
    return {slot: levels for slot, levels in whole.items() if slot not in kept}, len(kept)


def _whole(levels: Levels, level: str, held: Levels | None) -> Levels:
    """All three levels, of which the row may have told one alone."""
    return replace(held or Levels(), **{level: getattr(levels, level)}) if level else levels


def _following(partly: Mapping[Slot, str], asked: Mapping[Slot, Levels], viewer: User, on: date) -> set[Slot]:
    """Slots for which nothing is set, and which are told exactly what follows from other targets."""
    alike: dict[tuple[date, date, Part, str], list[Slot]] = {}
    for slot in partly:
        alike.setdefault((slot.starts_on, slot.ends_on, slot.part, slot.metric), []).append(slot)
    found = set()
    for (start, end, part, metric), slots in alike.items():
        seen = queries.seen_in(viewer, [slot.scope for slot in slots], start, end, on)
        held = queries.targets_for(seen, [metric], start, end, part=part)
        for slot in slots:
            promise = held.get((slot.scope, metric))
            level = partly[slot]
            if promise and getattr(promise.levels, level) == getattr(asked[slot], level):
                found.add(slot)
    return found


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
    scope = scope_of(row)
    return Slot(scope, read_metric(row.text("metric")), start, end, _part(row, scope))


def _part(row: Parsed, scope: Scope) -> Part:
    """What the row narrows its target to: by a column of its own, or by one that names the dimension.

    A region beside a person says where they sit; beside a unit it is the unit meant, or else a territory.
    """
    said = [Part(name, row.text(name)) for name in _NARROWED if row.text(name)]
    dimension, member = row.text("dimension"), row.text("member")
    if dimension or member:
        try:
            said.append(Part(queries.dimension_named(dimension), member))
        except Malformed as error:
            raise _Wrong("dimension", dimension, str(error)) from None
    if (region := row.text("region")) and scope.kind == "unit" and not _is_unit(region, scope):
        said.append(Part("territory", region))
    if len(set(said)) > 1:
        says = _("A target is narrowed by one dimension: leave all but one of %(columns)s empty.")
        columns = ", ".join(splits.label(part.dimension) for part in said)
        raise _Wrong(said[1].dimension, said[1].member, says % {"columns": columns})
    return said[0] if said else WHOLE


def _levels(row: Parsed) -> Levels:
    def level(name: str) -> Decimal | None:
        value = row.values.get(name)
        return value if isinstance(value, Decimal) else None

    if named := _level(row):
        return Levels(**{named: level("target") if level(named) is None else level(named)})
    return Levels(level("base"), level("target"), level("challenge"))


def _is_unit(region: str, scope: Scope) -> bool:
    node = org.tree().by_key.get(scope.key)
    return region == scope.key or (node is not None and node.name == region)


def _level(row: Parsed) -> str:
    """The one level that the row is about; empty: all three. Raises _Wrong."""
    said = row.text("level")
    return _code("level", said, _LEVELS, _("Write base, target or challenge.")) if said else ""


def _code(column: str, said: str, known: Mapping[str, Message], mend: str) -> str:
    """The key of what is called so in any language. Raises _Wrong."""
    for key, title in known.items():
        titles = {key, *(say(title, code).casefold() for code, _name in settings.LANGUAGES)}
        if said.casefold() in titles:
            return key
    raise _Wrong(column, said, mend)


def _dates(row: Parsed, fiscal: Fiscal, *, by_day: bool) -> tuple[date, date]:
    label, start, last = row.text("period"), row.values.get("starts_on"), _last(row)
    if label:
        period = period_in_words(label, fiscal, by_day=by_day)
        if period is None:
            raise _Wrong("period", label, _("Write a period like 2026, 2026-Q1, 2026-03 or 2026-W12."))
        return period.start, period.end
    if not isinstance(start, date):
        raise _Wrong("period", "", _("Give a period, or the first and the last day."))
    if not isinstance(last, date) or last == date.max:
        raise _Wrong("last_day", str(last or ""), _("Give a period, or the first and the last day."))
    return start, last + timedelta(days=1)


def _last(row: Parsed) -> object:
    """The last day, or that before the day after it."""
    after = row.values.get("ends_on")
    return after - timedelta(days=1) if isinstance(after, date) else row.values.get("last_day")


def _is_day(label: str) -> bool:
    """A day that is not the first of a month: where one stands, the others are days too."""
    return is_full_day(label) and month_in_words(label) is None


def _metric_reader() -> Callable[[str], str]:
    """Metric key from a key, a name in either language, or an alias."""
    known = dictionary.in_force()
    names = {
        name.casefold(): key
        for key, metric in known.items()
        for name in (*(say(metric.label, code) for code, _name in settings.LANGUAGES), *metric.aliases)
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
    called = Called(dict(org.people_visible(viewer, on).values_list("key", "name")))

    def read(row: Parsed) -> Scope:
        person, unit = row.text("person"), row.text("unit")
        if (key := row.text("scope")) and (
            kind := row.text("scope_kind")
        ):  # beside which a name says nothing more
            kind = _code("scope_kind", kind, _KINDS, _("Write unit or person."))
            person, unit = (key, "") if kind == "person" else ("", key)
        if not person and (row.text("region") in units or not unit):
            unit = row.text("region") or unit
        if person:
            numbers = called.meant(person)
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
    return Outcome(done.added, done.changed, done.unchanged, done.cleared, taken.errors, taken.notes)


_NOTE: Final = gettext_lazy(
    "Name a unit or a person, a metric by key or name, and a period (2026, 2026-Q1, 2026-03) or the first and last day. "
    "Empty levels are not set; 0 is a target. A column of product lines, customer types, sales channels … narrows a target "
    "to one of them; a column for each month (2026-01, 2026-02 …) stands for a row each."
)
TARGETS: Final = Importable("targets", gettext_lazy("Targets"), FIELDS, _take, _admit, _NOTE)
