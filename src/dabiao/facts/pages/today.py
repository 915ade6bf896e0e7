"""The page on which a day is filed, made for a phone: activities and figures, for oneself or on behalf."""

from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from dabiao.core import uploads
from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine.metric import Metric
from dabiao.facts import actions, forms, queries
from dabiao.facts.actions.entry import Activity
from dabiao.facts.logic import labels
from dabiao.facts.queries import HandEntry
from dabiao.lake import dictionary, reading
from dabiao.org import queries as org
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.ui import http

_MOST_PEOPLE = 500


@page("GET POST", can=Can.WRITE)
def today(request: UserRequest) -> HttpResponse:
    """File an activity or the figures of a day; what was filed stands below at once."""
    on = http.today()
    people = _people(request, on)
    person, day = _whose(request, people, on)
    customers = queries.customers_of(reading.current(), person) if person in dict(people) else {}
    activity = forms.ActivityForm(
        request.POST if "kind" in request.POST else None, initial={"at": timezone.localtime().time()}
    )
    errors: dict[str, str] = {}
    if request.method == "POST":
        if "kind" in request.POST and activity.run(
            lambda: _file_activity(request, activity, person, day, on, customers)
        ):
            return _back(person, day)
        if "figures" in request.POST:
            errors = _file_figures(request, person, day, on)
            if not errors:
                return _back(person, day)
    context = {
        "people": people, "person": person, "name": dict(people).get(person, ""), "day": day, "today": on, "activity": activity,
        "figures": [(m.key, say(m.label), request.POST.get(f"f:{m.key}", ""), errors.get(m.key)) for m in _metrics()],
        "said": errors.get(""),
        "entries": [_shown(entry) for entry in queries.entered(reading.current(), viewer=request.user, people=[person], day=day)] if person in dict(people) else [],
        "customers": sorted(customers.values()),
        "own": person == (org.own_person(request.user) or ""),
    }  # fmt: skip
    bad = request.method == "POST"
    return render(request, "facts/today.html", context, status=422 if bad else 200)


@page("POST")
def take_back(request: UserRequest) -> HttpResponse:
    """Remove one's own entry while it waits."""
    said = request.POST
    actions.take_back(
        said.get("table", ""), said.get("key", ""), by=request.user, at=timezone.now(), on=http.today()
    )
    return redirect(f"/facts/today/?{request.GET.urlencode()}")


def _back(person: str, day: date) -> HttpResponse:
    return redirect(f"/facts/today/?person={person}&day={day.isoformat()}#entries")


def _people(request: UserRequest, on: date) -> list[tuple[str, str]]:
    """Oneself first, then whom one may file for."""
    own = org.own_person(request.user)
    visible = (
        org.people_visible(request.user, on).order_by("name", "key")
        if request.user.role != request.user.Role.REP
        else org.people_visible(request.user, on).filter(key=own or "")
    )
    listed = [
        (person.key, f"{person.name} {person.key}" if person.name != person.key else person.name)
        for person in visible[:_MOST_PEOPLE]
    ]
    return sorted(listed, key=lambda item: item[0] != own)


def _whose(request: UserRequest, people: list[tuple[str, str]], on: date) -> tuple[str, date]:
    said = request.POST if request.method == "POST" and "person" in request.POST else request.GET
    person = said.get("person") or (people[0][0] if people else "")
    day = http.day(said["day"], name="day") if said.get("day") else on
    return person, day


def _file_activity(
    request: UserRequest,
    form: forms.ActivityForm,
    person: str,
    day: date,
    on: date,
    customers: dict[str, str],
) -> None:
    said = form.cleaned_data
    keys = {name: key for key, name in customers.items()}
    activity = Activity(
        kind=said["kind"],
        started_at=form.moment(day),
        customer=keys.get(said["customer"].strip(), said["customer"].strip()),
        minutes=said["minutes"],
        with_decision_maker=said["with_decision_maker"],
        need_stated=said["need_stated"],
        needs_depth=said["needs_depth"],
    )
    actions.file_activity(person, activity, by=request.user, at=timezone.now(), on=on)


def _file_figures(request: UserRequest, person: str, day: date, on: date) -> dict[str, str]:
    """File what is filled in; metric → what is wrong ("" for the whole)."""
    figures: dict[str, Decimal] = {}
    errors: dict[str, str] = {}
    for metric in _metrics():
        text = request.POST.get(f"f:{metric.key}", "").strip()
        try:
            if text:
                figures[metric.key] = uploads.amount(text)
        except ValueError as error:
            errors[metric.key] = str(error)
    if errors:
        return errors
    try:
        actions.file_figures(person, day, figures, by=request.user, at=timezone.now(), on=on)
    except Malformed as refusal:
        return {"": str(refusal)}
    return {}


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


def _shown(entry: HandEntry) -> dict[str, object]:
    detail = dict(entry.detail)
    what = str(labels.ACTIVITIES.get(entry.what, entry.what))
    if metric := dictionary.in_force().get(entry.what):
        what = say(metric.label)
    customer = str(detail.get("customer") or "")
    names = queries.labels("customer", [customer]) if customer else {}
    return {
        "entry": entry,
        "what": what,
        "customer": names.get(customer, customer),
        "minutes": detail.get("minutes"),
        "value": detail.get("value"),
    }
