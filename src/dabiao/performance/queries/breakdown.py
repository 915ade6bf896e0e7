"""One metric of a scope: period by period, and split by whatever its facts can be split by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile
from typing import Final, cast
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core.errors import NotFound
from dabiao.engine.metric import Measure, Metric, Ratio, grows
from dabiao.engine.number import decimal_of
from dabiao.engine.period import Period
from dabiao.metrics import attainment, labels, names, splits
from dabiao.metrics.figure import Delta, Number, Where
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, Promise, Promises, promised
from dabiao.metrics.standing import BEFORE, FESTIVAL, NOW, YEAR, Values, compared, delta, stand
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.queries import cockpit, parts
from dabiao.performance.queries.rows import Tile, Trend
from dabiao.ui import format
from dabiao.ui.listing import Cell, Column, Kind, Listing

PARTS: Final = "parts"
DIMENSIONS: Final = (
    "person", "customer", "product_line", "category", "product", "kind", "acquisition_channel", "sales_channel",
    "industry", "province", "city", "tier", "customer_type", "stage", "outcome", "lost_reason", "competitor", "dealer",
    "severity", "cause", "method", "vendor", "region",
)  # fmt: skip
_OF_OTHER_SCOPES: Final = ("person", "unit", PARTS)
"""What an address may name that was kept for a scope which is split otherwise: the first way of this one is shown then."""
_KINDS: Final[Mapping[str, Kind]] = {"money": "money", "ratio": "ratio", "count": "count"}
EARLIER: Final = 12
"""Periods of the trend, the asked one included."""


@dataclass(frozen=True)
class Choice:
    """A way of splitting."""

    key: str
    label: str
    on: bool


@dataclass(frozen=True)
class Breakdown:
    """What the page of one metric shows."""

    where: Where
    tile: Tile
    trend: Trend
    by: str
    choices: tuple[Choice, ...]
    table: Listing
    """Its rows are known by `key`: see `step` and `facts_query` for where they lead."""
    note: str = ""
    """Where the rows, or their targets, do not sum to the whole."""
    instead: tuple[str, str] | None = None
    """Where there is a figure if here is none: what it is called, and scope and period as an address says them."""
    over_time: str = ""
    """How the same parts are called where they are listed month by month; empty: they are not."""


def breakdown(frame: Frame, key: str, by: str) -> Breakdown:
    """The metric of the scope, split by `by` (parts of the scope where empty). Raises NotFound."""
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    choices = ways(frame, frame.metrics[key])
    if by in {"", *_OF_OTHER_SCOPES} - set(choices):
        by = next(iter(choices), "")
    if by and by not in choices:
        by = splits.named(by) or by
    if by and by not in choices:
        raise NotFound(_("This metric cannot be split by %(by)s.") % {"by": by})
    promises = parts.promises(frame, (key,))
    tile = cockpit.tile(frame, key, cockpit.measured(frame, (key,)), promises)
    split = table(frame, tile, by, promises)
    course = trend(frame, key)
    empty, instead = _nothing(frame, tile, course) if splits.is_nobodys(frame.metrics[key]) else ("", None)
    return Breakdown(
        where=Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number),
        tile=tile,
        trend=course,
        by=by,
        choices=tuple(Choice(name, _title(frame, name), name == by) for name in choices),
        table=replace(split, rows=(), empty=empty) if empty else split,
        instead=instead,
        over_time="" if splits.is_nobodys(frame.metrics[key]) else _over_time(frame, by),
        note=" ".join(note for note in _notes(frame, tile, split) if note),
    )


def _notes(frame: Frame, tile: Tile, split: Listing) -> Iterator[str]:
    """Why the rows do not sum to the whole, where they don't."""
    targets = [cast("Decimal | None", row["target"]) for row in split.rows]
    yield parts.uneven(frame, tile.metric, tile.target, targets)
    metric = frame.metrics[tile.metric]
    lost = [cast("Number", row["value"]) for row in split.rows if row["target"] is None and row["value"]]
    if lost and grows(metric) and any(target is not None for target in targets) and tile.target is not None:
        whole = sum((Decimal(str(value)) for value in lost), Decimal(0))
        yield _(
            "%(value)s lie in rows without a target: they count in the total, and in no row's distance from its pace."
        ) % {"value": format.figure(whole, metric.unit, frame.currency)}
    if isinstance(metric, Measure) and metric.how == "distinct" and tile.value is not None:
        counted = sum((Decimal(str(row["value"] or 0)) for row in split.rows), Decimal(0))
        if counted > tile.value:
            yield _(
                "What counts in several rows counts in each of them, and once in the total: the rows sum to %(rows)s."
            ) % {"rows": format.plain(counted)}


