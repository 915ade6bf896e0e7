"""Late facts: what closed periods were paid on an earlier snapshot, against what they would be paid now."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import ibis

from dabiao.engine.payout.delta import changed_lines
from dabiao.engine.payout.scale import scale_of
from dabiao.incentives.logic.run import Run
from dabiao.incentives.logic.tables import described

_READ = {"person", "on", "via", "refund", "amount"}


def differences(posted: Run, fresh: Run, people: Collection[str]) -> list[dict[str, Any]]:
    """The lines of these people that differ: person, component, on, key of the fact, was, now, difference."""
    lines = [line for component in fresh.traces for line in _changed(posted, fresh, component, people)]
    return sorted(lines, key=lambda line: (line["person"], line["component"], line["on"], line["key"]))


def _changed(posted: Run, fresh: Run, key: str, people: Collection[str]) -> list[dict[str, Any]]:
    component = fresh.plan.components[key]
    measure = fresh.plan.measures[component.base]
    sides = [(name, run) for name, run in (("posted", posted), ("fresh", fresh)) if run.relation(key)]
    if not sides or not people:
        return []
    con = fresh.con
    for name, run in sides:
        names = [c for c in _columns(run, key) if c in _READ or c in measure.fact_key]
        columns = ", ".join(f'"{column}"' for column in names)
        query = f"select {columns} from {run.relation(key)} where list_contains(?, person)"
        con.register("__late", run.con.execute(query, [sorted(people)]).to_arrow_table())
        con.execute(f"create or replace temp table late_{name} as select * from __late")
        con.unregister("__late")
    for name in {"posted", "fresh"} - {name for name, _ in sides}:
        con.execute(f"create or replace temp table late_{name} as select * from late_{sides[0][0]} limit 0")
    changed = changed_lines(measure, described(con, "late_fresh"), described(con, "late_posted"))
    rows = con.execute(str(ibis.to_sql(changed, dialect="duckdb"))).to_arrow_table().to_pylist()
    scale = scale_of(fresh.plan, component).line
    return [
        {
            "person": row["person"],
            "component": key,
            "on": row["on"],
            "key": "/".join(str(row[part]) for part in measure.fact_key),
            **{name: Decimal(row[name]).scaleb(-scale) for name in ("was", "now", "difference")},
        }
        for row in rows
    ]


def _columns(run: Run, component: str) -> list[str]:
    rows = run.con.execute(f"describe select * from {run.relation(component)}").fetchall()
    return [str(row[0]) for row in rows]
