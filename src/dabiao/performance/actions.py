"""Forecasts made and kept: a model of a few dozen milliseconds a scope, so jobs do it and pages read it."""

from datetime import date

from dabiao.engine.period import DAY
from dabiao.lake.reading import Lake
from dabiao.metrics.forecast import foreseen
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.models import StoredForecast


def make_forecast(lake: Lake, scope: Scope, metric: str, *, on: date, until: date) -> StoredForecast | None:
    """Forecast a metric of a scope from yesterday back two years up to `until`; None without any history."""
    whole = seats(lake, viewer=org.operator(), scope=scope, on=on - DAY)
    made = foreseen(lake, metric, whole, on=on, until=until)
    if made is None:
        return None
    stored, _new = StoredForecast.objects.update_or_create(
        scope_kind=scope.kind,
        scope=scope.key,
        metric=metric,
        defaults={
            "made_on": on,
            "version": lake.number,
            "daily": [round(value, 4) for value in made.daily],
            "reach": [round(high - total, 4) for high, total in zip(made.high, made.total, strict=True)],
            "method": made.method,
            "error": made.error,
        },
    )
    return stored
