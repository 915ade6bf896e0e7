"""From won opportunity to contract and order lines, with the days of delivery, invoice and acceptance."""

from dataclasses import dataclass

import numpy as np

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Flags, Floats, Ints, Texts, dice
from dabiao.demo.simulation.money import MILLION, WHOLE, Money, Rates, priced
from dabiao.demo.simulation.pipeline import Opportunities
from dabiao.demo.simulation.roster import Roster
from dabiao.demo.simulation.timeline import Timeline

KINDS = ("new", "renewal", "upsell", "cross_sell", "return")
NEW, RENEWAL, UPSELL, CROSS_SELL, RETURN = range(5)
CHANNELS = ("direct", "dealer", "online")
GOODS_TAX, SERVICE_TAX = 130_000, 60_000
RETURNED = 0.012  # of the lines of goods
A_YEAR = 365


@dataclass(frozen=True)
class Contracts:
    """Contracts signed by `on`, in order of signing; those before the books begin only leave open items."""

    keys: Texts
    opportunity: Ints
    customer: Ints
    signer: Ints
    seat: Ints
    signed_on: Ints
    promised_on: Ints
    kind: Ints
    channel: Ints
    dealer: Ints
    money: Money
    booked: Flags


@dataclass(frozen=True)
class Lines:
    """Order lines. A return comes after the lines and points back with `reverses`; others have -1."""

    keys: Texts
    contract: Ints
    person: Ints
    product: Ints
    qty: Ints
    kind: Ints
    ordered_on: Ints
    shipped_on: Ints
    accepted_on: Ints
    invoiced_on: Ints
    listed: Ints
    cost: Ints
    discount: Ints
    money: Money
    reverses: Ints


@dataclass(frozen=True)
class Sales:
    """Everything that was sold."""

    contracts: Contracts
    lines: Lines


def ordered(sold: Sales, timeline: Timeline) -> tuple[Ints, Ints]:
    """Customer and day of every line up to `on` that takes nothing back."""
    lines = sold.lines
    done = (lines.reverses < 0) & (lines.ordered_on <= timeline.on)
    return sold.contracts.customer[lines.contract[done]], lines.ordered_on[done]


def sales(
    seed: int, timeline: Timeline, roster: Roster, known: clients.Clients, found: Opportunities, fx: Rates
) -> Sales:
    """Contracts and their lines. Every throw belongs to its opportunity, so events move nothing else."""
    (won,) = np.nonzero(found.won & (found.closed_on <= timeline.on))
    won = won[np.lexsort((won, found.closed_on[won]))]
    throws = dice(seed, "sales").random((len(found.keys), 8))[won]
    signed_on = found.closed_on[won]
    wait = catalogue.LEAD_TIME_DAYS[found.line[won]]
    promised = timeline.next(signed_on + wait + np.floor(throws[:, 0] * wait).astype("int64"))
    channel = arrays.pick(np.cumsum([0.80, 0.15, 0.05]), throws[:, 1])
    kind = _kinds(found.customer[won], found.line[won], known)
    sold = _lines(timeline, roster, found, _Deals(won, signed_on, promised, kind, throws), known, fx)
    lines = _with_returns(timeline, sold, throws[sold.contract, 7])
    by = arrays.grouped(lines.contract[lines.reverses < 0])
    contracts = Contracts(
        keys=np.array([f"HT-{found.keys[each][2:]}" for each in won], dtype=object),
        opportunity=won,
        customer=found.customer[won],
        signer=roster.holder[found.seat[won], signed_on - timeline.start],
        seat=found.seat[won],
        signed_on=signed_on,
        promised_on=promised,
        kind=kind,
        channel=channel,
        dealer=np.where(channel == 1, np.floor(throws[:, 2] * catalogue.DEALERS).astype("int64"), -1),
        money=lines.money.rows(np.nonzero(lines.reverses < 0)[0]).summed(by),
        booked=signed_on >= timeline.first,
    )
    return Sales(contracts, lines)


def _kinds(customer: Ints, line: Ints, known: clients.Clients) -> Ints:
    """The first contract of a customer is new; then service again renews, the same line is more of it."""
    first = np.zeros(len(customer), dtype=bool)
    first[np.unique(customer, return_index=True)[1]] = True
    first_of_line = np.zeros(len(customer), dtype=bool)
    first_of_line[np.unique(customer * 10 + line, return_index=True)[1]] = True
    again = np.where(first_of_line, CROSS_SELL, np.where(line == catalogue.SERVICE, RENEWAL, UPSELL))
    return np.where(first & ~known.established(customer), NEW, again)


