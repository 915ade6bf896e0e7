"""Dated balances between a person and the company: guarantee, holdback, clawback in instalments, draw, leaving.

In each pay period, in this order: what the components pay is filled up to the guarantee; a share is held
back; amounts taken back are recovered, instalment by instalment; a draw fills what is left or is recovered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dabiao.engine.number import rounded, split
from dabiao.engine.payout.entry import Balance, Entry, Payable
from dabiao.engine.payout.plan import Every, Hold, Prorate
from dabiao.engine.payout.results import Results
from dabiao.engine.payout.roster import decimal
from dabiao.engine.payout.spans import Span

ZERO = Decimal(0)


@dataclass
class Account:
    """One person's open balances while periods are settled."""

    held: dict[date, Decimal] = field(default_factory=dict)
    due: list[Decimal] = field(default_factory=list)
    drawn: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        return bool(any(self.held.values()) or any(self.due) or self.drawn)


@dataclass(frozen=True)
class Settled:
    """The settlement of one period."""

    entries: list[Entry]
    payables: list[Payable]
    balances: list[Balance]


@dataclass
class Pay:
    """A person's pay of one period while the rules of the settlement act on it."""

    results: Results
    period: Span
    person: str
    payables: list[Payable]
    clawed: Decimal
    account: Account
    left: Decimal = ZERO
    steps: list[Entry] = field(default_factory=list)

    def step(self, rule: str, amount: Decimal, note: str = "") -> None:
        """Add an amount to the pay, with its reason."""
        if amount:
            self.left += amount
            self.steps.append(Entry(self.person, self.period.start, "", rule, amount, None, None, note))

    @property
    def is_leaving(self) -> bool:
        left = self.results.roster.left_on(self.person)
        return left is not None and self.period.start < left <= self.period.end

    @property
    def has_left(self) -> bool:
        left = self.results.roster.left_on(self.person)
        return left is not None and left <= self.period.start


def settlement_entries(
    results: Results,
    period: Span,
    payables: Mapping[str, list[Payable]],
    clawed: Mapping[str, Decimal],
    accounts: dict[str, Account],
) -> Settled:
    """The settlement of one period for everybody with pay, an open balance, a guarantee or a draw.

    clawed: what the components' clawbacks took from whom this period, as an amount above zero. accounts: open balances by person, carried from period to period and changed here.
    """
    rules = results.plan.settlement
    people = set(payables)
    has_rules = bool(rules.guarantee or rules.draw or rules.hold or _holds(results) or _claws(results))
    if not has_rules and results.plan.settlement.leaver.later != "stop":
        return Settled([], [], [])
    people |= {person for person, account in accounts.items() if account.is_open}
    if rules.guarantee or rules.draw:
        people |= {person for person in results.people if results.is_active(person, period)}
    settled = Settled([], [], [])
    for person in sorted(people):
        account = accounts.setdefault(person, Account())
        taken = rounded(clawed.get(person, ZERO), results.plan.digits)
        pay = Pay(results, period, person, payables.get(person, []), taken, account)
        _settle(pay)
        settled.entries.extend(pay.steps)
        if pay.steps:
            amount = sum((step.amount for step in pay.steps), ZERO)
            settled.payables.append(Payable(person, period.start, "", amount))
        if account.is_open:
            held = sum(account.held.values(), ZERO)
            settled.balances.append(
                Balance(person, period.start, held, sum(account.due, ZERO), account.drawn)
            )
    return settled


def _settle(pay: Pay) -> None:
    pay.left = sum((payable.amount for payable in pay.payables), ZERO)
    if pay.has_left and pay.results.plan.settlement.leaver.later == "stop":
        pay.step("after_leaving", -pay.left, "earned after leaving")
    _guarantee(pay)
    _hold_back(pay)
    _claw_back(pay)
    _draw(pay)


def _guarantee(pay: Pay) -> None:
    """Fill pay up to the guarantee; the filling is not owed back."""
    rule = pay.results.plan.settlement.guarantee
    if rule is None or not _within(pay, rule.months):
        return
    least = _in_force(pay, rule.amount, rule.prorate)
    if pay.left < least:
        pay.step("guarantee", least - pay.left, f"up to {least}")


