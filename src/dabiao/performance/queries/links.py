"""How process figures and the result move together, week by week, over the last twelve weeks."""

from collections.abc import Sequence
from statistics import StatisticsError, correlation
from typing import Final

from dabiao.engine.period import DAY, Period
from dabiao.performance.queries.frame import Frame
from dabiao.performance.queries.rows import Link, Number
from dabiao.performance.queries.standing import Values

WEEKS: Final = 12
ENOUGH: Final = 8
"""Weeks with both figures below which nothing is said."""
PROCESS: Final = (
    "effective_visits",
    "visits",
    "needs_depth",
    "proposals",
    "calls",
    "leads",
    "high_value_visit_share",
)


def links(frame: Frame, result: str, known: Sequence[str], values: Values) -> tuple[Link, ...]:
    """Pearson's correlation of each process metric with the result, strongest first, five at most.

    Whole weeks before the end of what is shown. It says what moves together, not what causes what.
    """
    spans = weeks(frame)
    found: list[Link] = []
    for key in known:
        pairs = [(values.get(week, key), values.get(week, result)) for week in spans]
        if (r := _r(pairs)) is not None:
            found.append(Link(frame.label(key), r, WEEKS))
    return tuple(sorted(found, key=lambda link: (-abs(link.value), link.label))[:5])


def weeks(frame: Frame) -> dict[str, Period]:
    """The last whole weeks, oldest first."""
    last = frame.fiscal.containing("week", min(frame.so_far.end, frame.today + DAY) - DAY)
    found: list[Period] = []
    for _ in range(WEEKS):
        last = frame.fiscal.previous(last)
        found.append(last)
    return {week.label: week for week in reversed(found)}


def _r(pairs: list[tuple[Number | None, Number | None]]) -> float | None:
    both = [(float(x), float(y)) for x, y in pairs if x is not None and y is not None]
    if len(both) < ENOUGH:
        return None
    try:
        return correlation(*zip(*both, strict=True))
    except StatisticsError:  # one of them never changed
        return None
