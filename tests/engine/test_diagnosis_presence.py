"""Who came, left or was away is a step of its own: the finding is judged on what remains."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dabiao.core.sentence import say
from dabiao.engine.diagnosis import CannotExplain, explain
from dabiao.engine.diagnosis.cells import lay_out
from dabiao.engine.diagnosis.presence import joined, present, unmeasured, usual
from dabiao.engine.diagnosis.wording import Names, sentence, step_names

MONTHS = 13
NOW = MONTHS - 1


def figures(text):
    """period person part, one row for each period that a line's figures stand for."""
    rows = []
    for line in text.strip().splitlines():
        person, *parts = line.split()
        rows += [
            {"period": period, "person": person, "part": int(part)}
            for period, part in enumerate(parts)
            if part != "-"
        ]
    return pa.Table.from_pylist(rows)


def staff(text):
    """The same with the share of each period."""
    rows = figures(text.replace("%", "")).rename_columns(["period", "person", "share"])
    return rows.set_column(2, "share", pa.array([share / 100 for share in rows["share"].to_pylist()]))


def cells(parts, shares=None):
    table = figures(parts)
    return present(
        lay_out(table, ["person"], at=max(table["period"].to_pylist()), ratio=False), shares and staff(shares)
    )


def test_who_joined_or_left_is_not_there_before_or_after():
    guessed = cells("A 1 1 1 1 1 1\nB 0 0 0 2 2 2\nC 1 1 1 0 0 0")

    assert guessed.presence.T.tolist() == [[1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("case", "parts", "shares", "presence"),
    [
        ("a share is taken as told", "A 9 9 9 9 5", "A 100% 100% 80% 100% 50%", [1, 1, 0.8, 1, 0.5]),
        ("a period without a row is away", "A 9 9 9 9 0", "A 100% 100% 100% 100% -", [1, 1, 1, 1, 0]),
        (
            "what is learnt in says nothing",
            "A 0 4 4 4 9 9",
            "A - 100% 100% 100% 100% 100%",
            [0, 0, 0, 0, 1, 1],
        ),
        ("seats kept since last week are not believed", "A 9 9 9 9 9", "A - - - - 100%", [1, 1, 1, 1, 1]),
        ("of a stranger nothing is told", "A 9 9 9 9 9", "B 50% 50% 50% 50% 50%", [1, 1, 1, 1, 1]),
    ],
)
def test_presence_follows_what_is_told(case, parts, shares, presence):
    assert cells(parts, shares).presence[:, 0].tolist() == presence, case


def test_staff_of_several_dimensions_and_people_is_added_up():
    """Two halves in the north; nobody is nobody's staff; periods that the cells lack are passed over."""
    table = pa.Table.from_pylist(
        [{"period": p, "team": t, "line": line, "part": 5} for p in range(3) for t in ("N", "S", None) for line in "XY"]
    )  # fmt: skip
    told = pa.Table.from_pylist(
        [{"period": p, "team": t, "share": 0.5} for p in range(5) for t in ("N", "N", "S", None)]
    )
    found = present(lay_out(table, ["team", "line"], at=2, ratio=False), told)

    assert found.presence[-1].tolist() == [1, 1, 0.5, 0.5, 1, 1]
    assert (found.people >= 0).tolist() == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("case", "columns", "words"),
    [
        ("no period", ["person", "share"], "no column period"),
        ("no share", ["person", "period"], "no column share"),
        ("no dimension", ["period", "share"], "names no dimension"),
    ],
)
def test_a_table_of_staff_that_says_nothing_is_refused(case, columns, words):
    with pytest.raises(CannotExplain, match=words):
        present(
            lay_out(figures("A 1 1"), ["person"], at=1, ratio=False), staff("A 100% 100%").select(columns)
        )


@pytest.mark.parametrize(
    ("case", "parts", "shares", "says"),
    [
        ("there all along", "A 9 9 9 9 9", "A 100% 100% 100% 100% 100%", False),
        ("away for half of it", "A 9 9 9 9 5", "A 100% 100% 100% 100% 50%", False),
        ("gone", "A 9 9 9 9 0", "A 100% 100% 100% 100% -", True),
        ("came in the third period before", "A 0 0 4 6 9", "A - - 100% 100% 100%", True),
        ("came before that", "A 0 4 6 9 9", "A - 100% 100% 100% 100%", False),
        ("stands in for somebody", "A 0 0 0 0 7", "A 100% 100% 100% 100% 100%", True),
    ],
)
def test_who_has_no_usual_level(case, parts, shares, says):
    found = cells(f"{parts}\nB 9 9 9 9 9", f"{shares}\nB 100% 100% 100% 100% 100%")

    assert unmeasured(found).tolist() == [says, False], case
    assert not joined(found).any()


def test_the_usual_presence_is_that_of_the_average_earlier_period():
    found = cells("A 9 9 9 9 0\nB 9 9 9 9 9", "A 100% 100% 50% 50% -")

    assert usual(found).tolist() == [0.75, 1.0]
    assert usual(cells("A 0 0 4 4 9", "A 100% 100% 100% 100% 100%")).tolist() == [1.0]
    assert usual(cells("A 0 0 4 4 9", "A - 100% 100% 100% 100%")).tolist() == [0.5]
    assert usual(cells("A 9", "A 40%")).tolist() == [0.4]


