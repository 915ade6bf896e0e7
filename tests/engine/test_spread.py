"""Figures of a stretch of time, prorated: parts add up to the cent, and what is not covered is unknown."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine.measure import measure
from dabiao.engine.message import Words
from dabiao.engine.metric import Measure, Source, rollable
from dabiao.engine.row import Condition, Terms
from dabiao.engine.spread import Spread, spread

HOW = Spread(until="ends_on", columns=("size",), about=("segment",))
SOURCE = Source("market", "period", spread=HOW)
SIZE = Measure(
    key="size",
    label=Words("Size", "规模"),
    kind="result",
    unit="money",
    source=SOURCE,
    how="sum",
    of=Terms(("size",)),
)
NEW_YEAR = date(2026, 1, 1)
FIGURES = pa.schema(
    [
        ("segment", pa.string()),
        ("period", pa.date32()),
        ("ends_on", pa.date32()),
        ("size", pa.decimal128(18, 4)),
        ("source", pa.string()),
    ]
)


def figures(text):
    """`segment period ends_on size [source]` lines; - is nothing."""
    rows = []
    for line in text.strip().splitlines():
        cells = [None if word == "-" else word for word in line.split()]
        segment, start, end, size, source = [*cells, "a"][:5]
        rows.append(
            {
                "segment": segment,
                "period": date.fromisoformat(start),
                "ends_on": date.fromisoformat(end) if end else None,
                "size": Decimal(size) if size else None,
                "source": source,
            }
        )
    return ibis.memtable(pa.Table.from_pylist(rows, schema=FIGURES))


def windows(**spans):
    """name=(first day, day after)."""
    rows = [
        {"window": name, "day": start + timedelta(days=n)}
        for name, (start, end) in spans.items()
        for n in range((end - start).days)
    ]
    return ibis.memtable(
        pa.Table.from_pylist(rows, pa.schema([("window", pa.string()), ("day", pa.date32())]))
    )


def sizes(table, spans, *, by=("window",), metric=SIZE):
    placed = table.mutate(day=table.period)
    asked = measure([metric], {SOURCE: spread(placed, spans, HOW, on="period", by=by)}, by=list(by))
    rows = ibis.duckdb.connect().to_pyarrow(asked).to_pylist()
    return {tuple(row[name] for name in by): row["size"] for row in rows}


def months(*numbers):
    return {f"m{n}": (date(2026, n, 1), date(2026 + n // 12, n % 12 + 1, 1)) for n in numbers}


QUARTER = "pumps 2026-01-01 2026-04-01 9000000"
Q1 = {"q": (NEW_YEAR, date(2026, 4, 1))}


class TestPartsOfAFigure:
    def test_are_of_its_days_and_add_up_to_it(self):
        found = sizes(figures(QUARTER), windows(**months(1, 2, 3), **Q1))

        assert found == {("m1",): 3_100_000, ("m2",): 2_800_000, ("m3",): 3_100_000, ("q",): 9_000_000}

    @given(
        size=st.decimals(min_value=0, max_value=10**11, places=4),
        start=st.integers(0, 40),
        days=st.integers(1, 400),
        cuts=st.sets(st.integers(1, 399)),
    )
    @settings(max_examples=60, deadline=None)
    def test_of_any_tiling_add_up_to_the_cent_and_each_is_near_its_share(self, size, start, days, cuts):
        first = NEW_YEAR + timedelta(days=start)
        edges = [0, *sorted(cut for cut in cuts if cut < days), days]
        spans = {f"w{a}": (first + timedelta(days=a), first + timedelta(days=b)) for a, b in pairwise(edges)}
        found = sizes(figures(f"pumps {first} {first + timedelta(days=days)} {size}"), windows(**spans))

        assert sum(found.values()) == size
        for (name,), part in found.items():
            exact = Fraction(size) * (spans[name][1] - spans[name][0]).days / days
            assert abs(Fraction(part) - exact) <= Fraction(2, 100)

    def test_by_day_add_up_too(self):
        found = sizes(figures("pumps 2026-01-01 2026-04-01 100"), windows(**Q1), by=("window", "day"))

        assert (len(found), sum(found.values())) == (90, 100)
        assert {part for part in found.values()} == {Decimal("1.11"), Decimal("1.12")}

    def test_of_huge_figures_are_exact(self):
        found = sizes(figures("pumps 2026-01-01 2026-04-01 99999999999.99"), windows(**months(1, 2, 3)))

        assert sum(found.values()) == Decimal("99999999999.99")
        assert found["m1",] == Decimal("34444444444.44")


class TestAWindowWithADayThatNoFigureCovers:
    @pytest.mark.parametrize(
        ("case", "rows"),
        [
            ("it begins before the figure", "pumps 2026-01-02 2026-04-01 90"),
            ("it ends after", "pumps 2026-01-01 2026-03-31 90"),
            ("a hole between two", "pumps 2026-01-01 2026-02-01 31\npumps 2026-02-02 2026-04-01 58"),
            ("one segment of two", QUARTER + "\nvalves 2026-01-01 2026-02-15 45"),
            ("a segment whose figures lie elsewhere", QUARTER + "\nvalves 2025-01-01 2026-01-01 365"),
            ("a figure without an end", QUARTER + "\nvalves 2026-01-01 - 90"),
            ("a figure without a size", QUARTER + "\nvalves 2026-01-01 2026-04-01 -"),
            ("figures that overlap", QUARTER + "\npumps 2026-02-01 2026-03-01 28"),
        ],
    )
    def test_has_no_size(self, case, rows):
        assert sizes(figures(rows), windows(**Q1), by=()) == {(): None}, case

    def test_and_each_segment_is_told_by_itself(self):
        rows = QUARTER + "\nvalves 2026-01-01 2026-02-15 45"
        found = sizes(figures(rows), windows(**Q1, **months(1)), by=("window", "segment"))

        assert found == {
            ("q", "pumps"): 9_000_000,
            ("q", "valves"): None,
            ("m1", "pumps"): 3_100_000,
            ("m1", "valves"): 31,
        }

    def test_is_no_row_where_nothing_is_told_of_it(self):
        assert sizes(figures(QUARTER), windows(**months(7))) == {}
        assert sizes(figures(QUARTER), windows(**months(7)), by=()) == {(): None}

    def test_is_told_of_the_rows_that_meet_the_conditions(self):
        only = Measure(**{**vars(SIZE), "where": (Condition("segment", "one_of", ("pumps",)),)})
        rows = QUARTER + "\nvalves 2026-01-01 2026-02-15 45"

        assert sizes(figures(rows), windows(**Q1), by=(), metric=only) == {(): 9_000_000}


class TestFiguresOfSeveralStretches:
    def test_tile_a_window(self):
        rows = "pumps 2026-01-01 2026-02-01 31\npumps 2026-02-01 2026-07-01 150\nvalves 2025-07-01 2027-07-01 730"
        found = sizes(figures(rows), windows(**Q1))

        assert found["q",] == 31 + 59 + 90

    def test_without_the_window_asked_for_cover_all_windows_together(self):
        both = windows(**months(1), **months(2))

        assert sizes(figures(QUARTER), both, by=()) == {(): 5_900_000}
        assert sizes(figures("pumps 2026-01-01 2026-02-01 31"), both, by=()) == {(): None}

    def test_are_never_rolled_up_by_day(self):
        assert not rollable(SIZE)
