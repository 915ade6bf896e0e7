"""Leads: how many, from where, which are real, which become qualified."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, Texts, dice, only, pick, taken
from dabiao.demo.simulation.events import BAD_CHANNEL, Planted
from dabiao.demo.simulation.roster import SEAT_TEAM, Roster
from dabiao.demo.simulation.timeline import Timeline, month_of

A_MONTH = 17.0  # leads of a seat in an ordinary month
QUALIFIES = 0.63  # of the valid ones
BAD_VALIDITY = 0.50  # what the bad channel's validity is multiplied by


@dataclass(frozen=True)
class Leads:
    """One row per lead that arrived, also before the books begin and after `on`."""

    keys: Texts
    seat: Ints
    day: Ints
    channel: Ints
    line: Ints
    customer: Ints
    valid: Flags
    qualified_on: Ints
    qualified_without: Ints
    """The day it would have become a qualified lead had no event been planted."""
    reason: Ints
    referrer: Ints


def ramp(tenure: Ints) -> Floats:
    """How much of a full workload somebody carries after so many days in the company."""
    return np.clip(0.45 + 0.55 * tenure / 150, 0.45, 1.0)


def arrivals(seed: int, what: str, timeline: Timeline, roster: Roster, a_month: float) -> tuple[Ints, Ints]:
    """Seat and day of things that come at random, `a_month` per seat: by season, presence and tenure."""
    throws = dice(seed, what)
    share = roster.held * ramp(roster.tenure) * timeline.season() / 20.8
    counts = throws.poisson(a_month * share)
    seat, day = np.nonzero(counts)
    times = counts[seat, day]
    return np.repeat(seat, times), np.repeat(day, times) + timeline.start


def leads(seed: int, timeline: Timeline, roster: Roster, events: Planted) -> Leads:
    """The same leads arrive with and without events; only whether they are real differs."""
    seat, day = arrivals(seed, "lead arrivals", timeline, roster, A_MONTH)
    throws = dice(seed, "leads")
    count = len(seat)
    channel = pick(np.cumsum(catalogue.CHANNEL_SHARE), throws.random(count))
    line = pick(np.cumsum(catalogue.MIX, axis=1)[SEAT_TEAM[seat]], throws.random(count))
    place = clients.prospect(throws.random(count), day, timeline)
    bad = events.active(BAD_CHANNEL, day) & (channel == catalogue.PORTAL)
    validity, luck = catalogue.CHANNEL_VALID[channel], throws.random(count)
    valid = luck < validity * np.where(bad, BAD_VALIDITY, 1.0)
    wanted = (luck < validity) & (throws.random(count) < QUALIFIES)
    qualified_without = np.where(wanted, timeline.shifted(day, throws.integers(0, 6, count)), arrays.NEVER)
    referrer = clients.PATCH * seat + throws.integers(0, clients.ESTABLISHED, count)
    return Leads(
        keys=arrays.keys("L", count),
        seat=seat,
        day=day,
        channel=channel,
        line=line,
        customer=seat * clients.PATCH + place,
        valid=valid,
        qualified_on=np.where(valid, qualified_without, arrays.NEVER),
        qualified_without=qualified_without,
        reason=np.where(valid, -1, throws.integers(0, len(catalogue.INVALID_REASONS), count)),
        referrer=np.where(channel == catalogue.REFERRAL, referrer, -1),
    )


def lead_table(
    found: Leads,
    opportunity: Texts,
    converted_on: Ints,
    known: clients.Clients,
    roster: Roster,
    timeline: Timeline,
) -> pa.Table:
    """Leads as known on `on`, with those whose opportunity was open when the books begin.

    opportunity, converted_on: key of the kept opportunity a lead became and the day it was won, by lead.
    """
    (rows,) = np.nonzero(
        timeline.known(found.day) | ((found.day < timeline.first) & opportunity.astype(bool))
    )
    channel, day = found.channel[rows], found.day[rows]
    qualified = np.where(found.qualified_on[rows] <= timeline.on, found.qualified_on[rows], arrays.NEVER)
    person = roster.holder[found.seat[rows], day - timeline.start]
    return arrays.table(
        "leads",
        key=found.keys[rows],
        created_on=arrays.dates(day),
        entity=_entity(rows),
        person=taken(person_keys(roster), person),
        customer=only(found.valid[rows], known.keys[found.customer[rows]]),
        acquisition_channel=np.array(catalogue.CHANNELS, dtype=object)[channel],
        vendor=np.array(catalogue.VENDORS, dtype=object)[channel],
        campaign=_campaigns(channel, day),
        referrer=taken(known.keys, found.referrer[rows]),
        valid=found.valid[rows],
        invalid_reason=taken(np.array(catalogue.INVALID_REASONS, dtype=object), found.reason[rows]),
        qualified_on=arrays.dates(qualified),
        converted_on=arrays.dates(converted_on[rows]),
        opportunity=only(qualified < arrays.NEVER, opportunity[rows]),
        product_line=np.array(catalogue.LINES, dtype=object)[found.line[rows]],
    )


def person_keys(roster: Roster) -> Texts:
    return np.array([person.key for person in roster.people], dtype=object)


def _entity(rows: Ints) -> Texts:
    return np.full(len(rows), "main", dtype=object)


def _campaigns(channel: Ints, day: Ints) -> Texts:
    """Fairs, content and search are run as a campaign a quarter."""
    quarter = month_of(day) // 3
    code = channel * 10_000 + quarter
    names = {
        int(each): f"{catalogue.CHANNELS[each // 10_000]}-{1970 + each % 10_000 // 4}-Q{each % 4 + 1}"
        for each in np.unique(code)
        if each // 10_000 in {catalogue.CONTENT, catalogue.FAIR, catalogue.SEARCH}
    }
    return np.array([names.get(each) for each in code.tolist()], dtype=object)
