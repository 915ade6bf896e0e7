"""`dabiao targets`: import them from a file, show those in force."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone

from dabiao.core import uploads
from dabiao.core.asked import fiscal
from dabiao.core.output import Format, show
from dabiao.targets import imports, queries

app = typer.Typer(no_args_is_help=True)

COLUMNS = (
    "scope_kind",
    "scope",
    "name",
    "metric",
    "product",
    "starts_on",
    "ends_on",
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
        "The file can be imported."
        if dry_run
        else f"{told.added} added, {told.changed} changed, {told.unchanged} were already so, {told.cleared} cleared."
    )


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
    show(rows, COLUMNS, form)
