"""Three honest answers: a cause that chance would not produce, where the gap lies though it could, or spread evenly."""

from decimal import Decimal

import pyarrow as pa
import pytest

from dabiao.core.sentence import say
from dabiao.engine.diagnosis import Shares, explain
from dabiao.engine.diagnosis.place import place
from dabiao.engine.diagnosis.search import Settings
from dabiao.engine.diagnosis.tree import Node
from dabiao.engine.diagnosis.wording import Names, sentence

NAMES = Names("Sales", "target", "money", money=lambda value: f"{'−' if value < 0 else ''}¥{abs(value):,.0f}")


def months(now):
    """Two lines in two teams; earlier months swing by a third, as no cause could stand out of."""
    swing = (100, 140, 60, 130, 70, 145, 65)
    rows = [
        {"period": period, "team": team, "line": line, "part": level + shift}
        for period, level in enumerate(swing)
        for shift, (team, line) in zip((0, 3, -3, 6), CELLS, strict=True)
    ]
    return pa.Table.from_pylist(
        rows
        + [
            {"period": len(swing), "team": t, "line": n, "part": part}
            for (t, n), part in zip(CELLS, now, strict=True)
        ]
    )


CELLS = (("A", "x"), ("A", "y"), ("B", "x"), ("B", "y"))


def found(now, expected=(100, 100, 100, 100)):
    due = pa.table(
        {
            "team": [t for t, _n in CELLS],
            "line": [n for _t, n in CELLS],
            "part": [Decimal(each) for each in expected],
        }
    )
    return explain(months(now), ["team", "line"], at=7, expected=due)


@pytest.mark.parametrize(
    ("case", "now", "expected", "where"),
    [
        ("one line of one team", (50, 100, 98, 99), (100, 100, 100, 100), (("team", "A"),)),
        ("spread evenly", (80, 82, 81, 79), (100, 100, 100, 100), None),
        ("four fifths of it where four fifths were expected", (320, 320, 80, 81), (400, 400, 100, 100), None),
        ("no gap at all", (100, 100, 100, 100), (100, 100, 100, 100), None),
    ],
)
def test_a_gap_lies_where_much_more_of_it_is_than_of_what_was_expected(case, now, expected, where):
    explanation = found(now, expected)

    assert explanation.causes == (), case
    assert (explanation.place and explanation.place.where in {where, (("line", "x"),)}) == (where and True), (
        case
    )


def test_a_place_is_found_though_another_dimension_tells_more():
    """Both teams lose alike, and all of it in one line."""
    split = found((62, 102, 60, 102)).by
    teams = (Node("A", (("team", "A"),), Decimal(-36)), Node("B", (("team", "B"),), Decimal(-38)))

    other = place(Node("", (), Decimal(-74), teams), split, 0.5)

    assert other.where == (("line", "x"),)
    assert other.share > 1 and other.mainly == ()


def test_the_place_has_its_exact_part_of_the_gap_and_what_in_it_has_most():
    explanation = found((50, 100, 98, 99))

    place = explanation.place
    assert place.contribution == place.share * explanation.gap
    assert place.share > Decimal("0.9")
    assert place.mainly
    english, chinese = (say(sentence(explanation, NAMES), language) for language in ("en", "zh-hans"))
    assert "of the gap lies in" in english and "there mainly in" in english and "certainty: " in english
    assert "差距的 " in chinese and "主要是" in chinese and "把握：" in chinese
    assert "¥347, ¥53 below the target of ¥400" in english


def test_what_is_larger_than_the_gap_is_said_by_its_own_size():
    explanation = found((40, 40, 140, 139))

    assert explanation.place.share > 1
    assert "It lies in team A with −¥120; chance could do as much" in say(sentence(explanation, NAMES), "en")


def test_what_lacks_a_value_is_no_place():
    """Nobody can go to what has no name: the split that has one is told instead, or none."""
    split = found((62, 102, 60, 102)).by
    nameless = Node(
        "",
        (),
        Decimal(-74),
        (Node("", (("team", None),), Decimal(-70)), Node("A", (("team", "A"),), Decimal(-4))),
    )

    assert place(nameless, split, 0.5).where == (("line", "x"),)


def test_of_a_period_that_has_only_begun_no_cause_is_told():
    """The same figures name a cause once there is enough of the period."""
    table, settings = months((1, 1, 1, 100)), Settings(early=True)
    late, early = (explain(table, ["team", "line"], at=7, settings=each) for each in (None, settings))

    assert late.causes and any(one.stands_out for one in late.ranked)
    assert (early.gap, early.by, early.tree) == (late.gap, late.by, late.tree)
    assert not early.causes and not early.place and not any(one.stands_out for one in early.ranked)
    assert "只过了几天，还说不出原因" in say(sentence(early, NAMES), "zh-hans")


def test_even_is_said_as_even():
    assert "the gap is spread evenly over its parts" in say(sentence(found((80, 82, 81, 79)), NAMES), "en")
    assert "均匀分布" in say(sentence(found((80, 82, 81, 79)), NAMES), "zh-hans")


def test_figures_of_groups_that_no_dimension_tells_apart_are_met_exactly():
    """Team A owes as a whole, team B line by line."""
    shares = Shares(
        figures=pa.table({"group": ["a", "bx", "by"], "part": [Decimal(90), Decimal(33), Decimal("0.0003")]}),
        members=pa.table(
            {"team": ["A", "A", "B", "B"], "line": ["x", "y", "x", "y"], "group": ["a", "a", "bx", "by"]}
        ),
    )
    explanation = explain(months((50, 50, 50, 50)), ["team", "line"], at=7, expected=shares)

    due = {name: {line.member.name: line.member.expected_part for line in split.contributions}
           for name, split in explanation.by.items()}  # fmt: skip
    assert due["team"] == {"A": 90, "B": Decimal("33.0003")}
    assert sum(due["line"].values()) == Decimal("123.0003") == explanation.steps.expected


def test_a_gap_that_large_parts_leave_of_one_another_lies_nowhere():
    explanation = found((60, 60, 140, 138))

    assert explanation.place is None
    assert "nearly cancel out" in say(sentence(explanation, NAMES), "en")
    assert "几乎相抵" in say(sentence(explanation, NAMES), "zh-hans")
