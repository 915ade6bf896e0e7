"""Addresses of why a number is off."""

from django.urls import path

from dabiao.improvement import pages

app_name = "improvement"
urlpatterns = [path("why/<slug:metric>/", pages.why, name="why")]
