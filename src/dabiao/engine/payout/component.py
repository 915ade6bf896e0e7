"""What one component pays a person for a pay period: its lines or bonus, then gates, points, limits, rounding."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dabiao.engine.number import rounded
from dabiao.engine.payout.bonus import Paid, bonus_entries
from dabiao.engine.payout.entry import Entry, LineSum, Payable
from dabiao.engine.payout.plan import PAY, SCALE, Component, Every, Limit
from dabiao.engine.payout.results import Per, Results
from dabiao.engine.payout.roster import decimal
from dabiao.engine.payout.spans import Span, span_of
from dabiao.engine.payout.terms import whole_rate


@dataclass
class Counted:
    """Credit × multipliers that a whole-base rate was applied to since the tiers' span began, and that rate."""

    span: date
    weighed: dict[Per, Decimal] = field(default_factory=dict)
    rates: dict[Per, Decimal] = field(default_factory=dict)


@dataclass
class Posted:
    """What a component has earned and posted per person since its span began: held state of one run.

    limited: what the cap and the floor of the span stand at. counted: over the tiers' own span, which may end
    earlier than the one that is rounded and limited together.
    """

    span: date
    counted: Counted
    earned: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    limited: dict[str, Decimal] = field(default_factory=dict)


Ledger = dict[str, Posted]
"""person → what has been posted by one component."""


def component_entries(
    results: Results,
    component: Component,
    period: Span,
    sums: Mapping[str, list[LineSum]],
    paid: Paid,
    ledger: Ledger,
) -> Iterator[tuple[list[Entry], Payable]]:
    """Each person's explained steps and payable of one component in one pay period, in order of person.

    sums: the component's line sums of this period by person. ledger: carried from period to period.
    """
    bonuses: dict[str, list[Entry]] = {}
    for entry in bonus_entries(results, component, period, paid):
        bonuses.setdefault(entry.person, []).append(entry)
    people = {*sums, *bonuses, *_floored(results, component, period), *_from_pay(component, paid)}
    people |= _with_arrears(results, component, ledger, period)
    for person in sorted(people):
        posted = _posted(results, component, ledger, person, period)
        steps = [*_earned(results, component, period, person, sums.get(person, ()), posted)]
        steps += _of_other_pay(component, period, person, paid)
        steps += bonuses.get(person, ())
        steps += _worth(component, period, person, steps)
        steps += _gated(results, component, period, person, steps)
        payable, limits = _limited(results, component, period, person, steps, posted)
        if steps or limits or payable.amount:
            yield [*steps, *limits], payable


def counted_over(component: Component, period: Every) -> Every | None:
    """The span over which a component's payables are rounded together: that of its tiers or its limits.

    Stages and clawbacks split one line over periods, so they are rounded together for ever. The validator
    lets only one span longer than the pay period stand in a component.
    """
    if component.stages or component.clawbacks:
        return "plan"
    tiers = component.rate.tiers if component.rate else None
    spans = [
        tiers.over if tiers else None,
        *(limit.over for limit in (component.cap, component.floor) if limit),
    ]
    return next((span for span in spans if span and span != period), None)


def _posted(results: Results, component: Component, ledger: Ledger, person: str, period: Span) -> Posted:
    """The person's account with the component, opened anew where a span begins."""
    start = results.span(counted_over(component, results.plan.period), period).start
    tiers = component.rate.tiers if component.rate else None
    counted_from = results.span(tiers.over if tiers else None, period).start
    account = ledger.get(person)
    if account is None or account.span != start:
        counted = Counted(counted_from) if account is None else account.counted
        account = ledger[person] = Posted(start, counted)
    if account.counted.span != counted_from:
        account.counted = Counted(counted_from)
    return account


def _with_arrears(results: Results, component: Component, ledger: Ledger, period: Span) -> set[str]:
    """People whose earlier lines of a whole-base span may change rate without a new line of their own."""
    tiers = component.rate.tiers if component.rate else None
    if tiers is None or tiers.pay != "whole":
        return set()
    start = results.span(tiers.over, period).start
    counted = {person: account.counted for person, account in ledger.items()}
    return {person for person, so_far in counted.items() if so_far.span == start and so_far.weighed}


def _earned(
    results: Results,
    component: Component,
    period: Span,
    person: str,
    sums: Iterable[LineSum],
    posted: Posted,
) -> Iterator[Entry]:
    tiers = component.rate.tiers if component.rate else None
    if tiers is not None and tiers.pay == "whole":
        yield from _caught_up(results, component, period, person, posted.counted)
    by_rule: dict[str, list[LineSum]] = {}
    for line in sums:
        by_rule.setdefault(line.rule, []).append(line)
        if line.rule == "lines":
            weighed = posted.counted.weighed
            weighed[line.per] = weighed.get(line.per, Decimal(0)) + line.weighed
    for rule, lines in by_rule.items():
        amount = sum((line.amount for line in lines), Decimal(0))
        credit = sum((line.credit for line in lines), Decimal(0))
        count = sum(line.lines for line in lines)
        yield Entry(person, period.start, component.key, rule, amount, credit, None, f"{count} lines")


