"""Opportunities, their changes of stage and the quotes sent, as the CRM knows them on a day."""

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Flags, Ints, dice, only, taken
from dabiao.demo.simulation.leads import person_keys
from dabiao.demo.simulation.money import Money, Rates, priced
from dabiao.demo.simulation.orders import GOODS_TAX, SERVICE_TAX
from dabiao.demo.simulation.pipeline import PROPOSAL, STAGES, Opportunities
from dabiao.demo.simulation.roster import REGIONS, SEAT_REGION, SEAT_TEAM, TEAM_KEYS, Roster
from dabiao.demo.simulation.timeline import Timeline

STEPS = (*STAGES, "won", "lost")
WON, LOST = 4, 5
FORECAST = ("pipeline", "pipeline", "best_case", "commit")


def kept(found: Opportunities, timeline: Timeline) -> Flags:
    """Known by `on`, and not closed before the books begin."""
    flags: Flags = found.real & (found.T[:, 0] <= timeline.on) & (found.closed_on >= timeline.first)
    return flags


def worth(found: Opportunities, known: clients.Clients, rows: Ints, days: Ints, fx: Rates) -> Money:
    """What opportunities are worth at the rate of a day."""
    tax = np.where(found.line[rows] == catalogue.SERVICE, SERVICE_TAX, GOODS_TAX)
    return priced(found.net[rows], tax, known.currency[found.customer[rows]], days, fx)


def opportunity_table(
    seed: int, found: Opportunities, known: clients.Clients, roster: Roster, timeline: Timeline, fx: Rates
) -> pa.Table:
    """One row per opportunity as it is on `on`; the person is who works it now, or worked it last."""
    (rows,) = np.nonzero(kept(found, timeline))
    throws = dice(seed, "opportunity details").random((len(found.keys), 3))[rows]
    closed = found.closed_on[rows] <= timeline.on
    last = np.minimum(found.closed_on[rows], timeline.on)
    stage = np.where(closed, np.where(found.won[rows], WON, LOST), found.stage_on(timeline.on)[rows])
    seat, line, net = found.seat[rows], found.line[rows], found.net[rows]
    cycle = catalogue.CYCLE_DAYS[line] * (0.8 + 0.5 * throws[:, 0])
    lines = np.array(catalogue.LINES, dtype=object)
    lost = closed & ~found.won[rows]
    money = worth(found, known, rows, np.where(found.won[rows], last, found.T[rows, 0]), fx)
    return arrays.table(
        "opportunities",
        key=found.keys[rows],
        created_on=arrays.dates(found.T[rows, 0]),
        entity=np.full(len(rows), "main", dtype=object),
        person=person_keys(roster)[roster.holder[seat, last - timeline.start]],
        customer=known.keys[found.customer[rows]],
        product=np.array([product.key for product in catalogue.PRODUCTS], dtype=object)[found.product[rows]],
        product_line=lines[line],
        list_amount=arrays.cents(found.listed[rows]),
        engaged_on=arrays.dates(np.where(found.T[rows, 1] <= last, found.T[rows, 1], arrays.NEVER)),
        expected_close_on=arrays.dates(timeline.next(found.T[rows, 0] + cycle.astype("int64"))),
        stage=np.array(STEPS, dtype=object)[stage],
        outcome=only(closed, np.where(found.won[rows], "won", "lost")),
        closed_on=arrays.dates(np.where(closed, found.closed_on[rows], arrays.NEVER)),
        lost_reason=only(
            lost, taken(np.array(catalogue.LOST_REASONS, dtype=object), found.lost_reason[rows])
        ),
        competitor=only(lost, taken(np.array(catalogue.COMPETITORS, dtype=object), found.competitor[rows])),
        budget=arrays.cents(
            np.round(net * (0.85 + 0.4 * throws[:, 1]) / 1_000_000).astype("int64") * 1_000_000
        ),
        decision_chain=1 + np.floor(throws[:, 2] * 3).astype("int64") + (net > 50_000_000),
        forecast_category=only(~closed, np.array(FORECAST, dtype=object)[np.minimum(stage, 3)]),
        kind=np.where(found.lead[rows] >= 0, "new", "upsell").astype(object),
        team=np.array(TEAM_KEYS, dtype=object)[SEAT_TEAM[seat]],
        acquisition_channel=taken(np.array(catalogue.CHANNELS, dtype=object), found.channel[rows]),
        region=np.array(REGIONS, dtype=object)[SEAT_REGION[seat]],
        **money.columns(),
    )


