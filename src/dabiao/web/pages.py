"""Pages that belong to no room: search, the tree of scopes, settings."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dabiao.core import config
from dabiao.core.errors import Forbidden
from dabiao.core.http import UserRequest


@login_required
@require_GET
def search(request: UserRequest) -> HttpResponse:
    """People, customers, pages and metrics that the viewer may see."""
    return render(request, "_found.html", {"q": request.GET.get("q", ""), "groups": []})


@login_required
@require_GET
def scope_tree(request: UserRequest) -> HttpResponse:
    """The units to choose from."""
    return render(request, "_scopes.html", {"units": []})


@login_required
@require_GET
def settings_page(request: UserRequest) -> HttpResponse:
    """Every setting of the environment, what it is and where it comes from."""
    if not request.user.is_admin:
        raise Forbidden(_("Only administrators see the settings."))
    return render(request, "settings.html", {"settings": config.SETTINGS})
