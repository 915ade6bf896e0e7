"""From facts to credits: what a measure counts, and whose it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.incentives.oracle.numbers import divided, rounded
from tests.incentives.oracle.people import covered, is_position, main_seat_on, parent_of
from tests.incentives.oracle.periods import first_unknown
from tests.incentives.oracle.situation import Plan, Row, Situation, in_force

DATE_OF = {
    "order_lines": "ordered_on",
    "allocations": "allocated_on",
    "invoices": "invoiced_on",
    "contracts": "signed_on",
    "activities": "started_at",
}


@dataclass(frozen=True)
class Credit:
    """What one fact counts for one person; `known_on` is the day that the fact itself bears."""

    fact: Row
    order: tuple[Any, ...]
    person: str
    amount: Decimal
    day: date
    known_on: date


def credits_of(s: Situation, measure_name: str) -> list[Credit]:
    """Every credit of a measure, in the order in which running totals take them."""
    return s.once(("credits", measure_name), lambda: found_credits(s, s.plan["measures"][measure_name]))


def found_credits(s: Situation, measure: Row) -> list[Credit]:
    """Credit under the plan: inside its days, of people whom it covers."""
    inside = [c for c in all_credits(s, measure) if s.plan["from"] <= c.day < s.plan["to"]]
    return [credit for credit in inside if covered(s, credit.person, credit.day)]


def every_credit(s: Situation, measure_name: str) -> list[Credit]:
    """Credit of whomever, also outside the plan's days: what attainment looks at."""
    return s.once(("every", measure_name), lambda: all_credits(s, s.plan["measures"][measure_name]))


def each_fact_once(s: Situation, measure_name: str) -> list[Credit]:
    """Steps 1 and 2 alone; what names nobody is nobody's."""
    measure = s.plan["measures"][measure_name]
    return s.once(("once", measure_name), lambda: all_credits(s, measure, once=True))


def all_credits(s: Situation, measure: Row, once: bool = False) -> list[Credit]:
    found = []
    for row in s.rows(measure["table"]):
        fact, known_on = in_place_of_its_sale(s, measure, row)
        day = fact[measure.get("on", DATE_OF[measure["table"]])]
        fact = {**described(s, fact, day), **fact}
        if day >= first_unknown(s.plan) or not counts(measure, fact):
            continue
        for way, person, amount in credited(s, measure, fact, day, once):
            order = (day, fact.get("place", fact["key"]), fact.get("refund", ""), way, amount)
            found.append(Credit(fact, order, person, amount, day, known_on))
    return sorted(found, key=lambda credit: credit.order)


def in_place_of_its_sale(s: Situation, measure: Row, row: Row) -> tuple[Row, date]:
    """A refund takes all but its amounts from the sale that it names, where the measure says so."""
    table = measure["table"]
    known_on = row[measure.get("on", DATE_OF[table])]
    if measure.get("refunds") != "original" or not row.get("reverses"):
        return row, known_on
    for sale in s.rows(table):
        if sale["key"] == row["reverses"]:
            own = {name: row.get(name) for name in ("amount", "amount_with_tax", "qty", "cost")}
            own["original_amount"] = row.get("original_amount")
            own |= {"key": row["key"], "place": sale["key"], "refund": row["key"]}
            return {**sale, **own}, known_on
    return row, known_on


def described(s: Situation, fact: Row, day: date) -> Row:
    """What else a plan may use: of the fact's product, of its customer, of the customer on that day."""
    found: Row = {}
    for row in s.rows("products"):
        if row["product"] == fact.get("product"):
            found |= {
                "product_line": row["line"],
                "category": row["category"],
                "floor_price": row["floor_price"],
            }
    for row in s.rows("customers"):
        if row["customer"] == fact.get("customer"):
            found |= {"industry": row["industry"], "province": row["province"], "city": row["city"]}
            found |= {"customer_type": row["type"], "parent_customer": row["parent"]}
    for row in s.rows("customer_history"):
        if row["customer"] == fact.get("customer") and in_force(row, day):
            found |= {"customer_tier": row["tier"], "customer_status": row["status"]}
    return found


