"""Who sits where from when to when: seats, units, absences, working days."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.incentives.oracle import Row
from tests.incentives.random_plans.values import END, PEOPLE, START, days, seldom

UNITS: list[Row] = [
    {"unit": "field", "parent": None},
    {"unit": "east", "parent": "field"},
    {"unit": "west", "parent": "field"},
    {"unit": "north", "parent": "east"},
    # Several sets of facts meet in one run: none of them has the only unit without a parent.
    {"unit": "elsewhere", "parent": None},
]


@st.composite
def assignments(draw: st.DrawFn) -> list[Row]:
    """Most people have a seat; some join, leave, or move to another seat on the day after the old one."""
    found: list[Row] = []
    for person in PEOPLE:
        if seldom(draw, 6):
            continue
        begins = draw(st.sampled_from([date(2025, 1, 1), None]))
        begins = begins or draw(days)
        ends = None
        if seldom(draw, 3):
            ends = draw(st.dates(begins + timedelta(days=1), END + timedelta(days=40)))
        turn = draw(days)
        if seldom(draw, 3) and begins < turn and (ends is None or turn < ends):
            found += [draw(seat(person, begins, turn)), draw(seat(person, turn, ends))]
        else:
            found.append(draw(seat(person, begins, ends)))
    return found


@st.composite
def seat(draw: st.DrawFn, person: str, begins: date, ends: date | None) -> Row:
    return {
        "person": person,
        "unit": draw(st.sampled_from([row["unit"] for row in UNITS])),
        "primary": not seldom(draw, 8),
        "position": draw(st.sampled_from(["rep", "rep", "lead"])),
        "starts_on": begins,
        "ends_on": ends,
        "probation_until": begins + timedelta(days=draw(st.integers(1, 90))) if seldom(draw, 3) else None,
    }


@st.composite
def absences(draw: st.DrawFn) -> list[Row]:
    found = []
    for person in draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=2)):
        begins = draw(days)
        ends = begins + timedelta(days=draw(st.integers(1, 40)))
        found.append({"person": person, "starts_on": begins, "ends_on": ends})
    return found


def calendar() -> list[Row]:
    """Monday to Friday, with a day around the plan's edges."""
    first = START - timedelta(days=40)
    every = [first + timedelta(days=n) for n in range((END - first).days + 240)]
    return [{"day": day, "working": day.weekday() < 5} for day in every]
