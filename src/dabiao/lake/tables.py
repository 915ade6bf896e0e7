"""What the lake can hold: every table with its grain, its key, the date that decides its period, its columns.

`docs/lake.md` is generated from here. Columns may be added; names and keys below stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pyarrow as pa

from dabiao.engine import needs
from dabiao.engine.number import MONEY, RATE
from dabiao.engine.spread import Spread

Kind = Literal["fact", "dimension"]

TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "money": pa.decimal128(18, 4),
    "rate": pa.decimal128(18, 6),
    "qty": pa.decimal128(18, 4),
    "int": pa.int64(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
    "flag": pa.bool_(),
}
IBIS_TYPES: Mapping[str, str] = {
    "text": "string",
    "money": MONEY,
    "rate": RATE,
    "qty": MONEY,
    "int": "int64",
    "date": "date",
    "time": "timestamp(6)",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column: a short type name of `TYPES` and what it means."""

    name: str
    type: str
    note: str = ""
    before: str = ""
    """What it holds where nothing is written, as SQL over the others, e.g. in rows of the time before there was this
    column; empty: nothing."""


@dataclass(frozen=True)
class LakeTable:
    """A lake table. `key` identifies a row; `on` is the date that decides its period (facts only).

    spread: its facts last, and how. planned: it tells of what is to come, so that days ahead are nothing odd.
    derived_columns: what other rows say about a row; it is worked out where it is asked for.
    """

    name: str
    kind: Kind
    grain: str
    on: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("source", "key")
    spread: Spread | None = None
    planned: bool = False
    derived_columns: tuple[Column, ...] = ()

    @property
    def happens(self) -> bool:
        """Whether it tells of what has happened: a day after today is then a slip, or an early entry."""
        return self.kind == "fact" and not self.planned and self.spread is None

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema, in the order documented."""
        return pa.schema([(column.name, TYPES[column.type]) for column in self.columns])

    @cached_property
    def ibis_schema(self) -> dict[str, str]:
        """Column → Ibis type, for unbound tables."""
        return {column.name: IBIS_TYPES[column.type] for column in self.columns}

    @cached_property
    def derived(self) -> dict[str, str]:
        """Derived column → Ibis type."""
        return {column.name: IBIS_TYPES[column.type] for column in self.derived_columns}

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns)


def _columns(text: str) -> tuple[Column, ...]:
    """Parse `name type what it means` lines."""
    rows = (line.split(maxsplit=2) for line in text.strip().splitlines())
    return tuple(Column(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows)


_COMMON = """
key               text    natural key inside `source`
source            text    the system the row came from
{on}
entity            text    legal entity (法人主体/账套)
person            text    employee number (工号), as the source has it
customer          text    customer key
"""
_MONEY = """
amount            money   excluding tax, in the reporting currency
amount_with_tax   money   including tax, in the reporting currency
tax_rate          rate    0.13 for 13 %
currency          text    currency of the original amounts
original_amount   money   excluding tax, in `currency`
original_amount_with_tax money including tax, in `currency`
fx_rate           rate    reporting units for `fx_per` units of `currency`
fx_per            int     units of `currency` that `fx_rate` is for; null = 1
fx_on             date    the day whose rate was used
"""


def _fact(
    name: str,
    on: str,
    grain: str,
    columns: str,
    *,
    money: bool = False,
    spread: Spread | None = None,
    before: Mapping[str, str] | None = None,
) -> LakeTable:
    on_name, on_type = (on[:-1], "time") if on.endswith("@") else (on, "date")
    common = _COMMON.format(on=f"{on_name} {on_type} decides the period")
    text = "\n".join(
        [common.strip(), columns.strip(), (_MONEY if money else "").strip(), "batch text import batch"]
    )
    known = before or {}
    named = _columns("\n".join(x for x in text.splitlines() if x))
    all_columns = tuple(replace(each, before=known.get(each.name, "")) for each in named)
    return LakeTable(name, "fact", grain, on_name, all_columns, spread=spread)


def _dimension(
    name: str, grain: str, key: str, columns: str, *, before: Mapping[str, str] | None = None
) -> LakeTable:
    known = before or {}
    all_columns = tuple(replace(each, before=known.get(each.name, "")) for each in _columns(columns))
    return LakeTable(name, "dimension", grain, None, all_columns, tuple(key.split()))


FACTS: tuple[LakeTable, ...] = (
    _fact(
        "contracts",
        "signed_on",
        "a signed contract",
        money=True,
        columns="""
