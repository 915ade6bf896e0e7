"""What asks for attention: whatever is off its target in the whole subtree, jumps, process and result parting ways."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Final, Literal

from dabiao.engine import light
from dabiao.engine.attainment import doubtful
from dabiao.engine.metric import Metric, Ratio, adds_up, grows
from dabiao.metrics.figure import Delta, Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, Promises
from dabiao.metrics.standing import NOW, Standing, stand
from dabiao.metrics.subtree import Subtree
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.queries import stakes
from dabiao.performance.queries.next_steps import next_step
from dabiao.performance.queries.rows import Signal, Tile

JUMP: Final = 0.3
"""A change on the same share of the period before that asks for an explanation."""
PARTING: Final = 0.05
"""Process up and result down by at least this much each."""
WHOLLY: Final = Fraction(4, 5)
"""A gap of which one part makes so much is that part's."""
_WEIGHT: Final = {"red": 0, "amber": 1, "green": 2}


@dataclass(frozen=True)
class Off:
    """A metric of a scope that is off: where it stands, and how much it lacks in what it adds up."""

    key: str
    scope: Scope | None
    stands: Standing
    lacks: Fraction | None


def signals(frame: Frame, tiles: Sequence[Tile], below: Subtree, promises: Promises) -> tuple[Signal, ...]:
    """What needs handling, the most money at stake first; what can't be told in money after it, by light and distance.

    below: knows the metrics of the tiles now. promises: of the scope and of all below it
    """
    found = [*_off_targets(frame, tiles, below, promises), *_of_scope(frame, tiles)]
    return tuple(sorted(found, key=_rank))


def good(frame: Frame, tiles: Sequence[Tile]) -> tuple[Signal, ...]:
    """What goes better than it was meant to, of the scope itself: well above target, or a welcome jump."""
    found = []
    for tile in tiles:
        stands = stand(frame, frame.metrics[tile.metric], tile.value, tile.promise)
        if doubtful(stands.reached):
            continue  # that says more about the target than about the work
        if stands.deviation is not None and stands.deviation > light.EXPLAIN_BEYOND:
            found.append(
                _signal(frame, "beyond", Off(tile.metric, frame.scope, stands, None), frame.name, tile.label)
            )
        elif (jump := _jump(frame, tile)) and jump.light == "green":
            found.append(jump)
    return tuple(sorted(found, key=_rank))


def is_off(stands: Standing) -> bool:
    """Whether it needs handling: red, or below what is due by more than a tenth."""
    if stands.light is None or stands.light == "green" or stands.deviation is None:
        return False
    return stands.light == "red" or stands.deviation < -light.EXPLAIN_BEYOND


def every_off(frame: Frame, tiles: Sequence[Tile], below: Subtree, promises: Promises) -> list[Off]:
    """Each metric of the tiles that is off, of the scope and of every unit and person below it."""
    found = []
    for tile in tiles:
        metric = frame.metrics[tile.metric]
        for scope in (frame.scope, *below.parts):
            own = scope == frame.scope
            promise = tile.promise if own else promises.get((scope, tile.metric), NONE)
            if promise.value is None:
                continue
            value = tile.value if own else below.get(NOW, tile.metric, scope)
            stands = stand(frame, metric, value, promise)
            if is_off(stands):
                lacks = stakes.short(frame, below, tile.metric, scope, stands)
                found.append(Off(tile.metric, scope, stands, lacks))
    return found


def weighed(
    frame: Frame, tiles: Sequence[Tile], below: Subtree, promises: Promises, off: Sequence[Off]
) -> list[stakes.Stake | None]:
    """The money at stake of each, in the order given."""
    headline = tiles[0].metric

    @cache
    def brings(scope: Scope | None) -> Fraction | None:
        if scope == frame.scope:
            return stakes.brought(frame, headline, tiles[0].value, tiles[0].promise)
        promise = promises.get((scope, headline), NONE)
        return stakes.brought(frame, headline, below.get(NOW, headline, scope), promise)

    return [stakes.stake(frame.metrics[one.key], one.stands, one.lacks, brings(one.scope)) for one in off]


def _off_targets(frame: Frame, tiles: Sequence[Tile], below: Subtree, promises: Promises) -> Iterator[Signal]:
    """Where a gap is wholly that of one part, the deepest such part stands for all above it."""
    every = every_off(frame, tiles, below, promises)
    at = {(each.key, each.scope): each for each in every}
    carried = _carried(frame, below, at)
    shown = [each for each in every if (each.key, each.scope) not in carried]
    names = _names(frame, below)
    labels = {tile.metric: tile.label for tile in tiles}
    for each, worth in zip(shown, weighed(frame, tiles, below, promises, shown), strict=True):
        above = [place for place in _above(frame, below, each.scope) if place != frame.scope]
        folded = _folded(carried, each)
        signal = _signal(frame, "off_target", each, names[each.scope], labels[each.key])
        yield replace(
            signal,
            stake=worth.amount if worth else None,
            about=worth.about if worth else False,
            path=tuple(names[place] for place in reversed(above)),
            carries=tuple(names[place] for place in folded),
        )


