"""One snapshot of the lake as the tables that a plan reads: facts, dimensions, and what follows from them."""

from collections.abc import Mapping
from typing import Final

import duckdb

from dabiao.incentives.logic.cases import SCHEMAS, empty_table
from dabiao.lake.models import Snapshot
from dabiao.lake.reading import session
from dabiao.lake.tables import TABLES

_FROM_FACTS: Final[Mapping[str, str]] = {
    # Who owns or supports a customer is a relationship by customer.
    "relations": """
        select role as relation, customer as key, person, share, starts_on, ends_on from ownership""",
    # Cash against an invoice, acceptance of a delivered line: the events that stages and clawbacks wait for.
    # Each portion is a difference of rounded running portions, so that full payment is exactly 1.
    "events": """
        with parts as (
            select 'invoices' as "table", i.source, i.key, 'collected' as event, a.allocated_on as "on",
                   a.key as part, a.amount_with_tax as part_amount, i.amount_with_tax as whole
            from allocations a join invoices i on a.invoice = i.key and a.source = i.source
            union all
            select 'contracts', c.source, c.key, 'collected', a.allocated_on, a.key, a.amount_with_tax, c.amount_with_tax
            from allocations a join contracts c on a.contract = c.key and a.source = c.source
            union all
            select 'order_lines', o.source, o.key, 'accepted', d.accepted_on, d.key, d.qty, o.qty
            from deliveries d join order_lines o on d.order_line = o.key and d.source = o.source
            where d.accepted_on is not null
        ), running as (
            select *, sum(part_amount) over (partition by "table", source, key, event order by "on", part
                                             rows unbounded preceding) as so_far
            from parts where whole <> 0
        )
        select "table", source, key, event, "on",
               (round(so_far / whole, 6) - round((so_far - part_amount) / whole, 6))::decimal(18, 6) as portion
        from running""",
}


def connection(snapshot: Snapshot | None) -> duckdb.DuckDBPyConnection:
    """A database of views over a snapshot; before the first one, and for tables nobody publishes, empty."""
    con = session(snapshot)
    for name, schema in SCHEMAS.items():
        if name not in TABLES and name not in _FROM_FACTS:
            con.execute(empty_table(name, schema))
    for name, query in _FROM_FACTS.items():
        con.execute(f'create view "{name}" as {query}')
    return con
