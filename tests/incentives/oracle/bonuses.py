"""Bonuses: what each kind pays a person for a span."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.incentives.oracle.credits import credits_of
from tests.incentives.oracle.numbers import added, divided, rounded
from tests.incentives.oracle.people import (
    is_under,
    joined,
    share_in_force,
    sits_under_the_plan,
    unit_in,
)
from tests.incentives.oracle.periods import Span, is_last_of, over_of, span_of
from tests.incentives.oracle.situation import Row, Situation
from tests.incentives.oracle.totals import attainment, score, target, team_total, total

NOTHING = Decimal(0)


def bonus_of(s: Situation, name: str, component: Row, person: str, period: Span) -> Decimal:
    """A bonus over a longer span is paid in the span's last period."""
    bonus = component["bonus"]
    span = span_of(s.plan, over_of(s.plan, bonus), period.start)
    if not is_last_of(s.plan, period, span) or not takes_part(s, bonus, person, span):
        return NOTHING
    exact = KINDS[bonus["kind"]](s, {**component, "name": name}, person, span)
    return rounded(exact, 6)


def takes_part(s: Situation, bonus: Row, person: str, span: Span) -> bool:
    """People are those with a seat under the plan in the span, or with a total (other than 0) in it."""
    if sits_under_the_plan(s, person, span):
        return True
    return "measure" in bonus and total(s, bonus["measure"], person, span.start, span.end) != 0


def has_credits(s: Situation, measure: str, person: str, span: Span) -> bool:
    if measure.startswith("pay."):
        return total(s, measure, person, span.start, span.end) != 0
    return any(c.person == person and span.holds(c.day) for c in credits_of(s, measure))


def people_of(s: Situation) -> list[str]:
    """Everybody with a seat or a credit."""
    found = {str(row["person"]) for row in s.rows("assignments")}
    found |= {credit.person for name in s.plan["measures"] for credit in credits_of(s, name)}
    return sorted(found)


# --- one person alone ----------------------------------------------------------------------------------