def _hold_back(pay: Pay) -> None:
    """Keep a share of what each component pays; give it back in the last period of its span, or on leaving."""
    account = pay.account
    leaver = pay.results.plan.settlement.leaver
    for share, until, amount, what in _holdable(pay):
        span = pay.results.span(until, pay.period)
        ends = min(span.end, pay.results.plan.end)
        if ends > pay.period.end and not pay.is_leaving and not pay.has_left and amount > 0:
            held = rounded(amount * share, pay.results.plan.digits)
            account.held[ends] = account.held.get(ends, ZERO) + held
            pay.step("holdback", -held, f"{share * 100:f} % of {what} until {ends}")
    for ends in sorted(account.held):
        if ends <= pay.period.end or pay.is_leaving or pay.has_left:
            held = account.held.pop(ends)
            if (pay.is_leaving or pay.has_left) and leaver.held == "forfeit":
                pay.step("release", held, "held back")
                pay.step("forfeit", -held, "left before it was released")
            else:
                pay.step("release", held, "held back")


def _holdable(pay: Pay) -> Iterator[tuple[Decimal, Every, Decimal, str]]:
    """share, until, amount, what: each component with its own holdback, the rest under the plan's."""
    rest = ZERO
    for payable in pay.payables:
        hold: Hold | None = pay.results.plan.components[payable.component].hold
        if hold is not None:
            yield hold.share, hold.until, payable.amount, payable.component
        else:
            rest += payable.amount
    plan_hold = pay.results.plan.settlement.hold
    if plan_hold is not None:
        yield plan_hold.share, plan_hold.until, rest, "pay"


def _claw_back(pay: Pay) -> None:
    """What clawbacks take this period becomes a debt, recovered in equal instalments out of pay.

    An instalment takes at most `most` of the pay that is left; what it could not take is due next time. On
    leaving everything is due at once, and so is what is taken back later.
    """
    rules = pay.results.plan.settlement
    account = pay.account
    if not _claws(pay.results):
        return
    if pay.clawed > 0:
        pay.step("clawback", pay.clawed, f"to be recovered in {rules.instalments} instalments")
        parts = split(pay.clawed, {n: Decimal(1) for n in range(rules.instalments)}, pay.results.plan.digits)
        account.due += [ZERO] * (rules.instalments - len(account.due))
        for number, part in parts.items():
            account.due[number] += part
    if not account.due:
        return
    available = max(pay.left, ZERO)
    if pay.is_leaving or pay.has_left:
        due, account.due = sum(account.due, ZERO), []
    else:
        due = account.due.pop(0)
        available = rounded(available * rules.recover_most, pay.results.plan.digits)
    recovered = min(due, available)
    if due > recovered:
        first, *others = account.due or [ZERO]
        account.due = [first + due - recovered, *others]
    pay.step("instalment", -recovered, f"{sum(account.due, ZERO)} still owed")


def _draw(pay: Pay) -> None:
    """An advance fills pay up to the draw; recoverable ones come back out of what later exceeds it."""
    rule = pay.results.plan.settlement.draw
    if rule is None:
        return
    account = pay.account
    if pay.is_leaving or pay.has_left:
        recovered = min(account.drawn, max(pay.left, ZERO))
        account.drawn -= recovered
        pay.step("recovery", -recovered, "on leaving")
        if pay.results.plan.settlement.leaver.draw == "forgive":
            account.drawn = ZERO
        return
    is_due = _within(pay, rule.months)
    level = _in_force(pay, rule.amount, rule.prorate) if is_due else ZERO
    if is_due and pay.left < level:
        advance = level - pay.left
        account.drawn += advance if rule.recoverable else ZERO
        pay.step("draw", advance, f"up to {level}")
    elif account.drawn and pay.left > level:
        recovered = min(account.drawn, pay.left - level)
        account.drawn -= recovered
        pay.step("recovery", -recovered, f"{account.drawn} still drawn")


def _within(pay: Pay, months: int | None) -> bool:
    """Whether the period is among a person's first months under the plan, and the person is there."""
    results = pay.results
    if not results.is_active(pay.person, pay.period):
        return False
    joined = results.roster.joined_on(pay.person)
    if months is None or joined is None:
        return True
    first = max(joined, results.plan.start)
    elapsed = (pay.period.start.year - first.year) * 12 + pay.period.start.month - first.month
    return elapsed < months


def _in_force(pay: Pay, amount: Decimal, prorate: Prorate | None) -> Decimal:
    share = pay.results.roster.share_in_force(
        pay.person, pay.period, prorate, pay.results.covered(pay.person)
    )
    return decimal(Fraction(amount) * share, pay.results.plan.digits)


def _holds(results: Results) -> bool:
    return any(component.hold for component in results.plan.components.values())


def _claws(results: Results) -> bool:
    return results.plan.settlement.instalments > 1 or results.plan.settlement.recover_most < 1
