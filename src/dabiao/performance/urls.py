"""Addresses of the cockpit and what lies below it."""

from django.urls import path

from dabiao.performance import pages

app_name = "performance"
urlpatterns = [
    path("cockpit/", pages.cockpit, name="cockpit"),
    path("signals/", pages.signals, name="signals"),
    path("breakdown/<slug:metric>/", pages.breakdown, name="breakdown"),
    path("breakdown/<slug:metric>/months/", pages.over_time, name="over-time"),
    path("facts-of/<slug:metric>/", pages.facts, name="facts"),
    path("customers/", pages.customer_list, name="customers"),
    path("customers/<key:customer>/", pages.customer, name="customer"),
    path("metrics/", pages.dictionary, name="dictionary"),
    path("metrics/<slug:metric>/", pages.metric, name="metric"),
]
