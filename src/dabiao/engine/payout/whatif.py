"""Two versions of a plan, or two sets of targets, on the same facts: who gains, who loses, what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from dabiao.engine.payout.entry import Payable

ZERO = Decimal(0)


@dataclass(frozen=True, order=True)
class Change:
    """What one component pays a person before and after. A component that only one side has pays 0 there."""

    person: str
    component: str
    before: Decimal
    after: Decimal
    difference: Decimal


@dataclass(frozen=True)
class Spread:
    """How pay per person is spread: lowest, quartiles, highest (of persons that either side pays)."""

    people: int
    lowest: Decimal
    quarter: Decimal
    middle: Decimal
    three_quarters: Decimal
    highest: Decimal


@dataclass(frozen=True)
class Comparison:
    """Per person and component, the cost of each side, and how each side spreads over people."""

    changes: tuple[Change, ...]
    cost_before: Decimal
    cost_after: Decimal
    spread_before: Spread
    spread_after: Spread
    gaining: int
    losing: int


def compare(before: Iterable[Payable], after: Iterable[Payable]) -> Comparison:
    """The payables of two runs side by side, summed over periods."""
    old, new = _by_component(before), _by_component(after)
    changes = tuple(
        Change(
            person,
            component or "settlement",
            old.get((person, component), ZERO),
            new.get((person, component), ZERO),
            new.get((person, component), ZERO) - old.get((person, component), ZERO),
        )
        for person, component in sorted({*old, *new})
    )
    people = sorted({change.person for change in changes})
    paid_before, paid_after = _by_person(old, people), _by_person(new, people)
    moved = [paid_after[person] - paid_before[person] for person in people]
    return Comparison(
        changes,
        sum(paid_before.values(), ZERO),
        sum(paid_after.values(), ZERO),
        _spread(list(paid_before.values())),
        _spread(list(paid_after.values())),
        sum(difference > 0 for difference in moved),
        sum(difference < 0 for difference in moved),
    )


def _by_component(payables: Iterable[Payable]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for payable in payables:
        key = payable.person, payable.component
        found[key] = found.get(key, ZERO) + payable.amount
    return found


def _by_person(paid: dict[tuple[str, str], Decimal], people: Iterable[str]) -> dict[str, Decimal]:
    found = dict.fromkeys(people, ZERO)
    for (person, _), amount in paid.items():
        found[person] += amount
    return found


def _spread(amounts: list[Decimal]) -> Spread:
    """Quartiles by nearest rank: always somebody's own pay, never an average of two."""
    ordered = sorted(amounts) or [ZERO]

    def rank(quarters: int) -> Decimal:
        return ordered[max(0, -(-len(ordered) * quarters // 4) - 1)]

    return Spread(len(amounts), ordered[0], rank(1), rank(2), rank(3), ordered[-1])
