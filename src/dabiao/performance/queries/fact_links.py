"""Where the cells of facts lead: to their customer, their person, all of their order; nowhere the viewer may not go."""

from collections.abc import Sequence
from dataclasses import dataclass

from dabiao.metrics.drilldown import LINKED, key_of
from dabiao.metrics.frame import Frame
from dabiao.org import queries as org
from dabiao.performance.queries import customers
from dabiao.ui.listing import Row


@dataclass(frozen=True)
class Open:
    """Keys, among those of some facts, whose pages the viewer may open. Orders are facts of these facts themselves."""

    customers: frozenset[str]
    people: frozenset[str]


def may_open(frame: Frame, rows: Sequence[Row]) -> Open:
    """Asked once for all the facts that a page shows."""
    wanted = {column: {key for row in rows if (key := key_of(row, column))} for column in LINKED}
    people = org.people_visible(frame.viewer, frame.today).filter(key__in=wanted["person"])
    seen = customers.visible(frame, sorted(wanted["customer"])) if wanted["customer"] else frozenset()
    return Open(seen, frozenset(people.values_list("key", flat=True)))
