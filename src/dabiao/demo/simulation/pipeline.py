"""Opportunities: what becomes of them stage by stage, and what they are worth."""

from dataclasses import dataclass

import numpy as np

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, Texts, chance, dice, logit, pick
from dabiao.demo.simulation.events import (
    BAD_CHANNEL,
    HASTY_PROPOSALS,
    NEWCOMERS,
    PRICE_WAR,
    WINNING_PITCH,
    Planted,
)
from dabiao.demo.simulation.leads import Leads, arrivals
from dabiao.demo.simulation.roster import REGIONS, REP_SEATS, SEAT_REGION, SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import Timeline, months_begin

STAGES = ("qualified", "needs", "proposal", "negotiation")
QUALIFIED, NEEDS, PROPOSAL, NEGOTIATION = range(4)
FROM_LEAD: Floats = np.array([0.72, 0.72, 0.68, 0.72])  # passes each stage; 25 % of them become a deal
FROM_ACCOUNT: Floats = np.array([0.86, 0.84, 0.78, 0.78])  # 44 %
KEY_ACCOUNT: Floats = np.array([0.999, 0.999, 0.998, 0.998])
STAGE_SHARE: Floats = np.array([0.18, 0.30, 0.30, 0.22])  # of the cycle
ACCOUNT_A_MONTH = 3.0  # opportunities a month that a seat finds at its own customers
ACCOUNT_MIX: Floats = np.array([0.13, 0.20, 0.20, 0.17, 0.30])
KEY_PRODUCTS: Ints = np.array([2, 1, 5, 5])
BAD_LEADS_LOSS = 0.72  # of passing the first two stages, from the bad channel
PITCH_GAIN = 0.06  # added to the chance to win
NEWCOMER_SEATS = tuple(f"shanghai-1-rep-{number}" for number in (4, 5, 6))
NEWCOMER_LOSS = 0.52  # of passing the first two stages on the new-energy line
PITCH_TEAM, HASTY_TEAM, PRICE_REGION = "nanjing", "chengdu", "south"


@dataclass(frozen=True)
class Opportunities:
    """One row per opportunity, as if the future were known.

    real: an event has not spoilt the lead it comes from; spoilt ones keep their row, and others their luck
    T: `T[:, k]` is the day stage k is entered, `T[:, 4]` the day the deal would be signed
    listed, net: cents, without tax
    planned: the chance to win; net_without, won_without, closed_without: price, outcome and its day, all
        had no event been planted
    """

    keys: Texts
    real: Flags
    seat: Ints
    customer: Ints
    lead: Ints
    channel: Ints
    line: Ints
    product: Ints
    qty: Ints
    spare_qty: Ints
    listed: Ints
    net: Ints
    discount: Ints
    T: Ints
    passed: Ints
    won: Flags
    closed_on: Ints
    lost_reason: Ints
    competitor: Ints
    planned: Floats
    net_without: Ints
    won_without: Flags
    closed_without: Ints

    def stage_on(self, day: int) -> Ints:
        """The stage an opportunity that is open on `day` stands in."""
        stage: Ints = np.minimum((self.T[:, 1:4] <= day).sum(axis=1), self.passed)
        return stage


@dataclass(frozen=True)
class _Starts:
    """Where opportunities come from, before anything is known about them."""

    seat: Ints
    day: Ints
    customer: Ints
    lead: Ints
    channel: Ints
    line: Ints
    passing: Floats


def opportunities(
    seed: int, timeline: Timeline, roster: Roster, found: Leads, events: Planted
) -> Opportunities:
    """All opportunities. The throws are the same with and without events; only the chances differ."""
    starts = _starts(seed, timeline, roster, found)
    throws = dice(seed, "opportunities")
    count = len(starts.seat)
    T = _stage_days(throws, timeline, starts)
    quiet = _chances(seed, timeline, roster, starts)
    luck = throws.random((count, 4))
    passed_without = _passed(luck, quiet)
    passed = _passed(luck, _with_events(quiet, T, starts, events))
    pull = throws.random(count), throws.integers(1, 9, count)
    worth = _worth(throws, timeline, starts, T, events)
    reason, rival = _losses(throws, starts, T, events, count)
    real = (starts.lead < 0) | (found.qualified_on[starts.lead] < arrays.NEVER)
    return Opportunities(
        keys=arrays.keys("OP", count),
        real=real,
        seat=starts.seat,
        customer=starts.customer,
        lead=starts.lead,
        channel=starts.channel,
        line=starts.line,
        T=T,
        passed=np.minimum(passed, 3),
        won=real & (passed == 4),
        closed_on=_closing(timeline, T, passed, *pull),
        lost_reason=np.where(passed == 4, -1, reason),
        competitor=np.where((passed == 4) | (reason > 1), -1, rival),
        planned=quiet.prod(axis=1),
        won_without=passed_without == 4,
        closed_without=_closing(timeline, T, passed_without, *pull),
        **worth,
    )


