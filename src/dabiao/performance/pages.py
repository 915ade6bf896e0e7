"""The cockpit and what lies below it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dabiao.core.http import UserRequest


@login_required
@require_GET
def cockpit(request: UserRequest) -> HttpResponse:
    """How the scope stands in the period."""
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def signals(request: UserRequest) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def breakdown(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def facts(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def customer(request: UserRequest, customer: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def dictionary(request: UserRequest) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})


@login_required
@require_GET
def metric(request: UserRequest, metric: str) -> HttpResponse:
    return render(request, "performance/cockpit.html", {"cockpit": {"where": {"name": "x"}}})
