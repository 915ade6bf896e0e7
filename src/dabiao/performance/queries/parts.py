"""The parts of a scope: the units below it, or its people, and what is credited to none of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, cast

from django.utils.translation import gettext as _

from dabiao.engine.metric import Measure, grows
from dabiao.engine.number import MONEY_SCALE
from dabiao.engine.period import Period
from dabiao.metrics import names
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Cell, Frame
from dabiao.metrics.promised import NONE, Promise, Promises, added, promised
from dabiao.metrics.scope import seats
from dabiao.metrics.standing import NOW, Values, stand
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.queries.rows import Part
from dabiao.ui.format import figure

NOBODY = ""
ROUNDED: Final = Decimal(1).scaleb(-MONEY_SCALE)
"""How far prorated targets may be from summing."""
MOST: Final = 8
"""Customers of a person that the cockpit lists."""


def parts(frame: Frame, metric: str, values: Values, goals: Promises) -> tuple[Part, ...]:
    """The scope's parts by the metric, largest lead over pace first; those without facts and target left out."""
    if frame.scope and frame.scope.kind == "person":
        return _customers(frame, metric)
    labels = frame.parts
    every = [_part(frame, metric, key, labels, values, goals) for key in keys(frame, metric, values, goals)]
    shown = [
        part
        for part in every
        if part.value or part.target is not None or (part.kind == "person" and part.value is not None)
    ]
    return tuple(
        sorted(
            shown,
            key=lambda part: (part.ahead is None, -(part.ahead or 0), -float(part.value or 0), part.key),
        )
    )


def _customers(frame: Frame, metric: str) -> tuple[Part, ...]:
    """A person's parts: the customers that most of it came from."""
    spans = {NOW: frame.so_far}
    values = Values(frame, spans, frame.ask((metric,), spans, ("customer",)), "customer")
    amounts = {str(key or NOBODY): values.get(NOW, metric, key) for _window, key in values.by}
    most = sorted((key for key in amounts if amounts[key]), key=lambda key: (-float(amounts[key] or 0), key))[
        :MOST
    ]
    called = names.names("customer", most)
    return tuple(
        Part(
            key,
            called.get(key, key) or _("Not assigned"),
            "customer" if key else "nobody",
            amounts[key],
            None,
            None,
            None,
            None,
            None,
        )
        for key in most
    )


def kind(frame: Frame) -> Literal["unit", "person"]:
    """What the parts are: units where the scope has units below it, else people."""
    return "unit" if frame.children else "person"


def people(frame: Frame) -> list[str]:
    """The people of the scope: today's, then others who held a seat in it in the period."""
    units = frame.units
    within = [node.key for node in frame.tree.nodes] if units is None else units
    seated = org.primary_seats(within, frame.period.start, frame.period.end)
    return list(dict.fromkeys([*([] if frame.children else frame.parts), *(seat.person for seat in seated)]))


def promises(frame: Frame, metrics: Sequence[str]) -> Promises:
    """The targets of the scope and of its parts; those of nobody are of the people directly in a unit with units below."""
    if not frame.children:
        below = [Scope("person", key) for key in people(frame)] if frame.unit else []
        return promised(frame, [frame.scope, *below], metrics)
    found = dict(
        promised(frame, [frame.scope, *(Scope("unit", node.key) for node in frame.children)], metrics)
    )
    found.update(_of_nobody(frame, metrics))
    return found


def _of_nobody(frame: Frame, metrics: Sequence[str]) -> Promises:
    """What the people were promised who sit in the scope's own unit, in none of the units below it."""
    if frame.unit is None:
        return {}
    own = frozenset({frame.unit.key})
    seated = {seat.person for seat in org.primary_seats(own, frame.period.start, frame.period.end)}
    known = promised(frame, [Scope("person", key) for key in sorted(seated)], metrics, units=own)
    sums: dict[tuple[Scope | None, str], Promise] = {}
    for (_scope, metric), promise in known.items():
        if promise.value is not None and grows(frame.metrics[metric]):
            place = (Scope("unit", NOBODY), metric)
            sums[place] = added(frame, [sums.get(place, NONE), promise])
    return sums


