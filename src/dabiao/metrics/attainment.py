"""Who stands where: people, units or the members of a dimension with actual, target, attainment, light and rank, all at
once, also month by month."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from django.utils.translation import gettext as _

from dabiao.engine import number
from dabiao.engine.light import Colour
from dabiao.engine.metric import grows
from dabiao.engine.period import Period
from dabiao.metrics import answer, labels, names, splits
from dabiao.metrics.answer import WINDOW, BadMetricRequest
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Cell, Frame
from dabiao.metrics.promised import NONE, Promise, added, promised, promised_along
from dabiao.metrics.request import TIMES, parts_of
from dabiao.metrics.standing import stand
from dabiao.metrics.subtree import by_unit
from dabiao.org import queries as org
from dabiao.org.queries import Node, Scope, ScopeKind, tree

WHOLE = ""
"""Of the scope as it is, split by time alone."""
Actuals = Mapping[str, Mapping[str, Number | None]]
"""Label of a period → key → what was reached in it so far."""


@dataclass(frozen=True)
class AttainmentRow:
    """One standing. `attainment` (1 = 100 %, to twelve decimals) is null without a target; `due` is the share due by
    now, `ahead` the actual less what the target asks for by now.

    rank: place by attainment among those of the same period and kind that have a target, from 1; equals share one.
    A row whose key is empty holds what is credited to nobody, or has no value of the dimension.
    """

    key: str
    name: str
    kind: str
    period: str
    actual: Number | None
    target: Decimal | None
    derived: bool
    attainment: Decimal | None
    due: float | None
    ahead: Number | None
    light: Colour | None
    rank: int | None = None


@dataclass(frozen=True)
class Wanted:
    """By what attainment is listed. `what`: person, unit, a kind of unit, a dimension of targets, or nothing (then by
    `time` alone); `time`: a length of time, or nothing."""

    what: str
    time: str

    @property
    def is_of_units(self) -> bool:
        return self.what == "unit" or self.what in _kinds()


def attaining(frame: Frame, metric: str, by: str) -> list[AttainmentRow]:
    """Everybody or everything of the scope that has facts or a target in the period.

    by: person, unit, a kind of unit, a dimension that targets are narrowed by, a length of time; or two of them with a
        comma, of which one is a length of time
    returns: period by period; units in tree order, all others by rank, then key

    Actuals and targets come of the same sight: a unit that the viewer sees only a part of is not listed, since its
    target is that of all of it; members of a dimension are held against the targets of the scope, or of what the viewer
    sees where there is none. Raises BadMetricRequest.
    """
    if metric not in frame.metrics:
        raise BadMetricRequest(f"No metric is called {metric!r}.")
    wanted = wanted_by(by)
    if wanted.is_of_units and frame.scope is not None and frame.scope.kind == "person":
        raise BadMetricRequest(_("A person is no unit and has none below: list the attainment by person."))
    spans = parts_of(frame.fiscal, frame.period, wanted.time) if wanted.time else (frame.period,)
    frames = {span.label: frame.at(span) for span in spans}
    visible = list(_visible(frame, wanted))
    actuals = _actuals(frame, metric, wanted, {label: one.so_far for label, one in frames.items()}, visible)
    rows: list[AttainmentRow] = []
    for label, one in frames.items():
        found = _ranked(_of_period(one, metric, wanted, actuals.get(label, {}), visible))
        rows += found if wanted.is_of_units else sorted(found, key=_place)
    return rows


def wanted_by(by: str) -> Wanted:
    """What `--by` and `by=` say. Raises BadMetricRequest that lists what there is."""
    said = list(dict.fromkeys(part.strip() for part in by.split(",") if part.strip()))
    times = [name for name in said if name in TIMES]
    others = [name for name in said if name not in TIMES]
    if not said or len(times) > 1 or len(others) > 1:
        raise BadMetricRequest(
            _("List the attainment by one thing, by one length of time, or by both: person,month.")
        )
    return Wanted(_known(others[0]) if others else WHOLE, times[0] if times else "")


def _known(said: str) -> str:
    if said in {"person", "unit", *_kinds()}:
        return said
    name = splits.named(said)
    if name is None:
        known = ["person", "unit", *_kinds(), *splits.NARROWING]
        raise BadMetricRequest(
            _(
                "Attainment is not listed by %(said)s; it is by %(known)s, each also with a length of time: %(times)s."
            )
            % {"said": said, "known": ", ".join(known), "times": ", ".join(TIMES)}
        )
    return name


def _kinds() -> list[str]:
    return list(dict.fromkeys(node.kind for node in tree().nodes))


def _of_period(
    frame: Frame,
    metric: str,
    wanted: Wanted,
    actuals: Mapping[str, Number | None],
    visible: Sequence[str],
) -> list[AttainmentRow]:
    targets = _targets(frame, metric, wanted, [*actuals, *visible])
    if wanted.what == "person":  # as in the breakdown: who is not there yet, or has left, has no standing
        away = org.seatless(set(targets) - set(actuals), frame.period.start, frame.period.end)
        targets = {key: promise for key, promise in targets.items() if key not in away}
    keys = [key for key in dict.fromkeys([*actuals, *visible, *targets]) if key in actuals or key in targets]
    called, kinds = _names(frame, wanted, keys), tree().by_key if wanted.is_of_units else {}
    unknown = answer.without_facts(frame.lake, metric, frame.period.start, frame.period.end)
    rows = []
    for key in keys:
        promise, actual = targets.get(key, NONE), actuals.get(key, unknown)
        stands = stand(frame, frame.metrics[metric], actual, promise)
        rows.append(
            AttainmentRow(
                key=key,
                name=called(key),
                kind=kinds[key].kind if key in kinds else wanted.what or _kind_of(frame),
                period=frame.period.label,
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


def _ranked(rows: Sequence[AttainmentRow]) -> list[AttainmentRow]:
    """With places among their kind: a company is not compared with its teams."""
    found: dict[str, int] = {}
    for kind in {row.kind for row in rows}:
        found |= places({row.key: row.attainment for row in rows if row.kind == kind})
    return [replace(row, rank=found.get(row.key)) for row in rows]


def places(values: Mapping[str, Decimal | None]) -> dict[str, int]:
    """Key → place from 1: one more than there are larger ones, so that equals share theirs; without those of None."""
    first: dict[Decimal, int] = {}
    known = sorted((value for value in values.values() if value is not None), reverse=True)
    for place, value in enumerate(known, start=1):
        first.setdefault(value, place)
    return {key: first[value] for key, value in values.items() if value is not None}


def _place(row: AttainmentRow) -> tuple[bool, int, str]:
    return (row.rank is None, row.rank or 0, row.key)


def _targets(frame: Frame, metric: str, wanted: Wanted, keys: Iterable[str]) -> Mapping[str, Promise]:
    """Key → target, of those that have one."""
    if wanted.what == "person" or wanted.is_of_units:
        kind: ScopeKind = "person" if wanted.what == "person" else "unit"
        scopes = [Scope(kind, key) for key in dict.fromkeys(keys) if key]
        known = promised(frame, scopes, [metric]).items()
        return {scope.key: promise for (scope, _of), promise in known if scope and promise.value is not None}
    if wanted.what == WHOLE:
        held = holders(frame)
        whole = promised(frame, held, [metric])
        key = frame.scope.key if frame.scope else WHOLE
        total = together(frame, metric, [whole.get((scope, metric), NONE) for scope in held])
        return {} if total.value is None else {key: total}
    return targets_along(frame, metric, wanted.what)


def targets_along(frame: Frame, metric: str, dimension: str) -> Mapping[str, Promise]:
    """Member of a dimension → target of the scope, or of all that the viewer sees, narrowed to it."""
    held = holders(frame)
    found: dict[str, list[Promise]] = {}
    for (_scope, member), promise in promised_along(frame, held, metric, dimension).items():
        if promise.value is not None:
            found.setdefault(member, []).append(promise)
    sums = {member: together(frame, metric, promises) for member, promises in found.items()}
    return {member: promise for member, promise in sums.items() if promise.value is not None}


def together(frame: Frame, metric: str, promises: Sequence[Promise]) -> Promise:
    """What several scopes promised; of what can't be added, nothing is known of them together."""
    known = [promise for promise in promises if promise.value is not None]
    if len(known) == 1:
        return known[0]
    if not known or not grows(frame.metrics[metric]):
        return NONE
    return added(frame, known)


