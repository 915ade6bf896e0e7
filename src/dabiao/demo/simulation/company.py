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
    order_tables,
    orders,
    pipeline,
    roster,
)
from dabiao.demo.simulation.events import EVENTS, Event, Planted, planted
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


@dataclass(frozen=True)
class _World:
    """Everything that happened, before it is written down."""

    seed: int
    time: Timeline
    plan: Planted
    staff: roster.Roster
    known: clients.Clients
    fx: money.Rates
    found: leads.Leads
    deals: pipeline.Opportunities
    sold: orders.Sales
    paid: cash.Cash
    done: fieldwork.Activities
    name: order_tables.Names


def simulate(seed: int, on: date, events: Collection[Event] = EVENTS) -> Company:
    """24 closed months and the running one up to `on`; without `events` the same company, undisturbed."""
    world = _happen(seed, timeline(on), events)
    return Company(
        seed=seed,
        on=on,
        first=as_date(world.time.first),
        units=roster.UNITS,
        seats=roster.SEATS,
        people=world.staff.people,
        assignments=world.staff.assignments,
        absences=world.staff.absences,
        targets=goals.targets(world.time, world.staff, world.known, world.found, world.deals),
        tables=_crm(world) | _erp(world) | _service(world) | _office(world) | _dimensions(world),
    )


def _happen(seed: int, time: Timeline, events: Collection[Event]) -> _World:
    plan = planted(events, time)
    staff = roster.roster(seed, time)
    known = clients.clients(seed, time)
    fx = money.rates(seed, time)
    found = leads.leads(seed, time, staff, plan)
    deals = pipeline.opportunities(seed, time, staff, found, plan)
    sold = orders.sales(seed, time, staff, known, deals, fx)
    paid = cash.cash(seed, time, sold, staff, len(deals.keys), plan)
    done = fieldwork.activities(seed, time, staff, deals, plan)
    name = order_tables.names(sold, known, staff)
    return _World(seed, time, plan, staff, known, fx, found, deals, sold, paid, done, name)


def _crm(w: _World) -> dict[str, pa.Table]:
    kept = crm.kept(w.deals, w.time)
    return {
        "leads": leads.lead_table(w.found, *_converted(w.found, w.deals, w.time), w.known, w.staff, w.time),
        "opportunities": crm.opportunity_table(w.seed, w.deals, w.known, w.staff, w.time, w.fx),
        "stage_changes": crm.stage_table(w.seed, w.deals, w.known, w.staff, w.time),
        "quotes": crm.quote_table(w.seed, w.deals, w.known, w.staff, w.time, w.fx),
        **fieldwork.field_tables(w.done, w.deals, w.known, w.staff, w.time, w.plan, kept),
    }


def _erp(w: _World) -> dict[str, pa.Table]:
    return {
        "contracts": order_tables.contract_table(w.sold, w.name, w.deals, w.time),
        "order_lines": order_tables.order_table(w.sold, w.name, w.time),
        "deliveries": order_tables.delivery_table(w.sold, w.name, w.time),
        "invoices": order_tables.invoice_table(w.sold, w.name, w.time),
        "revenue": order_tables.revenue_table(w.sold, w.name, w.time),
        "receivables": cash.receivable_table(w.paid, w.sold, w.name),
        "receipts": cash.receipt_table(w.paid, w.sold, w.name),
        "allocations": cash.allocation_table(w.paid, w.sold, w.name, w.time),
    }


def _service(w: _World) -> dict[str, pa.Table]:
    count = len(w.deals.keys)
    return {
        "feedback": aftersales.feedback_table(w.seed, w.time, w.sold, w.name, count),
        "complaints": aftersales.complaint_table(w.seed, w.time, w.sold, w.name, count),
        "renewals": aftersales.renewal_table(w.seed, w.time, w.sold, w.name, w.deals.line, w.plan),
        "usage": aftersales.usage_table(w.seed, w.time, w.known, w.name, w.staff.holder, w.plan),
    }


def _office(w: _World) -> dict[str, pa.Table]:
    return {
        "expenses": backoffice.expense_table(w.seed, w.time, w.staff),
        "stock": backoffice.stock_table(w.seed, w.time),
        "market": backoffice.market_table(w.seed, w.time),
        "market_events": backoffice.market_event_table(w.time, w.plan),
    }


def _dimensions(w: _World) -> dict[str, pa.Table]:
    touched = [
        (np.where(w.found.valid, w.found.customer, -1), w.found.day),
        (np.where(w.deals.real, w.deals.customer, -1), w.deals.T[:, 0]),
        (w.done.customer, w.done.day),
    ]
    met = clients.met(w.known, touched)
    return {
        "products": backoffice.product_table(w.time),
        "customers": clients.customer_table(w.known, met, w.time),
        "customer_history": clients.history_table(w.known, met, orders.ordered(w.sold, w.time), w.time),
        "ownership": clients.ownership_table(w.known, met, w.staff, w.time),
        "fx_rates": money.rate_table(w.fx, w.time),
    }


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