@dataclass(frozen=True)
class _Deals:
    """What is known of each won opportunity before its lines are."""

    won: Ints
    signed_on: Ints
    promised_on: Ints
    kind: Ints
    throws: Floats


def _lines(
    timeline: Timeline, roster: Roster, found: Opportunities, deals: _Deals, known: clients.Clients, fx: Rates
) -> Lines:
    """The machine, and its spare parts where there are any."""
    won, throws = deals.won, deals.throws
    both = np.stack([np.ones(len(won), dtype=bool), found.spare_qty[won] > 0], axis=1)
    contract, second = np.nonzero(both)
    of = won[contract]
    product = np.where(second == 1, catalogue.SPARE_PARTS, found.product[of])
    qty = np.where(second == 1, found.spare_qty[of], found.qty[of])
    listed = 100 * qty * catalogue.PRICE[product]
    yuan = listed * (MILLION - found.discount[of]) // MILLION
    share = catalogue.COST_SHARE[product // catalogue.PER_LINE] * (0.96 + 0.08 * throws[contract, 3])
    ordered = deals.signed_on[contract]
    late = np.round(12 * (throws[contract, 4] - 0.45) ** 3 * 8).astype("int64")
    shipped = np.maximum(
        timeline.shifted(deals.promised_on[contract], late), timeline.shifted(ordered, np.ones_like(late))
    )
    service = product // catalogue.PER_LINE == catalogue.SERVICE
    check = np.where(service, 1, 4 + np.floor(throws[contract, 5] * 10)).astype("int64")
    at = np.clip(ordered - timeline.start, 0, len(timeline) - 1)
    number = np.array(
        [f"SO-{found.keys[each][2:]}-{line + 1}" for each, line in zip(of, second, strict=True)], dtype=object
    )
    tax = np.where(found.line[of] == catalogue.SERVICE, SERVICE_TAX, GOODS_TAX)
    return Lines(
        keys=number,
        contract=contract,
        person=roster.holder[found.seat[of], at],
        product=product,
        qty=qty,
        kind=deals.kind[contract],
        ordered_on=ordered,
        shipped_on=shipped,
        accepted_on=timeline.shifted(shipped, check),
        invoiced_on=timeline.shifted(shipped, 1 + np.floor(throws[contract, 6] * 7).astype("int64")),
        listed=listed,
        cost=np.round(listed * 0.92 * share).astype("int64"),
        discount=found.discount[of],
        money=priced(yuan, tax, known.currency[found.customer[of]], deals.signed_on[contract], fx),
        reverses=np.full(len(of), -1),
    )


def _with_returns(timeline: Timeline, sold: Lines, luck: Floats) -> Lines:
    """Some smaller machines come back some weeks after acceptance: one piece, or the only one."""
    goods = sold.product // catalogue.PER_LINE != catalogue.SERVICE
    goods &= sold.listed < 40_000_000
    (back,) = np.nonzero(goods & (luck < RETURNED))
    wait = 8 + np.floor(luck[back] / RETURNED * 30).astype("int64")
    day = timeline.shifted(sold.accepted_on[back], wait)
    share = WHOLE // sold.qty[back]
    money = sold.money.rows(back).part(np.zeros_like(share), share).negative()
    never = np.full(len(back), arrays.NEVER)

    def both(old: Ints, new: Ints) -> Ints:
        return np.concatenate([old, new])

    return Lines(
        keys=np.concatenate([sold.keys, np.array([f"{key}-R" for key in sold.keys[back]], dtype=object)]),
        contract=both(sold.contract, sold.contract[back]),
        person=both(sold.person, sold.person[back]),
        product=both(sold.product, sold.product[back]),
        qty=both(sold.qty, np.full(len(back), -1)),
        kind=both(sold.kind, np.full(len(back), RETURN)),
        ordered_on=both(sold.ordered_on, day),
        shipped_on=both(sold.shipped_on, never),
        accepted_on=both(sold.accepted_on, day),
        invoiced_on=both(sold.invoiced_on, timeline.shifted(day, np.full(len(back), 2))),
        listed=both(sold.listed, -(sold.listed[back] // sold.qty[back])),
        cost=both(sold.cost, -(sold.cost[back] // sold.qty[back])),
        discount=both(sold.discount, sold.discount[back]),
        money=sold.money.plus(money),
        reverses=both(sold.reverses, back),
    )