def _starts(seed: int, timeline: Timeline, roster: Roster, found: Leads) -> _Starts:
    (lead,) = np.nonzero(found.qualified_without < timeline.end)
    seat, day = arrivals(seed, "account opportunities", timeline, roster, ACCOUNT_A_MONTH)
    throws = dice(seed, "account opportunities: what")
    place = clients.by_value(throws.random(len(seat)), 2.6, day, timeline)
    line = pick(np.cumsum(ACCOUNT_MIX), throws.random(len(seat)))
    key_day, key_account = _key_account_days(timeline)
    none, key_none = np.full(len(seat), -1), np.full(len(key_day), -1)
    key_line = KEY_PRODUCTS[key_account] // catalogue.PER_LINE
    sizes = (len(lead), len(seat), len(key_day))
    return _Starts(
        seat=np.concatenate([found.seat[lead], seat, clients.KEY_ACCOUNT_SEATS[key_account]]),
        day=np.concatenate([found.qualified_without[lead], day, key_day]),
        customer=np.concatenate(
            [found.customer[lead], seat * clients.PATCH + place, clients.KEY_ACCOUNTS[key_account]]
        ),
        lead=np.concatenate([lead, none, key_none]),
        channel=np.concatenate([found.channel[lead], none, key_none]),
        line=np.concatenate([found.line[lead], line, key_line]),
        passing=np.repeat(np.stack([FROM_LEAD, FROM_ACCOUNT, KEY_ACCOUNT]), sizes, axis=0),
    )


def _key_account_days(timeline: Timeline) -> tuple[Ints, Ints]:
    """Key accounts buy every month: one opportunity each near its beginning."""
    first = np.arange(
        np.datetime64(timeline.start, "D").astype("datetime64[M]").astype("int64"),
        np.datetime64(timeline.end, "D").astype("datetime64[M]").astype("int64"),
    )
    day = np.repeat(months_begin(first), len(clients.KEY_ACCOUNTS))
    account = np.tile(np.arange(len(clients.KEY_ACCOUNTS)), len(first))
    return timeline.next(day + 3 * account), account


def _stage_days(throws: np.random.Generator, timeline: Timeline, starts: _Starts) -> Ints:
    """When each stage is entered: working days, at least a day apart."""
    cycle = catalogue.CYCLE_DAYS[starts.line][:, None] * STAGE_SHARE
    lasting = np.maximum(1, np.round(0.69 * cycle * throws.lognormal(-0.08, 0.45, cycle.shape)))
    after = timeline.shifted(starts.day[:, None], np.cumsum(lasting.astype("int64"), axis=1))
    return np.concatenate([starts.day[:, None], after], axis=1)


def _chances(seed: int, timeline: Timeline, roster: Roster, starts: _Starts) -> Floats:
    """Chance to pass each stage: the source's, moved by who sells, through which channel, what."""
    skill = dice(seed, "skill").normal(0, 0.10, len(roster.people))
    at = np.clip(starts.day - timeline.start, 0, len(timeline) - 1)
    person, tenure = roster.holder[starts.seat, at], roster.tenure[starts.seat, at]
    channel = np.append(catalogue.CHANNEL_LOGIT, 0.0)[starts.channel]
    new = np.where(tenure < 90, -0.04, 0.0)
    return chance(
        logit(starts.passing) + (skill[person] + channel + catalogue.WIN_LOGIT[starts.line] + new)[:, None]
    )


def _with_events(quiet: Floats, T: Ints, starts: _Starts, events: Planted) -> Floats:
    """The chances as the planted events change them."""
    p = quiet.copy()
    team, region = SEAT_TEAM[starts.seat], SEAT_REGION[starts.seat]
    spoilt = (starts.channel == catalogue.PORTAL) & events.active(BAD_CHANNEL, T[:, 0])
    p[spoilt, :2] *= BAD_LEADS_LOSS

    newcomer = np.isin(starts.seat, [row for row, seat in enumerate(REP_SEATS) if seat.key in NEWCOMER_SEATS])
    lost = newcomer & (starts.line == catalogue.NEW_ENERGY) & events.active(NEWCOMERS, T[:, 0])
    p[lost, :2] *= NEWCOMER_LOSS

    pitched = (team == TEAM_KEYS.index(PITCH_TEAM)) & events.active(WINNING_PITCH, T[:, PROPOSAL])
    better = np.sqrt(1 + PITCH_GAIN / p.prod(axis=1))
    p[:, 2:] *= np.where(pitched, better, 1.0)[:, None]

    hasty = (team == TEAM_KEYS.index(HASTY_TEAM)) & events.active(HASTY_PROPOSALS, T[:, 0])
    p[hasty] *= [1.0, 1.25, 0.68, 0.90]

    cheap = (region == REGIONS.index(PRICE_REGION)) & (starts.line == catalogue.INSPECTION)
    p[cheap & events.active(PRICE_WAR, T[:, NEGOTIATION]), 3] *= 0.55
    return np.minimum(p, 0.999)


