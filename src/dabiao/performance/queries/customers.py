"""One customer as a viewer sees them: who they are, whose they are, what happened with them in a period."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

import pyarrow as pa
from django.utils.translation import gettext as _

from dabiao.core import keeping
from dabiao.core.errors import NotFound
from dabiao.engine.period import Period, between
from dabiao.facts import queries as facts
from dabiao.metrics import labels, names
from dabiao.metrics.figure import Where
from dabiao.metrics.frame import Frame
from dabiao.metrics.standing import NOW, Values
from dabiao.org import queries as org
from dabiao.performance.queries import cockpit
from dabiao.performance.queries.customer_facts import LONG_AGO, Section, sections
from dabiao.performance.queries.rows import Tile, Trend

TILES: Final = (
    "sales_amount", "received_amount", "open_pipeline", "visits", "orders", "complaints", "won_amount", "gross_margin",
    "contract_amount", "leads", "proposals", "new_opportunities",
)  # fmt: skip
SEEN_BY: Final = (
    "sales_amount",
    "visits",
    "leads",
    "new_opportunities",
    "received_amount",
    "contract_amount",
    "calls",
    "usage_events",
)
"""A customer is visible to those who may see any of these facts of theirs."""
_LOOKED_AT: Final = 1000
"""So many of those who are called as one looks for are asked whether the viewer may see them."""


@dataclass(frozen=True)
class Customer:
    """What the page of a customer shows."""

    where: Where
    key: str
    name: str
    profile: tuple[tuple[str, str], ...]
    owners: tuple[tuple[str, str], ...]
    """(employee number, name); both empty of somebody whom the viewer does not see."""
    tiles: tuple[Tile, ...]
    trend: Trend | None
    as_of: date
    """The day as of which the profile is told: the last of the period, today while it lasts."""
    sections: tuple[Section, ...]


def customer(frame: Frame, key: str) -> Customer:
    """The customer in scope and period. Raises NotFound where the viewer may see nothing of them."""
    if not visible(frame, [key]):
        raise NotFound(_("There is no customer %(key)s, or they are not yours to see.") % {"key": key})
    name = names.labels("customer", {key}).get(key)
    shown = frame.known(TILES)[:6]
    spans = cockpit.windows(frame)
    values = Values(frame, spans, frame.ask(shown, spans, where={"customer": (key,)}))
    return Customer(
        where=Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number),
        key=key,
        name=name or key,
        profile=_profile(frame, key),
        as_of=day_told(frame),
        owners=_owners(frame, key),
        tiles=tuple(cockpit.tile(frame, metric, values, {}) for metric in shown),
        trend=_trend(frame, key, shown[0]) if shown else None,
        sections=sections(frame, key),
    )


def day_told(frame: Frame) -> date:
    """The day as of which tier and status are told: the last of the period, today while it lasts."""
    return min(frame.today, frame.period.last_day)


def find(frame: Frame, text: str, most: int) -> list[tuple[str, str]]:
    """(key, name) of customers by name, pinyin or key, among those the viewer may see; those of their own come first.

    Of more than a thousand who are called so, the first thousand by name are looked at, and all of the viewer's own.
    """
    seen = org.sight(frame.viewer, frame.today).key
    own = org.own_person(frame.viewer)
    kept = keeping.stamp(frame.lake.number, frame.versions, frame.today, seen, own, text, most)
    keys = keeping.once("customers-found", kept, lambda: _found(frame, text, most))
    called = facts.labels("customer", keys)  # a name that was erased meanwhile is gone
    return [(key, called[key]) for key in keys if key in called]


def _found(frame: Frame, text: str, most: int) -> list[str]:
    own = _own(frame)
    named = facts.labels_holding("customer", text, _LOOKED_AT)
    first = list(facts.labels_holding("customer", text, most, own)) if own else []
    rest = [key for key in named if key not in own]
    seen = visible(frame, rest) if rest and len(first) < most else frozenset[str]()
    return [*first, *(key for key in rest if key in seen)][:most]


def visible(frame: Frame, keys: Sequence[str]) -> frozenset[str]:
    """Those of the customers of whom the viewer may see any fact, of any time, or whose owner they may see."""
    table = pa.table({"customer": pa.array(keys, pa.string())})
    if org.sight(frame.viewer, frame.today).everything:
        rows = frame.lake.run(
            "SELECT c.customer FROM wanted c JOIN customers k USING (customer)", wanted=table
        )
        if rows.num_rows:
            return frozenset(rows.column(0).to_pylist())
    whole = between(LONG_AGO, frame.today)
    everywhere = frame.everywhere(whole)
    seen = _owned(frame, keys)
    if left := tuple(key for key in keys if key not in seen):
        cells = everywhere.ask(
            everywhere.known(SEEN_BY), {NOW: whole}, ("customer",), where={"customer": left}
        )
        seen |= {cast(str, cell["customer"]) for cell in cells}
    return frozenset(seen)


def _owned(frame: Frame, keys: Sequence[str]) -> set[str]:
    """Those of the customers whose owner today the viewer may see."""
    wanted = pa.table({"customer": pa.array(keys, pa.string())})
    query = """SELECT DISTINCT o.customer, o.person FROM ownership o JOIN wanted USING (customer)
               WHERE o.starts_on <= $today AND o.ends_on > $today""".replace(
        "$today", f"DATE '{frame.today.isoformat()}'"
    )
    rows = frame.lake.run(query, wanted=wanted).to_pylist()
    visible = seated(frame, {row["person"] for row in rows})
    return {row["customer"] for row in rows if row["person"] in visible}


def _own(frame: Frame) -> set[str]:
    """Customers that are the viewer's own today."""
    person = org.own_person(frame.viewer)
    if person is None:
        return set()
    today = frame.today.isoformat()
    wanted = pa.table({"person": [person]})
    query = f"""SELECT DISTINCT o.customer FROM ownership o JOIN wanted USING (person)
                WHERE o.starts_on <= DATE '{today}' AND o.ends_on > DATE '{today}'"""
    return set(frame.lake.run(query, wanted=wanted).column(0).to_pylist())


