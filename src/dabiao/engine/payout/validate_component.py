"""Checks of one component, and of how components hang together."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final

from dabiao.engine.message import Message, Percent, message, noted
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

Finding = tuple[str, Message, Message]
"""Path, what is wrong, the mend."""
_STEPS: Final = noted("Write `steps: [{{from: 0, is: 1}}, …]`.")
_BELOW: Final = noted("nothing is said below the first step: a gap")
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
        yield path, message("pays by exactly one of `rate` and `bonus`"), message("Write one of them.")
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
        yield f"{path}.rate.table", message("no table '{name}'", name=rate.table), known(plan.tables)
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
            yield f"{path}.rate", error.said, message("Check `largest` and decimals.")


def _base(plan: Plan, component: Component, path: str) -> Iterator[Finding]:
    base = component.base
    if not base:
        yield path, message("no base is named"), message("Add `base:` with the name of a measure.")
    elif base.startswith(PAY):
        if base.removeprefix(PAY) not in plan.components:
            yield f"{path}.base", _no_component(base.removeprefix(PAY)), known(plan.components)
        if component.rate is None or component.rate.flat is None or component.times:
            yield (
                f"{path}.rate",
                message("a share of other pay has a flat rate"),
                message("Write one rate, without multipliers."),
            )
    elif base not in plan.measures:
        yield f"{path}.base", _no_measure(base), known(plan.measures)


def _tiers(plan: Plan, path: str, tiers: Tiers) -> Iterator[Finding]:
    if not tiers.steps:
        yield f"{path}.tiers", message("has no tier"), message("Write `- {{from: 0, is: 5%}}`.")
        return
    if tiers.steps[0].start != 0:
        says = message("below {start} nothing is said: a gap", start=tiers.steps[0].start)
        yield f"{path}.tiers", says, message("Start with `from: 0`.")
    yield from ascending(f"{path}.tiers", tiers.steps)
    yield from _over(plan, path, tiers.over)
    if tiers.measure:
        if tiers.pay == "marginal":
            yield (
                f"{path}.measure",
                message("marginal tiers cut the base itself"),
                message("Drop `measure` or write `pay: whole`."),
            )
        if tiers.measure not in plan.measures:
            yield f"{path}.measure", _no_measure(tiers.measure), known(plan.measures)


def _over(plan: Plan, path: str, over: Every | None) -> Iterator[Finding]:
    """A span that something is counted over holds whole pay periods."""
    if over and _LENGTH[over] < _LENGTH[plan.period]:
        yield (
            f"{path}.over",
            message("{over} is shorter than the pay period", over=over),
            message("Write {period} or longer.", period=plan.period),
        )
    elif over and plan.period == "week" != over:
        yield (
            f"{path}.over",
            message("weeks do not fill months"),
            message("Count over the pay period, or pay by month."),
        )


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
            message("has exactly one source"),
            message("Write one of: a number, table, days, ratio, column, attainment, score."),
        )
    if factor.table and factor.table not in plan.tables:
        yield f"{path}.table", message("no table '{name}'", name=factor.table), known(plan.tables)
    yield from _featured(path, factor)
    if factor.attained is not None:
        yield from _attained(plan, path, factor.attained)
        if not factor.steps:
            yield path, message("has no steps"), message(_STEPS)
        elif factor.steps[0].start > 0 and factor.below is None:
            yield path, message(_BELOW), message("Start at 0 or add `below:`.")
    highest = max((step.value for step in factor.steps), default=Decimal(0))
    if of_the_period(factor) and factor.most is not None and factor.most < highest:
        yield f"{path}.most", message("a step exceeds the most"), message("Raise `most` or lower the step.")
    yield from ascending(f"{path}.steps", factor.steps)


def _featured(path: str, factor: Factor) -> Iterator[Finding]:
    if factor.feature is not None:
        pair = factor.feature.kind != "column"
        if len(factor.feature.of) != (2 if pair else 1):
            yield (
                f"{path}.{factor.feature.kind}",
                message("names the wrong number of columns"),
                message("`days` and `ratio` take two."),
            )
        if not factor.steps:
            yield path, message("has no steps"), message(_STEPS)
        if factor.below is None:
            yield path, message(_BELOW), _add("below")
        if factor.unknown is None:
            yield path, message("nothing is said where the number is missing: a gap"), _add("unknown")


def _attained(plan: Plan, path: str, attained: Attained) -> Iterator[Finding]:
    yield from _over(plan, path, attained.over)
    if attained.measure not in plan.measures:
        yield path, _no_measure(attained.measure), known(plan.measures)


def _gate(plan: Plan, path: str, gate: Gate) -> Iterator[Finding]:
    if gate.attained is not None:
        yield from _attained(plan, path, gate.attained)


def _bonus(plan: Plan, path: str, bonus: Bonus) -> Iterator[Finding]:
    path = f"{path}.bonus"
    yield from _over(plan, path, bonus.over)
    for name in _NEEDS[bonus.kind]:
        given = field_of_bonus(bonus, name)
        if given is None or (not given and name not in ("at_least", "rate")):
            yield path, message("a {kind} bonus needs '{name}'", kind=bonus.kind, name=name), _add(name)
    if bonus.measure.startswith(PAY):
        if bonus.measure.removeprefix(PAY) not in plan.components:
            yield (
                f"{path}.measure",
                _no_component(bonus.measure.removeprefix(PAY)),
                known(plan.components),
            )
        if bonus.kind not in ("contest", "pool", "points"):
            yield (
                f"{path}.measure",
                message("a bonus of kind {kind} counts credit, not pay", kind=bonus.kind),
                message("Name a measure; pay can be counted by contest, pool and points."),
            )
    elif bonus.measure and bonus.measure not in plan.measures:
        yield f"{path}.measure", _no_measure(bonus.measure), known(plan.measures)
    yield from _bonus_amounts(path, bonus)
    if finer := [prize for prize in bonus.prizes if rounded(prize, plan.digits) != prize]:
        yield (
            f"{path}.prizes",
            message("{prize} has more decimals than are paid ({digits})", prize=finer[0], digits=plan.digits),
            message("Round it, or raise `digits:`."),
        )


def _bonus_amounts(path: str, bonus: Bonus) -> Iterator[Finding]:
    if bonus.curve is not None:
        yield from ascending(f"{path}.curve", bonus.curve.points)
        if bonus.curve.points[0].start != 0:
            yield (
                f"{path}.curve",
                message("nothing is said below the first point: a gap"),
                message("Start with `from: 0`."),
            )
    if bonus.kind == "breakthrough" and not bonus.amount and bonus.rate is None:
        yield path, message("says not what a breakthrough pays"), message("Add `amount:` or `rate:`.")
    if bonus.kind == "breakthrough" and bonus.beat == "best" and not bonus.best_of:
        yield path, message("says not how many periods the best is taken of"), _add("best_of")
    if bonus.kind == "pool" and not bonus.amount and bonus.rate is None:
        yield path, message("the pool has no size"), message("Add `amount:`, or `rate:` with `measure:`.")
    if bonus.weights == "score" and not bonus.score:
        yield path, message("says not by which score"), _add("score")


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
            yield (
                f"{path}.{name}.over",
                message(
                    "counts over a {over}, but the component over a {counted}", over=over, counted=counted
                ),
                message("Write `over: {counted}`, or no `over` for each pay period.", counted=counted),
            )
        counted = counted or over
    if component.stages and sum(stage.share for stage in component.stages) != 1:
        total = sum(stage.share for stage in component.stages)
        yield (
            f"{path}.stages",
            message("the stages sum to {total}", total=Percent(Decimal(total))),
            message("Let them sum to 100%."),
        )
    if component.stages and component.clawbacks:
        yield (
            f"{path}.clawback",
            message("what is paid in stages waits for its events and is not clawed back"),
            message("Drop `stages` or `clawback`."),
        )
    tiers_over = tiers.over if tiers and tiers.pay == "whole" else None
    if component.stages and tiers_over and tiers_over != plan.period:
        yield (
            f"{path}.stages",
            message("a rate that is caught up later cannot be paid in stages"),
            message("Count the tiers over the pay period."),
        )
    if component.cap and component.floor and component.floor.amount > component.cap.amount:
        yield (
            f"{path}.floor",
            message("the floor lies above the cap"),
            message("Lower the floor or raise the cap."),
        )
    if component.unit == "points" and component.worth is None:
        yield (
            path,
            message("points have no worth in money"),
            message("Add `worth:`, 0 if they are only counted."),
        )


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
                message("is paid from its own pay: a circle"),
                message("Count a measure instead of `pay.…`."),
            )


def pays(component: Component) -> set[str]:
    """The components whose pay this one counts."""
    named = [component.base, component.bonus.measure if component.bonus else ""]
    return {name.removeprefix(PAY) for name in named if name.startswith(PAY)}


def ascending(path: str, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Steps start in rising order, none twice."""
    for earlier, later in pairwise(steps):
        if later.start == earlier.start:
            says = message("two steps start at {start}: an overlap", start=later.start)
            yield path, says, message("Keep one of them.")
        elif later.start < earlier.start:
            says = message("{later} comes after {earlier}", later=later.start, earlier=earlier.start)
            yield path, says, message("Write the steps in rising order.")


def known(names: Iterable[str]) -> Message:
    """The mend of a name that there is not: those that there are."""
    there = ", ".join(sorted(names))
    return message("Known: {names}.", names=there) if there else message("Known: none.")


def _add(name: str) -> Message:
    return message("Add `{name}:`.", name=name)


def _no_measure(name: str) -> Message:
    return message("no measure '{name}'", name=name)


def _no_component(name: str) -> Message:
    return message("no component '{name}'", name=name)