def holders(frame: Frame) -> list[Scope]:
    """Whose targets stand against the figures of the frame: the scope's; without one those of the topmost units that the
    viewer sees, and their own where they sit in none of these."""
    if frame.scope is not None:
        return [frame.scope]
    tops = [Scope("unit", node.key) for node in org.tops_visible(frame.viewer, frame.today)]
    own = org.own_person(frame.viewer)
    if own is None or frame.units is None:
        return tops
    seated = org.days_in(frame.units, [own], frame.period.start, frame.period.end)
    return tops if seated.get(own) else [*tops, Scope("person", own)]


def _visible(frame: Frame, wanted: Wanted) -> Iterable[str]:
    """The units or people of the scope, in order, whether they have facts or not; members of dimensions are not known."""
    if wanted.is_of_units:
        if frame.scope and frame.scope.kind == "unit":
            nodes: Iterable[Node] = tree().subtree(frame.scope.key)
        else:
            nodes = org.units_visible(frame.viewer, frame.today)
        return [node.key for node in nodes if wanted.what in {"unit", node.kind}]
    if wanted.what != "person":
        return []
    seated = frame.lake.run("SELECT seat, person FROM assignments").to_pylist()
    return sorted({row["person"] for row in seated if frame.seats is None or row["seat"] in frame.seats})


