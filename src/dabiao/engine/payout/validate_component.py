"""Checks of one component, and of how components hang together."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final

from dabiao.engine.number import rounded
from dabiao.engine.payout.factor import of_the_period
from dabiao.engine.payout.plan import (
    PAY,
    Attained,
    Bonus,
    Component,
    Every,
    Factor,
    Gate,
    Plan,
    Step,
    Tiers,
)
from dabiao.engine.payout.scale import Overflow, scale_of

Finding = tuple[str, str, str]
"""Path, what is wrong, the mend."""
_LENGTH: Final[Mapping[Every, int]] = {
    "week": 1,
    "month": 4,
    "quarter": 12,
    "half": 24,
    "year": 48,
    "plan": 480,
}
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "attainment": ("amount", "measure", "curve"),
    "breakthrough": ("measure",),
    "team": ("measure", "at_least", "amount"),
    "first_deal": ("measure", "amount"),
    "contest": ("measure", "prizes"),
    "pool": (),
    "points": ("measure", "rate"),
}


def check(plan: Plan, component: Component) -> Iterator[Finding]:
    path = f"components.{component.key}"
    if (component.rate is None) == (component.bonus is None):
        yield path, "pays by exactly one of `rate` and `bonus`", "Write one of them."
        return
    yield from _limits(plan, path, component)
    for number, gate in enumerate(component.gates, start=1):
        yield from _gate(plan, f"{path}.gate[{number}]", gate)
    if component.bonus is not None:
        yield from _bonus(plan, path, component.bonus)
        return
    yield from _rate(plan, component, path)


def _rate(plan: Plan, component: Component, path: str) -> Iterator[Finding]:
    rate = component.rate
    yield from _base(plan, component, path)
    if rate is not None and rate.table and rate.table not in plan.tables:
        yield f"{path}.rate.table", f"no table {rate.table!r}", known(plan.tables)
        return
    if rate is not None and rate.tiers is not None:
        yield from _tiers(plan, f"{path}.rate", rate.tiers)
    for number, factor in enumerate(component.times, start=1):
        yield from _factor(plan, f"{path}.times[{number}]", factor)
    for number, raise_ in enumerate(component.raises, start=1):
        yield from _gate(plan, f"{path}.raise[{number}].when", raise_.when)
    if all(not factor.table or factor.table in plan.tables for factor in component.times):
        try:
            scale_of(plan, component)
        except Overflow as error:
            yield (
                f"{path}.rate",
                str(error).replace("; ", ": an overflow. ", 1),
                "Check `largest` and decimals.",
            )


def _base(plan: Plan, component: Component, path: str) -> Iterator[Finding]:
    base = component.base
    if not base:
        yield path, "no base is named", "Add `base:` with the name of a measure."
    elif base.startswith(PAY):
        if base.removeprefix(PAY) not in plan.components:
            yield f"{path}.base", f"no component {base.removeprefix(PAY)!r}", known(plan.components)
        if component.rate is None or component.rate.flat is None or component.times:
            yield (
                f"{path}.rate",
                "a share of other pay has a flat rate",
                "Write one rate, without multipliers.",
            )
    elif base not in plan.measures:
        yield f"{path}.base", f"no measure {base!r}", known(plan.measures)


def _tiers(plan: Plan, path: str, tiers: Tiers) -> Iterator[Finding]:
    if not tiers.steps:
        yield f"{path}.tiers", "has no tier", "Write `- {from: 0, is: 5%}`."
        return
    if tiers.steps[0].start != 0:
        yield f"{path}.tiers", f"below {tiers.steps[0].start} nothing is said: a gap", "Start with `from: 0`."
    yield from ascending(f"{path}.tiers", tiers.steps)
    yield from _over(plan, path, tiers.over)
    if tiers.measure:
        if tiers.pay == "marginal":
            yield (
                f"{path}.measure",
                "marginal tiers cut the base itself",
                "Drop `measure` or write `pay: whole`.",
            )
        if tiers.measure not in plan.measures:
            yield f"{path}.measure", f"no measure {tiers.measure!r}", known(plan.measures)


def _over(plan: Plan, path: str, over: Every | None) -> Iterator[Finding]:
    """A span that something is counted over holds whole pay periods."""
    if over and _LENGTH[over] < _LENGTH[plan.period]:
        yield f"{path}.over", f"a {over} is shorter than the pay period", f"Write {plan.period} or longer."
    elif over and plan.period == "week" != over:
        yield f"{path}.over", "weeks do not fill months", "Count over the pay period, or pay by month."


def _factor(plan: Plan, path: str, factor: Factor) -> Iterator[Finding]:
    sources = [
        factor.flat is not None,
        bool(factor.table),
        factor.feature is not None,
        factor.attained is not None,
        bool(factor.score),
    ]
    if sum(sources) != 1:
        yield (
            path,
            "has exactly one source",
            "Write one of: a number, table, days, ratio, column, attainment, score.",
        )
    if factor.table and factor.table not in plan.tables:
        yield f"{path}.table", f"no table {factor.table!r}", known(plan.tables)
    yield from _featured(path, factor)
    if factor.attained is not None:
        yield from _attained(plan, path, factor.attained)
        if not factor.steps:
            yield path, "has no steps", "Write `steps: [{from: 0, is: 1}, …]`."
        elif factor.steps[0].start > 0 and factor.below is None:
            yield path, "nothing is said below the first step: a gap", "Start at 0 or add `below:`."
    highest = max((step.value for step in factor.steps), default=Decimal(0))
    if of_the_period(factor) and factor.most is not None and factor.most < highest:
        yield f"{path}.most", "a step exceeds the most", "Raise `most` or lower the step."
    yield from ascending(f"{path}.steps", factor.steps)


def _featured(path: str, factor: Factor) -> Iterator[Finding]:
    if factor.feature is not None:
        pair = factor.feature.kind != "column"
        if len(factor.feature.of) != (2 if pair else 1):
            yield (
                f"{path}.{factor.feature.kind}",
                "names the wrong number of columns",
                "days and ratio take two.",
            )
        if not factor.steps:
            yield path, "has no steps", "Write `steps: [{from: 0, is: 1}, …]`."
        if factor.below is None:
            yield path, "nothing is said below the first step: a gap", "Add `below:`."
        if factor.unknown is None:
            yield path, "nothing is said where the number is missing: a gap", "Add `unknown:`."


def _attained(plan: Plan, path: str, attained: Attained) -> Iterator[Finding]:
    yield from _over(plan, path, attained.over)
    if attained.measure not in plan.measures:
        yield path, f"no measure {attained.measure!r}", known(plan.measures)


def _gate(plan: Plan, path: str, gate: Gate) -> Iterator[Finding]:
    if gate.attained is not None:
        yield from _attained(plan, path, gate.attained)


def _bonus(plan: Plan, path: str, bonus: Bonus) -> Iterator[Finding]:
    path = f"{path}.bonus"
    yield from _over(plan, path, bonus.over)
    for name in _NEEDS[bonus.kind]:
        given = field_of_bonus(bonus, name)
        if given is None or (not given and name not in ("at_least", "rate")):
            yield path, f"a {bonus.kind} bonus needs {name!r}", f"Add `{name}:`."
    if bonus.measure.startswith(PAY):
        if bonus.measure.removeprefix(PAY) not in plan.components:
            yield (
                f"{path}.measure",
                f"no component {bonus.measure.removeprefix(PAY)!r}",
                known(plan.components),
            )
        if bonus.kind not in ("contest", "pool", "points"):
            yield (
                f"{path}.measure",
                f"a bonus of kind {bonus.kind} counts credit, not pay",
                "Name a measure; pay can be counted by contest, pool and points.",
            )
    elif bonus.measure and bonus.measure not in plan.measures:
        yield f"{path}.measure", f"no measure {bonus.measure!r}", known(plan.measures)
    yield from _bonus_amounts(path, bonus)
    if finer := [prize for prize in bonus.prizes if rounded(prize, plan.digits) != prize]:
        yield (
            f"{path}.prizes",
            f"{finer[0]:f} has more decimals than are paid ({plan.digits})",
            "Round it, or raise `digits:`.",
        )


def _bonus_amounts(path: str, bonus: Bonus) -> Iterator[Finding]:
    if bonus.curve is not None:
        yield from ascending(f"{path}.curve", bonus.curve.points)
        if bonus.curve.points[0].start != 0:
            yield f"{path}.curve", "nothing is said below the first point: a gap", "Start with `from: 0`."
    if bonus.kind == "breakthrough" and not bonus.amount and bonus.rate is None:
        yield path, "says not what a breakthrough pays", "Add `amount:` or `rate:`."
    if bonus.kind == "breakthrough" and bonus.beat == "best" and not bonus.best_of:
        yield path, "says not how many periods the best is taken of", "Add `best_of:`."
    if bonus.kind == "pool" and not bonus.amount and bonus.rate is None:
        yield path, "the pool has no size", "Add `amount:`, or `rate:` with `measure:`."
    if bonus.weights == "score" and not bonus.score:
        yield path, "says not by which score", "Add `score:`."


def field_of_bonus(bonus: Bonus, name: str) -> object:
    """The fields that `_NEEDS` names."""
    return {
        "amount": bonus.amount,
        "measure": bonus.measure,
        "curve": bonus.curve,
        "at_least": bonus.at_least,
        "prizes": bonus.prizes,
        "rate": bonus.rate,
    }[name]


def _limits(plan: Plan, path: str, component: Component) -> Iterator[Finding]:
    tiers = component.rate.tiers if component.rate else None
    counted = tiers.over if tiers and tiers.over != plan.period else None
    if component.stages or component.clawbacks:
        counted = "plan"
    for name, limit in (("cap", component.cap), ("floor", component.floor)):
        over = limit.over if limit else None
        yield from _over(plan, f"{path}.{name}", over)
        if over and counted and over != counted:
            says = f"counts over a {over}, but the component over a {counted}"
            yield f"{path}.{name}.over", says, f"Write `over: {counted}`, or no `over` for each pay period."
        counted = counted or over
    if component.stages and sum(stage.share for stage in component.stages) != 1:
        total = sum(stage.share for stage in component.stages)
        yield f"{path}.stages", f"the stages sum to {total * 100:f} %", "Let them sum to 100%."
    if component.stages and component.clawbacks:
        yield (
            f"{path}.clawback",
            "what is paid in stages waits for its events and is not clawed back",
            "Drop `stages` or `clawback`.",
        )
    tiers_over = tiers.over if tiers and tiers.pay == "whole" else None
    if component.stages and tiers_over and tiers_over != plan.period:
        yield (
            f"{path}.stages",
            "a rate that is caught up later cannot be paid in stages",
            "Count the tiers over the pay period.",
        )
    if component.cap and component.floor and component.floor.amount > component.cap.amount:
        yield f"{path}.floor", "the floor lies above the cap", "Lower the floor or raise the cap."
    if component.unit == "points" and component.worth is None:
        yield path, "points have no worth in money", "Add `worth:`, 0 if they are only counted."


def circles(plan: Plan) -> Iterator[Finding]:
    """Components that are paid from each other."""
    leads = {
        key: {name for name in pays(component) if name in plan.components}
        for key, component in plan.components.items()
    }
    for key, direct in leads.items():
        seen: set[str] = set()
        ahead = set(direct)
        while ahead:
            step = ahead.pop()
            if step not in seen:
                seen.add(step)
                ahead |= leads[step]
        if key in seen:
            yield (
                f"components.{key}",
                "is paid from its own pay: a circle",
                "Count a measure instead of `pay.…`.",
            )


def pays(component: Component) -> set[str]:
    """The components whose pay this one counts."""
    named = [component.base, component.bonus.measure if component.bonus else ""]
    return {name.removeprefix(PAY) for name in named if name.startswith(PAY)}


def ascending(path: str, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Steps start in rising order, none twice."""
    for earlier, later in pairwise(steps):
        if later.start == earlier.start:
            yield path, f"two steps start at {later.start}: an overlap", "Keep one of them."
        elif later.start < earlier.start:
            yield path, f"{later.start} comes after {earlier.start}", "Write the steps in rising order."


def known(names: Iterable[str]) -> str:
    return f"Known: {', '.join(sorted(names)) or 'none'}."
