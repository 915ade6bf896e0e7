"""Signals: what asks for attention, and from where on it does."""

from datetime import date

import pytest

from dabiao.lake import reading
from dabiao.metrics.frame import Frame
from dabiao.org.queries import Scope
from dabiao.performance.queries import cockpit
from dabiao.ui.address import fiscal
from tests.performance.facts import load

JANUARY, FEBRUARY = date(2026, 1, 12), date(2026, 2, 12)


def visits(**each):
    """So many visits of P04 in each month."""
    lines = [
        f"{month}{n} P04 visit {day}T09:00:00" for month, (day, many) in each.items() for n in range(many)
    ]
    return "\n".join(["key person kind started_at", *lines])


def parted(company, before, after):
    """Signals of divergence on P04's February, from (visits, amount sold) of January and February."""
    load(
        activities=visits(jan=(JANUARY, before[0]), feb=(FEBRUARY, after[0])),
        order_lines=f"key person ordered_on amount\nA P04 {JANUARY} {before[1]}\nB P04 {FEBRUARY} {after[1]}",
    )
    february = fiscal().parse("2026-02")
    frame = Frame(reading.current(), company.ada, Scope("person", "P04"), february, date(2026, 3, 16), "en")
    return [each for each in cockpit.cockpit(frame).signals if each.kind == "divergence"]


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
