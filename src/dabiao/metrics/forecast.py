"""What the days ahead will bring, seen from a day: the one forecast, kept for pages or asked for by an explanation."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final, cast

from dabiao.core.calendars import working_days
from dabiao.engine.forecast import Forecast
from dabiao.engine.metric import is_flow, sources_of
from dabiao.lake.reading import Lake
from dabiao.metrics import answer
from dabiao.metrics.answer import WINDOW, MetricRequest, Windows
from dabiao.metrics.request import metrics_of

HISTORY: Final = timedelta(days=730)


def foreseen(
    lake: Lake, metric: str, seats: frozenset[int] | None, *, on: date, until: date
) -> Forecast | None:
    """A metric of these seats from `on` up to `until`, from the two years before `on`; None without any history.

    Only what adds up over days can be forecast so: None for anything else.
    """
    from dabiao.engine import forecast

    (known,) = metrics_of((metric,))
    if not is_flow(known) or on >= until:
        return None
    covered = [span for source in sources_of([known]) if (span := answer.coverage(lake, source))]
    if not covered:
        return None
    first = max(min(start for start, _end in covered), on - HISTORY)
    history = _daily(lake, metric, seats, first, on)
    if not history:
        return None
    past = [first + timedelta(days=n) for n in range((on - first).days)]
    ahead = [on + timedelta(days=n) for n in range((until - on).days)]
    worked = working_days(first, until)
    return forecast.forecast(
        [history.get(day, 0.0) for day in past],
        forecast.kinds_of_days(past, worked),
        forecast.kinds_of_days(ahead, worked),
    )


def _daily(
    lake: Lake, metric: str, seats: frozenset[int] | None, first: date, until: date
) -> dict[date, float]:
    if first >= until:
        return {}
    table = answer.answer(
        lake,
        MetricRequest((metric,), (WINDOW, "day")),
        windows=Windows((("all", first, until),)),
        seats=seats,
    )
    rows = answer.rows(table)
    return {cast(date, row["day"]): float(cast(Decimal, row[metric] or 0)) for row in rows}
