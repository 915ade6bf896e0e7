"""The headline metric day by day: actual, what the target asks for, where it will probably end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from dabiao.engine.metric import is_flow
from dabiao.engine.period import DAY, Period, between
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import due_by
from dabiao.metrics.standing import Values
from dabiao.performance.queries.forecast import expected
from dabiao.performance.queries.rows import Pace

DAILY: Final = 100
"""Days of a period that are still drawn one by one."""


@dataclass(frozen=True)
class Curve:
    """The drawing, and the value expected at the end; None where the period is over or nothing can be said."""

    pace: Pace | None
    end: float | None


def stretches(frame: Frame, metric: str) -> dict[str, Period]:
    """The days up to each stop of the axis, since the one before it, as far as they have come: windows to ask for."""
    if not is_flow(frame.metrics[metric]):
        return {}
    so_far, start, found = frame.so_far, frame.period.start, dict[str, Period]()
    for stop in _stops(frame):
        end = min(stop + DAY, so_far.end)
        if start < end:
            found[_name(stop)] = between(start, end)
        start = stop + DAY
    return found


def pace(frame: Frame, metric: str, target: Decimal | None, values: Values) -> Curve:
    """Cumulative figures at the end of each day; by the week, and today, where the period is longer than a quarter.

    values: of the metric in the `stretches`.
    """
    if not is_flow(frame.metrics[metric]):
        return Curve(None, None)
    stops = _stops(frame)
    actual = _cumulative(frame, metric, stops, values)
    now = next((at for at in range(len(stops) - 1, -1, -1) if actual[at] is not None), None)
    due = None if target is None else due_by(frame, metric, target, stops)
    goal = [None] * len(stops) if due is None else [float(each) for each in due]
    ahead = expected(frame, metric, stops, actual, now)
    empty: tuple[float | None, ...] = (None,) * len(stops)
    drawn = Pace(
        labels=tuple(f"{stop:%m-%d}" for stop in stops),
        actual=tuple(actual),
        goal=tuple(goal),
        middle=ahead.middle if ahead else empty,
        low=ahead.low if ahead else empty,
        high=ahead.high if ahead else empty,
        now=now if not frame.closed else None,
        method=ahead.method if ahead else "",
        error=ahead.error if ahead else None,
    )
    return Curve(drawn, ahead.middle[-1] if ahead else None)


def _stops(frame: Frame) -> list[date]:
    """The last days of what the axis shows: every day, what comes on a Sunday is drawn on it; or weeks in long periods,
    and today, so that what is ahead begins where what has come ends."""
    window = frame.period
    if window.days <= DAILY:
        return list(window.each_day())
    weeks = {part.last_day for part in frame.fiscal.parts(window, "week")}
    return sorted(weeks | ({frame.today} if frame.today in window else set()))


def _name(stop: date) -> str:
    return f"to:{stop}"


def _cumulative(frame: Frame, metric: str, stops: Sequence[date], values: Values) -> list[float | None]:
    """None where nothing has come yet, and before the first fact: what was until then nobody knows."""
    sums: list[float | None] = []
    total, come = None, stretches(frame, metric)
    for stop in stops:
        if _name(stop) not in come:
            sums.append(None)
            continue
        found = values.get(_name(stop), metric)
        if found is not None:
            total = (total or 0.0) + float(found)
        sums.append(total)
    return sums
