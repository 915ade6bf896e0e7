"""The page on which a day is filed, made for a phone: activities and figures, for oneself or on behalf."""

from datetime import date
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from dabiao.core.sentence import say
from dabiao.engine.metric import Metric
from dabiao.facts import actions, forms, queries
from dabiao.facts.logic import labels
from dabiao.facts.pages import activity
from dabiao.facts.queries import HandEntry
from dabiao.lake import dictionary, reading
from dabiao.org import queries as org
from dabiao.org.access import UserRequest, may, page
from dabiao.org.can import Can
from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.page import form_page

_MOST_PEOPLE = 500


@page("GET POST", can=Can.WRITE)
def today(request: UserRequest) -> HttpResponseBase:
    """File an activity or the figures of a day; what was filed stands below at once."""
    on = http.today()
    said = request.POST if request.method == "POST" and "person" in request.POST else request.GET
    day = http.day(said["day"], name="day") if said.get("day") else on
    people = _people(request, day, on)
    person = said.get("person") or (people[0][0] if people else "")
    theirs = person in dict(people)
    customers = activity.customers(request, person, on) if theirs else {}
    opportunities = activity.opportunities(request, person, on) if theirs else {}
    now = {"at": timezone.localtime().time()}
    form_of = partial(forms.ActivityForm, opportunities=opportunities, initial=now)
    asked = activity.Asked()
    figures = partial(forms.FiguresForm, metrics={metric.key: say(metric.label) for metric in _metrics()})

    def draw(form: Form) -> tuple[str, dict[str, object]]:
        typed = {"figures" if isinstance(form, forms.FiguresForm) else "activity": form}
        context = {
            "people": people,
            "person": person,
            "name": dict(people).get(person, ""),
            "day": day,
            "today": on,
            "activity": form_of(),
            "figures": figures(),
            "entries": _entries(request, person, day, on) if theirs else [],
            "customers": sorted(customers.values()),
            "near": asked.drawn(form),
            "kept": said.get("filed", ""),
            "own": person == (org.own_person(request.user) or ""),
        }
        return "facts/today.html", context | typed

    def file_figures(said: dict[str, Any]) -> object:
        typed = forms.figures_of(said)
        return actions.file_figures(person, day, typed, by=request.user, at=timezone.now(), on=on)

    def file_activity(said: dict[str, Any]) -> object:
        entry = activity.typed(said, day)
        return asked.act(
            lambda: actions.file_activity(person, entry, by=request.user, at=timezone.now(), on=on)
        )

    filed = {"filed": request.POST["kept"]} if request.POST.get("kept") else {}
    then = reverse(
        "facts:today", query={"person": person, "day": day.isoformat(), **filed}, fragment="entries"
    )
    if "figures" in request.POST:
        return form_page(request, figures, file_figures, then=then, draw=draw)
    return form_page(request, form_of, file_activity, then=then, draw=draw)


@page("POST")
def take_back(request: UserRequest) -> HttpResponse:
    """Remove an entry of one's own."""
    said = request.POST
    actions.take_back(
        said.get("table", ""), said.get("key", ""), by=request.user, at=timezone.now(), on=http.today()
    )
    return redirect(f"/facts/today/?{request.GET.urlencode()}")


def _people(request: UserRequest, day: date, on: date) -> list[tuple[str, str]]:
    """Oneself first, then for whom one may file that day."""
    own = org.own_person(request.user)
    seated = org.people_seated(request.user, day, on)
    visible = (
        seated.order_by("name", "key")
        if may(request.user, Can.WRITE_FOR_OTHERS)
        else seated.filter(key=own or "")
    )
    listed = [
        (person.key, f"{person.name} {person.key}" if person.name != person.key else person.name)
        for person in visible[:_MOST_PEOPLE]
    ]
    return sorted(listed, key=lambda item: item[0] != own)


def _metrics() -> list[Metric]:
    """Process figures that people count themselves."""
    known = dictionary.in_force()
    own = [metric for metric in known.values() if _is_own_figure(metric)]
    return [*(known[key] for key in FIGURES if key in known), *own]


FIGURES = ("visits", "calls", "demos", "proposals", "leads", "qualified_leads")
"""Process metrics that companies without a CRM count by hand; `filed_visits` and so on measure what is filed."""


def _is_own_figure(metric: Metric) -> bool:
    """A metric of the company's own that counts what is filed here."""
    counted = getattr(getattr(metric, "source", None), "table", "") == "daily_figures"
    return counted and metric.key.removeprefix("filed_") not in FIGURES


def _entries(request: UserRequest, person: str, day: date, on: date) -> list[dict[str, object]]:
    """What was filed for the day, newest first. A customer is named who is known of that person, not whose key it is."""
    filed = queries.entered(reading.current(), viewer=request.user, people=[person], day=day)
    known = {each: activity.customers(request, each, on) for each in {entry.person for entry in filed}}
    return [
        {**_shown(entry, known[entry.person]), "own": actions.may_touch(entry, by=request.user, on=on)}
        for entry in filed
    ]


def _shown(entry: HandEntry, customers: dict[str, str]) -> dict[str, object]:
    detail = dict(entry.detail)
    what = str(labels.ACTIVITIES.get(entry.what, entry.what))
    if metric := dictionary.in_force().get(entry.what):
        what = say(metric.label)
    customer = str(detail.get("customer") or "")
    return {
        "entry": entry,
        "what": what,
        "customer": customers.get(customer, customer),
        "minutes": detail.get("minutes"),
        "note": detail.get("note"),
        "next_step": detail.get("next_step"),
        "opportunity": detail.get("opportunity"),
        "value": detail.get("value"),
    }
