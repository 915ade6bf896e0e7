"""Facts: orders and cash, and every table that the plans ask."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.incentives.oracle import Facts, Plan, Row, span_of
from tests.incentives.random_plans.organisation import UNITS, absences, assignments, calendar
from tests.incentives.random_plans.values import (
    CHANNELS,
    END,
    LINES,
    PEOPLE,
    START,
    amounts,
    days,
    days_around,
    maybe,
    number,
    portions,
    spans,
)


@st.composite
def order_lines(draw: st.DrawFn, key: str) -> Row:
    amount = draw(amounts)
    return {
        "key": key,
        "reverses": None,
        "kind": draw(st.sampled_from(["new", "new", "renewal"])),
        "person": draw(maybe(PEOPLE)),
        "dealer": draw(maybe(PEOPLE)),
        "territory": draw(maybe(PEOPLE)),
        "end_customer": draw(maybe(PEOPLE)),
        "customer": draw(maybe(["K1", "K2"])),
        "contract": draw(maybe(["C1", "C2"])),
        "product": draw(maybe(LINES)),
        "sales_channel": draw(maybe(CHANNELS)),
        "ordered_on": draw(st.one_of(days, days_around, st.just(date(2026, 2, 2)))),
        "promised_on": draw(st.none() | days),
        "amount": amount,
        "cost": draw(amounts),
        "list_amount": draw(st.none() | amounts),
        "discount": draw(st.none() | number("0", "0.5", 6)),
        "qty": draw(number("-5", "20", 2)),
        "original_amount": draw(amounts),
        "currency": draw(st.sampled_from(["CNY", "CNY", "USD", "EUR"])),
    }


@st.composite
def fact_sets(draw: st.DrawFn, plan: Plan) -> Facts:
    """Orders and cash, and every table that the plans ask: targets, scores, shares, relations, managers."""
    keys = draw(st.lists(st.integers(1, 120).map(lambda n: f"K{n}"), min_size=1, max_size=14, unique=True))
    cash = [
        {
            "key": f"R{n}",
            "person": draw(st.sampled_from(PEOPLE)),
            "allocated_on": draw(days),
            "amount": draw(amounts),
            "original_amount": draw(amounts),
            "currency": "CNY",
        }
        for n in range(draw(st.integers(0, 4)))
    ]
    orders = draw(refunded([draw(order_lines(key)) for key in keys]))
    return {
        "order_lines": orders,
        "allocations": cash,
        "contracts": [{"key": "C1", "signer": draw(st.sampled_from(PEOPLE)), "signed_on": date(2025, 1, 1)}],
        "targets": draw(targets(plan)),
        "scores": draw(scores()),
        "shares": draw(recorded(keys)),
        "relations": draw(relations()),
        "managers": draw(managers()),
        "events": draw(events(orders)) if "stages" in str(plan) or "clawback" in str(plan) else [],
        **draw(organisations(plan)),
    }


@st.composite
def events(draw: st.DrawFn, orders: list[Row]) -> list[Row]:
    """What becomes of an order: accepted, collected in one part or two or not wholly, kept, lost."""
    found: list[Row] = []
    for order in orders:
        parts = [("accepted", draw(portions)), ("retained", draw(portions)), ("churned", Decimal(1))]
        parts = [part for part in parts if draw(st.booleans())]
        first = draw(st.sampled_from([Decimal(1), Decimal("0.4"), Decimal("0.999999")]) | portions)
        parts += [("collected", part) for part in (first, 1 - first) if part and draw(st.booleans())]
        for event, portion in parts:
            day = order["ordered_on"] + timedelta(days=draw(st.integers(0, 150)))
            what = {"table": "order_lines", "key": order["key"], "event": event, "on": day}
            if what not in [{word: row[word] for word in what} for row in found]:
                found.append({**what, "portion": portion})
    return found


@st.composite
def organisations(draw: st.DrawFn, plan: Plan) -> Facts:
    """Seats and what hangs on them where the plan asks; events of orders where it pays by them."""
    found: Facts = {"assignments": [], "units": [], "absences": [], "calendar": []}
    if asks_for_seats(plan):
        found |= {"assignments": draw(assignments()), "units": UNITS, "absences": draw(absences())}
        found["calendar"] = calendar()
    return found


def asks_for_seats(plan: Plan) -> bool:
    text = str(plan)
    return any(word in text for word in ("'bonus'", "'floor'", "'settlement'", "'team'", "'role'", "'unit'"))


@st.composite
def targets(draw: st.DrawFn, plan: Plan) -> list[Row]:
    """One exact target for every span that an attainment tier asks; others as they come."""
    found: list[Row] = []
    kinds = {
        component["rate"].get("over", plan["period"])
        for component in plan["components"].values()
        if isinstance(component.get("rate"), dict) and component["rate"].get("by") == "attainment"
    }
    for metric in ("sales", "other"):
        if kinds:
            for person in [*PEOPLE, "eva"]:
                found += [
                    draw(one_target(person, metric, kind, plan, day))
                    for kind in kinds
                    for day in starts(plan, kind)
                ]
        elif metric == "sales":
            for person in draw(st.lists(st.sampled_from(PEOPLE), unique=True)):
                kind = draw(spans)
                found += [draw(one_target(person, metric, kind, plan, day)) for day in starts(plan, kind)]
    if asks_for_seats(plan):
        for unit in draw(st.lists(st.sampled_from(["east", "west", "field"]), unique=True)):
            kind = draw(spans)
            rows = [draw(one_target(unit, "sales", kind, plan, day)) for day in starts(plan, kind)]
            found += [{**row, "scope_kind": "unit"} for row in rows]
    holders = [(row["scope_kind"], row["scope"]) for row in found] or [("person", "ann")]
    for kind, scope in draw(st.lists(st.sampled_from(sorted(set(holders))), max_size=3)):
        found.append(draw(odd_target(kind, scope, plan)))
    dates = [
        (row["scope_kind"], row["scope"], row["metric"], row["starts_on"], row["ends_on"]) for row in found
    ]
    return [row for number, row in enumerate(found) if dates[number] not in dates[:number]]


@st.composite
def odd_target(draw: st.DrawFn, kind: str, scope: str, plan: Plan) -> Row:
    """A target that fits no span: it lies over others, or reaches beyond."""
    begins = draw(days_around)
    return {
        "scope_kind": kind,
        "scope": scope,
        "metric": "sales",
        "starts_on": begins,
        "ends_on": begins + timedelta(days=draw(st.integers(3, 200))),
        "target": draw(number("-50", "5000", 2) | st.just(Decimal(0))),
    }


def starts(plan: Plan, kind: str) -> list[date]:
    found = []
    day = plan["from"]
    while day < plan["to"]:
        found.append(day)
        day = span_of(plan, kind, day).end
    return found


@st.composite
def one_target(draw: st.DrawFn, person: str, metric: str, kind: str, plan: Plan, day: date) -> Row:
    span = span_of(plan, kind, day)
    promised = draw(number("1", "5000", 2) | number("1", "50", 0).map(lambda n: n * 100))
    return {
        "scope_kind": "person",
        "scope": person,
        "metric": metric,
        "starts_on": span.start,
        "ends_on": span.end,
        "target": promised,
    }


@st.composite
def scores(draw: st.DrawFn) -> list[Row]:
    return [
        {
            "person": person,
            "score": "exam",
            "starts_on": date(2026, 1, 1),
            "ends_on": draw(st.sampled_from([date(2026, 3, 1), date(2026, 7, 1)])),
            "value": draw(number("0", "3", 6)),
        }
        for person in draw(st.lists(st.sampled_from(PEOPLE), unique=True))
    ]


@st.composite
def recorded(draw: st.DrawFn, keys: list[str]) -> list[Row]:
    """Shares of some facts, some of them known again later."""
    found = []
    for key in draw(st.lists(st.sampled_from(keys), unique=True, max_size=4)):
        for known_on in draw(st.lists(days, min_size=1, max_size=2, unique=True)):
            for person in draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True)):
                share = draw(number("0.000001", "1", 6))
                found.append(
                    {
                        "table": "order_lines",
                        "key": key,
                        "person": person,
                        "share": share,
                        "known_on": known_on,
                    }
                )
    return found


@st.composite
def relations(draw: st.DrawFn) -> list[Row]:
    found = []
    for relation in ("owner", "presales"):
        for key in ("K1", "K2"):
            for person in draw(st.lists(st.sampled_from(PEOPLE), unique=True)):
                first, last = sorted((draw(days), draw(days)))
                found.append(
                    {
                        "relation": relation,
                        "key": key,
                        "person": person,
                        "share": draw(number("0.000001", "2", 6)),
                        "starts_on": first,
                        "ends_on": draw(st.sampled_from([None, last + timedelta(days=1)])),
                    }
                )
    return found


@st.composite
def managers(draw: st.DrawFn) -> list[Row]:
    """A chain upwards that changes on one day."""
    turn = draw(days)
    return [
        {"person": "ann", "manager": "bob", "starts_on": date(2025, 1, 1), "ends_on": turn},
        {"person": "ann", "manager": "cid", "starts_on": turn, "ends_on": None},
        {"person": "bob", "manager": "cid", "starts_on": date(2025, 1, 1), "ends_on": None},
        {"person": "cid", "manager": "eva", "starts_on": date(2025, 1, 1), "ends_on": turn},
    ]


@st.composite
def refunded(draw: st.DrawFn, lines: list[Row]) -> list[Row]:
    """Some lines name an earlier one that they take back."""
    inside = sorted((row for row in lines if START <= row["ordered_on"] < END), key=lambda r: r["ordered_on"])
    sales = [row for row in inside if draw(st.booleans())]
    for row in inside:
        earlier = [s for s in sales if s["ordered_on"] <= row["ordered_on"] and s["key"] != row["key"]]
        if row not in sales and earlier and draw(st.booleans()):
            sale = draw(st.sampled_from(earlier))
            row |= {"reverses": sale["key"], "currency": sale["currency"]}
    return lines
