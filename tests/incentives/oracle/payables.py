"""What is paid: every period of a person and component, from its steps to the rounded payable."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.incentives.oracle.bonuses import bonus_of
from tests.incentives.oracle.credits import Credit, credits_of
from tests.incentives.oracle.lines import Line, catch_up, priced
from tests.incentives.oracle.numbers import added, rounded
from tests.incentives.oracle.people import share_in_force, sits_under_the_plan
from tests.incentives.oracle.periods import Span, pay_periods, span_of
from tests.incentives.oracle.situation import Row, Situation
from tests.incentives.oracle.stages import dated_amounts, given_again, taken_back, within
from tests.incentives.oracle.totals import condition_holds


def pay_component(s: Situation, name: str, person: str) -> list[Line]:
    """Every period of one person and component: steps, rounding, limits, less what was paid already."""
    component = s.plan["components"][name]
    earned: dict[Span, Decimal] = {}
    given: dict[Span, Decimal] = {}
    seen: dict[Span, Decimal] = {}
    for period in pay_periods(s.plan):
        span = settled_over(s, component, period)
        steps = period_steps(s, name, component, person, period, seen)
        earned[span] = earned.get(span, Decimal(0)) + steps
        due = rounded(earned[span], s.plan.get("digits", 2))
        before = given.get(span, Decimal(0))
        for word in ("cap", "floor"):
            if word in component:
                single = over_of(s, component[word]) is None
                kept = limited(s, component, word, person, period, due - before if single else due)
                kept = before + kept if single else kept
                # What a limit of the period cuts or fills stays so; one of the span is set anew each time.
                earned[span] += kept - due if single else 0
                due = kept
        given[span] = due
        s.paid[person, period.start, name] = due - before
    return priced(s, component, credits_for(s, component, person)) if is_on_credit(component) else []


def is_on_credit(component: Row) -> bool:
    return "base" in component and not component["base"].startswith("pay.")


def credits_for(s: Situation, component: Row, person: str) -> list[Credit]:
    return [credit for credit in credits_of(s, component["base"]) if credit.person == person]


def settled_over(s: Situation, component: Row, period: Span) -> Span:
    """The span of the tiers, else of the cap or floor, else the period; with stages or clawback the plan."""
    rate = component.get("rate")
    kind = s.plan.get("period", "month")
    limits = [over_of(s, component[word]) for word in ("cap", "floor") if word in component]
    if "stages" in component or "clawback" in component:
        kind = "plan"
    elif isinstance(rate, dict) and "tiers" in rate and rate.get("over", kind) != kind:
        kind = rate["over"]
    else:
        kind = next((over for over in limits if over), kind)
    return span_of(s.plan, kind, period.start)


# --- caps and floors -----------------------------------------------------------------------------------


def over_of(s: Situation, limit: Any) -> str | None:
    """The span of a limit where it is longer than the pay period."""
    over = limit.get("over") if isinstance(limit, dict) else None
    return None if over == s.plan.get("period", "month") else over


def limited(s: Situation, component: Row, word: str, person: str, period: Span, due: Decimal) -> Decimal:
    """Not more than the cap; not less than the floor, for people with a seat under the plan."""
    limit = component[word]
    if word == "cap":
        return min(due, limit_of(limit))
    over = over_of(s, limit)
    span = span_of(s.plan, over, period.start) if over else period
    if not sits_under_the_plan(s, person, Span(span.start, period.end)):
        return due
    share = share_in_force(s, person, span, component.get("prorate"))
    return max(due, rounded(Fraction(limit_of(limit)) * share, s.plan.get("digits", 2)))


def limit_of(limit: Any) -> Decimal:
    return Decimal(limit["amount"]) if isinstance(limit, dict) else Decimal(limit)


# --- steps ---------------------------------------------------------------------------------------------


def period_steps(
    s: Situation, name: str, component: Row, person: str, period: Span, seen: dict[Span, Decimal]
) -> Decimal:
    """The sum of a period's steps: lines, late ones, catch-up or bonus; then gates and points' worth."""
    if "bonus" in component:
        earned = bonus_of(s, name, component, person, period)
    elif not is_on_credit(component):
        other = s.paid_to(person, period.start, component["base"].removeprefix("pay."))
        earned = rounded(other * component["rate"], 6)
    else:
        earned = from_lines(s, component, person, period, seen)
    for gate in component.get("gate", []):
        if not condition_holds(s, gate, person, period):
            earned = rounded(earned * gate.get("otherwise", Decimal(0)), 6)
    if component.get("unit") == "points":
        earned = rounded(earned * component["worth"], 6)
    return earned


def from_lines(s: Situation, component: Row, person: str, period: Span, seen: dict[Span, Decimal]) -> Decimal:
    known = [c for c in credits_for(s, component, person) if c.known_on < period.end]
    if "stages" in component or "clawback" in component:
        return added(list(posted(s, component, person, period))) + catch_up(s, component, known, period)
    lines = priced(s, component, known)
    own = added([line.amount for line in lines if line.period == period])
    return own + late(s, lines, period, seen) + catch_up(s, component, known, period)


def posted(s: Situation, component: Row, person: str, period: Span) -> Iterator[Decimal]:
    """What every line pays and gives back in the period, each on its day."""
    for line in priced(s, component, credits_for(s, component, person)):
        yield within(s, dated_amounts(s, component, line), period)
        yield within(s, taken_back(s, component, line), period)
        yield within(s, given_again(s, component, line), period)


def clawed_back(s: Situation, component: Row, person: str, period: Span) -> Decimal:
    """What clawbacks took this period, as a sum below 0; above it where they took a refund's line back."""
    if "clawback" not in component:
        return Decimal(0)
    return added(
        [
            within(s, taken_back(s, component, line), period)
            for line in priced(s, component, credits_for(s, component, person))
        ]
    )


def late(s: Situation, lines: list[Line], period: Span, seen: dict[Span, Decimal]) -> Decimal:
    """round(new) − round(old) of the lines of every closed period; `seen` carries the old ones."""
    difference = Decimal(0)
    for closed in pay_periods(s.plan):
        if closed.start > period.start:
            break
        now = rounded(
            added([line.amount for line in lines if line.period == closed]), s.plan.get("digits", 2)
        )
        if closed.start < period.start:
            difference += now - seen[closed]
        seen[closed] = now
    return difference
