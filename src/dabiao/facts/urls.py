"""Addresses of facts."""

from django.urls import path

from dabiao.facts import pages, today

app_name = "facts"
urlpatterns = [
    path("", pages.imports, name="imports"),
    path("today/", today.today, name="today"),
    path("today/take-back/", today.take_back, name="today-take-back"),
    path("upload/", pages.upload, name="upload"),
    path("connectors/", pages.connectors, name="import-connectors"),
    path("imports/<str:key>/", pages.import_, name="import"),
    path("imports/<str:key>/status/", pages.import_status, name="import-status"),
    path("imports/<str:key>/mapping/", pages.import_mapping, name="import-mapping"),
    path("imports/<str:key>/load/", pages.import_load, name="import-load"),
    path("imports/<str:key>/discard/", pages.import_discard, name="import-discard"),
    path("imports/<str:key>/files/<str:name>", pages.import_file, name="import-file"),
]
