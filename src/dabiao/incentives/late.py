"""Late facts: what closed periods were paid on an earlier snapshot, against what they would be paid now."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import ibis

from dabiao.engine.payout.delta import changed_lines, late_entries
from dabiao.engine.payout.entry import Entry
from dabiao.engine.payout.plan import Plan
from dabiao.engine.payout.scale import scale_of
from dabiao.incentives.run import Run
from dabiao.incentives.tables import described

LATE: Final = ("person", "component", "period", "rule", "amount")
LINES: Final = ("person", "component", "on", "key", "was", "now", "difference")


@dataclass(frozen=True)
class Late:
    """Steps that the open period owes or is owed for closed ones, and the lines behind them.

    lines: person, component, on, key of the fact, was, now, difference: only what differs.
    """

    entries: list[Entry]
    lines: list[dict[str, Any]]

    @property
    def total(self) -> Decimal:
        return sum((entry.amount for entry in self.entries), Decimal(0))


def late(posted: Run, fresh: Run, open_from: date) -> Late:
    """Two runs of one plan up to the first open day: on the facts it was paid on, and on those known now."""
    entries = late_entries(fresh.statement.payables, posted.statement.payables, open_from)
    lines = [line for key in fresh.traces for line in _changed(posted, fresh, key)]
    return Late(entries, sorted(lines, key=lambda line: (line["person"], line["component"], line["on"], line["key"])))  # fmt: skip


def _changed(posted: Run, fresh: Run, key: str) -> list[dict[str, Any]]:
    before, after = posted.relation(key), fresh.relation(key)
    if before is None and after is None:
        return []
    shape = fresh if after is not None else posted
    con = shape.con
    for name, found, relation in (("late_posted", posted, before), ("late_fresh", fresh, after)):
        if relation is None:
            con.execute(f"create or replace temp table {name} as select * from {shape.relation(key)} limit 0")
            continue
        rows = found.con.execute(f"select * from {relation}").to_arrow_table()
        con.register("__late", rows)
        con.execute(f"create or replace temp table {name} as select * from __late")
        con.unregister("__late")
    component = fresh.plan.components[key]
    measure = fresh.plan.measures[component.base]
    changed = changed_lines(measure, described(con, "late_fresh"), described(con, "late_posted"))
    rows = con.execute(str(ibis.to_sql(changed, dialect="duckdb"))).to_arrow_table().to_pylist()
    scale = scale_of(fresh.plan, component).line
    return [_line(fresh.plan, key, row, scale) for row in rows]


def _line(plan: Plan, component: str, row: dict[str, Any], scale: int) -> dict[str, Any]:
    measure = plan.measures[plan.components[component].base]
    amounts = {name: Decimal(row[name]).scaleb(-scale) for name in ("was", "now", "difference")}
    key = "/".join(str(row[part]) for part in measure.fact_key)
    return {"person": row["person"], "component": component, "on": row["on"], "key": key, **amounts}
