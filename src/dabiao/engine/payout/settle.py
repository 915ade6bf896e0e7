"""From line sums to a statement: every component of every period in order, then the settlement of the sum."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dabiao.engine.payout.component import Ledger, component_entries
from dabiao.engine.payout.entry import Balance, Entry, LineSum, Payable
from dabiao.engine.payout.ledger import Account, settlement_entries
from dabiao.engine.payout.plan import PAY, Component, Plan, Settlement
from dabiao.engine.payout.results import Results
from dabiao.engine.payout.spans import spans
from dabiao.engine.payout.validate_component import pays


@dataclass(frozen=True)
class Statement:
    """Everything a run pays: explained steps, payables and open balances, in order of person and period."""

    entries: tuple[Entry, ...]
    payables: tuple[Payable, ...]
    balances: tuple[Balance, ...]


def settle(results: Results, sums: Iterable[LineSum], until: date) -> Statement:
    """The statement of a plan from its start through the period that holds the day before `until`.

    The order of `sums` does not matter. A pay period is settled after all before it, a component after
    those whose pay it counts.
    """
    plan = results.plan
    grouped = _grouped(sums)
    ledgers: dict[str, Ledger] = {key: {} for key in plan.components}
    accounts: dict[str, Account] = {}
    paid: dict[tuple[str, str], dict[date, Decimal]] = {}
    entries: list[Entry] = []
    payables: list[Payable] = []
    balances: list[Balance] = []
    order = in_order(plan)
    for period in spans(plan, plan.period, plan.start, until):
        of_period: dict[str, list[Payable]] = {}
        clawed: dict[str, Decimal] = {}
        for component in order:
            mine = grouped.get((component.key, period.start), {})
            for steps, payable in component_entries(
                results, component, period, mine, paid, ledgers[component.key]
            ):
                entries += steps
                of_period.setdefault(payable.person, []).append(payable)
                taken = -sum((step.amount for step in steps if step.rule.startswith("clawback")), Decimal(0))
                clawed[payable.person] = clawed.get(payable.person, Decimal(0)) + taken
                paid.setdefault((component.key, payable.person), {})[period.start] = payable.amount
        for due in of_period.values():
            payables += due
        settled = settlement_entries(results, period, of_period, clawed, accounts)
        entries += settled.entries
        payables += settled.payables
        balances += settled.balances
    return Statement(tuple(sorted(entries, key=_entry_order)), tuple(sorted(payables)), tuple(balances))


def is_plain(plan: Plan) -> bool:
    """Whether payables are nothing but rounded sums of lines, so that no person has to be looked at singly."""
    return plan.settlement == Settlement() and all(
        _is_plain(component) for component in plan.components.values()
    )


def _is_plain(component: Component) -> bool:
    limits = component.cap or component.floor or component.gates or component.hold
    timing = component.stages or component.clawbacks
    rate = component.rate
    sums_only = rate is not None and not component.base.startswith(PAY) and component.unit == "money"
    return sums_only and not limits and not timing and not _may_catch_up(component)


def _may_catch_up(component: Component) -> bool:
    tiers = component.rate.tiers if component.rate else None
    return tiers is not None and tiers.pay == "whole"


def in_order(plan: Plan) -> list[Component]:
    """Components after those whose pay they count; otherwise as the plan writes them."""
    done: list[Component] = []
    waiting = list(plan.components.values())
    while waiting:
        ready = [c for c in waiting if pays(c) <= {component.key for component in done}]
        done += ready
        waiting = [component for component in waiting if component not in ready]
    return done


def _grouped(sums: Iterable[LineSum]) -> Mapping[tuple[str, object], Mapping[str, list[LineSum]]]:
    found: dict[tuple[str, object], dict[str, list[LineSum]]] = {}
    for line in sums:
        found.setdefault((line.component, line.period), {}).setdefault(line.person, []).append(line)
    for people in found.values():
        for lines in people.values():
            if len(lines) > 1:
                lines.sort(key=_in_order)
    return found


def _in_order(line: LineSum) -> tuple[object, ...]:
    """Sums of one person, period and component: by what they are per, an empty column first."""
    per = tuple((name, value or "") for name, value in line.per)
    return (per, line.lines, line.credit, line.amount, line.mix, line.weighed, line.rule)


def _entry_order(entry: Entry) -> tuple[object, ...]:
    return (entry.person, entry.period)
