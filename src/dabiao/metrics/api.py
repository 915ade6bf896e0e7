"""Metrics by dimensions over HTTP: the same question, the same answer as pages and commands give."""

from datetime import date

from django.utils import timezone
from ninja import Query, Router, Schema

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import plain
from dabiao.core.rest import REFUSALS, Paging
from dabiao.metrics.query import Query as MetricQuery
from dabiao.metrics.query import filters, lake_at, listed, period_of, run_query, scope_of
from dabiao.org.access import UserRequest

router = Router(tags=["performance"])


class QueryIn(Schema):
    """What to measure. Lists are by comma; `where` is dimension=value, again for more."""

    metrics: str
    by: str = ""
    period: str | None = None
    start: date | None = None
    end: date | None = None
    where: list[str] = []
    scope: str | None = None
    at_version: int | None = None


class QueryOut(Schema):
    """Rows with the dimensions first, then the metrics. Exact numbers are text; null is "no data".

    `count`: rows there are, of which `rows` holds those asked for.
    """

    version: int
    dimensions: list[str]
    metrics: list[str]
    rows: list[dict[str, str | int | float | bool | None]]
    count: int


@router.get("/query", response={200: QueryOut, **REFUSALS})
def query(request: UserRequest, asked: Query[QueryIn], paging: Query[Paging]) -> dict[str, object]:
    """Metrics by dimensions, in a period, within what the token's user may see."""
    if not listed(asked.metrics):
        raise Malformed("Name at least one metric.")
    reply = run_query(
        lake_at(asked.at_version),
        MetricQuery(
            metrics=listed(asked.metrics),
            by=listed(asked.by),
            period=period_of(fiscal(), asked.period, asked.start, asked.end),
            where=filters(asked.where),
            scope=scope_of(asked.scope),
        ),
        viewer=request.user,
        fiscal=fiscal(),
        on=timezone.localdate(),
    )
    columns = [*reply.dimensions, *reply.metrics]
    rows = reply.rows[paging.offset : paging.offset + paging.limit]
    return {
        "version": reply.version,
        "dimensions": list(reply.dimensions),
        "metrics": list(reply.metrics),
        "rows": [{name: plain(row[name]) for name in columns} for row in rows],
        "count": len(reply.rows),
    }