contract_party    text    who signed
end_customer      text    who uses it
dealer            text    through whom
kind              text    new, renewal, upsell, cross_sell
negotiation_from  date    first day of negotiation
starts_on         date    first day of the term
ends_on           date    day after the term
signer            text    employee number of the signer
opportunity       text    opportunity key
sales_channel     text    direct, dealer, online
status            text    as the source has it""",
    ),
    _fact(
        "order_lines",
        "ordered_on",
        "a line of an order",
        money=True,
        columns="""
order             text    order number
contract          text    contract key
product           text    product key
qty               qty     pieces; negative in a return
cost              money   cost of goods, in the reporting currency
list_amount       money   at list price, in the reporting currency
discount          rate    share taken off the list price
kind              text    new, renewal, upsell, cross_sell, return, cancellation
sales_channel     text    direct, dealer, online
dealer            text    through whom
end_customer      text    who uses it
promised_on       date    promised delivery
reverses          text    key of the line that this one takes back
territory         text    sales territory, as the source has it
returned          flag    the goods came back later; the line itself still counts""",
    ),
    _fact(
        "deliveries",
        "shipped_on",
        "a delivered line",
        money=True,
        columns="""
order             text    order number
order_line        text    key of the order line
product           text    product key
qty               qty     pieces
promised_on       date    promised delivery
accepted_on       date    acceptance by the customer""",
    ),
    _fact(
        "invoices",
        "invoiced_on",
        "an invoice line",
        money=True,
        columns="""
invoice           text    invoice number
order             text    order number
contract          text    contract key
product           text    product key
reverses          text    key of the line that this one takes back (红冲)""",
    ),
    _fact(
        "revenue",
        "recognised_on",
        "a recognition of revenue",
        money=True,
        columns="""
order             text    order number
contract          text    contract key
product           text    product key
rule              text    why it was recognised
cost              money   cost recognised with it""",
    ),
    _fact(
        "receivables",
        "due_on",
        "an instalment that falls due",
        money=True,
        columns="""
contract          text    contract key
order             text    order number
kind              text    advance, delivery, acceptance, retention""",
    ),
    _fact(
        "receipts",
        "received_on",
        "money received",
        money=True,
        columns="""
contract          text    contract key
method            text    transfer, acceptance_bill
matured_on        date    when a bill turned into cash""",
    ),
    _fact(
        "allocations",
        "allocated_on",
        "the part of a receipt that settles a receivable or an invoice",
        money=True,
        columns="""
receipt           text    receipt key
receivable        text    receivable key; null = advance (预收)
invoice           text    invoice key
order             text    order number
contract          text    contract key
received_on       date    of the receipt
due_on            date    of the receivable""",
    ),
    _fact(
        "leads",
        "created_on",
        "a lead",
        columns="""
acquisition_channel text  where it came from (获客渠道)
vendor            text    who sold it to us
campaign          text    campaign key
referrer          text    customer who referred
valid             flag    is a real lead
invalid_reason    text    why not
qualified_on      date    when it became a qualified lead
converted_on      date    when it became a deal
opportunity       text    opportunity key
product_line      text    what it asks for""",
    ),
    _fact(
        "opportunities",
        "created_on",
        "an opportunity, as it is now",
        money=True,
        columns="""
product           text    product key
product_line      text    product line
list_amount       money   at list price
engaged_on        date    first real contact
expected_close_on date    when it should close
stage             text    current stage
outcome           text    won, lost; null while open
closed_on         date    when it closed
lost_reason       text    why it was lost
competitor        text    who won instead
budget            money   what the customer may spend
decision_chain    int     how many people decide
forecast_category text    commit, best_case, pipeline
kind              text    new, renewal, upsell, cross_sell
team              text    deal team key
acquisition_channel text  where its lead came from
region            text    region, as the source has it""",
    ),
    _fact(
        "stage_changes",
        "changed_at@",
        "a change of stage, amount or expected close",
        columns="""
