"""Every address: rooms, login, API, health."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from dabiao.web import pages, preferences


def _room(prefix: str, module: str) -> list[URLResolver]:
    """A room's addresses, once it has some."""
    return [path(prefix, include(module))] if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="performance:cockpit", query_string=True)),
    path("search/", pages.search, name="search"),
    path("scopes/", pages.scope_tree, name="scopes"),
    path("settings/", pages.settings_page, name="settings"),
    path("preferences/", preferences.preferences, name="preferences"),
    *_room("", "dabiao.performance.urls"),
    *_room("targets/", "dabiao.targets.urls"),
    *_room("facts/", "dabiao.facts.urls"),
    *_room("org/", "dabiao.org.urls"),
    path("accounts/", include("dabiao.org.account_urls")),
]
if find_spec("dabiao.web.api"):
    urlpatterns.append(path("api/v1/", import_module("dabiao.web.api").api.urls))
if find_spec("dabiao.web.health"):
    health = import_module("dabiao.web.health")
    urlpatterns += [path("healthz", health.healthz), path("readyz", health.readyz)]

handler400 = "dabiao.web.errors.bad_request"
handler403 = "dabiao.web.errors.forbidden"
handler404 = "dabiao.web.errors.not_found"
handler500 = "dabiao.web.errors.broken"
