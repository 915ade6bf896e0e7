"""Jobs of performance: forecasts of the headline metric for the units people look at."""

from django.utils import timezone

from dabiao.core.jobs import Json, Work
from dabiao.lake import reading
from dabiao.org.queries import Scope, tree
from dabiao.performance import actions
from dabiao.performance.queries.headline import headline


def forecast_units(work: Work) -> Json:
    """Forecast the headline metric of every unit, top down. Done every night, and after the first import."""
    lake = reading.current()
    metric = headline(lake)
    if metric is None:
        return {"forecasts": 0}
    nodes = sorted(tree().nodes, key=lambda node: node.depth)

    def progress(done: int) -> None:
        work.progress(done, len(nodes), nodes[done - 1].name)

    scopes = [Scope("unit", node.key) for node in nodes]
    on = timezone.localdate(work.at)
    made = actions.make_forecasts(lake, scopes, metric, by=work.job.by, at=work.at, on=on, progress=progress)
    return {"forecasts": made}


def forecast_scope(work: Work, *, kind: str, scope: str, metric: str) -> Json:
    """Forecast one metric of one scope: asked for by a page that had none."""
    wanted = Scope("person" if kind == "person" else "unit", scope)
    on = timezone.localdate(work.at)
    made = actions.make_forecasts(reading.current(), [wanted], metric, by=work.job.by, at=work.at, on=on)
    return {"forecasts": made}