def uneven(frame: Frame, metric: str, whole: Decimal | None, targets: Iterable[Decimal | None]) -> str:
    """That the targets of the parts do not sum to that of the whole; nothing where they do, or where nothing is to sum."""
    known = [target for target in targets if target is not None]
    added = sum(known, Decimal(0))
    if (
        whole is None
        or not known
        or not grows(frame.metrics[metric])
        or abs(added - whole) <= ROUNDED * len(known)
    ):
        return ""
    unit = frame.metrics[metric].unit
    return _("The targets of the parts sum to %(parts)s, the target of the whole is %(whole)s.") % {
        "parts": figure(added, unit, frame.currency),
        "whole": figure(whole, unit, frame.currency),
    }


def measured(frame: Frame, metrics: Sequence[str], spans: Mapping[str, Period] | None = None) -> Values:
    """The metrics of every part in each window; units below a part count for it."""
    windows = {NOW: frame.so_far} if spans is None else spans
    if not frame.children:
        return Values(frame, windows, frame.ask(metrics, windows, ("person",)), "person")
    if all(isinstance(metric := frame.metrics[key], Measure) and metric.additive for key in metrics):
        return _summed(frame, metrics, windows)
    cells: list[Cell] = []
    for node in frame.children:
        own = seats(frame.lake, viewer=frame.viewer, scope=Scope("unit", node.key), on=frame.today)
        cells += [{**cell, "part": node.key} for cell in frame.ask(metrics, windows, within=own)]
    return Values(frame, windows, cells, "part")


def _summed(frame: Frame, metrics: Sequence[str], windows: Mapping[str, Period]) -> Values:
    """One query for all parts: sums and counts of the units below each are added up."""
    top = {node.key: child.key for child in frame.children for node in frame.tree.subtree(child.key)}
    sums: dict[tuple[object, str], dict[str, Number | None]] = defaultdict(dict)
    for cell in frame.ask(metrics, windows, ("unit",)):
        part = top.get(cast(str, cell["unit"]), NOBODY)
        row = sums[cell["window"], part]
        for metric in metrics:
            row[metric] = _added(row.get(metric), cast("Number | None", cell[metric]))
    cells = [{"window": window, "part": part, **row} for (window, part), row in sums.items()]
    return Values(frame, windows, cells, "part")


def _added(left: Number | None, right: Number | None) -> Number | None:
    if left is None or right is None:
        return right if left is None else left
    return Decimal(str(left)) + Decimal(str(right))


def keys(frame: Frame, metric: str, values: Values, goals: Promises) -> list[str]:
    """Today's parts, then others that have facts or a target: people who have left, and nobody."""
    facts = (str(part or NOBODY) for _window, part in values.by)
    promised_to = (
        scope.key
        for (scope, of), promise in goals.items()
        if scope is not None and of == metric and promise.value is not None
        if scope.kind == kind(frame) and scope != frame.scope
    )
    return list(dict.fromkeys([*frame.parts, *facts, *promised_to]))


def _part(
    frame: Frame, metric: str, key: str, labels: Mapping[str, str], values: Values, goals: Promises
) -> Part:
    what: Literal["unit", "person", "nobody"] = kind(frame) if key else "nobody"
    value = values.get(NOW, metric, key or None if what == "nobody" and not frame.children else key)
    scope = Scope(kind(frame), key)
    promise = goals.get((scope, metric), NONE)
    stands = stand(frame, frame.metrics[metric], value, promise)
    name = labels.get(key) or (org.people_names({key}).get(key, key) if key else _("Not assigned"))
    return Part(
        key,
        name,
        what,
        value,
        promise.value,
        stands.attainment,
        stands.due,
        stands.light,
        stands.ahead,
    )