opportunity       text    opportunity key
field             text    stage, amount, expected_close_on
from_stage        text    stage before
to_stage          text    stage after
from_amount       money   amount before
to_amount         money   amount after
from_close_on     date    expected close before
to_close_on       date    expected close after""",
    ),
    _fact(
        "quotes",
        "sent_on",
        "a version of a quote sent",
        money=True,
        columns="""
opportunity       text    opportunity key
version           int     1 is the first
discount          rate    share taken off the list price""",
    ),
    _fact(
        "activities",
        "started_at@",
        "a visit, call, demo, proposal or joint visit",
        columns="""
kind              text    visit, call, demo, proposal, joint_visit
minutes           int     how long
contact           text    contact key
with_decision_maker flag  a decision maker took part
need_stated       flag    came away with a stated need
needs_depth       int     0 to 3: how many of the three below; alone where only that is known
need_pain         flag    the pain was found (痛点)
need_weights      flag    the weights of the decision were found (决策权重)
need_budget       flag    the budget cycle was found (预算周期)
plan              text    key of the planned visit it fulfils
opportunity       text    opportunity key
product_line      text    what it was about
has_case          flag    proposal with a reference case
has_roi           flag    proposal with a return calculation
companion         text    employee number of who came along
customer_tier     text    tier of the customer that day
high_value        flag    a customer of the upper tiers
entered_by        text    employee number of who filed it, when on behalf
note              text    what was said, as it was written down
next_step         text    what is to happen next""",
        before={needs.DEPTH: needs.AS_STORED},
    ),
    _fact(
        "visit_plans",
        "planned_on",
        "a planned visit",
        columns="""
goal              text    what it should reach
done              flag    was carried out
customer_tier     text    tier of the customer""",
    ),
    _fact(
        "daily_figures",
        "on",
        "a figure filed by hand for a person, day and metric",
        columns="""
metric            text    metric key
value             money   the figure
entered_by        text    employee number of who filed it""",
    ),
    _fact(
        "feedback",
        "answered_on",
        "an answer to a survey",
        columns="""
instrument        text    NPS, CSAT
score             int     as answered
asked_on          date    when it was asked
product           text    product key""",
    ),
    _fact(
        "complaints",
        "opened_at@",
        "a complaint",
        columns="""
first_response_at time    first answer
promised_by       time    when it should be solved
resolved_at       time    when it was solved
confirmed         flag    the customer agrees
severity          text    low, medium, high
cause             text    people, product, delivery, service, price
product           text    product key""",
    ),
    _fact(
        "renewals",
        "due_on",
        "a contract coming up for renewal",
        money=True,
        columns="""
contract          text    contract key
intention         text    yes, unsure, no
outcome           text    renewed, reduced, churned; null while open
churn_reason      text    why it left""",
    ),
    _fact(
        "usage",
        "used_on",
        "customer × product × day",
        columns="""
product           text    product key
events            int     how often
users             int     by how many""",
    ),
    _fact(
        "expenses",
        "spent_on",
        "spending",
        money=True,
        columns="""
kind              text    travel, entertainment, marketing, tool, salary
acquisition_channel text  for which channel
campaign          text    campaign key
budget            flag    a budget, not an actual""",
    ),
    _fact(
        "stock",
        "on",
        "product × day",
        columns="""
product           text    product key
on_hand           qty     pieces at the end of the day
short             qty     pieces asked for and not there""",
    ),
    _fact(
        "market",
        "period",
        "segment × period (its first day)",
        columns="""
ends_on           date    day after the last; without it the row has no size that counts. No two rows of a segment overlap
segment           text    market segment
size              money   of the whole market from `period` to `ends_on`, reporting currency; part of it counts by days
share             rate    ours
growth            rate    on the period before
figure_source     text    who says so""",
        spread=Spread(until="ends_on", columns=("size",), about=("segment",)),
    ),
    _fact(
        "market_events",
        "on",
        "a competitor or policy event",
        columns="""
competitor        text    whose
segment           text    market segment
kind              text    price, product, policy, people""",
    ),
)

DIMENSIONS: tuple[LakeTable, ...] = (
    _dimension(
        "units",
        "a unit of the organisation, as of the snapshot",
        "unit",
        """
