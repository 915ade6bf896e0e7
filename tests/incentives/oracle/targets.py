"""Targets of a span, of a person and of a unit, as the page says it."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.incentives.oracle.numbers import added, rounded
from tests.incentives.oracle.situation import FAR, Row, Situation

Stretch = tuple[date, date]
NO_LEVEL = Decimal("NaN")
"""There is a target, but its middle level is not known."""


def target_of(
    s: Situation, metric: str, kind: str, scope: str, stretch: Stretch, product: str | None = None
) -> Decimal | None:
    """The target as attainment asks for it: None where there is none or where it is not known."""
    asked = person_target if kind == "person" else unit_target
    found = asked(s, metric, scope, stretch, product)
    return None if found is None or found.is_nan() else found


def person_target(
    s: Situation, metric: str, person: str, stretch: Stretch, product: str | None
) -> Decimal | None:
    return own_target(s, rows_of(s, metric, "person", person), stretch, product)


def unit_target(
    s: Situation, metric: str, unit: str, stretch: Stretch, product: str | None
) -> Decimal | None:
    """Its own; what its rows leave uncovered is asked below."""
    rows = rows_of(s, metric, "unit", unit)
    own = own_target(s, rows, stretch, product)
    if own is None:
        return below(s, metric, unit, stretch, product)
    whole = [row for row in rows if row.get("product") == product and touches(row, stretch)]
    counted = whole if whole or product else rows
    parts = [below(s, metric, unit, gap, product) for gap in uncovered(chosen(counted, stretch), stretch)]
    return added([own, *(part for part in parts if part is not None)])


def below(s: Situation, metric: str, unit: str, stretch: Stretch, product: str | None) -> Decimal | None:
    """Units directly below, and people for the days of their main seat."""
    parts = [
        unit_target(s, metric, str(row["unit"]), stretch, product)
        for row in s.rows("units")
        if row["parent"] == unit
    ]
    for seat in s.rows("assignments"):
        if seat["unit"] != unit or seat.get("primary") is False:
            continue
        days = max(seat["starts_on"], stretch[0]), min(seat["ends_on"] or FAR, stretch[1])
        if days[0] < days[1]:
            parts.append(person_target(s, metric, str(seat["person"]), days, product))
    known = [part for part in parts if part is not None]
    return added(known) if known else None


def rows_of(s: Situation, metric: str, kind: str, scope: str) -> list[Row]:
    return [
        row
        for row in s.rows("targets")
        if (row["scope"], row["metric"], row.get("scope_kind", "person")) == (scope, metric, kind)
    ]


def own_target(s: Situation, rows: list[Row], stretch: Stretch, product: str | None) -> Decimal | None:
    """One holder's rows: those for all products, else the sum over product lines."""
    found = of_one_product(s, [row for row in rows if row.get("product") == product], stretch)
    if found is not None or product:
        return found
    lines = {row["product"] for row in rows if row.get("product")}
    parts = [
        of_one_product(s, [row for row in rows if row.get("product") == line], stretch) for line in lines
    ]
    known = [part for part in parts if part is not None]
    return added(known) if known else None


def of_one_product(s: Situation, rows: list[Row], stretch: Stretch) -> Decimal | None:
    picked = chosen(rows, stretch)
    return added([part_inside(s, row, stretch) for row in picked]) if picked else None


def touches(row: Row, stretch: Stretch) -> bool:
    return bool(row["starts_on"] < stretch[1] and stretch[0] < row["ends_on"])


def chosen(rows: list[Row], stretch: Stretch) -> list[Row]:
    """Every set of rows without overlap is looked at; the best is taken."""
    touching = sorted(
        (row for row in rows if touches(row, stretch)), key=lambda row: (row["ends_on"], row["starts_on"])
    )
    sets = [[row] for row in touching]
    # Later rows are put behind every set that ends before them; the list grows while it is walked.
    for some in sets:
        sets += [[*some, row] for row in touching if row["starts_on"] >= some[-1]["ends_on"]]

    def merit(some: list[Row]) -> tuple[object, ...]:
        inside = sum(
            (min(row["ends_on"], stretch[1]) - max(row["starts_on"], stretch[0])).days for row in some
        )
        beyond = sum((row["ends_on"] - row["starts_on"]).days for row in some) - inside
        return -inside, beyond, len(some), [(row["ends_on"], row["starts_on"]) for row in reversed(some)]

    return min(sets, key=merit, default=[])


def uncovered(rows: list[Row], stretch: Stretch) -> list[Stretch]:
    """The stretches that rows, in order, leave out."""
    days = [stretch[0] + timedelta(days=n) for n in range((stretch[1] - stretch[0]).days)]
    free = [day for day in days if not any(row["starts_on"] <= day < row["ends_on"] for row in rows)]
    found: list[Stretch] = []
    for day in free:
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found


def part_inside(s: Situation, row: Row, stretch: Stretch) -> Decimal:
    if row["target"] is None:
        return NO_LEVEL
    promised = Decimal(row["target"])
    if stretch[0] <= row["starts_on"] and row["ends_on"] <= stretch[1]:
        return promised
    start, end = max(stretch[0], row["starts_on"]), min(stretch[1], row["ends_on"])
    return so_far(s, row, promised, end) - so_far(s, row, promised, start)


def so_far(s: Situation, row: Row, promised: Decimal, day: date) -> Decimal:
    """What is promised from the row's start until a day."""
    days = [row["starts_on"] + timedelta(days=n) for n in range((row["ends_on"] - row["starts_on"]).days)]
    working = {each["day"] for each in s.rows("calendar") if each["working"]}
    counted = [each for each in days if each in working] or days
    return rounded(Fraction(promised) * sum(each < day for each in counted) / len(counted), 4)
