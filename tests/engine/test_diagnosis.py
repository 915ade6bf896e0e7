"""Explanations: the planted cause comes first, quiet months stay quiet, and everything sums up."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from dabiao.core.sentence import say
from dabiao.engine.diagnosis import Before, Candidate, CannotExplain, NoRatio, Settings, explain
from dabiao.engine.diagnosis.cells import lay_out, minor
from dabiao.engine.diagnosis.wording import Names, sentence

DIMENSIONS = ["region", "line", "channel"]
MONTHS = 13
LANGUAGES = ("en", "zh-hans")


def month(period, draw, change=None, *, size=20, rate=0.4):
    """One row a cell: closed deals and how many were won. `change` multiplies the rate where it says so."""
    rows = []
    for region in ("East", "West", "South"):
        for line in ("A", "B"):
            for channel in ("Web", "Fair", "Phone"):
                where = {"region": region, "line": line, "channel": channel}
                own = rate * (change(where) if change and period == MONTHS - 1 else 1.0)
                whole = int(draw.poisson(size))
                rows.append(
                    {
                        "period": period,
                        **where,
                        "part": int(draw.binomial(whole, min(own, 1))),
                        "whole": whole,
                    }
                )
    return rows


def history(seed=0, change=None, **kwargs):
    draw = np.random.default_rng(seed)
    return pa.Table.from_pylist(
        [row for period in range(MONTHS) for row in month(period, draw, change, **kwargs)]
    )


def held(where):
    """Whether a cell meets all the conditions."""
    return lambda cell: all(cell[name] == value for name, value in where.items())


@pytest.mark.parametrize(
    ("case", "where"),
    [
        ("one dimension", {"channel": "Web"}),
        ("a combination", {"region": "East", "line": "B"}),
        ("one cell of all", {"region": "West", "line": "A", "channel": "Fair"}),
    ],
)
def test_the_cause_comes_first_and_alone(case, where):
    inside = held(where)
    found = explain(
        history(1, lambda cell: 0.1 if inside(cell) else 1.0, size=60), DIMENSIONS, at=12, kind="ratio"
    )

    assert [dict(cause.where) for cause in found.causes] == [where], case
    assert found.ranked[0] == Candidate(found.causes[0].where, stands_out=True)
    assert found.standing.out and found.gap < 0


def test_a_rise_is_explained_like_a_fall():
    found = explain(
        history(2, lambda cell: 2.3 if cell["channel"] == "Phone" else 1.0, size=60),
        DIMENSIONS,
        at=12,
        kind="ratio",
    )

    assert [dict(cause.where) for cause in found.causes] == [{"channel": "Phone"}]
    assert found.gap > 0


def test_two_causes_are_named_together():
    def change(cell):
        return (
            0.05 if (cell["region"] == "East" and cell["line"] == "A") or cell["channel"] == "Fair" else 1.0
        )

    found = explain(history(3, change, size=120), DIMENSIONS, at=12, kind="ratio")

    assert {frozenset(cause.where) for cause in found.causes} >= {frozenset({("channel", "Fair")})}
    assert ("region", "East") in {condition for cause in found.causes for condition in cause.where}


def fall_behind_a_rise(cell):
    return 0.4 if cell["line"] == "B" else 1.7 if cell["channel"] == "Fair" else 1.0


def test_what_went_against_the_gap_is_told_too():
    """Line B falls, and what line A sells at fairs rises: the whole falls by less than line B does."""
    found = explain(history(8, fall_behind_a_rise, size=120), DIMENSIONS, at=12, kind="ratio")

    assert [dict(cause.where) for cause in found.causes] == [{"line": "B"}]
    assert [dict(offset.where) for offset in found.offsets] == [{"line": "A", "channel": "Fair"}]
    _, rise, rest = found.steps.contributions
    assert found.gap < 0 < rise.total and rise.member.name == "line=A, channel=Fair"
    assert sum(one.total for one in found.steps.contributions) == found.gap, rest


def test_what_went_against_the_gap_is_said_in_both_languages():
    found = explain(history(8, fall_behind_a_rise, size=120), DIMENSIONS, at=12, kind="ratio")
    names = Names(metric="Win rate", against="usual level", unit="ratio")

    assert "Against it went line A and channel Fair with +" in say(sentence(found, names), "en")
    assert "反方向的有line A × channel Fair，+" in say(sentence(found, names), "zh-hans")


def test_the_coarser_of_two_equal_descriptions_is_the_cause():
    """All of line B is sold by Web: to say both adds nothing."""
    table = history(4, lambda cell: 0.1 if cell["line"] == "B" else 1.0, size=80)
    table = table.filter(
        pa.array([row["line"] == "A" or row["channel"] == "Web" for row in table.to_pylist()])
    )
    found = explain(table, DIMENSIONS, at=12, kind="ratio")

    assert [cause.where for cause in found.causes] == [(("line", "B"),)]
    assert found.causes[0].in_full == (("line", "B"), ("channel", "Web"))
    assert found.ranked[1] == Candidate(found.causes[0].in_full, stands_out=True)


def test_equally_short_descriptions_of_the_same_rows_are_both_named():
    """Line B is sold by Web and nothing else is: nobody can tell which of the two it was."""
    table = history(4, lambda cell: 0.1 if cell["line"] == "B" else 1.0, size=80)
    table = table.filter(
        pa.array([(row["line"] == "B") == (row["channel"] == "Web") for row in table.to_pylist()])
    )
    found = explain(table, DIMENSIONS, at=12, kind="ratio")

    assert [one.where for one in found.ranked[:2]] == [(("line", "B"),), (("channel", "Web"),)]
    assert all(one.stands_out for one in found.ranked[:2])


def test_what_the_first_cause_is_a_part_of_comes_before_weaker_candidates():
    where = {"region": "East", "line": "B"}
    inside = held(where)
    found = explain(
        history(1, lambda cell: 0.1 if inside(cell) else 1.0, size=60), DIMENSIONS, at=12, kind="ratio"
    )

    assert found.ranked[0].where == tuple(where.items())
    assert {(condition,) for condition in where.items()} <= {one.where for one in found.ranked[:4]}


def test_quiet_months_seldom_find_anything():
    false = sum(bool(explain(history(seed), DIMENSIONS, at=12, kind="ratio").causes) for seed in range(60))

    assert false <= 3


def before(table):
    """The last period but one, cell by cell."""
    rows = [row for row in table.to_pylist() if row["period"] == MONTHS - 2]
    return Before(pa.Table.from_pylist(rows).drop_columns(["period"]))


def test_the_period_before_was_partly_chance():
    """It is off by itself about as much as this one, so most changes on it mean nothing."""
    tables = [history(seed) for seed in range(60)]
    false = sum(
        bool(explain(table, DIMENSIONS, at=12, kind="ratio", expected=before(table)).causes)
        for table in tables
    )

    assert false <= 3


@pytest.mark.parametrize("kind", ["ratio", "sum"])
def test_a_change_on_the_period_before_is_found_and_sums_up(kind):
    table = history(1, lambda cell: 0.1 if cell["channel"] == "Web" else 1.0, size=60)
    found = explain(table, DIMENSIONS, at=12, kind=kind, expected=before(table))

    assert [dict(cause.where) for cause in found.causes] == [{"channel": "Web"}]
    assert sum(one.total for one in found.steps.contributions) == found.gap


def test_who_is_new_owes_nothing_of_a_target_in_total():
    """Somebody starts in the last month, and the target is met: the others stand where they should."""
    draw = np.random.default_rng(3)
    rows = [
        {"period": month, "person": person, "line": line, "part": int(draw.poisson(30)), "whole": 0}
        for month in range(MONTHS)
        for person in ("ann", "bob", "cas", "dee", "new")
        for line in "AB"
        if person != "new" or month == MONTHS - 1
    ]
    table = pa.Table.from_pylist(rows)
    due = pa.table({"part": [sum(row["part"] for row in rows if row["period"] == MONTHS - 1) + 30]})
    found = explain(table, ["person", "line"], at=12, expected=due)

    assert not found.causes and not found.offsets
    assert found.gap == -30


def test_off_everywhere_alike_is_no_local_cause():
    found = explain(history(5, lambda cell: 0.5, size=80), DIMENSIONS, at=12, kind="ratio")

    assert not found.causes and found.standing.anywhere


def test_money_is_explained_in_proportion():
    draw = np.random.default_rng(6)
    rows = [
        {"period": period, "team": f"T{team}", "line": line, "part": Decimal(str(round(100_000 * (team + 1) * draw.lognormal(0, 0.1) * (0.3 if (period, team) == (12, 3) else 1), 2)))}
        for period in range(13) for team in range(6) for line in "AB"
    ]  # fmt: skip
    found = explain(pa.Table.from_pylist(rows), ["team", "line"], at=12)

    assert [dict(cause.where) for cause in found.causes] == [{"team": "T3"}]


def test_a_target_in_total_is_shared_out_and_met_exactly():
    expected = pa.table({"part": [Decimal("1000.01")], "whole": [Decimal("2000")]})
    found = explain(history(7), DIMENSIONS, at=12, kind="ratio", expected=expected)

    assert found.steps.contributions[-1].member.expected_part == Decimal("1000.01")
    assert found.steps.expected == found.steps.actual - found.gap


def test_a_target_by_region_keeps_each_regions_figure():
    expected = pa.table(
        {"region": ["East", "South", "West"], "part": [Decimal("10.0001"), Decimal(0), Decimal(7)]}
    )
    found = explain(history(8).drop_columns(["whole"]), DIMENSIONS, at=12, expected=expected)

    assert [(one.member.name, one.member.expected_part) for one in found.by["region"].contributions] == [
        ("East", Decimal("10.0001")), ("South", Decimal(0)), ("West", Decimal(7)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "rows", "words"),
    [
        ("a region without a figure", {"region": ["East", "South"], "part": [1, 2]}, "West"),
        (
            "a region that does not exist",
            {"region": ["East", "North", "South", "West"], "part": [1, 2, 3, 4]},
            "North",
        ),
        ("a region named twice", {"region": ["East", "East"], "part": [1, 2]}, "name the same members"),
    ],
)
def test_expected_figures_must_fit_the_cells(case, rows, words):
    with pytest.raises(CannotExplain, match=words):
        explain(history(8).drop_columns(["whole"]), DIMENSIONS, at=12, expected=pa.table(rows))


@pytest.mark.parametrize(
    ("case", "kwargs", "words"),
    [
        ("a missing column", {"dimensions": ["colour"], "at": 12}, "no column colour"),
        ("no dimension", {"dimensions": [], "at": 12}, "at least one dimension"),
        ("an empty period", {"dimensions": ["line"], "at": 99}, "no row lies in period 99"),
    ],
)
def test_what_cannot_be_explained_says_why(case, kwargs, words):
    with pytest.raises(CannotExplain, match=words):
        explain(history(9), kwargs["dimensions"], at=kwargs["at"])


def test_a_ratio_without_a_whole_is_refused():
    table = pa.table({"period": [0, 1], "line": ["A", "A"], "part": [1, 1], "whole": [1, 0]})

    with pytest.raises(NoRatio):
        explain(table, ["line"], at=1, kind="ratio")


def test_without_history_everything_is_expected_to_be_even():
    table = pa.table(
        {"period": [0] * 4, "line": list("ABCD"), "part": [10, 10, 10, 90], "whole": [100, 100, 100, 100]}
    )
    found = explain(table, ["line"], at=0, kind="ratio")

    assert found.gap == 0 and found.steps.actual == Decimal("0.3")
    assert not found.causes


def test_rows_after_the_period_are_not_looked_at():
    table = history(10)
    later = pa.concat_tables([table, table.set_column(0, "period", pa.array([99] * table.num_rows))])

    assert explain(later, DIMENSIONS, at=12, kind="ratio") == explain(table, DIMENSIONS, at=12, kind="ratio")


def test_a_missing_value_is_a_member_of_its_own():
    table = pa.table({"period": [0, 0, 1, 1], "line": ["A", None, "A", None], "part": [5, 5, 5, 1]})
    found = explain(table, ["line"], at=1)

    assert [one.member.name for one in found.by["line"].contributions] == ["A", ""]
    assert sum((one.total for one in found.by["line"].contributions), Decimal(0)) == found.gap


@pytest.mark.parametrize(
    "column",
    [pa.array([1, None]), pa.array([1.0, None]), pa.array([Decimal("1.0000"), None], pa.decimal128(22, 4))],
)
def test_numbers_of_every_type_become_exact_units(column):
    assert minor(pa.chunked_array([column])).tolist() == [10_000, 0]


cell = st.fixed_dictionaries(
    {
        "period": st.integers(0, 4),
        "who": st.sampled_from(["a", "b", "c", None]),
        "what": st.sampled_from(["x", "y"]),
        "part": st.integers(-5, 50),
        "whole": st.integers(0, 50),
    }
)


rows_of_cells = st.lists(cell, min_size=4, max_size=40)


def who(rows, period):
    return {(row["who"], row["what"]) for row in rows if row["period"] == period}


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        ("a missing dimension", lambda rows: any(row["who"] is None and row["period"] == 4 for row in rows)),
        ("a zero denominator", lambda rows: any(row["whole"] == 0 < row["part"] and row["period"] == 4 for row in rows)),
        ("a new member", lambda rows: bool(who(rows, 4) - set().union(*(who(rows, period) for period in range(4))))),
        ("a vanished member", lambda rows: bool(who(rows, 3) - who(rows, 4))),
        ("more given back than came in", lambda rows: any(row["part"] < 0 and row["period"] == 4 for row in rows)),
    ],
)  # fmt: skip
def test_the_random_cells_hold_every_hard_case(case, shown):
    assert shown(find(rows_of_cells, shown)), case


@settings(deadline=None, max_examples=60)
@given(rows_of_cells, st.sampled_from(["sum", "ratio", "product"]))
def test_steps_splits_and_tree_all_sum_to_the_gap(rows, kind):
    rows = [*rows, {"period": 4, "who": "a", "what": "x", "part": 1, "whole": 10}]
    rows.append({"period": 3, "who": "a", "what": "x", "part": 1, "whole": 10})
    found = explain(pa.Table.from_pylist(rows), ["who", "what"], at=4, kind=kind)

    assert sum((one.total for one in found.steps.contributions), Decimal(0)) == found.gap
    for split in found.by.values():
        assert sum((one.total for one in split.contributions), Decimal(0)) == found.gap
    assert found.tree.contribution == found.gap
    assert_sums(found.tree)


def assert_sums(node):
    if node.children:
        assert sum((child.contribution for child in node.children), Decimal(0)) == node.contribution
    for child in node.children:
        assert_sums(child)


def test_leaves_have_room_for_many_members():
    """The product of the sizes exceeds 64 bits; the numbering must not."""
    rows = {"period": [0] * 3000, "part": [1] * 3000}
    names = [f"d{n}" for n in range(7)]
    table = pa.table({**rows, **{name: [str(n * 31 % 2999) for n in range(3000)] for name in names}})

    assert lay_out(table, names, at=0, ratio=False).leaves == 2999


def test_a_cause_that_lost_its_whole_is_named_without_a_rate():
    """All of line B is gone: it has no rate any more, but it still made the mix."""
    table = history(1, lambda cell: 0.1 if cell["channel"] == "Web" else 1.0, size=60)
    found = explain(table, DIMENSIONS, at=12, kind="ratio")
    line = found.steps.contributions[0]
    gone = replace(line, member=replace(line.member, whole=Decimal(0)))
    found = replace(found, steps=replace(found.steps, contributions=(gone, *found.steps.contributions[1:])))

    assert "expected" not in say(sentence(found, TestSentence.NAMES), "en")


class TestSentence:
    NAMES = Names(
        "Win rate", "usual level", "ratio", {"channel": "channel"}, {("channel", "Web"): "the web shop"}
    )

    def found(self, change, kind="ratio"):
        return explain(history(1, change, size=60), DIMENSIONS, at=12, kind=kind)

    def test_names_the_cause_its_share_and_what_is_left(self):
        found = self.found(lambda cell: 0.1 if cell["channel"] == "Web" else 1.0)
        english, chinese = (say(sentence(found, self.NAMES), language) for language in LANGUAGES)

        assert "points below the usual level" in english and "channel the web shop with" in english
        assert "All the rest adds" in english
        assert "个百分点" in chinese and "主要来自channel the web shop" in chinese

    def test_says_where_it_lies_when_no_cause_stands_out_and_how_little_that_says(self):
        found = self.found(None)
        english, chinese = (say(sentence(found, self.NAMES), language) for language in LANGUAGES)

        assert not found.causes
        assert "chance could do as much (certainty: low)" in english and "It comes from" not in english
        assert "偶然也可能如此（把握：低）" in chinese and "主要来自" not in chinese

    def test_a_cause_larger_than_the_gap_is_said_by_its_own_size(self):
        """Web lost twice what is missing; Phone made up for half of it."""
        found = self.found(lambda cell: {"Web": 0.2, "Phone": 1.5}.get(cell["channel"], 1.0))
        english, chinese = (say(sentence(found, self.NAMES), language) for language in LANGUAGES)

        assert "channel the web shop with −" in english and "% of it" not in english
        assert "channel the web shop，−" in chinese and "占差距" not in chinese

    def test_says_when_it_is_off_everywhere(self):
        assert "nearly everywhere alike" in say(sentence(self.found(lambda cell: 0.4), self.NAMES), "en")

    def test_says_when_there_is_no_gap(self):
        table = pa.table({"period": [0, 1], "line": ["A", None], "part": [5, 5]})
        names = Names("Sales", "period before", "money")
        expected = pa.table({"part": [5]})

        assert (
            say(sentence(explain(table, ["line"], at=1, expected=expected), names), "en")
            == "Sales: 5, level with the period before."
        )

    def test_groups_digits_and_names_missing_members(self):
        draw = np.random.default_rng(0)
        rows = [
            {"period": period, "team": team, "part": int(900_000 * draw.lognormal(0, 0.02)) if (period, team) != (12, None) else 100}
            for period in range(13) for team in ("A", "B", "C", None)
        ]  # fmt: skip
        found = explain(pa.Table.from_pylist(rows), ["team"], at=12)

        assert "team (none)" in say(sentence(found, Names("Sales", "usual level", "money")), "en")
        assert "team （空）" in say(sentence(found, Names("销售额", "平常水平", "money")), "zh-hans")
        assert "(100, expected 9" in say(sentence(found, Names("Sales", "usual level", "money")), "en")


def test_settings_decide_how_deep_to_look():
    table = history(1, lambda cell: 0.1 if cell["region"] == "East" and cell["line"] == "B" else 1.0, size=60)
    found = explain(table, DIMENSIONS, at=12, kind="ratio", settings=Settings(depth=1))

    assert all(len(cause.where) == 1 for cause in found.causes)


def refunds(given_back):
    """Sales of six teams in two lines with a few refunds in every month; in the last `given_back` in T3."""
    draw = np.random.default_rng(11)
    rows = []
    for period in range(MONTHS):
        for team in range(6):
            for line in "AB":
                sold = 1000 * draw.lognormal(0, 0.1)
                back = 2200 if draw.random() < 0.05 else 0
                late = given_back if (period, team) == (MONTHS - 1, 3) else 0
                rows.append(
                    {"period": period, "team": f"T{team}", "line": line, "part": round(sold - back - late, 2)}
                )
    return pa.Table.from_pylist(rows)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("case", "given_back", "causes"), [
    ("the usual refunds are no cause", 0, []),
    ("a wave of refunds is, though all of it lies below zero", 9000, [{"team": "T3"}]),
])  # fmt: skip
def test_what_is_given_back_counts_below_zero(case, given_back, causes):
    found = explain(refunds(given_back), ["team", "line"], at=MONTHS - 1)

    assert [dict(cause.where) for cause in found.causes] == causes, case


@pytest.mark.filterwarnings("error")
def test_more_refunds_than_sales_in_every_month_are_laid_out_without_a_history():
    table = pa.table({"period": [0, 0, 1, 1], "line": ["A", "B"] * 2, "part": [-5, 1, -5, 1]})
    found = explain(table, ["line"], at=1)

    assert sum((one.total for one in found.steps.contributions), Decimal(0)) == found.gap


def test_who_has_just_joined_is_not_off():
    """The first two months of P7 raise the total: nobody is off, and no usual level of P7 is known."""
    draw = np.random.default_rng(12)
    rows = [
        {"period": period, "person": f"P{n}", "line": line, "part": int(draw.poisson(30))}
        for period in range(MONTHS) for n in range(8) for line in "AB" if n < 7 or period >= MONTHS - 2
    ]  # fmt: skip
    found = explain(pa.Table.from_pylist(rows), ["person", "line"], at=MONTHS - 1)

    assert not found.causes and found.gap > 0


def test_the_usual_level_is_the_same_whatever_it_is_split_by():
    """Customers enter month after month and none is ever known to be gone; people left five months ago."""
    draw = np.random.default_rng(9)
    rows = [
        {"period": month, "person": f"p{person}", "customer": f"c{customer}", "part": int(draw.poisson(4))}
        for month in range(18)
        for person in range(6)
        for customer in range(month * 2, month * 2 + 10)
        if not (person == 5 and month > 12)
    ]
    staff = [
        {"period": month, "person": f"p{person}", "share": float(not (person == 5 and month > 12))}
        for month in range(18)
        for person in range(6)
    ]
    said = {
        by: explain(pa.Table.from_pylist(rows), [by], at=17, staff=pa.Table.from_pylist(staff) if by == "person" else None)
        for by in ("person", "customer")
    }  # fmt: skip

    totals = [sum(row["part"] for row in rows if row["period"] == month) for month in range(17)]
    for found in said.values():
        assert float(found.steps.expected) == pytest.approx(float(np.median(totals)), rel=0.02)
    assert said["person"].staffing < 0


def test_without_an_earlier_period_nothing_stands_out():
    rows = [
        {"period": 0, "team": team, "part": part}
        for team, part in (("a", 400), ("b", 20), ("c", 20), ("d", 22))
    ]
    found = explain(pa.Table.from_pylist(rows), ["team"], at=0)

    assert not found.causes and not found.offsets


def test_the_period_before_may_be_named_without_any_rows_of_it():
    found = explain(
        pa.table({"period": [1, 1], "team": ["a", "b"], "part": [4, 9]}),
        ["team"],
        at=1,
        expected=Before(pa.table({"team": ["a", "b"], "part": [0, 0]})),
    )

    assert found.gap == 13 and not found.causes


def test_a_target_below_what_the_new_ones_bring_leaves_the_others_as_they_were():
    rows = [
        {"period": month, "person": person, "part": 30}
        for month in range(MONTHS)
        for person in ("ann", "bob", "new")
        if person != "new" or month == MONTHS - 1
    ]
    found = explain(pa.Table.from_pylist(rows), ["person"], at=12, expected=pa.table({"part": [20]}))

    assert found.gap == 70


def split_of(rows):
    """Two months of (region, channel, before, now), split where nobody is to say yet what stands out."""
    table = pa.Table.from_pylist(
        [
            {"period": period, "region": region, "channel": channel, "part": part}
            for region, channel, *figures in rows
            for period, part in enumerate(figures)
        ],
        schema=pa.schema(
            {"period": pa.int64(), "region": pa.string(), "channel": pa.string(), "part": pa.int64()}
        ),
    )
    before = table.filter(pc.equal(table["period"], 0))
    found = explain(
        table, ["region", "channel"], at=1, expected=Before(before), settings=Settings(early=True)
    )
    tree = found.tree
    assert sum(child.contribution for child in tree.children) == tree.contribution
    return tree.children


def test_a_dimension_that_is_mostly_missing_is_split_by_only_where_no_other_is():
    """Where nothing has come yet, most of what is missing has no channel: that is no place to look."""
    shown = split_of([("East", None, 400, 0), ("West", None, 390, 0), ("East", "Web", 5, 2)])
    alone = split_of([("East", None, 400, 0), ("East", "Web", 5, 2), ("East", "Fair", 4, 1)])

    assert [child.where for child in shown] == [(("region", "East"),), (("region", "West"),)]
    assert [child.where[0][1] for child in alone] == ["Fair", "Web", None]


def test_a_missing_value_stands_last_though_it_moved_most():
    shown = split_of(
        [("East", None, 300, 0), ("East", "Web", 200, 0), ("East", "Fair", 180, 0), ("East", "Phone", 0, 0)]
    )

    assert [child.where[0][1] for child in shown] == ["Web", "Fair", None], "what did not move is no branch"
