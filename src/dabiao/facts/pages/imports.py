"""Pages of data: what is there, the import step by step, its history."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core import config, keeping
from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed, NotFound
from dabiao.engine.document import Problem
from dabiao.facts import actions, forms, queries
from dabiao.facts.logic import editing, labels, takeback
from dabiao.facts.logic.loading.report import Report, from_json, verdict
from dabiao.facts.logic.mapping import BadMapping
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import Question
from dabiao.facts.logic.proposing.kinds import KINDS, NOTHING
from dabiao.facts.models import ImportBatch
from dabiao.facts.pages.listings import (
    changes_listing,
    counts_listing,
    errors_listing,
    kinds_listing,
    months_listing,
    people_listing,
    sheets,
    undo_listing,
)
from dabiao.lake import reading
from dabiao.org import queries as org
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.ui import http
from dabiao.ui.listing import Cell, Column, Listing
from dabiao.ui.page import form_page, list_page

_NEW: Final = "+"
"""What is chosen where a new name is typed."""
_HEADLINES: Final = (
    "order_lines", "contracts", "opportunities", "revenue", "invoices", "receipts", "deliveries", "leads", "activities",
)  # fmt: skip
"""Tables whose newest month is opened after a first load: as the cockpit chooses what it is about."""


@page(can=Can.OPERATE)
def imports(request: UserRequest) -> HttpResponseBase:
    """What the lake holds, the upload, and the history of imports."""
    tables = _tables()
    rows = sum(int(str(row["rows"])) for row in tables.rows)
    return list_page(request, "facts/imports.html", {"history": _history(), "tables": tables}, count=rows)


@page("GET POST", can=Can.OPERATE)
def start(request: UserRequest) -> HttpResponseBase:
    """All files of somebody who begins, at once: the same import as any other, which leads on to the cockpit."""

    def act(said: dict[str, Any]) -> ImportBatch:
        company = said.get("company", "")
        return actions.begin(said["upload"], company=company, by=request.user, at=timezone.now())

    year = config.get("DABIAO_FISCAL")
    fiscal_year = _("the calendar year") if year == "calendar" else year
    words = {"currency": config.get("DABIAO_CURRENCY"), "fiscal": fiscal_year}
    return form_page(
        request,
        partial(forms.StartForm, named=bool(org.top_unit())),
        act,
        then=lambda batch: reverse("facts:import-mapping", args=[batch.key]),
        draw=lambda form: ("facts/start.html", {"form": form, **words}),
    )


@page("GET POST", can=Can.OPERATE)
def upload(request: UserRequest) -> HttpResponseBase:
    """Take files in and find a mapping for them."""

    def act(said: dict[str, Any]) -> ImportBatch:
        text = said["mapping"].read().decode("utf-8", "replace") if said["mapping"] else ""
        options = {"mapping": text, "like": said["like"], "system": said["system"]}
        return actions.begin(said["upload"], **options, by=request.user, at=timezone.now())

    return form_page(
        request,
        forms.UploadForm,
        act,
        then=lambda batch: reverse("facts:import-mapping", args=[batch.key]),
        draw=lambda form: ("facts/upload.html", {"form": form}),
    )


@page("GET POST", can=Can.OPERATE)
def import_mapping(request: UserRequest, key: str) -> HttpResponse:
    """Look over the mapping, change it by choosing or by writing, and have the files checked by it."""
    batch = queries.batch(key)
    text: str = batch.mapping
    problems: tuple[Problem, ...] = ()
    refused, typed = "", dict[str, str]()
    if request.method == "POST" and "answer" in request.POST:
        try:
            return _answered(request, batch)
        except Malformed as unfit:
            refused, typed = str(unfit), _said(request)
    elif request.method == "POST":
        text = (
            request.POST.get("text", "").replace("\r\n", "\n")
            if "text" in request.POST
            else editing.chosen(batch.mapping, request.POST)
        )
        try:
            written = "text" in request.POST
            actions.confirm_mapping(key, text, own=written, by=request.user, at=timezone.now())
            return redirect("facts:import", key)
        except BadMapping as bad:
            problems = bad.problems
        except actions.Unanswered as unanswered:
            refused = str(unanswered)
    context = {
        "batch": batch,
        "text": text,
        "problems": problems,
        "refused": refused,
        "questions": [replace(each, answer=typed.get(each.key, each.answer)) for each in _shown(batch)],
        "sheets": sheets(batch),
        "kinds": _kinds(batch),
        "waiting": actions.open_questions(batch),
        "notes": batch.report.get("concluded", []),
        "tables": editing.tables(text, batch.report),
        "sources": editing.sources(text),
        "intos": [(name, labels.table(name)) for name in INTO],
        "unplaced": batch.report.get("unplaced", []),
        "again": batch.report.get("again", ""),
    }
    return render(request, "facts/mapping.html", context, status=422 if problems or refused else 200)


def _kinds(batch: ImportBatch) -> list[tuple[str, str]]:
    """What a sheet can be said to be, and whatever one was taken for."""
    kinds = dict.fromkeys([*KINDS, *(sheet.kind for sheet in actions.taken(batch) if sheet.kind)])
    return [(name, labels.kind(name)) for name in kinds]


def _shown(batch: ImportBatch) -> list[Question]:
    """Questions of the list. What a sheet is stands above it, once that is answered, and can be changed there."""
    above = {sheet.key for sheet in actions.taken(batch)}
    return [each for each in actions.questions(batch) if not each.answer or each.key not in above]


def _said(request: UserRequest) -> dict[str, str]:
    """Question → what was chosen, or typed where a new name was: also by whoever typed one and chose nothing."""
    said = {name[2:]: str(value) for name, value in request.POST.items() if name.startswith("q:")}
    typed = {name[4:]: str(value).strip() for name, value in request.POST.items() if name.startswith("new:")}
    new = {key: name for key, name in typed.items() if said.get(key, _NEW) == _NEW and (name or key in said)}
    return {**said, **new}


def _answered(request: UserRequest, batch: ImportBatch) -> HttpResponse:
    """Take answers, and what sheets are said to be, over; go on to the check where that was asked for and nothing is open."""
    as_it_is = {sheet.key: sheet.kind or NOTHING for sheet in actions.taken(batch)}
    asked = {question.key for question in actions.open_questions(batch)}
    said = {key: value for key, value in _said(request).items() if key in asked or as_it_is.get(key) != value}
    if said:
        batch = actions.answer(batch.key, said, by=request.user, at=timezone.now())
    if "check" not in request.POST or actions.open_questions(batch):
        return redirect("facts:import-mapping", batch.key)
    actions.confirm_mapping(batch.key, batch.mapping, by=request.user, at=timezone.now())
    return redirect("facts:import", batch.key)


@page(can=Can.OPERATE)
def import_(request: UserRequest, key: str) -> HttpResponseBase:
    """An import wherever it stands: being checked, checked, being loaded, loaded, failed."""
    batch = queries.batch(key)
    job = queries.job_of(batch)
    report = from_json(_only_report(batch)) if "tables" in batch.report else None
    words: dict[str, object] = {
        "batch": batch,
        "job": job,
        "busy": job is not None and not job.is_over,
        "failure": queries.failure(job) if job else "",
    }
    if report is None:
        return render(request, "facts/import.html", words)
    listings = {
        "counts": counts_listing(report),
        "changes": changes_listing(report),
        "months": months_listing(report.changes),
        "kinds": kinds_listing(report),
        "errors": errors_listing(report),
        "people": people_listing(report),
    }
    words |= {
        "report": report,
        "verdict": verdict(report),
        "preview": _preview(report),
        "month": _newest_month(report),
        "asides": _asides(report),
        "rejects": [Path(path).name for path in report.rejects.values() if Path(path).exists()],
        "all_errors": bool(report.all_errors) and Path(report.all_errors).exists(),
    }
    if batch.state == ImportBatch.State.UNDONE:
        done = takeback.from_json(batch.undone)
        listings |= {"undone": undo_listing(done), "months": months_listing(done.changes)}
        words |= {"done": done}
    return list_page(request, "facts/import.html", listings, name=key, **words)


@page(can=Can.OPERATE)
def import_status(request: UserRequest, key: str) -> HttpResponse:
    """The bar of an import under way; once it is over, the page is asked for anew."""
    batch = queries.batch(key)
    job = queries.job_of(batch)
    if job is None:  # nothing is under way yet: there is no bar to show
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    response = render(request, "facts/_status.html", {"batch": batch, "job": job})
    if job.is_over:
        response["HX-Refresh"] = "true"
        if batch.state == ImportBatch.State.DONE and batch.report.get("guided") and not batch.rejected:
            month = _newest_month(from_json(_only_report(batch)))
            return HttpResponse(
                headers={"HX-Redirect": f"/?period={month}"} if month else {"HX-Refresh": "true"}
            )
    return response


@page("POST", can=Can.OPERATE)
def import_load(request: UserRequest, key: str) -> HttpResponse:
    """Load what has been checked."""
    actions.start_loading(key, even_so=request.POST.getlist("even_so"), by=request.user, at=timezone.now())
    return redirect("facts:import", key)


@page("GET POST", can=Can.OPERATE)
def import_undo(request: UserRequest, key: str) -> HttpResponseBase:
    """Say what taking an import back does; do it once that is said yes to."""
    if request.method == "POST":
        actions.undo(key, by=request.user, at=timezone.now())
        return redirect("facts:import", key)
    done = actions.look_at_undo(key, by=request.user)
    listings = {"tables": undo_listing(done), "months": months_listing(done.changes)}
    return list_page(request, "facts/undo.html", listings, name=key, batch=queries.batch(key), done=done)


@page("POST", can=Can.OPERATE)
def import_discard(request: UserRequest, key: str) -> HttpResponse:
    """Forget an import that was not loaded."""
    actions.discard(key, by=request.user, at=timezone.now())
    return redirect("facts:imports")


@page(can=Can.OPERATE)
def import_file(request: UserRequest, key: str, name: str) -> FileResponse:
    """Rows handed back, or all errors, as a file."""
    batch = queries.batch(key)
    if "tables" not in batch.report:  # not checked yet, so nothing has been handed back
        raise NotFound(_("There is no file %(name)s.") % {"name": name})
    report = from_json(_only_report(batch))
    known = {Path(path).name: Path(path) for path in (*report.rejects.values(), report.all_errors) if path}
    if name not in known or not known[name].exists():
        raise NotFound(_("There is no file %(name)s.") % {"name": name})
    response = FileResponse(known[name].open("rb"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = http.disposition(name)
    return response


@page("GET POST", can=Can.ADMINISTER)
def connectors(request: UserRequest) -> HttpResponseBase:
    """Databases that mappings may ask; administrators add and remove them."""
    then = reverse("facts:import-connectors")
    if "remove" in request.POST:
        actions.remove_connector(request.POST["remove"], by=request.user, at=timezone.now())
        return redirect(then)
    return form_page(
        request,
        forms.ConnectorForm,
        lambda said: actions.save_connector(said["name"], said["url"], by=request.user, at=timezone.now()),
        then=then,
        draw=lambda form: ("facts/connectors.html", {"form": form, "connectors": queries.connectors()}),
    )


def _newest_month(report: Report) -> str:
    """The newest month that is not to come of what the cockpit is most likely about; nothing where no fact was loaded."""
    months = {
        change.into: [each.month for each in change.months if each.rows_after] for change in report.changes
    }
    listed = next((months[into] for into in _HEADLINES if months.get(into)), [])
    this = f"{timezone.localdate():%Y-%m}"
    month = max([each for each in listed if each <= this] or listed, default="")
    if not month:
        return ""
    calendar = fiscal()
    return calendar.containing(calendar.monthly, date.fromisoformat(f"{month}-15")).label


def _history() -> Listing:
    rows: list[dict[str, Cell]] = [
        {
            "href": f"/facts/imports/{each.key}/", "name": str(each), "state": each.get_state_display(), "at": each.at,
            "by": str(each.by) if each.by else _("operator"), "read": each.read, "loaded": each.loaded,
            "unchanged": each.unchanged, "rejected": each.rejected, "snapshot": f"v{each.snapshot}" if each.snapshot else "",
        }
        for each in queries.batches()
    ]  # fmt: skip
    columns = [
        Column("name", _("File"), link="href"),
        Column("state", _("State")),
        Column("at", _("When"), "moment"),
        Column("by", _("Who")),
        Column("read", pgettext("rows", "Read"), "count"),
        Column("loaded", _("Loaded"), "count"),
        Column("unchanged", _("Unchanged"), "count"),
        Column("rejected", _("Rejected"), "count"),
        Column("snapshot", _("Version")),
    ]
    return Listing("imports", columns, rows, empty=_("Nothing has been imported yet."))


def _held(lake: reading.Lake) -> list[queries.Held]:
    """All of a snapshot's facts are counted, so once for each snapshot; numbers begin anew in another installation."""
    stamp = keeping.stamp(lake.number, lake.tables, lake.serving)
    return keeping.once("held", stamp, lambda: queries.held(lake))


