"""The demo company's customers: where they are, what they are worth, whose they are."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, Texts, dice
from dabiao.demo.simulation.catalogue import INDUSTRIES
from dabiao.demo.simulation.roster import REP_SEATS, SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import Timeline, as_day

PATCH = 80  # customers and prospects of one seat, in the order in which they became known
ESTABLISHED = 12  # of them bought before the books begin
DORMANT_AFTER = 180  # days without an order
TIERS = ("strategic", "profit", "nurture", "maintain")
WINDOW = 16  # prospects of a seat that are worked on at a time
TIER_FROM: Ints = np.array([3, 10, 25])  # place in the patch where the next tier begins
FOREVER_DAY = 2_932_896  # 9999-12-31
TEAM_PLACES = (
    ("Shanghai", "Shanghai"),
    ("Shanghai", "Shanghai"),
    ("Zhejiang", "Hangzhou"),
    ("Jiangsu", "Nanjing"),
    ("Jiangsu", "Suzhou"),
    ("Guangdong", "Guangzhou"),
    ("Guangdong", "Shenzhen"),
    ("Beijing", "Beijing"),
    ("Shandong", "Qingdao"),
    ("Sichuan", "Chengdu"),
    ("Chongqing", "Chongqing"),
)
_SEAT_ROW = {seat.key: row for row, seat in enumerate(REP_SEATS)}
KEY_ACCOUNT_SEATS: Ints = np.array(
    [_SEAT_ROW[seat] for seat in ("suzhou-rep-1", "hangzhou-rep-2", "guangzhou-rep-1", "beijing-rep-1")]
)
KEY_ACCOUNTS: Ints = KEY_ACCOUNT_SEATS * PATCH
LATE_PAYER, COOLING = int(KEY_ACCOUNTS[0]), int(KEY_ACCOUNTS[1])
_EXPORTING = ("shanghai-2", "shenzhen", "qingdao")


@dataclass(frozen=True)
class Clients:
    """Customers by index; customer `i` belongs to the seat `i // PATCH`."""

    keys: Texts
    industry: Ints
    currency: Ints
    tier: Ints
    tier_before: Ints
    tier_changed: Ints
    known_on: Ints

    def established(self, customer: Ints) -> Flags:
        flags: Flags = customer % PATCH < ESTABLISHED
        return flags

    def tier_on(self, customer: Ints, days: Ints) -> Ints:
        """The tier each customer had on each day."""
        return np.where(days < self.tier_changed[customer], self.tier_before[customer], self.tier[customer])


def clients(seed: int, timeline: Timeline) -> Clients:
    """Every customer and prospect, before it is known which were ever met."""
    throws = dice(seed, "clients")
    count = len(REP_SEATS) * PATCH
    index = np.arange(count)
    place = index % PATCH
    team = SEAT_TEAM[index // PATCH]
    industry = np.where(throws.random(count) < 0.35, 0, throws.integers(0, len(INDUSTRIES), count))
    exporting = np.isin(team, [TEAM_KEYS.index(key) for key in _EXPORTING])
    abroad = exporting & (throws.random(count) < 0.10) & ~np.isin(index, KEY_ACCOUNTS)
    currency = np.where(abroad, 1 + throws.integers(0, 2, count), 0)
    tier = np.searchsorted(TIER_FROM, place, side="right")
    moved = (throws.random(count) < 0.25) & (place > 0)
    before = np.where(moved, np.minimum(tier + 1, 3), tier)
    span = timeline.end - timeline.first
    changed = np.where(
        before != tier, timeline.first + throws.integers(60, span, count), timeline.start - 5000
    )
    old = timeline.start - throws.integers(200, 2500, count)
    pace = (timeline.end - timeline.start) / (PATCH - ESTABLISHED - WINDOW)
    recent = timeline.start + np.floor((place - ESTABLISHED - WINDOW) * pace).astype("int64")
    known_on = np.where(place < ESTABLISHED, old, recent)
    keys = arrays.keys("C", count, 5)
    return Clients(keys, industry, currency, tier, before, changed, known_on)


def met(known: Clients, touches: list[tuple[Ints, Ints]]) -> Ints:
    """The day each customer became known: as planned, or when somebody first had to do with it."""
    day = known.known_on.copy()
    for customer, on in touches:
        real = customer >= 0
        np.minimum.at(day, customer[real], on[real])
    return day


def customer_table(known: Clients, created_on: Ints, timeline: Timeline) -> pa.Table:
    """Customers known by `on`."""
    (rows,) = np.nonzero(created_on <= timeline.on)
    team = SEAT_TEAM[rows // PATCH]
    places = np.array(TEAM_PLACES, dtype=object)[team]
    kind = np.where(known.currency[rows] > 0, "export", np.where(rows % PATCH < 3, "key_account", "direct"))
    return arrays.table(
        "customers",
        customer=known.keys[rows],
        industry=np.array(INDUSTRIES, dtype=object)[known.industry[rows]],
        province=places[:, 0],
        city=places[:, 1],
        type=kind.astype(object),
        created_on=arrays.dates(created_on[rows]),
    )


def history_table(
    known: Clients, created_on: Ints, ordered: tuple[Ints, Ints], timeline: Timeline
) -> pa.Table:
    """Tier, status and complexity from when to when; a row more where the tier has changed, and where a customer who
    ordered has not done so for half a year: from then on they are dormant. ordered: customer, day, up to `on`."""
    index = np.arange(len(known.keys))
    here = created_on <= timeline.on
    change = _within(known.tier_changed, created_on, timeline)
    last = np.zeros(len(index), dtype="int64")
    np.maximum.at(last, *ordered)
    sleeps = np.where(last > 0, last + DORMANT_AFTER, 0)
    falls_asleep = _within(sleeps, created_on, timeline)
    more = [
        (here & (change > 0), change),
        (here & (falls_asleep > 0) & (falls_asleep != change), falls_asleep),
    ]
    rows = np.concatenate([index[here], *(index[which] for which, _day in more)])
    starts = np.concatenate([created_on[here], *(day[which] for which, day in more)])
    order = np.lexsort((starts, rows))
    rows, starts = rows[order], starts[order]
    goes_on = np.append(rows[1:] == rows[:-1], False)
    tier = np.where((change[rows] > 0) & (starts < change[rows]), known.tier_before[rows], known.tier[rows])
    active = np.where(last[rows] > 0, starts < sleeps[rows], rows % PATCH < 40)
    return arrays.table(
        "customer_history",
        customer=known.keys[rows],
        tier=np.array(TIERS, dtype=object)[tier],
        status=np.where(active, "active", "dormant").astype(object),
        complexity=1 + (rows * 7) % 5,
        decision_chain=2 + (rows * 11) % 5,
        starts_on=arrays.dates(starts),
        ends_on=arrays.dates(np.where(goes_on, np.append(starts[1:], 0), FOREVER_DAY)),
    ).sort_by([("customer", "ascending"), ("starts_on", "ascending")])


def _within(day: Ints, created_on: Ints, timeline: Timeline) -> Ints:
    """The days after a customer became known and up to `on`; 0 for others."""
    return np.where((day > created_on) & (day <= timeline.on), day, 0)


def ownership_table(known: Clients, created_on: Ints, roster: Roster, timeline: Timeline) -> pa.Table:
    """Whose a customer was: the holder of its seat. While the seat is vacant it is in the public pool."""
    parts: dict[str, list[Texts | Ints]] = {"customer": [], "person": [], "starts": [], "ends": []}
    for seat, row in _SEAT_ROW.items():
        mine = np.arange(row * PATCH, (row + 1) * PATCH)
        for each in roster.holders(seat):
            start = np.maximum(created_on[mine], as_day(each.starts_on))
            held = (start < as_day(each.ends_on)) & (start <= timeline.on)
            parts["customer"].append(known.keys[mine[held]])
            parts["person"].append(np.full(held.sum(), each.person, dtype=object))
            parts["starts"].append(start[held])
            parts["ends"].append(np.full(held.sum(), min(as_day(each.ends_on), FOREVER_DAY)))
    whole = {name: np.concatenate(found) for name, found in parts.items()}
    return arrays.table(
        "ownership",
        customer=whole["customer"],
        person=whole["person"],
        role=np.full(len(whole["starts"]), "owner", dtype=object),
        share=arrays.rates(np.full(len(whole["starts"]), 1_000_000)),
        starts_on=arrays.dates(whole["starts"].astype("int64")),
        ends_on=arrays.dates(whole["ends"].astype("int64")),
    ).sort_by([("customer", "ascending"), ("starts_on", "ascending")])


def high_value(tier: Ints) -> Flags:
    """A customer of the two upper tiers."""
    flags: Flags = tier <= 1
    return flags


def by_value(throws: Floats, steepness: float, days: Ints, timeline: Timeline) -> Ints:
    """A known customer's place in the patch; the steeper, the more the oldest and largest are preferred."""
    return np.floor(_front(days, timeline) * throws**steepness).astype("int64")


def prospect(throws: Floats, days: Ints, timeline: Timeline) -> Ints:
    """The place of somebody who was met lately; now and then an old customer asks for something new."""
    front = _front(days, timeline)
    old = throws < 0.22
    lately = front - WINDOW * (throws - 0.22) / 0.78
    return np.floor(np.where(old, ESTABLISHED * throws / 0.22, np.maximum(lately - 1e-9, 0))).astype("int64")


def _front(days: Ints, timeline: Timeline) -> Floats:
    """How many of a seat's customers are known on a day."""
    elapsed = np.clip((days - timeline.start) / (timeline.end - timeline.start), 0, 1)
    return ESTABLISHED + WINDOW + (PATCH - ESTABLISHED - WINDOW) * elapsed
