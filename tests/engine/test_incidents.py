"""Incidents with a known cause: the explainer names it among the first, for real ones and for planted ones."""

import pytest
from bench.attribution import Outcome, cross_validated, held_out, hits, read_cases, run, run_made
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


def outcome(case, rank):
    return Outcome(case, (frozenset(),), (rank,), 0.0, [])


def test_a_family_is_judged_with_what_was_best_on_all_others():
    """The first setting finds a and b at once and c never, the second the other way round."""
    families = ["a", "a", "b", "c"]
    outcomes = [
        [outcome("a1", 1), outcome("a2", 1), outcome("b", 1), outcome("c", 9)],
        [outcome("a1", 9), outcome("a2", 9), outcome("b", 9), outcome("c", 1)],
    ]
    judged = held_out(outcomes, families, Outcome.found)

    assert judged[:, 0].tolist() == [0.5, 0.5, 1, 0]  # without a, one case speaks for each: the mean of both


def test_cases_of_one_platform_and_month_are_a_family(tmp_path):
    """Neither the numbers in a name nor the order of the columns tell two platforms apart."""
    heads = {
        "case1_7": "min,cdn,isp,value,cnt",
        "case2_8": "min,isp,cdn,value,cnt",
        "2020 9": "min,cdn,isp,value,cnt",
    }
    for name, head in heads.items():
        (tmp_path / f"{name}.csv").write_text(f"{head}\n60,1,2,1,10\n", encoding="utf-8")
    truth = [f"- {{data: {name}, timestamp: 1590969600, cause: {{cdn: 1}}}}" for name in heads]
    later = "- {data: case2_8, timestamp: 1590969599, cause: {cdn: 1}}"
    (tmp_path / "truth.yaml").write_text("\n".join([*truth, later]), encoding="utf-8")

    assert [case.family() for case in read_cases(tmp_path)] == [
        "case#_# cdn,isp 2020-06",
        "case#_# cdn,isp 2020-06",
        "# # cdn,isp 2020-06",
        "case#_# cdn,isp 2020-05",
    ]


@pytest.mark.slow
def test_real_incidents_of_families_that_had_no_say(cases):
    found = cross_validated(cases)

    assert found["hits_left_out"]["5"] >= 0.97, found
