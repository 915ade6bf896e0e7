"""Pages that belong to no room: search, the tree of scopes, settings."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from dabiao.core import config
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.site import scopes
from dabiao.site import search as searching
from dabiao.site.audit_log import AuditFilter, audit_lines, audit_listing
from dabiao.ui import http
from dabiao.ui.address import read_address
from dabiao.ui.page import list_page


@page()
def search(request: UserRequest) -> HttpResponse:
    """People, customers, pages and metrics that the viewer may see; a fragment for Ctrl K, else a page."""
    text = request.GET.get("q", "")[:100]
    template = "_found.html" if request.headers.get("HX-Request") else "search.html"
    return render(
        request, template, {"q": text, "groups": searching.search(request.user, text, http.today())}
    )


@page()
def scope_tree(request: UserRequest) -> HttpResponse:
    """The units to choose from, for the page whose path is `at`."""
    at = request.GET.get("at", "")
    if not at.startswith("/") or at.startswith("//"):
        at = "/"
    found = scopes.choices(request.user, read_address(request, today=http.today()), at=at, query=request.GET)
    return render(request, "_scopes.html", {"units": found})


@page(can=Can.ADMINISTER)
def settings_page(request: UserRequest) -> HttpResponse:
    """Every setting of the environment, what it is and where it comes from."""
    return render(request, "settings.html", {"settings": config.SETTINGS})


@page(can=Can.OPERATE)
def audit(request: UserRequest) -> HttpResponseBase:
    """What was done by whom, newest first; exports hold every line that the filter leaves."""
    wanted = AuditFilter.read(request.GET)
    table = audit_listing(audit_lines(request.user, wanted))
    return list_page(request, "audit.html", table, asked=wanted)
