"""`dabiao import`: a file or a folder through a mapping, with progress, and a report that tells all."""

import json
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
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
from dabiao.core.heads import head
from dabiao.core.output import Format, plain, show
from dabiao.core.priority import give_way
from dabiao.core.text_file import text_of
from dabiao.facts import actions
from dabiao.facts.logic import labels
from dabiao.facts.logic.labels import ASIDES
from dabiao.facts.logic.loading.prepare import Progress as Watch
from dabiao.facts.logic.loading.report import Report, TableChange, verdict
from dabiao.facts.logic.look import look
from dabiao.facts.logic.mapping import MapFile, read_map
from dabiao.facts.logic.proposing import Proposal, why_nothing
from dabiao.facts.logic.proposing.kinds import KINDS, NOTHING
from dabiao.facts.logic.reading.opening import FORMATS
from dabiao.org.access import User, require
from dabiao.org.can import Can

_SYSTEM = "What the files come from: rows of one system with the same key are the same row."
_COMPANY = "What the unit at the top is called, where there is none yet."
_ANSWER = "QUESTION=CHOICE, for what a proposal asks; several times."
_REJECTED = 2
"""Exit code when rows were handed back: what could be loaded is loaded, and a script should look."""
_STOPPED = 3
"""Exit code when it asks before it loads: nothing was loaded, and somebody has to say that it is meant."""


def import_(
    path: Annotated[Path, typer.Argument(help="A file, a folder, or a mended rejects file.")],
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="The mapping (YAML); left out: it is proposed from the files."),
    ] = None,
    system: Annotated[str, typer.Option(help=_SYSTEM)] = "",
    company: Annotated[str, typer.Option(help=_COMPANY)] = "",
    answer: Annotated[list[str] | None, typer.Option(help=_ANSWER)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    even_so: Annotated[
        str,
        typer.Option(
            help="Load in spite of what it asks: moved, shrinks, again, cuts, or several with commas."
        ),
    ] = "",
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    as_user: Annotated[
        str | None, typer.Option("--as", help="On whose account; default: the operator.")
    ] = None,
) -> None:
    """Load facts, the organisation and targets from files.

    Exit code 2: some rows were handed back. 3: it asks before it loads, and nothing was loaded; see --even-so.
    """
    by = _user(as_user)
    require(by, Can.OPERATE)
    said = actions.read_codes(even_so.split(","))
    known = _Known(system, company, tuple(answer or []))
    order = replace(_order(path, map_file, known), even_so=said)
    actions.close_interrupted(at=timezone.now())
    give_way()
    with _progress(shown=form is Format.TABLE) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int | None, note: str) -> None:
            bar.update(task, completed=done, total=total, description=note)

        report = _loaded(order, by, dry_run, progress)
    _show(report, form)
    if unsaid := [finding for finding in report.findings if finding.code not in said]:
        asked = ",".join(dict.fromkeys(finding.code for finding in unsaid))
        text = _("Nothing was loaded: it asks first. If this is meant, load it with --even-so %(codes)s")
        print(text % {"codes": asked}, file=sys.stderr)
        raise typer.Exit(_STOPPED)
    if report.error_cells:
        raise typer.Exit(_REJECTED)


def _loaded(order: actions.Order, by: User | None, dry_run: bool, progress: Watch) -> Report:
    """The report of the load, or of what it would do where it stops and asks."""
    try:
        return actions.load(order, by=by, at=timezone.now(), dry_run=dry_run, progress=progress)
    except actions.Stopped as stop:
        if stop.report is None:
            raise
        return stop.report


