"""The cockpit and what lies below it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from dabiao.core import http
from dabiao.core.asked import asked
from dabiao.core.http import UserRequest
from dabiao.lake import reading
from dabiao.performance.queries import cockpit as cockpits
from dabiao.performance.queries.frame import Frame, framed


@login_required
@require_GET
def cockpit(request: UserRequest) -> HttpResponse:
    """How the scope stands in the period."""
    return render(request, "performance/cockpit.html", {"cockpit": cockpits.cockpit(_frame(request))})


def _frame(request: UserRequest) -> Frame:
    """Scope and period of the address, over the snapshot in force."""
    wanted = asked(request, today=http.today())
    return framed(reading.current(), wanted, viewer=request.user, language=get_language() or "en")


@login_required
@require_GET
def signals(request: UserRequest) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})


@login_required
@require_GET
def breakdown(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})


@login_required
@require_GET
def facts(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})


@login_required
@require_GET
def customer(request: UserRequest, customer: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})


@login_required
@require_GET
def dictionary(request: UserRequest) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})


@login_required
@require_GET
def metric(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {})
