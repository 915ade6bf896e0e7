"""`dabiao explain` and `dabiao effect`: why a number is off, and whether a measure worked."""

from enum import StrEnum
from typing import Annotated

import typer
from django.utils import timezone

from dabiao.core import config
from dabiao.core.asked import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import Format, show
from dabiao.engine.period import Period
from dabiao.improvement.effects import effected
from dabiao.improvement.explaining import Explained, explained
from dabiao.org import queries as org
from dabiao.performance import asking
from dabiao.performance.commands import user
from dabiao.performance.queries.frame import Frame

effect_app = typer.Typer(no_args_is_help=True, help="Whether a measure has worked.")


class Against(StrEnum):
    """What a metric is compared with."""

    BASELINE = "baseline"
    TARGET = "target"
    FORECAST = "forecast"
    PREVIOUS = "previous"


def explain(
    metric: Annotated[str, typer.Argument(help="Metric key.")],
    period: Annotated[str, typer.Option(help="2017-Q3, 2017-08, 2017-W31 …")],
    against: Annotated[Against, typer.Option(help="What it should have been.")] = Against.BASELINE,
    scope: Annotated[str | None, typer.Option(help="A unit's key, or an employee number.")] = None,
    by: Annotated[str, typer.Option(help="Dimensions to look along, by comma.")] = "",
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    version: Annotated[
        int | None, typer.Option("--at-version", help="As an earlier snapshot knew it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Why a metric is off: the parts that explain the gap, or that nothing stands out."""
    found = explained(_frame(period, scope, viewer, version), metric, against.value, by=asking.listed(by))
    if form is Format.TABLE:
        typer.echo(found.sentence)
    show(_steps(found), ["step", "actual", "expected", "volume", "mix", "rate", "contribution"], form)


def _steps(found: Explained) -> list[dict[str, object]]:
    """One row a cause, the rest, and the gap that they sum to."""
    steps = found.explanation.steps
    rows: list[dict[str, object]] = [
        {
            "step": one.member.name,
            "actual": one.member.part,
            "expected": one.member.expected_part,
            "volume": one.volume,
            "mix": one.mix,
            "rate": one.rate,
            "contribution": one.total,
        }
        for one in steps.contributions
    ]
    total = {"volume": steps.volume, "mix": steps.mix, "rate": steps.rate, "contribution": steps.gap}
    return [*rows, {"step": "gap", "actual": steps.actual, "expected": steps.expected, **total}]


@effect_app.callback()
def effect() -> None:
    """Whether a measure has worked."""


@effect_app.command("measure")
def measure(
    metric: Annotated[str, typer.Argument(help="Metric key.")],
    treated: Annotated[
        str, typer.Option(help="Whom the measure treats, by comma: employee numbers or units.")
    ],
    since: Annotated[str, typer.Option(help="The first period with the measure.")],
    until: Annotated[str, typer.Option(help="The last period to count.")],
    by: Annotated[str, typer.Option(help="person, or a kind of unit: team, region …")] = "person",
    scope: Annotated[str | None, typer.Option(help="Where to look for others to compare with.")] = None,
    worthwhile: Annotated[
        float, typer.Option(help="The smallest effect worth having: 0.1 is 10 %, or 10 points.")
    ] = 0.1,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """The effect of a measure on whom it treats, against comparable others."""
    frame = _frame(until, scope, viewer, None)
    found = effected(
        frame, metric, asking.listed(treated), by=by, since=_period(since), worthwhile=worthwhile
    )
    if form is Format.TABLE:
        typer.echo(found.sentence)
    columns = [
        "verdict",
        "effect",
        "low",
        "high",
        "chance",
        "visible",
        "method",
        "treated",
        "compared",
        "before",
        "after",
    ]
    show([vars(found.effect)], columns, form)


def _frame(period: str, scope: str | None, viewer: str | None, version: int | None) -> Frame:
    today, asker = timezone.localdate(), user(viewer)
    asked = asking.scope_of(scope)
    within = org.check_scope(asker, asked, today) if asked else org.home_scope(asker, today)
    return Frame(
        asking.lake_at(version), asker, within, _period(period), today, config.get("DABIAO_LANGUAGE")
    )


def _period(label: str) -> Period:
    found = asking.period_of(fiscal(), label, None, None)
    if found is None:
        raise Malformed("Give a period.")
    return found
