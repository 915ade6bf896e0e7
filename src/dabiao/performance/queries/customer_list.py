"""The customers of a scope that a viewer may see: whose they are, what they brought, when they last ordered."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, cast

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from dabiao.core import keeping
from dabiao.engine.metric import Measure
from dabiao.engine.period import between
from dabiao.metrics import answer, labels, names
from dabiao.metrics.answer import MetricRequest, Windows
from dabiao.metrics.frame import Frame
from dabiao.metrics.standing import NOW
from dabiao.org import queries as org
from dabiao.performance.queries import customers
from dabiao.performance.queries.customer_facts import LONG_AGO
from dabiao.performance.queries.headline import headline
from dabiao.ui.listing import Cell, Column, Listing

ORDERED: Final = ("orders", "new_contracts")
"""The first of these that has facts tells when a customer last ordered."""


def listing(frame: Frame, leads: Callable[[str], str]) -> Listing:
    """One row a customer, those who brought the most first. `leads`: where a customer's key leads."""
    metric, found = headline(frame.lake), _found(frame)
    ordered = next(iter(frame.known(ORDERED)), None)
    brought = _brought(frame, metric) if metric else {}
    last = _last_days(frame, ordered) if ordered else {}
    called, owners, known = names.labels("customer", found), _owners(frame, found), _known(frame, found)
    provinces = names.names("province", {known[key]["province"] for key in found if key in known})
    industries = names.names("industry", {known[key]["industry"] for key in found if key in known})

    def row(key: str) -> dict[str, Cell]:
        told = known.get(key, {})
        return {
            "key": key,
            "name": called.get(key, key),
            "owner": owners.get(key),
            "tier": _said(told.get("tier")),
            "status": _said(told.get("status")),
            "region": _said(told.get("province"), provinces),
            "industry": _said(told.get("industry"), industries),
            "value": brought.get(key),
            "last": last.get(key),
            "href": leads(key),
        }

    rows = sorted((row(key) for key in found), key=_most_first)
    return Listing(
        "customers", _columns(frame, metric), rows, currency=frame.currency, empty=_("No customer here.")
    )


def _most_first(row: Mapping[str, Cell]) -> tuple[Decimal, int, str, str]:
    last = row["last"]
    return (
        -cast(Decimal, row["value"] or Decimal(0)),
        -last.toordinal() if isinstance(last, date) else 0,
        str(row["name"]),
        str(row["key"]),
    )


def _columns(frame: Frame, metric: str | None) -> list[Column]:
    then = _("As of %(day)s") % {"day": customers.day_told(frame)}
    brought = (
        [
            Column(
                "value",
                frame.label(metric),
                "money" if frame.metrics[metric].unit == "money" else "number",
                note=frame.note(metric),
            )
        ]
        if metric
        else []
    )
    return [
        Column("name", labels.column("customer"), link="href"),
        *brought,
        Column("last", _("Last order"), "day", note=_("The last day up to the end of the period, whatever was ordered.")),
        Column("owner", _("Owner"), note=_("Who owns the customer today.")),
        Column("tier", labels.column("tier"), note=then),
        Column("status", labels.column("customer_status"), note=then),
        Column("region", labels.column("province")),
        Column("industry", labels.column("industry"), hidden=True),
        Column("key", _("Key"), "code", hidden=True),
    ]  # fmt: skip


def _found(frame: Frame) -> set[str]:
    """Keys of whom the scope has to do with, as `customers` says who is visible: by any fact of any time, by who owns
    them today; whoever sees everything sees those too with whom nobody has to do."""
    seen = org.sight(frame.viewer, frame.today).key
    stamp = keeping.stamp(frame.lake.number, frame.versions, seen, frame.seats, frame.today, frame.edition)
    return keeping.once("customers_of_scope", stamp, lambda: _with_facts(frame) | _owned(frame))