def _passed(luck: Floats, chances: Floats) -> Ints:
    """How many stages are passed, 0 to 4."""
    count: Ints = np.cumprod(luck < chances, axis=1).sum(axis=1)
    return count


def _closing(timeline: Timeline, T: Ints, passed: Ints, hurry: Floats, before_end: Ints) -> Ints:
    """The day of the outcome. Some deals due early in a quarter are pulled to the end of the one before,
    most of what would fall on Spring Festival waits for the weeks after it."""
    day = np.take_along_axis(T, np.minimum(passed, 3)[:, None] + 1, axis=1)[:, 0]
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    quarter = months_begin(month - month % 3)
    entered = np.take_along_axis(T, np.minimum(passed, 3)[:, None], axis=1)[:, 0]
    pulled = timeline.shifted(quarter, -before_end)
    pull = (passed == 4) & (day - quarter < 20) & (pulled > entered) & (hurry < 0.30)
    day = np.where(pull, pulled, day)
    waits = timeline.festive(day) & (hurry > 0.35)
    return np.where(waits, timeline.shifted(day, 6 + 2 * before_end), day)


def _worth(
    throws: np.random.Generator, timeline: Timeline, starts: _Starts, T: Ints, events: Planted
) -> dict[str, Ints]:
    """Product, pieces, list price, discount (in millionths) and price; machines often come with spare parts."""
    count = len(starts.seat)
    key_sized = starts.passing[:, 0] > 0.99
    product = starts.line * catalogue.PER_LINE + throws.integers(0, catalogue.PER_LINE, count)
    account = np.searchsorted(clients.KEY_ACCOUNTS, starts.customer) % len(clients.KEY_ACCOUNTS)
    product = np.where(key_sized, KEY_PRODUCTS[account], product)
    qty = 1 + pick(np.cumsum([0.72, 0.22, 0.06]), throws.random(count))
    qty = np.where(starts.line == catalogue.SERVICE, qty + throws.integers(0, 3, count), qty)
    qty = np.where(key_sized, throws.integers(2, 5, count) + 2 * (starts.customer == clients.LATE_PAYER), qty)
    spare = np.where((starts.line != catalogue.SERVICE) & (throws.random(count) < 0.35), qty, 0)
    discount = np.round(1000 * throws.beta(4, 40, count)).astype("int64")
    war = (SEAT_REGION[starts.seat] == REGIONS.index(PRICE_REGION)) & (starts.line == catalogue.INSPECTION)
    without = listed_at(qty, product, spare) * (1000 - discount) // 1000
    discount += np.where(war & events.active(PRICE_WAR, T[:, PROPOSAL]), 50, 0)
    listed = listed_at(qty, product, spare)
    net = listed * (1000 - discount) // 1000
    return {
        "product": product,
        "qty": qty,
        "spare_qty": spare,
        "listed": listed,
        "net": net,
        "net_without": without,
        "discount": discount * 1000,
    }


def listed_at(qty: Ints, product: Ints, spare: Ints) -> Ints:
    """The list price of machines and their spare parts, in cents."""
    yuan: Ints = qty * catalogue.PRICE[product] + spare * catalogue.PRICE[catalogue.SPARE_PARTS]
    return 100 * yuan


def _losses(
    throws: np.random.Generator, starts: _Starts, T: Ints, events: Planted, count: int
) -> tuple[Ints, Ints]:
    """Why it would be lost, and to whom."""
    reason = pick(np.cumsum([0.28, 0.22, 0.18, 0.20, 0.12]), throws.random(count))
    rival = throws.integers(0, len(catalogue.COMPETITORS), count)
    war = (SEAT_REGION[starts.seat] == REGIONS.index(PRICE_REGION)) & (starts.line == catalogue.INSPECTION)
    undercut = war & events.active(PRICE_WAR, T[:, NEGOTIATION]) & (throws.random(count) < 0.7)
    return np.where(undercut, 0, reason), np.where(undercut, 1, rival)
