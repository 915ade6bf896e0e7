"""Jobs of performance: forecasts of the headline metric for the units people look at."""

from datetime import date

from django.utils import timezone

from dabiao.core.calendars import fiscal
from dabiao.core.jobs import Json, Work
from dabiao.engine.period import Fiscal
from dabiao.lake import reading
from dabiao.org.queries import Scope, tree
from dabiao.performance import actions
from dabiao.performance.queries.headline import headline


def forecast_units(work: Work) -> Json:
    """Forecast the headline metric of every unit, top down. Done every night, and after the first import."""
    on = timezone.localdate(work.at)
    lake = reading.current()
    metric = headline(lake)
    if metric is None:
        return {"forecasts": 0}
    nodes = tree().nodes
    made = 0
    for done, node in enumerate(sorted(nodes, key=lambda node: node.depth), start=1):
        made += (
            actions.make_forecast(lake, Scope("unit", node.key), metric, on=on, until=horizon(fiscal(), on))
            is not None
        )
        work.progress(done, len(nodes), node.name)
    return {"forecasts": made}


def forecast_scope(work: Work, *, kind: str, scope: str, metric: str) -> Json:
    """Forecast one metric of one scope: asked for by a page that had none."""
    on = timezone.localdate(work.at)
    wanted = Scope("person" if kind == "person" else "unit", scope)
    made = actions.make_forecast(reading.current(), wanted, metric, on=on, until=horizon(fiscal(), on))
    return {"forecasts": int(made is not None)}


def horizon(calendar: Fiscal, on: date) -> date:
    """The day after the last one forecast: the end of the quarter, or of the next month where that is later."""
    month = calendar.containing(calendar.monthly, on)
    return max(calendar.containing("quarter", on).end, calendar.containing(calendar.monthly, month.end).end)