def stage_table(
    seed: int, found: Opportunities, known: clients.Clients, roster: Roster, timeline: Timeline
) -> pa.Table:
    """A row for each stage entered (the first from nothing) and for the outcome."""
    throws = dice(seed, "stage times").random((len(found.keys), 5))
    step = np.arange(5)
    days = np.concatenate([found.T[:, :4], found.closed_on[:, None]], axis=1)
    reached = np.concatenate([step[:4] <= found.passed[:, None], np.ones((len(found.keys), 1), bool)], axis=1)
    reached &= (days <= timeline.on) & kept(found, timeline)[:, None]
    rows, steps = np.nonzero(reached)
    day = days[rows, steps]
    to = np.where(steps == 4, np.where(found.won[rows], WON, LOST), steps)
    come_from = np.where(steps == 4, found.passed[rows], steps - 1)
    names = np.array(STEPS, dtype=object)
    at = np.maximum(day, timeline.start) - timeline.start
    # The hour grows with the stage, so that changes of one day stay in order.
    minutes = 9 * 60 + 96 * steps + 90 * throws[rows, steps]
    return arrays.table(
        "stage_changes",
        key=np.array(
            [f"{found.keys[r]}-{s}" for r, s in zip(rows.tolist(), steps.tolist(), strict=True)], dtype=object
        ),
        changed_at=arrays.times(day, minutes),
        entity=np.full(len(rows), "main", dtype=object),
        person=person_keys(roster)[roster.holder[found.seat[rows], at]],
        customer=known.keys[found.customer[rows]],
        opportunity=found.keys[rows],
        field=np.full(len(rows), "stage", dtype=object),
        from_stage=taken(names, come_from),
        to_stage=names[to],
    )


def quote_table(
    seed: int, found: Opportunities, known: clients.Clients, roster: Roster, timeline: Timeline, fx: Rates
) -> pa.Table:
    """The first version goes out with the proposal; later ones, while it is negotiated, give more away."""
    throws = dice(seed, "quotes").random((len(found.keys), 2))
    wanted = np.stack([np.ones(len(throws), bool), throws[:, 0] < 0.55, throws[:, 0] < 0.18], axis=1)
    entered = found.T[:, PROPOSAL][:, None]
    lasting = np.maximum(found.closed_on - found.T[:, PROPOSAL], 0)[:, None]
    days = timeline.next(entered + np.floor(lasting * [0.0, 0.45, 0.75]).astype("int64"))
    sent = wanted & (found.passed >= PROPOSAL)[:, None] & (days >= timeline.first) & (days <= timeline.on)
    sent &= kept(found, timeline)[:, None]
    rows, version = np.nonzero(sent)
    day = days[rows, version]
    total = wanted[rows].sum(axis=1)
    short = np.maximum(0, total - 1 - version) * 15_000
    discount = np.maximum(0, found.discount[rows] - short)
    net = found.listed[rows] * (1_000_000 - discount) // 1_000_000
    tax = np.where(found.line[rows] == catalogue.SERVICE, SERVICE_TAX, GOODS_TAX)
    money = priced(net, tax, known.currency[found.customer[rows]], day, fx)
    return arrays.table(
        "quotes",
        key=np.array(
            [f"Q{found.keys[r][2:]}-{v + 1}" for r, v in zip(rows.tolist(), version.tolist(), strict=True)],
            dtype=object,
        ),
        sent_on=arrays.dates(day),
        entity=np.full(len(rows), "main", dtype=object),
        person=person_keys(roster)[roster.holder[found.seat[rows], day - timeline.start]],
        customer=known.keys[found.customer[rows]],
        opportunity=found.keys[rows],
        version=version + 1,
        discount=arrays.rates(discount),
        **money.columns(),
    )
