"""Forecasts made and kept: a model of a few dozen milliseconds a scope, so jobs do it and pages read it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final, cast

from dabiao.core.calendars import working_days
from dabiao.engine.metric import is_flow, sources_of
from dabiao.engine.period import DAY
from dabiao.lake import dictionary
from dabiao.lake.reading import Lake
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance import measuring
from dabiao.performance.measuring import WINDOW, Question, Windows
from dabiao.performance.models import StoredForecast
from dabiao.performance.seeing import seats

HISTORY: Final = timedelta(days=730)


def make_forecast(lake: Lake, scope: Scope, metric: str, *, on: date, until: date) -> StoredForecast | None:
    """Forecast a metric of a scope from yesterday back two years up to `until`; None without any history."""
    from dabiao.engine import forecast

    known = dictionary.in_force().get(metric)
    if known is None or not is_flow(known):
        return None
    covered = [found for source in sources_of([known]) if (found := measuring.coverage(lake, source))]
    if not covered:
        return None
    first = max(min(start for start, _end in covered), on - HISTORY)
    history = _daily(lake, scope, metric, first, on)
    if not history:
        return None
    past = [first + timedelta(days=n) for n in range((on - first).days)]
    ahead = [on + timedelta(days=n) for n in range((until - on).days)]
    worked = working_days(first, until)
    made = forecast.forecast(
        [history.get(day, 0.0) for day in past],
        forecast.kinds_of_days(past, worked),
        forecast.kinds_of_days(ahead, worked),
    )
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


def _daily(lake: Lake, scope: Scope, metric: str, first: date, until: date) -> dict[date, float]:
    if first >= until:
        return {}
    question = Question((metric,), (WINDOW, "day"))
    table = measuring.answer(
        lake,
        question,
        windows=Windows((("all", first, until),)),
        seats=seats(lake, viewer=org.operator(), scope=scope, on=until - DAY),
    )
    rows = measuring.rows(table)
    return {cast(date, row["day"]): float(cast(Decimal, row[metric] or 0)) for row in rows}
