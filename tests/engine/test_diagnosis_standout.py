"""How much an ordinary period shows by itself: what a finding must be beyond."""

import numpy as np
import pyarrow as pa
import pytest

from dabiao.engine.diagnosis.baseline import of_history
from dabiao.engine.diagnosis.cells import lay_out
from dabiao.engine.diagnosis.presence import present
from dabiao.engine.diagnosis.standout import _Tail

BEFORE = [9.0, 11, 10, 14, 8, 12, 10, 13, 9, 11, 10, 400]


@pytest.mark.parametrize("heavy", [True, False])
def test_what_is_beyond_a_level_has_that_chance(heavy):
    tail = _Tail.of(BEFORE, 4, heavy=heavy)

    assert [tail.chance(tail.beyond(level)) for level in (0.2, 0.03, 0.001)] == pytest.approx(
        [0.2, 0.03, 0.001]
    )


@pytest.mark.parametrize("heavy", [True, False])
def test_the_middle_of_earlier_findings_is_ordinary(heavy):
    assert _Tail.of(BEFORE, 4, heavy=heavy).chance(10.5) == pytest.approx(0.5, abs=0.01)


def test_one_wild_period_hides_nothing():
    calm = _Tail.of([*BEFORE[:-1], 10], 4, heavy=True)

    assert _Tail.of(BEFORE, 4, heavy=True).beyond(0.03) < 1.5 * calm.beyond(0.03)


def test_of_few_periods_one_is_surer_than_of_many():
    few, many = (_Tail.of([8.0, 10, 10, 12] * times, 4, heavy=True) for times in (1, 3))

    assert few.beyond(0.03) > many.beyond(0.03)


def test_without_earlier_periods_the_likelihood_alone_decides():
    assert _Tail.of([9.0, 10.0], 1, heavy=True).beyond(0.025) == pytest.approx(1.96**2 / 2, abs=0.01)


def paid(periods, each):
    """What customers owed and paid, each in `each` of the periods, in amounts of about 1000."""
    draw = np.random.default_rng(1)
    rows = []
    for customer in range(30):
        for period in range(customer % periods, customer % periods + each):
            due = float(draw.integers(500, 1500))
            rows.append(
                {"period": period % periods, "customer": f"C{customer}", "part": round(due * draw.uniform(0.7, 1), 2), "whole": due}
            )  # fmt: skip
    rows.append({"period": periods, "customer": "C0", "part": 1.0, "whole": 1.0})
    return present(lay_out(pa.Table.from_pylist(rows), ["customer"], at=periods, ratio=True))


def test_customers_who_paid_once_tell_nothing_of_the_noise():
    """They fit themselves exactly: noise taken from them would be none, and every other customer a finding."""
    assert of_history(paid(6, 1)).grain == 1.0
    assert of_history(paid(6, 4)).grain > 1.0


def test_bunches_do_not_lower_what_is_expected_of_a_line():
    """Line A has single visits, line B the same number of them in bunches of five: both expect their own mean."""
    draw = np.random.default_rng(2)
    rows = [
        {"period": period, "person": f"P{n}", "line": line, "part": int(size * draw.poisson(1.5 / size))}
        for period in range(18) for n in range(60) for line, size in (("A", 1), ("B", 5))
    ]  # fmt: skip
    cells = present(lay_out(pa.Table.from_pylist(rows), ["person", "line"], at=17, ratio=False))
    rate = of_history(cells).rate

    for line in ("A", "B"):
        usual = cells.part[:-1, cells.covered([("line", line)])].sum(axis=1).mean()
        assert rate[cells.covered([("line", line)])].sum() == pytest.approx(usual, rel=0.12), line
