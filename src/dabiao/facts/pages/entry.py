"""The page on which an entry by hand is put right."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.sentence import say
from dabiao.facts import actions, forms
from dabiao.facts.pages import activity
from dabiao.lake import dictionary
from dabiao.org import queries as org
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.page import form_page


@page("GET POST", can=Can.WRITE)
def entry(request: UserRequest, table: str, key: str) -> HttpResponseBase:
    """One entry as it stands, to be corrected or taken back."""
    on = http.today()
    found = actions.entry_of(table, key, by=request.user, on=on)
    asked = activity.Asked()
    customers = activity.customers(request, found.person, on) if table == "activities" else {}
    back = _day_of(found.person, found.day.isoformat())

    def draw(form: Form) -> tuple[str, dict[str, object]]:
        return "facts/entry.html", {
            "near": asked.drawn(form),
            "form": form,
            "entry": found,
            "customers": sorted(customers.values()),
            "back": back,
            "name": org.people_names({found.person}).get(found.person, found.person),
            "figure": _figure(found.what) if table == "daily_figures" else "",
        }

    def figure(said: dict[str, Any]) -> str:
        actions.correct_figure(key, said["value"], by=request.user, at=timezone.now(), on=on)
        return back

    def activity_(said: dict[str, Any]) -> str:
        now = activity.typed(said, said["day"])
        asked.act(lambda: actions.correct_activity(key, now, by=request.user, at=timezone.now(), on=on))
        return _day_of(found.person, said["day"].isoformat())

    done = _("Corrected. The figures follow in a moment; the value before stays in the audit trail.")
    if table == "daily_figures":
        form = partial(forms.CorrectedFigureForm, initial={"value": found.detail.get("value")})
        return form_page(request, form, figure, then=str, done=done, draw=draw)
    choices = activity.opportunities(request, found.person, on)
    chosen = str(found.detail.get("opportunity") or "")
    known = {**({chosen: chosen} if chosen else {}), **choices}
    form_ = partial(
        forms.CorrectedActivityForm, opportunities=known, initial=_as_typed(found.detail, customers)
    )
    return form_page(request, form_, activity_, then=str, done=done, draw=draw)


def _day_of(person: str, day: str) -> str:
    return reverse("facts:today", query={"person": person, "day": day}, fragment="entries")


def _figure(metric: str) -> str:
    known = dictionary.in_force().get(metric)
    return say(known.label) if known else metric


def _as_typed(detail: Mapping[str, object], customers: Mapping[str, str]) -> dict[str, object]:
    """The row as the form's fields would hold it; the customer by name."""
    moment = detail["started_at"]
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    customer = str(detail.get("customer") or "")
    return {**detail, "day": at.date(), "at": at.time(), "customer": customers.get(customer, customer)}
