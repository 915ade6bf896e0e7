"""Which targets make up a period, and what part of them."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dabiao.engine import promise
from dabiao.engine.promise import Levels, Promise, Row


def weekdays(start, end):
    return {day for n in range((end - start).days) if (day := start + timedelta(days=n)).weekday() < 5}


def day(text):
    return date.fromisoformat(text)


def rows(text):
    """`start end target`, one a line."""
    found = []
    for line in text.strip().splitlines():
        start, end, value = line.split()
        found.append(Row(day(start), day(end), Levels(target=Decimal(value))))
    return found


MONTHS = """
2026-01-01 2026-02-01 100
2026-02-01 2026-03-01 110
2026-03-01 2026-04-01 120
"""


@pytest.mark.parametrize(
    ("case", "stored", "start", "end", "target", "derived"),
    [
        ("the period's own target counts as it stands", MONTHS, "2026-02-01", "2026-03-01", "110", False),
        ("targets that tile the period are added", MONTHS, "2026-01-01", "2026-04-01", "330", False),
        (
            "the period's own target wins over its months",
            MONTHS + "2026-01-01 2026-04-01 400",
            "2026-01-01",
            "2026-04-01",
            "400",
            False,
        ),
        (
            "months win over a year that reaches beyond",
            MONTHS + "2026-01-01 2027-01-01 9999",
            "2026-01-01",
            "2026-04-01",
            "330",
            False,
        ),
        # March 2026 has 22 weekdays; the week of the 9th holds the 6th to 10th of them: 54.5455 − 27.2727.
        ("a longer one is prorated by working days", MONTHS, "2026-03-09", "2026-03-16", "27.2728", True),
        # The week of 30 March has 2 of March's 22 weekdays; April has no target.
        ("days without a target add nothing", MONTHS, "2026-03-30", "2026-04-06", "10.9091", True),
        # 23 February to 1 March: 5 of February's 20 weekdays, no weekday of March.
        ("a week across two months takes part of each", MONTHS, "2026-02-23", "2026-03-02", "27.5", True),
        (
            "a drifting quarter counts by its own days",
            "2025-11-30 2026-02-28 65",
            "2025-11-30",
            "2026-02-28",
            "65",
            False,
        ),
        ("zero is a target", "2026-01-01 2026-02-01 0", "2026-01-01", "2026-02-01", "0", False),
    ],
)
def test_promised(case, stored, start, end, target, derived):
    found = promise.promised(rows(stored), day(start), day(end), flow=True, working_days=weekdays)
    assert (found.target, found.derived) == (Decimal(target), derived), case


def test_promised_of_nothing_is_nothing():
    assert (
        promise.promised([], day("2026-01-01"), day("2026-02-01"), flow=True, working_days=weekdays) is None
    )


def test_promised_says_which_days_are_left_out():
    found = promise.promised(
        rows(MONTHS), day("2026-01-01"), day("2026-07-01"), flow=True, working_days=weekdays
    )
    assert found == Promise(Levels(target=Decimal(330)), derived=True, partial=True)


@pytest.mark.parametrize(
    ("case", "stored", "start", "end", "target", "derived"),
    [
        (
            "a ratio holds inside its period",
            "2026-01-01 2027-01-01 0.9",
            "2026-03-01",
            "2026-04-01",
            "0.9",
            False,
        ),
        (
            "equal ratios stay",
            "2026-01-01 2026-02-01 0.9\n2026-02-01 2026-03-01 0.9",
            "2026-01-01",
            "2026-03-01",
            "0.9",
            False,
        ),
        # 22 weekdays in January, 20 in February.
        (
            "different ones are averaged",
            "2026-01-01 2026-02-01 0.8\n2026-02-01 2026-03-01 0.9",
            "2026-01-01",
            "2026-03-01",
            "0.8476",
            True,
        ),
    ],
)
def test_promised_ratio(case, stored, start, end, target, derived):
    found = promise.promised(rows(stored), day(start), day(end), flow=False, working_days=weekdays)
    assert (found.target, found.derived) == (Decimal(target), derived), case


def test_added_levels_are_unknown_where_a_part_is_unknown():
    whole = Levels(Decimal(1), Decimal(2), Decimal(3))
    assert promise.added([whole, Levels(target=Decimal(0))]) == Levels(target=Decimal(2))


def test_prorated_by_calendar_days_where_nobody_works():
    row = Row(day("2026-01-03"), day("2026-01-05"), Levels(target=Decimal(10)))
    assert promise.prorated(row, day("2026-01-04"), day("2026-01-05"), weekdays).target == Decimal(5)


DAYS = st.integers(0, 60).map(lambda n: day("2026-01-01") + timedelta(days=n))
SPANS = st.tuples(DAYS, DAYS).filter(lambda pair: pair[0] != pair[1]).map(sorted)
ROWS = st.lists(SPANS.map(lambda span: Row(span[0], span[1], Levels(target=Decimal(1)))), max_size=6)


@given(ROWS, SPANS)
def test_chain_is_the_best_of_all_chains(stored, window):
    """Oracle: every subset without overlap, scored in plain words."""
    start, end = window
    touching = [row for row in stored if row.start < end and start < row.end]

    def score(chosen):
        covered = sum((min(row.end, end) - max(row.start, start)).days for row in chosen)
        return covered, covered - sum((row.end - row.start).days for row in chosen), -len(chosen)

    def free(chosen):
        ordered = sorted(chosen, key=lambda row: row.start)
        return all(one.end <= other.start for one, other in pairwise(ordered))

    subsets = [[row for n, row in enumerate(touching) if bits >> n & 1] for bits in range(1 << len(touching))]
    best = max(score(chosen) for chosen in subsets if free(chosen))
    found = promise.chain(stored, start, end)
    assert free(found)
    assert score(found) == best


@given(st.decimals(-(10**9), 10**9, places=4), SPANS, st.lists(DAYS, max_size=5))
def test_prorated_parts_sum_to_the_whole(value, span, cuts):
    row = Row(span[0], span[1], Levels(target=value))
    edges = sorted({span[0], span[1], *(cut for cut in cuts if span[0] < cut < span[1])})
    parts = [promise.prorated(row, a, b, weekdays).target for a, b in pairwise(edges)]
    assert sum(parts) == value
