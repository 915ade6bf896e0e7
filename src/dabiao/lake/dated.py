"""Dated rows: what holds of a thing on a day holds once, else it counts twice. Which rows break that, in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Dated:
    """What the rows of a table are about: two of the same never hold on one day. `ends_on` is the day after.

    first: the column of the first day. holding: SQL that tells the rows that hold at all.
    named: SQL that tells a reader which row it is.
    """

    about: tuple[str, ...]
    first: str = "starts_on"
    holding: str = "true"
    named: str = "concat_ws(' ', starts_on, ends_on)"

    @property
    def lasts(self) -> bool:
        """Whether a row without an end holds for good."""
        return self.first == "starts_on"


TABLES: Final[Mapping[str, Dated]] = {
    "customer_history": Dated(("customer",)),
    "ownership": Dated(("customer", "person", "role")),
    "market": Dated(
        ("segment",),
        first="period",
        holding="ends_on IS NOT NULL AND size IS NOT NULL",
        named="concat_ws(' ', coalesce(figure_source, source), segment, period, ends_on)",
    ),
}


def wrong(table: str, rows: str, *, take: str) -> str:
    """The rows of a relation that cannot all hold.

    rows: a relation (or a query in parentheses) with the table's columns. take: columns of it that are wanted
    returns SQL with these, `why`: backwards, overlaps, too_much (owners with more than all of a customer), and `other`,
        the name of one that a row overlaps
    """
    how = TABLES[table]
    about = ", ".join(how.about)
    spans = f"""SELECT *, {how.first} AS first, coalesce(ends_on, DATE '9999-12-31') AS after, {how.named} AS named
        FROM {rows} WHERE {how.holding}"""
    # Of rows in order, one that reaches into any other reaches into the next, or one before reaches into it.
    before = f"(PARTITION BY {about} ORDER BY first, after ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    beside = f"""SELECT *, max(after) OVER {before} AS held_until, arg_max(named, after) OVER {before} AS held_by,
        lead(first) OVER (PARTITION BY {about} ORDER BY first, after) AS next_first,
        lead(named) OVER (PARTITION BY {about} ORDER BY first, after) AS next_named
        FROM ({spans}) WHERE after > first"""
    found = [
        f"SELECT {take}, 'backwards' AS why, NULL::VARCHAR AS other FROM ({spans}) WHERE after <= first",
        f"""SELECT {take}, 'overlaps' AS why, CASE WHEN held_until > first THEN held_by ELSE next_named END AS other
            FROM ({beside}) WHERE held_until > first OR next_first < after""",
    ]
    if table == "ownership":
        found.append(_too_much(spans, take))
    return " UNION ALL ".join(found)


def endless(table: str) -> str:
    """SQL that counts the rows that say no end where a row without one does not hold; empty where it does."""
    how = TABLES[table]
    return "" if how.lasts else f"SELECT count(*) AS n FROM {table} WHERE ends_on IS NULL"


def _too_much(spans: str, take: str) -> str:
    """Rows that hold on a day on which the owners of their customer have more than all of it."""
    owners = f"SELECT *, coalesce(share, 1) AS part FROM ({spans}) WHERE role = 'owner' AND after > first"
    steps = f"""SELECT customer, first AS day, part FROM ({owners})
        UNION ALL SELECT customer, after, -part FROM ({owners})"""
    total = f"""SELECT customer, day, sum(sum(part)) OVER (PARTITION BY customer ORDER BY day) AS total
        FROM ({steps}) GROUP BY customer, day"""
    return f"""SELECT {take}, 'too_much' AS why, NULL::VARCHAR AS other FROM ({owners}) o
        SEMI JOIN (SELECT * FROM ({total}) WHERE total > 1) t
        ON o.customer = t.customer AND t.day >= o.first AND t.day < o.after"""
