"""What the demo company promised itself: targets of people, teams, regions and the company, by month.

The people who set them guess well: two fifths of what the pipeline was worth, three fifths
of what then came in without any planted event. So months swing as in life, people attain between 60 and 130 %, and what the events did
is missing from the attainment, not from the target.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from dabiao.demo.simulation import catalogue, clients
from dabiao.demo.simulation.arrays import Floats, Ints
from dabiao.demo.simulation.fieldwork import VISITS_A_MONTH
from dabiao.demo.simulation.leads import QUALIFIES, Leads, ramp
from dabiao.demo.simulation.pipeline import PROPOSAL, Opportunities
from dabiao.demo.simulation.roster import REGION_OF_TEAM, REGIONS, REP_SEATS, SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import BURN_IN, Timeline, as_date, month_of, months_begin
from dabiao.engine.promise import WHOLE, Part

STRETCH = 1.03
NEXT_YEAR = 1.08  # months that are still to come, on the same month a year before
TEN_THOUSAND = 10_000
COLLECTED_AFTER: Floats = np.array([0.20, 0.10, 0.22, 0.24, 0.13, 0.06])  # months after signing
LEVELS = (Decimal("0.85"), Decimal(1), Decimal("1.15"))
RATIOS: Mapping[str, Decimal] = {
    "qualified_lead_conversion_rate": Decimal("0.25"),
    "collection_rate": Decimal("0.95"),
    "win_rate": Decimal("0.32"),
    "effective_visit_rate": Decimal("0.25"),
}
STEP: Mapping[str, int] = {
    "sales_amount": TEN_THOUSAND,
    "received_amount": TEN_THOUSAND,
    "new_customers": 1,
    "qualified_leads": 1,
    "visits": 5,
    "proposals": 1,
}
"""Additive metrics and what their targets are rounded to."""


@dataclass(frozen=True)
class Target:
    """One promise at three levels, half-open in time, of everything or of one part."""

    scope_kind: Literal["unit", "person"]
    scope: str
    metric: str
    part: Part
    starts_on: date
    ends_on: date
    base: Decimal
    target: Decimal
    challenge: Decimal


def targets(
    timeline: Timeline, roster: Roster, known: clients.Clients, found: Leads, deals: Opportunities
) -> tuple[Target, ...]:
    """Targets by month from the first kept one to December of the year of `on`."""
    months = Months(timeline)
    holding = _holding(timeline, roster, months)
    expected = _expected(timeline, roster, found, deals, months)
    lines = _by(deals, months, deals.line, len(catalogue.LINES))
    trades = _by(deals, months, known.industry[deals.customer], len(catalogue.INDUSTRIES))
    made: list[Target] = []
    for metric, values in expected.items():
        cells = _rounded(_to_december(values, timeline)[:, :, None] * holding, STEP[metric])
        made += _of_people(metric, cells, roster, months)
        made += _of_units(metric, cells, months)
        if metric == "sales_amount":
            made += _of_parts(cells, _to_december(lines, timeline), months, "product_line", catalogue.LINES)
            made += _of_parts(cells, _to_december(trades, timeline), months, "industry", catalogue.INDUSTRIES)
    for metric, value in RATIOS.items():
        made += _everywhere(metric, value, holding, roster, months)
    return tuple(made)


class Months:
    """Month numbers of the simulation, and the months that have targets."""

    def __init__(self, timeline: Timeline) -> None:
        self.start = int(month_of(np.array([timeline.start]))[0])
        self.simulated = int(month_of(np.array([timeline.end - 1]))[0]) - self.start + 1
        december = (as_date(timeline.on).year - 1970) * 12 + 11
        self.count = december - self.start + 1
        self.first = BURN_IN

    def of(self, days: Ints) -> Ints:
        """Month numbers; days outside the simulation become its last month plus one."""
        number = month_of(np.minimum(days, 2_000_000)) - self.start
        return np.where((number < 0) | (number >= self.simulated), self.simulated, number)

    def table(self, seat: Ints, days: Ints, weight: Floats) -> Floats:
        """Sums by month and seat."""
        total = np.zeros((self.simulated + 1, len(REP_SEATS)))
        np.add.at(total, (self.of(days), seat), weight)
        return total[:-1]

    def dates(self) -> list[tuple[int, date, date]]:
        """Each month with targets: its number, first day, day after the last."""
        begin = months_begin(np.arange(self.start, self.start + self.count + 1)).tolist()
        return [(m, as_date(begin[m]), as_date(begin[m + 1])) for m in range(self.first, self.count)]


def _expected(
    timeline: Timeline, roster: Roster, found: Leads, deals: Opportunities, months: Months
) -> dict[str, Floats]:
    """What was to be expected of each seat in each simulated month, without events."""
    yuan = deals.net_without / 100
    half = 0.4 * deals.planned + 0.6 * deals.won_without
    sold = months.table(deals.seat, deals.closed_without, STRETCH * half * yuan)
    lagged = [
        share * np.pad(sold, ((lag, 0), (0, 0)))[: len(sold)] for lag, share in enumerate(COLLECTED_AFTER)
    ]
    qualified = catalogue.CHANNEL_VALID[found.channel] * QUALIFIES
    share = roster.held * ramp(roster.tenure) * timeline.season() / 20.8
    seat, day = np.indices(share.shape)
    visits = months.table(
        seat.reshape(-1), day.reshape(-1) + timeline.start, VISITS_A_MONTH * share.reshape(-1)
    )
    visits += months.table(deals.seat, deals.T[:, 0] + 20, np.full(len(deals.seat), 2.5))
    return {
        "sales_amount": sold,
        "received_amount": 1.13 * sum(lagged, np.zeros_like(sold)),
        "new_customers": _smooth(_first_deals(deals, months)),
        "qualified_leads": months.table(found.seat, found.day + 4, qualified),
        "visits": visits,
        "proposals": months.table(deals.seat, deals.T[:, PROPOSAL], np.full(len(deals.seat), 0.57)),
    }


def _first_deals(deals: Opportunities, months: Months) -> Floats:
    """Customers won for the first time."""
    (won,) = np.nonzero(deals.won_without & (deals.customer % clients.PATCH >= clients.ESTABLISHED))
    won = won[np.lexsort((won, deals.closed_without[won]))]
    first = won[np.unique(deals.customer[won], return_index=True)[1]]
    return months.table(deals.seat[first], deals.closed_without[first], np.ones(len(first)))


def _smooth(values: Floats) -> Floats:
    """Half of the month, half of the year around it."""
    wide = np.pad(values, ((6, 6), (0, 0)), mode="edge")
    mean = np.stack([wide[m : m + 13].mean(axis=0) for m in range(len(values))])
    return 0.35 * values + 0.65 * mean


def _by(deals: Opportunities, months: Months, member: Ints, count: int) -> Floats:
    """Planned sales by month and member-of-team, laid side by side: column team × members + member."""
    total = np.zeros((months.simulated + 1, len(TEAM_KEYS), count))
    weight = deals.net_without / 100 * (0.5 * deals.planned + 0.5 * deals.won_without)
    np.add.at(total, (months.of(deals.closed_without), SEAT_TEAM[deals.seat], member), weight)
    return total[:-1].reshape(months.simulated, -1)


def _to_december(values: Floats, timeline: Timeline) -> Floats:
    """Months to come take the same month a year before, and more."""
    on = as_date(timeline.on)
    coming = 12 - on.month
    return np.concatenate([values, values[len(values) - 12 :][:coming] * NEXT_YEAR])


def _holding(timeline: Timeline, roster: Roster, months: Months) -> Floats:
    """Share of each seat's month that belongs to each person, by month, seat and person; 0 while vacant."""
    seats, days = roster.sitting.nonzero()
    total = np.zeros((months.simulated, len(REP_SEATS), len(roster.people)))
    np.add.at(total, (months.of(days + timeline.start), seats, roster.holder[seats, days]), 1.0)
    whole = total.sum(axis=2, keepdims=True)
    share = np.divide(total, whole, out=np.zeros_like(total), where=whole > 0)
    coming = np.repeat(share[-1:], 12 - as_date(timeline.on).month, axis=0)
    return np.concatenate([share, coming])


