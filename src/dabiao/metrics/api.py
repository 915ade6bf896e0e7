"""Metrics by dimensions and attainment over HTTP: the same question, the same answer as pages and commands give."""

from datetime import date

from django.utils import timezone
from django.utils.translation import get_language
from ninja import Query, Router, Schema

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import plain
from dabiao.core.rest import REFUSALS, Page, Paging, page_of
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import frame_of
from dabiao.metrics.query import Query as MetricQuery
from dabiao.metrics.query import filters, is_derived, lake_at, listed, period_of, run_query, scope_of
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

    `count`: rows there are, of which `rows` holds those asked for. `derived`: the metrics for which figures of other
    periods are prorated by days. `ahead`: what facts of the period that are dated after today come to; the rows have
    them, pages count them from their day on.
    """

    version: int
    dimensions: list[str]
    metrics: list[str]
    derived: list[str]
    rows: list[dict[str, str | int | float | bool | None]]
    ahead: dict[str, str | int | float | bool | None]
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
        "derived": [name for name in reply.metrics if is_derived(name)],
        "rows": [{name: plain(row[name]) for name in columns} for row in rows],
        "ahead": {name: plain(value) for name, value in reply.ahead.items()},
        "count": len(reply.rows),
    }


class AttainmentIn(Schema):
    """Whose attainment: of everybody in the scope, or in sight where there is none. `end` is the day after the last.

    `by`: person, unit, a kind of unit (region, team …), a dimension of targets (product_line, customer_type, industry,
    sales_channel …), a length of time (month …), or one of the first and a length of time: `person,month`.
    """

    metric: str
    by: str = "unit"
    period: str | None = None
    start: date | None = None
    end: date | None = None
    scope: str | None = None
    at_version: int | None = None


class AttainmentRowOut(Schema):
    """Where one person, unit or member of a dimension stands. Exact numbers are text; null is "no data", or no target.

    `due`: the share of the target due by now; `ahead`: actual less what is due; `derived`: the target was prorated,
    summed or inherited. `rank`: place by attainment among those of the same period and kind that have a target. A row
    with an empty key holds what is credited to nobody, or has no value of the dimension.
    """

    key: str
    name: str
    kind: str
    period: str
    actual: str | float | int | None
    target: str | None
    derived: bool
    attainment: str | None
    due: float | None
    ahead: str | float | int | None
    light: str | None
    rank: int | None


@router.get("/attainment", response={200: Page[AttainmentRowOut], **REFUSALS})
def attainment(request: UserRequest, asked: Query[AttainmentIn], paging: Query[Paging]) -> dict[str, object]:
    """Actual against target with pace, light and rank, within what the token's user may see."""
    window = period_of(fiscal(), asked.period, asked.start, asked.end)
    if window is None:
        raise Malformed("Give a period, or start and end.")
    frame = frame_of(
        lake_at(asked.at_version),
        viewer=request.user,
        scope=scope_of(asked.scope),
        period=window,
        today=timezone.localdate(),
        language=get_language() or "en",
    )
    rows = [
        {name: plain(value) for name, value in vars(row).items()}
        for row in attaining(frame, asked.metric, asked.by)
    ]
    return page_of(rows, paging)
