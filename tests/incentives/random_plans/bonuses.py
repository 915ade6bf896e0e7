"""Random bonuses of every kind."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.incentives.oracle import Row
from tests.incentives.random_plans.components import proration
from tests.incentives.random_plans.values import factors, is_longer, number, rates, seldom

money = number("1", "3000", 2) | number("1", "30", 0).map(lambda n: n * 100)
measures = st.sampled_from(["sales", "sales", "other", "cash"])
shares = number("0", "2", 4) | number("0", "20", 0).map(lambda n: n / 10)


@st.composite
def bonus_components(draw: st.DrawFn, period: str, on_pay: bool) -> Row:
    """A bonus of any kind; some count for the days in force only, some are points."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    bonus = draw(KINDS[kind])
    bonus = {"kind": kind, "measure": draw(measures), **bonus}
    if on_pay and kind in ("contest", "points", "pool") and seldom(draw):
        bonus["measure"] = "pay.commission"
    if draw(st.booleans()):
        bonus["over"] = draw(is_longer(period))
    component: Row = {"bonus": bonus}
    if kind in PRORATED and draw(st.booleans()):
        component["prorate"] = draw(proration())
    if seldom(draw):
        component |= {"unit": "points", "worth": draw(factors)}
    return component


@st.composite
def curves(draw: st.DrawFn) -> list[Row]:
    starts = sorted({Decimal(0), *draw(st.lists(shares, min_size=1, max_size=3))})
    return [{"from": start, "is": draw(number("0", "3", 6))} for start in starts]


@st.composite
def attainment(draw: st.DrawFn) -> Row:
    bonus: Row = {"amount": draw(money), "curve": draw(curves())}
    if draw(st.booleans()):
        bonus["between"] = draw(st.sampled_from(["line", "step"]))
    if draw(st.booleans()):
        bonus["at_least"] = draw(shares)
    return bonus


@st.composite
def breakthrough(draw: st.DrawFn) -> Row:
    """Above one's best of the spans before, or above the target."""
    bonus: Row = draw(
        st.one_of(
            st.just({"beat": "target"}),
            st.integers(1, 4).map(lambda n: {"beat": "best", "best_of": n}),
        )
    )
    what = draw(st.sampled_from(["amount", "rate", "both"]))
    if what != "rate":
        bonus = {**bonus, "amount": draw(money)}
    if what != "amount":
        bonus = {**bonus, "rate": draw(rates)}
    return bonus


@st.composite
def contest(draw: st.DrawFn) -> Row:
    # Whole ones: a prize finer than the plan's `digits` is refused.
    whole = money.map(lambda amount: Decimal(int(amount)))
    prizes = sorted(draw(st.lists(whole, min_size=1, max_size=4)), reverse=True)
    return {
        "prizes": prizes,
        "ties": draw(st.sampled_from(["share", "each"])),
        "among": draw(st.sampled_from(["plan", "unit"])),
    }


@st.composite
def pool(draw: st.DrawFn) -> Row:
    bonus: Row = {"weights": draw(st.sampled_from(["equal", "measure", "score"]))}
    if bonus["weights"] == "score":
        bonus["score"] = "exam"
    what = draw(st.sampled_from(["amount", "rate", "both"]))
    if what != "rate":
        bonus["amount"] = draw(money)
    if what != "amount":
        bonus["rate"] = draw(rates)
    if draw(st.booleans()):
        bonus["unit"] = draw(st.sampled_from(["east", "west", "field"]))
    return bonus


KINDS: dict[str, Any] = {
    "attainment": attainment(),
    "breakthrough": breakthrough(),
    "team": st.fixed_dictionaries({"at_least": shares.filter(bool), "amount": money}),
    "first_deal": st.fixed_dictionaries({"amount": money, "within_days": st.integers(0, 180)}),
    "contest": contest(),
    "pool": pool(),
    "points": st.fixed_dictionaries({"rate": rates}),
}
PRORATED = ["attainment", "breakthrough", "team", "pool", "first_deal"]
