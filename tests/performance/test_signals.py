"""Signals: what asks for attention, and from where on it does."""

from datetime import date
from decimal import Decimal

import pytest

from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org.queries import Scope
from dabiao.performance.queries import cockpit
from dabiao.targets.models import Target
from dabiao.ui.address import fiscal
from tests.performance.facts import load

JANUARY, FEBRUARY = date(2026, 1, 12), date(2026, 2, 12)


def visits(**each):
    """So many visits of P04 in each month."""
    lines = [
        f"{month}{n} P04 visit {day}T09:00:00" for month, (day, many) in each.items() for n in range(many)
    ]
    return "\n".join(["key person kind started_at", *lines])


def signals(company, before, after):
    """The signals of P04's February, from (visits, amount sold) of January and February."""
    load(
        activities=visits(jan=(JANUARY, before[0]), feb=(FEBRUARY, after[0])),
        order_lines=f"key person ordered_on amount\nA P04 {JANUARY} {before[1]}\nB P04 {FEBRUARY} {after[1]}",
    )
    february = fiscal().parse("2026-02")
    frame = frame_of(
        reading.current(),
        viewer=company.ada,
        scope=Scope("person", "P04"),
        period=february,
        today=date(2026, 3, 16),
        language="en",
    )
    return cockpit.cockpit(frame).signals


def parted(company, before, after):
    return [each for each in signals(company, before, after) if each.kind == "divergence"]


@pytest.fixture
def aim(company, at):
    """Sets P04's target of a metric for February."""

    def to(metric, target):
        Target.objects.create(
            scope_kind="person", person=company.people["P04"], metric=metric, target=Decimal(target),
            starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1), changed_at=at,
        )  # fmt: skip

    return to


class TestOffTarget:
    @pytest.mark.parametrize(
        ("case", "sold", "said"),
        [
            ("far below", 500, ("off_target", "red", -0.5)),
            ("below by more than a tenth", 850, ("off_target", "amber", -0.15)),
            ("far above asks for an explanation too", 1500, ("beyond", "green", 0.5)),
        ],
    )
    def test_is_said_beyond_a_tenth_either_way(self, company, aim, case, sold, said):
        aim("sales_amount", 1000)

        (signal,) = (each for each in signals(company, (5, 1000), (5, sold)) if each.label == "Sales")
        assert (signal.kind, signal.light, signal.deviation) == (*said[:2], pytest.approx(said[2])), case

    @pytest.mark.parametrize("sold", [920, 1000, 1080])
    def test_is_not_said_within(self, company, aim, sold):
        aim("sales_amount", 1000)

        assert not [each for each in signals(company, (5, 1000), (5, sold)) if each.label == "Sales"]

    def test_the_worst_light_stands_first(self, company, aim):
        aim("visits", 3)
        aim("sales_amount", 1000)

        found = [each.light for each in signals(company, (5, 1000), (5, 500))]
        assert found[0] == "red" and found == sorted(found, key=("red", "amber", "green").index)
        assert "green" in found


class TestJump:
    @pytest.mark.parametrize(
        ("case", "before", "after", "kinds"),
        [
            ("two fifths more than the period before", 10, 14, ["jump"]),
            ("two fifths less", 10, 6, ["jump"]),
            ("three tenths are none yet", 10, 13, []),
        ],
    )
    def test_is_said_where_no_target_says_how_much_it_should_be(self, company, case, before, after, kinds):
        found = signals(company, (before, 1000), (after, 1000))

        assert [each.kind for each in found if each.label == "Visits"] == kinds, case


class TestParting:
    @pytest.mark.parametrize(
        ("case", "before", "after"),
        [
            ("a twentieth more visits, a twentieth less sold", (20, 2000), (21, 1900)),
            ("far more visits, far less sold", (10, 2000), (20, 500)),
        ],
    )
    def test_is_said_from_a_twentieth_each_on(self, company, case, before, after):
        (signal,) = parted(company, before, after)

        assert signal.label == "Visits", case
        assert signal.deviation == pytest.approx(after[0] / before[0] - 1)
        assert signal.other_change == pytest.approx(after[1] / before[1] - 1)

    @pytest.mark.parametrize(
        ("case", "before", "after"),
        [
            ("hardly more visits", (40, 2000), (41, 1900)),
            ("hardly less sold", (20, 2000), (21, 1901)),
            ("more of both", (20, 2000), (21, 2100)),
            ("less of both", (21, 2000), (20, 1900)),
        ],
    )
    def test_is_not_said_below(self, company, case, before, after):
        assert parted(company, before, after) == [], case