def _carried(
    frame: Frame, below: Subtree, at: Mapping[tuple[str, Scope | None], Off]
) -> Mapping[tuple[str, Scope | None], Scope | None]:
    """(metric, scope) → the one part directly below it that makes its gap."""
    parts: dict[tuple[str, Scope | None], list[Off]] = defaultdict(list)
    for each in at.values():
        above = _above(frame, below, each.scope)
        if above:
            parts[each.key, above[0]].append(each)
    found: dict[tuple[str, Scope | None], Scope | None] = {}
    for place, under in parts.items():
        whole = at[place].lacks if place in at else None
        if whole is None or whole <= 0:
            continue
        makers = [each for each in under if each.lacks is not None and each.lacks >= WHOLLY * whole]
        if len(makers) == 1:
            found[place] = makers[0].scope
    return found


def _folded(carried: Mapping[tuple[str, Scope | None], Scope | None], each: Off) -> list[Scope | None]:
    """Whose gap this one is too, the nearest first."""
    of = {(key, part): whole for (key, whole), part in carried.items()}
    found: list[Scope | None] = []
    place = each.scope
    while (each.key, place) in of:
        place = of[each.key, place]
        found.append(place)
    return found


def _above(frame: Frame, below: Subtree, scope: Scope | None) -> list[Scope | None]:
    """The places of the page over a part, the nearest first, the page's scope last."""
    if scope is None or scope == frame.scope:
        return []
    unit = below.people.get(scope.key) if scope.kind == "person" else scope.key
    inside = {node.key for node in below.units}
    path = [node.key for node in frame.tree.path(unit)] if unit and unit in frame.tree.by_key else []
    over = [key for key in reversed(path) if key in inside and (scope.kind == "person" or key != scope.key)]
    places: list[Scope | None] = [Scope("unit", key) for key in over]
    return places if frame.scope in places else [*places, frame.scope]


def _names(frame: Frame, below: Subtree) -> Mapping[Scope | None, str]:
    called = org.people_names(set(below.people)) if below.people else {}
    units: dict[Scope | None, str] = {
        Scope("unit", node.key): node.label(frame.language) for node in below.units
    }
    people: dict[Scope | None, str] = {Scope("person", key): called.get(key, key) for key in below.people}
    return {**units, **people, frame.scope: frame.name}


def _of_scope(frame: Frame, tiles: Sequence[Tile]) -> Iterator[Signal]:
    """Jumps for the worse, and what parts."""
    for tile in tiles:
        if (jump := _jump(frame, tile)) and jump.light != "green":
            yield jump
    yield from _parting(frame, tiles)


def _parting(frame: Frame, tiles: Sequence[Tile]) -> Iterator[Signal]:
    """More effort, less result: the quality of the work, not its amount, is the question. Of a result that is where it
    should be nobody asks."""
    process = [tile for tile in tiles if frame.metrics[tile.metric].kind == "process"]
    results = [tile for tile in tiles if tile.light != "green" and _tells(frame.metrics[tile.metric])]
    for tile in process:
        up = tile.on_previous.value
        fallen = [each for each in results if (each.on_previous.value or 0) <= -PARTING]
        if up is None or up < PARTING or not fallen:
            continue
        worst = min(fallen, key=lambda each: (each.on_previous.value or 0, each.metric))
        signal = Signal(
            "divergence",
            "amber",
            tile.label,
            tile.unit,
            tile.value,
            None,
            up,
            other_label=worst.label,
            other_change=worst.on_previous.value,
            other_points=worst.on_previous.points,
            metric=worst.metric,
            scope=frame.scope,
        )
        yield _advised(frame, signal)


def _tells(metric: Metric) -> bool:
    """Whether it is a result that can have fallen already."""
    return metric.kind != "process" and not _ripens(metric)


def _ripens(metric: Metric) -> bool:
    """Whether a period's figure still grows after the period: what became of the leads it created."""
    return isinstance(metric, Ratio) and metric.part.source.on == "created_on"


def _jump(frame: Frame, tile: Tile) -> Signal | None:
    """A jump on the same share of the period before, where no target says how much it should be."""
    change: Delta = tile.on_previous
    if tile.target is not None or change.value is None or abs(change.value) <= JUMP:
        return None
    signal = Signal(
        "jump",
        "green" if change.good else "amber",
        tile.label,
        tile.unit,
        tile.value,
        None,
        change.value,
        frame.name,
        points=change.points,
        metric=tile.metric,
        scope=frame.scope,
    )
    return _advised(frame, signal)


def _signal(frame: Frame, kind: Literal["off_target", "beyond"], each: Off, who: str, label: str) -> Signal:
    metric, stands = frame.metrics[each.key], each.stands
    assert stands.light is not None
    signal = Signal(
        kind,
        stands.light,
        label,
        metric.unit,
        stands.value,
        stands.target,
        stands.deviation,
        who,
        metric=each.key,
        scope=each.scope,
        paced=grows(metric) and not frame.closed,
        explainable=adds_up(metric) and kind != "beyond",
    )
    return _advised(frame, signal)


def _advised(frame: Frame, signal: Signal) -> Signal:
    return replace(signal, step=next_step(signal, frame.metrics.get(signal.metric)))


def _rank(signal: Signal) -> tuple[bool, Number, int, float, str, str, str]:
    """The one order of signals; the last three only make it certain."""
    return (
        signal.stake is None,
        -(signal.stake or 0),
        _WEIGHT[signal.light],
        -abs(signal.deviation or 0),
        signal.label,
        signal.who,
        signal.scope.key if signal.scope else "",
    )