def _tables() -> Listing:
    rows: list[dict[str, Cell]] = [
        {
            "table": labels.table(held.table),
            "rows": held.rows,
            "first": held.first,
            "last": held.last,
            "sources": held.sources,
        }
        for held in _held(reading.current())
    ]
    columns = [
        Column("table", _("Table")),
        Column("rows", _("Rows"), "count"),
        Column("first", _("First day"), "day"),
        Column("last", _("Last day"), "day"),
        Column("sources", _("Systems"), "count", hidden=True),
    ]
    return Listing("tables", columns, rows, empty=_("The lake is empty."))


def _only_report(batch: ImportBatch) -> dict[str, object]:
    """The report without what the wizard keeps beside it."""
    names = Report.__dataclass_fields__
    return {name: value for name, value in batch.report.items() if name in names}


def _preview(report: Report) -> list[tuple[str, object]]:
    """Table → its first rows, under the titles that Chinese files usually have, where the reader's are."""
    found: list[tuple[str, object]] = []
    for name, shown in report.preview.items():
        into = name.partition(" ← ")[0]
        titles = tuple(labels.column(into, each) or each for each in shown.columns)
        rows = tuple(labels.cells(into, shown.columns, row) for row in shown.rows)
        found.append((labels.tables(name), replace(shown, columns=titles, rows=rows)))
    return found


def _asides(report: Report) -> list[tuple[str, str]]:
    """File → what was left aside, in words."""
    told = []
    for name, counts in report.asides.items():
        said = ", ".join(
            _("%(count)s %(what)s") % {"count": count, "what": labels.ASIDES.get(what, what)}
            for what, count in counts.items()
            if what != "header"
        )
        if said:
            told.append((name, said))
    return told
