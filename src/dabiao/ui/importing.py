"""The page on which a table comes in from a file: upload, dry run, every error with its mend, empty workbooks."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.core import room, uploads
from dabiao.core.errors import NotFound
from dabiao.core.importable import Importable, Outcome
from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import form_page

MOST_SHOWN: Final = 1000
"""Errors on the page: whoever has more mends these first."""


class ImportForm(Form):
    """A file, and which of the tables it holds where a page takes several."""

    table = forms.ChoiceField(label=gettext_lazy("Table"))
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV, TSV, XLSX or XLS; titles in the first row.")
    )
    dry_run = forms.BooleanField(label=gettext_lazy("Only check; change nothing"), required=False)

    def __init__(self, *args: object, tables: Mapping[str, Importable], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["table"]
        choices.choices = [(key, table.label) for key, table in tables.items()]
        if len(tables) == 1:
            del self.fields["table"]


def import_page(
    request: HttpRequest, key: str, *, sample: Callable[[str], str], **words: object
) -> HttpResponseBase:
    """A page that takes the tables of one room, as the register has them; with one error nothing is changed.

    key: the room's. sample: table → the address of its empty workbook. words: `title`, `sentence` and, of the page it
    belongs to, `back` (address) and `back_to` (what it is called).
    """
    tables = room.importables(key)

    def act(said: dict[str, Any]) -> tuple[dict[str, Any], Outcome]:
        table = tables[said.get("table") or next(iter(tables))]
        table.admit(request.user)
        rows = uploads.rows_of(uploads.content_of(said["file"]), said["file"].name)
        moment = {"by": request.user, "at": timezone.now(), "on": http.today()}
        return said, table.take(rows, **moment, dry_run=said["dry_run"])

    def draw(form: Form, **context: object) -> tuple[str, dict[str, object]]:
        columns = [(table.label, columns_of(table), sample(name)) for name, table in tables.items()]
        note = next(iter(tables.values())).note if len(tables) == 1 else ""
        return "import.html", {**words, "form": form, "tables": columns, "note": note, **context}

    def then(taken: tuple[dict[str, Any], Outcome]) -> HttpResponseBase:
        said, outcome = taken
        errors = error_listing(outcome) if outcome.errors else None
        template, context = draw(form(initial=said), outcome=outcome, dry_run=said["dry_run"], errors=errors)
        return render(request, template, context, status=422 if outcome.errors else 200)

    form = partial(ImportForm, tables=tables)
    return form_page(request, form, act, then=then, draw=draw)


def import_workbook(key: str, table: str) -> HttpResponseBase:
    """An empty workbook with the titles of a table of a room. Raises NotFound."""
    tables = room.importables(key)
    if table not in tables:
        raise NotFound(_("There is no table %(name)s.") % {"name": table})
    columns = {field.name: field.title for field in tables[table].fields if not field.aside}
    return http.download([], columns, name=table, kind="xlsx")


def columns_of(table: Importable) -> list[tuple[str, bool]]:
    """Titles of a table's columns in the reader's language, and which must be filled."""
    return [(field.title, field.required) for field in table.fields if not field.aside]


def error_listing(outcome: Outcome) -> Listing:
    """Errors of an upload as a table: where, what, how to mend it."""
    return Listing(
        key="errors",
        columns=[
            Column("row", _("Row"), "count"),
            Column("column", _("Column")),
            Column("value", _("Value")),
            Column("message", _("How to mend it")),
        ],
        rows=[asdict(error) for error in outcome.errors[:MOST_SHOWN]],
        passing=True,
    )
