"""Components: rates, tiers, multipliers, conditions, caps."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.incentives.oracle import Plan, Row
from tests.incentives.random_plans.values import (
    CHANNELS,
    LINES,
    days,
    factors,
    is_longer,
    number,
    rates,
    seldom,
)


@st.composite
def tables(draw: st.DrawFn, values: st.SearchStrategy[Decimal]) -> Row:
    """By one column or two; one row split at a day."""
    rows: list[Row] = []
    for product in draw(st.lists(st.sampled_from(LINES), min_size=1, unique=True)):
        if draw(st.booleans()):
            channel = draw(st.sampled_from(CHANNELS))
            rows.append({"product": product, "sales_channel": channel, "is": draw(values)})
        if draw(st.booleans()):
            turn = draw(days)
            rows.append({"product": product, "is": draw(values), "to": turn})
            rows.append({"product": product, "is": draw(values), "from": turn})
        else:
            rows.append({"product": product, "is": draw(values)})
    return {"by": ["product", "sales_channel"], "rows": rows, "else": draw(values)}


@st.composite
def tiers(draw: st.DrawFn, period: str) -> Row:
    """Marginal or whole-base, by amount or by attainment, over the pay period or longer."""
    by_attainment = draw(st.integers(0, 3)) == 0
    starts = number("0.000001", "2", 6) if by_attainment else number("1", "5000", 2)
    above = sorted(draw(st.lists(starts, min_size=1, max_size=4, unique=True)))
    rate: Row = {"tiers": [{"from": start, "is": draw(rates)} for start in [Decimal(0), *above]]}
    if draw(st.booleans()):
        rate["over"] = draw(is_longer(period))
    if by_attainment:
        rate["by"] = "attainment"
    if draw(st.integers(0, 2)) == 0:
        rate["pay"] = "whole"
    elif draw(st.integers(0, 3)) == 0:
        rate["below_zero"] = "nothing"
    elif not by_attainment and draw(st.integers(0, 3)) == 0:
        rate["per"] = [draw(st.sampled_from(["kind", "product"]))]
    return rate


@st.composite
def steps(draw: st.DrawFn, starts: st.SearchStrategy[Decimal]) -> Row:
    """Steps with what counts under the first and where nothing is known."""
    above = sorted(draw(st.lists(starts, min_size=1, max_size=3, unique=True)))
    return {
        "steps": [{"from": start, "is": draw(factors)} for start in above],
        "below": draw(factors),
        "unknown": draw(factors),
    }


def multipliers(period: str) -> st.SearchStrategy[Any]:
    """A number, a table, or steps on what the fact or the period says."""
    over = st.fixed_dictionaries({"over": is_longer(period)}, optional={"team": st.just(True)})
    return st.one_of(
        factors,
        st.just({"table": "factor"}),
        with_steps(st.just({"days": ["ordered_on", "promised_on"]}), steps(number("0", "100", 0))),
        with_steps(st.just({"ratio": ["margin", "amount"]}), steps(number("-1", "2", 4))),
        with_steps(st.just({"ratio": ["amount", "list_amount"]}), steps(number("-1", "2", 4))),
        with_steps(st.just({"column": "discount"}), steps(number("0", "0.5", 2) | number("0", "0.5", 6))),
        with_steps(over.map(lambda o: {"attainment": "sales", **o}), steps(number("0", "2", 4))),
        with_steps(over.map(lambda o: {"total": "cash", **o}), steps(number("0", "3000", 2))),
        factors.map(lambda factor: {"score": "exam", "unknown": factor}),
    )


def with_steps(what: st.SearchStrategy[Row], said: st.SearchStrategy[Row]) -> st.SearchStrategy[Row]:
    return st.tuples(what, said).map(lambda both: {**both[0], **both[1]})


@st.composite
def conditions(draw: st.DrawFn, period: str) -> Row:
    kind = draw(st.sampled_from(["attainment", "total", "score"]))
    team = {"team": True} if seldom(draw, 3) else {}
    over = {"over": draw(is_longer(period)), **team}
    if kind == "attainment":
        return {"attainment": "sales", **over, "at_least": draw(number("0", "2", 4))}
    if kind == "total":
        return {"total": "cash", **over, "at_least": draw(number("0", "2000", 0))}
    return {"score": "exam", "at_least": draw(number("0", "3", 2))}


@st.composite
def components(draw: st.DrawFn, period: str) -> Row:
    rate: Any = draw(st.one_of(rates, st.just({"table": "rate"}), tiers(period), tiers(period)))
    component: Row = {"base": draw(st.sampled_from(["sales", "sales", "other"])), "rate": rate}
    whole = isinstance(rate, dict) and rate.get("pay") == "whole"
    times = draw(st.lists(multipliers(period), max_size=2))
    if times:
        component["times"] = times
    if not whole and draw(st.integers(0, 4)) == 0:
        way = draw(st.sampled_from(["relative", "points"]))
        component["raise"] = [
            {"when": draw(conditions(period)), "by": draw(rates), "as": way}
            for _ in range(draw(st.integers(1, 2)))
        ]
    if draw(st.integers(0, 4)) == 0:
        gate = draw(conditions(period))
        if draw(st.booleans()):
            gate["otherwise"] = draw(number("0", "0.9", 2))
        component["gate"] = [gate]
    elif draw(st.integers(0, 5)) == 0:
        component |= {"unit": "points", "worth": draw(factors)}
    if draw(st.integers(0, 3)) == 0:
        component["cap"] = draw(caps(period, rate))
    return component


@st.composite
def linked_components(draw: st.DrawFn, period: str) -> Row:
    """A base of refunds in the place of their sales.

    Left out: rates and multipliers that look at a total, because the page does not say whether those of a
    closed period count the refund.
    """
    marginal = tiers(period).filter(lambda rate: "by" not in rate and "pay" not in rate)
    component: Row = {"base": "linked", "rate": draw(st.one_of(rates, marginal, marginal))}
    if draw(st.booleans()):
        component["times"] = [draw(st.one_of(factors, st.just({"table": "factor"})))]
    return component


@st.composite
def simple_components(draw: st.DrawFn, period: str, bases: list[str]) -> Row:
    """A commission whose sums are easily followed, at most with one multiplier."""
    marginal = tiers(period).filter(lambda rate: "by" not in rate and "pay" not in rate)
    component: Row = {"base": draw(st.sampled_from(bases)), "rate": draw(rates | marginal)}
    if component["base"] == "cash":
        component["rate"] = draw(rates)
    elif seldom(draw):
        component["times"] = [draw(st.one_of(factors, st.just({"table": "factor"})))]
    return component


@st.composite
def limited_components(draw: st.DrawFn, period: str) -> Row:
    """A commission with a cap, a floor that may count for the days in force, or both; gates and raises on teams."""
    component: Row = draw(simple_components(period, ["sales", "other", "cash"]))
    most, least = draw(number("0", "400", 2)), draw(number("0", "100", 2))
    if component["base"] != "cash" and seldom(draw, 3):
        component["rate"] = {**draw(tiers(period).filter(lambda rate: "by" not in rate)), "pay": "whole"}
        component["rate"].pop("below_zero", None)
    over = draw(spans_of_limits(period, component["rate"]))
    what = draw(st.sampled_from(["cap", "floor", "both"]))
    if what != "floor":
        of_cap = over if draw(st.booleans()) else {}
        component["cap"] = {"amount": max(most, least), **of_cap} if of_cap else max(most, least)
    if what != "cap":
        of_floor = over if draw(st.booleans()) else {}
        component["floor"] = {"amount": least, **of_floor} if of_floor else least
        if draw(st.booleans()):
            component["prorate"] = draw(proration())
    if seldom(draw, 3):
        component["gate"] = [{**draw(conditions(period)), "otherwise": draw(number("0", "0.9", 2))}]
    whole = isinstance(component["rate"], dict) and component["rate"].get("pay") == "whole"
    if not whole and seldom(draw, 3):
        way = draw(st.sampled_from(["relative", "points"]))
        component["raise"] = [{"when": draw(conditions(period)), "by": draw(rates), "as": way}]
    return component


def spans_of_limits(period: str, rate: Any) -> st.SearchStrategy[Row]:
    """Limits count over the span of the tiers, or hold in each period."""
    if isinstance(rate, dict) and "over" in rate:
        return st.sampled_from([{}, {"over": rate["over"]}])
    return st.just({}) | is_longer(period).map(lambda over: {"over": over})


@st.composite
def proration(draw: st.DrawFn) -> Row:
    why = st.sampled_from(["joining", "leaving", "transfer", "absence", "probation"])
    return {
        "for": draw(st.lists(why, min_size=1, max_size=4, unique=True)),
        "days": draw(st.sampled_from(["calendar", "working"])),
    }


@st.composite
def staged_components(draw: st.DrawFn, plan: Plan) -> Row:
    """Paid by events, or taken back when the money does not come or the customer goes."""
    component: Row = draw(simple_components(plan["period"], ["sales", "other"]))
    if draw(st.booleans()):
        if isinstance(component["rate"], dict):
            component["rate"].pop("over", None)
        component["stages"] = draw(stages())
    else:
        if seldom(draw, 2):
            rate = draw(tiers(plan["period"]).filter(lambda rate: "by" not in rate))
            component["rate"] = {**rate, "pay": "whole"}
            component["rate"].pop("below_zero", None)
        component["clawback"] = draw(
            st.lists(clawbacks(), min_size=1, max_size=2, unique_by=lambda rule: rule["when"])
        )
    return component


@st.composite
def stages(draw: st.DrawFn) -> list[Row]:
    events = draw(st.permutations(["booked", "accepted", "collected", "retained"]))
    events = events[: draw(st.integers(1, 4))]
    cuts = sorted(
        draw(
            st.lists(st.integers(1, 999_999), min_size=len(events) - 1, max_size=len(events) - 1, unique=True)
        )
    )
    edges = [0, *cuts, 1_000_000]
    return [
        {"event": event, "share": Decimal(edges[n + 1] - edges[n]).scaleb(-6)}
        for n, event in enumerate(events)
    ]


@st.composite
def clawbacks(draw: st.DrawFn) -> Row:
    rule: Row = {"when": draw(st.sampled_from(["unpaid", "churned"])), "days": draw(st.integers(1, 120))}
    if draw(st.booleans()):
        rule["share"] = draw(number("0.01", "1", 6))
    return rule


@st.composite
def caps(draw: st.DrawFn, period: str, rate: Any) -> Any:
    """A cap over the span that the tiers count in; without tiers over any span."""
    most = draw(number("0", "400", 2))
    if isinstance(rate, dict) and rate.get("over", period) != period:
        return {"amount": most, "over": rate["over"]}
    if isinstance(rate, dict) and "over" in rate:
        return most
    return draw(st.one_of(st.just(most), is_longer(period).map(lambda over: {"amount": most, "over": over})))
