"""Runs a plan on a DuckDB connection: batches of facts through the engine's expressions, then the statement.

The caller's connection holds the facts and dimensions of `docs/incentives.md` as tables or views.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from dabiao.engine.payout.credit import Window
from dabiao.engine.payout.plan import Component, Plan
from dabiao.engine.payout.reference import references
from dabiao.engine.payout.results import Results
from dabiao.engine.payout.scale import TERM_SCALE, scale_of
from dabiao.engine.payout.settle import Statement, is_plain, settle
from dabiao.engine.payout.totals import payables
from dabiao.engine.promise import WorkingDays
from dabiao.incentives.logic import earnings
from dabiao.incentives.logic.batches import Job
from dabiao.incentives.logic.earnings import CannotPay
from dabiao.incentives.logic.managers import name_managers
from dabiao.incentives.logic.results import is_shared_pay, member_tables, results_of
from dabiao.incentives.logic.roster import load_roster
from dabiao.incentives.logic.tables import bound, columns_of, compiler_of, register

BATCH: Final = 2_500_000
"""Facts in a batch: large enough to keep both cores busy, small enough for a sort in 300 MB."""


@dataclass(frozen=True)
class Run:
    """A plan carried out: what is paid, a hash of every line and payable, and where the traces are.

    paid: person, period, component, amount in units of the plan's digits.
    """

    plan: Plan
    con: duckdb.DuckDBPyConnection
    results: Results
    until: date
    paid: pa.Table
    hash: str
    traces: Mapping[str, tuple[str, ...]]
    people: tuple[str, ...] = ()

    @cached_property
    def statement(self) -> Statement:
        """Every payable with the steps that led there, and the open balances; of the people asked for."""
        statement = settle(self.results, earnings.load(self.con, self.plan), self.until)
        if not self.people:
            return statement
        return Statement(
            tuple(entry for entry in statement.entries if entry.person in self.people),
            tuple(payable for payable in statement.payables if payable.person in self.people),
            tuple(balance for balance in statement.balances if balance.person in self.people),
        )

    def relation(self, component: str) -> str | None:
        """What to select a component's trace from; nothing where it has no facts."""
        relations = self.traces[component]
        union = " union all by name ".join(f"select * from {relation}" for relation in relations)
        return f"({union})" if relations else None

    def trace(self, person: str | None = None) -> list[dict[str, Any]]:
        """The trace lines as rows, of one person or all, amounts as Decimal, in the order of the facts."""
        lines: list[dict[str, Any]] = []
        for key in self.traces:
            relation = self.relation(key)
            if relation is None:
                continue
            component = self.plan.components[key]
            only = "" if person is None else "where person = ?"
            names = ", ".join(f'"{name}"' for name in self.plan.measures[component.base].fact_key)
            rows = self.con.execute(
                f'select * from {relation} {only} order by person, "on", {names}',
                [person] if person else None,
            )
            lines += [readable(self.plan, component, row) for row in rows.to_arrow_table().to_pylist()]
        return lines


def run(
    plan: Plan,
    con: duckdb.DuckDBPyConnection,
    *,
    until: date | None = None,
    people: tuple[str, ...] = (),
    traces: Path | None = None,
    batch: int = BATCH,
    working_days: WorkingDays | None = None,
) -> Run:
    """Everything a plan pays on the facts that the connection has.

    until: the first day that is not known yet; facts, events and delays from it on do not count. The plan's
    end unless said otherwise; later for what is paid in stages. people: only these, for one person's what-if.
    traces: a folder for the trace of each component as Parquet; without it traces are tables of the
    connection. working_days: the company's, by which targets are prorated; None: those of the table `calendar`.
    Raises CannotPay where a fact fits no rate.
    """
    until = until or plan.end
    columns = columns_of(con)
    compiler = compiler_of(plan, columns)
    roster = load_roster(con, bound(columns), working_days)
    covered = member_tables(plan, roster)
    register(con, [*references(plan), *covered])
    name_managers(con, plan)
    earnings.begin(con)
    tables = {**bound(columns), **{reference.name: reference.unbound for reference in covered}}
    # A batch or the plan may end before its refunds come: what is known ends with neither.
    window = Window(plan.start, min(plan.end, until), people, known=until)
    results = results_of(plan, con, tables, roster, window, compiler)
    if is_shared_pay(plan):
        window = replace(window, people=())
    written = {}
    for component in plan.components.values():
        if component.base in plan.measures and component.rate is not None:
            job = Job(plan, component, con, tables, compiler, results, traces, window, until)
            written[component.key] = job.done(batch)
    if is_plain(plan):
        whole = Window(plan.start, until)
        query = compiler.sql("payables", until, make=lambda: payables(plan, earnings.unbound(), whole))
        paid = earnings.payables(con, query)
        return Run(plan, con, results, until, paid, earnings.run_hash(con, plan, paid), written, people)
    settled = Run(plan, con, results, until, pa.table({}), "", written, people)
    paid = earnings.as_table(plan, settled.statement.payables)
    return replace(settled, paid=paid, hash=earnings.run_hash(con, plan, paid))


def readable(plan: Plan, component: Component, row: Mapping[str, Any]) -> dict[str, Any]:
    """A trace row with its integers as Decimal and the rule it belongs to."""
    scale = scale_of(plan, component)
    decimals = {
        "credit": scale.base,
        "before": scale.base,
        "amount": scale.line,
        "rate": scale.rate,
        "share": 6,
    }
    decimals |= {f"slice_{number}": scale.base for number in range(1, 100)}
    decimals |= {f"factor_{number}": places for number, places in enumerate(scale.factors, start=1)}
    decimals |= {"relative": TERM_SCALE, "points": TERM_SCALE}
    shown = {
        name: Decimal(value).scaleb(-decimals[name]) if name in decimals and value is not None else value
        for name, value in row.items()
    }
    return {"component": component.key, "plan": plan.key, "version": plan.version, "via": "direct", **shown}


__all__ = ["BATCH", "CannotPay", "Run", "readable", "run"]
