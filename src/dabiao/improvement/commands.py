"""`dabiao explain`, `dabiao links`, `dabiao effect`: why a number is off, what goes with it, what worked."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import Format, show
from dabiao.engine import number
from dabiao.engine.light import Colour
from dabiao.engine.period import Period
from dabiao.improvement.queries import bridge, told
from dabiao.improvement.queries.effects import Effected, effected
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.lights import Lit, lights
from dabiao.metrics import labels, query
from dabiao.metrics.commands import user
from dabiao.metrics.frame import Frame, frame_of
from dabiao.org import queries as org
from dabiao.performance.queries.links import links_by_team, partings, said

effect_app = typer.Typer(no_args_is_help=True, help="Whether a measure has worked.")


class Against(StrEnum):
    """What a metric is compared with."""

    BASELINE = "baseline"
    TARGET = "target"
    FORECAST = "forecast"
    PREVIOUS = "previous"


def explain(
    metric: Annotated[str, typer.Argument(help="Metric key; none with --red or --amber.")] = "",
    period: Annotated[str | None, typer.Option(help="2017-Q3, 2017-08, 2017-W31 …; else this month.")] = None,
    against: Annotated[
        Against | None, typer.Option(help="What it should have been; else baseline, of lights the target.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="A unit's key, or an employee number.")] = None,
    by: Annotated[str, typer.Option(help="Dimensions to look along, by comma.")] = "",
    red: Annotated[bool, typer.Option("--red", help="Every red light of the cockpit instead.")] = False,
    amber: Annotated[bool, typer.Option("--amber", help="Every amber light, too.")] = False,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    version: Annotated[
        int | None, typer.Option("--at-version", help="As an earlier snapshot knew it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Why a metric is off, or every red light: the parts that explain the gap, or that nothing stands out."""
    if bool(metric) == (red or amber):
        raise Malformed(_("Name a metric, or ask for --red or --amber lights."))
    asked = period or fiscal().containing("month", timezone.localdate()).label
    frame = _frame(asked, scope, viewer, version)
    if not metric:
        colours: set[Colour] = {*(("red",) if red else ()), *(("amber",) if amber else ())}
        lit = lights(frame, colours, against=(against or Against.TARGET).value)
        _show_lights(lit, frame.language, form)
        return
    reasons = explained(frame, metric, (against or Against.BASELINE).value, by=query.listed(by))
    if form is Format.TABLE:
        for line in (reasons.sentence, *reasons.notes):
            typer.echo(line)
    columns = ["name", "actual", "expected", "volume", "mix", "rate", "contribution"]
    if form is not Format.TABLE:
        show(told.rows(reasons, frame.language), ["kind", "step", *columns, "stands_out"], form)
        return
    if bridge.is_split(reasons.explanation) and not reasons.explanation.early:
        typer.echo(_("No cause stands out; this is the split that tells most"))
    show(told.steps(reasons, frame.language), columns, form)
    if parts := told.parts(reasons, frame.language):
        typer.echo("\n" + _("Parts worth a look; they may overlap:"))
        show([_marked(row) for row in parts], ["name", "actual", "expected", "contribution", "mark"], form)


def _show_lights(lit: Sequence[Lit], language: str, form: Format) -> None:
    """One sentence a light for people; for programs its figures and causes too."""
    if form is not Format.TABLE:
        show([_light(each, language) for each in lit], LIGHT_COLUMNS, form)
        return
    for each in lit:
        typer.echo(f"{'■' if each.tile.light == 'red' else '▲'} {each.sentence}")
    if not lit:
        typer.echo(_("No such light is on."))


LIGHT_COLUMNS = (
    "metric",
    "light",
    "explained",
    "actual",
    "expected",
    "gap",
    "causes",
    "split",
    "place",
    "sentence",
    "notes",
)


def _light(lit: Lit, language: str) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(LIGHT_COLUMNS)
    row |= {"metric": lit.tile.metric, "light": lit.tile.light, "explained": lit.found is not None}
    row |= {"sentence": lit.sentence, "causes": [], "split": [], "place": None, "notes": []}
    if lit.found is not None:
        what = lit.found.explanation
        row |= {"actual": what.steps.actual, "expected": what.steps.expected, "gap": what.gap}
        row["causes"] = [
            {"where": dict(cause.where), "contribution": number.text(line.total)}
            for cause, line in zip(what.causes, what.apart, strict=False)
        ]
        row["split"] = told.split(lit.found, language)
        row["notes"] = list(lit.found.notes)
        if what.place:
            row["place"] = {
                "where": dict(what.place.where),
                "mainly": dict(what.place.mainly),
                "contribution": number.text(what.place.contribution),
                "certainty": what.place.certainty,
            }
    return row


