"""What performance brings to the house: the cockpit, and the way from a name to it."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dabiao.core import config, keeping
from dabiao.core.room import Entry, Hit, Room, Schedule, Search

if TYPE_CHECKING:
    from dabiao.org.access import User
    from dabiao.performance.queries.papers import Kind


def _people(viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    from dabiao.org import queries

    for person in queries.find_people(viewer, text, on, most):
        yield Hit(person.name, _cockpit(person=person.key), "user", person.key)


def _units(viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    from dabiao.org import queries

    for node in queries.find_units(viewer, text, on, most):
        yield Hit(node.label(get_language() or ""), _cockpit(scope=node.key), "hierarchy-2")


def _customers(viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    from dabiao.metrics.frame import month_of
    from dabiao.performance.queries import customers

    for key, name in customers.find(month_of(viewer, on), text, most):
        yield Hit(name, reverse("performance:customer", args=[key]), "building-store", key)


def _orders(viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    from dabiao.performance.queries import papers

    return _papers(papers.ORDERS, viewer, text, on, most)


def _contracts(viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    from dabiao.performance.queries import papers

    return _papers(papers.CONTRACTS, viewer, text, on, most)


def _papers(kind: "Kind", viewer: "User", text: str, on: date, most: int) -> Iterator[Hit]:
    """Each leads to the facts of its month, filtered to it."""
    from dabiao.facts.queries import labels
    from dabiao.metrics.frame import month_of
    from dabiao.performance.queries import papers

    found = papers.find(month_of(viewer, on), kind, text, most)
    called = labels("customer", [paper.customer for paper in found])
    for paper in found:
        query = urlencode({"period": paper.period.label, "filter": paper.number})
        href = f"{reverse('performance:facts', args=[kind.metric])}?{query}"
        yield Hit(paper.number, href, "receipt", called.get(paper.customer, paper.customer))


def _metrics(_viewer: "User", text: str, _on: date, most: int) -> Iterator[Hit]:
    from dabiao.metrics.definitions import find

    for key, label in find(text, get_language() or "en")[:most]:
        yield Hit(label, reverse("performance:metric", args=[key]), "ruler-measure", key)


def _cockpit(**parameters: str) -> str:
    return f"{reverse('performance:cockpit')}?{urlencode(parameters)}"


def _warm(on: date) -> None:
    """The compiler, the snapshot, the compiled questions, for whoever sees much or little: seconds that nobody has to wait
    for. What is off is kept under the stamp of those who see as much."""
    from dabiao.metrics.frame import home_frame
    from dabiao.org.queries import one_of_each_sight
    from dabiao.performance.queries import cockpit, customer_list, customers, links

    usual = config.language()
    frames = [home_frame(each, on, language=each.language or usual) for each in one_of_each_sight()]
    # On the first days of a month pages lead to the one before it.
    before = [frame.at(frame.fiscal.previous(frame.period)) for frame in frames if frame.early]
    for frame in (*frames, *before):
        with translation.override(frame.language):
            keeping.once("signals", cockpit.figures_stamp(frame), partial(cockpit.all_signals, frame))
    for frame in frames:
        links.partings_said(frame)
        links.partings(frame, "person")
        customers.visible(frame, ["?"])
        customer_list.listing(frame, str)


ROOM = Room(
    key="performance",
    label=_("Cockpit"),
    urls="dabiao.performance.urls",
    rail=(
        Entry(
            "performance:cockpit",
            _("Cockpit"),
            "gauge",
            under=(
                "performance:cockpit",
                "performance:breakdown",
                "performance:over-time",
                "performance:facts",
            ),
        ),
        Entry("performance:customers", _("Customers"), "building-store", under=("performance:customer",)),
        Entry("performance:signals", _("Signals"), "alert-triangle", "check"),
        Entry(
            "performance:dictionary",
            _("Metric dictionary"),
            "ruler-measure",
            "check",
            under=("performance:metric",),
        ),
    ),
    period=("performance:",),
    scope=("performance:",),
    of_one_scope=("is_person", "is_unit", "is_customer", "is_order", "is_contract"),
    search=(
        Search(_("People"), _people),
        Search(_("Units"), _units),
        Search(_("Customers"), _customers),
        Search(_("Orders"), _orders),
        Search(_("Contracts"), _contracts),
        Search(_("Metrics"), _metrics),
    ),
    audit={
        "performance.forecasts.made": _("Forecasts made"),
        "performance.reasons.kept": _("Reasons of lights kept"),
    },
    warm=_warm,
    schedules=(Schedule("forecasts", "dabiao.performance.tasks.forecast_units", timedelta(days=1)),),
)
