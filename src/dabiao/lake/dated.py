"""Dated dimensions: what holds of a thing on a day holds once, else its facts count twice. Which rows break that, in SQL."""

from collections.abc import Mapping
from typing import Final

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_history": ("customer",),
    "ownership": ("customer", "person", "role"),
}
"""Table → what its rows are about: two of the same never hold on one day. `ends_on` is the day after; null is open."""


def wrong(table: str, rows: str, *, take: str) -> str:
    """The rows of a relation that cannot all hold.

    rows: a relation (or a query in parentheses) with the table's columns. take: columns of it that are wanted
    returns SQL with these and `why`: backwards, overlaps, too_much (owners with more than all of a customer)
    """
    about = ", ".join(TABLES[table])
    spans = f"SELECT *, starts_on AS first, coalesce(ends_on, DATE '9999-12-31') AS after FROM {rows}"
    # Of rows in order, one that reaches into any other reaches into the next, or one before reaches into it.
    beside = f"""SELECT *, max(after) OVER (PARTITION BY {about} ORDER BY first, after
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_until,
        lead(first) OVER (PARTITION BY {about} ORDER BY first, after) AS next_first
        FROM ({spans}) WHERE after > first"""
    found = [
        f"SELECT {take}, 'backwards' AS why FROM ({spans}) WHERE after <= first",
        f"SELECT {take}, 'overlaps' AS why FROM ({beside}) WHERE held_until > first OR next_first < after",
    ]
    if table == "ownership":
        found.append(_too_much(spans, take))
    return " UNION ALL ".join(found)


def _too_much(spans: str, take: str) -> str:
    """Rows that hold on a day on which the owners of their customer have more than all of it."""
    owners = f"SELECT *, coalesce(share, 1) AS part FROM ({spans}) WHERE role = 'owner' AND after > first"
    steps = f"""SELECT customer, first AS day, part FROM ({owners})
        UNION ALL SELECT customer, after, -part FROM ({owners})"""
    total = f"""SELECT customer, day, sum(sum(part)) OVER (PARTITION BY customer ORDER BY day) AS total
        FROM ({steps}) GROUP BY customer, day"""
    return f"""SELECT {take}, 'too_much' AS why FROM ({owners}) o SEMI JOIN (SELECT * FROM ({total}) WHERE total > 1) t
        ON o.customer = t.customer AND t.day >= o.first AND t.day < o.after"""
