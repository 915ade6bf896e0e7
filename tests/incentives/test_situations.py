"""Every situation of `*.yml` beside this file comes out as written, in one batch and in many."""

from pathlib import Path

import pytest

from dabiao.engine.payout.validate import read
from dabiao.incentives.logic.cases import SCHEMAS, check

FILES = sorted(Path(__file__).parent.glob("*.yml"))
PLANS = {path.stem: read(path.read_text(), SCHEMAS) for path in FILES}
SITUATIONS = [(name, case) for name, plan in PLANS.items() for case in plan.cases]


@pytest.mark.parametrize(
    ("name", "case"), SITUATIONS, ids=[f"{name}: {case.name}" for name, case in SITUATIONS]
)
def test_situation_comes_out_as_written(name, case):
    failure = check(PLANS[name], case)

    assert failure is None, str(failure)


@pytest.mark.parametrize(
    ("name", "case"), SITUATIONS, ids=[f"{name}: {case.name}" for name, case in SITUATIONS]
)
def test_situation_comes_out_the_same_one_fact_at_a_time(name, case):
    failure = check(PLANS[name], case, batch=1)

    assert failure is None, str(failure)
