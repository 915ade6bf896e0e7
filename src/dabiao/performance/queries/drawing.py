"""The headline metric day by day: actual, what the target asks for, where it will probably end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from dabiao.engine.metric import is_flow
from dabiao.engine.pace import pace as gone
from dabiao.performance.queries.expecting import expected
from dabiao.performance.queries.frame import Frame
from dabiao.performance.queries.rows import Pace
from dabiao.performance.queries.standing import NOW


@dataclass(frozen=True)
class Curve:
    """The drawing, and the value expected at the end; None where the period is over or nothing can be said."""

    pace: Pace | None
    end: float | None


def pace(frame: Frame, metric: str, target: Decimal | None) -> Curve:
    """Cumulative figures at the end of each working day; by the week where the period is longer than a quarter."""
    if not is_flow(frame.metrics[metric]):
        return Curve(None, None)
    stops = _stops(frame)
    daily = _daily(frame, metric)
    actual = _cumulative(daily, stops, until=min(frame.today, frame.period.last_day))
    now = next((at for at in range(len(stops) - 1, -1, -1) if actual[at] is not None), None)
    goal = [None if target is None else float(target) * _share(frame, stop) for stop in stops]
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
    """The last days of what the axis shows: working days, or weeks in long periods."""
    window = frame.period
    if window.days > 100:
        return [part.last_day for part in frame.fiscal.parts(window, "week")]
    worked = sorted(day for day in frame.working_days if day in window)
    days = worked or list(window.each_day())
    # What happens after the last working day still belongs to the period.
    return [*days[:-1], window.last_day]


def _daily(frame: Frame, metric: str) -> dict[date, float]:
    cells = frame.ask((metric,), {NOW: frame.so_far}, ("day",))
    return {cast(date, cell["day"]): float(cast(Decimal, cell[metric] or 0)) for cell in cells}


def _cumulative(daily: dict[date, float], stops: Sequence[date], *, until: date) -> list[float | None]:
    sums: list[float | None] = []
    total, left = 0.0, sorted(daily)
    for at, stop in enumerate(stops):
        previous = stops[at - 1] if at else date.min
        if previous >= until:
            sums.append(None)
            continue
        while left and left[0] <= stop:
            total += daily[left.pop(0)]
        sums.append(total)
    return sums


def _share(frame: Frame, on: date) -> float:
    return float(gone(frame.period, on, frame.working_days).share)