def _nothing(frame: Frame, tile: Tile, course: Trend) -> tuple[str, tuple[str, str] | None]:
    """Why a figure of the market is not split here, and where there is one; nothing where it is split."""
    own = (
        {} if frame.scope is None else {"scope" if frame.scope.kind == "unit" else "person": frame.scope.key}
    )
    if tile.value is None:
        said = _("The size of the market is not known for every day of %(period)s.")
        known = [name for name, value in zip(course.labels, course.values, strict=True) if value is not None]
        instead = (known[-1], urlencode({**own, "period": known[-1]})) if known else None
        return said % {"period": format.period(frame.period)}, instead
    if ways(frame, frame.metrics[tile.metric]):
        return "", None
    home = org.home_scope(frame.viewer, frame.today)
    if home is None or home.kind != "unit" or frame.children or home == frame.scope:
        return nobodys(), None
    called = frame.tree.by_key[home.key].label(frame.language)
    return nobodys(), (called, urlencode({"scope": home.key, "period": frame.period.label}))


def nobodys() -> str:
    """Why figures of the market stand beside no part."""
    return _(
        "Figures of the market belong to no unit and to nobody: only the whole has a size, and a unit a share of it."
    )


def _over_time(frame: Frame, by: str) -> str:
    if by == PARTS:
        return "unit" if frame.children else "person"
    return by if by == "person" or by in splits.NARROWING else ""


def ways(frame: Frame, metric: Metric) -> list[str]:
    """How the metric can be split."""
    if splits.is_nobodys(metric):
        return [PARTS] if frame.children and isinstance(metric, Ratio) else []
    inside = [PARTS] if frame.children or frame.unit else []
    others = [name for name in DIMENSIONS if splits.can_split(metric, name)]
    by_person = bool(frame.children) or (not inside and frame.scope is None)
    return [*inside, *(name for name in others if name != "person" or by_person)]


def trend(frame: Frame, key: str) -> Trend:
    """The metric and its target in this and up to eleven periods before, from the first that has either."""
    spans: dict[str, Period] = {}
    window = frame.period
    for _n in range(EARLIER):
        spans[window.label] = window
        window = frame.fiscal.previous(window)
    ordered = dict(reversed(spans.items()))
    # As far as it has come: a share of the market is of these days, here as in the headline.
    measured = {**ordered, frame.period.label: frame.so_far}
    values = Values(frame, measured, frame.ask((key,), measured))
    goals = [
        promised(frame.at(window), [frame.scope], (key,)).get((frame.scope, key), NONE).value
        for window in ordered.values()
    ]
    drawn = [(name, values.get(name, key), goal) for name, goal in zip(ordered, goals, strict=True)]
    empty = len(list(takewhile(lambda each: not each[1] and each[2] is None, drawn[:-1])))
    labels_, figures, promised_ = zip(*drawn[empty:], strict=True)
    return Trend(labels_, figures, promised_, frame.metrics[key].unit, frame.currency)


