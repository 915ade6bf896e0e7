"""Addresses of targets."""

from django.urls import path

from dabiao.targets import pages

app_name = "targets"
urlpatterns = [
    path("", pages.grid_page, name="grid"),
    path("save/", pages.grid_save, name="grid-save"),
    path("list/", pages.targets_list, name="list"),
    path("import/", pages.import_targets, name="import"),
    path("import/template.xlsx", pages.import_template, name="import-template"),
]
