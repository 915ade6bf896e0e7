"""`dabiao query` and `dabiao attainment`: the cockpit's numbers in a terminal or a script."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed, NotFound
from dabiao.core.output import Format, Words, plain, show
from dabiao.metrics import labels
from dabiao.metrics.attainment import attaining
from dabiao.metrics.frame import frame_of
from dabiao.metrics.query import Query, filters, lake_at, listed, period_of, run_query, scope_of
from dabiao.org import queries as org
from dabiao.org.access import User


def query(
    metrics: Annotated[str, typer.Argument(help="Metric keys, by comma.")],
    by: Annotated[str, typer.Option(help="Dimensions, by comma: region, person, product_line, month …")] = "",
    period: Annotated[str | None, typer.Option(help="2017, 2017-Q3, 2017-08, 2017-W31, 2017-08-15")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")
    ] = None,
    where: Annotated[list[str] | None, typer.Option(help="dimension=value; again for more.")] = None,
    scope: Annotated[str | None, typer.Option(help="A unit's key, or an employee number.")] = None,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    version: Annotated[
        int | None, typer.Option("--at-version", help="As an earlier snapshot knew it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Metrics by dimensions, in a period, within a scope."""
    asked = Query(
        metrics=listed(metrics),
        by=listed(by),
        period=period_of(fiscal(), period, _day(start), _day(end)),
        where=filters(where or []),
        scope=scope_of(scope),
    )
    reply = run_query(lake_at(version), asked, viewer=user(viewer), fiscal=fiscal(), on=timezone.localdate())
    heads: Words = {**labels.COLUMNS, **_called(reply.metrics)}
    show(reply.rows, [*reply.dimensions, *reply.metrics], form, heads=heads)
    if reply.ahead:
        called = _called(tuple(reply.ahead)) if form is Format.TABLE else {}
        figures = ", ".join(f"{called.get(key, key)} {plain(value)}" for key, value in reply.ahead.items())
        typer.echo(
            _("Of this is dated after today, and not on the pages yet: %(figures)s.") % {"figures": figures},
            err=True,
        )


def attainment(
    metric: Annotated[str, typer.Option(help="Metric key.")],
    period: Annotated[str | None, typer.Option(help="2017, 2017-Q3, 2017-08, 2017-W31, 2017-08-15")] = None,
    by: Annotated[
        str,
        typer.Option(
            help="person, unit, region, team …, product_line, segment, sales_channel …, month; or person,month"
        ),
    ] = "unit",
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="A unit's key, or an employee number.")] = None,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    version: Annotated[
        int | None, typer.Option("--at-version", help="As an earlier snapshot knew it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Actual against target, with pace, light and rank."""
    window = period_of(fiscal(), period, _day(start), _day(end))
    if window is None:
        raise Malformed("Give a --period, or --from and --to.")
    frame = frame_of(
        lake_at(version),
        viewer=user(viewer),
        scope=scope_of(scope),
        period=window,
        today=timezone.localdate(),
        language=config.language(),
    )
    rows = [vars(row) for row in attaining(frame, metric, by)]
    told = ("target", "actual", "attainment", "due", "ahead", "light", "rank")
    show(rows, ["key", "name", "kind", "period", *told], form, codes={"kind": labels.COLUMNS})


def _called(keys: Sequence[str]) -> dict[str, str]:
    known = labels.metrics()
    return {key: known.get(key, key) for key in keys}


def user(name: str | None) -> User:
    """The user of `--as`, else whoever is at the console."""
    if name is None:
        return org.operator()
    asker = User.objects.filter(username=name).first()
    if asker is None:
        raise NotFound(f"There is no user called {name!r}.")
    return asker


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
