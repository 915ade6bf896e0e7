"""From revenue to visits: by each team's own rates, whole numbers, in the week in which they are needed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine.backwards import Counted, NoRate, Step, brought, needed, steps_of
from dabiao.engine.period import CALENDAR_YEAR

PARSE = CALENDAR_YEAR.parse
FUNNEL = (
    Step("deals", Fraction(20_000)),
    Step("proposals", Fraction(1, 4), days=21),
    Step("qualified_leads", Fraction(3, 5), days=14),
    Step("visits", Fraction(1, 2), days=7),
)


def total(needs, metric):
    return sum(need.value for need in needs if need.metric == metric)


def test_a_thousand_leads_at_fifteen_percent_are_150_deals():
    assert brought(1000, (Step("qualified_leads", Fraction(15, 100)),)) == 150
    assert (
        total(
            needed([(PARSE("2027-W10"), 150)], (Step("qualified_leads", Fraction(15, 100)),), CALENDAR_YEAR),
            "qualified_leads",
        )
        == 1000
    )


def test_every_step_is_rounded_up_from_the_one_before():
    needs = needed([(PARSE("2027-W20"), 1_000_001)], FUNNEL, CALENDAR_YEAR)
    assert {step.metric: total(needs, step.metric) for step in FUNNEL} == {
        "deals": 51,
        "proposals": 204,
        "qualified_leads": 340,
        "visits": 680,
    }


def test_each_step_happens_as_many_days_earlier_as_it_takes():
    needs = needed([(PARSE("2027-W20"), 40_000)], FUNNEL, CALENDAR_YEAR)
    assert {need.metric: need.period.label for need in needs} == {
        "deals": "2027-W20",
        "proposals": "2027-W17",
        "qualified_leads": "2027-W15",
        "visits": "2027-W14",
    }


def test_a_shift_across_two_weeks_is_divided_by_days():
    needs = needed([(PARSE("2027-W20"), 70)], (Step("calls", Fraction(1), days=3),), CALENDAR_YEAR)
    assert [(need.period.label, need.value) for need in needs] == [("2027-W19", 30), ("2027-W20", 40)]


def test_what_should_have_begun_before_the_plan_says_so():
    needs = needed([(PARSE("2027-W02"), 20_000)], FUNNEL, CALENDAR_YEAR)
    assert {need.metric for need in needs if need.early} == {"proposals", "qualified_leads", "visits"}


def test_a_month_is_spread_over_its_weeks_by_days():
    needs = needed([(PARSE("2027-02"), 28)], (Step("calls", Fraction(1)),), CALENDAR_YEAR)
    assert [(need.period.label, need.value) for need in needs] == [
        ("2027-W05", 7),
        ("2027-W06", 7),
        ("2027-W07", 7),
        ("2027-W08", 7),
    ]


def test_nothing_to_bring_needs_nothing():
    assert needed([(PARSE("2027-W02"), 0)], FUNNEL, CALENDAR_YEAR) == ()


def test_a_teams_own_rates_come_from_what_it_did():
    past = Counted(
        (("sales_amount", Fraction(600_000)), ("deals", Fraction(30)), ("proposals", Fraction(90))),
        {"proposals": 20},
    )
    assert steps_of(past) == (Step("deals", Fraction(20_000)), Step("proposals", Fraction(1, 3), 20))


@pytest.mark.parametrize(
    ("case", "chain"),
    [
        ("nothing done", (("deals", Fraction(3)), ("visits", Fraction(0)))),
        ("nothing came of it", (("deals", Fraction(0)), ("visits", Fraction(40)))),
    ],
)
def test_a_team_without_a_rate_is_refused(case, chain):
    with pytest.raises(NoRate, match="visits"):
        steps_of(Counted(chain, {}))


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=8),
    st.lists(
        st.tuples(st.fractions(Fraction(1, 9), 9, max_denominator=9), st.integers(0, 40)),
        min_size=1,
        max_size=4,
    ),
)
def test_the_needs_would_bring_the_amount_and_one_less_would_not(amounts, rates):
    weeks = [(PARSE(f"2027-W{10 + week}"), amount) for week, amount in enumerate(amounts)]
    steps = [Step(f"step{place}", yields, days) for place, (yields, days) in enumerate(rates)]
    needs, due = needed(weeks, steps, CALENDAR_YEAR), sum(amounts)

    for step in steps:
        found = total(needs, step.metric)
        assert found * step.yields >= due
        assert (found - 1) * step.yields < due or not found
        due = found
