"""What a person deals with, for whoever files for them: their customers, their open opportunities."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db.models import Q

from dabiao.core import keeping
from dabiao.facts.models import Label
from dabiao.facts.queries.by_hand import HAND
from dabiao.facts.queries.loaded import labels
from dabiao.lake.models import Pending
from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES
from dabiao.lake.writing import literal
from dabiao.org import queries as org
from dabiao.org.access import User

_MOST_CUSTOMERS: Final = 20_000
_MOST_OPEN: Final = 200


def customers_of(lake: Lake, person: str, *, viewer: User, on: date, limit: int = 300) -> dict[str, str]:
    """Key → name of the customers that a person has dealt with, on days of theirs that the viewer may see.

    The most dealt with first: whom they will most likely visit.
    """
    days = org.days_visible(viewer, person, on)
    stamp = keeping.stamp(lake.tables, person, days, limit)
    keys = keeping.once("customers", stamp, lambda: _dealt_with(lake, person, days, limit))
    names = labels("customer", keys)
    return {key: names.get(key, key) for key in keys}


def customers_known(lake: Lake, person: str, *, viewer: User, on: date) -> dict[str, str]:
    """Key → name of all customers of a person as `customers_of` knows them, and those whom the viewer has just filed."""
    known = customers_of(lake, person, viewer=viewer, on=on, limit=_MOST_CUSTOMERS)
    waiting = Pending.objects.filter(table="activities", source=HAND, by=viewer.username)
    filed = waiting.filter(row__person=person, row__customer__isnull=False)
    return {**{key: key for key in filed.values_list("row__customer", flat=True)}, **known}


def customers_called(text: str, *, viewer: User, on: date) -> list[str]:
    """Keys of customers of exactly this key or name, for whoever may see every customer; nothing for others."""
    if not org.sight(viewer, on).everything:
        return []
    named = Label.objects.filter(Q(name=text) | Q(key=text), kind="customer").order_by("key")
    return list(named.values_list("key", flat=True)[:2])


def open_opportunities(lake: Lake, person: str, *, viewer: User, on: date) -> dict[str, str]:
    """Key → what it is called of the opportunities of a person that are open, on days of theirs that the viewer may see;
    the latest first."""
    days = org.days_visible(viewer, person, on)
    stamp = keeping.stamp(lake.tables, person, days, "open")
    rows = keeping.once("opportunities", stamp, lambda: _open(lake, person, days))
    customers = labels("customer", {row[1] for row in rows if row[1]})
    lines = labels("product_line", {row[2] for row in rows if row[2]})
    return {
        key: " · ".join(
            [name for name in (customers.get(customer or "", customer), lines.get(line or "", line)) if name]
            + [key]
        )
        for key, customer, line in rows
    }


def _open(
    lake: Lake, person: str, days: Sequence[tuple[date, date]]
) -> list[tuple[str, str | None, str | None]]:
    if "opportunities" not in lake.tables or not days:
        return []
    seen = " OR ".join(_between("opportunities", start, end) for start, end in days)
    rows = lake.run(
        f"""SELECT key, any_value(customer), any_value(product_line) FROM opportunities
            WHERE person = {literal(person)} AND outcome IS NULL AND ({seen})
            GROUP BY key ORDER BY max(created_on) DESC NULLS LAST, key LIMIT {_MOST_OPEN}"""
    )
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _dealt_with(lake: Lake, person: str, days: Sequence[tuple[date, date]], limit: int) -> list[str]:
    parts = [
        f"""SELECT customer FROM "{table}" WHERE person = {literal(person)} AND customer IS NOT NULL
            AND ({" OR ".join(_between(table, start, end) for start, end in days)})"""
        for table in ("order_lines", "opportunities", "activities", "ownership")
        if table in lake.tables and days
    ]
    if not parts:
        return []
    rows = lake.run(
        f"SELECT customer, count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}"
    )
    return [str(key) for key in rows.column(0).to_pylist()]


def _between(table: str, start: date, end: date) -> str:
    """Whether a row lies, or what it tells lasts, within [start, end); what has no day counts for whoever sees all."""
    on = TABLES[table].on
    first, last = (f'"{on}"::DATE', f'"{on}"::DATE') if on else ("starts_on", "ends_on - 1")
    inside = f"{first} < DATE '{end.isoformat()}' AND {last} >= DATE '{start.isoformat()}'"
    return f"({inside} OR {first} IS NULL)" if start == date.min else f"({inside})"