def counts(measure: Row, fact: Row) -> bool:
    """All conditions hold and no exclusion matches."""
    if not matches(measure.get("where", {}), fact):
        return False
    return not any(matches(excluded, fact) for excluded in measure.get("exclude", []))


def matches(conditions: Row, fact: Row) -> bool:
    return all(holds(condition, fact.get(column)) for column, condition in conditions.items())


def holds(condition: Any, value: Any) -> bool:
    """One condition on one column; an empty column holds only `known: no`."""
    if not isinstance(condition, dict):
        condition = {"is": condition}
    for word, wanted in condition.items():
        if word == "known":
            if (value is not None) != wanted:
                return False
        elif value is None or not TESTS[word](value, wanted):
            return False
    return True


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, wanted: value in wanted if isinstance(wanted, list) else value == wanted,
    "not": lambda value, wanted: value not in wanted if isinstance(wanted, list) else value != wanted,
    "at_least": lambda value, wanted: value >= wanted,
    "above": lambda value, wanted: value > wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "below": lambda value, wanted: value < wanted,
}


def amount_of(plan: Plan, measure: Row, fact: Row, day: date) -> Decimal:
    """F: the fact's amount, in the plan's currency, rounded to the decimals that credit is counted with."""
    decimals = plan.get("decimals", 4)
    column = measure.get("amount", "amount")
    if column == "count":
        return Decimal(1)
    if column == "margin":
        return rounded(fact["amount"] - fact["cost"], decimals)
    if column == "amount" and plan.get("amounts") == "original":
        return rounded(fact["original_amount"] * exchange_rate(plan, fact["currency"], day), decimals)
    return rounded(fact[column], decimals)


def exchange_rate(plan: Plan, currency: str, day: date) -> Decimal:
    """The newest rate that is not after the day."""
    if currency == plan["currency"]:
        return Decimal(1)
    known = [rate for rate in plan["exchange"] if rate["currency"] == currency and rate["from"] <= day]
    newest: Row = max(known, key=lambda rate: rate["from"])
    return Decimal(newest["rate"])


def credited(
    s: Situation, measure: Row, fact: Row, day: date, once: bool = False
) -> Iterator[tuple[str, str, Decimal]]:
    """Way, person and amount, for every way in which a fact is credited.

    The page orders lines by "the way of credit" and does not say how ways are ordered: as text, by the names
    that the trace shows.
    """
    decimals = s.plan.get("decimals", 4)
    whole = amount_of(s.plan, measure, fact, day)
    name = measure.get("credit", "record")
    rule = s.plan.get("credits", {}).get(name, {"named": name})
    direct = directly(s, rule, measure["table"], fact, day, whole)
    if once:
        yield from (("", person, amount) for person, amount in (direct or {"": whole}).items())
        return
    if rule.get("direct", True):
        for person, amount in direct.items():
            yield way_of(s, rule, measure["table"], fact), person, amount
    for overlay in rule.get("also", []):
        for person, amount in on_top(s, overlay, fact, day, whole):
            yield "also", person, amount
    for person, amount in direct.items():
        above: str | None = person
        for level, share in enumerate(rule.get("rollup", []), 1):
            above = manager_of(s, above, day)
            if above is None:
                break
            yield f"rollup {level}", above, rounded(amount * share, decimals)


def way_of(s: Situation, rule: Row, table: str, fact: Row) -> str:
    if rule.get("recorded_shares") and recorded_shares(s, table, fact["key"]):
        return "shared"
    return "split" if "split" in rule else "direct"


def directly(s: Situation, rule: Row, table: str, fact: Row, day: date, whole: Decimal) -> dict[str, Decimal]:
    """Steps 1 and 2: recorded shares, else a split over columns, else the recipient."""
    decimals = s.plan.get("decimals", 4)
    if rule.get("recorded_shares"):
        recorded = recorded_shares(s, table, fact["key"])
        if recorded:
            return divided(whole, recorded, decimals)
    if "named" in rule:
        return by_name(s, rule["named"], fact, day, whole)
    if "split" in rule:
        weights: dict[str, Decimal] = {}
        for column, weight in rule["split"].items():
            if fact.get(column):
                weights[fact[column]] = weights.get(fact[column], Decimal(0)) + weight
        return divided(whole, weights, decimals)
    recipients = recipients_of(s, rule.get("to", "person"), fact, day)
    how = rule.get("divide", "weight")
    if how == "each":
        return dict.fromkeys(recipients, whole)
    if how == "equal":
        recipients = dict.fromkeys(recipients, Decimal(1))
    return divided(whole, recipients, decimals)


