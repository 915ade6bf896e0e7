"""Addresses of facts."""

from django.urls import path

from dabiao.facts.pages import entry, imports, today

app_name = "facts"
urlpatterns = [
    path("", imports.imports, name="imports"),
    path("today/", today.today, name="today"),
    path("today/take-back/", today.take_back, name="today-take-back"),
    path("today/<slug:table>/<key:key>/", entry.entry, name="entry"),
    path("start/", imports.start, name="start"),
    path("upload/", imports.upload, name="upload"),
    path("connectors/", imports.connectors, name="import-connectors"),
    path("imports/<str:key>/", imports.import_, name="import"),
    path("imports/<str:key>/status/", imports.import_status, name="import-status"),
    path("imports/<str:key>/mapping/", imports.import_mapping, name="import-mapping"),
    path("imports/<str:key>/load/", imports.import_load, name="import-load"),
    path("imports/<str:key>/undo/", imports.import_undo, name="import-undo"),
    path("imports/<str:key>/discard/", imports.import_discard, name="import-discard"),
    path("imports/<str:key>/files/<str:name>", imports.import_file, name="import-file"),
]