def seated(frame: Frame, people: Collection[str]) -> frozenset[str]:
    """Those who sit today where the viewer sees them: of who has moved away, the customers of today are not theirs."""
    seated = org.people_seated(frame.viewer, frame.today, frame.today).filter(key__in=people)
    return frozenset(seated.values_list("key", flat=True))


def _profile(frame: Frame, key: str) -> tuple[tuple[str, str], ...]:
    """What is known of the customer at the end of the period: (name of the field, value)."""
    day = day_told(frame).isoformat()
    wanted = pa.table({"customer": [key]})
    rows = frame.lake.run(
        "SELECT c.* FROM customers c JOIN wanted USING (customer)", wanted=wanted
    ).to_pylist()
    then = f"h.starts_on <= DATE '{day}' AND h.ends_on > DATE '{day}'"
    history = frame.lake.run(
        f"SELECT h.* FROM customer_history h JOIN wanted USING (customer) WHERE {then}", wanted=wanted
    )
    told: dict[str, object] = {}
    for row in rows[:1]:
        told |= {name: row.get(name) for name in ("industry", "province", "city", "type", "created_on")}
    for row in history.to_pylist()[:1]:
        told |= {"tier": row.get("tier"), "customer_status": row.get("status")}
    renamed = {"type": "customer_type"}
    return tuple(
        (labels.column(renamed.get(name, name)), _called(name, value))
        for name, value in told.items()
        if value
    )


def _called(name: str, value: object) -> str:
    """A value of the profile by its name: of an industry or a place the company's own, of a code ours."""
    return names.names(name, [value]).get(str(value)) or labels.value(value)


def _owners(frame: Frame, key: str) -> tuple[tuple[str, str], ...]:
    day = frame.today.isoformat()
    query = f"SELECT o.person FROM ownership o JOIN wanted USING (customer) WHERE o.starts_on <= DATE '{day}' AND o.ends_on > DATE '{day}' ORDER BY o.role, o.person"
    people = [
        row["person"] for row in frame.lake.run(query, wanted=pa.table({"customer": [key]})).to_pylist()
    ]
    called = org.people_names(set(people))
    seen = org.sight(frame.viewer, frame.today).everything
    named = frozenset(people) if seen else seated(frame, people)
    told = ((person, called.get(person, person)) if person in named else ("", "") for person in people)
    return tuple(dict.fromkeys(told))


def _trend(frame: Frame, key: str, metric: str) -> Trend:
    spans: dict[str, Period] = {}
    window = frame.period
    for _n in range(12):
        spans[window.label] = window
        window = frame.fiscal.previous(window)
    ordered = dict(reversed(spans.items()))
    values = Values(frame, ordered, frame.ask((metric,), ordered, where={"customer": (key,)}))
    nothing = (None,) * len(ordered)
    return Trend(
        tuple(ordered),
        tuple(values.get(name, metric) for name in ordered),
        nothing,
        frame.metrics[metric].unit,
        frame.currency,
    )
