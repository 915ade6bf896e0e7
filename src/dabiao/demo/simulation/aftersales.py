"""What customers say and do after delivery: surveys, complaints, renewals, use of the machines."""

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Floats, Ints, dice, only
from dabiao.demo.simulation.events import COOLING_CUSTOMER, Planted
from dabiao.demo.simulation.money import WHOLE
from dabiao.demo.simulation.order_tables import Names
from dabiao.demo.simulation.orders import A_YEAR, Sales
from dabiao.demo.simulation.timeline import Timeline

SEVERITIES = ("low", "medium", "high")
CAUSES = ("product", "delivery", "service", "people", "price")
INTENTIONS = ("yes", "unsure", "no")
OUTCOMES = ("renewed", "reduced", "churned")
CHURN_REASONS = ("price", "competitor", "no_need", "service")
ASKED_AFTER, NOTICE = 10, 120
USERS_WATCHED = 3  # the strategic customers of each seat have connected machines


def feedback_table(seed: int, timeline: Timeline, sold: Sales, name: Names, opportunities: int) -> pa.Table:
    """After acceptance a third of the customers answer, one half NPS (0 to 10), one half CSAT (1 to 5)."""
    lines = sold.lines
    throws = dice(seed, "feedback").random((opportunities, 4))[sold.contracts.opportunity[lines.contract]]
    asked = timeline.shifted(lines.accepted_on, np.full(len(lines.keys), ASKED_AFTER))
    answered = timeline.shifted(asked, np.floor(throws[:, 1] * 8).astype("int64"))
    machine = (lines.reverses < 0) & (lines.product != catalogue.SPARE_PARTS)
    booked = sold.contracts.booked[lines.contract]
    (rows,) = np.nonzero(machine & booked & (throws[:, 0] < 0.33) & timeline.known(answered))
    nps = throws[rows, 2] < 0.5
    late = lines.shipped_on[rows] > sold.contracts.promised_on[lines.contract[rows]] + 7
    liking = np.clip(throws[rows, 3] ** 0.55 - np.where(late, 0.18, 0.0), 0, 0.999)
    score = np.where(nps, np.floor(liking * 11), 1 + np.floor(liking * 5)).astype("int64")
    return arrays.table(
        "feedback",
        key=_keys("F", lines.keys[rows]),
        answered_on=arrays.dates(answered[rows]),
        instrument=np.where(nps, "NPS", "CSAT").astype(object),
        score=score,
        asked_on=arrays.dates(asked[rows]),
        product=name.product[lines.product[rows]],
        **_of_lines(sold, name, rows, answered[rows]),
    )


def complaint_table(seed: int, timeline: Timeline, sold: Sales, name: Names, opportunities: int) -> pa.Table:
    """About one delivery in twenty-five; the more severe, the later solved."""
    lines = sold.lines
    throws = dice(seed, "complaints").random((opportunities, 8))[sold.contracts.opportunity[lines.contract]]
    opened = timeline.shifted(lines.shipped_on, 2 + np.floor(throws[:, 1] * 25).astype("int64"))
    booked = sold.contracts.booked[lines.contract]
    first = (lines.reverses < 0) & (lines.product != catalogue.SPARE_PARTS)
    (rows,) = np.nonzero(first & booked & (throws[:, 0] < 0.045) & timeline.known(opened))
    luck, day = throws[rows], opened[rows]
    severity = arrays.pick(np.cumsum([0.45, 0.40, 0.15]), luck[:, 2])
    solved = timeline.shifted(day, 1 + np.floor((2 + 6 * severity) * luck[:, 3] * 1.4).astype("int64"))
    promised = timeline.shifted(day, 2 + 5 * severity)
    answered = np.where(luck[:, 4] < 0.75, day, timeline.shifted(day, np.ones_like(day)))
    minute = 9 * 60 + 300 * luck[:, 5]
    done = solved <= timeline.on
    return arrays.table(
        "complaints",
        key=_keys("CP", lines.keys[rows]),
        opened_at=arrays.times(day, minute),
        first_response_at=arrays.times(
            np.where(answered <= timeline.on, answered, arrays.NEVER), minute + 120
        ),
        promised_by=arrays.times(promised, np.full(len(rows), 18 * 60.0)),
        resolved_at=arrays.times(np.where(done, solved, arrays.NEVER), 15 * 60 + 120 * luck[:, 6]),
        confirmed=pa.array(luck[:, 6] < 0.85, mask=~done),
        severity=np.array(SEVERITIES, dtype=object)[severity],
        cause=np.array(CAUSES, dtype=object)[
            arrays.pick(np.cumsum([0.34, 0.26, 0.22, 0.1, 0.08]), luck[:, 7])
        ],
        product=name.product[lines.product[rows]],
        **_of_lines(sold, name, rows, day),
    )


