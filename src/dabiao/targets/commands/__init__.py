"""`dabiao targets`: hand down, calibrate, show, import and export."""

import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import uploads
from dabiao.core.calendars import fiscal
from dabiao.core.output import Format, show
from dabiao.metrics import labels, splits
from dabiao.targets import imports, queries
from dabiao.targets.commands import calibrate, cascade

app = typer.Typer(no_args_is_help=True)
app.command("cascade")(cascade.cascade)
app.command("edit")(cascade.edit)
app.command("show")(cascade.show_)
app.command("calibrate")(calibrate.calibrate)

COLUMNS = (
    "scope_kind",
    "scope",
    "name",
    "metric",
    "dimension",
    "member",
    "starts_on",
    "ends_on",
    "base",
    "target",
    "challenge",
)
IMPORTABLE = (
    "unit",
    "person",
    "metric",
    "dimension",
    "member",
    "starts_on",
    "last_day",
    "base",
    "target",
    "challenge",
)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, TSV, XLSX or XLS.")],
    dry_run: Annotated[bool, typer.Option(help="Only check; change nothing.")] = False,
) -> None:
    """Set targets from a file. All errors are shown, and with one nothing is changed (exit code 1)."""
    rows = uploads.rows_of(file.read_bytes(), file.name)
    now = timezone.now()
    done = imports.import_rows(
        rows, by=None, at=now, on=timezone.localdate(), fiscal=fiscal(), dry_run=dry_run
    )
    if done.errors:
        show([asdict(error) for error in done.errors], ["row", "column", "value", "message"], Format.TABLE)
        raise typer.Exit(1)
    told = done.done
    print(
        _("The file can be imported.")
        if dry_run
        else _("%(added)s added, %(changed)s changed, %(unchanged)s were already so, %(cleared)s cleared.")
        % asdict(told)
    )
    for note in done.notes:
        print(note, file=sys.stderr)


@app.command("list")
def list_(
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In force on this day; default: today.")
    ] = None,
    metric: Annotated[str, typer.Option(help="Of this metric only.")] = "",
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Stored targets whose dates hold a day; `ends_on` is the day after the last."""
    day = on.date() if on else timezone.localdate()
    rows = [asdict(row) for row in queries.stored(queries.Filter(on=day, metric=metric))]
    codes = {"metric": labels.metrics(), "dimension": {name: splits.label(name) for name in splits.NARROWING}}
    show(rows, COLUMNS, form, codes=codes)


@app.command("export")
def export(
    metric: Annotated[str, typer.Option(help="Of this metric only.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Not over before this day.")
    ] = None,
) -> None:
    """Every stored target as CSV, in the columns that `import` reads."""
    wanted = queries.Filter(metric=metric, since=since.date() if since else None)
    show([_importable(row) for row in queries.stored(wanted)], IMPORTABLE, Format.CSV)


def _importable(row: queries.TargetRow) -> dict[str, object]:
    return {
        row.scope_kind: row.scope,
        "unit" if row.scope_kind == "person" else "person": None,
        "metric": row.metric,
        "dimension": row.dimension,
        "member": row.member,
        "starts_on": row.starts_on,
        "last_day": row.ends_on - timedelta(days=1),
        "base": row.base,
        "target": row.target,
        "challenge": row.challenge,
    }
