"""What asks for attention: lights of the scope and of its parts, jumps, process and result parting ways."""

from collections.abc import Iterator, Sequence
from typing import Final

from dabiao.engine import light
from dabiao.engine.metric import Metric, Ratio, is_flow
from dabiao.metrics.figure import Delta, Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, Promises
from dabiao.metrics.standing import NOW, Standing, Values, stand
from dabiao.org.queries import Scope
from dabiao.performance.queries.rows import Signal, Tile

JUMP: Final = 0.3
"""A change on the same share of the period before that asks for an explanation."""
PARTING: Final = 0.05
"""Process up and result down by at least this much each."""
_WEIGHT: Final = {"red": 0, "amber": 1, "green": 2}


def signals(frame: Frame, tiles: Sequence[Tile], below: Values, promises: Promises) -> tuple[Signal, ...]:
    """Worst first: by light, then by how far off."""
    every = [*_of_scope(frame, tiles), *_parting(frame, tiles), *_of_parts(frame, tiles, below, promises)]
    return tuple(
        sorted(
            every,
            key=lambda signal: (_WEIGHT[signal.light], -abs(signal.deviation or 0), signal.label, signal.who),
        )
    )


def _of_scope(frame: Frame, tiles: Sequence[Tile]) -> Iterator[Signal]:
    for tile in tiles:
        stands = stand(frame, frame.metrics[tile.metric], tile.value, tile.target)
        signal = _off(frame, tile.metric, stands, frame.name, frame.scope)
        if signal:
            yield signal
        elif tile.target is None and (
            jump := _jump(frame, tile.metric, tile.on_previous, tile.value, frame.scope)
        ):
            yield jump


def _parting(frame: Frame, tiles: Sequence[Tile]) -> Iterator[Signal]:
    """More effort, less result: the quality of the work, not its amount, is the question."""
    process = [tile for tile in tiles if frame.metrics[tile.metric].kind == "process"]
    results = [
        tile
        for tile in tiles
        if frame.metrics[tile.metric].kind != "process" and not _ripens(frame.metrics[tile.metric])
    ]
    for tile in process:
        up = tile.on_previous.value
        fallen = [each for each in results if (each.on_previous.value or 0) <= -PARTING]
        if up is None or up < PARTING or not fallen:
            continue
        worst = min(fallen, key=lambda each: (each.on_previous.value or 0, each.metric))
        yield Signal(
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


def _ripens(metric: Metric) -> bool:
    """Whether a period's figure still grows after the period: what became of the leads it created."""
    return isinstance(metric, Ratio) and metric.part.source.on == "created_on"


def _of_parts(frame: Frame, tiles: Sequence[Tile], below: Values, promises: Promises) -> Iterator[Signal]:
    """Units or people below the scope whose sums and counts are red, or have jumped where there is no target."""
    keys = [tile.metric for tile in tiles if is_flow(frame.metrics[tile.metric])]
    labels = frame.parts
    if not keys or not labels:
        return
    for part, name in labels.items():
        scope = Scope("unit" if frame.children else "person", part)
        for key in keys:
            value = below.get(NOW, key, part)
            stands = stand(frame, frame.metrics[key], value, promises.get((scope, key), NONE).value)
            if stands.light == "red" and (signal := _off(frame, key, stands, name, scope)):
                yield signal


def _off(frame: Frame, key: str, stands: Standing, who: str, scope: Scope | None) -> Signal | None:
    """Off by more than a tenth either way: below asks for help, above for an explanation."""
    if stands.light is None or stands.deviation is None or abs(stands.deviation) <= light.EXPLAIN_BEYOND:
        return None
    return Signal(
        "off_target" if stands.deviation < 0 else "beyond",
        stands.light,
        frame.label(key),
        frame.metrics[key].unit,
        stands.value,
        stands.target,
        stands.deviation,
        who,
        metric=key,
        scope=scope,
    )


def _jump(frame: Frame, key: str, change: Delta, value: Number | None, scope: Scope | None) -> Signal | None:
    """A jump on the same share of the period before, where no target says how much it should be."""
    if change.value is None or abs(change.value) <= JUMP:
        return None
    return Signal(
        "jump",
        "green" if change.good else "amber",
        frame.label(key),
        frame.metrics[key].unit,
        value,
        None,
        change.value,
        frame.name,
        points=change.points,
        metric=key,
        scope=scope,
    )
