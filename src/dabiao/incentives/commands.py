"""`dabiao incentives`: check a plan's text, read it as sentences, preview what it pays, compare two versions."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, Refused
from dabiao.core.output import Format, show
from dabiao.engine.payout.plan import Plan
from dabiao.incentives import queries
from dabiao.metrics.commands import user
from dabiao.org.access import User

app = typer.Typer(no_args_is_help=True, help="Check an incentive plan and preview what it pays.")


class By(StrEnum):
    """What a preview lists."""

    PERSON = "person"
    COMPONENT = "component"
    PERIOD = "period"
    LINE = "line"


class Language(StrEnum):
    """Languages that a plan can be explained in."""

    EN = "en"
    ZH = "zh"


PlanFile = Annotated[Path, typer.Option("--plan", help="The plan's YAML file.")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")]
Version = Annotated[int | None, typer.Option("--at-version", help="As an earlier snapshot knew it.")]
Against = Annotated[int | None, typer.Option("--against-version", help="The snapshot that was paid on.")]
Form = Annotated[Format, typer.Option("--format")]
Viewer = Annotated[str | None, typer.Option("--as", help="Whose pay this user may see.")]


@app.command()
def validate(
    plan: Annotated[Path, typer.Argument(help="The plan's YAML file.")],
    explain: Annotated[Language | None, typer.Option(help="Print the plan as sentences: en or zh.")] = None,
) -> None:
    """Check a plan and run its example cases; every problem with its line and how to mend it."""
    checked = queries.checked(plan)
    if checked.failures:
        lines = "\n".join(map(str, checked.failures))
        raise Refused(f"{len(checked.failures)} of {len(checked.plan.cases)} cases do not come out:\n{lines}")
    if explain is not None:
        for sentence in queries.sentences(checked.plan, explain.value):
            typer.echo(sentence)
        return
    told = {"plan": checked.plan.key, "version": checked.plan.version}
    told |= {"components": len(checked.plan.components), "cases": len(checked.plan.cases)}
    typer.echo(
        _("%(plan)s version %(version)s is sound: %(components)s components, %(cases)s cases come out.")
        % told
    )


@app.command()
def preview(
    plan: PlanFile,
    start: From = None,
    end: To = None,
    by: Annotated[By, typer.Option(help="person, component, period or line.")] = By.PERSON,
    version: Version = None,
    against: Against = None,
    viewer: Viewer = None,
    form: Form = Format.TABLE,
) -> None:
    """What a plan would pay on the lake's facts. Nothing is stored.

    With --against-version: what late facts change in the periods before --from, which were paid on that snapshot.
    """
    if against is not None:
        if end is not None:
            raise Malformed("Everything before --from is compared: --to does not go with --against-version.")
        _late(queries.read_plan(plan), start, against, by, version, user(viewer), form)
        return
    pay = queries.preview(
        queries.read_plan(plan),
        start.date() if start else None,
        end.date() if end else None,
        by.value,
        version,
        viewer=user(viewer),
        on=timezone.localdate(),
    )
    show(pay.rows, queries.COLUMNS[by.value], form)
    if form is Format.TABLE:
        told = {"total": pay.total, "snapshot": pay.snapshot, "hash": pay.hash}
        typer.echo(_("%(total)s in all, snapshot v%(snapshot)s, hash %(hash)s") % told)


def _late(
    plan: Plan,
    start: datetime | None,
    against: int,
    by: By,
    version: int | None,
    viewer: User,
    form: Format,
) -> None:
    if start is None:
        raise Malformed("Say with --from which pay period is the first open one.")
    changes = queries.late_facts(
        plan, start.date(), against, by.value, version, viewer=viewer, on=timezone.localdate()
    )
    show(changes.rows, queries.LATE[by.value], form)
    if form is Format.TABLE:
        told = {"total": f"{changes.total:+f}", "snapshot": changes.snapshot, "against": against}
        typer.echo(_("%(total)s in all, snapshot v%(snapshot)s against v%(against)s") % told)


@app.command()
def compare(
    plan: PlanFile,
    other: Annotated[Path, typer.Option("--with", help="The other version of the plan.")],
    person: Annotated[list[str] | None, typer.Option(help="An employee number; again for more.")] = None,
    end: To = None,
    viewer: Viewer = None,
    form: Form = Format.TABLE,
    version: Version = None,
) -> None:
    """What two versions of a plan pay on the same facts: per person and component, and the cost."""
    comparison = queries.compared(
        queries.read_plan(plan),
        queries.read_plan(other),
        end.date() if end else None,
        version,
        people=tuple(person or ()),
        viewer=user(viewer),
        on=timezone.localdate(),
    )
    show(
        [vars(row) for row in comparison.changes],
        ("person", "component", "before", "after", "difference"),
        form,
    )
    if form is Format.TABLE:
        for line in queries.spread_lines(comparison):
            typer.echo(line)
