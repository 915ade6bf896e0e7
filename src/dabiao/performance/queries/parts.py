"""The parts of a scope: the units below it, or its people, and what is credited to none of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, cast

from django.utils.translation import gettext as _

from dabiao.engine.metric import Measure
from dabiao.engine.period import Period
from dabiao.metrics import names
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Cell, Frame
from dabiao.metrics.promised import NONE, Promises
from dabiao.metrics.scope import seats
from dabiao.metrics.standing import NOW, Values, stand
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.queries.rows import Part

NOBODY = ""
MOST: Final = 8
"""Customers of a person that the cockpit lists."""


def parts(frame: Frame, metric: str, values: Values, promises: Promises) -> tuple[Part, ...]:
    """The scope's parts by the metric, largest lead over pace first; those without facts and target left out."""
    if frame.scope and frame.scope.kind == "person":
        return _customers(frame, metric)
    labels = frame.parts
    every = [_part(frame, metric, key, labels, values, promises) for key in _keys(frame, values, labels)]
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


def scopes(frame: Frame) -> list[Scope]:
    """The parts as scopes, for their targets."""
    if frame.children:
        return [Scope("unit", node.key) for node in frame.children]
    return [Scope("person", key) for key in frame.parts]


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


def _keys(frame: Frame, values: Values, labels: Mapping[str, str]) -> list[str]:
    """Today's parts, then others that have facts: people who have left, and nobody."""
    return [
        *labels,
        *(
            key
            for key in dict.fromkeys(str(part or NOBODY) for _window, part in values.by)
            if key not in labels
        ),
    ]


def _part(
    frame: Frame, metric: str, key: str, labels: Mapping[str, str], values: Values, promises: Promises
) -> Part:
    what: Literal["unit", "person", "nobody"] = kind(frame) if key else "nobody"
    value = values.get(NOW, metric, key or None if what == "nobody" and not frame.children else key)
    scope = Scope(kind(frame), key)
    promise = promises.get((scope, metric), NONE)
    stands = stand(frame, frame.metrics[metric], value, promise.value)
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
