"""The head of a plan: periods, rounding, who, exchange; and how facts are credited."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.incentives.oracle import Plan, Row
from tests.incentives.random_plans.values import END, PEOPLE, START, days, number, rates, seldom


@st.composite
def heads(draw: st.DrawFn, seated: bool) -> Plan:
    """Everything but measures and components."""
    plan: Plan = {
        "schema": "dabiao/plan/1",
        "plan": "random",
        "version": 1,
        "from": START,
        "to": END,
        "who": "everyone",
        "currency": "CNY",
        "largest": Decimal(1_000_000),
        "period": draw(st.sampled_from(["month", "month", "month", "week", "quarter", "half", "plan"])),
    }
    if draw(st.booleans()):
        plan["round"] = "line"
    if draw(st.integers(0, 3)) == 0:
        plan["digits"] = draw(st.sampled_from([0, 1, 3]))
    if draw(st.integers(0, 3)) == 0:
        plan["decimals"] = max(draw(st.sampled_from([2, 3])), plan.get("digits", 2))
    if plan["period"] in ("month", "quarter", "half") and draw(st.integers(0, 3)) == 0:
        plan["cut_day"] = draw(st.sampled_from([26, 28, 5]))
        plan["year_starts"] = draw(st.integers(1, 12))
    named = entries() if seated else people()
    if seldom(draw, 2 if seated else 5):
        plan["who"] = draw(st.lists(named, min_size=1, max_size=3, unique_by=str))
    if seated and seldom(draw):
        plan["managers"] = draw(st.sampled_from([["lead"], ["l*", "head"]]))
    if seldom(draw, 6):
        plan["except"] = [draw(named)]
    if draw(st.integers(0, 4)) == 0:
        plan["amounts"] = "original"
        middle = draw(days)
        plan["exchange"] = [
            {"currency": "USD", "from": date(2025, 1, 1), "rate": draw(number("0.1", "9", 6))},
            {"currency": "USD", "from": middle, "rate": draw(number("0.1", "9", 6))},
            {"currency": "EUR", "from": date(2025, 1, 1), "rate": draw(number("0.1", "9", 4))},
        ]
    return plan


@st.composite
def people(draw: st.DrawFn) -> Row:
    return {"person": draw(st.sampled_from(PEOPLE)), **draw(dates_of_a_row())}


@st.composite
def entries(draw: st.DrawFn) -> Row:
    """Somebody by number, everybody in a position, a unit with all below it."""
    roles = st.sampled_from([{"role": "rep"}, {"role": "rep"}, {"role": "r*"}, {"role": "*e*"}])
    units = st.sampled_from([{"unit": "east"}, {"unit": "field"}])
    named = draw(st.one_of(people(), roles, units))
    return named if "person" in named or seldom(draw, 2) else {**named, **draw(dates_of_a_row())}


@st.composite
def dates_of_a_row(draw: st.DrawFn) -> Row:
    row: Row = {}
    first, last = sorted((draw(days), draw(days)))
    if draw(st.booleans()):
        row["from"] = first
    if draw(st.booleans()):
        row["to"] = last + timedelta(days=1)
    return row


@st.composite
def credit_rules(draw: st.DrawFn) -> Row:
    """The person on the record, a split, a relation, a look-up; overlays and roll-up on top."""
    weights = number("0.000001", "3", 6) | number("1", "90", 0)
    rule: Row = draw(
        st.one_of(
            st.just({}),
            st.fixed_dictionaries({"split": st.fixed_dictionaries({"person": weights, "dealer": weights})}),
            st.fixed_dictionaries(
                {"split": st.fixed_dictionaries({"person": weights, "dealer": weights, "territory": weights})}
            ),
            st.fixed_dictionaries(
                {
                    "to": st.just({"relation": "owner", "by": "customer"}),
                    "divide": st.sampled_from(["equal", "weight", "each"]),
                }
            ),
            st.just({"to": {"relation": "owner", "by": "customer"}}),
            st.just({"to": {"through": "contract", "in": "contracts", "take": "signer"}}),
        )
    )
    rule = dict(rule)
    if draw(st.integers(0, 3)) == 0:
        rule["recorded_shares"] = True
    if draw(st.integers(0, 3)) == 0:
        rule["also"] = [
            {
                "to": draw(st.sampled_from(["end_customer", {"relation": "presales", "by": "customer"}])),
                "share": draw(rates),
                **draw(st.sampled_from([{}, {"divide": "equal"}, {"divide": "weight"}, {"divide": "each"}])),
            }
        ]
        if isinstance(rule["also"][0]["to"], str):
            rule["also"][0].pop("divide", None)
    if draw(st.integers(0, 3)) == 0:
        rule["rollup"] = draw(st.lists(number("0", "1", 6), min_size=1, max_size=3))
    if ("also" in rule or "rollup" in rule) and draw(st.integers(0, 2)) == 0:
        rule["direct"] = False
    return rule or {"to": "person"}
