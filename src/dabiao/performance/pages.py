"""The cockpit and what lies below it: metric, unit, person, customer, facts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import cast
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from dabiao.core import jobs, keeping
from dabiao.engine.attainment import doubtful
from dabiao.lake import reading
from dabiao.metrics import drilldown
from dabiao.metrics.frame import Frame, framed
from dabiao.org.access import UserRequest, page
from dabiao.performance import tasks
from dabiao.performance.queries import breakdown as breakdowns
from dabiao.performance.queries import cockpit as cockpits
from dabiao.performance.queries import customer_list as customer_lists
from dabiao.performance.queries import customers, definition, fact_links, forecast, links, signal_list
from dabiao.performance.queries import over_time as months
from dabiao.performance.queries.breakdown import Breakdown
from dabiao.performance.queries.headline import headline
from dabiao.performance.queries.over_time import OverTime
from dabiao.performance.queries.rows import Signal
from dabiao.ui import http, view
from dabiao.ui.address import read_address
from dabiao.ui.listing import Listing, Row
from dabiao.ui.page import exported, list_page

FILTER = "is_"
"""Query parameters that keep facts of one value: is_customer=C1; an empty value keeps those without one."""


@page()
def cockpit(request: UserRequest) -> HttpResponseBase:
    """How the scope stands in the period."""
    frame = _frame(request)
    metric = headline(frame.lake)
    if metric and "export" in request.GET:
        return exported(request, breakdowns.breakdown(frame, metric, "").table, name=_file(frame, "cockpit"))
    if metric:
        _ask_for_forecast(frame, metric)
    words = {
        "cockpit": SimpleLazyObject(
            lambda: cockpits.cockpit(frame)
        ),  # not asked where the page is still kept
        "name": frame.name,
        "stamp": cockpits.stamp(frame),
        "first": metric is None,
    }
    return render(request, "performance/cockpit.html", words)


@page()
def signals(request: UserRequest) -> HttpResponseBase:
    """Everything in the scope, at any depth, that needs handling."""
    frame = _frame(request)
    stamp = cockpits.figures_stamp(frame)
    page = keeping.once("signals", stamp, lambda: cockpits.all_signals(frame))
    table = signal_list.listing(page.signals, frame.name, frame.currency)
    rows = [{**row, **_leads(frame, signal)} for row, signal in zip(table.rows, page.signals, strict=True)]
    words = {
        "cockpit": page,
        "partings": SimpleLazyObject(lambda: links.partings_said(frame)),
        "stamp": stamp,
    }
    linked = replace(table, rows=rows)
    return list_page(
        request,
        "performance/signals.html",
        linked,
        name=_file(frame, "signals"),
        **words,
        scope_name=frame.name,
    )


def _leads(frame: Frame, signal: Signal) -> dict[str, str]:
    """Where a signal leads: to its metric in its own scope, and to why it is off."""
    scope = signal.scope or frame.scope
    own = {} if scope is None else {"scope" if scope.kind == "unit" else "person": scope.key}
    query = {**own, "period": frame.period.label}
    return {
        "href": _address("performance:breakdown", signal.metric, query),
        "why": _address("improvement:why", signal.metric, query) if signal.explainable else "",
    }


@page()
def breakdown(request: UserRequest, metric: str) -> HttpResponseBase:
    """One metric of the scope, split."""
    frame = _frame(request)
    split = breakdowns.breakdown(frame, metric, request.GET.get("by", ""))
    table = _linked(frame, metric, split)
    return list_page(request, "performance/breakdown.html", table, name=_file(frame, metric), page=split)


@page()
def over_time(request: UserRequest, metric: str) -> HttpResponseBase:
    """One metric of the scope, split, in every month of the year."""
    frame = _frame(request)
    shown = months.over_time(frame, metric, request.GET.get("by", ""))
    year = frame.at(shown.where.period)
    rows = [
        {
            **row,
            **_check(metric, row, _of_year(year, shown.by, str(row["key"]))),
            **_checks(metric, row, shown, year),
        }
        for row in shown.table.rows
    ]
    table = replace(shown.table, rows=rows)
    return list_page(request, "performance/over_time.html", table, name=_file(frame, metric), page=shown)


def _checks(metric: str, row: Row, shown: OverTime, year: Frame) -> dict[str, str]:
    """The same of each month."""
    found: dict[str, str] = {}
    for month in shown.months:
        own = _of_year(year.at(month), shown.by, str(row["key"]))
        checked = _check(metric, {"attained": row.get(month.label)}, own)
        found |= {months.checked(month): to for to in checked.values()}
    return found


def _of_year(year: Frame, by: str, key: str) -> dict[str, str]:
    if by == "unit":
        return {"scope": key, "period": year.period.label}
    return breakdowns.target_query(year, by, key)


@page()
def facts(request: UserRequest, metric: str) -> HttpResponseBase:
    """The facts that a number counts."""
    frame = _frame(request)
    only = {
        name.removeprefix(FILTER): str(request.GET[name]) for name in request.GET if name.startswith(FILTER)
    }
    measure, everything = request.GET.get("measure", ""), "export" in request.GET
    behind = drilldown.behind(frame, metric, measure=measure, only=only, everything=everything)
    table = replace(behind.table, leads=partial(_fact_leads, frame, request, metric))
    return list_page(request, "performance/facts.html", table, name=_file(frame, metric), page=behind)


def _fact_leads(frame: Frame, request: UserRequest, metric: str, rows: Sequence[Row]) -> Sequence[Row]:
    """Each fact leads to its customer and its person, and to all that is counted of its order."""
    may = fact_links.may_open(frame, rows)
    said, query = {"period": frame.period.label}, request.GET.copy()
    for name in view.NAMES:
        query.pop(name, None)

    def leads(row: Row) -> dict[str, str]:
        customer, person, order = (drilldown.key_of(row, name) for name in drilldown.LINKED)
        to = {}
        if customer in may.customers:
            to["customer"] = _address("performance:customer", customer, frame.query)
        if person in may.people:
            to["person"] = f"{reverse('performance:cockpit')}?{urlencode({'person': person, **said})}"
        if order and f"{FILTER}order" not in query:
            own = {**query.dict(), f"{FILTER}order": order}
            to["order"] = _address("performance:facts", metric, {key: str(own[key]) for key in own})
        return to

    return [drilldown.leading(row, leads(row)) for row in rows]


@page()
def customer_list(request: UserRequest) -> HttpResponseBase:
    """The customers of the scope, as far as the viewer may see them."""
    frame = _frame(request)

    def leads(key: str) -> str:
        return _address("performance:customer", key, frame.query)

    table = keeping.once("customers", cockpits.stamp(frame), lambda: customer_lists.listing(frame, leads))
    return list_page(
        request,
        "performance/customers.html",
        table,
        name=_file(frame, "customers"),
        where=frame,
        as_of=customers.day_told(frame),
    )


@page()
def customer(request: UserRequest, customer: str) -> HttpResponseBase:
    """A customer, as far as the viewer may see them."""
    frame = _frame(request)
    shown = customers.customer(frame, customer)
    tables = {section.key: section.table for section in shown.sections}
    name = _file(frame, f"customer {customer}")
    return list_page(request, "performance/customer.html", tables, name=name, page=shown)


@page()
def dictionary(request: UserRequest) -> HttpResponseBase:
    """Every metric: what it means and how it stands. Where nobody has asked yet, the page stands at once without
    figures and fetches itself with them: forty questions take a second or two."""
    frame = _frame(request)
    stamp = cockpits.stamp(frame)
    waits = not (set(request.GET) - {"scope", "person", "period"} or request.headers.get("HX-Request"))
    if waits and not keeping.kept("dictionary", stamp):
        bare = _defined(definition.listing(frame, valued=False))
        return render(request, "performance/dictionary.html", {"table": bare, "waits": True})
    table = _defined(keeping.once("dictionary", stamp, lambda: definition.listing(frame)))
    part = bool(request.headers.get("HX-Request"))
    template = "performance/_dictionary.html" if part else "performance/dictionary.html"
    response = list_page(request, template, table, name=_file(frame, "metrics"), stamp=stamp)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _defined(table: Listing) -> Listing:
    """Each metric leads to its own page."""
    return replace(
        table, rows=[{**row, "href": reverse("performance:metric", args=[row["key"]])} for row in table.rows]
    )


@page()
def metric(request: UserRequest, metric: str) -> HttpResponse:
    """One metric, explained."""
    return render(request, "performance/metric.html", {"page": definition.about(_frame(request), metric)})


def _linked(frame: Frame, metric: str, split: Breakdown) -> Listing:
    """Each row leads one step down, and to the facts behind it."""

    def links(part: str) -> dict[str, str]:
        down = breakdowns.step(frame, split.by, part)
        view, key = ("customer", part) if split.by == "customer" else ("breakdown", metric)
        behind = breakdowns.facts_query(frame, split.by, part)
        return {
            "href": _address(f"performance:{view}", key, down) if down else "",
            "facts": _address("performance:facts", metric, behind),
        }

    rows = [
        {
            **row,
            **links(str(row["key"])),
            **_check(metric, row, breakdowns.target_query(frame, split.by, str(row["key"]))),
        }
        for row in split.table.rows
    ]
    totals = split.table.totals
    if totals is not None:
        whole = {**frame.query, "period": frame.period.label}
        totals = {**totals, **_check(metric, totals, whole)}
    return replace(split.table, rows=rows, totals=totals)


def _check(metric: str, row: Row, query: Mapping[str, str]) -> dict[str, str]:
    """Where the target stands that an attainment can hardly be right against."""
    if not doubtful(cast("Decimal | None", row.get("attained"))):
        return {}
    return {"check": f"{reverse('targets:grid')}?{urlencode({**query, 'metric': metric})}"}


def _address(view: str, key: str, query: Mapping[str, str]) -> str:
    return f"{reverse(view, args=[key])}?{urlencode(query)}"


def _frame(request: UserRequest) -> Frame:
    """Scope and period of the address, over the snapshot in force."""
    wanted = read_address(request, today=http.today())
    return framed(reading.current(), wanted, viewer=request.user, language=get_language() or "en")


def _ask_for_forecast(frame: Frame, metric: str) -> None:
    """Once a day and scope, have a job look ahead; the page shows it when it is there."""
    if frame.closed or not forecast.wanted(frame, metric):
        return
    scope = frame.scope
    assert scope is not None
    arguments = {"kind": scope.kind, "scope": scope.key, "metric": metric}
    key = f"forecast:{metric}:{scope.kind}:{scope.key}:{frame.today}"
    jobs.enqueue(tasks.forecast_scope, arguments, key=key, by=None, at=timezone.now())


def _file(frame: Frame, what: str) -> str:
    return f"{what} {frame.name} {frame.period.label} v{frame.lake.number}"
