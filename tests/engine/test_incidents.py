"""Incidents with a known cause: the explainer names it among the first, for real ones and for planted ones."""

import pytest
from bench.attribution import hits, read_cases, run, run_made
from bench.incidents import incident
from bench.planted import ordinary, planted

from dabiao.engine.diagnosis import Settings


@pytest.fixture(scope="module")
def cases(shared):
    return read_cases(shared / "data" / "rca")


def test_real_incidents(cases):
    found = hits([run(case, Settings()) for case in cases])

    assert found["1"] >= 0.9 and found["5"] >= 0.98, found


def test_incidents_planted_into_ordinary_minutes_of_real_ones(cases):
    backgrounds = [ordinary(table := case.table(), case.dimensions(table), case.at) for case in cases]
    found = hits([run_made(str(seed), planted(seed, backgrounds)) for seed in range(60)])

    assert found["1"] >= 0.85 and found["5"] >= 0.93, found


def test_made_up_incidents_of_sums_and_ratios():
    found = hits([run_made(str(seed), incident(seed)) for seed in range(40)])

    assert found["1"] >= 0.85 and found["5"] >= 0.9, found


def test_a_case_without_its_minute_is_named_and_missed(tmp_path, capsys):
    (tmp_path / "odd.csv").write_text("min,value,cnt,cdn\n60,1,10,3\n", encoding="utf-8")
    (tmp_path / "truth.yaml").write_text("- {data: odd, timestamp: 120, cause: {cdn: 3}}\n", encoding="utf-8")
    [case] = read_cases(tmp_path)

    assert hits([run(case, Settings())]) == {"1": 0, "3": 0, "5": 0}
    assert "odd.csv: no row lies in period 120" in capsys.readouterr().err
