"""Market ∩ capacity ∩ resources: exact at the stated assumptions, honest about their ranges."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from dabiao.engine.calibration.assumption import Assumption, BadAssumption, certain, from_history, part_from
from dabiao.engine.calibration.calibrate import Case, NothingKnown, calibrate
from dabiao.engine.calibration.capacity import Joiners, Team, Uplift, presence
from dabiao.engine.calibration.market import Event, Segment
from dabiao.engine.calibration.resources import Channel, Tool
from dabiao.engine.calibration.smart import Proposed, check
from dabiao.engine.period import CALENDAR_YEAR

YEAR = CALENDAR_YEAR.parse("2027")
MADE = date(2026, 11, 1)


def known(key, value):
    return certain(key, key, Decimal(value), MADE, "given")


def likely(key, low, value, high):
    return Assumption(key, key, Decimal(value), Decimal(low), Decimal(high), MADE, "estimate")


SEGMENT = Segment("grid", known("size", "1000"), known("growth", "0.1"), known("share", "0.2"))
TEAM = Team("north", known("heads", "10"), known("per_head", "24"), known("attrition", "0.1"))
CHANNEL = Channel(
    "fairs", known("budget", "50000"), known("cost", "50"), known("rate", "0.15"), known("value", "2")
)


def amounts(case):
    return {side.constraint: side.amount for side in calibrate(case, seed=1, runs=10).sides}


class TestSides:
    def test_market_is_size_grown_times_share(self):
        assert amounts(Case(YEAR, segments=(SEGMENT,))) == {"market": Decimal("220.00")}

    def test_a_share_gained_counts_in_points(self):
        gain = Segment("grid", SEGMENT.size, SEGMENT.growth, SEGMENT.share, known("gain", "0.05"))
        assert amounts(Case(YEAR, segments=(gain,))) == {"market": Decimal("275.00")}

    def test_an_event_counts_from_its_day_and_only_for_its_segment(self):
        event = Event("policy", date(2027, 10, 20), "grid", known("effect", "0.5"))
        other = Event("policy", date(2027, 1, 1), "sea", known("effect", "0.5"))
        assert amounts(Case(YEAR, segments=(SEGMENT,), events=(event, other))) == {
            "market": Decimal("242.00")
        }

    def test_capacity_is_per_head_times_heads_less_attrition(self):
        assert amounts(Case(YEAR, teams=(TEAM,))) == {"capacity": Decimal("216.00")}

    def test_training_lifts_those_who_are_trained_from_the_day_on(self):
        uplift = Uplift("mentoring", "north", date(2027, 10, 20), known("trained", "5"), known("lift", "0.3"))
        elsewhere = Uplift(
            "mentoring", "south", date(2027, 1, 1), known("trained", "5"), known("lift", "0.3")
        )
        assert amounts(Case(YEAR, teams=(TEAM,), uplifts=(uplift, elsewhere))) == {
            "capacity": Decimal("223.20")
        }

    def test_joiners_bring_what_their_ramp_says(self):
        joiners = Joiners("north", known("new", "2"), date(2027, 12, 1), (Fraction(1, 2),))
        elsewhere = Joiners("south", known("new", "2"), date(2027, 1, 1))
        assert presence(joiners, YEAR) == Fraction(31, 730)
        assert amounts(Case(YEAR, teams=(TEAM,), joiners=(joiners, elsewhere))) == {
            "capacity": Decimal("218.04")
        }

    def test_a_joiner_of_last_year_is_past_the_first_steps(self):
        joiners = Joiners("north", known("new", "2"), date(2026, 12, 15), (Fraction(0), Fraction(1, 2)))
        assert presence(joiners, YEAR) == (Fraction(31, 2) + 365 - 14 - 31) / 365

    def test_a_budget_buys_leads_and_leads_become_deals(self):
        assert amounts(Case(YEAR, channels=(CHANNEL,))) == {"resources": Decimal("300.00")}

    def test_tools_and_existing_customers_add_to_it(self):
        tool = Tool("crm", date(2027, 1, 1), known("tool", "0.2"))
        assert amounts(Case(YEAR, channels=(CHANNEL,), tools=(tool,), kept=known("kept", "40"))) == {
            "resources": Decimal("400.00")
        }


class TestCalibrate:
    CASE = Case(YEAR, segments=(SEGMENT,), teams=(TEAM,), channels=(CHANNEL,))

    def test_expects_the_least_side_and_names_it(self):
        found = calibrate(self.CASE, seed=1)

        assert (found.expected, found.binding, found.unknown) == (Decimal("216.00"), "capacity", ())
        assert [side.binds for side in found.sides] == [0, 1, 0]

    def test_says_which_side_is_not_known(self):
        assert calibrate(Case(YEAR, teams=(TEAM,)), seed=1).unknown == ("market", "resources")

    def test_refuses_to_calibrate_from_nothing(self):
        with pytest.raises(NothingKnown):
            calibrate(Case(YEAR), seed=1)

    def test_what_is_certain_is_reached_or_not(self):
        found = calibrate(self.CASE, seed=1)
        assert (found.probability(Decimal(216)), found.probability(Decimal("216.01"))) == (1, 0)

    def uncertain(self, **changes):
        team = Team(
            "north",
            TEAM.headcount,
            likely("per_head", "20", "24", "28"),
            likely("attrition", "0", "0.1", "0.2"),
        )
        share = Segment("grid", SEGMENT.size, SEGMENT.growth, likely("share", "0.18", "0.2", "0.22"))
        return Case(YEAR, segments=(share,), teams=(team,), **changes)

    def test_the_same_seed_gives_the_same_answer_whatever_the_order(self):
        one, two = (calibrate(self.uncertain(), seed=seed).outcomes.tolist() for seed in (7, 7))
        assert one == two
        assert calibrate(self.uncertain(), seed=8).outcomes.tolist() != one

    def test_a_higher_target_is_never_more_likely(self):
        found = calibrate(self.uncertain(), seed=7)
        chances = [found.probability(Decimal(target)) for target in range(150, 290, 5)]

        assert chances == sorted(chances, reverse=True)
        assert chances[0] == 1
        assert chances[-1] == 0

    def test_an_amount_at_a_probability_has_that_probability(self):
        found = calibrate(self.uncertain(), seed=7)
        for share in (0.2, 0.5, 0.8):
            assert found.probability(found.at_probability(share)) == pytest.approx(share, abs=0.001)
        assert found.probability(found.at_probability(0)) > 0

    def test_sides_bind_as_often_as_they_are_least(self):
        found = calibrate(self.uncertain(), seed=7)
        assert sum(side.binds for side in found.sides) == pytest.approx(1)
        assert all(0 < side.binds < 1 for side in found.sides)

    def test_a_triangle_has_the_mean_it_should_have(self):
        team = Team(
            "north", known("heads", "1"), likely("per_head", "10", "20", "60"), known("attrition", "0")
        )
        found = calibrate(Case(YEAR, teams=(team,)), seed=3, runs=200_000)
        assert found.outcomes.mean() == pytest.approx(30, abs=0.1)

    def test_lists_every_assumption_once(self):
        case = Case(YEAR, segments=(SEGMENT,), teams=(TEAM,), channels=(CHANNEL,), kept=known("kept", "1"))
        keys = [one.key for one in case.assumptions()]
        assert keys == sorted(
            {
                "size",
                "growth",
                "share",
                "heads",
                "per_head",
                "attrition",
                "budget",
                "cost",
                "rate",
                "value",
                "kept",
            }
        )


class TestAssumption:
    def test_history_gives_the_mean_of_the_last_three_between_their_extremes(self):
        found = from_history("k", "per head", [Decimal(9), Decimal(4), None, Decimal(5), Decimal(6)], MADE)
        assert found is not None
        assert (found.value, found.low, found.high, found.historical) == (5, 4, 6, 6)

    def test_no_history_is_no_assumption(self):
        assert from_history("k", "per head", [None], MADE) is None

    def test_says_how_far_it_is_from_what_was(self):
        change = Assumption(
            "k", "win rate", Decimal("0.12"), Decimal("0.1"), Decimal("0.2"), MADE, "pilot", Decimal("0.05")
        )
        assert change.change == Decimal("1.4")
        assert likely("k", "1", "1", "1").change is None

    def test_a_value_outside_its_range_is_refused(self):
        with pytest.raises(BadAssumption):
            likely("k", "2", "1", "3")

    @pytest.mark.parametrize(
        ("on", "part"), [(date(2026, 5, 1), 1), (date(2027, 10, 20), Fraction(1, 5)), (date(2028, 1, 1), 0)]
    )
    def test_counts_from_a_day_on(self, on, part):
        assert part_from(YEAR, on) == part


class TestSmart:
    FULL = Proposed("north", "sales_amount", True, True, 0.6, "Grow in new energy", YEAR, True)

    def test_a_full_target_misses_nothing(self):
        assert [finding.missing for finding in check(self.FULL)] == [""] * 5

    def test_an_empty_one_says_what_is_missing_letter_by_letter(self):
        assert [(finding.letter, finding.missing) for finding in check(Proposed())] == [
            ("specific", "no unit or person"),
            ("measurable", "no amount"),
            ("achievable", "not calibrated: the probability of reaching it is not known"),
            ("relevant", "not linked to a strategy goal"),
            ("time-bound", "no period"),
        ]

    def test_a_wish_is_not_achievable(self):
        wish = Proposed("north", "sales_amount", False, True, 0.12, "Grow", YEAR, False)
        missing = {finding.letter: finding.missing for finding in check(wish)}

        assert missing["achievable"] == "reached with a probability of 12%, less than 30%"
        assert missing["measurable"] == "no facts to measure it by"
        assert missing["time-bound"] == "no checkpoint in the period"
