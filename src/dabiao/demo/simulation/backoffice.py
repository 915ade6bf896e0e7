"""What the company spends and holds in stock, and what is known of its market."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue
from dabiao.demo.simulation.arrays import Ints, dice
from dabiao.demo.simulation.catalogue import LINES, PRODUCTS
from dabiao.demo.simulation.events import PRICE_WAR, Planted
from dabiao.demo.simulation.leads import person_keys
from dabiao.demo.simulation.money import yuan
from dabiao.demo.simulation.roster import SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import MONTHS, Timeline, month_of, months_begin

MARKET_SIZE = (9.2e9, 14.5e9, 11.0e9, 6.4e9, 3.1e9)
MARKET_GROWTH = (0.045, 0.008, 0.018, 0.022, 0.012)  # a quarter
MARKET_EVENTS = (
    # months back, day, competitor, line, kind
    (22, 8, 0, 1, "product"),
    (20, 18, 2, 0, "price"),
    (17, 5, None, 0, "policy"),
    (15, 21, 1, 2, "product"),
    (12, 11, 3, 4, "people"),
    (10, 16, 0, 0, "product"),
    (8, 6, None, 1, "policy"),
    (6, 20, 2, 2, "price"),
    (3, 12, 3, 1, "people"),
    (1, 15, 0, 0, "product"),
)


@dataclass(frozen=True)
class _Months:
    """Number, first day and the day on which expenses are booked, of each kept month."""

    number: Ints
    begin: Ints
    booked_on: Ints


@dataclass(frozen=True)
class _Spending:
    """A kind of expense of reps: cents a month each, and its tax in millionths."""

    kind: str
    amount: int
    tax: int


FIELD = (_Spending("travel", 620_000, 60_000), _Spending("entertainment", 240_000, 60_000))


def expense_table(seed: int, timeline: Timeline, roster: Roster) -> pa.Table:
    """Travel and hospitality of each rep, marketing of each channel by team: budget and what was spent."""
    number = np.arange(MONTHS + 1) + month_of(np.array([timeline.first]))[0]
    begin = months_begin(number)
    months = _Months(number, begin, timeline.next(begin + 24))
    field = [_field(seed, timeline, roster, months, spending) for spending in FIELD]
    return pa.concat_tables([*field, _marketing(seed, timeline, roster, months)])


def _field(seed: int, timeline: Timeline, roster: Roster, months: _Months, spending: _Spending) -> pa.Table:
    seats = roster.holder.shape[0]
    luck = dice(seed, f"spent on {spending.kind}").lognormal(0, 0.35, (len(months.number), seats)).reshape(-1)
    month, seat = (each.reshape(-1) for each in np.indices((len(months.number), seats)))
    booked_on = np.minimum(months.booked_on[month], timeline.end - 1)
    there = roster.sitting[seat, booked_on - timeline.start]
    (rows,) = np.nonzero(there & (booked_on <= timeline.on))
    day = booked_on[rows]
    spent = 100 * np.round(spending.amount * luck[rows] / 100).astype("int64")
    money = yuan(spent, np.full(len(rows), spending.tax), day)
    keys = zip(months.number[month[rows]].tolist(), seat[rows].tolist(), strict=True)
    return arrays.table(
        "expenses",
        key=np.array([f"{spending.kind}-{m}-{s:02d}" for m, s in keys], dtype=object),
        spent_on=arrays.dates(day),
        entity=np.full(len(rows), "main", dtype=object),
        person=person_keys(roster)[roster.on(seat[rows], day)],
        kind=np.full(len(rows), spending.kind, dtype=object),
        budget=np.zeros(len(rows), dtype=bool),
        **money.columns(),
    )


def _marketing(seed: int, timeline: Timeline, roster: Roster, months: _Months) -> pa.Table:
    """What each channel costs each team; the manager of the team answers for it."""
    channels, teams = len(catalogue.CHANNELS), len(TEAM_KEYS)
    shape = (len(months.number), teams, channels)
    luck = dice(seed, "spent on marketing").lognormal(0, 0.12, shape)
    month, team, channel = (each.reshape(-1) for each in np.indices(shape))
    people = np.bincount(SEAT_TEAM, minlength=teams) / 4
    planned = 100 * np.round(catalogue.CHANNEL_COST[channel] * people[team] / 100).astype("int64") * 100
    actual = np.round(planned * luck.reshape(-1) / 1000).astype("int64") * 1000
    budget = np.repeat([True, False], len(month))
    day = np.where(budget, np.tile(months.begin[month], 2), np.tile(months.booked_on[month], 2))
    (rows,) = np.nonzero(day <= timeline.on)
    amount = np.concatenate([planned, actual])[rows]
    month, team, channel = (np.tile(each, 2)[rows] for each in (month, team, channel))
    person = person_keys(roster)[roster.manager[team, day[rows] - timeline.start]]
    keys = zip(
        months.number[month].tolist(), team.tolist(), channel.tolist(), budget[rows].tolist(), strict=True
    )
    return arrays.table(
        "expenses",
        key=np.array([f"marketing-{m}-{t:02d}-{c}{'B' if b else ''}" for m, t, c, b in keys], dtype=object),
        spent_on=arrays.dates(day[rows]),
        entity=np.full(len(rows), "main", dtype=object),
        person=person,
        kind=np.full(len(rows), "marketing", dtype=object),
        acquisition_channel=np.array(catalogue.CHANNELS, dtype=object)[channel],
        budget=budget[rows],
        **yuan(amount, np.full(len(rows), 60_000), day[rows]).columns(),
    )


def stock_table(seed: int, timeline: Timeline) -> pa.Table:
    """Pieces on hand at the end of each working day; some days more is asked for than there is."""
    days = np.arange(timeline.first, timeline.on + 1)
    days = days[timeline.worked[days - timeline.start]]
    usual = 6 + dice(seed, "stock").integers(0, 30, len(PRODUCTS))
    luck = np.stack([dice(seed, f"stock {day}").random((len(PRODUCTS), 2)) for day in days.tolist()])
    wave = 1 + 0.5 * np.sin(days / 23)[:, None]
    hand = np.floor(usual * wave * (0.4 + 0.9 * luck[:, :, 0])).astype("int64")
    short = np.where(hand < 5, np.floor(4 * luck[:, :, 1]), 0).astype("int64")
    product = np.tile(np.arange(len(PRODUCTS)), len(days))
    day = np.repeat(days, len(PRODUCTS))
    keys = zip(product.tolist(), day.tolist(), strict=True)
    return arrays.table(
        "stock",
        key=np.array([f"{PRODUCTS[p].key}-{d}" for p, d in keys], dtype=object),
        on=arrays.dates(day),
        entity=np.full(len(day), "main", dtype=object),
        product=np.array([each.key for each in PRODUCTS], dtype=object)[product],
        on_hand=arrays.pieces(hand.reshape(-1)),
        short=arrays.pieces(short.reshape(-1)),
    )


def market_table(seed: int, timeline: Timeline) -> pa.Table:
    """Size, our share and growth of each line's market by quarter, as the association publishes it."""
    months = np.arange(MONTHS + 1) + month_of(np.array([timeline.first]))[0]
    quarters = months_begin(months[months % 3 == 0])
    quarters = quarters[quarters + 92 <= timeline.on]
    luck = dice(seed, "market").normal(0, 0.01, (MONTHS, len(LINES)))[: len(quarters)]
    growth = np.array(MARKET_GROWTH) + luck
    size = np.array(MARKET_SIZE) * np.cumprod(1 + growth, axis=0)
    share = np.array([0.0034, 0.0031, 0.0026, 0.0031, 0.0029]) * (1 + 4 * np.roll(luck, 1, axis=1))
    quarter = np.repeat(quarters, len(LINES))
    line = np.tile(np.arange(len(LINES)), len(quarters))
    return arrays.table(
        "market",
        key=np.array([f"{LINES[k]}-{q}" for k, q in zip(line, quarter, strict=True)], dtype=object),
        period=arrays.dates(quarter),
        ends_on=arrays.dates(months_begin(month_of(quarter) + 3)),
        segment=np.array(LINES, dtype=object)[line],
        size=arrays.cents(100 * np.round(size.reshape(-1), -6).astype("int64")),
        share=arrays.rates(np.round(1_000_000 * share.reshape(-1)).astype("int64")),
        growth=arrays.rates(np.round(1_000_000 * growth.reshape(-1)).astype("int64")),
        figure_source=np.full(len(quarter), "association", dtype=object),
    )


