"""Pages of the tree: one unit, its positions, what lies below it; import of whole tables."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core import uploads
from dabiao.core.errors import NotFound
from dabiao.org import actions, forms, imports, queries
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.listing import Column, Listing


@page("GET POST")
def unit(request: UserRequest, key: str) -> HttpResponse:
    """One unit: where it stands, its positions and who holds them."""
    _seen(request, key)
    form = forms.UnitForm(request.POST or None, initial=_initial(key))
    if request.method == "POST" and form.run(
        lambda: actions.change_unit(key, values=_unit_values(form), by=request.user, at=timezone.now())
    ):
        messages.success(request, _("Saved."))
        return redirect("org:unit", key)
    return _unit_page(request, key, form=form)


@page("POST")
def unit_add(request: UserRequest, key: str) -> HttpResponse:
    """A unit below this one."""
    form = forms.NewUnitForm(request.POST)
    if form.run(
        lambda: actions.add_unit(**form.cleaned_data, parent=key, by=request.user, at=timezone.now())
    ):
        return redirect("org:unit", form.cleaned_data["key"])
    return _unit_page(request, key, unit_form=form)


@page("GET POST", can=Can.OPERATE)
def root_add(request: UserRequest) -> HttpResponse:
    """The first unit, or another one at the top."""
    form = forms.NewUnitForm(request.POST or None)
    if request.method == "POST" and form.run(
        lambda: actions.add_unit(**form.cleaned_data, by=request.user, at=timezone.now())
    ):
        return redirect("org:unit", form.cleaned_data["key"])
    return render(
        request,
        "org/form.html",
        {"form": form, "title": _("A unit at the top"), "back": reverse("org:people")},
    )


@page("POST")
def unit_remove(request: UserRequest, key: str) -> HttpResponse:
    """Remove a unit that nothing belongs to."""
    actions.remove_unit(key, by=request.user, at=timezone.now())
    return redirect("org:people")


@page("POST")
def position_add(request: UserRequest, key: str) -> HttpResponse:
    """A position in this unit."""
    form = forms.NewPositionForm(request.POST)
    if form.run(
        lambda: actions.add_position(**form.cleaned_data, unit=key, by=request.user, at=timezone.now())
    ):
        return redirect("org:unit", key)
    return _unit_page(request, key, position_form=form)


@page("GET POST", can=Can.OPERATE)
def import_table(request: UserRequest) -> HttpResponse:
    """Upload one of the organisation's tables; all errors are shown, and with one nothing is changed."""
    form = forms.ImportForm(request.POST or None, request.FILES or None)
    done: list[imports.Imported] = []

    def act() -> None:
        said = form.cleaned_data
        rows = uploads.rows_of(said["file"].read(), said["file"].name)
        options = {"by": request.user, "at": timezone.now(), "dry_run": said["dry_run"]}
        done.append(imports.import_rows(said["table"], rows, **options))

    if request.method == "POST":
        form.run(act)
    result = done[0] if done else None
    context = {
        "form": form,
        "result": result,
        "dry_run": bool(done) and form.cleaned_data["dry_run"],
        "errors": error_listing(result.errors) if result and result.errors else None,
        "columns": [(label, _titles(name)) for name, label in imports.LABELS.items()],
    }
    bad = request.method == "POST" and (result is None or result.errors)
    return render(request, "org/import.html", context, status=422 if bad else 200)


@page(can=Can.OPERATE)
def import_template(request: UserRequest, table: str) -> HttpResponseBase:
    """An empty workbook with the titles of a table, or its present rows."""
    if table not in imports.TABLES:
        raise NotFound(_("There is no table %(name)s.") % {"name": table})
    columns = {field.name: field.title for field in imports.TABLES[table].fields}
    return http.download([], columns, name=table, kind="xlsx")


def error_listing(errors: tuple[uploads.RowError, ...]) -> Listing:
    """Errors of an upload as a table: where, what, how to mend it."""
    return Listing(
        key="errors",
        columns=[
            Column("row", _("Row"), "count"),
            Column("column", _("Column")),
            Column("value", _("Value")),
            Column("message", _("How to mend it")),
        ],
        rows=[asdict(error) for error in errors],
    )


def _titles(table: str) -> list[tuple[str, bool]]:
    return [(field.title, field.required) for field in imports.TABLES[table].fields]


def _seen(request: UserRequest, key: str) -> None:
    queries.check_scope(request.user, queries.Scope("unit", key), http.today())


def _initial(key: str) -> dict[str, object]:
    node = queries.tree().by_key[key]
    order = queries.unit_order(key)
    return {
        "name": node.name,
        "name_en": node.name_en,
        "kind": node.kind,
        "parent": node.parent or "",
        "order": order,
    }


def _unit_values(form: Form) -> dict[str, object]:
    return {**form.cleaned_data, "order": form.cleaned_data["order"] or 0}


def _unit_page(request: UserRequest, key: str, **bound: object) -> HttpResponse:
    _seen(request, key)
    visible = {node.key for node in queries.units_visible(request.user, http.today())}
    context = {
        "unit": queries.tree().by_key[key],
        "path": [node for node in queries.tree().path(key) if node.key in visible],
        "children": queries.tree().children(key),
        "seats": queries.seats_in(key, http.today()),
        "language": get_language(),
        "form": forms.UnitForm(initial=_initial(key)),
        "unit_form": forms.NewUnitForm(),
        "position_form": forms.NewPositionForm(),
        "may_edit": request.user.runs_operations,
        **bound,
    }
    return render(request, "org/unit.html", context, status=422 if request.method == "POST" else 200)