def for_attainment(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """amount × curve(attainment), for the days in force."""
    bonus = component["bonus"]
    reached = attainment(s, bonus, bonus["measure"], person, span)
    if reached is None or reached < Fraction(bonus.get("at_least", reached)):
        return Fraction(0)
    share = share_in_force(s, person, span, component.get("prorate"))
    return Fraction(bonus["amount"]) * on_curve(bonus, reached) * share


def on_curve(bonus: Row, reached: Fraction) -> Fraction:
    """`line` joins the points, `step` holds each until the next; before the first and after the last it stays."""
    points = [(Fraction(point["from"]), Fraction(point["is"])) for point in bonus["curve"]]
    value = points[0][1]
    for number, (start, height) in enumerate(points):
        if reached < start:
            break
        value = height
        if bonus.get("between", "line") == "line" and number + 1 < len(points):
            end, next_height = points[number + 1]
            value = height + (next_height - height) * (min(reached, end) - start) / (end - start)
    return value


def for_breakthrough(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """If the total exceeds the best of the spans before or the target: amount + rate × excess."""
    bonus = component["bonus"]
    reached = total(s, bonus["measure"], person, span.start, span.end)
    mark = to_beat(s, bonus, person, span)
    if mark is None or reached <= mark:
        return Fraction(0)
    share = share_in_force(s, person, span, component.get("prorate"))
    amount = Fraction(bonus.get("amount", NOTHING)) * share
    return amount + Fraction(bonus.get("rate", NOTHING)) * Fraction(reached - mark)


def to_beat(s: Situation, bonus: Row, person: str, span: Span) -> Decimal | None:
    """The target, or the best of the n spans before (those with credits)."""
    if bonus.get("beat", "best") == "target":
        return target(s, bonus["measure"], person, span)
    history = []
    for _ in range(int(bonus["best_of"])):
        span = span_of(s.plan, over_of(s.plan, bonus), span.start - timedelta(days=1))
        if has_credits(s, bonus["measure"], person, span):
            history.append(total(s, bonus["measure"], person, span.start, span.end))
    return max(history, default=None)


def for_first_deal(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """In the span of the first credit above 0, if it came soon enough after the first seat's start."""
    bonus = component["bonus"]
    days = [c.day for c in credits_of(s, bonus["measure"]) if c.person == person and c.amount > 0]
    began = joined(s, person)
    if not days or began is None or not span.holds(min(days)):
        return Fraction(0)
    after = (min(days) - began).days
    if after < 0 or after > bonus.get("within_days", after):
        return Fraction(0)
    return Fraction(bonus["amount"]) * share_in_force(s, person, span, component.get("prorate"))


def for_points(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """rate × total."""
    bonus = component["bonus"]
    return Fraction(bonus["rate"]) * Fraction(total(s, bonus["measure"], person, span.start, span.end))


def for_team(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """The amount to each person of a team that reaches enough."""
    bonus = component["bonus"]
    reached = attainment(s, {**bonus, "team": True}, bonus["measure"], person, span)
    if reached is None or reached < Fraction(bonus["at_least"]):
        return Fraction(0)
    return Fraction(bonus["amount"]) * share_in_force(s, person, span, component.get("prorate"))


# --- many people together ------------------------------------------------------------------------------


def in_contest(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """By rank of totals above 0, in the whole plan or in the person's unit."""
    bonus = component["bonus"]
    group = None if bonus.get("among", "plan") == "plan" else unit_in(s, person, span)
    prizes = s.once(("contest", component["name"], span, group), lambda: prizes_won(s, bonus, span, group))
    return Fraction(prizes.get(person, NOTHING))


def prizes_won(s: Situation, bonus: Row, span: Span, group: str | None) -> dict[str, Decimal]:
    """People who tie fill that many places."""
    totals = {
        person: total(s, bonus["measure"], person, span.start, span.end)
        for person in people_of(s)
        if takes_part(s, bonus, person, span)
        and (bonus.get("among", "plan") == "plan" or unit_in(s, person, span) == group)
    }
    won: dict[str, Decimal] = {}
    place = 0
    for reached in sorted({amount for amount in totals.values() if amount > 0}, reverse=True):
        tied = [person for person, amount in totals.items() if amount == reached]
        prizes = bonus["prizes"][place : place + len(tied)]
        if bonus.get("ties", "share") == "each":
            won |= dict.fromkeys(tied, prizes[0] if prizes else NOTHING)
        else:
            won |= divided(added(prizes), dict.fromkeys(tied, Decimal(1)), s.plan.get("digits", 2))
        place += len(tied)
    return won


def in_pool(s: Situation, component: Row, person: str, span: Span) -> Fraction:
    """A part of what is handed down."""
    parts = s.once(("pool", component["name"], span), lambda: handed_down(s, component, span))
    return Fraction(parts.get(person, NOTHING))


def handed_down(s: Situation, component: Row, span: Span) -> dict[str, Decimal]:
    """amount + rate × total, if above 0, rounded to what is paid, divided among the people with a seat."""
    bonus = component["bonus"]
    takers = [person for person in people_of(s) if is_taker(s, bonus, person, span)]
    if "measure" not in bonus:
        reached = NOTHING
    elif "unit" in bonus:
        reached = team_total(s, bonus["measure"], bonus["unit"], span.start, span.end)
    else:
        reached = added([total(s, bonus["measure"], person, span.start, span.end) for person in takers])
    digits = s.plan.get("digits", 2)
    pool = rounded(bonus.get("amount", NOTHING) + bonus.get("rate", NOTHING) * reached, digits)
    if pool <= 0:
        return {}
    return divided(pool, {person: weight(s, component, person, span) for person in takers}, digits)


def is_taker(s: Situation, bonus: Row, person: str, span: Span) -> bool:
    if not sits_under_the_plan(s, person, span):
        return False
    unit = unit_in(s, person, span)
    return "unit" not in bonus or (unit is not None and is_under(s, unit, bonus["unit"]))


def weight(s: Situation, component: Row, person: str, span: Span) -> Decimal:
    """1, the total, or the score; 1 and the score count for the days in force, at six decimals."""
    bonus = component["bonus"]
    weights = bonus.get("weights", "equal")
    if weights == "measure":
        return max(NOTHING, total(s, bonus["measure"], person, span.start, span.end))
    share = share_in_force(s, person, span, component.get("prorate"))
    if weights == "score":
        given = score(s, bonus["score"], person, span)
        share *= Fraction(given if given is not None else NOTHING)
    return rounded(share, 6)


KINDS: dict[str, Callable[[Situation, Row, str, Span], Fraction]] = {
    "attainment": for_attainment,
    "breakthrough": for_breakthrough,
    "team": for_team,
    "first_deal": for_first_deal,
    "contest": in_contest,
    "pool": in_pool,
    "points": for_points,
}
