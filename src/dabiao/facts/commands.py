"""`dabiao import`: a file or a folder through a mapping, with progress, and a report that tells all."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from dabiao.core.errors import Malformed, NotFound
from dabiao.core.output import Format, plain
from dabiao.core.priority import give_way
from dabiao.core.text_file import text_of
from dabiao.facts import actions
from dabiao.facts.logic.labels import ASIDES
from dabiao.facts.logic.loading.report import Report, verdict
from dabiao.facts.logic.mapping import MapFile, read_map
from dabiao.org.access import User, require
from dabiao.org.can import Can

_REJECTED = 2
"""Exit code when rows were handed back: what could be loaded is loaded, and a script should look."""


def import_(
    path: Annotated[Path, typer.Argument(help="A file, a folder, or a mended rejects file.")],
    map_file: Annotated[Path, typer.Option("--map", help="The mapping (YAML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    as_user: Annotated[
        str | None, typer.Option("--as", help="On whose account; default: the operator.")
    ] = None,
) -> None:
    """Load facts, the organisation and targets from files. Exit code 2: some rows were handed back."""
    by = _user(as_user)
    require(by, Can.OPERATE)
    order = actions.Order(path, _mapping(map_file), map_file.name)
    actions.close_interrupted(at=timezone.now())
    give_way()
    with _progress(shown=form is Format.TABLE) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int | None, note: str) -> None:
            bar.update(task, completed=done, total=total, description=note)

        report = actions.load(order, by=by, at=timezone.now(), dry_run=dry_run, progress=progress)
    _show(report, form)
    if report.error_cells:
        raise typer.Exit(_REJECTED)


def propose(
    paths: Annotated[list[Path], typer.Argument(help="Files to look at.")],
    system: Annotated[
        str, typer.Option(help="What the system is called that the files come from.")
    ] = "files",
) -> None:
    """Print a mapping proposed from the headers and cells of files."""
    from dabiao.facts.logic.look import look

    for path in paths:
        if not path.is_file():
            raise NotFound(_("%(path)s is not a file.") % {"path": path})
    found = look(paths, system=system, proposing=True).proposal
    if found is None:
        raise Malformed(_("These are rows handed back from an import; they have its mapping."))
    print(found.text)
    told = Console(stderr=True)
    for guess in found.guesses:
        told.print(
            f"{guess.table}.{guess.column} ← {guess.header}  {guess.confidence:.0%} {guess.note}",
            markup=False,
        )
    for note in found.notes:
        told.print(note, markup=False)


def _mapping(file: Path) -> MapFile:
    return read_map(text_of(file), file=str(file))


def _user(name: str | None) -> User | None:
    if name is None:
        return None
    found = User.objects.filter(username=name).first()
    if found is None:
        raise NotFound(_("There is no user called %(name)r.") % {"name": name})
    return found


def _progress(*, shown: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not shown or not sys.stderr.isatty(),
        transient=True,
    )


def _show(report: Report, form: Format) -> None:
    if form is Format.JSON:
        print(json.dumps({"verdict": verdict(report), **report.as_json()}, ensure_ascii=False, default=plain))
        return
    if form is Format.CSV:
        raise Malformed(_("An import's report is shown as table or json."))
    out = Console()
    out.print(_counts(report))
    for kind in report.errors:
        place = f"{kind.source}.{kind.column} → {kind.into}"
        example = f"{kind.example!r} " if kind.example else ""
        first = _("first in row %(row)s") % {"row": kind.first_row}
        out.print(
            f"[red]✗[/red] {escape(place)}: {kind.count:,} × {escape(example)}{kind.said} ({first}). {kind.mend}"
        )
    for warning in report.warnings:
        count = f" ({warning.count:,})" if warning.count else ""
        examples = f": {', '.join(warning.examples)}" if warning.examples else ""
        out.print(f"[yellow]![/yellow] {escape(warning.text)}{count}{escape(examples)}")
    for name, asides in report.asides.items():
        told = ", ".join(f"{count} {ASIDES[what]}" for what, count in asides.items() if what != "header")
        if told:
            left = _("%(name)s: left aside %(what)s") % {"name": name, "what": told}
            out.print(f"[dim]{escape(left)}[/dim]")
    for file in (*report.rejects.values(), *([report.all_errors] if report.all_errors else [])):
        out.print(f"→ {escape(file)}", soft_wrap=True)
    number = f" v{report.snapshot}" if report.snapshot else ""
    out.print(f"[bold]{verdict(report)}[/bold]{number} {report.seconds:.1f} s")


def _counts(report: Report) -> Table:
    """One line a table; the heads are short because a terminal has 80 columns."""
    done = {"inserted": "new", "updated": "chg", "unchanged": "same", "removed": "gone"}
    heads = {
        "read": "read",
        **({"ready": "ready"} if report.dry_run else done),
        "rejected": "bad",
        "skipped": "skipped",
    }
    table = Table(show_edge=False, header_style="bold")
    table.add_column("table", no_wrap=True)
    table.add_column("from", no_wrap=True, min_width=11)
    for head in heads.values():
        table.add_column(head, justify="right", no_wrap=True)
    for row in report.tables:
        table.add_row(row.into, row.source, *[f"{getattr(row, name):,}" for name in heads])
    return table