def table(frame: Frame, tile: Tile, by: str, promises: Promises) -> Listing:
    """One row a part, with target, attainment and changes where parts have them."""
    key = tile.metric
    spans = compared(frame)
    if not by:
        return Listing(
            "parts", (), (), empty=_("A person's figure of this metric cannot be split any further.")
        )
    if by == PARTS:
        values = parts.measured(frame, (key,), spans)
        known, kind = parts.keys(frame, key, values, promises), parts.kind(frame)
        goals = {part: promises.get((Scope(kind, part), key), NONE) for part in known}
        # Of people, what is nobody's has no key in the answer; of units it has been summed up under an empty one.
        keys: Iterable[object] = known if frame.children else [part or None for part in known]
    else:
        values = Values(frame, spans, frame.ask((key,), spans, (by,)), by)
        goals = _goals(frame, key, by, [part for _window, part in values.by])
        keys = dict.fromkeys([*(part for _window, part in values.by), *goals])
    asked = _Asked(key, by, values, _labels(frame, by, keys), goals)
    rows = [_row(frame, asked, part) for part in keys]
    shown = [row for row in rows if row["value"] is not None or row["target"] is not None]
    ranks = attainment.places({str(row["key"]): cast("Decimal | None", row["reached"]) for row in shown})
    shown = [{**row, "rank": ranks.get(str(row["key"]))} for row in shown]
    shown.sort(key=lambda row: (-float(str(row["value"] or 0)), str(row["name"])))
    return Listing(
        key="parts",
        columns=_columns(frame, key, by, has_targets=any(row["target"] is not None for row in shown)),
        rows=shown,
        totals=_totals(frame, tile),
        currency=frame.currency,
    )


def _labels(frame: Frame, by: str, parts_: Iterable[object]) -> Mapping[str, str]:
    """Key → name of what is split into; of parts also of people who have left."""
    if by != PARTS:
        return names.names(by, parts_)
    others = {str(part) for part in parts_ if part and part not in frame.parts}
    return {**org.people_names(others), **frame.parts} if others and not frame.children else frame.parts


def _goals(frame: Frame, key: str, by: str, found: Iterable[object]) -> dict[str, Promise]:
    """Member → target where people, product lines, channels … were promised something of their own."""
    if by == "person":
        people = dict.fromkeys([*parts.people(frame), *(str(part) for part in found if part)])
        promises = promised(frame, [Scope("person", person) for person in people], (key,))
        return {scope.key: promise for (scope, _of), promise in promises.items() if scope}
    if by not in splits.NARROWING:
        return {}
    return dict(attainment.targets_along(frame, key, by))


@dataclass(frozen=True)
class _Asked:
    """What all rows of a table share."""

    key: str
    by: str
    values: Values
    labels: Mapping[str, str]
    goals: Mapping[str, Promise]


def _row(frame: Frame, asked: _Asked, part: object) -> dict[str, Cell]:
    key, by, values = asked.key, asked.by, asked.values
    metric = frame.metrics[key]
    goal = asked.goals.get(str(part or ""), NONE)
    value = (
        values.get(NOW, key, part)
        if (NOW, part) in values.by or by == PARTS or goal.value is not None
        else None
    )
    stands = stand(frame, metric, value, goal)
    name = asked.labels.get(str(part)) or (
        labels.value(part, by) if part not in {None, ""} else _("Not assigned")
    )
    before, year, aligned = (
        _delta(metric, value, asked, window, part) for window in (BEFORE, YEAR, FESTIVAL)
    )
    return {
        "key": str(part or ""),
        "name": name,
        "light": stands.light,
        "value": value,
        "target": stands.target,
        "attainment": stands.attainment,
        "attainment_pace": stands.due,
        "attained": stands.attainment,
        "reached": None if stands.reached is None else decimal_of(stands.reached),
        "ahead": stands.ahead,
        "unit": metric.unit,
        "on_previous": before.value,
        "on_year": year.value,
        "on_festival": aligned.value,
    }


