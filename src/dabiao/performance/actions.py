"""Forecasts, and why lights are on, made and kept: too slow for a page, so jobs do it and pages read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from dabiao.core.action import action, tell
from dabiao.core.calendars import fiscal
from dabiao.engine.forecast import Forecast
from dabiao.engine.period import DAY, Fiscal, Period
from dabiao.lake.reading import Lake
from dabiao.metrics.forecast import foreseen
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.org.access import User, require
from dabiao.org.can import Can
from dabiao.org.queries import Scope
from dabiao.performance.models import KeptReason, StoredForecast

FORGOTTEN: Final = timedelta(days=100)
"""Reasons of periods that nobody looks at any more are not kept for ever."""


def unwatched(done: int) -> None:
    """For callers who don't watch."""


def make_forecasts(
    lake: Lake,
    scopes: Sequence[Scope],
    metric: str,
    *,
    by: User | None,
    at: datetime,
    on: date,
    progress: Callable[[int], None] = unwatched,
) -> int:
    """Look ahead from yesterday's and two years' facts to the horizon; returns how many scopes have a history at all.

    All are kept at once when the last is made. progress: called with how many have been worked out.
    """
    require(by, Can.OPERATE)
    until = horizon(fiscal(), on)
    made: dict[Scope, Forecast] = {}
    for done, scope in enumerate(scopes, start=1):
        whole = seats(lake, viewer=org.operator(), scope=scope, on=on - DAY)
        ahead = foreseen(lake, metric, whole, on=on, until=until)
        if ahead is not None:
            made[scope] = ahead
        progress(done)
    _keep(made, metric, lake.number, by=by, at=at, on=on)
    return len(made)


def horizon(calendar: Fiscal, on: date) -> date:
    """The day after the last one forecast: the end of the quarter, or of the next month where that is later."""
    month = calendar.containing(calendar.monthly, on)
    return max(calendar.containing("quarter", on).end, calendar.containing(calendar.monthly, month.end).end)


@action("performance.forecasts.made")
def _keep(
    made: Mapping[Scope, Forecast], metric: str, version: int, *, by: User | None, at: datetime, on: date
) -> None:
    """Each in the place of the scope's last one; the line is about the first scope and says how many there are."""
    stored = StoredForecast.objects.bulk_create(
        [
            StoredForecast(
                scope_kind=scope.kind,
                scope=scope.key,
                metric=metric,
                made_on=on,
                version=version,
                daily=[round(value, 4) for value in ahead.daily],
                reach=[round(high - total, 4) for high, total in zip(ahead.high, ahead.total, strict=True)],
                method=ahead.method,
                error=ahead.error,
            )
            for scope, ahead in made.items()
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["scope_kind", "scope", "metric"],
        update_fields=["made_on", "version", "daily", "reach", "method", "error"],
    )
    if stored:
        tell(stored[0], {"metric": metric, "forecasts": len(stored), "snapshot": version})


@dataclass(frozen=True)
class Found:
    """Why a metric of a scope is off: words of each language (in short, in full), and what they hold for."""

    scope: Scope
    sees_all: bool
    metric: str
    period: Period
    words: Mapping[str, tuple[str, str]]
    fingerprint: str


@action("performance.reasons.kept")
def keep_reasons(reasons: Sequence[Found], snapshot: int, *, by: User | None, at: datetime) -> None:
    """Each in the place of the light's last one; the line is about the first and says how many there are."""
    require(by, Can.OPERATE)
    kept = KeptReason.objects.bulk_create(
        [
            KeptReason(
                scope_kind=each.scope.kind,
                scope=each.scope.key,
                sees_all=each.sees_all,
                metric=each.metric,
                starts_on=each.period.start,
                ends_on=each.period.end,
                words={language: list(both) for language, both in each.words.items()},
                fingerprint=each.fingerprint,
                snapshot=snapshot,
                made_at=at,
            )
            for each in reasons
        ],
        batch_size=200,
        update_conflicts=True,
        unique_fields=["scope_kind", "scope", "sees_all", "metric", "starts_on", "ends_on"],
        update_fields=["words", "fingerprint", "snapshot", "made_at"],
    )
    if kept:
        KeptReason.objects.filter(made_at__lt=at - FORGOTTEN).delete()
        tell(kept[0], {"reasons": len(kept), "snapshot": snapshot})