def undo(
    key: Annotated[str, typer.Argument(help="The import, by the key in its report and address.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, change nothing.")] = False,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    as_user: Annotated[
        str | None, typer.Option("--as", help="On whose account; default: the operator.")
    ] = None,
) -> None:
    """Take an import back: its rows become what they were before it; what others loaded since stays."""
    by = _user(as_user)
    done = actions.look_at_undo(key, by=by) if dry_run else actions.undo(key, by=by, at=timezone.now())
    if form is Format.JSON:
        print(json.dumps(done.as_json(), ensure_ascii=False))
        return
    rows = [asdict(table) for table in done.tables]
    codes = {"into": {row["into"]: _called(row["into"]) for row in rows}}
    show(rows, ("into", "goes", "back", "returns", "stays"), form, codes=codes)
    if form is Format.CSV:
        return
    out = Console()
    _show_months(done.changes, out)
    for said in done.kept:
        out.print(said, markup=False)
    if done.snapshot:
        out.print(_("Taken back: v%(snapshot)s") % {"snapshot": done.snapshot})


def propose(
    paths: Annotated[list[Path], typer.Argument(help="Files to look at.")],
    system: Annotated[str, typer.Option(help=_SYSTEM)] = "",
    company: Annotated[str, typer.Option(help=_COMPANY)] = "",
    answer: Annotated[list[str] | None, typer.Option(help=_ANSWER)] = None,
) -> None:
    """Print a mapping proposed from the headers and cells of files. What they do not tell is asked: exit code 1."""
    found = _proposal(paths, _Known(system, company, tuple(answer or [])))
    told = Console(stderr=True)
    for guess in found.guesses:
        told.print(
            f"{guess.table}.{guess.column} ← {guess.header}  {guess.confidence:.0%} {guess.note}",
            markup=False,
        )
    _tell(found, told)
    _refuse_open(found)
    print(found.text)


@dataclass(frozen=True)
class _Known:
    """What somebody says beforehand of files that a mapping is to be proposed for."""

    system: str = ""
    company: str = ""
    answers: tuple[str, ...] = ()


def _order(path: Path, map_file: Path | None, known: _Known) -> actions.Order:
    """What to load, by the mapping that is given or by one that is proposed and asks nothing any more."""
    if map_file is not None:
        if known != _Known():
            raise Malformed(
                _("--system, --company and --answer are for a mapping that is proposed: leave --map out.")
            )
        return actions.Order(path, _mapping(map_file), map_file.name)
    files = (
        [path]
        if path.is_file()
        else sorted(each for each in path.glob("*") if each.suffix.lower() in FORMATS)
    )
    found = _proposal(files, known)
    _tell(found, Console(stderr=True))
    _refuse_open(found)
    if reasons := why_nothing(found.taken):
        raise Malformed(reasons)
    return actions.Order(path, read_map(found.text))


def _proposal(paths: Sequence[Path], known: _Known) -> Proposal:
    for path in paths:
        if not path.is_file():
            raise NotFound(_("%(path)s is not a file.") % {"path": path})
    if not paths:
        raise NotFound(_("There is no table here: give XLSX, XLS, CSV, TSV, TXT or Parquet."))
    given = dict(_pair(said) for said in known.answers)
    asked = actions.what_is_known(known.system, given, company=known.company)
    found = look(paths, asked=asked).proposal
    if found is None:
        raise Malformed(_("These are rows handed back from an import; they have its mapping."))
    asks = {question.key for question in found.questions} | {sheet.key for sheet in found.taken}
    if strange := sorted(set(given) - asks):
        raise Malformed(_("Nothing asks %(names)s.") % {"names": ", ".join(strange)})
    return found


def _pair(said: str) -> tuple[str, str]:
    key, sign, value = said.partition("=")
    if not sign:
        raise Malformed(_("Write --answer QUESTION=CHOICE, not %(said)s.") % {"said": said})
    return key, value


def _tell(found: Proposal, out: Console) -> None:
    for note in found.notes:
        out.print(note, markup=False)
    for sheet in found.taken:
        if not sheet.kind:
            told = {"source": ", ".join(sheet.places), "why": sheet.why, "key": sheet.key}
            told["tables"] = ", ".join(name for name in KINDS if name != NOTHING)
            out.print(
                _(
                    "%(source)s is left out: %(why)s. To load it, say by --answer %(key)s=… which of these it is: %(tables)s"
                )
                % told,
                markup=False,
            )


