"""Pages of the tree: one unit, its positions, what lies below it; import of whole tables."""

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.org import actions, forms, queries
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.importing import import_page, import_workbook
from dabiao.ui.page import form_page


@page("GET POST")
def unit(request: UserRequest, key: str) -> HttpResponseBase:
    """One unit: where it stands, its positions and who holds them."""
    _seen(request, key)

    def act(said: dict[str, Any]) -> object:
        values = {**said, "order": said["order"] or 0}
        return actions.change_unit(key, values=values, by=request.user, at=timezone.now())

    return form_page(
        request,
        partial(forms.UnitForm, initial=_initial(key)),
        act,
        then=reverse("org:unit", args=[key]),
        done=_("Saved."),
        draw=lambda form: _drawn(request, key, form=form),
    )


@page("POST", can=Can.OPERATE)
def unit_add(request: UserRequest, key: str) -> HttpResponseBase:
    """A unit below this one."""
    return form_page(
        request,
        forms.NewUnitForm,
        lambda said: actions.add_unit(**said, parent=key, by=request.user, at=timezone.now()),
        then=lambda unit: reverse("org:unit", args=[unit.key]),
        draw=lambda form: _drawn(request, key, unit_form=form),
    )


@page("GET POST", can=Can.OPERATE)
def root_add(request: UserRequest) -> HttpResponseBase:
    """The first unit, or another one at the top."""
    return form_page(
        request,
        forms.NewUnitForm,
        lambda said: actions.add_unit(**said, by=request.user, at=timezone.now()),
        then=lambda unit: reverse("org:unit", args=[unit.key]),
        title=_("A unit at the top"),
        back=reverse("org:people"),
    )


@page("POST", can=Can.OPERATE)
def unit_remove(request: UserRequest, key: str) -> HttpResponseBase:
    """Remove a unit that nothing belongs to."""
    actions.remove_unit(key, by=request.user, at=timezone.now())
    return redirect("org:people")


@page("POST", can=Can.OPERATE)
def position_add(request: UserRequest, key: str) -> HttpResponseBase:
    """A position in this unit."""
    return form_page(
        request,
        forms.NewPositionForm,
        lambda said: actions.add_position(**said, unit=key, by=request.user, at=timezone.now()),
        then=reverse("org:unit", args=[key]),
        draw=lambda form: _drawn(request, key, position_form=form),
    )


@page("GET POST", can=Can.OPERATE)
def import_table(request: UserRequest) -> HttpResponseBase:
    """Upload one of the organisation's tables."""
    return import_page(
        request,
        "org",
        sample=lambda table: reverse("org:import-template", args=[table]),
        title=_("Import units and people"),
        sentence=_(
            "Rows whose key is known change that row, others are added, nothing is removed. "
            "With one error nothing is changed."
        ),
        back=reverse("org:people"),
        back_to=_("People and units"),
    )


@page(can=Can.OPERATE)
def import_template(request: UserRequest, table: str) -> HttpResponseBase:
    """An empty workbook with the titles of a table."""
    return import_workbook("org", table)


def _seen(request: UserRequest, key: str) -> None:
    queries.check_scope(request.user, queries.Scope("unit", key), http.today())


def _initial(key: str) -> dict[str, object]:
    node = queries.tree().by_key[key]
    return {
        "name": node.name,
        "name_en": node.name_en,
        "kind": node.kind,
        "parent": node.parent or "",
        "order": queries.unit_order(key),
    }


def _drawn(request: UserRequest, key: str, **form: Form) -> tuple[str, dict[str, object]]:
    """The page of a unit with its three forms, one of them as it was typed."""
    _seen(request, key)
    visible = {node.key for node in queries.units_visible(request.user, http.today())}
    context = {
        "unit": queries.tree().by_key[key],
        "path": [node for node in queries.tree().path(key) if node.key in visible],
        "children": queries.tree().children(key),
        "seats": queries.seats_in(key, http.today()),
        "form": forms.UnitForm(initial=_initial(key)),
        "unit_form": forms.NewUnitForm(),
        "position_form": forms.NewPositionForm(),
        **form,
    }
    return "org/unit.html", context