def _caught_up(
    results: Results, component: Component, period: Span, person: str, counted: Counted
) -> Iterator[Entry]:
    """A whole-base rate that changes applies to everything counted earlier in the span, too."""
    tiers = component.rate.tiers if component.rate else None
    assert tiers is not None
    for per, weighed in sorted(counted.weighed.items(), key=_by_what):
        before = counted.rates.get(per)
        now = whole_rate(results, component, tiers, person, period, per)
        if before is not None and now is not None and now != before and weighed:
            amount = decimal(Fraction(weighed) * Fraction(now - before), SCALE)
            note = f"rate {before} → {now} on earlier credit"
            yield Entry(person, period.start, component.key, "catch_up", amount, weighed, now - before, note)
    for per in {*results.pers(component.base, person, period), *counted.weighed}:
        rate = whole_rate(results, component, tiers, person, period, per)
        if rate is not None:
            counted.rates[per] = rate


def _by_what(weighed: tuple[Per, Decimal]) -> list[tuple[str, str]]:
    """What credit is counted per, an empty column first."""
    return [(column, value or "") for column, value in weighed[0]]


def _from_pay(component: Component, paid: Paid) -> set[str]:
    if not component.base.startswith(PAY):
        return set()
    return {person for key, person in paid if key == component.base.removeprefix(PAY)}


def _of_other_pay(component: Component, period: Span, person: str, paid: Paid) -> Iterator[Entry]:
    """A flat share of what another component pays the person this period."""
    if component.base.startswith(PAY) and component.rate is not None and component.rate.flat is not None:
        base = paid.get((component.base.removeprefix(PAY), person), {}).get(period.start, Decimal(0))
        if base:
            rate = component.rate.flat
            yield Entry(
                person, period.start, component.key, "share_of_pay", rounded(base * rate, SCALE), base, rate
            )


def _worth(component: Component, period: Span, person: str, steps: list[Entry]) -> Iterator[Entry]:
    """Points become money: the step that replaces points by their worth."""
    points = _sum(steps)
    if component.unit == "points" and points:
        worth = component.worth or Decimal(0)
        amount = rounded(points * worth, SCALE) - points
        yield Entry(person, period.start, component.key, "worth", amount, points, worth, f"{points} points")


def _gated(
    results: Results, component: Component, period: Span, person: str, steps: list[Entry]
) -> Iterator[Entry]:
    """A gate that fails leaves `otherwise` of what was earned; several multiply."""
    earned = _sum(steps)
    for gate in component.gates:
        if earned and not results.passes(gate, person, period):
            left = rounded(earned * gate.otherwise, SCALE)
            what = gate.attained.measure if gate.attained else gate.score
            note = f"{what} below {gate.at_least}"
            yield Entry(
                person, period.start, component.key, "gate", left - earned, earned, gate.otherwise, note
            )
            earned = left


def _floored(results: Results, component: Component, period: Span) -> set[str]:
    if component.floor is None:
        return set()
    return {person for person in results.people if _has_floor(results, component.floor, person, period)}


def _has_floor(results: Results, floor: Limit, person: str, period: Span) -> bool:
    """Whether a person has had a seat under the plan in the floor's span, up to the end of this period."""
    return results.is_active(person, Span(results.span(floor.over, period).start, period.end))


def _limited(
    results: Results, component: Component, period: Span, person: str, steps: list[Entry], posted: Posted
) -> tuple[Payable, list[Entry]]:
    """Round what the span has earned so far, keep it within cap and floor, and post the difference."""
    before = posted.amount
    posted.earned += _sum(steps)
    due = rounded(posted.earned, results.plan.digits)
    plain = due
    if component.cap is not None:
        due = min(due, _limit(results, component.cap, period, posted, before))
    capped = due
    if component.floor is not None and _has_floor(results, component.floor, person, period):
        span = results.span(component.floor.over, period)
        share = results.roster.share_in_force(person, span, component.prorate, results.covered(person))
        least = decimal(Fraction(component.floor.amount) * share, results.plan.digits)
        due = max(due, least + (before if component.floor.over is None else 0))
    limits = []
    found = (("cap", capped - plain, component.cap), ("floor", due - capped, component.floor))
    for rule, amount, limit in found:
        step = amount - posted.limited.get(rule, Decimal(0))
        if step:
            limits.append(_step(component, period, person, rule, step, limit))
        if limit is not None and limit.over is not None:
            posted.limited[rule] = amount
        else:
            # What a limit of the period cut or filled belongs to it: the span goes on from there.
            posted.earned += amount
    posted.amount = due
    return Payable(person, period.start, component.key, due - before), limits


def _limit(results: Results, limit: Limit, period: Span, posted: Posted, before: Decimal) -> Decimal:
    """The most that may stand posted: the limit of the span, or of this period on top of what was posted."""
    return limit.amount + (before if limit.over is None else Decimal(0))


def _step(
    component: Component, period: Span, person: str, rule: str, amount: Decimal, limit: Limit | None
) -> Entry:
    note = f"{rule} {limit.amount}" if limit else ""
    return Entry(person, period.start, component.key, rule, amount, None, None, note)


def _sum(steps: Iterable[Entry]) -> Decimal:
    return sum((step.amount for step in steps), Decimal(0))


__all__ = ["Ledger", "Posted", "component_entries", "counted_over", "span_of"]
