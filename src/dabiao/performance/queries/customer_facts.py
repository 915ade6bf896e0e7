"""The newest facts of one customer in scope: orders, receivables, opportunities, and all that happened in one line of time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

import pyarrow as pa
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core import keeping
from dabiao.engine import needs
from dabiao.engine.metric import Measure
from dabiao.engine.period import between
from dabiao.metrics import answer, labels, names
from dabiao.metrics.answer import MetricRequest, Windows
from dabiao.metrics.frame import Frame
from dabiao.org import queries as org
from dabiao.ui.listing import Cell, Column, Kind, Listing

LONG_AGO: Final = date(2000, 1, 1)
AHEAD: Final = 366
"""Days to come of which instalments are told."""
NEWEST: Final = 8
"""Rows of a section; the page of the facts behind a metric has all of a period."""
MANY: Final = 500
"""Receivables and opportunities of a customer that are looked through for those that are open."""
HAPPENED: Final = 12
"""Rows of the timeline."""
Fact = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A table of one kind of facts. metric: whose facts they are, where more of them can be looked at."""

    key: str
    title: str
    metric: str
    table: Listing


_COLUMNS: Final[Mapping[str, tuple[tuple[str, Kind], ...]]] = {
    "sales_amount": (
        ("ordered_on", "day"), ("order", "code"), ("product", "text"), ("qty", "number"), ("amount", "cents"),
        ("person", "text"),
    ),
    "due_amount": (
        ("due_on", "day"), ("contract", "code"), ("kind", "text"), ("amount_with_tax", "cents"), ("open", "cents"),
        ("late", "number"),
    ),
    "new_opportunities": (
        ("created_on", "day"), ("product_line", "text"), ("stage", "text"), ("outcome", "text"),
        ("united_depth", "number"), ("amount", "cents"),
        ("expected_close_on", "day"), ("person", "text"),
    ),
}  # fmt: skip
"""The metric whose facts a section shows → its columns."""


_TABLES: Final[Mapping[str, str]] = {
    "sales_amount": "order_lines",
    "due_amount": "receivables",
    "new_opportunities": "opportunities",
    "received_amount": "receipts",
    "complaints": "complaints",
    "visits": "activities",
}
"""Metric → the table whose columns are read here; a company's own metric of that name may count something else."""


def sections(frame: Frame, customer: str) -> tuple[Section, ...]:
    """What the scope has of the customer, the newest first; a kind of facts that the company does not keep has none."""
    seen = org.sight(frame.viewer, frame.today).key
    told = (frame.versions, seen, frame.seats, frame.today, frame.language, frame.currency, frame.edition)
    stamp = keeping.stamp(customer, frame.lake.number, *told)
    return keeping.once("customer_facts", stamp, lambda: _sections(frame, customer))


def _sections(frame: Frame, customer: str) -> tuple[Section, ...]:
    facts = {key: _facts(frame, key, customer) for key in frame.known(_TABLES) if _is_plain(frame, key)}
    titles = {
        "sales_amount": ("orders", labels.table("order_lines")),
        "due_amount": ("receivables", _("Receivables still open")),
        "new_opportunities": ("opportunities", labels.table("opportunities")),
    }
    if "due_amount" in facts:
        facts["due_amount"] = _still_open(frame, facts["due_amount"])
    if "new_opportunities" in facts:
        facts["new_opportunities"].sort(key=lambda fact: fact["outcome"] is not None)
        depths = _depths(frame, customer)
        facts["new_opportunities"] = [
            {**fact, "united_depth": depths.get(fact["key"])} for fact in facts["new_opportunities"]
        ]
    shown = (
        Section(name, title, key, _table(frame, name, key, facts[key][:NEWEST]))
        for key, (name, title) in titles.items()
        if key in facts
    )
    return (*shown, Section("timeline", _("Timeline"), "", _timeline(frame, facts)))


def _is_plain(frame: Frame, key: str) -> bool:
    metric = frame.metrics[key]
    return isinstance(metric, Measure) and metric.source.table == _TABLES[key]


def _table(frame: Frame, name: str, key: str, facts: Sequence[Fact]) -> Listing:
    kinds = _COLUMNS[key]
    own = {"open": _("Still open"), "late": _("Days overdue")}
    columns = [Column(each, own.get(each) or labels.column(each), kind) for each, kind in kinds]
    called = {
        each: names.names(each, {fact[each] for fact in facts})
        for each, kind in kinds
        if kind in {"text", "code"}
    }
    rows = [{each: _cell(fact[each], called.get(each, {})) for each, _kind in kinds} for fact in facts]
    return Listing(name, columns, rows, currency=frame.currency, empty=_("Nothing of this yet."))


def _cell(value: object, called: Mapping[str, str]) -> Cell:
    if isinstance(value, str):
        return called.get(value) or labels.value(value)
    return cast(Cell, value)


def _facts(frame: Frame, key: str, customer: str) -> list[Fact]:
    """The newest facts of a metric of the customer in scope, up to today; what falls due also a while ahead. Of visits:
    activities of every kind."""
    measure = cast(Measure, frame.metrics[key])
    if key == "visits":
        measure = replace(measure, where=())
    last = date.fromordinal(frame.today.toordinal() + AHEAD) if key == "due_amount" else frame.today
    window = Windows((("", LONG_AGO, between(last, last).end),))
    asked = MetricRequest((key,), (), (("customer", (customer,)),))
    many = HAPPENED if key in {"visits", "complaints", "sales_amount", "received_amount"} else MANY
    rows = answer.newest_facts(frame.lake, asked, measure, windows=window, seats=frame.seats, newest=many)
    return list(rows.to_pylist())


