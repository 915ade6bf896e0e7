"""Random plans on random facts pay, to the cent and line by line, what the naive oracle pays.

A plan meets several sets of facts at once that have nobody in common; a pair is a plan with one of them.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.incentives import coverage
from tests.incentives.agreement import disagreements
from tests.incentives.oracle import Facts, Plan
from tests.incentives.random_plans.worlds import plans_on_facts

Example = tuple[Plan, list[Facts]]

# What differs is shown with its plan and one set of facts; shrinking takes longer than reading that.
QUICK = settings(
    max_examples=20,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
DEEP = settings(QUICK, max_examples=450)


@pytest.fixture(scope="module", autouse=True)
def _statistics() -> Iterator[None]:
    """`pytest -s` shows which rules were met."""
    yield
    print(f"\nPairs that agreed, by rule:\n{coverage.said()}")


@QUICK
@given(plans_on_facts())
def test_engine_agrees_with_the_oracle_on_random_plans(example: Example) -> None:
    assert disagreements(*example) == []
    coverage.count(*example)


@pytest.mark.slow
@DEEP
@given(plans_on_facts())
def test_engine_agrees_with_the_oracle_on_thousands_of_random_plans(example: Example) -> None:
    assert disagreements(*example) == []
    coverage.count(*example)
