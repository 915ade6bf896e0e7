"""Pages that belong to no room: search, the tree of scopes, settings."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.site import scopes
from dabiao.site import search as searching
from dabiao.site.audit_log import AuditFilter, audit_lines, audit_listing
from dabiao.site.doctor import CALLED, LIGHTS, examine
from dabiao.ui import http
from dabiao.ui.address import read_address
from dabiao.ui.listing import Cell, Column, Listing
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


@page(can=Can.ADMINISTER)
def health_page(request: UserRequest) -> HttpResponseBase:
    """What `dabiao doctor` says: every part of the installation, what is wrong with it and how to mend it."""
    findings = examine(timezone.now())
    rows: list[dict[str, Cell]] = [
        {"check": str(CALLED[each.check]), "light": LIGHTS[each.state], "detail": each.detail}
        for each in findings
    ]
    columns = [
        Column("light", _("State"), "light"),
        Column("check", _("Part")),
        Column("detail", _("What it says"), "long"),
    ]
    worst = max((each.state for each in findings), key=list(LIGHTS).index)
    listing = Listing("health", columns, rows, stacks=True)
    return list_page(
        request, "health.html", listing, worst=worst, wrong=sum(each.state != "ok" for each in findings)
    )


@page(can=Can.OPERATE)
def audit(request: UserRequest) -> HttpResponseBase:
    """What was done by whom, newest first; exports hold every line that the filter leaves."""
    wanted = AuditFilter.read(request.GET)
    table = audit_listing(audit_lines(request.user, wanted))
    return list_page(request, "audit.html", table, asked=wanted)
