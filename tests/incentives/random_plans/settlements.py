"""Random settlements: guarantee, hold, instalments, draw, and what happens on leaving."""

from hypothesis import strategies as st

from tests.incentives.oracle import Plan, Row
from tests.incentives.random_plans.components import proration
from tests.incentives.random_plans.values import number, seldom


@st.composite
def settlements(draw: st.DrawFn, plan: Plan) -> Row:
    found: Row = {}
    if seldom(draw, 2):
        found["guarantee"] = draw(promises(plan))
    if seldom(draw, 2):
        found["hold"] = {
            "share": draw(number("0.01", "0.9", 2)),
            "until": draw(st.sampled_from(["quarter", "half", "year"])),
        }
    if seldom(draw, 2) and "clawback" in str(plan["components"]):
        found["clawback"] = {"instalments": draw(st.integers(1, 4)), "most": draw(number("0.1", "1", 2))}
    if seldom(draw, 2):
        found["draw"] = {**draw(promises(plan)), "recoverable": draw(st.booleans())}
    if not found:
        found["guarantee"] = draw(promises(plan))
    found["leaver"] = {
        "held": draw(st.sampled_from(["pay", "forfeit"])),
        "draw": draw(st.sampled_from(["recover", "forgive"])),
        "later": draw(st.sampled_from(["pay", "stop"])),
    }
    return found


@st.composite
def promises(draw: st.DrawFn, plan: Plan) -> Row:
    """An amount, for some months from joining or for ever, sometimes only for the days in force."""
    rule: Row = {"amount": draw(number("0", "500", 2) | number("1", "5", 0).map(lambda n: n * 100))}
    if seldom(draw, 2):
        rule["months"] = draw(st.integers(1, 6))
    if seldom(draw, 2):
        rule["prorate"] = draw(proration())
    return rule