def _refuse_open(found: Proposal) -> None:
    """Every open question with its readings, and how to answer it. Raises Malformed while there are any."""
    if not found.open:
        return
    lines = [_("The files do not tell all; answer by --answer (or write the mapping by hand):")]
    for question in found.open:
        lines.append(f"? {question.text} {question.evidence}".rstrip())
        for choice in question.choices:
            rows = "; ".join(choice.rows)
            beside = " · ".join(part for part in (choice.label, choice.says, rows) if part)
            lines.append(f"    --answer {_quoted(f'{question.key}={choice.value}')}    {beside}")
        if question.named:
            lines.append(f"    --{question.key} NAME    {_('another one, that is not here yet')}")
    raise Malformed("\n".join(lines))


def _quoted(text: str) -> str:
    """As a shell takes it; Chinese needs no quotes."""
    return shlex.quote(text) if re.search(r"[^\w.=+:/-]", text) else text


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
    if report.changes:
        out.print(_changes(report.changes))
        _show_months(report.changes, out)
    for finding in report.findings:
        examples = f": {', '.join(finding.examples)}" if finding.examples else ""
        out.print(f"[red]?[/red] {escape(finding.text)}{escape(examples)} ({finding.code})")
    for kind in report.errors:
        place = f"{kind.source}.{kind.column} → {labels.column('', kind.into) or kind.into}"
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
    done = {"inserted": "new", "updated": "changed", "unchanged": "same", "removed": "gone"}
    heads = {
        "read": "read",
        **({"ready": "ready"} if report.dry_run else done),
        "rejected": "rejected",
        "skipped": "skipped",
    }
    table = Table(show_edge=False, header_style="bold")
    table.add_column(head("into"), no_wrap=True)
    table.add_column(head("from"), no_wrap=True, min_width=11)
    for name in heads.values():
        table.add_column(head(name), justify="right", no_wrap=True)
    for row in report.tables:
        table.add_row(_called(row.into), row.source, *[f"{getattr(row, name):,}" for name in heads])
    return table


def _called(into: str) -> str:
    """A table by its name where the reader's language has one that is not its key."""
    return labels.table(into) if labels.is_chinese() else into


def _changes(changes: Sequence[TableChange]) -> Table:
    """What it does to each table."""
    table = Table(show_edge=False, header_style="bold")
    table.add_column(head("into"), no_wrap=True)
    for name in ("new", "changed", "gone", "same"):
        table.add_column(head(name), justify="right", no_wrap=True)
    for row in changes:
        table.add_row(
            _called(row.into), *[f"{count:,}" for count in (row.new, row.changed, row.gone, row.same)]
        )
    return table


def _show_months(changes: Sequence[TableChange], out: Console) -> None:
    """Per fact table a line for each month in which something changes."""
    for change in changes:
        if not change.months:
            continue
        table = Table(show_edge=False, header_style="bold")
        table.add_column(_called(change.into), no_wrap=True)
        amount = labels.column(change.into, change.amount or "") or change.amount
        sums = (_("%(amount)s before") % {"amount": amount}, head("after"), "±") if amount else ()
        for said in (head("rows_before"), head("after"), "±", *sums):
            table.add_column(said, justify="right", no_wrap=True)
        for month in change.months:
            rows = (
                f"{month.rows_before:,}",
                f"{month.rows_after:,}",
                f"{month.rows_after - month.rows_before:+,}",
            )
            amounts = _amounts(month.amount_before, month.amount_after) if change.amount else ()
            table.add_row(month.month, *rows, *amounts)
        out.print(table)


def _amounts(before: str | None, after: str | None) -> tuple[str, str, str]:
    """Before, after and the difference; a dash where there is no amount."""
    shown = [f"{Decimal(amount):,.2f}" if amount is not None else "—" for amount in (before, after)]
    return shown[0], shown[1], f"{Decimal(after or 0) - Decimal(before or 0):+,.2f}"
