"""A whole random plan: its head, what it counts, and components of one theme."""

from decimal import Decimal

from hypothesis import strategies as st

from tests.incentives.oracle import Plan, Row
from tests.incentives.random_plans.bonuses import bonus_components
from tests.incentives.random_plans.components import (
    components,
    limited_components,
    linked_components,
    simple_components,
    staged_components,
    tables,
)
from tests.incentives.random_plans.heads import credit_rules, heads
from tests.incentives.random_plans.settlements import settlements
from tests.incentives.random_plans.values import factors, number, rates, seldom

THEMES = ["rates", "rates", "linked", "bonuses", "bonuses", "staged", "limits", "settled"]
BASES = ["sales", "other", "cash"]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """One theme a plan keeps it small, so that a failure can be read; the head is random in all of them."""
    theme = draw(st.sampled_from(THEMES))
    plan = draw(heads(seated=theme in ("bonuses", "limits", "settled")))
    plan["credits"] = draw(crediting())
    plan["measures"] = draw(measures(plan))
    plan["tables"] = {"rate": draw(tables(rates)), "factor": draw(tables(factors))}
    plan["components"] = draw(BY_THEME[theme](plan))
    if theme == "settled":
        plan["settlement"] = draw(settlements(plan))
    return plan


@st.composite
def crediting(draw: st.DrawFn) -> Row:
    pair = {"split": {"person": draw(number("0.01", "9", 2)), "dealer": Decimal(1)}}
    return {"rule": draw(credit_rules()), "other_rule": draw(credit_rules()), "pair": pair}


@st.composite
def measures(draw: st.DrawFn, plan: Plan) -> Row:
    """Orders by a random rule, by another one, cash on its person, and orders with refunds in their place."""
    columns = ["amount"] if plan.get("amounts") else ["amount", "amount", "qty", "margin", "count"]
    sales: Row = {"table": "order_lines", "amount": draw(st.sampled_from(columns)), "credit": "rule"}
    if seldom(draw, 3):
        sales["where"] = {"kind": draw(st.sampled_from(["new", ["new", "renewal"]]))}
    if seldom(draw, 5):
        sales["where"] = sales.get("where", {}) | {"qty": {draw(st.sampled_from(["at_least", "above"])): 1}}
    if seldom(draw):
        sales["exclude"] = [{"product": "lock", "sales_channel": {"not": "direct"}}]
    return {
        "sales": sales,
        "other": {"table": "order_lines", "credit": "other_rule"},
        "cash": {"table": "allocations"},
        "linked": {"table": "order_lines", "refunds": "original", "credit": "pair"},
    }


# --- components by theme -------------------------------------------------------------------------------


@st.composite
def of_rates(draw: st.DrawFn, plan: Plan) -> Row:
    period = plan["period"]
    found = {f"pay_{n}": draw(components(period)) for n in range(1, 1 + draw(st.integers(1, 2)))}
    if seldom(draw):
        found["share"] = {"base": "pay.pay_1", "rate": draw(rates)}
    return found


@st.composite
def of_refunds(draw: st.DrawFn, plan: Plan) -> Row:
    return {"linked": draw(linked_components(plan["period"]))}


@st.composite
def of_bonuses(draw: st.DrawFn, plan: Plan) -> Row:
    """Two bonuses, sometimes after a commission that they may count."""
    found: Row = {}
    if seldom(draw, 2):
        found["commission"] = draw(simple_components(plan["period"], BASES))
    for n in range(1, 3):
        found[f"bonus_{n}"] = draw(bonus_components(plan["period"], "commission" in found))
    return found


@st.composite
def of_stages(draw: st.DrawFn, plan: Plan) -> Row:
    return {f"pay_{n}": draw(staged_components(plan)) for n in range(1, 3)}


@st.composite
def of_limits(draw: st.DrawFn, plan: Plan) -> Row:
    """Two limited commissions, sometimes with a bonus that is limited too."""
    found = {f"pay_{n}": draw(limited_components(plan["period"])) for n in range(1, 3)}
    if seldom(draw, 3):
        found["bonus"] = {**draw(bonus_components(plan["period"], False)), "cap": draw(number("0", "900", 2))}
    return found


@st.composite
def of_settlement(draw: st.DrawFn, plan: Plan) -> Row:
    found = {
        "commission": draw(simple_components(plan["period"], BASES)),
        "second": draw(st.one_of(simple_components(plan["period"], BASES), staged_components(plan))),
    }
    if seldom(draw, 3):
        found["commission"]["hold"] = draw(holds())
    return found


@st.composite
def holds(draw: st.DrawFn) -> Row:
    return {
        "share": draw(number("0.01", "0.9", 2)),
        "until": draw(st.sampled_from(["quarter", "half", "year"])),
    }


BY_THEME = {
    "rates": of_rates,
    "linked": of_refunds,
    "bonuses": of_bonuses,
    "staged": of_stages,
    "limits": of_limits,
    "settled": of_settlement,
}
