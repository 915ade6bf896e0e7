"""What an amount is shared by, and how it is entered."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from dabiao.engine.allocation.axis import flat, tree
from dabiao.engine.allocation.cascade import Order, cascade
from dabiao.engine.allocation.entry import NoBase, TargetEntry, amount_of, ratio_of
from dabiao.engine.allocation.levels import OutOfOrder, Overlay, carried, overlaid, three_levels
from dabiao.engine.allocation.metric_change import Exchange, NoRate, exchanged
from dabiao.engine.allocation.people import Ramp, Service, factors, split_on
from dabiao.engine.allocation.ratio import by_parts, inherited
from dabiao.engine.allocation.season import by_earlier_years, by_working_days
from dabiao.engine.allocation.weights import BadMix, Method, combined, crossed, even, filled
from dabiao.engine.period import CALENDAR_YEAR

NAN = float("nan")
YEAR = CALENDAR_YEAR.parse("2027")
MONTHS = CALENDAR_YEAR.parts(YEAR, "month")
WEEKDAYS = {
    day
    for year in (2025, 2026, 2027)
    for n in range(366)
    if (day := date(year, 1, 1) + timedelta(n)).isoweekday() < 6
}
ORG = tree("org", {"co": None, "north": "co", "south": "co", "ann": "north", "bo": "north", "di": "south"})
QUARTERS = flat("period", ["2027-Q1", "2027-Q2"], "2027")
GOODS = flat("product", ["bikes", "bells"])


class TestCombined:
    def test_brings_each_method_to_one_before_adding(self):
        mix = combined(
            [
                Method("history", Fraction(3, 4), np.array([300.0, 100])),
                Method("even", Fraction(1, 4), even(2)[:, 0]),
            ]
        )
        assert mix.tolist() == [0.6875, 0.3125]

    def test_shares_a_cell_by_the_methods_that_know_it(self):
        mix = combined(
            [
                Method("history", Fraction(1, 2), np.array([1.0, NAN, NAN])),
                Method("potential", Fraction(1, 2), np.array([1.0, 3.0, NAN])),
            ]
        )
        assert mix[:2].tolist() == [0.625, 0.75]
        assert np.isnan(mix[2])

    def test_leaves_a_single_method_as_it_is(self):
        weights = np.array([75, 25])
        assert combined([Method("by hand", Fraction(1), weights)]) is weights

    @pytest.mark.parametrize(
        ("case", "methods", "says"),
        [
            ("none", [], "above zero"),
            ("a share of zero", [Method("even", Fraction(0), even(2))], "above zero"),
            (
                "no weight at all",
                [Method("history", Fraction(1), np.array([0.0])), Method("even", Fraction(1), even(1))],
                "history gives nobody",
            ),
        ],
    )
    def test_refuses(self, case, methods, says):
        with pytest.raises(BadMix, match=says):
            combined(methods)

    def test_crossed_is_who_by_when(self):
        assert crossed(np.array([1.0, 2]), np.array([3.0, 4])).tolist() == [[3, 4], [6, 8]]

    def test_filled_puts_newcomers_beside_the_others(self):
        assert filled(np.array([200.0, 400, NAN]), np.array([1.0, 2, 3])).tolist() == [200, 400, 600]
        assert filled(np.array([NAN, NAN]), np.array([1.0, 2])).tolist() == [1, 2]


class TestSeason:
    def test_working_days_of_each_period(self):
        assert by_working_days(MONTHS[:3], WEEKDAYS).tolist() == [21, 20, 23]

    def test_calendar_days_where_no_day_is_worked(self):
        assert by_working_days(MONTHS[:2], set()).tolist() == [31, 28]

    def test_an_earlier_year_counts_per_working_day(self):
        history = {day: Decimal(2 if day.month == 6 else 1) for day in sorted(WEEKDAYS) if day.year == 2026}
        history |= {date(2026, 1, 1): Decimal(1), date(2026, 12, 31): Decimal(1)}
        june, july = by_earlier_years(MONTHS[5:7], history, WEEKDAYS, CALENDAR_YEAR)
        assert (june, july) == (44.0, 22.0)

    def test_spring_festival_is_read_at_the_same_distance(self):
        """2027's festival is 6 February, 2026's was the 17th: February 2027 is read eleven days later in 2026."""
        history = {date(2026, 1, 1) + timedelta(n): Decimal(0) for n in range(365)}
        history |= {date(2026, 2, 17) + timedelta(n): Decimal(100) for n in range(1, 6)}
        january, february = by_earlier_years(MONTHS[:2], history, WEEKDAYS, CALENDAR_YEAR, years=1)
        assert january == 0
        assert february > 0

    def test_a_period_before_all_history_is_unknown_and_so_is_no_history(self):
        history = {date(2026, 6, 1): Decimal(5), date(2026, 12, 31): Decimal(5)}
        march, july = by_earlier_years([MONTHS[2], MONTHS[6]], history, WEEKDAYS, CALENDAR_YEAR)
        assert np.isnan(march)
        assert july == 0
        assert np.isnan(by_earlier_years(MONTHS, {}, WEEKDAYS, CALENDAR_YEAR)).all()

    def test_more_returned_than_sold_is_a_weight_of_zero(self):
        history = {
            date(2026, 1, 1): Decimal(0),
            date(2026, 7, 3): Decimal(-9),
            date(2026, 12, 31): Decimal(0),
        }
        assert by_earlier_years([MONTHS[6]], history, WEEKDAYS, CALENDAR_YEAR).tolist() == [0]


class TestPeople:
    RAMP = Ramp((Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)), Fraction(1, 3))

    def test_a_joiner_ramps_up_from_the_first_day(self):
        found = factors(Service(date(2027, 2, 15)), MONTHS[:6], self.RAMP)

        assert np.isnan(found[0])
        assert found[1] == pytest.approx(14 / 28 / 4)
        assert found[2] == pytest.approx((14 / 4 + 17 / 2) / 31)
        assert found[5] == 1

    def test_probation_protects_even_who_has_ramped_up(self):
        found = factors(Service(date(2026, 1, 1), None, date(2027, 2, 1)), MONTHS[:2], self.RAMP)
        assert found.tolist() == [pytest.approx(1 / 3), 1]

    def test_a_leaver_has_no_target_after_the_last_day(self):
        found = factors(Service(None, date(2027, 1, 11)), MONTHS[:2], Ramp())
        assert found[0] == pytest.approx(10 / 31)
        assert np.isnan(found[1])

    def test_who_moves_takes_an_exact_part_along(self):
        before, after = split_on(np.array([100, 101, -100]), MONTHS[:3], date(2027, 2, 15), WEEKDAYS)

        assert before.tolist() == [100, 51, 0]
        assert after.tolist() == [0, 50, -100]

    def test_a_period_without_working_days_is_divided_by_calendar_days(self):
        before, after = split_on(np.array([31]), MONTHS[:1], date(2027, 1, 11), set())
        assert (before.tolist(), after.tolist()) == ([10], [21])


class TestEntry:
    @pytest.mark.parametrize(
        ("case", "entry", "base", "amount"),
        [
            ("an amount", TargetEntry("amount", Decimal("99.995")), None, "100.00"),
            ("growth on a base", TargetEntry("growth", Decimal("0.12")), Decimal("250"), "280.00"),
            (
                "growth on a loss makes it smaller",
                TargetEntry("growth", Decimal("0.1")),
                Decimal("-50"),
                "-45.00",
            ),
        ],
    )
    def test_amounts(self, case, entry, base, amount):
        assert amount_of(entry, base, 2) == Decimal(amount), case

    @pytest.mark.parametrize(
        ("case", "entry", "base", "ratio"),
        [
            ("a ratio", TargetEntry("amount", Decimal("0.15")), None, "0.15"),
            ("three points up", TargetEntry("points", Decimal("0.03")), Decimal("0.12"), "0.15"),
            ("a quarter more", TargetEntry("growth", Decimal("0.25")), Decimal("0.12"), "0.15"),
        ],
    )
    def test_ratios(self, case, entry, base, ratio):
        assert ratio_of(entry, base) == Decimal(ratio), case

    def test_growth_without_a_base_is_refused(self):
        with pytest.raises(NoBase):
            amount_of(TargetEntry("growth", Decimal(1)), None, 2)
        with pytest.raises(NoBase):
            ratio_of(TargetEntry("points", Decimal(1)), None)

    def test_an_amount_has_no_points(self):
        with pytest.raises(ValueError, match="points"):
            amount_of(TargetEntry("points", Decimal(1)), Decimal(5), 2)


class TestRatio:
    def wholes(self):
        return cascade(Order(1000, ORG, (QUARTERS,), np.array([[3, 3], [1, 1], [1, 1]])))

    def test_numerators_and_denominators_sum_and_the_ratio_is_divided_last(self):
        targets = by_parts(Decimal("0.15"), self.wholes())

        assert targets.parts[0].sum() == 150
        assert targets.parts.sum(axis=1).tolist() == [150, 120, 90, 30, 30, 30]
        assert targets.ratio(0, 0) == Fraction(15, 100)

    def test_who_was_better_stays_better_and_nobody_passes_one(self):
        targets = by_parts(Decimal("0.7"), self.wholes(), np.array([[0.2, 0.2], [0.9, 0.9], [0.3, 0.3]]))

        assert targets.parts[0].sum() == 700
        assert (targets.parts <= targets.wholes).all()
        assert targets.ratio(ORG.position("bo"), 0) == 1

    def test_no_denominator_no_ratio(self):
        none = cascade(Order(10, ORG, (), np.array([[1.0], [0], [1]])))
        assert by_parts(Decimal("0.5"), none).ratio(ORG.position("bo"), 0) is None

    def test_inherited_is_the_same_for_all(self):
        assert set(inherited(Decimal("0.9"), ORG).values()) == {Decimal("0.9")}


class TestLevels:
    def middle(self, amount=40):
        return cascade(Order(amount, ORG, (QUARTERS, GOODS), np.arange(1.0, 13).reshape(3, 4)))

    def test_base_and_challenge_never_stand_on_the_wrong_side_of_a_cell(self):
        middle = self.middle()
        base, challenge = three_levels(middle, 36, 48)

        assert (base.amounts[0].sum(), challenge.amounts[0].sum()) == (36, 48)
        assert (base.leaves <= middle.leaves).all()
        assert (middle.leaves <= challenge.leaves).all()

    def test_lower_is_better_turns_them_around(self):
        middle = self.middle()
        base, challenge = three_levels(middle, 48, 36, "lower")
        assert (challenge.leaves <= middle.leaves).all()
        assert (middle.leaves <= base.leaves).all()

    def test_a_target_of_zero_has_a_challenge(self):
        _, challenge = three_levels(self.middle(0), 0, 12)
        assert challenge.leaves.sum() == 12

    def test_totals_out_of_order_are_refused(self):
        with pytest.raises(OutOfOrder):
            three_levels(self.middle(), 50, 60)

    def test_an_overlay_stands_beside_and_counts_each_scope_once(self):
        middle = self.middle(780)
        specialists = [Overlay("bells", ("north", "ann"), frozenset({"bells"})), Overlay("all", ("co",))]
        found = overlaid(middle, specialists)

        north = middle.amounts[ORG.position("north")]
        assert found["bells"].tolist() == [north[0], 0, north[2], 0]
        assert found["all"].sum() == 780


class TestCarried:
    @pytest.mark.parametrize(
        ("case", "shortfall", "weights", "expected"),
        [
            ("in the proportions of what is left", 30, None, [110, 220]),
            ("evenly", 31, [1, 1], [116, 215]),
            ("the next period makes up for it", 30, [1, 0], [130, 200]),
            ("a surplus is taken off", -30, None, [90, 180]),
        ],
    )
    def test_exactly(self, case, shortfall, weights, expected):
        assert carried(shortfall, [100, 200], weights) == expected, case

    def test_evenly_where_nothing_was_asked(self):
        assert carried(5, [0, 0]) == [3, 2]


class TestMetricChange:
    def test_a_teams_revenue_becomes_its_customers(self):
        revenue = cascade(Order(1_000_000, ORG, (QUARTERS,), np.ones((3, 2))))
        orders = exchanged(
            revenue, ("north", "south"), Exchange("customers", {"north": (1, 20_000), "south": (3, 100_000)})
        )

        assert (orders["north"].amount, orders["south"].amount) == (34, 10)
        assert cascade(orders["north"]).amounts.sum(axis=1).tolist() == [34, 17, 17]
        assert cascade(orders["south"]).leaves.sum() == 10

    def test_a_scope_without_a_rate_is_refused(self):
        revenue = cascade(Order(10, ORG, (), np.ones((3, 1))))
        with pytest.raises(NoRate, match="south"):
            exchanged(revenue, ("south",), Exchange("customers", {}))
