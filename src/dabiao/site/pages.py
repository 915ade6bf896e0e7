"""Pages that belong to no room: search, the tree of scopes, settings."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dabiao.core import config
from dabiao.core.errors import Forbidden
from dabiao.org.access import UserRequest
from dabiao.site import scopes
from dabiao.site import search as searching
from dabiao.ui import http
from dabiao.ui.address import read_address


@login_required
@require_GET
def search(request: UserRequest) -> HttpResponse:
    """People, customers, pages and metrics that the viewer may see; a fragment for Ctrl K, else a page."""
    text = request.GET.get("q", "")[:100]
    template = "_found.html" if request.headers.get("HX-Request") else "search.html"
    return render(
        request, template, {"q": text, "groups": searching.search(request.user, text, http.today())}
    )


@login_required
@require_GET
def scope_tree(request: UserRequest) -> HttpResponse:
    """The units to choose from, for the page whose path is `at`."""
    at = request.GET.get("at", "")
    if not at.startswith("/") or at.startswith("//"):
        at = "/"
    found = scopes.choices(request.user, read_address(request, today=http.today()), at=at, query=request.GET)
    return render(request, "_scopes.html", {"units": found})


@login_required
@require_GET
def settings_page(request: UserRequest) -> HttpResponse:
    """Every setting of the environment, what it is and where it comes from."""
    if not request.user.is_admin:
        raise Forbidden(_("Only administrators see the settings."))
    return render(request, "settings.html", {"settings": config.SETTINGS})
