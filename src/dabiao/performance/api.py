"""API of figures: any metric by any dimension, in a period, within a scope, at a snapshot."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from ninja import Query, Router, Schema

from dabiao.core import http
from dabiao.core.asked import fiscal
from dabiao.core.errors import Malformed, NotFound
from dabiao.core.http import UserRequest
from dabiao.core.rest import REFUSALS, Paging
from dabiao.engine import number
from dabiao.lake import reading
from dabiao.lake.reading import Lake
from dabiao.org.queries import Scope, ScopeKind
from dabiao.performance import asking

router = Router(tags=["figures"])


class Asked(Schema):
    """What is asked for. `metrics` and `by` are keys by comma; `where` is dimension=value, again for more."""

    metrics: str
    by: str = ""
    period: str | None = None
    since: date | None = None
    until: date | None = None
    where: list[str] = []
    scope: str = ""
    scope_kind: ScopeKind = "unit"
    version: int | None = None


class Reply(Schema):
    """Rows: dimensions first, then metrics; sums are text with every digit, ratios numbers, null is "no data"."""

    dimensions: list[str]
    metrics: list[str]
    rows: list[dict[str, str | int | float | bool | None]]
    count: int
    version: int


@router.get("/query", response={200: Reply, **REFUSALS})
def query(request: UserRequest, asked: Query[Asked], paging: Query[Paging]) -> dict[str, object]:
    """Metrics by dimensions. Only what the caller may see is counted."""
    reply = asking.ask(
        _lake(asked.version),
        asking.Asked(
            metrics=_listed(asked.metrics),
            by=_listed(asked.by),
            period=asking.period_of(fiscal(), asked.period, asked.since, asked.until),
            where=_filters(asked.where),
            scope=Scope(asked.scope_kind, asked.scope) if asked.scope else None,
        ),
        viewer=request.user,
        fiscal=fiscal(),
        on=http.today(),
    )
    rows = reply.rows[paging.offset : paging.offset + paging.limit]
    return {
        "dimensions": reply.dimensions,
        "metrics": reply.metrics,
        "rows": [{name: _plain(value) for name, value in row.items()} for row in rows],
        "count": len(reply.rows),
        "version": reply.version,
    }


def _lake(version: int | None) -> Lake:
    try:
        return reading.current() if version is None else reading.at(version)
    except reading.NoSuchVersion as error:
        raise NotFound(str(error)) from None


def _listed(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(set(found)) < len(found):
        raise Malformed(f"{text!r} names one thing twice.")
    return found


def _filters(texts: list[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (sign and name):
            raise Malformed(f"where={text!r}: write dimension=value.")
        found.setdefault(name, []).append(value)
    return found


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return number.text(value)
    return value.isoformat() if isinstance(value, date) else value