def _rounded(values: Floats, step: int) -> Ints:
    return (step * np.round(values / step)).astype("int64")


def _of_people(metric: str, cells: Ints, roster: Roster, months: Months) -> Iterator[Target]:
    totals = cells.sum(axis=1)
    for month, start, end in months.dates():
        for person in np.nonzero(totals[month])[0]:
            yield _target("person", roster.people[person].key, metric, start, end, int(totals[month, person]))


def _of_units(metric: str, cells: Ints, months: Months) -> Iterator[Target]:
    for unit, teams in unit_teams().items():
        totals = cells[:, np.isin(SEAT_TEAM, teams)].sum(axis=(1, 2))
        for month, start, end in months.dates():
            yield _target("unit", unit, metric, start, end, int(totals[month]))


def _of_parts(
    cells: Ints, planned: Floats, months: Months, dimension: str, keys: Sequence[str]
) -> Iterator[Target]:
    """Each unit's sales target again by the members of a dimension; they sum to it."""
    by_team = planned.reshape(len(planned), len(TEAM_KEYS), len(keys))
    totals = np.stack(
        [cells[:, team == SEAT_TEAM].sum(axis=(1, 2)) for team in range(len(TEAM_KEYS))], axis=1
    )
    share = by_team / np.maximum(by_team.sum(axis=2, keepdims=True), 1)
    parts = _rounded(np.floor(totals[:, :, None] * share / TEN_THOUSAND) * TEN_THOUSAND, 1)
    left = totals - parts.sum(axis=2)
    largest = share.argmax(axis=2)
    parts[(*np.indices(largest.shape), largest)] += left
    for unit, teams in unit_teams().items():
        of_unit = parts[:, teams].sum(axis=1)
        for month, start, end in months.dates():
            for place, key in enumerate(keys):
                value = int(of_unit[month, place])
                if value:
                    yield _target("unit", unit, "sales_amount", start, end, value, Part(dimension, key))


def _everywhere(
    metric: str, value: Decimal, holding: Floats, roster: Roster, months: Months
) -> Iterator[Target]:
    """A ratio is inherited: the same for everybody."""
    for month, start, end in months.dates():
        for unit in unit_teams():
            yield _target("unit", unit, metric, start, end, value)
        for person in np.nonzero(holding[month].sum(axis=0))[0]:
            yield _target("person", roster.people[person].key, metric, start, end, value)


def unit_teams() -> dict[str, list[int]]:
    """The teams below each unit that has targets."""
    teams = list(range(len(TEAM_KEYS)))
    regions = {
        key: [team for team in teams if REGION_OF_TEAM[team] == row] for row, key in enumerate(REGIONS)
    }
    return {"company": teams, **regions, **{key: [team] for team, key in enumerate(TEAM_KEYS)}}


def _target(
    kind: Literal["unit", "person"],
    scope: str,
    metric: str,
    start: date,
    end: date,
    value: int | Decimal,
    part: Part = WHOLE,
) -> Target:
    exact = Decimal(value)
    base, middle, challenge = (exact * level for level in LEVELS)
    return Target(kind, scope, metric, part, start, end, base, middle, challenge)