def _delta(metric: Metric, value: Number | None, asked: _Asked, window: str, part: object) -> Delta:
    known = (window, part) in asked.values.by
    return delta(metric, value, asked.values.get(window, asked.key, part) if known else None)


def _columns(frame: Frame, key: str, by: str, *, has_targets: bool) -> Sequence[Column]:
    unit = frame.metrics[key].unit
    kind: Kind = _KINDS.get(unit, "figure")
    change: Kind = "points" if unit == "ratio" else "change"
    against = [
        Column("light", pgettext("colour of a status", "Light"), "light", export=False),
        Column("attained", _("Attainment"), "ratio", doubt="check"),
        Column("target", _("Target"), kind),
        Column("attainment", _("Done / due"), "bullet", export=False),
        Column("rank", _("Rank"), "count", note=_("By attainment, among those that have a target")),
        Column(
            "ahead", _("Against pace"), "difference", note=_("Actual less what the target asks for by now")
        ),
    ]
    columns = [
        Column("name", _title(frame, by), link="href"),
        Column("value", frame.label(key), kind, link="facts", note=frame.note(key)),
        Column("on_previous", _("On the period before"), change),
        Column("on_year", _("On the year before"), change),
    ]
    if frame.festival:
        columns.append(
            Column(
                "on_festival",
                _("On the year before, by festival"),
                change,
                note=_aligned_with(frame.festival),
            )
        )
    if has_targets:
        columns = [against[0], columns[0], columns[1], *against[1:], *columns[2:]]
    return [*columns, Column("key", _("Key"), hidden=True)]


def _aligned_with(window: Period) -> str:
    return _("Against %(first)s to %(last)s, the days that lie as far from Spring Festival a year before") % {
        "first": window.start,
        "last": window.last_day,
    }


def _title(frame: Frame, by: str) -> str:
    if by == PARTS:
        return _("Unit") if frame.children else _("Person")
    return labels.column(by)


def _totals(frame: Frame, tile: Tile) -> dict[str, Cell]:
    """The metric of the whole scope: measured, not added up, so that it holds for ratios and distinct counts."""
    return {
        "name": _("Total"),
        "light": tile.light,
        "value": tile.value,
        "target": tile.target,
        "attainment": tile.attainment,
        "attainment_pace": tile.due,
        "attained": tile.attainment,
        "ahead": stand(frame, frame.metrics[tile.metric], tile.value, tile.promise).ahead,
        "unit": tile.unit,
        "on_previous": tile.on_previous.value,
        "on_year": tile.on_year.value,
        "on_festival": tile.on_festival.value if tile.on_festival else None,
        "key": "",
    }


def facts_query(frame: Frame, by: str, part: str) -> dict[str, str]:
    """Scope, period and filter of the facts behind a row; "" is what has no value of the dimension."""
    return {**frame.query, **(_of_part(frame, part) if by == PARTS else {f"is_{by}": part})}


def target_query(frame: Frame, by: str, part: str) -> dict[str, str]:
    """Scope, period and part of the target of a row, as the grid of targets is asked for it."""
    own = _of_part(frame, part) if by == PARTS else {"person": part} if by == "person" else {}
    narrowed = {"dimension": by, "member": part} if by in splits.NARROWING else {}
    kept = {} if own else frame.query
    return {**kept, **own, "period": frame.period.label, **narrowed}


def step(frame: Frame, by: str, part: str) -> dict[str, str]:
    """Scope and period one step down: those of the part, or of a customer; empty where there is no step."""
    if by == "customer":
        return frame.query if part else {}
    own = _of_part(frame, part) if by == PARTS else {"person": part} if by == "person" and part else {}
    return {**own, "period": frame.period.label} if own else {}


def _of_part(frame: Frame, part: str) -> dict[str, str]:
    """Whoever has left, and nobody, is no scope of today's."""
    if part not in frame.parts:
        return {}
    return {"scope": part} if parts.kind(frame) == "unit" else {"person": part}
