"""Who sits where from when to when, whom the plan covers, and for how many days it counts."""

import re
from datetime import date, timedelta
from fractions import Fraction

from tests.incentives.oracle.periods import Span
from tests.incentives.oracle.situation import FAR, Row, Situation, in_force

# --- seats ---------------------------------------------------------------------------------------------


def seats(s: Situation, person: str) -> list[Row]:
    """All seats of a person, in the order in which they began."""
    rows = [row for row in s.rows("assignments") if row["person"] == person]
    return sorted(rows, key=lambda row: row["starts_on"])


def seat_on(s: Situation, person: str, day: date) -> Row | None:
    return next((row for row in seats(s, person) if in_force(row, day)), None)


def main_seat_on(s: Situation, person: str, day: date) -> Row | None:
    main = [row for row in seats(s, person) if row.get("primary") is not False]
    return next((row for row in main if in_force(row, day)), None)


def joined(s: Situation, person: str) -> date | None:
    """The first seat's start."""
    return min((row["starts_on"] for row in seats(s, person)), default=None)


def gone(s: Situation, person: str) -> date | None:
    """The day after the last day of the last seat; nothing while it lasts."""
    last = max((row["ends_on"] or FAR for row in seats(s, person)), default=FAR)
    return None if last == FAR else last


def leaves_in(s: Situation, person: str, period: Span) -> bool:
    """The period of leaving is the one that holds the last day of the last seat."""
    after = gone(s, person)
    return after is not None and period.holds(after - timedelta(days=1))


def unit_in(s: Situation, person: str, span: Span) -> str | None:
    """The unit of the person's last main seat in a span."""
    main = [row for row in seats(s, person) if row.get("primary") is not False]
    there = [r for r in main if r["starts_on"] < span.end and (r["ends_on"] or FAR) > span.start]
    return str(there[-1]["unit"]) if there else None


def is_under(s: Situation, unit: str | None, above: str) -> bool:
    """Whether a unit is another one or lies below it."""
    while unit is not None and unit != above:
        unit = parent_of(s, unit)
    return unit == above


def parent_of(s: Situation, unit: str) -> str | None:
    return next((row["parent"] for row in s.rows("units") if row["unit"] == unit), None)


def is_position(position: str, pattern: str) -> bool:
    """A `*` stands for any letters."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), position) is not None


# --- who is covered ------------------------------------------------------------------------------------


def covered(s: Situation, person: str, day: date) -> bool:
    """Whether the plan is for this person on this day."""
    return s.once(("covered", person, day), lambda: _covered(s, person, day))


def _covered(s: Situation, person: str, day: date) -> bool:
    if any(names(s, entry, person, day) for entry in s.plan.get("except", [])):
        return False
    return s.plan["who"] == "everyone" or any(names(s, entry, person, day) for entry in s.plan["who"])


def names(s: Situation, entry: Row, person: str, day: date) -> bool:
    """An entry names somebody by number, position or unit, while it is dated so."""
    if not entry.get("from", date.min) <= day < entry.get("to", FAR):
        return False
    if "person" in entry:
        return bool(entry["person"] == person)
    seat = seat_on(s, person, day)
    if seat is None:
        return False
    if "role" in entry:
        return is_position(seat["position"], entry["role"])
    return is_under(s, seat["unit"], entry["unit"])


def sits_under_the_plan(s: Situation, person: str, span: Span) -> bool:
    """Whether there is a day of the span on which the person has a seat and the plan covers it."""
    return s.once(
        ("sits", person, span),
        lambda: any(
            s.plan["from"] <= day < s.plan["to"]
            and seat_on(s, person, day) is not None
            and covered(s, person, day)
            for day in span.days()
        ),
    )


# --- days in force -------------------------------------------------------------------------------------


def share_in_force(s: Situation, person: str, span: Span, prorate: Row | None) -> Fraction:
    """Days in force ÷ days of the span."""
    if prorate is None:
        return Fraction(1)
    days = span.days()
    if prorate.get("days", "calendar") == "working":
        working = {row["day"] for row in s.rows("calendar") if row["working"]}
        days = [day for day in days if day in working]
    if not days:
        return Fraction(0)
    kept = [day for day in days if not any(is_lost(s, person, day, why) for why in prorate["for"])]
    return Fraction(len(kept), len(days))


def is_lost(s: Situation, person: str, day: date, why: str) -> bool:
    """Whether a day does not count for one of the reasons."""
    mine = seats(s, person)
    if why == "joining":
        return bool(mine) and day < mine[0]["starts_on"]
    if why == "leaving":
        return bool(mine) and day >= max(row["ends_on"] or FAR for row in mine)
    if why == "transfer":
        return not (s.plan["from"] <= day < s.plan["to"] and covered(s, person, day))
    if why == "absence":
        return any(row["person"] == person and in_force(row, day) for row in s.rows("absences"))
    seat = seat_on(s, person, day)
    return seat is not None and seat["probation_until"] is not None and day < seat["probation_until"]