def by_name(s: Situation, name: str, fact: Row, day: date, whole: Decimal) -> dict[str, Decimal]:
    """The crediting rules that metrics name."""
    decimals = s.plan.get("decimals", 4)
    if name == "owner":
        rows = [
            row
            for row in s.rows("ownership")
            if row["customer"] == fact["customer"] and row["role"] == "owner"
        ]
        return divided(whole, {row["person"]: row["share"] for row in rows if in_force(row, day)}, decimals)
    if name == "holder":
        rows = [row for row in s.rows("assignments") if row["position"] == fact["person"]]
        # One of them: main seats first, then who began first, then the smaller number.
        there = [row for row in rows if in_force(row, day)]
        there.sort(key=lambda row: (row.get("primary") is False, row["starts_on"], row["person"]))
        return {row["person"]: whole for row in there[:1]}
    signed = [fact.get("signer")] if "signer" in fact else []
    for row in s.rows("contracts"):
        if name == "signer" and "contract" in fact and row["key"] == fact["contract"]:
            signed += [row["signer"], row["person"]]
    who = next((each for each in [*(signed if name == "signer" else []), fact.get("person")] if each), None)
    return {who: whole} if who else {}


def recipients_of(s: Situation, to: Any, fact: Row, day: date) -> dict[str, Decimal]:
    """Who is named by a column, through another table's row, or by a relation; each with a weight."""
    if isinstance(to, dict) and "column" in to:
        to = to["column"]
    if isinstance(to, str):
        return {fact[to]: Decimal(1)} if fact.get(to) else {}
    if "through" in to:
        for row in s.rows(to["in"]):
            if row["key"] == fact.get(to["through"]) and row.get(to["take"]):
                return {row[to["take"]]: Decimal(1)}
        return {}
    return {
        row["person"]: row["share"]
        for row in s.rows("relations")
        if row["relation"] == to["relation"] and row["key"] == fact.get(to["by"]) and in_force(row, day)
    }


def recorded_shares(s: Situation, table: str, key: str) -> dict[str, Decimal]:
    rows = [row for row in s.rows("shares") if row["table"] == table and row["key"] == key]
    newest = max((row["known_on"] for row in rows), default=None)
    return {row["person"]: row["share"] for row in rows if row["known_on"] == newest}


def on_top(s: Situation, overlay: Row, fact: Row, day: date, whole: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Step 3: a share of the fact on top, to each recipient or divided among them."""
    decimals = s.plan.get("decimals", 4)
    amount = rounded(whole * overlay["share"], decimals)
    recipients = recipients_of(s, overlay["to"], fact, day)
    how = overlay.get("divide", "each")
    if how == "each":
        yield from dict.fromkeys(recipients, amount).items()
        return
    if how == "equal":
        recipients = dict.fromkeys(recipients, Decimal(1))
    yield from divided(amount, recipients, decimals).items()


def manager_of(s: Situation, person: str | None, day: date) -> str | None:
    """Who manages a person: by the plan's positions, else by the table."""
    if "managers" in s.plan:
        return None if person is None else manager_by_position(s, person, day)
    for row in s.rows("managers"):
        if row["person"] == person and in_force(row, day):
            return str(row["manager"])
    return None


def manager_by_position(s: Situation, person: str, day: date) -> str | None:
    """The holder of a manager's position in the unit of the person's main seat, else in the nearest unit above."""
    seat = main_seat_on(s, person, day)
    if seat is None:
        return None
    unit = parent_of(s, seat["unit"]) if manages(s, seat) else seat["unit"]
    while unit is not None:
        sitting = [row for row in s.rows("assignments") if row["unit"] == unit and in_force(row, day)]
        holders = [str(row["person"]) for row in sitting if manages(s, row)]
        if holders:
            return min(holders)
        unit = parent_of(s, unit)
    return None


def manages(s: Situation, seat: Row) -> bool:
    return any(is_position(seat["position"], pattern) for pattern in s.plan["managers"])
