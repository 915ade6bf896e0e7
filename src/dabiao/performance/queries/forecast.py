"""Where the period will probably end, from the forecast that a job has made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dabiao.metrics.frame import Frame
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.performance.models import StoredForecast

METHODS: Final[dict[str, Promise]] = {
    "exponential smoothing over kinds of day": _("exponential smoothing over kinds of day (AutoETS)"),
    "means of kinds of day": _("means of kinds of day"),
    "mean of all days": _("mean of all days"),
}
STALE: Final = timedelta(days=10)
"""A forecast older than this says nothing any more."""


@dataclass(frozen=True)
class Expected:
    """What is expected at each stop from today on, None before."""

    middle: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    method: str
    error: float | None


def expected(
    frame: Frame, metric: str, stops: Sequence[date], actual: Sequence[float | None], now: int | None
) -> Expected | None:
    """The forecast laid on to what has been reached; None where there is none, or the period is over."""
    kept = None if frame.closed or frame.scope is None else stored(frame, metric)
    if kept is None or (now is None and frame.today >= frame.period.start):
        return None
    reached = actual[now] if now is not None else 0.0
    if reached is None:
        return None
    start = max((frame.today - kept.made_on).days + 1, 0)
    if frame.today < frame.period.start:
        start = (frame.period.start - kept.made_on).days
    if (stops[-1] - kept.made_on).days >= len(kept.daily):
        return None
    sums = [0.0, *accumulate(kept.daily[start:])]
    middle: list[float | None] = []
    reach: list[float | None] = []
    for at, stop in enumerate(stops):
        ahead = (stop - kept.made_on).days + 1 - start
        passed = now is not None and at < now
        middle.append(None if passed else reached + sums[max(ahead, 0)])
        reach.append(None if passed else (kept.reach[ahead - 1] if ahead > 0 else 0.0))
    low = [
        None if m is None or r is None else max(m - r, reached if reached >= 0 else m - r)
        for m, r in zip(middle, reach, strict=True)
    ]
    high = [None if m is None or r is None else m + r for m, r in zip(middle, reach, strict=True)]
    return Expected(
        tuple(middle), tuple(low), tuple(high), str(METHODS.get(kept.method, kept.method)), kept.error
    )


def wanted(frame: Frame, metric: str) -> bool:
    """Whether nobody has looked ahead today for this scope, from facts that have a past."""
    if frame.scope is None or not frame.lake.number:
        return False
    kept = StoredForecast.objects.filter(scope_kind=frame.scope.kind, scope=frame.scope.key, metric=metric)
    return not kept.filter(made_on__gte=frame.today).exists()


def stored(frame: Frame, metric: str) -> StoredForecast | None:
    """The forecast kept for the scope, where the viewer sees all that it was made from.

    Whoever may see a unit sees all of its seats. (At the top it may hold what is nobody's as well.) Of a person
    who has moved, a manager sees a part only, and then there is no forecast.
    """
    if frame.scope is None:
        return None
    kept = StoredForecast.objects.filter(
        scope_kind=frame.scope.kind, scope=frame.scope.key, metric=metric
    ).first()
    if kept is None or not timedelta(0) <= frame.today - kept.made_on <= STALE:
        return None
    if frame.scope.kind == "unit":
        return kept
    whole = seats(frame.lake, viewer=org.operator(), scope=frame.scope, on=frame.today)
    return kept if whole == frame.seats else None
