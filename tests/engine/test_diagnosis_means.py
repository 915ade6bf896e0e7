"""Means taken apart by sum and count: measurements are no counts, so what is chance is learnt from how they vary."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from dabiao.engine.diagnosis import explain
from dabiao.engine.diagnosis.baseline import of_history
from dabiao.engine.diagnosis.cells import lay_out

PEOPLE, PERIODS = 12, 19
NOW = PERIODS - 1


def visits(seed: int, *, short: str = "") -> pa.Table:
    """Minutes of about twenty visits a person and period, thirty each give or take twelve; `short` halves them now."""
    draw, rows = np.random.default_rng(seed), []
    for period in range(PERIODS):
        for number in range(PEOPLE):
            person = f"p{number:02}"
            count = int(draw.poisson(20))
            minutes = np.clip(np.rint(draw.normal(30, 12, count)), 1, None)
            factor = 0.5 if person == short and period == NOW else 1
            rows.append(
                {"period": period, "team": f"t{number % 3}", "person": person,
                 "part": round(minutes.sum() * factor), "whole": count}
            )  # fmt: skip
    return pa.Table.from_pylist(rows)


def test_the_grain_of_minutes_is_their_variance_over_their_mean():
    found = of_history(lay_out(visits(1), ["team", "person"], at=NOW, ratio=True))

    assert found.grain == pytest.approx(12**2 / 30, rel=0.3)


def test_a_share_of_whole_numbers_stays_a_count():
    table = visits(1)
    halved = table.set_column(3, "part", pa.array([whole // 2 for whole in table["whole"].to_pylist()]))

    assert of_history(lay_out(halved, ["team", "person"], at=NOW, ratio=True)).grain == 1


def test_whose_visits_are_half_as_long_is_the_cause_and_the_parts_sum_up():
    found = explain(visits(1, short="p07"), ["team", "person"], at=NOW, kind="ratio")

    assert [dict(cause.where) for cause in found.causes] == [{"person": "p07"}]
    assert sum((one.total for one in found.steps.contributions), Decimal(0)) == found.gap < 0


def test_ordinary_minutes_name_nobody_more_often_than_chance_allows():
    named = sum(
        bool(explain(visits(seed), ["team", "person"], at=NOW, kind="ratio").causes) for seed in range(60)
    )

    assert named <= 0.05 * 60