unit              text    unit key
parent            text    unit key of the parent; null at the root
kind              text    company, region, team …
seat_from         int     first seat of its subtree
seat_to           int     seat after its subtree""",
    ),
    _dimension(
        "unit_levels",
        "a unit and one of its ancestors (itself included)",
        "unit kind",
        """
unit              text    unit key
kind              text    kind of the ancestor
ancestor          text    unit key of the ancestor""",
    ),
    _dimension(
        "assignments",
        "who held which seat from when to when; primary ones never overlap",
        "seat",
        """
seat              int     ordinal in tree order, from 1; 0 means nobody
person            text    employee number
unit              text    unit key
position          text    position key
starts_on         date    first day
ends_on           date    day after the last; 9999-12-31 while it lasts
primary           flag    facts count for this seat; a second seat at the same time is not primary
probation_until   date    day after probation (试用期)
fte               rate    1 for full time""",
    ),
    _dimension(
        "absences",
        "days on which a person is away",
        "person starts_on",
        """
person            text    employee number
starts_on         date    first day
ends_on           date    day after the last
kind              text    leave, illness, training""",
    ),
    _dimension(
        "customers",
        "a customer",
        "customer",
        """
customer          text    customer key
source            text    the system the row came from
industry          text    industry
province          text    province
city              text    city
type              text    type, as the company has it
parent            text    customer key of the parent group
created_on        date    when it became known""",
    ),
    _dimension(
        "customer_history",
        "what was true of a customer from when to when",
        "customer starts_on",
        """
customer          text    customer key
tier              text    strategic, profit, nurture, maintain
status            text    active, dormant, lost
complexity        int     of its needs, 1 to 5
decision_chain    int     how many people decide
starts_on         date    first day
ends_on           date    day after the last; 9999-12-31 while it lasts. No two rows of a customer overlap""",
    ),
    _dimension(
        "ownership",
        "whose a customer is (客户归属); nobody = public pool (公海)",
        "customer person role starts_on",
        """
customer          text    customer key
person            text    employee number
role              text    owner, support
share             rate    1 for all of it; owners of a day share at most 1
starts_on         date    first day
ends_on           date    day after the last; 9999-12-31 while it lasts""",
    ),
    _dimension(
        "products",
        "a product",
        "product",
        """
product           text    product key
source            text    the system the row came from
line              text    product line
category          text    category
list_price        money   list price
floor_price       money   lowest price without approval
launched_on       date    first day on sale""",
    ),
    _dimension(
        "fx_rates",
        "a rate of a day",
        "currency on",
        """
currency          text    ISO code
on                date    the day
rate              rate    reporting units for `per` units of `currency`
per               int     units of `currency` that the rate is for, e.g. 100 JPY; null = 1""",
    ),
    _dimension(
        "calendar",
        "day × calendar",
        "calendar day",
        """
calendar          text    calendar key
day               date    the day
working           flag    a working day
holiday           text    name of the holiday
adjusted          flag    moved by an official notice (调休)
provisional       flag    the official notice is not out yet""",
    ),
    _dimension(
        "targets",
        "a target in force",
        "scope_kind scope metric dimension member starts_on ends_on",
        """
scope_kind        text    unit, person
scope             text    unit key or employee number
metric            text    metric key
product           text    `member` of those by product line; empty string = any other
starts_on         date    first day
ends_on           date    day after the last
base              money   level base (保底)
target            money   level target (达标)
challenge         money   level challenge (挑战)
dimension         text    what it is narrowed by (product_line, sales_channel …); empty string = it is of everything
member            text    the value of the dimension that it is narrowed to; empty string = it is of everything""",
        before={
            "dimension": "CASE WHEN product <> '' THEN 'product_line' ELSE '' END",
            "member": "coalesce(product, '')",
        },
    ),
)

_DERIVED: Mapping[str, str] = {
    "activities": "united_depth int the different needs found by then on any visit to its opportunity, else its customer",
}
"""Table → columns that are worked out, not stored."""
_PLANNED = frozenset({"receivables", "visit_plans", "renewals", "market_events"})
FACTS = tuple(
    replace(table, derived_columns=_columns(_DERIVED.get(table.name, "")), planned=table.name in _PLANNED)
    for table in FACTS
)
TABLES: Mapping[str, LakeTable] = {table.name: table for table in (*FACTS, *DIMENSIONS)}