def visits(now, *, people=10, usually=50, seed=0):
    """Poisson visits; `now` multiplies those of a person in the last month."""
    draw = np.random.default_rng(seed)
    return pa.Table.from_pylist(
        [
            {"period": p, "person": f"P{n}", "line": line, "part": int(draw.poisson(usually / 2 * (now.get(f"P{n}", 1) if p == NOW else 1)))}
            for p in range(MONTHS) for n in range(people) for line in "XY"
        ]
    )  # fmt: skip


def seated(now, *, people=10):
    return pa.Table.from_pylist(
        [{"period": p, "person": f"P{n}", "share": now.get(f"P{n}", 1.0) if p == NOW else 1.0} for p in range(MONTHS) for n in range(people)]
    )  # fmt: skip


DIMENSIONS = ["person", "line"]


def test_an_empty_seat_is_no_finding_but_a_step():
    gone = {"P3": 0.0}
    guessed = explain(visits(gone), DIMENSIONS, at=NOW)
    told = explain(visits(gone), DIMENSIONS, at=NOW, staff=seated(gone))

    assert [dict(cause.where) for cause in guessed.causes] == [{"person": "P3"}]
    assert not told.causes
    assert told.gap == guessed.gap
    assert -55 < told.staffing < -45
    assert told.steps.contributions[0].member.name == "staffing"


def test_who_was_away_for_half_of_it_is_expected_half():
    half = {"P3": 0.5}

    assert not explain(visits(half), DIMENSIONS, at=NOW, staff=seated(half)).causes
    lazy = explain(visits({"P3": 0.1}), DIMENSIONS, at=NOW, staff=seated(half))
    assert [dict(cause.where) for cause in lazy.causes] == [{"person": "P3"}]


def test_a_cause_beside_an_empty_seat_is_still_found():
    """Its share is of what remains."""
    found = explain(visits({"P3": 0.0, "P7": 0.2}), DIMENSIONS, at=NOW, staff=seated({"P3": 0.0}))

    assert [dict(cause.where) for cause in found.causes] == [{"person": "P7"}]
    (line, rest) = found.apart
    assert line.total + rest.total + found.staffing == found.gap
    names = Names("Visits", "usual level", "count")
    english, chinese = (say(sentence(found, names), language) for language in ("en", "zh-hans"))
    assert "People who came, left or were away change it by −" in english
    assert "What remains comes from person P7" in english
    assert "人员增减与缺勤影响−" in chinese and "扣除后主要来自person P7" in chinese
    assert tuple(say(step, "en") for step in step_names(found, names)) == (
        "people who came, left or were away", "person P7", "all the rest", "gap",
    )  # fmt: skip
    assert say(step_names(found, names)[0], "zh-hans") == "人员增减与缺勤"


def test_nothing_else_stands_out():
    gone = {"P3": 0.0}
    found = explain(visits(gone), DIMENSIONS, at=NOW, staff=seated(gone))
    said = say(sentence(found, Names("Visits", "usual level", "count")), "en")

    assert "change it by −" in said and "Nothing else stands out" in said


@pytest.mark.parametrize(
    ("case", "kind", "expected"),
    [
        ("a ratio's whole says who was there", "ratio", None),
        ("a target's makers knew their people", "sum", pa.table({"part": [Decimal(700)]})),
        ("nobody's presence changed", "sum", None),
    ],
)
def test_where_staffing_is_no_step(case, kind, expected):
    table = visits({})
    table = table.append_column("whole", pa.array([60] * table.num_rows))
    shares = seated({"P3": 0.5} if kind == "ratio" or expected else {})
    found = explain(table, DIMENSIONS, at=NOW, kind=kind, expected=expected, staff=shares)

    assert found.staffing == 0 and len(found.apart) == len(found.steps.contributions), case


shares_of = st.fixed_dictionaries(
    {
        "period": st.integers(0, 5),
        "who": st.sampled_from(["a", "b", "c", "d", None]),
        "share": st.floats(0, 1.5),
    }
)
cell = st.fixed_dictionaries(
    {
        "period": st.integers(0, 4),
        "who": st.sampled_from(["a", "b", "c", None]),
        "what": st.sampled_from(["x", "y"]),
        "part": st.integers(-5, 50),
        "whole": st.integers(0, 50),
    }
)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(cell, min_size=4, max_size=40),
    st.lists(shares_of, min_size=1, max_size=20),
    st.sampled_from(["sum", "ratio", "product"]),
)
def test_with_staff_everything_still_sums_to_the_gap(rows, shares, kind):
    rows = [*rows, {"period": 4, "who": "a", "what": "x", "part": 1, "whole": 10}]
    rows.append({"period": 3, "who": "a", "what": "x", "part": 1, "whole": 10})
    table = pa.Table.from_pylist(rows)
    found = explain(table, ["who", "what"], at=4, kind=kind, staff=pa.Table.from_pylist(shares))

    assert sum((one.total for one in found.steps.contributions), Decimal(0)) == found.gap
    for split in found.by.values():
        assert sum((one.total for one in split.contributions), Decimal(0)) == found.gap
    assert found.tree.contribution == found.gap
    if kind == "sum":
        assert found.steps.actual == sum(row["part"] for row in rows if row["period"] == 4)