def market_event_table(timeline: Timeline, events: Planted) -> pa.Table:
    """What competitors and authorities did; the planted price cut is among it."""
    rows = [(timeline.month(back, day), rival, line, kind) for back, day, rival, line, kind in MARKET_EVENTS]
    if PRICE_WAR.key in events.since:
        rows.append((events.since[PRICE_WAR.key], 1, catalogue.INSPECTION, "price"))
    rows = sorted((row for row in rows if row[0] <= timeline.on), key=lambda row: row[0])
    day, rival, line, kind = zip(*rows, strict=True)
    return arrays.table(
        "market_events",
        key=np.array([f"M{d}-{k}" for d, k in zip(day, line, strict=True)], dtype=object),
        on=arrays.dates(np.array(day)),
        competitor=np.array([None if r is None else catalogue.COMPETITORS[r] for r in rival], dtype=object),
        segment=np.array([LINES[k] for k in line], dtype=object),
        kind=np.array(kind, dtype=object),
    )


def product_table(timeline: Timeline) -> pa.Table:
    """Everything that is sold."""
    launched = np.full(len(PRODUCTS), timeline.first - 700)
    return arrays.table(
        "products",
        product=np.array([each.key for each in PRODUCTS], dtype=object),
        line=np.array([each.line for each in PRODUCTS], dtype=object),
        category=np.array(
            ["service" if each.line == "service" else "machine" for each in PRODUCTS], dtype=object
        ),
        list_price=arrays.cents(catalogue.PRICE * 100),
        floor_price=arrays.cents(catalogue.PRICE * 85),
        launched_on=arrays.dates(launched),
    )
