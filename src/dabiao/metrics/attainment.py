"""Who stands where: every person or unit with actual, target, attainment and light, in one set-based read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from django.utils.translation import gettext as _

from dabiao.engine import number
from dabiao.engine.light import Colour
from dabiao.metrics import answer
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, promised
from dabiao.metrics.standing import NOW, stand
from dabiao.metrics.subtree import by_unit
from dabiao.org import queries as org
from dabiao.org.queries import Scope, tree

By = Literal["person", "unit"]


@dataclass(frozen=True)
class AttainmentRow:
    """One person's or unit's standing. `attainment` (1 = 100 %, to twelve decimals) is null without a target; `due` is
    the share due by now, `ahead` the actual less what the target asks for by now.

    A row whose key is empty holds what is credited to nobody.
    """

    key: str
    name: str
    kind: str
    actual: Number | None
    target: Decimal | None
    derived: bool
    attainment: Decimal | None
    due: float | None
    ahead: Number | None
    light: Colour | None


def attaining(frame: Frame, metric: str, by: By) -> list[AttainmentRow]:
    """Everybody of the scope who has facts or a target in the period; units in tree order, people by key.

    Actuals and targets come of the same sight: a unit that the viewer sees only a part of is not listed, since its
    target is that of all of it. Raises BadMetricRequest.
    """
    if metric not in frame.metrics:
        raise BadMetricRequest(f"No metric is called {metric!r}.")
    if by == "unit" and frame.scope is not None and frame.scope.kind == "person":
        raise BadMetricRequest(_("A person is no unit and has none below: list the attainment by person."))
    visible = list(_visible(frame, by))
    actuals = _of_people(frame, metric) if by == "person" else _of_units(frame, metric, visible)
    keys = dict.fromkeys([*actuals, *visible])
    scopes = {key: Scope(by, key) for key in keys if key}
    promises = promised(frame, scopes.values(), [metric])
    names = org.people_names(set(scopes)) if by == "person" else {}
    units = tree().by_key
    rows = []
    for key in keys:
        promise = promises.get((scopes.get(key), metric), NONE)
        if key not in actuals and promise.value is None:
            continue
        actual = actuals.get(
            key, answer.without_facts(frame.lake, metric, frame.period.start, frame.period.end)
        )
        stands = stand(frame, frame.metrics[metric], actual, promise.value)
        unit = units.get(key) if by == "unit" else None
        rows.append(
            AttainmentRow(
                key=key,
                name=unit.label(frame.language) if unit else names.get(key, key),
                kind=unit.kind if unit else by,
                actual=actual,
                target=promise.value,
                derived=promise.derived,
                attainment=None if stands.reached is None else number.decimal_of(stands.reached),
                due=stands.due,
                ahead=stands.ahead,
                light=stands.light,
            )
        )
    return rows


def _visible(frame: Frame, by: By) -> Iterable[str]:
    """The units or people of the scope, in order, whether they have facts or not."""
    if by == "unit":
        if frame.scope and frame.scope.kind == "unit":
            return [node.key for node in tree().subtree(frame.scope.key)]
        return [node.key for node in org.units_visible(frame.viewer, frame.today)]
    seated = frame.lake.run("SELECT seat, person FROM assignments").to_pylist()
    return sorted({row["person"] for row in seated if frame.seats is None or row["seat"] in frame.seats})


def _of_people(frame: Frame, metric: str) -> Mapping[str, Number | None]:
    return {
        cast(str, cell["person"]) or "": _value(cell, metric)
        for cell in frame.ask([metric], {NOW: frame.so_far}, ("person",))
    }


def _of_units(frame: Frame, metric: str, visible: Collection[str]) -> Mapping[str, Number | None]:
    """Every visible unit with all that lies below it: one question per level of the tree.

    What lies above the scope or the viewer's sight has facts there too, those of what is seen, and is left out.
    """
    shown = [node for node in tree().nodes if node.key in visible]
    cells = by_unit(frame, [metric], {NOW: frame.so_far}, shown)
    values = {unit: _value(cell, metric) for (_window, unit), cell in cells.items()}
    roots = tree().roots()
    if frame.seats is None and len(roots) == 1:
        # As on the cockpit: the company's figure includes what is credited to nobody.
        for cell in frame.ask([metric], {NOW: frame.so_far}):
            values[roots[0].key] = _value(cell, metric)
    inside = set(visible)
    return {node.key: values[node.key] for node in tree().nodes if node.key in values and node.key in inside}


def _value(cell: Mapping[str, object], metric: str) -> Number | None:
    return cast("Number | None", cell[metric])
