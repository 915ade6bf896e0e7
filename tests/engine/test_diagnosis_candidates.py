"""What is worth a look: the whole before its parts, five where five exist, and a mark on what chance could do."""

import pyarrow as pa
import pytest

from dabiao.engine.diagnosis import explain

DIMENSIONS = ["region", "line", "channel"]
NOW = 7
REGIONS, LINES, CHANNELS = ("East", "West", "South"), ("A", "B"), ("Web", "Fair")


def table(times=None, *, regions=REGIONS, lines=LINES, channels=CHANNELS):
    """Eight periods of about 40 in 400 in every cell; in the last one some cells have so many times as many."""
    rows = []
    for period in range(NOW + 1):
        for region in regions:
            for line in lines:
                for channel in channels:
                    part = 40 + (period * 7 + len(region) * 3 + ord(line) + len(channel) * 5) % 9 - 4
                    cell = (region, line, channel)
                    more = (times or {}).get(cell, 1) if period == NOW else 1
                    rows.append([period, *cell, float(part * more), 400.0])
    return pa.Table.from_arrays(
        [pa.array(column) for column in zip(*rows, strict=True)],
        names=["period", *DIMENSIONS, "part", "whole"],
    )


def explained(shown):
    return explain(shown, DIMENSIONS, at=NOW, kind="ratio")


def where(*conditions):
    return tuple(condition for condition in zip(DIMENSIONS, conditions, strict=False) if condition[1])


MANY = ("Web", "Fair", "Phone", "Shop", "Mail")


def uneven(others):
    """Two cells of East have three times as many, its eight others so many times as many."""
    times = {("East", line, channel): others for line in LINES for channel in MANY}
    return table(times | {("East", "A", "Web"): 3.0, ("East", "B", "Fair"): 3.0}, channels=MANY)


def test_a_whole_that_is_off_all_through_comes_before_its_parts():
    """Two parts gain more likelihood than East does, but say it longer and leave out the others."""
    found = explained(uneven(others=1.2))

    assert [cause.where for cause in found.causes] == [where("East")]
    assert [one.where for one in found.ranked[:3]] == [
        where("East"),
        where("East", "A", "Web"),
        where("East", "B", "Fair"),
    ]


def test_parts_of_a_whole_that_is_else_as_usual_stay_apart_and_name_it():
    found = explained(uneven(others=0.97))

    assert [cause.where for cause in found.causes] == [where("East", "A", "Web"), where("East", "B", "Fair")]
    assert found.ranked[2].where == where("East")


def test_a_part_comes_first_where_the_rest_of_the_whole_is_as_usual():
    found = explained(table({("East", "A", "Web"): 4.0, ("East", "A", "Fair"): 4.0}))

    assert [cause.where for cause in found.causes] == [where("East", "A")]
    assert {where("East"), where("", "A")} <= {one.where for one in found.ranked[:5]}


def test_five_are_named_and_marked_where_nothing_stands_out():
    found = explained(table())

    assert not found.causes and not found.standing.out
    assert len({one.where for one in found.ranked}) >= 5
    assert not any(one.stands_out for one in found.ranked)


def test_five_are_named_where_everything_is_as_it_always_was():
    """No segment scores and no gap says which way to look."""
    even = table()
    part = pa.array([40.0] * even.num_rows)
    found = explained(even.set_column(even.column_names.index("part"), "part", part))

    assert len({one.where for one in found.ranked}) == 5
    assert not any(one.stands_out for one in found.ranked)


@pytest.mark.parametrize(
    ("case", "regions", "number"),
    [
        ("two members of one dimension, alone or with the one line and channel", ("East", "West"), 5),
        ("one cell: every description says the same rows", ("East",), 5),
    ],
)
def test_longer_descriptions_of_the_same_rows_fill_up(case, regions, number):
    found = explained(table(regions=regions, lines=("A",), channels=("Web",)))

    assert len({one.where for one in found.ranked}) == number, case


def test_no_more_are_named_than_exist():
    found = explain(table(lines=("A",), channels=("Web",)), ["region"], at=NOW, kind="ratio")

    assert {one.where for one in found.ranked} == {(("region", name),) for name in REGIONS}


def test_what_stands_out_is_marked_among_what_does_not():
    found = explained(table({("East", line, channel): 2.0 for line in LINES for channel in CHANNELS}))
    marks = {one.where: one.stands_out for one in found.ranked}

    assert marks.pop(where("East"))
    assert not all(marks.values())
