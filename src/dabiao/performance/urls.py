"""Addresses of the cockpit and what lies below it."""

from django.urls import path

from dabiao.performance import pages

app_name = "performance"
urlpatterns = [
    path("cockpit/", pages.cockpit, name="cockpit"),
]