def _actuals(
    frame: Frame, metric: str, wanted: Wanted, windows: Mapping[str, Period], visible: Collection[str]
) -> Actuals:
    if wanted.is_of_units:
        return _of_units(frame, metric, windows, visible)
    found: dict[str, dict[str, Number | None]] = {}
    by = (wanted.what,) if wanted.what else ()
    whole = frame.scope.key if frame.scope else WHOLE
    for cell in frame.ask([metric], windows, by):
        key = str(cell[wanted.what] or "") if wanted.what else whole
        found.setdefault(_window(cell), {})[key] = _value(cell, metric)
    return found


def _of_units(
    frame: Frame, metric: str, windows: Mapping[str, Period], visible: Collection[str]
) -> dict[str, dict[str, Number | None]]:
    """Every visible unit with all that lies below it: one question per level of the tree.

    What lies above the scope or the viewer's sight has facts there too, those of what is seen, and is left out.
    """
    shown = [node for node in tree().nodes if node.key in visible]
    values: dict[str, dict[str, Number | None]] = {label: {} for label in windows}
    for (label, unit), cell in by_unit(frame, [metric], windows, shown).items():
        values[label][unit] = _value(cell, metric)
    roots = tree().roots()
    if frame.seats is None and len(roots) == 1:
        # As on the cockpit: the company's figure includes what is credited to nobody.
        for cell in frame.ask([metric], windows):
            values[_window(cell)][roots[0].key] = _value(cell, metric)
    inside = set(visible)
    return {
        label: {
            node.key: known[node.key] for node in tree().nodes if node.key in known and node.key in inside
        }
        for label, known in values.items()
    }


def _names(frame: Frame, wanted: Wanted, keys: Sequence[str]) -> Callable[[str], str]:
    if wanted.is_of_units:
        units = tree().by_key
        return lambda key: units[key].label(frame.language) if key in units else key
    if wanted.what == WHOLE:
        return lambda _key: frame.name
    if wanted.what == "person":
        people = org.people_names({key for key in keys if key})
        return lambda key: people.get(key, key)
    known = names.names(wanted.what, keys)
    return lambda key: known.get(key) or (labels.value(key) if key else _("Not assigned"))


def _kind_of(frame: Frame) -> str:
    return frame.unit.kind if frame.unit else frame.scope.kind if frame.scope else "company"


def _window(cell: Cell) -> str:
    return cast(str, cell[WINDOW])


def _value(cell: Cell, metric: str) -> Number | None:
    return cast("Number | None", cell[metric])
