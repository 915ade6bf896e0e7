"""A metric of a scope against its target and its own past: value, attainment, light, changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import cast

from dabiao.engine import attainment, comparison, light
from dabiao.engine.metric import Metric, grows
from dabiao.engine.number import MONEY_SCALE, decimal_of
from dabiao.engine.period import Period
from dabiao.metrics import answer
from dabiao.metrics.figure import Delta, Number
from dabiao.metrics.frame import Cell, Frame
from dabiao.metrics.promised import Promise

NOW, BEFORE, YEAR, FESTIVAL = "now", "before", "year", "festival"


@dataclass(frozen=True)
class Standing:
    """Where a value stands. `due`: the share of the target due by now, None where pace does not apply.

    standing: attainment of what is due, exact. reached: attainment as it is, exact. attainment: as a figure, which never
    disagrees with the light
    """

    value: Number | None
    target: Decimal | None
    attainment: float | None
    due: float | None
    standing: Fraction | None
    light: light.Colour | None
    ahead: Number | None
    reached: Fraction | None = None

    @property
    def deviation(self) -> float | None:
        """How far from where it should be by now: −0.28 is 28 % below. The float nearest to it: a difference of two floats
        would be written −13.7 % here and −13.8 % there."""
        return None if self.standing is None else float(self.standing - 1)


def stand(frame: Frame, metric: Metric, value: Number | None, promise: Promise) -> Standing:
    """Measure a value against a target, with pace for what grows while the period runs."""
    target = promise.value
    paced = grows(metric) and (not frame.closed or promise.owed is not None)
    due = promise.due(frame) if paced else Fraction(1)
    exact = _exact(value)
    reached = attainment.attained(exact, target, metric.direction)
    standing = attainment.standing(exact, target, metric.direction, due=due)
    ahead = None
    if exact is not None and target is not None and grows(metric):
        ahead = decimal_of(Fraction(exact) - Fraction(target) * due, MONEY_SCALE)
    colour = light.light(standing, metric.lights)
    return Standing(
        value,
        target,
        light.shown(reached, metric.lights),
        float(due) if paced else None,
        standing,
        colour,
        ahead,
        reached,
    )


def delta(metric: Metric, now: Number | None, before: Number | None) -> Delta:
    """The change on an earlier value, with whether it is welcome."""
    changed = comparison.change(now, before, metric.unit)
    if metric.unit == "ratio":
        points = None if changed.points is None else changed.points / 100
        return Delta(points, True, changed.is_better(metric.direction))
    return Delta(changed.relative, False, changed.is_better(metric.direction))


def compared(frame: Frame) -> dict[str, Period]:
    """The period so far, and what it is compared with."""
    windows = {
        NOW: frame.so_far,
        BEFORE: frame.compared("previous").before,
        YEAR: frame.compared("year_before").before,
    }
    return windows | ({FESTIVAL: frame.festival} if frame.festival else {})


class Values:
    """Answers by window and key, where a window without a row of the scope is 0 or unknown as the metric says."""

    def __init__(
        self, frame: Frame, windows: Mapping[str, Period], cells: Iterable[Cell], key: str = ""
    ) -> None:
        self.frame = frame
        self.windows = windows
        self.by: dict[tuple[object, object], Cell] = {
            (cell[answer.WINDOW], cell[key] if key else None): cell for cell in cells
        }

    def get(self, window: str, metric: str, key: object = None) -> Number | None:
        """The value of a metric in a window, of one part where parts were asked for."""
        cell = self.by.get((window, key))
        if cell is not None and metric in cell:
            return cast("Number | None", cell[metric])
        span = self.windows.get(window)
        return None if span is None else answer.without_facts(self.frame.lake, metric, span.start, span.end)


def _exact(value: Number | None) -> Decimal | int | None:
    return Decimal(repr(value)) if isinstance(value, float) else value
