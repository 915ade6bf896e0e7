"""Contracts, order lines, deliveries, invoices and revenue as tables, as the ERP knows them on a day."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays, catalogue, clients
from dabiao.demo.simulation.arrays import Ints, Texts, taken
from dabiao.demo.simulation.leads import person_keys
from dabiao.demo.simulation.orders import A_YEAR, CHANNELS, KINDS, Sales
from dabiao.demo.simulation.pipeline import Opportunities
from dabiao.demo.simulation.roster import Roster
from dabiao.demo.simulation.timeline import Timeline


@dataclass(frozen=True)
class Names:
    """Keys of what order tables refer to."""

    customer: Texts
    person: Texts
    product: Texts
    contract: Texts
    dealer: Texts
    roster: Roster

    def whose(self, sold: Sales, contract: Ints, days: Ints, person: Ints | None = None) -> Texts:
        """The person of a contract's later facts: its signer (or `person`), after they have left their successor."""
        first = sold.contracts.signer[contract] if person is None else person
        return self.person[self.roster.still(first, sold.contracts.seat[contract], days)]


def names(sold: Sales, known: clients.Clients, roster: Roster) -> Names:
    return Names(
        customer=known.keys,
        person=person_keys(roster),
        product=np.array([product.key for product in catalogue.PRODUCTS], dtype=object),
        contract=sold.contracts.keys,
        dealer=np.array([f"D{number:02d}" for number in range(1, catalogue.DEALERS + 1)], dtype=object),
        roster=roster,
    )


def contract_table(sold: Sales, name: Names, opportunities: Opportunities, timeline: Timeline) -> pa.Table:
    contracts = sold.contracts
    (rows,) = np.nonzero(contracts.booked)
    of = contracts.opportunity[rows]
    customer, signer = contracts.customer[rows], contracts.signer[rows]
    service = opportunities.line[of] == catalogue.SERVICE
    starts = contracts.promised_on[rows]
    return arrays.table(
        "contracts",
        key=name.contract[rows],
        signed_on=arrays.dates(contracts.signed_on[rows]),
        entity=np.full(len(rows), "main", dtype=object),
        person=name.person[signer],
        customer=name.customer[customer],
        contract_party=np.where(
            contracts.dealer[rows] >= 0, taken(name.dealer, contracts.dealer[rows]), name.customer[customer]
        ),
        end_customer=name.customer[customer],
        dealer=taken(name.dealer, contracts.dealer[rows]),
        kind=np.array(KINDS, dtype=object)[contracts.kind[rows]],
        negotiation_from=arrays.dates(opportunities.T[of, 3]),
        starts_on=arrays.dates(starts),
        ends_on=arrays.dates(starts + np.where(service, A_YEAR, 2 * A_YEAR)),
        signer=name.person[signer],
        opportunity=opportunities.keys[of],
        sales_channel=np.array(CHANNELS, dtype=object)[contracts.channel[rows]],
        status=np.where(starts + 60 < timeline.on, "fulfilled", "running").astype(object),
        **contracts.money.rows(rows).columns(),
    )


def order_table(sold: Sales, name: Names, timeline: Timeline) -> pa.Table:
    lines, contracts = sold.lines, sold.contracts
    rows = _booked(sold, lines.ordered_on, timeline)
    of = lines.contract[rows]
    return arrays.table(
        "order_lines",
        ordered_on=arrays.dates(lines.ordered_on[rows]),
        qty=arrays.pieces(lines.qty[rows]),
        cost=arrays.cents(lines.cost[rows]),
        list_amount=arrays.cents(lines.listed[rows]),
        discount=arrays.rates(lines.discount[rows]),
        kind=np.array(KINDS, dtype=object)[lines.kind[rows]],
        sales_channel=np.array(CHANNELS, dtype=object)[contracts.channel[of]],
        dealer=taken(name.dealer, contracts.dealer[of]),
        end_customer=name.customer[contracts.customer[of]],
        promised_on=arrays.dates(np.where(lines.reverses[rows] < 0, contracts.promised_on[of], arrays.NEVER)),
        reverses=taken(lines.keys, lines.reverses[rows]),
        **_line_columns(sold, name, rows, lines.ordered_on),
    )


def delivery_table(sold: Sales, name: Names, timeline: Timeline) -> pa.Table:
    lines = sold.lines
    rows = _booked(sold, lines.shipped_on, timeline)
    columns = _line_columns(sold, name, rows, lines.shipped_on) | {"key": _prefixed("DN", lines.keys[rows])}
    columns.pop("contract")
    return arrays.table(
        "deliveries",
        shipped_on=arrays.dates(lines.shipped_on[rows]),
        order_line=lines.keys[rows],
        qty=arrays.pieces(lines.qty[rows]),
        promised_on=arrays.dates(sold.contracts.promised_on[lines.contract[rows]]),
        accepted_on=arrays.dates(_until(lines.accepted_on[rows], timeline)),
        **columns,
    )


def invoice_table(sold: Sales, name: Names, timeline: Timeline) -> pa.Table:
    lines = sold.lines
    rows = _booked(sold, lines.invoiced_on, timeline)
    return arrays.table(
        "invoices",
        invoiced_on=arrays.dates(lines.invoiced_on[rows]),
        invoice=_prefixed("IV", np.array([key[:9] for key in lines.keys[rows]], dtype=object)),
        reverses=taken(_prefixed("IV", lines.keys), lines.reverses[rows]),
        **_line_columns(sold, name, rows, lines.invoiced_on) | {"key": _prefixed("IV", lines.keys[rows])},
    )


def revenue_table(sold: Sales, name: Names, timeline: Timeline) -> pa.Table:
    lines = sold.lines
    rows = _booked(sold, lines.accepted_on, timeline)
    return arrays.table(
        "revenue",
        recognised_on=arrays.dates(lines.accepted_on[rows]),
        rule=np.where(lines.reverses[rows] < 0, "acceptance", "return").astype(object),
        cost=arrays.cents(lines.cost[rows]),
        **_line_columns(sold, name, rows, lines.accepted_on) | {"key": _prefixed("RV", lines.keys[rows])},
    )


def _booked(sold: Sales, days: Ints, timeline: Timeline) -> Ints:
    """Lines of contracts signed since the books begin, whose day has come."""
    (rows,) = np.nonzero(sold.contracts.booked[sold.lines.contract] & (days <= timeline.on))
    return rows


def _line_columns(sold: Sales, name: Names, rows: Ints, days: Ints) -> dict[str, object]:
    lines = sold.lines
    of = lines.contract[rows]
    return {
        "key": lines.keys[rows],
        "entity": np.full(len(rows), "main", dtype=object),
        "person": name.whose(sold, of, days[rows], lines.person[rows]),
        "customer": name.customer[sold.contracts.customer[of]],
        "order": np.array([key[:9] for key in lines.keys[rows]], dtype=object),
        "contract": name.contract[of],
        "product": name.product[lines.product[rows]],
        **lines.money.rows(rows).columns(),
    }


def _prefixed(prefix: str, keys: Texts) -> Texts:
    return np.array([prefix + key[2:] for key in keys], dtype=object)


def _until(days: Ints, timeline: Timeline) -> Ints:
    return np.where(days <= timeline.on, days, arrays.NEVER)
