"""The whole demo company: one call, the same result for the same seed, day and events."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import (
    aftersales,
    arrays,
    backoffice,
    cash,
    clients,
    crm,
    fieldwork,
    goals,
    leads,
    money,
    orders,
    pipeline,
    roster,
)
from dabiao.demo.simulation.events import EVENTS, Event, planted
from dabiao.demo.simulation.timeline import Timeline, as_date, timeline

SEED = 7


@dataclass(frozen=True)
class Company:
    """A simulated company. `tables` follow `lake.tables`; names are added by `names.labels`."""

    seed: int
    on: date
    first: date
    units: tuple[roster.Unit, ...]
    seats: tuple[roster.Seat, ...]
    people: tuple[roster.Person, ...]
    assignments: tuple[roster.Assignment, ...]
    absences: tuple[roster.Absence, ...]
    targets: tuple[goals.Target, ...]
    tables: dict[str, pa.Table]


def simulate(seed: int, on: date, events: Collection[Event] = EVENTS) -> Company:
    """24 closed months and the running one up to `on`; without `events` the same company, undisturbed."""
    time = timeline(on)
    staff = roster.roster(seed, time)
    known = clients.clients(seed, time)
    plan = planted(events, time)
    fx = money.rates(seed, time)
    found = leads.leads(seed, time, staff, plan)
    deals = pipeline.opportunities(seed, time, staff, found, plan)
    sold = orders.sales(seed, time, staff, known, deals, fx)
    paid = cash.cash(seed, time, sold, staff, len(deals.keys), plan)
    done = fieldwork.activities(seed, time, staff, deals, plan)
    name = orders.names(sold, known, staff)
    met = clients.met(
        known,
        [
            (np.where(found.valid, found.customer, -1), found.day),
            (np.where(deals.real, deals.customer, -1), deals.T[:, 0]),
            (done.customer, done.day),
        ],
    )
    count = len(deals.keys)
    tables = {
        "leads": leads.lead_table(found, *_converted(found, deals, time), known, staff, time),
        "opportunities": crm.opportunity_table(seed, deals, known, staff, time, fx),
        "stage_changes": crm.stage_table(seed, deals, known, staff, time),
        "quotes": crm.quote_table(seed, deals, known, staff, time, fx),
        **fieldwork.field_tables(done, deals, known, staff, time, plan, crm.kept(deals, time)),
        "contracts": orders.contract_table(sold, name, deals, time),
        "order_lines": orders.order_table(sold, name, time),
        "deliveries": orders.delivery_table(sold, name, time),
        "invoices": orders.invoice_table(sold, name, time),
        "revenue": orders.revenue_table(sold, name, time),
        "receivables": cash.receivable_table(paid, sold, name),
        "receipts": cash.receipt_table(paid, sold, name),
        "allocations": cash.allocation_table(paid, sold, name, time),
        "feedback": aftersales.feedback_table(seed, time, sold, name, count),
        "complaints": aftersales.complaint_table(seed, time, sold, name, count),
        "renewals": aftersales.renewal_table(seed, time, sold, name, deals.line, plan),
        "usage": aftersales.usage_table(seed, time, known, name, staff.holder, plan),
        "expenses": backoffice.expense_table(seed, time, staff),
        "stock": backoffice.stock_table(seed, time),
        "market": backoffice.market_table(seed, time),
        "market_events": backoffice.market_event_table(time, plan),
        "products": backoffice.product_table(time),
        "customers": clients.customer_table(known, met, time),
        "customer_history": clients.history_table(known, met, time),
        "ownership": clients.ownership_table(known, met, staff, time),
        "fx_rates": money.rate_table(fx, time),
    }
    return Company(
        seed=seed,
        on=on,
        first=as_date(time.first),
        units=roster.UNITS,
        seats=roster.SEATS,
        people=staff.people,
        assignments=staff.assignments,
        absences=staff.absences,
        targets=goals.targets(time, staff, found, deals),
        tables=tables,
    )


def _converted(
    found: leads.Leads, deals: pipeline.Opportunities, time: Timeline
) -> tuple[arrays.Texts, arrays.Ints]:
    """The kept opportunity that each lead became, and the day it was won; by lead."""
    opportunity = np.full(len(found.keys), None, dtype=object)
    won_on = np.full(len(found.keys), arrays.NEVER)
    (of,) = np.nonzero((deals.lead >= 0) & crm.kept(deals, time))
    opportunity[deals.lead[of]] = deals.keys[of]
    won = of[deals.won[of] & (deals.closed_on[of] <= time.on)]
    won_on[deals.lead[won]] = deals.closed_on[won]
    return opportunity, won_on