def _with_facts(frame: Frame) -> set[str]:
    whole = {NOW: between(LONG_AGO, frame.today)}
    known = frame.known(customers.SEEN_BY)
    return _keys(frame.table(known, whole, ("customer",))) if known else set()


def _owned(frame: Frame) -> set[str]:
    if frame.seats is None:
        return _keys(frame.lake.run("SELECT customer FROM customers"))
    today = f"DATE '{frame.today.isoformat()}'"
    seats = pa.table({"seat": pa.array(sorted(frame.seats), pa.int64())})
    held = frame.lake.run(
        f"SELECT DISTINCT person FROM assignments JOIN scope USING (seat) WHERE starts_on <= {today} AND ends_on > {today}",
        scope=seats,
    )
    people = pa.table(
        {"person": pa.array(sorted(customers.seated(frame, held.column(0).to_pylist())), pa.string())}
    )
    return _keys(
        frame.lake.run(
            f"SELECT DISTINCT customer FROM ownership JOIN people USING (person) WHERE starts_on <= {today} AND ends_on > {today}",
            people=people,
        )
    )


def _keys(rows: pa.Table) -> set[str]:
    return set(pc.drop_null(rows.column("customer")).to_pylist())


def _brought(frame: Frame, metric: str) -> dict[str, Decimal]:
    cells = frame.ask((metric,), {NOW: frame.so_far}, ("customer",))
    return {str(cell["customer"]): cast(Decimal, cell[metric]) for cell in cells if cell["customer"]}


def _last_days(frame: Frame, metric: str) -> dict[str, date]:
    """Customer → the last day of their facts up to the end of the period."""
    measure = cast(Measure, frame.metrics[metric])
    ends = customers.day_told(frame)
    window = Windows((("", LONG_AGO, between(ends, ends).end),))
    rows = answer.last_days(
        frame.lake, MetricRequest((metric,), ("customer",)), measure, windows=window, seats=frame.seats
    )
    return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _known(frame: Frame, found: Collection[str]) -> dict[str, Mapping[str, object]]:
    """Customer → industry, province, tier and status at the end of the period."""
    then = f"DATE '{customers.day_told(frame).isoformat()}'"
    rows = frame.lake.run(
        f"""SELECT w.customer, c.industry, c.province, h.tier, h.status
            FROM wanted w LEFT JOIN customers c USING (customer)
            LEFT JOIN customer_history h ON h.customer = w.customer AND h.starts_on <= {then} AND h.ends_on > {then}""",
        wanted=_wanted(found),
    )
    return {str(row["customer"]): row for row in rows.to_pylist()}


def _owners(frame: Frame, found: Collection[str]) -> dict[str, str]:
    """Customer → who owns them today, of those whom the viewer may see."""
    today = f"DATE '{frame.today.isoformat()}'"
    rows = frame.lake.run(
        f"""SELECT DISTINCT o.customer, o.person FROM ownership o JOIN wanted USING (customer)
            WHERE o.role IS DISTINCT FROM 'support' AND o.starts_on <= {today} AND o.ends_on > {today}
            ORDER BY o.customer, o.person""",
        wanted=_wanted(found),
    )
    pairs = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    people = {person for _customer, person in pairs}
    everything = org.sight(frame.viewer, frame.today).everything
    visible = people if everything else customers.seated(frame, people)
    called = org.people_names(set(visible))
    told: dict[str, list[str]] = defaultdict(list)
    for customer, person in pairs:
        if person in visible:
            told[customer].append(called.get(person, person))
    return {customer: _(", ").join(owners) for customer, owners in told.items()}


def _wanted(found: Collection[str]) -> pa.Table:
    return pa.table({"customer": pa.array(sorted(found), pa.string())})


def _said(value: object, called: Mapping[str, str] | None = None) -> str | None:
    """A code by its name; nothing where nothing is known."""
    if not value:
        return None
    return (called or {}).get(str(value)) or labels.value(value)
