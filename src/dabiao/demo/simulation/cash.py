"""From contract to instalments, money received, and which settles which."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, clients
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, Texts, dice, grouped, taken
from dabiao.demo.simulation.events import LATE_PAYER, Planted
from dabiao.demo.simulation.money import WHOLE, Money, yuan
from dabiao.demo.simulation.order_tables import Names
from dabiao.demo.simulation.orders import GOODS_TAX, Sales
from dabiao.demo.simulation.roster import Roster
from dabiao.demo.simulation.timeline import Timeline

KINDS = ("advance", "delivery", "acceptance", "retention")
SHARES: Ints = np.array([3000, 4000, 2500, 500])
SMALL = 8_000_000  # cents: smaller contracts are paid at once, after delivery
LATE_BY_DAYS = 80
ADVANCE_PAID = 0.02  # of the receipts bring more than what is due


@dataclass(frozen=True)
class Receivables:
    """Instalments of contracts signed by `on`; a refund for a return is a negative one."""

    keys: Texts
    contract: Ints
    kind: Ints
    due_on: Ints
    money: Money
    refund: Flags
    booked: Flags


@dataclass(frozen=True)
class Payments:
    """Parts of instalments paid, with the receipt each belongs to; also those paid after `on`."""

    receivable: Ints
    paid_on: Ints
    settled_on: Ints
    receipt: Ints
    money: Money


@dataclass(frozen=True)
class Receipts:
    """Money received on one day from one customer; `surplus` settles nothing yet (预收)."""

    keys: Texts
    lead: Ints
    paid_on: Ints
    money: Money
    contract: Ints
    by_bill: Flags


@dataclass(frozen=True)
class Cash:
    """What is due, what came in, and how the one settles the other."""

    receivables: Receivables
    payments: Payments
    receipts: Receipts


def cash(
    seed: int, timeline: Timeline, sold: Sales, roster: Roster, opportunities: int, events: Planted
) -> Cash:
    """opportunities: how many there are; each has its own throws, so that events move nothing else."""
    luck = dice(seed, "cash").random((opportunities, 4, 4))
    due, throws = _receivables(timeline, sold, luck)
    paid = _payments(timeline, sold, due, throws, events)
    settled = _first_settled(due, paid)
    opening = ~sold.contracts.booked[due.contract] & (settled >= timeline.first) & ~due.refund
    booked = sold.contracts.booked[due.contract] | opening
    due = Receivables(due.keys, due.contract, due.kind, due.due_on, due.money, due.refund, booked)
    known = np.nonzero(booked[paid.receivable] & timeline.known(paid.paid_on))[0]
    payments, receipts = _receipts(seed, sold, due, paid, known, roster)
    return Cash(due, payments, receipts)


def _receivables(timeline: Timeline, sold: Sales, luck: Floats) -> tuple[Receivables, Floats]:
    """Four instalments, or one for a small contract; their throws beside them."""
    contracts, lines = sold.contracts, sold.lines
    small = contracts.money.gross < SMALL
    shares = np.where(small[:, None], [[0, WHOLE, 0, 0]], SHARES)
    ends = np.cumsum(shares, axis=1)
    contract, kind = np.nonzero(shares)
    wait = np.array([0, 30, 60, 425])[kind]
    due = np.where(kind == 0, contracts.signed_on[contract] + 10, contracts.promised_on[contract] + wait)
    money = contracts.money.rows(contract).part((ends - shares)[contract, kind], ends[contract, kind])
    (back,) = np.nonzero((lines.reverses >= 0) & (lines.ordered_on <= timeline.on))
    of = np.concatenate([contract, lines.contract[back]])
    kinds = np.concatenate([kind, np.full(len(back), 2)])
    refund = np.concatenate([np.zeros(len(contract), bool), np.ones(len(back), bool)])
    keys = [
        f"AR{sold.contracts.keys[c][2:]}-{k + 1}{'R' if r else ''}"
        for c, k, r in zip(of, kinds, refund, strict=True)
    ]
    found = Receivables(
        keys=np.array(keys, dtype=object),
        contract=of,
        kind=kinds,
        due_on=np.concatenate([due, lines.ordered_on[back]]),
        money=money.plus(lines.money.rows(back)),
        refund=refund,
        booked=np.ones(len(of), dtype=bool),
    )
    return found, luck[contracts.opportunity[of], kinds]


def _payments(timeline: Timeline, sold: Sales, due: Receivables, luck: Floats, events: Planted) -> Payments:
    """When each instalment is paid: most on time, some late, a few in two parts."""
    delay = np.select(
        [luck[:, 0] < 0.68, luck[:, 0] < 0.88, luck[:, 0] < 0.96, luck[:, 0] < 0.99],
        [-8 + 8 * luck[:, 1], 1 + 12 * luck[:, 1], 14 + 25 * luck[:, 1], 40 + 50 * luck[:, 1]],
        500,
    )
    delay = np.where(due.kind == 0, np.minimum(delay, 6), delay)
    from_late_payer = sold.contracts.customer[due.contract] == clients.LATE_PAYER
    from_late_payer &= events.active(LATE_PAYER, due.due_on)
    delay = np.where(from_late_payer, np.maximum(delay, 0) + LATE_BY_DAYS, delay)
    delay = np.where(due.refund, 12, delay)
    paid_on = timeline.next(due.due_on + np.floor(delay).astype("int64"))
    twice = (luck[:, 2] < 0.10) & ~due.refund
    first = np.arange(len(due.keys))
    second = np.nonzero(twice)[0]
    receivable = np.concatenate([first, second])
    is_second = np.concatenate([np.zeros(len(first), bool), np.ones(len(second), bool)])
    start = np.where(is_second, 6000, 0)
    end = np.where(is_second | ~twice[receivable], WHOLE, 6000)
    day = np.where(is_second, timeline.next(paid_on[receivable] + 21), paid_on[receivable])
    settle = np.floor(luck[receivable, 3] * 3).astype("int64")
    return Payments(
        receivable=receivable,
        paid_on=day,
        settled_on=timeline.shifted(day, settle),
        receipt=np.full(len(receivable), -1),
        money=due.money.rows(receivable).part(start, end),
    )


def _first_settled(due: Receivables, paid: Payments) -> Ints:
    """The day of the first payment of each instalment."""
    first = np.full(len(due.keys), arrays.NEVER)
    np.minimum.at(first, paid.receivable, paid.paid_on)
    return first


def _receipts(
    seed: int, sold: Sales, due: Receivables, paid: Payments, known: Ints, roster: Roster
) -> tuple[Payments, Receipts]:
    """A customer pays what it pays on one day, to one seller, in one transfer; now and then too much."""
    contract = due.contract[paid.receivable[known]]
    customer = sold.contracts.customer[contract]
    signer = roster.still(sold.contracts.signer[contract], sold.contracts.seat[contract], paid.paid_on[known])
    money = paid.money.rows(known)
    # A rate is agreed by contract, so foreign money is not put together across contracts.
    alone = np.where(money.currency > 0, contract, -1)
    refund = due.refund[paid.receivable[known]].astype("int64")
    by = grouped(paid.paid_on[known], customer, signer, refund, alone)
    total = money.summed(by)
    lead = known[by.lead]
    one = (by.of((contract == contract[by.lead][by.group]).astype("int64"))) == np.bincount(by.group)
    # Thrown by customer and day, so that what others pay on that day changes nothing here.
    throws = _hashed(seed, customer[by.lead], paid.paid_on[lead])
    surplus = (throws < ADVANCE_PAID) & (total.currency == 0) & (total.net > 0)
    extra = np.where(surplus, 1_000_000 + np.floor(throws / ADVANCE_PAID * 400).astype("int64") * 10_000, 0)
    more = yuan(extra, np.full(len(extra), GOODS_TAX), total.rate_on)
    received = Money(
        total.net + more.net,
        total.gross + more.gross,
        total.original_net + more.original_net,
        total.original_gross + more.original_gross,
        total.currency,
        total.rate,
        total.rate_on,
        total.tax,
    )
    day = paid.paid_on[lead]
    keys = [f"RC{d}-{c:05d}-{s}{r}{a if a >= 0 else ''}" for d, c, s, r, a in zip(
        day, customer[by.lead], signer[by.lead], np.where(refund[by.lead] == 1, "R", ""), alone[by.lead], strict=True)]  # fmt: skip
    receipts = Receipts(
        keys=np.array(keys, dtype=object),
        lead=paid.receivable[lead],
        paid_on=day,
        money=received,
        contract=np.where(one, contract[by.lead], -1),
        by_bill=(throws > 0.80) & (total.net > 0),
    )
    payments = Payments(paid.receivable[known], paid.paid_on[known], paid.settled_on[known], by.group, money)
    return payments, receipts


def _hashed(seed: int, first: Ints, second: Ints) -> Floats:
    """A throw in [0, 1) that depends on two numbers only (SplitMix64, Steele et al. 2014)."""
    x = (
        (first.astype("uint64") << np.uint64(32))
        ^ second.astype("uint64")
        ^ (np.uint64(seed) << np.uint64(17))
    )
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    throws: Floats = ((x ^ (x >> np.uint64(31))) >> np.uint64(11)).astype("float64") / 2.0**53
    return throws


def receivable_table(money: Cash, sold: Sales, name: Names) -> pa.Table:
    due = money.receivables
    (rows,) = np.nonzero(due.booked)
    contract = due.contract[rows]
    booked = np.where(sold.contracts.booked[contract], contract, -1)
    return arrays.table(
        "receivables",
        key=due.keys[rows],
        due_on=arrays.dates(due.due_on[rows]),
        contract=taken(name.contract, booked),
        order=_orders(name, booked),
        kind=np.array(KINDS, dtype=object)[due.kind[rows]],
        **_whose(sold, name, contract, due.due_on[rows]),
        **due.money.rows(rows).columns(),
    )


def receipt_table(money: Cash, sold: Sales, name: Names) -> pa.Table:
    receipts = money.receipts
    contract = money.receivables.contract[receipts.lead]
    known = (receipts.contract >= 0) & sold.contracts.booked[np.maximum(receipts.contract, 0)]
    return arrays.table(
        "receipts",
        key=receipts.keys,
        received_on=arrays.dates(receipts.paid_on),
        contract=taken(name.contract, np.where(known, receipts.contract, -1)),
        method=np.where(receipts.by_bill, "acceptance_bill", "transfer").astype(object),
        matured_on=arrays.dates(np.where(receipts.by_bill, receipts.paid_on + 120, arrays.NEVER)),
        **_whose(sold, name, contract, receipts.paid_on),
        **receipts.money.columns(),
    )


def allocation_table(money: Cash, sold: Sales, name: Names, timeline: Timeline) -> pa.Table:
    paid, due = money.payments, money.receivables
    (rows,) = np.nonzero(paid.settled_on <= timeline.on)
    of = paid.receivable[rows]
    contract = due.contract[of]
    booked = np.where(sold.contracts.booked[contract], contract, -1)
    receipt = money.receipts.keys[paid.receipt[rows]]
    return arrays.table(
        "allocations",
        key=np.array([f"{a}>{b}" for a, b in zip(receipt, due.keys[of], strict=True)], dtype=object),
        allocated_on=arrays.dates(paid.settled_on[rows]),
        receipt=receipt,
        receivable=due.keys[of],
        order=_orders(name, booked),
        contract=taken(name.contract, booked),
        received_on=arrays.dates(paid.paid_on[rows]),
        due_on=arrays.dates(due.due_on[of]),
        **_whose(sold, name, contract, paid.settled_on[rows]),
        **paid.money.rows(rows).columns(),
    )


def _whose(sold: Sales, name: Names, contract: Ints, days: Ints) -> dict[str, object]:
    """Money follows the signer of the contract, or who has taken over from them."""
    return {
        "entity": np.full(len(contract), "main", dtype=object),
        "person": name.whose(sold, contract, days),
        "customer": name.customer[sold.contracts.customer[contract]],
    }


def _orders(name: Names, contract: Ints) -> Texts:
    keys = taken(name.contract, contract)
    return np.array([None if key is None else "SO" + key[2:] for key in keys], dtype=object)
