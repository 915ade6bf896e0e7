"""A naive oracle for payouts: docs/incentives.md worked out with loops and Decimal, slow and obvious.

It was written from that page alone, knows nothing of the engine and shares no line with it.
"""

from dataclasses import dataclass
from decimal import localcontext

from tests.incentives.oracle.bonuses import people_of
from tests.incentives.oracle.lines import Line
from tests.incentives.oracle.payables import pay_component
from tests.incentives.oracle.periods import span_of
from tests.incentives.oracle.settlement import settle
from tests.incentives.oracle.situation import Facts, Paid, Plan, Row, Situation

__all__ = ["Facts", "Outcome", "Plan", "Row", "span_of", "work_out"]


@dataclass(frozen=True)
class Outcome:
    """All that is paid (zeros left out), and the lines of each component."""

    paid: Paid
    lines: dict[str, list[Line]]


def work_out(plan: Plan, facts: Facts) -> Outcome:
    """What a plan pays on facts, component by component, in the order in which they are written."""
    with localcontext() as context:
        context.prec = 100
        s = Situation(plan, facts)
        people = people_of(s)
        lines: dict[str, list[Line]] = {
            name: [line for person in people for line in pay_component(s, name, person)]
            for name in plan["components"]
        }
        for person in people:
            settle(s, person)
        return Outcome({key: amount for key, amount in s.paid.items() if amount != 0}, lines)