def renewal_table(
    seed: int, timeline: Timeline, sold: Sales, name: Names, line: Ints, events: Planted
) -> pa.Table:
    """Service contracts as their year ends, and the framework contract of a key account."""
    contracts = sold.contracts
    of = contracts.opportunity
    throws = dice(seed, "renewals").random((len(line), 4))[of]
    due = timeline.next(contracts.promised_on + A_YEAR)
    cooling = np.nonzero(contracts.booked & (contracts.customer == clients.COOLING))[0][:1]
    due[cooling] = timeline.month(-2, 1)
    framework = np.isin(np.arange(len(of)), cooling)
    wanted = framework | ((line[of] == catalogue.SERVICE) & (due >= timeline.first))
    (rows,) = np.nonzero(contracts.booked & wanted & (due <= timeline.on + NOTICE))
    luck = throws[rows]
    intention = arrays.pick(np.cumsum([0.74, 0.17, 0.09]), luck[:, 0])
    outcome = arrays.pick(
        np.array([[0.93, 0.98, 1], [0.60, 0.80, 1], [0.12, 0.22, 1]])[intention], luck[:, 1]
    )
    asked = np.full(len(rows), timeline.on)
    intention = np.where(framework[rows], np.where(events.active(COOLING_CUSTOMER, asked), 1, 0), intention)
    over = due[rows] <= timeline.on
    reason = np.array(CHURN_REASONS, dtype=object)[np.floor(luck[:, 2] * 4).astype("int64")]
    return arrays.table(
        "renewals",
        key=_keys("RN", name.contract[rows]),
        due_on=arrays.dates(due[rows]),
        entity=np.full(len(rows), "main", dtype=object),
        person=name.whose(sold, rows, np.minimum(due[rows], timeline.on)),
        customer=name.customer[contracts.customer[rows]],
        contract=name.contract[rows],
        intention=np.array(INTENTIONS, dtype=object)[intention],
        outcome=only(over, np.array(OUTCOMES, dtype=object)[outcome]),
        churn_reason=only(over & (outcome == 2), reason),
        **contracts.money.rows(rows).part(np.zeros_like(rows), np.full_like(rows, WHOLE)).columns(),
    )


def usage_table(
    seed: int, timeline: Timeline, known: clients.Clients, name: Names, holder: Ints, events: Planted
) -> pa.Table:
    """How often connected machines of strategic customers report, by working day."""
    days = np.arange(timeline.first, timeline.on + 1)
    days = days[timeline.worked[days - timeline.start]]
    seats = np.arange(holder.shape[0])
    customer = np.repeat(seats, USERS_WATCHED) * clients.PATCH + np.tile(np.arange(USERS_WATCHED), len(seats))
    throws = dice(seed, "usage")
    usual = throws.lognormal(4.2, 0.5, len(customer))
    of, day = np.repeat(np.arange(len(customer)), len(days)), np.tile(days, len(customer))
    gone = np.where(customer[of] == clients.COOLING, _cooling(day, events), 1.0)
    # One stream of events for each day, so that a later `on` throws nothing anew.
    luck = np.stack([dice(seed, f"usage {each}").standard_normal(len(customer)) for each in days.tolist()])
    shaken = np.exp(0.18 * luck.T.reshape(-1))
    count = np.round(usual[of] * gone * shaken).astype("int64")
    product = 4 * (customer % 4)
    keys = zip(known.keys[customer[of]].tolist(), day.tolist(), strict=True)
    return arrays.table(
        "usage",
        key=np.array([f"U{c}-{d}" for c, d in keys], dtype=object),
        used_on=arrays.dates(day),
        entity=np.full(len(of), "main", dtype=object),
        person=name.person[holder[customer[of] // clients.PATCH, day - timeline.start]],
        customer=known.keys[customer[of]],
        product=name.product[product[of]],
        events=count,
        users=1 + count // 25,
    )


def _cooling(day: Ints, events: Planted) -> Floats:
    """Use falls by half within a month and stays there."""
    since = events.since.get(COOLING_CUSTOMER.key, arrays.NEVER)
    return 1 - 0.55 * np.clip((day - since) / 30, 0, 1)


def _of_lines(sold: Sales, name: Names, rows: Ints, days: Ints) -> dict[str, object]:
    of = sold.lines.contract[rows]
    return {
        "entity": np.full(len(rows), "main", dtype=object),
        "person": name.whose(sold, of, days, sold.lines.person[rows]),
        "customer": name.customer[sold.contracts.customer[of]],
    }


def _keys(prefix: str, keys: arrays.Texts) -> arrays.Texts:
    return np.array([prefix + key[2:] for key in keys], dtype=object)