def _depths(frame: Frame, customer: str) -> dict[str, int | None]:
    """Opportunity → how many different needs all visits to it have found, as its newest activity in scope tells."""
    known = frame.metrics.get("proposal_depth")
    if not isinstance(known, Measure) or needs.UNITED not in known.source.derived:
        return {}  # a company's own metric of that name
    measure = replace(known, where=())
    asked = MetricRequest((known.key,), (), (("customer", (customer,)),))
    window = Windows((("", LONG_AGO, between(frame.today, frame.today).end),))
    rows = answer.newest_facts(frame.lake, asked, measure, windows=window, seats=frame.seats, newest=MANY)
    told = zip(rows["opportunity"].to_pylist(), rows[needs.UNITED].to_pylist(), strict=True)
    return {opportunity: depth for opportunity, depth in reversed(list(told)) if opportunity is not None}


def _still_open(frame: Frame, facts: Sequence[Fact]) -> list[Fact]:
    """Receivables that have not been settled by today, those due first on top; all of them, the newest first, where the
    company keeps no allocations and nobody can tell."""
    if "allocations" not in frame.lake.tables or not facts:
        return [{**fact, "open": None, "late": None} for fact in facts]
    wanted = pa.table({"receivable": pa.array([fact["key"] for fact in facts], pa.string())})
    rows = frame.lake.run(
        f"""SELECT receivable, sum(amount_with_tax) AS paid FROM allocations JOIN wanted USING (receivable)
            WHERE allocated_on <= DATE '{frame.today.isoformat()}' GROUP BY 1""",
        wanted=wanted,
    )
    paid = dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    told = [
        {
            **fact,
            "open": _left(fact["amount_with_tax"], paid.get(fact["key"])),
            "late": (frame.today - fact["due_on"]).days if fact["due_on"] < frame.today else None,
        }
        for fact in facts
    ]
    return sorted((fact for fact in told if fact["open"]), key=lambda fact: (fact["due_on"], fact["key"]))


def _left(due: Decimal | None, paid: Decimal | None) -> Decimal | None:
    return None if due is None else due - (paid or 0)


def _timeline(frame: Frame, facts: Mapping[str, Sequence[Fact]]) -> Listing:
    """All that happened, the newest first: what was done, said, ordered, paid and complained about."""
    named = {key: _named(rows, ("product", "product_line")) for key, rows in facts.items()}
    happened = [
        *_happened(named.get("visits", ()), "started_at", lambda fact: labels.value(fact["kind"]), _said),
        *_happened(
            named.get("sales_amount", ()),
            "ordered_on",
            lambda _fact: pgettext("what happened", "Order"),
            _ordered,
        ),
        *_happened(
            named.get("received_amount", ()),
            "received_on",
            lambda _fact: pgettext("what happened", "Receipt"),
            _paid,
        ),
        *_happened(
            named.get("new_opportunities", ()),
            "created_on",
            lambda _fact: pgettext("what happened", "Opportunity"),
            _wanted,
        ),
        *_happened(
            named.get("complaints", ()),
            "opened_at",
            lambda _fact: pgettext("what happened", "Complaint"),
            _complained,
        ),
    ]
    people = names.names("person", {row["person"] for row in happened})
    rows = [
        {**row, "person": people.get(str(row["person"])) or row["person"]}
        for row in sorted(happened, key=lambda row: cast(date, row["day"]), reverse=True)[:HAPPENED]
    ]
    columns = [
        Column("day", labels.column("day"), "day"),
        Column("what", pgettext("what happened", "What")),
        Column("said", _("Details"), "long"),
        Column("amount", _("Amount"), "cents"),
        Column("person", labels.column("person")),
    ]
    return Listing("timeline", columns, rows, currency=frame.currency, empty=_("Nothing has happened yet."))


def _named(facts: Sequence[Fact], columns: Sequence[str]) -> list[Fact]:
    """The facts with names in place of the keys of some columns."""
    called = {each: names.names(each, {fact.get(each) for fact in facts}) for each in columns}
    return [
        {**fact, **{each: of.get(str(fact.get(each)), fact.get(each)) for each, of in called.items()}}
        for fact in facts
    ]


Told = tuple[str | None, Decimal | None]


def _happened(
    facts: Sequence[Fact], on: str, what: Callable[[Fact], str], told: Callable[[Fact], Told]
) -> list[dict[str, Cell]]:
    rows = []
    for fact in facts:
        day = fact[on]
        said, amount = told(fact)
        rows.append(
            {
                "day": day.date() if isinstance(day, datetime) else day,
                "what": what(fact),
                "said": said,
                "amount": amount,
                "person": fact.get("person"),
            }
        )
    return rows


def _said(fact: Fact) -> Told:
    found = [labels.column(name) for name in needs.FLAGS if fact[name]]
    needed = _("found: %(needs)s") % {"needs": " + ".join(found)} if found else None
    step = _("next: %(step)s") % {"step": fact["next_step"]} if fact["next_step"] else None
    minutes = _("%(n)s min") % {"n": fact["minutes"]} if fact["minutes"] else None
    return _joined(minutes, needed, fact["note"], step), None


def _ordered(fact: Fact) -> Told:
    return _joined(fact["order"], fact["product"]), fact["amount"]


def _paid(fact: Fact) -> Told:
    return _joined(fact["contract"], labels.value(fact["method"]) if fact["method"] else None), fact[
        "amount_with_tax"
    ]


def _wanted(fact: Fact) -> Told:
    return _joined(fact["key"], fact["product_line"]), fact["amount"]


def _complained(fact: Fact) -> Told:
    return _joined(*(labels.value(fact[name], name) for name in ("severity", "cause") if fact[name])), None


def _joined(*parts: str | None) -> str | None:
    return " · ".join(part for part in parts if part) or None
