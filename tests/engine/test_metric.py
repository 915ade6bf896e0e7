"""`measure` and `roll_up` against plain Python over rows with holes in them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from statistics import median

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.engine.measure import (
    CannotMeasure,
    MixedCurrencies,
    first_shown,
    measure,
    members_of,
    roll_up,
    roll_up_further,
)
from dabiao.engine.metric import (
    Measure,
    Ratio,
    Share,
    Side,
    Source,
    Words,
    adds_up,
    default_decimals,
    is_flow,
    rollable,
    sides_of,
    sources_of,
)
from dabiao.engine.number import MONEY, RATE
from dabiao.engine.row import Between, Condition, Points, Same, Terms, Together

DUCKDB = ibis.duckdb.connect()
SALES = Source("order_lines", "ordered_on", "record")
VISITS = Source("activities", "started_at")
SCHEMA = {
    "region": "string",
    "person": "string",
    "kind": "string",
    "amount": MONEY,
    "cost": MONEY,
    "pieces": "int64",
    "ordered_on": "date",
    "shipped_on": "date",
    "asked_at": "timestamp(6)",
    "answered_at": "timestamp(6)",
    "currency": "string",
    "original_amount": MONEY,
}


def a_measure(key, how, of=None, *, source=SALES, where=(), unit="money"):
    of = Terms((of,)) if isinstance(of, str) else of
    return Measure(
        key=key, label=Words(key, key), kind="result", unit=unit, source=source, how=how, of=of, where=where
    )


def a_ratio(part, whole, key="rate"):
    return Ratio(key=key, label=Words(key, key), kind="result", unit="ratio", part=part, whole=whole)


def table(rows, schema=SCHEMA):
    return ibis.memtable(pa.Table.from_pylist(list(rows), schema=ibis.schema(schema).to_pyarrow()))


def told(source, *windows):
    """That the facts of a source reach into these windows, or into the one that there is."""
    rows = [{"source": source.name, "window": window} for window in windows or ["now"]]
    return table(rows, {"source": "string", "window": "string"})


def run(expression, *order):
    rows = DUCKDB.to_pyarrow(expression).to_pylist()
    return sorted(rows, key=lambda row: tuple((row[name] is None, str(row[name])) for name in order))


NEW = Condition("kind", "one_of", ("new",))
GROSS = Terms(("amount",), ("cost",))
ADDED = [
    a_measure("sales", "sum", "amount"),
    a_measure("new_sales", "sum", "amount", where=(NEW,)),
    a_measure("gross_profit", "sum", GROSS),
    a_measure("pieces", "sum", "pieces", unit="quantity"),
    a_measure("lines", "count", unit="count"),
    a_measure("new_lines", "count", where=(NEW,), unit="count"),
    a_measure("line_mean", "mean", "amount"),
    a_measure("new_mean", "mean", "amount", where=(NEW,)),
    a_measure("smallest", "min", "amount", where=(NEW,)),
    a_measure("largest", "max", "amount"),
]
FROM_FACTS = [
    a_measure("kinds", "distinct", "kind", unit="count"),
    a_measure("line_median", "median", "amount"),
    a_measure("days", "median", Between("ordered_on", "shipped_on"), unit="days"),
]
RATIOS = [a_ratio(ADDED[2], ADDED[0], "margin"), a_ratio(ADDED[1], ADDED[5], "per_new_line")]

SIDES = [side for mean in ADDED if mean.how == "mean" for side in sides_of(mean)]

AMOUNTS = st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=4))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "region": st.sampled_from([None, "east", "west"]),
            "person": st.sampled_from([None, "p1", "p2"]),
            "kind": st.sampled_from([None, "new", "renewal"]),
            "amount": AMOUNTS,
            "cost": AMOUNTS,
            "pieces": st.one_of(st.none(), st.integers(-(10**6), 10**6)),
            "ordered_on": st.one_of(st.none(), st.dates(date(2017, 1, 1), date(2017, 12, 31))),
            "shipped_on": st.one_of(st.none(), st.dates(date(2017, 1, 1), date(2018, 12, 31))),
            "credit_share": st.decimals(0, 1, places=6),
        }
    ),
    max_size=14,
)
BY = st.sampled_from([[], ["region"], ["region", "person"], ["person", "kind"]])


def naive(each: Measure, rows: list[dict], *, weigh: bool) -> object:
    """What a measure is, said once more without Ibis: exact sums as Fraction, null where nothing is known."""
    rows = [row for row in rows if all(row[test.column] in test.values for test in each.where)]
    value = _reader(each)
    met = [(value(row), Fraction(row["credit_share"]) if weigh else Fraction(1)) for row in rows]
    known = [(Fraction(got), weight) for got, weight in met if got is not None and each.how != "distinct"]
    if each.how == "count":
        return sum((weight for _, weight in met), Fraction(0))
    if each.how == "distinct":
        return len({got for got, _ in met} - {None})
    if not known:
        return Fraction(0) if each.how == "sum" and not met else None
    total, whole = sum(got * weight for got, weight in known), sum(weight for _, weight in known)
    return {
        "sum": total,
        "mean": total / whole if whole else None,
        "median": median(got for got, _ in known),
        "min": min(got for got, _ in known),
        "max": max(got for got, _ in known),
    }[each.how]


def naive_side(side: Side, rows: list[dict], *, weigh: bool) -> object:
    """The sum of what is known, or how many are known; no sum where nothing is."""
    value = _reader(side.of)
    met = [row for row in rows if all(row[test.column] in test.values for test in side.of.where)]
    known = [
        (Fraction(got), Fraction(row["credit_share"]) if weigh else Fraction(1))
        for row in met
        if (got := value(row)) is not None
    ]
    if side.side == "count":
        return sum((weight for _, weight in known), Fraction(0))
    return sum((got * weight for got, weight in known), Fraction(0)) if known else None


def _reader(each: Measure) -> Callable[[dict], object]:
    if each.of == GROSS:
        return lambda row: None if None in (row["amount"], row["cost"]) else row["amount"] - row["cost"]
    if isinstance(each.of, Between):
        return lambda row: (
            None
            if None in (row["ordered_on"], row["shipped_on"])
            else (row["shipped_on"] - row["ordered_on"]).days
        )
    return lambda row: row[each.of.columns[0]] if each.of else 1


def naive_table(metrics, rows, by, *, weigh):
    def key(row):
        return tuple((row[name] is None, row[name] or "") for name in by)

    cells = [list(cell) for _, cell in groupby(sorted(rows, key=key), key=key)] if by else [rows]
    for cell in cells:
        out = {name: cell[0][name] for name in by}
        for metric in metrics:
            if isinstance(metric, Ratio):
                part = naive(metric.part, cell, weigh=weigh) if cell else None
                whole = naive(metric.whole, cell, weigh=weigh) if cell else None
                out[metric.key] = None if part is None or not whole else part / whole
            elif isinstance(metric, Side):
                out[metric.key] = naive_side(metric, cell, weigh=weigh)
            else:
                out[metric.key] = naive(metric, cell, weigh=weigh) if cell else None
        yield out


def agree(got, wanted, metrics):
    assert len(got) == len(wanted)
    for row, oracle in zip(got, wanted, strict=True):
        for metric in metrics:
            value, right = row[metric.key], oracle[metric.key]
            exact = isinstance(metric, Side) or (
                isinstance(metric, Measure) and metric.how not in {"mean", "median"}
            )
            if right is None or exact:
                assert value == right, (metric.key, row)
            else:
                assert value == pytest.approx(float(right), rel=1e-9, abs=1e-9), (metric.key, row)


@settings(max_examples=60, deadline=None)
@given(ROWS, BY, st.booleans())
def test_measure_agrees_with_plain_python(rows, by, weigh):
    metrics = [*ADDED, *FROM_FACTS, *RATIOS, *SIDES]
    schema = {**SCHEMA, "credit_share": RATE} if weigh else SCHEMA

    got = run(measure(metrics, {SALES: table(rows, schema)}, by=by), *by)

    agree(got, sorted(naive_table(metrics, rows, by, weigh=weigh), key=lambda row: _order(row, by)), metrics)


def _order(row, by):
    return tuple((row[name] is None, str(row[name])) for name in by)


@settings(max_examples=60, deadline=None)
@given(
    ROWS,
    BY,
    st.sampled_from([["region", "person", "kind"], ["region", "person", "kind", "ordered_on"]]),
    st.booleans(),
)
def test_a_roll_up_gives_the_same_numbers_as_the_facts(rows, by, grain, weigh):
    metrics = [*ADDED, *RATIOS, *SIDES]
    facts = table(rows, {**SCHEMA, "credit_share": RATE} if weigh else SCHEMA)

    def from_cells(cells):
        return run(measure(metrics, {SALES: cells}, by=by, rolled=[SALES], told=told(SALES)), *by)

    from_facts = run(measure(metrics, {SALES: facts}, by=by, told=told(SALES)), *by)
    cells = roll_up(ADDED, facts, by=grain)

    assert from_cells(cells) == from_facts
    assert from_cells(roll_up_further(ADDED, cells, by=["region", "person", "kind"])) == from_facts


@settings(max_examples=40, deadline=None)
@given(ROWS, BY, st.booleans())
def test_members_give_the_same_distinct_counts_as_the_facts(rows, by, weigh):
    metrics = [
        FROM_FACTS[0],
        a_measure("new_pieces", "distinct", "pieces", where=(NEW,), unit="count"),
        ADDED[0],
    ]
    facts = table(rows, {**SCHEMA, "credit_share": RATE} if weigh else SCHEMA)
    grain = ["region", "person", "kind"]
    listed = {each.key: members_of(each, facts, by=grain) for each in metrics[:2]}

    from_facts = run(measure(metrics, {SALES: facts}, by=by, told=told(SALES)), *by)
    from_members = run(measure(metrics, {SALES: facts}, by=by, members=listed, told=told(SALES)), *by)
    alone = run(measure(metrics[:2], {}, by=by, members=listed), *by)

    assert from_members == from_facts
    assert alone == run(measure(metrics[:2], {SALES: facts}, by=by), *by)


def test_a_distinct_count_from_members_counts_each_once_however_they_are_grouped():
    kinds = FROM_FACTS[0]
    facts = [
        {"region": region, "kind": kind} for region in ("east", "west") for kind in ("new", "renewal", None)
    ]
    members = {kinds.key: members_of(kinds, table(facts), by=["region"])}

    assert run(measure([kinds], {}, by=[], members=members)) == [{"kinds": 2}]


def test_what_only_several_columns_tell_apart_is_counted_by_all_of_them():
    """Two regions that number alike, a kind that is missing, a row without a number: four different ones."""
    numbered = replace(FROM_FACTS[0], key="numbered", of=Together(("region", "kind", "person")))
    rows = [
        {"region": region, "kind": kind, "person": person}
        for region, kind, person in [
            ("east", "new", "1"),
            ("east", "new", "1"),
            ("west", "new", "1"),
            ("east", None, "1"),
            ("east", "new", None),
            ("eas", "tnew", "1"),
        ]
    ]
    facts = table(rows)
    members = {numbered.key: members_of(numbered, facts, by=[])}

    assert run(measure([numbered], {SALES: facts}, by=[])) == [{"numbered": 4}]
    assert run(measure([numbered], {}, by=[], members=members)) == [{"numbered": 4}]


@settings(max_examples=40, deadline=None)
@given(ROWS, BY)
def test_parts_sum_to_the_whole_with_missing_dimensions(rows, by):
    metrics = [each for each in ADDED if each.additive]
    facts = table(rows, {**SCHEMA, "credit_share": RATE})

    (whole,) = run(measure(metrics, {SALES: facts}, by=[]))
    parts = run(measure(metrics, {SALES: facts}, by=by))

    for metric in metrics:
        known = [part[metric.key] for part in parts if part[metric.key] is not None]
        assert sum(known) == (whole[metric.key] or 0), metric.key


def test_a_distinct_count_in_parts_that_add_up_counts_each_where_it_first_showed():
    rows = [
        ("now", 2, "b", "p1", "c1"), ("now", 1, "z", "p2", "c1"), ("now", 3, "d", "p1", "c2"), ("now", 3, "e", "p2", "c2"),
        ("now", 4, "f", "p1", None), ("then", 5, "g", "p1", "c1"), ("now", 6, "h", None, "c3"),
    ]  # fmt: skip
    columns = {"window": "string", "day": "date", "key": "string", "person": "string", "kind": "string"}
    facts = table(
        [
            {"window": w, "day": date(2026, 1, day), "key": key, "source": "s", "person": who, "kind": what}
            for w, day, key, who, what in rows
        ],
        {**columns, "source": "string"},
    )
    kinds = a_measure("kinds", "distinct", "kind", unit="count")

    parts = run(first_shown(kinds, facts, by=["person"]), "window", "person")

    assert [(row["window"], row["person"], row["kinds"]) for row in parts] == [
        ("now", "p1", 1), ("now", "p2", 1), ("now", None, 1), ("then", "p1", 1),
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(ROWS, ROWS, BY)
def test_facts_of_one_table_never_multiply_those_of_another(orders, visits, by):
    sold = a_measure("sales", "sum", "amount")
    seen = a_measure("seen", "count", source=VISITS, unit="count")

    both = run(measure([sold, seen], {SALES: table(orders), VISITS: table(visits)}, by=by), *by)
    only_sold = {_order(row, by): row["sales"] for row in run(measure([sold], {SALES: table(orders)}, by=by))}
    only_seen = {_order(row, by): row["seen"] for row in run(measure([seen], {VISITS: table(visits)}, by=by))}

    assert {_order(row, by) for row in both} == only_sold.keys() | only_seen.keys()
    for row in both:
        assert row["sales"] == only_sold.get(_order(row, by))
        assert row["seen"] == only_seen.get(_order(row, by))


class TestZeroAndNoData:
    SOLD = a_measure("sales", "sum", "amount")
    SEEN = a_measure("seen", "count", source=VISITS, unit="count")
    LONGEST = a_measure("longest", "max", "pieces", source=VISITS, unit="minutes")
    ORDERS = ({"person": "p1", "amount": Decimal(5)}, {"person": "p2"})

    def cells(self, visits, **options):
        sources = {SALES: table(self.ORDERS), VISITS: table(visits)}
        metrics = [self.SOLD, self.SEEN, self.LONGEST, a_ratio(self.SOLD, self.SEEN)]
        return run(measure(metrics, sources, by=["person"], **options), "person")

    def test_a_table_without_facts_is_no_data(self):
        assert [row["seen"] for row in self.cells([])] == [None, None]

    def test_a_member_without_facts_in_a_table_that_has_some_is_zero(self):
        p1, p2 = self.cells([{"person": "p1", "pieces": 3}], told=told(VISITS))

        assert (p1["seen"], p2["seen"]) == (1, 0)
        assert (p1["longest"], p2["longest"]) == (3, None)
        assert (p1["rate"], p2["rate"]) == (5.0, None)

    def test_facts_that_meet_no_condition_are_zero_and_one_that_does_without_a_value_is_not(self):
        new = a_measure("new", "sum", "amount", where=(NEW,))
        facts = [
            {"person": "p1", "kind": "renewal", "amount": Decimal(5)},
            {"person": "p2", "kind": "new"},
            {"person": "p3", "kind": "new", "amount": Decimal(7)},
        ]

        cells = run(measure([new], {SALES: table(facts)}, by=["person"]), "person")
        assert [row["new"] for row in cells] == [0, None, 7]

    def test_a_mean_is_of_the_facts_that_have_a_value(self):
        mean, of_new = ADDED[6], ADDED[7]
        facts = [{"kind": "new", "amount": Decimal(5)}, {"kind": "new"}, {"amount": Decimal(7)}, {}]

        assert run(measure([mean, of_new], {SALES: table(facts)}, by=[])) == [{"line_mean": 6, "new_mean": 5}]

    def test_a_fact_without_a_value_is_not_zero(self):
        assert [row["sales"] for row in self.cells([], told=told(SALES))] == [Decimal(5), None]

    def test_the_whole_of_nothing_is_one_row(self):
        metrics = [self.SEEN, self.LONGEST]

        assert run(measure(metrics, {VISITS: table([])}, by=[])) == [{"seen": None, "longest": None}]
        assert run(measure(metrics, {VISITS: table([])}, by=[], told=told(VISITS))) == [
            {"seen": 0, "longest": None}
        ]


def test_shared_credit_weighs_sums_counts_and_means():
    """A quarter of an order of 100 and the whole of one of 25: 50 in sum, 1.25 orders, 40 on average."""
    facts = [
        {"amount": Decimal(100), "kind": "new", "credit_share": Decimal("0.25")},
        {"amount": Decimal(25), "kind": "new", "credit_share": Decimal(1)},
    ]
    sources = {SALES: table(facts, {**SCHEMA, "credit_share": RATE})}
    metrics = [ADDED[0], ADDED[1], ADDED[4], ADDED[5], ADDED[6]]

    assert run(measure(metrics, sources, by=[])) == [
        {
            "sales": 50,
            "new_sales": 50,
            "lines": Decimal("1.25"),
            "new_lines": Decimal("1.25"),
            "line_mean": 40,
        }
    ]


class TestShare:
    ROWS = (
        {"region": "east", "person": "p1", "amount": Decimal(30)},
        {"region": "east", "person": "p2", "amount": Decimal(10)},
        {"region": "west", "person": "p3", "amount": Decimal(60)},
        {"region": "west", "person": None, "amount": None},
    )
    SHARE = Share(
        key="part",
        label=Words("Share", "占比"),
        kind="result",
        unit="ratio",
        of=a_measure("sales", "sum", "amount"),
    )

    @pytest.mark.parametrize(
        ("case", "within", "by", "parts"),
        [
            ("the parent drops the last dimension", None, ["region", "person"], [0.75, 0.25, 1.0, None]),
            ("of everything", (), ["region", "person"], [0.3, 0.1, 0.6, None]),
            ("the parent is named", ("region",), ["region", "person"], [0.75, 0.25, 1.0, None]),
            ("alone, everybody is the whole", None, [], [1.0]),
        ],
    )
    def test_is_a_cell_over_its_parent(self, case, within, by, parts):
        share = replace(self.SHARE, within=within)

        got = run(measure([share], {SALES: table(self.ROWS)}, by=by), *by)

        assert [row["part"] for row in got] == parts, case

    def test_refuses_a_parent_that_is_not_there(self):
        with pytest.raises(CannotMeasure, match="share within region: group by it too"):
            measure([replace(self.SHARE, within=("region",))], {SALES: table(self.ROWS)}, by=["person"])


class TestConditions:
    ROWS = (
        {
            "person": "a",
            "kind": "new",
            "pieces": 5,
            "ordered_on": date(2017, 1, 5),
            "shipped_on": date(2017, 1, 9),
        },
        {
            "person": "b",
            "kind": "return",
            "pieces": 10,
            "ordered_on": date(2017, 2, 5),
            "shipped_on": date(2017, 2, 5),
        },
        {"person": "c", "kind": None, "pieces": None, "ordered_on": date(2017, 3, 5), "shipped_on": None},
        {"person": "d", "kind": "renewal", "pieces": 11, "ordered_on": None, "shipped_on": date(2017, 1, 1)},
    )

    @pytest.mark.parametrize(
        ("case", "condition", "kept"),
        [
            ("equal", Condition("kind", "one_of", ("new",)), "a"),
            ("in a list", Condition("kind", "one_of", ("new", "return")), "ab"),
            ("not one: the unknown stays", Condition("kind", "none_of", ("return",)), "acd"),
            ("not in a list", Condition("kind", "none_of", ("return", "new")), "cd"),
            ("at least", Condition("pieces", "at_least", (10,)), "bd"),
            ("at most", Condition("pieces", "at_most", (10,)), "ab"),
            ("above", Condition("pieces", "above", (10,)), "d"),
            ("below", Condition("pieces", "below", (10,)), "a"),
            ("before a day", Condition("ordered_on", "below", (date(2017, 2, 5),)), "a"),
            ("unknown", Condition("kind", "is_null"), "c"),
            ("known", Condition("kind", "not_null"), "abd"),
            ("beside another column", Condition("shipped_on", "at_most", (Same("ordered_on"),)), "b"),
            ("days after another column", Condition("shipped_on", "at_most", (Same("ordered_on", 4),)), "ab"),
            ("too few days after it", Condition("shipped_on", "at_most", (Same("ordered_on", 3),)), "b"),
        ],
    )
    def test_keep(self, case, condition, kept):
        counted = a_measure("kept", "count", where=(condition,), unit="count")

        got = run(measure([counted], {SALES: table(self.ROWS)}, by=["person"]), "person")

        assert "".join(row["person"] for row in got if row["kept"]) == kept, case


def test_minutes_between_two_times_are_rounded_whole_ones():
    moment = datetime(2017, 1, 1, 10, 0, 59)
    rows = [
        {"asked_at": moment, "answered_at": datetime(2017, 1, 1, 10, 1, 1)},
        {"asked_at": moment, "answered_at": datetime(2017, 1, 1, 11, 0, 59)},
    ]
    minutes = a_measure("minutes", "sum", Between("asked_at", "answered_at", "minutes"), unit="minutes")

    assert run(measure([minutes], {SALES: table(rows)}, by=[])) == [{"minutes": 60}]


def test_columns_may_be_added():
    rows = [{"amount": Decimal("0.1"), "cost": Decimal("0.2")}]
    both = a_measure("both", "sum", Terms(("amount", "cost")))

    assert run(measure([both], {SALES: table(rows)}, by=[])) == [{"both": Decimal("0.3")}]


def test_a_net_score_is_promoters_less_detractors_over_all_answers():
    rows = [{"pieces": score} for score in (10, 9, 7, 3)]
    promoter, detractor = Condition("pieces", "at_least", (9,)), Condition("pieces", "at_most", (6,))
    nps = a_measure("nps", "mean", Points((promoter,), (detractor,)), unit="ratio")
    liked = a_measure("liked", "sum", Points((promoter,)), unit="count")

    assert run(measure([nps, liked], {SALES: table(rows)}, by=[])) == [{"nps": 0.25, "liked": 2}]
    assert nps.columns == ("pieces",)


class TestRefusals:
    ORIGINAL = a_measure("original", "sum", "original_amount")

    def test_currencies_are_not_added_raw(self):
        with pytest.raises(MixedCurrencies, match=r"original adds original_amount.*or use amount"):
            measure([self.ORIGINAL], {SALES: table([])}, by=["region"])
        with pytest.raises(MixedCurrencies):
            roll_up([self.ORIGINAL], table([]), by=["region"])
        two = replace(self.ORIGINAL, where=(Condition("currency", "one_of", ("USD", "EUR")),))
        with pytest.raises(MixedCurrencies):
            measure([two], {SALES: table([])}, by=[])

    @pytest.mark.parametrize(
        ("case", "metric", "by"),
        [
            ("by currency", ORIGINAL, ["currency"]),
            ("one currency", replace(ORIGINAL, where=(Condition("currency", "one_of", ("USD",)),)), []),
            ("only counted", replace(ORIGINAL, how="distinct"), []),
            ("not money", replace(ORIGINAL, unit="score"), []),
        ],
    )
    def test_unless_they_stay_apart(self, case, metric, by):
        rows = [{"currency": "USD", "original_amount": Decimal(1)}]

        assert len(run(measure([metric], {SALES: table(rows)}, by=by))) == 1, case

    def test_usd_and_eur_stand_in_rows_of_their_own(self):
        rows = [
            {"currency": c, "original_amount": Decimal(n)} for c, n in [("USD", 5), ("EUR", 7), ("USD", 1)]
        ]

        assert run(measure([self.ORIGINAL], {SALES: table(rows)}, by=["currency"]), "currency") == [
            {"currency": "EUR", "original": Decimal(7)},
            {"currency": "USD", "original": Decimal(6)},
        ]

    def test_what_cannot_be_rolled_up(self):
        kinds = FROM_FACTS[0]
        assert not rollable(kinds)
        assert rollable(RATIOS[0])

        with pytest.raises(CannotMeasure, match="kinds is a distinct: it can't be rolled up"):
            roll_up([kinds], table([]), by=[])
        with pytest.raises(CannotMeasure, match="can't come from a roll-up"):
            measure([kinds], {SALES: table([])}, by=[], rolled=[SALES])
        with pytest.raises(CannotMeasure, match="sales is a sum: it has no members"):
            members_of(ADDED[0], table([]), by=[])

    def test_missing_tables_and_dimensions_are_named(self):
        with pytest.raises(
            CannotMeasure, match="no table was given for the source order_lines__ordered_on__record"
        ):
            measure([ADDED[0]], {}, by=[])
        with pytest.raises(CannotMeasure, match="sales: order_lines has no dimension team"):
            measure([ADDED[0]], {SALES: table([])}, by=["team"])
        with pytest.raises(CannotMeasure, match="No metric"):
            measure([], {}, by=[])


def test_what_a_metric_says_about_itself():
    now = Source("opportunities", None)
    assert (now.name, VISITS.name) == ("opportunities__now", "activities__started_at")
    assert sources_of([*RATIOS, a_measure("seen", "count", source=VISITS)]) == (VISITS, SALES)
    assert is_flow(ADDED[0])
    assert not is_flow(RATIOS[0])
    assert not is_flow(a_measure("open", "count", source=now))
    assert replace(ADDED[1], of=GROSS).columns == ("amount", "cost", "kind")
    assert (default_decimals("money"), default_decimals("count")) == (2, 0)


@pytest.mark.parametrize(
    ("case", "metric", "does"),
    [
        ("a sum", ADDED[0], True),
        ("a count", ADDED[4], True),
        ("a mean, by its sum and count", ADDED[6], True),
        ("a ratio of two sums", RATIOS[0], True),
        ("a median", FROM_FACTS[1], False),
        ("a distinct count, of which each counts once", FROM_FACTS[0], True),
        ("an extreme", ADDED[8], False),
        ("a ratio to a distinct count", a_ratio(ADDED[0], FROM_FACTS[0]), False),
        ("a state of now", a_measure("open", "count", source=replace(SALES, on=None)), False),
        (
            "a share",
            Share(key="share", label=Words("", ""), kind="result", unit="ratio", of=ADDED[0]),
            False,
        ),
    ],
)
def test_parts_account_for_what_is_made_of_sums(case, metric, does):
    assert adds_up(metric) is does, case


def test_both_sides_of_a_mean_grow_while_the_period_runs():
    mean = ADDED[6]

    assert [side.key for side in sides_of(mean)] == ["line_mean__sum", "line_mean__count"]
    assert all(is_flow(side) and rollable(side) for side in sides_of(mean))
    assert not is_flow(mean)


def test_values_have_the_type_they_are_declared_to_have():
    """Whoever runs the SQL without Ibis gets no wider integers and no floats for money."""
    connection = ibis.duckdb.connect()
    rows = [{"amount": Decimal(1), "pieces": 2, "credit_share": Decimal("0.5")}]
    plain = connection.create_table("plain", table(rows).to_pyarrow())
    shared = connection.create_table("shared", table(rows, {**SCHEMA, "credit_share": RATE}).to_pyarrow())
    reached = connection.create_table("told", told(SALES).to_pyarrow())

    def kinds(facts):
        wide = measure([*ADDED, *FROM_FACTS, *RATIOS], {SALES: facts}, by=[], told=reached)
        got = connection.con.execute(connection.compile(wide)).to_arrow_table().schema
        return {field.name: str(field.type) for field in got}

    unweighted, weighted = kinds(plain), kinds(shared)
    assert unweighted["sales"] == unweighted["new_sales"] == "decimal128(38, 4)"
    assert weighted["sales"] == "decimal128(38, 10)"
    assert unweighted["pieces"] == unweighted["lines"] == unweighted["kinds"] == "int64"
    assert weighted["pieces"] == weighted["lines"] == "decimal128(38, 6)"
    assert unweighted["margin"] == weighted["line_mean"] == unweighted["days"] == "double"


def test_conditions_name_every_column_they_read():
    assert Condition("a", "at_most", (Same("b"),)).columns == ("a", "b")
    assert Between("a", "b").columns == ("a", "b")
