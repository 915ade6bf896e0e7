"""Pages of people: who works where, one person with their seats and absences."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.org import actions, forms, queries
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, Assignment, Person
from dabiao.org.queries import PersonRow
from dabiao.ui import http
from dabiao.ui.form import Form, day_after
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import form_page, list_page


@page()
def people(request: UserRequest) -> HttpResponseBase:
    """Units that the viewer may see, and the people of the one chosen."""
    on = http.today()
    units = queries.units_visible(request.user, on)
    chosen = request.GET.get("unit", "")
    if chosen:
        queries.check_scope(request.user, queries.Scope("unit", chosen), on)
    language = get_language() or ""
    rows = queries.people_rows(request.user, on, unit=chosen or None, language=language)
    words: dict[str, Any] = {"units": units, "chosen": chosen, "language": language, "count": len(rows)}
    return list_page(request, "org/people.html", _people_listing(rows), **words)


@page("GET POST", can=Can.OPERATE)
def person_add(request: UserRequest) -> HttpResponseBase:
    """Somebody new."""
    return form_page(
        request,
        forms.NewPersonForm,
        lambda said: actions.add_person(**said, by=request.user, at=timezone.now()),
        then=lambda person: reverse("org:person", args=[person.key]),
        title=_("Somebody new"),
        back=reverse("org:people"),
    )


@page("GET POST")
def person(request: UserRequest, key: str) -> HttpResponseBase:
    """One person: seats, absences, and what sales operations may change."""
    form = partial(forms.PersonForm, initial=_initial(queries.person(request.user, key, http.today())))

    def act(said: dict[str, Any]) -> object:
        return actions.change_person(key, values=said, by=request.user, at=timezone.now())

    return _answer(request, key, "form", form, act, done=_("Saved."))


@page("POST", can=Can.OPERATE)
def seat_add(request: UserRequest, key: str) -> HttpResponseBase:
    """A new seat; as the main one it ends the seat held so far."""

    def act(said: dict[str, Any]) -> object:
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
        return make(key, seat, by=request.user, at=timezone.now())

    return _answer(request, key, "seat_form", forms.SeatForm, act)


@page("POST", can=Can.OPERATE)
def seat_end(request: UserRequest, key: str, pk: int) -> HttpResponseBase:
    """The last day of a seat."""
    _seat_of(request, key, pk)

    def act(said: dict[str, Any]) -> object:
        values: dict[str, object] = {
            "ends_on": day_after(said["last_day"], never=FOREVER),
            "exit_reason": said["exit_reason"],
        }
        return actions.change_assignment(pk, values=values, by=request.user, at=timezone.now())

    return _answer(request, key, "end_form", forms.EndForm, act)


@page("POST", can=Can.OPERATE)
def seat_remove(request: UserRequest, key: str, pk: int) -> HttpResponseBase:
    """Take back a seat entered by mistake."""
    _seat_of(request, key, pk)
    actions.remove_assignment(pk, by=request.user, at=timezone.now())
    return redirect("org:person", key)


@page("POST", can=Can.OPERATE)
def absence_add(request: UserRequest, key: str) -> HttpResponseBase:
    """Days away."""

    def act(said: dict[str, Any]) -> object:
        ends = day_after(said["last_day"], never=FOREVER)
        told = {"starts_on": said["starts_on"], "ends_on": ends, "kind": said["kind"]}
        return actions.record_absence(key, **told, by=request.user, at=timezone.now())

    return _answer(request, key, "absence_form", forms.AbsenceForm, act)


@page("POST", can=Can.OPERATE)
def absence_remove(request: UserRequest, key: str, pk: int) -> HttpResponseBase:
    """Take back an absence."""
    if pk not in {absence.pk for absence in queries.absences_of(request.user, key, http.today())}:
        raise NotFound(_("There is no %(key)s.") % {"key": pk})
    actions.remove_absence(pk, by=request.user, at=timezone.now())
    return redirect("org:person", key)


def _seat_of(request: UserRequest, key: str, pk: int) -> None:
    """A seat is changed on its holder's page only. Raises NotFound."""
    if pk not in {seat.pk for seat in queries.seats_of(request.user, key, http.today())}:
        raise NotFound(_("There is no %(key)s.") % {"key": pk})


def _answer(
    request: UserRequest,
    key: str,
    name: str,
    form: Callable[..., Form],
    act: Callable[[dict[str, Any]], object],
    done: str = "",
) -> HttpResponseBase:
    """What one of the forms on a person's page answers; `name` is what the page calls it."""
    then = reverse("org:person", args=[key])
    return form_page(
        request, form, act, then=then, done=done, draw=lambda form: _drawn(request, key, **{name: form})
    )


def _drawn(request: UserRequest, key: str, **form: Form) -> tuple[str, dict[str, object]]:
    """The page of a person with its four forms, one of them as it was typed."""
    on = http.today()
    person = queries.person(request.user, key, on)
    context = {
        "person": person,
        "is_theirs": queries.is_theirs(request.user, key, on),
        "seats": [(seat, _last(seat)) for seat in queries.seats_of(request.user, key, on)],
        "absences": [
            (row, row.ends_on - timedelta(days=1)) for row in queries.absences_of(request.user, key, on)
        ],
        "form": forms.PersonForm(initial=_initial(person)),
        "seat_form": forms.SeatForm(initial={"starts_on": on}),
        "end_form": forms.EndForm(initial={"last_day": on}),
        "absence_form": forms.AbsenceForm(),
        **form,
    }
    return "org/person.html", context


def _initial(person: Person) -> dict[str, object]:
    return {name: getattr(person, name) for name in ("name", "email", "hired_on", "left_on")}


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
