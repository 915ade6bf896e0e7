"""What reps do all day: visits, calls, demos, proposals, and which of the visits had been planned."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, dice, only, taken
from dabiao.demo.simulation.events import HASTY_PROPOSALS, NEWCOMERS, PADDED_VISITS, WINNING_PITCH, Planted
from dabiao.demo.simulation.leads import arrivals, person_keys
from dabiao.demo.simulation.pipeline import (
    HASTY_TEAM,
    NEEDS,
    NEWCOMER_SEATS,
    PITCH_TEAM,
    PROPOSAL,
    Opportunities,
)
from dabiao.demo.simulation.roster import REP_SEATS, SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import Timeline
from dabiao.engine.needs import FLAGS

KINDS = ("visit", "call", "demo", "proposal", "joint_visit")
VISIT, CALL, DEMO, PROPOSAL_SENT, JOINT_VISIT = range(5)
VISITS_A_MONTH, CALLS_A_MONTH, PADDED_A_DAY = 38.0, 34.0, 3.5
PADDER_SEAT = "guangzhou-rep-3"
PLANNED = 0.80
GOALS = ("find_needs", "present_proposal", "negotiate", "keep_contact", "collect_money")
_PADDER = next(row for row, seat in enumerate(REP_SEATS) if seat.key == PADDER_SEAT)
_NEWCOMERS = [row for row, seat in enumerate(REP_SEATS) if seat.key in NEWCOMER_SEATS]


@dataclass(frozen=True)
class Activities:
    """One row per activity. `luck` is thrown once for each; `padded` ones were made for the count."""

    seat: Ints
    day: Ints
    kind: Ints
    customer: Ints
    opportunity: Ints
    luck: Floats
    padded: Flags


def activities(
    seed: int, timeline: Timeline, roster: Roster, found: Opportunities, events: Planted
) -> Activities:
    """Activities of the kept months up to `on`, in order of day and seat."""
    parts = [
        _for_opportunities(seed, timeline, found, events),
        _of_the_day(seed, timeline, roster, "visits", VISIT, VISITS_A_MONTH),
        _of_the_day(seed, timeline, roster, "calls", CALL, CALLS_A_MONTH),
        _padding(seed, timeline, roster, events),
    ]
    whole = Activities(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Activities))
    )
    rows = np.nonzero(timeline.known(whole.day))[0]
    rows = rows[np.lexsort((whole.luck[rows, 0], whole.seat[rows], whole.day[rows]))]
    return _rows(whole, rows)


def _for_opportunities(seed: int, timeline: Timeline, found: Opportunities, events: Planted) -> Activities:
    """Visits while it is open, a demo where one is needed, a proposal when that stage is reached."""
    throws = dice(seed, "opportunity activities")
    count = len(found.keys)
    visits = 1 + throws.poisson(1.5, count)
    of = np.repeat(np.arange(count), visits)
    spread = throws.random(len(of))
    lasting = timeline.between(found.T[of, 0], found.closed_on[of])
    visit_day = timeline.shifted(found.T[of, 0], np.floor(spread * lasting).astype("int64"))
    demo_luck = throws.random(count)
    pitched = _team(found.seat, PITCH_TEAM) & events.active(WINNING_PITCH, found.T[:, PROPOSAL])
    wanted = demo_luck < np.where(pitched, 0.80, 0.30)
    (demo,) = np.nonzero(wanted & (found.passed >= NEEDS))
    (proposal,) = np.nonzero(found.passed >= PROPOSAL)
    luck_v, luck_d, luck_p = (throws.random((size, 6)) for size in (len(of), count, count))
    whose = np.concatenate([of, demo, proposal])
    done = Activities(
        seat=found.seat[whose],
        day=np.concatenate([visit_day, found.T[demo, NEEDS], found.T[proposal, PROPOSAL]]),
        kind=np.repeat([VISIT, DEMO, PROPOSAL_SENT], [len(of), len(demo), len(proposal)]),
        customer=found.customer[whose],
        opportunity=whose,
        luck=np.concatenate([luck_v, luck_d[demo], luck_p[proposal]]),
        padded=np.zeros(len(whose), dtype=bool),
    )
    return _rows(done, np.nonzero(found.real[whose])[0])


def _rows(done: Activities, rows: Ints) -> Activities:
    return Activities(*(getattr(done, each.name)[rows] for each in fields(Activities)))


def _of_the_day(
    seed: int, timeline: Timeline, roster: Roster, what: str, kind: int, a_month: float
) -> Activities:
    """Visits and calls that keep in touch, the valuable customers first."""
    seat, day = arrivals(seed, what, timeline, roster, a_month)
    luck = dice(seed, f"{what}: what").random((len(seat), 7))
    return Activities(
        seat=seat,
        day=day,
        kind=np.full(len(seat), kind),
        customer=seat * clients.PATCH + clients.by_value(luck[:, 6], 1.9, day, timeline),
        opportunity=np.full(len(seat), -1),
        luck=luck[:, :6],
        padded=np.zeros(len(seat), dtype=bool),
    )


def _padding(seed: int, timeline: Timeline, roster: Roster, events: Planted) -> Activities:
    """Short calls at the door of whoever is near, entered as visits."""
    throws = dice(seed, "padding")
    days = np.arange(timeline.start, timeline.end)
    counts = throws.poisson(PADDED_A_DAY * roster.held[_PADDER] * timeline.worked[: len(timeline)])
    day = np.repeat(days, counts)
    luck = throws.random((len(day), 6))
    kept = events.active(PADDED_VISITS, day)
    places = 10 + np.floor(luck[:, 5] * 12).astype("int64")
    return Activities(
        seat=np.full(kept.sum(), _PADDER),
        day=day[kept],
        kind=np.full(kept.sum(), VISIT),
        customer=_PADDER * clients.PATCH + places[kept],
        opportunity=np.full(kept.sum(), -1),
        luck=luck[kept],
        padded=np.ones(kept.sum(), dtype=bool),
    )


def _team(seat: Ints, key: str) -> Flags:
    flags: Flags = SEAT_TEAM[seat] == TEAM_KEYS.index(key)
    return flags


@dataclass(frozen=True)
class _Quality:
    """How good each activity was."""

    minutes: Ints
    decision_maker: Flags
    depth: Ints
    has_case: Flags
    has_roi: Flags


def _quality(done: Activities, found: Opportunities, line: Ints, events: Planted) -> _Quality:
    visit = (done.kind == VISIT) | (done.kind == JOINT_VISIT)
    length = np.array([26.0, 6.0, 55.0, 40.0, 35.0])[done.kind]
    minutes = np.floor(length * (0.55 + 1.05 * done.luck[:, 1])).astype("int64")
    minutes = np.where(done.padded, 4 + np.floor(7 * done.luck[:, 1]).astype("int64"), minutes)
    upper = done.opportunity >= 0
    maker = done.luck[:, 2] < np.where(done.padded, 0.06, np.where(upper, 0.58, 0.42))
    shallow = (
        np.isin(done.seat, _NEWCOMERS) & (line == catalogue.NEW_ENERGY) & events.active(NEWCOMERS, done.day)
    )
    hasty = _team(done.seat, HASTY_TEAM) & events.active(HASTY_PROPOSALS, done.day)
    # Who finds the needs wins more often; luck and outcome are drawn before, so it is written backwards.
    deep = np.where(upper & found.won_without[done.opportunity], 0.40, 0.28)
    reach = np.where(upper, deep, 0.17) * np.where(shallow, 0.45, 1.0) * np.where(hasty, 0.72, 1.0)
    reach = np.where(done.padded, 0.03, reach)
    depth = np.where(visit | (done.kind == DEMO), _of_three(reach, done.luck[:, 3]), 0)
    pitched = _team(done.seat, PITCH_TEAM) & events.active(WINNING_PITCH, done.day)
    proposal = done.kind == PROPOSAL_SENT
    return _Quality(
        minutes=minutes,
        decision_maker=maker,
        depth=depth,
        has_case=proposal & (done.luck[:, 4] < np.where(pitched, 0.92, 0.50)),
        has_roi=proposal & (done.luck[:, 5] < np.where(pitched, 0.90, 0.22)),
    )


def _of_three(p: Floats, luck: Floats) -> Ints:
    """How many of three tries succeed: where the binomial distribution function passes each throw."""
    q = 1 - p
    steps = np.stack([q**3, q**3 + 3 * p * q**2, 1 - p**3], axis=1)
    successes: Ints = (luck[:, None] > steps).sum(axis=1)
    return successes


def _needs(depth: Ints, luck: Floats) -> dict[str, Flags]:
    """Which needs a visit found of as many as it did: more often the pain than the other two."""
    first = np.digitize(luck, [0.5, 0.8])
    found = {}
    for at, name in enumerate(FLAGS):
        alone: Flags = (depth == 1) & (first == at)
        found[name] = alone | ((depth == 2) & (first != 2 - at)) | (depth == 3)
    return found


def field_tables(
    done: Activities,
    found: Opportunities,
    known: clients.Clients,
    roster: Roster,
    timeline: Timeline,
    events: Planted,
    opportunity_kept: Flags,
) -> dict[str, pa.Table]:
    """Activities, and the plans that some of the visits fulfil."""
    kind = np.where((done.kind == VISIT) & (done.luck[:, 0] > 0.94), JOINT_VISIT, done.kind)
    line = np.where(done.opportunity >= 0, found.line[done.opportunity], -1)
    good = _quality(done, found, line, events)
    tier = known.tier_on(done.customer, done.day)
    person = roster.holder[done.seat, done.day - timeline.start]
    people = person_keys(roster)
    keys = _running_keys("A", done)
    visit = (kind == VISIT) | (kind == JOINT_VISIT)
    planned = visit & ~done.padded & (done.luck[:, 5] < PLANNED)
    plan = np.array([f"P{key[1:]}" for key in keys], dtype=object)
    linked = np.where(done.opportunity >= 0, opportunity_kept[done.opportunity], False)
    activities_ = arrays.table(
        "activities",
        key=keys,
        started_at=arrays.times(done.day, _starts(done, good.minutes)),
        entity=np.full(len(keys), "main", dtype=object),
        person=people[person],
        customer=known.keys[done.customer],
        kind=np.array(KINDS, dtype=object)[kind],
        minutes=good.minutes,
        contact=_contacts(known, done),
        with_decision_maker=good.decision_maker,
        need_stated=(good.depth > 0) & ~done.padded,
        needs_depth=pa.array(good.depth, mask=~(visit | (kind == DEMO))),
        **{
            name: pa.array(found_out, mask=~(visit | (kind == DEMO)))
            for name, found_out in _needs(good.depth, done.luck[:, 4]).items()
        },
        plan=only(planned, plan),
        opportunity=only(linked, taken(found.keys, done.opportunity)),
        product_line=taken(np.array(catalogue.LINES, dtype=object), line),
        has_case=pa.array(good.has_case, mask=kind != PROPOSAL_SENT),
        has_roi=pa.array(good.has_roi, mask=kind != PROPOSAL_SENT),
        companion=only(
            kind == JOINT_VISIT, people[roster.manager[SEAT_TEAM[done.seat], done.day - timeline.start]]
        ),
        customer_tier=np.array(clients.TIERS, dtype=object)[tier],
        high_value=clients.high_value(tier),
    )
    return {
        "activities": activities_,
        "visit_plans": _plans(done, planned, plan, tier, people[person], known),
    }


def _plans(
    done: Activities,
    planned: Flags,
    plan: arrays.Texts,
    tier: Ints,
    person: arrays.Texts,
    known: clients.Clients,
) -> pa.Table:
    """A plan for most visits, and for one call in nine a visit that was planned and did not happen."""
    missed = (done.kind == CALL) & (done.luck[:, 5] < 0.11)
    (rows,) = np.nonzero(planned | missed)
    return arrays.table(
        "visit_plans",
        key=plan[rows],
        planned_on=arrays.dates(done.day[rows]),
        entity=np.full(len(rows), "main", dtype=object),
        person=person[rows],
        customer=known.keys[done.customer[rows]],
        goal=np.array(GOALS, dtype=object)[np.floor(done.luck[rows, 4] * len(GOALS)).astype("int64")],
        done=planned[rows],
        customer_tier=np.array(clients.TIERS, dtype=object)[tier[rows]],
    )


def _starts(done: Activities, minutes: Ints) -> Floats:
    """One after the other through the working day, in minutes after midnight."""
    day_and_seat = done.day * 1000 + done.seat
    _, first, count = np.unique(day_and_seat, return_index=True, return_counts=True)
    order = np.arange(len(day_and_seat)) - np.repeat(first, count)
    slot = 540.0 / np.repeat(count, count)
    began: Floats = 8 * 60 + 30 + slot * (order + 0.5 * done.luck[:, 1])
    return began


def _running_keys(prefix: str, done: Activities) -> arrays.Texts:
    """Day, seat and a number within them: a later `on` renames nothing."""
    day_and_seat = done.day * 1000 + done.seat
    _, first, count = np.unique(day_and_seat, return_index=True, return_counts=True)
    order = np.arange(len(day_and_seat)) - np.repeat(first, count)
    rows = zip(done.day.tolist(), done.seat.tolist(), order.tolist(), strict=True)
    return np.array([f"{prefix}{day}-{seat:02d}-{number:02d}" for day, seat, number in rows], dtype=object)


def _contacts(known: clients.Clients, done: Activities) -> arrays.Texts:
    number = 1 + np.floor(done.luck[:, 4] * 3).astype("int64")
    rows = zip(known.keys[done.customer].tolist(), number.tolist(), strict=True)
    return np.array([f"{customer}-{contact}" for customer, contact in rows], dtype=object)