def _marked(row: dict[str, object]) -> dict[str, object]:
    return {**row, "mark": "" if row["stands_out"] else _("may be chance")}


def links(
    result: Annotated[str, typer.Argument(help="Metric key of the result.")] = "won_deals",
    period: Annotated[str | None, typer.Option(help="Look back from its end; else from today.")] = None,
    by: Annotated[str, typer.Option(help="person, or a kind of unit: team, region …")] = "team",
    weeks: Annotated[int, typer.Option(help="So many whole weeks back.", min=12)] = 52,
    scope: Annotated[str | None, typer.Option(help="A unit's key.")] = None,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Process against result: what moves with it, and where more of one goes with less of the other."""
    today = timezone.localdate()
    frame = _frame(period or fiscal().containing("month", today).label, scope, viewer, None)
    apart = partings(frame, by)
    pairs = links_by_team(frame, result, by, back=weeks)
    if form is Format.TABLE:
        for each in apart:
            typer.echo(said(frame, each))
        if not apart:
            typer.echo(_("No process figure has parted from its result."))
    rows: list[dict[str, object]] = [
        {**dict.fromkeys(LINK_COLUMNS), "kind": "parting", by: each.team, "process": each.process, "result": each.result, "process_moved": round(each.process_moved, 2), "result_moved": round(each.result_moved, 2)}
        for each in apart
    ]  # fmt: skip
    rows += [
        {**dict.fromkeys(LINK_COLUMNS), "kind": "link", by: each.team, "process": each.process, "result": result, "lag": each.lag, "correlation": round(each.value, 2), "low": round(each.low, 2), "high": round(each.high, 2), "weeks": each.weeks, "found": each.found}
        for each in pairs
        if each.found or form is not Format.TABLE
    ]  # fmt: skip
    called = labels.metrics()
    codes = {"process": called, "result": called}
    show(rows, ["kind", by, *LINK_COLUMNS], form, heads={by: labels.column(by)}, codes=codes)


LINK_COLUMNS = (
    "process", "result", "lag", "correlation", "low", "high", "weeks", "found", "process_moved", "result_moved",
)  # fmt: skip


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
    others: Annotated[
        str,
        typer.Option(
            help="Who is under another measure at the same time, by comma: they are not compared with."
        ),
    ] = "",
    worthwhile: Annotated[
        float | None,
        typer.Option(
            help="The smallest effect worth having: 0.1 is 10 %, of a ratio 10 points. Else a tenth of the usual level."
        ),
    ] = None,
    viewer: Annotated[str | None, typer.Option("--as", help="What this user may see.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """The effect of a measure on whom it treats, against comparable others."""
    frame = _frame(until, scope, viewer, None)
    measured = effected(
        frame,
        metric,
        query.listed(treated),
        by=by,
        since=_period(since),
        others=query.listed(others),
        worthwhile=worthwhile,
    )
    if form is Format.TABLE:
        typer.echo(measured.sentence)
    show([_told(measured)], list(_told(measured)) if form is Format.JSON else EFFECT_COLUMNS, form)


EFFECT_COLUMNS = (
    "verdict", "effect", "low", "high", "chance", "visible", "look_again", "method", "treated", "compared", "before",
    "after",
)  # fmt: skip


def _told(measured: Effected) -> dict[str, object]:
    """One row; JSON also has the sentence, who was left out, and the assumptions that the data speak against."""
    effect = measured.effect
    return {
        **{name: getattr(effect, name, None) for name in EFFECT_COLUMNS},
        "look_again": measured.look_again.label if measured.look_again else None,
        "visible_later": effect.outlook.visible if effect.outlook else None,
        "doubts": [check.name for check in effect.checks if not check.held],
        "left_out": list(effect.left_out),
        "sentence": measured.sentence,
    }


def _frame(period: str, scope: str | None, viewer: str | None, version: int | None) -> Frame:
    today, asker = timezone.localdate(), user(viewer)
    return frame_of(
        query.lake_at(version),
        viewer=asker,
        scope=query.scope_of(scope) or org.home_scope(asker, today),
        period=_period(period),
        today=today,
        language=config.language(),
    )


def _period(label: str) -> Period:
    window = query.period_of(fiscal(), label, None, None)
    if window is None:
        raise Malformed("Give a period.")
    return window
