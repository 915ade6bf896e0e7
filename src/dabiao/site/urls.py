"""Every address: rooms, login, API, health."""

from django.urls import URLPattern, URLResolver, include, path

from dabiao.rooms import ROOMS
from dabiao.site import health, pages, preferences
from dabiao.site.api import api
from dabiao.site.home import Home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", Home.as_view(query_string=True)),
    path("org/audit/", pages.audit, name="audit"),
    *(path(room.at, include(room.urls)) for room in ROOMS if room.urls),
    path("search/", pages.search, name="search"),
    path("scopes/", pages.scope_tree, name="scopes"),
    path("health/", pages.health_page, name="health"),
    path("settings/", pages.settings_page, name="settings"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("accounts/", include("dabiao.site.account_urls")),
    path("api/v1/", api.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("readyz/worker", health.worker),
]

handler400 = "dabiao.site.errors.bad_request"
handler403 = "dabiao.site.errors.forbidden"
handler404 = "dabiao.site.errors.not_found"
handler500 = "dabiao.site.errors.broken"
