"""What a person's pay period fixes for the lines in it: whole-base rates, attainment tiers, multipliers, raises.

The rows answer `lines.terms_schema`. A term that is unknown (no target, no score) stays null, so that its
lines are reported instead of being paid as 0.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from dabiao.engine.payout.factor import of_the_period
from dabiao.engine.payout.plan import Component, Factor, Tiers
from dabiao.engine.payout.results import Per, Results, reached
from dabiao.engine.payout.roster import decimal
from dabiao.engine.payout.scale import TERM_SCALE, scale_of, units
from dabiao.engine.payout.spans import Span, span_of

Term = dict[str, object]


def terms(results: Results, component: Component) -> Iterator[Term]:
    """One row per person, pay period and values of `per` that has credits of the component's base."""
    tiers = component.rate.tiers if component.rate else None
    per = tiers.per if tiers is not None and (tiers.pay == "whole" or tiers.by == "attainment") else ()
    rate_scale = scale_of(results.plan, component).rate
    for measure, person, start, values in results.totals:
        if measure != component.base or tuple(column for column, _ in values) != per:
            continue
        period = span_of(results.plan, results.plan.period, start)
        row: Term = {"person": person, "period": start, **dict(values)}
        if tiers is not None and tiers.pay == "whole":
            found = whole_rate(results, component, tiers, person, period, values)
            row["rate"] = None if found is None else units(found, rate_scale)
        elif tiers is not None and tiers.by == "attainment":
            row |= _starts(results, component, tiers, person, period, values)
        row |= _factors(results, component, person, period)
        if component.raises:
            row |= _raised(results, component, person, period)
        yield row


def whole_rate(
    results: Results, component: Component, tiers: Tiers, person: str, period: Span, per: Per
) -> Decimal | None:
    """The rate of the tier that the total so far has reached; exactly at a start, it is reached."""
    span = results.span(tiers.over, period)
    measure = tiers.measure or component.base
    counted_per = per if not tiers.measure else ()
    if tiers.by == "amount":
        total = results.total(measure, person, span, period.end, counted_per)
        return reached(tiers.steps, Fraction(total), tiers.steps[0].value)
    found = results.attainment(measure, person, span, period.end, counted_per, _product(per))
    return None if found is None else reached(tiers.steps, found, tiers.steps[0].value)


def _product(per: Per) -> str:
    """The product line whose target counts: the first column that tiers are counted per."""
    return per[0][1] if per else ""


def _starts(
    results: Results, component: Component, tiers: Tiers, person: str, period: Span, per: Per
) -> Mapping[str, int | None]:
    """Where each attainment tier begins for this person, in units of the base."""
    span = results.span(tiers.over, period)
    promised = results.roster.target(person, results.metric(component.base), span, _product(per))
    # A share of a target that is not above zero is no place on the way up.
    target = promised if promised is not None and promised > 0 else None
    decimals = results.plan.decimals
    found = {}
    for number, step in enumerate(tiers.steps[1:], start=2):
        start = None if target is None else decimal(Fraction(step.start) * Fraction(target), decimals)
        found[f"start_{number}"] = None if start is None else units(start, decimals)
    return found


def _factors(results: Results, component: Component, person: str, period: Span) -> Mapping[str, int | None]:
    found = {}
    for number, factor in enumerate(component.times, start=1):
        if of_the_period(factor):
            value = factor_value(results, factor, person, period)
            found[f"factor_{number}"] = None if value is None else units(value, TERM_SCALE)
    return found


def factor_value(results: Results, factor: Factor, person: str, period: Span) -> Decimal | None:
    """A multiplier that the period decides, at six decimals; `unknown` where it is not known."""
    if factor.score:
        score = results.roster.score(person, factor.score, period)
        number = None if score is None else Fraction(score)
    else:
        number = results.attained(factor.attained, person, period) if factor.attained else None
    if number is None:
        return factor.unknown
    if not factor.steps:
        value = decimal(number, TERM_SCALE)
        return value if factor.most is None else min(value, factor.most)
    return reached(factor.steps, number, factor.below)


def _raised(results: Results, component: Component, person: str, period: Span) -> Mapping[str, int]:
    """Raises that hold: relative ones multiply, points add up."""
    relative, points = Decimal(1), Decimal(0)
    for raise_ in component.raises:
        if results.passes(raise_.when, person, period):
            if raise_.kind == "relative":
                relative *= 1 + raise_.by
            else:
                points += raise_.by
    return {
        "relative": units(decimal(Fraction(relative), TERM_SCALE), TERM_SCALE),
        "points": units(points, TERM_SCALE),
    }
