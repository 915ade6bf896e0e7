"""Random plans: neither order nor batches change a run, and a corrected fact touches only what hangs on it."""

import random
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dabiao.engine.payout.validate import read
from dabiao.incentives.logic.cases import SCHEMAS, carry_out
from dabiao.incentives.logic.run import Run
from tests.incentives.agreement import as_text
from tests.incentives.oracle import Facts, Plan, Row
from tests.incentives.oracle.periods import pay_period
from tests.incentives.random_plans.worlds import looks_at_everybody, plans_on_facts, together

Example = tuple[Plan, list[Facts]]
FEW = settings(
    max_examples=8,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def carried_out(plan: Plan, facts: Facts, batch: int = 10**9) -> Run:
    parsed = read(as_text(plan, facts), SCHEMAS)
    return carry_out(parsed, parsed.cases[0], batch)


def shuffled(facts: Facts, seed: int) -> Facts:
    return {name: random.Random(seed).sample(rows, len(rows)) for name, rows in facts.items()}


def corrected(rows: list[Row], key: str) -> list[Row]:
    """The same facts; one is worth 100 more."""
    sizes = ("amount", "original_amount", "qty")
    return [
        {**row, **{size: row[size] + Decimal(100) for size in sizes}} if row["key"] == key else row
        for row in rows
    ]


def payables(run: Run) -> set[tuple[str, date, str, Decimal]]:
    return {(p.person, p.period, p.component, p.amount) for p in run.statement.payables}


@FEW
@given(plans_on_facts(), st.integers(0, 9), st.sampled_from([1, 7, 40]))
def test_neither_order_nor_batches_change_a_random_run(example: Example, seed: int, batch: int) -> None:
    plan, worlds = example
    facts = together(worlds)

    once, again = carried_out(plan, facts), carried_out(plan, shuffled(facts, seed), batch)

    assert again.hash == once.hash
    assert payables(again) == payables(once)


@FEW
@given(plans_on_facts(), st.randoms(use_true_random=False))
def test_corrected_fact_changes_nothing_for_others_and_nothing_before_its_period(
    example: Example, choice: random.Random
) -> None:
    plan, worlds = example
    fact = choice.choice(worlds[0]["order_lines"])
    after = [{**worlds[0], "order_lines": corrected(worlds[0]["order_lines"], fact["key"])}, *worlds[1:]]

    changed = payables(carried_out(plan, together(worlds))) ^ payables(carried_out(plan, together(after)))

    day = max(fact["ordered_on"], plan["from"])
    assert all(period >= pay_period(plan, day).start for _, period, _, _ in changed)
    assert looks_at_everybody(plan) or all(person.endswith(".0") for person, _, _, _ in changed)
