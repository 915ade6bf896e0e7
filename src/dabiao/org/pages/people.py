"""Pages of people: who works where, one person with their seats and absences."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.org import actions, forms, queries
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, Assignment
from dabiao.org.queries import PersonRow
from dabiao.ui import http
from dabiao.ui.form import day_after
from dabiao.ui.listing import Column, Listing


@page()
def people(request: UserRequest) -> HttpResponseBase:
    """Units that the viewer may see, and the people of the one chosen."""
    on = http.today()
    units = queries.units_visible(request.user, on)
    chosen = request.GET.get("unit", "")
    if chosen:
        queries.check_scope(request.user, queries.Scope("unit", chosen), on)
    rows = queries.people_rows(request.user, on, unit=chosen or None)
    table = _people_listing(rows)
    if kind := request.GET.get("export"):
        return table.download(kind, name="people", only=request.GET.get("filter", ""))
    context = {
        "units": units,
        "chosen": chosen,
        "table": table,
        "language": get_language(),
        "count": len(rows),
    }
    return render(request, "org/people.html", context)


@page("GET POST", can=Can.OPERATE)
def person_add(request: UserRequest) -> HttpResponse:
    """Somebody new."""
    form = forms.NewPersonForm(request.POST or None)
    if request.method == "POST" and form.run(
        lambda: actions.add_person(**form.cleaned_data, by=request.user, at=timezone.now())
    ):
        return redirect("org:person", form.cleaned_data["key"])
    return render(
        request, "org/form.html", {"form": form, "title": _("Somebody new"), "back": reverse("org:people")}
    )


@page("GET POST")
def person(request: UserRequest, key: str) -> HttpResponse:
    """One person: seats, absences, and what sales operations may change."""
    found = queries.person(request.user, key, http.today())
    initial = {name: getattr(found, name) for name in ("name", "email", "hired_on", "left_on")}
    form = forms.PersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(
        lambda: actions.change_person(key, values=form.cleaned_data, by=request.user, at=timezone.now())
    ):
        messages.success(request, _("Saved."))
        return redirect("org:person", key)
    return _person_page(request, key, form=form)


@page("POST")
def seat_add(request: UserRequest, key: str) -> HttpResponse:
    """A new seat; as the main one it ends the seat held so far."""
    form = forms.SeatForm(request.POST)

    def act() -> None:
        said = form.cleaned_data
        probation = said["probation_last_day"]
        seat = actions.Seat(
            position=said["position"],
            starts_on=said["starts_on"],
            ends_on=day_after(said["last_day"], never=FOREVER),
            primary=said["primary"],
            probation_until=day_after(probation, never=FOREVER) if probation else None,
            fte=said["fte"],
        )
        make = actions.move if seat.primary else actions.assign
        make(key, seat, by=request.user, at=timezone.now())

    if form.run(act):
        return redirect("org:person", key)
    return _person_page(request, key, seat_form=form)


@page("POST")
def seat_end(request: UserRequest, key: str, pk: int) -> HttpResponse:
    """The last day of a seat."""
    form = forms.EndForm(request.POST)

    def act() -> None:
        said = form.cleaned_data
        values: dict[str, object] = {
            "ends_on": day_after(said["last_day"], never=FOREVER),
            "exit_reason": said["exit_reason"],
        }
        actions.change_assignment(pk, values=values, by=request.user, at=timezone.now())

    if form.run(act):
        return redirect("org:person", key)
    return _person_page(request, key, end_form=form)


@page("POST")
def seat_remove(request: UserRequest, key: str, pk: int) -> HttpResponse:
    """Take back a seat entered by mistake."""
    actions.remove_assignment(pk, by=request.user, at=timezone.now())
    return redirect("org:person", key)


@page("POST")
def absence_add(request: UserRequest, key: str) -> HttpResponse:
    """Days away."""
    form = forms.AbsenceForm(request.POST)

    def act() -> None:
        said = form.cleaned_data
        actions.record_absence(
            key,
            starts_on=said["starts_on"],
            ends_on=day_after(said["last_day"], never=FOREVER),
            kind=said["kind"],
            by=request.user,
            at=timezone.now(),
        )

    if form.run(act):
        return redirect("org:person", key)
    return _person_page(request, key, absence_form=form)


@page("POST")
def absence_remove(request: UserRequest, key: str, pk: int) -> HttpResponse:
    """Take back an absence."""
    actions.remove_absence(pk, by=request.user, at=timezone.now())
    return redirect("org:person", key)


def _person_page(request: UserRequest, key: str, **bound: object) -> HttpResponse:
    found = queries.person(request.user, key, http.today())
    initial = {name: getattr(found, name) for name in ("name", "email", "hired_on", "left_on")}
    seats = [(seat, _last(seat)) for seat in queries.seats_of(request.user, key, http.today())]
    context = {
        "person": found,
        "seats": seats,
        "absences": [(row, row.ends_on - timedelta(days=1)) for row in queries.absences_of(key)],
        "form": forms.PersonForm(initial=initial),
        "seat_form": forms.SeatForm(initial={"starts_on": http.today()}),
        "end_form": forms.EndForm(initial={"last_day": http.today()}),
        "absence_form": forms.AbsenceForm(),
        "may_edit": request.user.runs_operations,
        **bound,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "org/person.html", context, status=status)


def _last(seat: Assignment) -> object:
    return None if seat.lasts else seat.ends_on - timedelta(days=1)


def _people_listing(rows: list[PersonRow]) -> Listing:
    return Listing(
        key="people",
        columns=[
            Column("name", _("Name"), link="href"),
            Column("key", _("Employee number")),
            Column("unit", _("Unit")),
            Column("position", _("Position")),
            Column("since", _("Since"), "day"),
            Column("left_on", _("Left on"), "day"),
        ],
        rows=[
            {
                "name": row.name,
                "key": row.key,
                "unit": row.unit,
                "position": row.position,
                "since": row.since,
                "left_on": row.left_on,
                "href": reverse("org:person", args=[row.key]),
            }
            for row in rows
        ],
        empty=_("Nobody holds a seat here today."),
    )
