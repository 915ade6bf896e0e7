"""Orders and contracts by their number, among those of which the viewer may see a fact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

import pyarrow as pa

from dabiao.core import keeping
from dabiao.engine.period import Period, between
from dabiao.metrics.frame import Frame
from dabiao.metrics.standing import NOW
from dabiao.org import queries as org
from dabiao.performance.queries.customer_facts import LONG_AGO

_LEAST: Final = 3
"""Characters of a number: fewer begin too many."""
_LOOKED_AT: Final = 50


@dataclass(frozen=True)
class Kind:
    """What has a number: where it stands, and the metric that adds up its facts."""

    table: str
    number: str
    on: str
    metric: str


ORDERS: Final = Kind("order_lines", "order", "ordered_on", "sales_amount")
CONTRACTS: Final = Kind("contracts", "key", "signed_on", "contract_amount")


@dataclass(frozen=True)
class Paper:
    """An order or a contract, and the month in which its facts lie."""

    number: str
    customer: str
    period: Period


def find(frame: Frame, kind: Kind, text: str, most: int) -> list[Paper]:
    """Those whose number begins so, whole or from the last mark in it on (280 finds no SO-000280, 000280 does); newest
    first."""
    typed = text.strip().upper()
    if len(typed) < _LEAST or not any(each.isdigit() for each in typed):
        return []
    seen, own = org.sight(frame.viewer, frame.today).key, org.own_person(frame.viewer)
    stamp = keeping.stamp(frame.lake.number, frame.versions, frame.today, seen, own, kind, typed, most)
    return keeping.once("papers-found", stamp, lambda: _found(frame, kind, typed, most))


def _found(frame: Frame, kind: Kind, typed: str, most: int) -> list[Paper]:
    if kind.table not in frame.lake.tables or not frame.known((kind.metric,)):
        return []
    number, day = f'"{kind.number}"', f'"{kind.on}"'
    rows = frame.lake.run(
        f"""SELECT {number} AS number, any_value(customer) AS customer, max({day}::DATE) AS day
            FROM {kind.table}, wanted
            WHERE starts_with(upper({number}), typed) OR contains(upper({number}), '-' || typed)
            GROUP BY 1 ORDER BY day DESC, number LIMIT {_LOOKED_AT}""",
        wanted=pa.table({"typed": [typed]}),
    ).to_pylist()
    visible = _visible(frame, kind, [row["number"] for row in rows if row["number"]])
    return [
        Paper(row["number"], row["customer"] or "", _month(frame, row["day"]))
        for row in rows
        if row["number"] in visible and row["day"]
    ][:most]


def _visible(frame: Frame, kind: Kind, numbers: Sequence[str]) -> frozenset[str]:
    """Those of which the viewer may see a fact, of any time."""
    if not numbers:
        return frozenset()
    whole = between(LONG_AGO, frame.today)
    everywhere = frame.everywhere(whole)
    where = {kind.number: tuple(numbers)}
    cells = everywhere.ask((kind.metric,), {NOW: whole}, (kind.number,), where=where)
    return frozenset(cast(str, cell[kind.number]) for cell in cells)


def _month(frame: Frame, day: date) -> Period:
    return frame.fiscal.containing(frame.fiscal.monthly, day)
