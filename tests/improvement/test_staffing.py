"""Who held a seat and was at work, from the organisation of the snapshot to the explanation."""

from datetime import date

import pytest

from dabiao.core import publishing
from dabiao.core.calendars import fiscal
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.staffing import staff
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.actions import _common as actions
from dabiao.org.models import Absence, Assignment, Person
from dabiao.org.queries import Scope

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)


def frame(scope=None, viewer=None, language="en"):
    within = Scope("unit", scope) if scope else None
    asker = viewer or org.operator()
    return frame_of(
        reading.current(),
        viewer=asker,
        scope=within,
        period=fiscal().parse("2026-02"),
        today=TODAY,
        language=language,
    )


def shares(found, dimensions, *, months=("2026-01", "2026-02")):
    windows = {str(place): fiscal().parse(label) for place, label in enumerate(months)}
    rows = staff(found, windows, dimensions).to_pylist()
    return {
        (row["period"], *(row[name] for name in dimensions)): pytest.approx(row["share"])
        for row in rows
    }  # fmt: skip


def test_seats_of_the_scope_count_while_somebody_holds_them(facts):
    """Max moved from Shanghai to Chengdu on 1 February."""
    found = shares(frame("shanghai"), ["person"])

    assert found == {
        (0, "P03"): 1, (0, "P04"): 1, (0, "P05"): 1, (0, "P06"): 1, (1, "P03"): 1, (1, "P04"): 1, (1, "P05"): 1,
    }  # fmt: skip


def test_units_have_the_sum_of_their_people(facts):
    found = shares(frame(), ["region", "team"])

    assert found[(0, "east", "shanghai")] == 4 and found[(1, "east", "shanghai")] == 3
    assert found[(0, "west", "chengdu")] == 1 and found[(1, "west", "chengdu")] == 2
    assert found[(0, "east", None)] == 1


def test_days_away_and_part_time_are_taken_off(facts, at):
    """Rita was away from 2 to 6 February: five of the 16 days worked that month, after Spring Festival's."""
    rita = Person.objects.get(key="P04")
    Absence.objects.create(person=rita, starts_on=date(2026, 2, 2), ends_on=date(2026, 2, 7))
    Assignment.objects.filter(person__key="P05").update(fte="0.5")
    republished(at)
    found = shares(frame("shanghai"), ["person"])

    assert found[(1, "P04")] == 1 - 5 / 16
    assert found[(0, "P05")] == found[(1, "P05")] == 0.5


def test_a_window_without_working_days_counts_all_its_days(facts):
    found = shares(frame("shanghai"), ["person"], months=("2026-02-21..2026-02-22",))

    assert set(found) == {(0, "P03"), (0, "P04"), (0, "P05")}


def test_what_is_split_by_neither_people_nor_units_has_no_staff(facts):
    assert staff(frame(), {"0": fiscal().parse("2026-02")}, ["product"]) is None


def test_an_empty_seat_is_a_step_and_no_cause(facts, at):
    """P04 brings nothing in the last month: a cause, until the company says that she has left. P05 was always there."""
    Assignment.objects.filter(person__key="P05").update(starts_on=date(2024, 1, 1))
    republished(at)
    guessed = explained(frame(), "sales_amount", "baseline", by=("person", "product"))
    Assignment.objects.filter(person__key="P04").update(ends_on=date(2026, 2, 1))
    republished(at)
    told = explained(frame(), "sales_amount", "baseline", by=("person", "product"))

    assert guessed.explanation.causes[0].where[0] == ("person", "P04")
    assert not any(("person", "P04") in cause.in_full for cause in told.explanation.causes)
    assert -2000 < told.explanation.staffing < -1700
    assert "People who came, left or were away change it by −" in told.sentence
    chinese = explained(frame(language="zh-hans"), "sales_amount", "baseline", by=("person", "product"))
    assert "人员增减与缺勤影响−" in chinese.sentence
    assert chinese.steps == ("人员增减与缺勤", "其余", "差距")


def republished(at):
    actions.bump(at)
    publishing.publish([], at=at, note="the organisation changed")
