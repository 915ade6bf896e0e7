"""Random plans on random facts pay, to the cent and line by line, what the naive oracle pays."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.incentives.agreement import disagreements
from tests.incentives.random_plans.worlds import plans_on_facts

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
DEEP = settings(QUICK, max_examples=350)


@QUICK
@given(plans_on_facts())
def test_engine_agrees_with_the_oracle_on_random_plans(example):
    assert disagreements(*example) == []


@pytest.mark.slow
@DEEP
@given(plans_on_facts())
def test_engine_agrees_with_the_oracle_on_thousands_of_random_plans(example):
    assert disagreements(*example) == []
