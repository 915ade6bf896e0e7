"""The grid says how the parts of a target stand against the whole, and leaves out who has no targets."""

from datetime import date
from decimal import Decimal

import pytest

from dabiao.core.calendars import fiscal
from dabiao.engine.promise import Levels, Part
from dabiao.org.actions.units import add_unit
from dabiao.org.queries import Scope
from dabiao.targets import actions
from dabiao.targets.actions import Slot
from dabiao.targets.queries.balance import Balance
from dabiao.targets.queries.grid import GridRequest, grid


@pytest.fixture
def put(company, at, on):
    def put(key, value, month=3, part=("", "")):
        window = date(2026, month, 1), date(2026, month + 1, 1)
        kind = "person" if key.startswith("P0") else "unit"
        slot = Slot(Scope(kind, key), "sales_amount", *window, Part(*part))
        actions.set_target(slot, Levels(target=Decimal(value)), by=company.otto, at=at, on=on)

    return put


@pytest.fixture
def shown(company, on):
    """`shown("east")` → the grid of a unit's sales, by month."""

    def shown(key, *, by="otto", period="2026-03", part=("", ""), metric="sales_amount"):
        asked = GridRequest(Scope("unit", key), fiscal().parse(period), metric, part=Part(*part))
        return grid(company.users[by], asked, fiscal=fiscal(), on=on)

    return shown


def column(shown, label):
    return shown.balance[[period.label for period in shown.periods].index(label)]


class TestBalance:
    def test_says_what_the_parts_sum_to_and_what_is_left(self, put, shown):
        put("east", "100.5")
        put("shanghai", "60.2")
        put("nanjing", "30.1")
        put("P02", "10")
        assert column(shown("east"), "2026-03") == Balance(Decimal("100.3"), Decimal("0.2"))
        assert column(shown("east"), "2026-03").tone == "open"

    def test_of_no_target_is_nothing_and_not_zero(self, put, shown):
        put("east", "100")
        assert column(shown("east"), "2026-03") == Balance(None, Decimal(100))
        assert column(shown("east"), "2026-04") == Balance(None, None, follows=True)

    def test_has_nothing_left_of_a_whole_that_follows_from_its_parts(self, put, shown):
        put("shanghai", "60")
        assert column(shown("east"), "2026-03") == Balance(Decimal(60), None, follows=True)

    def test_of_a_whole_set_by_parts_of_a_dimension_is_of_its_own(self, put, shown):
        put("east", "100", part=("product_line", "X"))
        put("shanghai", "130")
        found = column(shown("east"), "2026-03")
        assert found == Balance(Decimal(130), Decimal(-30))
        assert found.tone == "over"
        assert column(shown("east", part=("product_line", "X")), "2026-03") == Balance(None, Decimal(100))

    def test_counts_of_whoever_moved_only_their_time_here(self, put, shown):
        """Max left Shanghai at the end of January: what he promised Chengdu is none of Shanghai's."""
        put("shanghai", "100", month=1)
        put("P06", "30", month=1)
        put("P06", "50", month=2)
        found = shown("shanghai")
        assert column(found, "2026") == Balance(Decimal(30), Decimal(70))
        assert column(found, "2026-02") == Balance(None, None, follows=True)
        max_ = next(row for row in found.rows if row.key == "P06")
        assert [cell.counted_apart for cell in max_.cells[:3]] == ["30", None, ""]

    def test_of_a_window_that_is_hidden_counts_the_part_that_is_not(self, put, shown):
        put("shanghai", "100", month=1)
        put("P06", "30", month=1)
        put("P06", "50", month=2)
        found = shown("shanghai", by="sam")
        max_ = next(row for row in found.rows if row.key == "P06")
        assert max_.cells[0].shown is None
        assert column(found, "2026") == Balance(Decimal(30), Decimal(70))

    def test_takes_less_than_a_cent_for_nothing(self, put, shown):
        """Three sevenths of a week's days are no decimal: the parts of a week differ by a ten-thousandth."""
        put("east", "100")
        put("shanghai", "33.33")
        put("nanjing", "66.67")
        weeks = shown("east", period="2026-W10")
        assert any(cell.shown != round(cell.shown, 2) for cell in weeks.rows[0].cells if cell.shown)
        assert {each.left for each in weeks.balance if each.left is not None} == {Decimal(0)}
        assert weeks.uneven == 0

    def test_is_none_of_ratios_and_of_people(self, shown, company, on):
        assert shown("east", metric="collection_rate").balance == ()
        asked = GridRequest(Scope("person", "P04"), fiscal().parse("2026-03"), "sales_amount")
        assert grid(company.otto, asked, fiscal=fiscal(), on=on).balance == ()


class TestFolded:
    @pytest.fixture
    def books(self, company, at):
        add_unit(key="books", name="财务部", kind="staff", parent="company", by=company.ada, at=at)

    def folded(self, shown):
        return {row.key for row in shown.rows if row.folded}

    def test_are_units_that_sell_nothing_beside_some_that_do(self, books, put, shown):
        put("east", "5")
        found = shown("company")
        assert self.folded(found) == {"books"}
        assert found.rows[-1].key == "books"
        assert self.folded(shown("company", metric="visits")) == {"books"}

    def test_are_none_where_the_whole_alone_has_a_target(self, books, put, shown):
        put("company", "5")
        assert self.folded(shown("company")) == set()

    def test_are_none_with_a_target_below(self, books, put, shown, company, at):
        add_unit(key="shop", name="门店", kind="shop", parent="books", by=company.ada, at=at)
        put("east", "5")
        put("shop", "5")
        assert self.folded(shown("company")) == set()


class TestColumn:
    @pytest.mark.parametrize(
        ("asked", "here"),
        [
            ("2026-05", "2026-05"),
            ("2026", "2026-03"),
            ("2026-Q1", "2026-03"),
            ("2026-Q3", "2026-07"),
            ("2026-W12", "2026-W12"),
        ],
    )
    def test_to_begin_with_is_the_one_asked_for_or_todays(self, shown, asked, here):
        assert shown("east", period=asked).here.label == here


class TestFigures:
    def test_that_follow_are_written_as_people_write_them_and_exactly_where_one_edits(self, as_, put):
        put("east", "1000000")
        page = as_("otto").get("/targets/?scope=east&period=2026-W10").content.decode()
        assert ">227,273<" in page
        assert 'data-exact="227272.7273"' in page
