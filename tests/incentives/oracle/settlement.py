"""Settlement, per person and period: stop, guarantee, hold, instalments, draw, in this order."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.incentives.oracle.numbers import added, divided, rounded
from tests.incentives.oracle.payables import clawed_back
from tests.incentives.oracle.people import gone, joined, leaves_in, share_in_force, sits_under_the_plan
from tests.incentives.oracle.periods import Span, is_last_of, pay_periods, span_of
from tests.incentives.oracle.situation import Row, Situation

NAME = "settlement"
NOTHING = Decimal(0)


@dataclass
class Open:
    """What is carried from period to period."""

    held: dict[str, Decimal] = field(default_factory=dict)
    owed: list[Decimal] = field(default_factory=list)
    drawn: Decimal = NOTHING

    def due_now(self) -> Decimal:
        return self.owed[0] if self.owed else NOTHING


def settle(s: Situation, person: str) -> None:
    """Add what the settlement pays (or takes) in every period."""
    open_ = Open()
    for period in pay_periods(s.plan):
        parts = {name: s.paid_to(person, period.start, name) for name in s.plan["components"]}
        before = added(list(parts.values()))
        pay = stopped(s, person, period, before)
        pay = guaranteed(s, person, period, pay)
        pay = held(s, person, period, pay, open_)
        pay = recovered(s, person, period, pay, open_)
        pay = drawn(s, person, period, pay, open_)
        s.paid[person, period.start, NAME] = pay - before


def words(s: Situation, rule: str) -> Row:
    return dict(s.plan.get("settlement", {}).get(rule, {}))


def digits(s: Situation) -> int:
    return int(s.plan.get("digits", 2))


def is_after_leaving(s: Situation, person: str, period: Span) -> bool:
    """Periods that begin after the last day."""
    after = gone(s, person)
    return after is not None and period.start >= after


def is_early(s: Situation, person: str, period: Span, rule: Row) -> bool:
    """Calendar months from joining (or the plan's start, if later), the month of joining included."""
    if "months" not in rule:
        return True
    began = joined(s, person)
    if began is None:
        return False
    return months_between(max(began, s.plan["from"]), period.start) < int(rule["months"])


def months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def promised(s: Situation, person: str, period: Span, rule: Row) -> Decimal:
    """An amount for the days in force."""
    share = share_in_force(s, person, period, rule.get("prorate"))
    return rounded(Fraction(rule["amount"]) * share, digits(s))


# --- the five rules ------------------------------------------------------------------------------------


def stopped(s: Situation, person: str, period: Span, pay: Decimal) -> Decimal:
    if words(s, "leaver").get("later") == "stop" and is_after_leaving(s, person, period):
        return NOTHING
    return pay


def guaranteed(s: Situation, person: str, period: Span, pay: Decimal) -> Decimal:
    """Fills pay up to the amount."""
    rule = words(s, "guarantee")
    if rule and sits_under_the_plan(s, person, period) and is_early(s, person, period, rule):
        return max(pay, promised(s, person, period, rule))
    return pay


def held(s: Situation, person: str, period: Span, pay: Decimal, open_: Open) -> Decimal:
    """Kept in every period but the span's last; released in that one, or on leaving."""
    leaving = leaves_in(s, person, period)
    for name, rule in holds(s).items():
        over = span_of(s.plan, rule["until"], max(period.start, s.plan["from"]))
        if is_last_of(s.plan, period, over) or leaving or is_after_leaving(s, person, period):
            kept = open_.held.pop(name, NOTHING)
            if not (leaving and words(s, "leaver").get("held") == "forfeit"):
                pay += kept
        else:
            share = rounded(rule["share"] * max(NOTHING, base_of_hold(s, person, period, name)), digits(s))
            open_.held[name] = open_.held.get(name, NOTHING) + share
            pay -= share
    return pay


def holds(s: Situation) -> dict[str, Row]:
    """Rules of components by name, and the settlement's for all others."""
    found = {name: c["hold"] for name, c in s.plan["components"].items() if "hold" in c}
    return found | ({NAME: words(s, "hold")} if words(s, "hold") else {})


def base_of_hold(s: Situation, person: str, period: Span, name: str) -> Decimal:
    if name != NAME:
        return s.paid_to(person, period.start, name)
    others = [other for other, component in s.plan["components"].items() if "hold" not in component]
    return added([s.paid_to(person, period.start, other) for other in others])


def recovered(s: Situation, person: str, period: Span, pay: Decimal, open_: Open) -> Decimal:
    """What clawbacks took is given back and becomes a debt in equal parts, due from this period on."""
    rule = words(s, "clawback")
    if not rule:
        return pay
    took = -added([clawed_back(s, c, person, period) for c in s.plan["components"].values()])
    took = rounded(took, digits(s))
    if took > 0:
        pay += took
        add_debt(open_, divided_evenly(took, int(rule["instalments"]), digits(s)))
    if leaves_in(s, person, period) or is_after_leaving(s, person, period):
        open_.owed = [added(open_.owed)]
        most = max(NOTHING, pay)
    else:
        most = rounded(max(NOTHING, pay) * rule.get("most", Decimal(1)), digits(s))
    back = min(open_.due_now(), most)
    left = open_.due_now() - back
    open_.owed = open_.owed[1:] or [NOTHING]
    open_.owed[0] += left
    return pay - back


def divided_evenly(whole: Decimal, parts: int, places: int) -> list[Decimal]:
    """Largest remainder, earlier parts first."""
    return list(divided(whole, {f"{n:03}": Decimal(1) for n in range(parts)}, places).values())


def add_debt(open_: Open, parts: list[Decimal]) -> None:
    for number, part in enumerate(parts):
        if number < len(open_.owed):
            open_.owed[number] += part
        else:
            open_.owed.append(part)


def drawn(s: Situation, person: str, period: Span, pay: Decimal, open_: Open) -> Decimal:
    """Pay below the amount is filled up to it; recoverable advances come back from pay above it."""
    rule = words(s, "draw")
    if not rule:
        return pay
    leaving = leaves_in(s, person, period) or is_after_leaving(s, person, period)
    amount = NOTHING
    if not leaving and sits_under_the_plan(s, person, period) and is_early(s, person, period, rule):
        amount = promised(s, person, period, rule)
        if pay < amount:
            open_.drawn += amount - pay if rule["recoverable"] else NOTHING
            return amount
    back = min(open_.drawn, max(NOTHING, pay - amount))
    open_.drawn -= back
    if leaving and words(s, "leaver").get("draw") == "forgive":
        open_.drawn = NOTHING
    return pay - back
