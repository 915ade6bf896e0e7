"""Runs a plan on a DuckDB connection: batches of facts through the engine's expressions, then the statement.

The caller's connection holds the facts and dimensions of `docs/incentives.md` as tables or views. Batches
follow the calendar with running totals carried from one to the next, so that memory does not grow with the
facts and no sort sees more than a batch.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from dabiao.engine.payout.credit import Window, counted
from dabiao.engine.payout.delta import as_known
from dabiao.engine.payout.entry import LineSum
from dabiao.engine.payout.lines import Batch, has_terms, is_running, lines, terms_schema
from dabiao.engine.payout.plan import Component, Plan
from dabiao.engine.payout.reference import FIRST, LAST, Reference, references
from dabiao.engine.payout.roster import Roster, excepted, members
from dabiao.engine.payout.scale import TERM_SCALE, scale_of
from dabiao.engine.payout.settle import Statement, settle
from dabiao.engine.payout.spans import Span, span_of, spans
from dabiao.engine.payout.staged import Until, staged, taken_back
from dabiao.engine.payout.terms import terms
from dabiao.engine.payout.totals import sums, totals, unit_totals
from dabiao.engine.payout.world import Per, World
from dabiao.incentives.roster import load_roster

BATCH: Final = 2_500_000
"""Facts in a batch: large enough to keep both cores busy, small enough for a sort in 300 MB."""


class CannotPay(ValueError):
    """Facts that the plan says nothing about: paying them as 0 would be a guess."""


@dataclass(frozen=True)
class Run:
    """A plan carried out: the statement, a hash of every line and payable, and where the traces are."""

    statement: Statement
    hash: str
    line_sums: tuple[LineSum, ...]
    traces: Mapping[str, tuple[str, ...]]
    plan: Plan
    con: duckdb.DuckDBPyConnection

    def trace(self, person: str | None = None) -> list[dict[str, Any]]:
        """The trace lines as rows, of one person or all, amounts as Decimal, in the order of the facts."""
        found: list[dict[str, Any]] = []
        for key, relations in self.traces.items():
            if not relations:
                continue
            component = self.plan.components[key]
            union = " union all by name ".join(f"select * from {relation}" for relation in relations)
            only = "" if person is None else "where person = ?"
            names = ", ".join(f'"{name}"' for name in self.plan.measures[component.base].fact_key)
            rows = self.con.execute(
                f'select * from ({union}) {only} order by person, "on", {names}', [person] if person else None
            )
            found += [readable(self.plan, component, row) for row in rows.to_arrow_table().to_pylist()]
        return found


def run(
    plan: Plan,
    con: duckdb.DuckDBPyConnection,
    *,
    until: date | None = None,
    people: tuple[str, ...] = (),
    traces: Path | None = None,
    batch: int = BATCH,
) -> Run:
    """Everything a plan pays on the facts that the connection has.

    until: the first day that is not known yet; facts, events and delays from it on do not count. The plan's
    end unless said otherwise; later for what is paid in stages. people: only these, for one person's what-if.
    traces: a folder for the trace of each component as Parquet; without it traces are tables of the
    connection. Raises CannotPay where a fact fits no rate.
    """
    until = until or plan.end
    roster = load_roster(con, bound(con))
    _register(con, [*references(plan), *_members(plan, roster)])
    tables = bound(con)
    window = Window(plan.start, min(plan.end, until), people)
    world = _world(plan, con, tables, roster, replace(window, people=()))
    line_sums: list[LineSum] = []
    written: dict[str, tuple[str, ...]] = {}
    for component in plan.components.values():
        if component.base in plan.measures and component.rate is not None:
            job = Job(plan, component, con, tables, world, traces, window, until)
            written[component.key], found = job.done(batch)
            line_sums += found
    statement = settle(world, line_sums, until)
    digest = result_hash(plan, line_sums, statement)
    return Run(statement, digest, tuple(sorted(line_sums)), written, plan, con)


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
    return {"component": component.key, "plan": plan.key, "version": plan.version, **shown}


def bound(con: duckdb.DuckDBPyConnection) -> dict[str, ir.Table]:
    """Every table and view of the connection as an unbound Ibis table."""
    columns: dict[str, dict[str, dt.DataType]] = {}
    for table, column, kind in con.execute(
        "select table_name, column_name, data_type from information_schema.columns order by ordinal_position"
    ).fetchall():
        columns.setdefault(table, {})[column] = _type(kind)
    return {name: ibis.table(schema, name=name) for name, schema in columns.items()}


@lru_cache
def _type(kind: str) -> dt.DataType:
    return DuckDBType.from_string(kind)


@dataclass(frozen=True)
class Job:
    """One component on its way through the batches."""

    plan: Plan
    component: Component
    con: duckdb.DuckDBPyConnection
    tables: Mapping[str, ir.Table]
    world: World
    folder: Path | None
    window: Window
    until: date

    def done(self, batch: int) -> tuple[tuple[str, ...], list[LineSum]]:
        """The relations that hold the trace, and its line sums by the period in which they are posted."""
        late = self._late_periods()
        if not late:
            relations = tuple(self.trace(batch))
            return relations, self.line_sums(relations)
        stages = []
        # Each stage knows the refunds up to the next late one; the last knows all.
        for since, known in zip([self.window.since, *late], [*late, self.window.until], strict=True):
            job = replace(self, window=replace(self.window, known=known, until=min(known, self.window.until)))
            relations = tuple(job.trace(batch))
            stages.append((since, job.line_sums(relations)))
        return relations, as_known(stages, self.plan.digits)

    def _late_periods(self) -> list[date]:
        """First days of the pay periods in which a refund of an earlier period's fact became known."""
        measure = self.plan.measures[self.component.base]
        if measure.refunds == "own_date":
            return []
        facts = self.tables[measure.table]
        refunds = facts.filter(facts.reverses.notnull(), facts[measure.on] < self.until)
        days = refunds.select(on=refunds[measure.on].cast("date")).distinct()
        found = {span_of(self.plan, self.plan.period, day).start for (day,) in self._rows(days)}
        return sorted(start for start in found if start > self.window.since)

    def _rows(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        return self.con.execute(ibis.to_sql(expression, dialect="duckdb")).fetchall()

    def trace(self, batch: int) -> Iterator[str]:
        """Write the trace batch by batch; yields the relation to read each from."""
        given = self._register_terms()
        windows = list(self._windows(batch))
        going_on: Shape | None = None
        for number, (window, carries) in enumerate(windows):
            if not carries:
                yield self._write(self._shape(window, given, carries=False).sql(window), number)
                continue
            if not windows[number - 1][1]:
                self._forget()
            self._carry(number - 1)
            if going_on is None or has_terms(self.component):
                going_on = self._shape(window, given, carries=True)
            yield self._write(going_on.sql(window), number)

    def line_sums(self, relations: Iterable[str]) -> list[LineSum]:
        """The trace added up by person and the pay period in which each line is payable."""
        relations = list(relations)
        if not relations:
            return []
        union = " union all by name ".join(f"select * from {relation}" for relation in relations)
        name = f"trace_{self.component.key}"
        self.con.execute(f"create or replace temp view {name} as {union}")
        rows = self._payable(bound(self.con)[name])
        expression = sums(self.plan, self.component, rows, Window(self.plan.start, self.until))
        found = self.con.execute(ibis.to_sql(expression, dialect="duckdb")).to_arrow_table()
        return [self._line_sum(row) for row in found.to_pylist()]

    def _payable(self, trace: ir.Table) -> ir.Table:
        """The lines on the days they become payable, with what is taken back."""
        component, measure = self.component, self.plan.measures[self.component.base]
        if not component.stages and not component.clawbacks:
            return trace
        events = self.tables["events"].filter(self.tables["events"].on < self.until)
        if component.stages:
            return staged(component, measure, trace, events)
        back = taken_back(component, measure, trace, events, Until(self.until))
        paid = trace.mutate(rule=ibis.literal("lines"))
        return paid if back is None else ibis.union(paid, back.select(paid.columns))

    def _shape(self, window: Window, given: ir.Table | None, *, carries: bool) -> "Shape":
        carried = None
        if carries and is_running(self.component):
            carried = ibis.table(self._carried_schema(), name=self._carried)
        expression = lines(self.plan, self.component, self.tables, Batch(window, given, carried))
        return Shape(str(ibis.to_sql(expression, dialect="duckdb")), window)

    def _register_terms(self) -> ir.Table | None:
        if not has_terms(self.component):
            return None
        name = f"terms_{self.component.key}"
        reference = Reference(name, terms_schema(self.component), list(terms(self.world, self.component)))
        _register(self.con, [reference])
        return reference.unbound

    def _windows(self, batch: int) -> Iterator[tuple[Window, bool]]:
        """Batches in calendar order, and whether each goes on counting inside the span of the one before.

        A batch holds whole spans of the tiers, or lies inside one.
        """
        whole = self.window
        tiers = self.component.rate.tiers if self.component.rate else None
        over = (tiers.over if tiers else None) or self.plan.period
        by_day = self._facts_by_day()
        if not by_day:
            return
        since, held = whole.since, 0
        for span in spans(self.plan, over, whole.since, whole.until):
            part = span.overlap(whole.since, whole.until)
            if part is None:
                continue
            count = sum(facts for day, facts in by_day.items() if day in part)
            if held and held + count > batch:
                yield replace(whole, since=since, until=part.start), False
                since, held = part.start, 0
            held += count
            if held > batch:
                yield from self._pieces(part, by_day, batch)
                since, held = part.end, 0
        if since < whole.until:
            yield replace(whole, since=since), False

    def _pieces(self, span: Span, by_day: Mapping[date, int], batch: int) -> Iterator[tuple[Window, bool]]:
        """One span that is larger than a batch, cut between days."""
        since, held = span.start, 0
        for day in sorted(day for day in by_day if day in span):
            if held and held + by_day[day] > batch:
                yield replace(self.window, since=since, until=day), since != span.start
                since, held = day, 0
            held += by_day[day]
        yield replace(self.window, since=since, until=span.end), since != span.start

    def _facts_by_day(self) -> Mapping[date, int]:
        measure = self.plan.measures[self.component.base]
        facts = counted(self.plan, replace(measure, where=(), exclude=()), self.tables, self.window)
        by_day = facts.group_by("on").agg(facts=facts.count())
        return dict(self.con.execute(ibis.to_sql(by_day, dialect="duckdb")).fetchall())

    def _write(self, sql: str, number: int) -> str:
        name = f"trace_{self.component.key}_{number}"
        if self.folder is None:
            self.con.execute(f"create or replace temp table {name} as {sql}")
            return name
        path = self.folder / f"{self.component.key}_{number:04d}.parquet"
        self.con.execute(f"copy ({sql}) to '{path}' (format parquet, compression zstd, compression_level 1)")
        return f"read_parquet('{path}')"

    @property
    def _carried(self) -> str:
        return f"carried_{self.component.key}"

    def _carried_schema(self) -> dict[str, str]:
        tiers = self.component.rate.tiers if self.component.rate else None
        measure = self.plan.measures[self.component.base]
        person = _person_type(self.plan, measure.credit, self.tables[measure.table])
        return {"person": person, **dict.fromkeys(tiers.per if tiers else (), "string"), "total": "int64"}

    def _forget(self) -> None:
        if is_running(self.component):
            empty = Reference(self._carried, self._carried_schema(), [])
            _register(self.con, [empty])

    def _carry(self, number: int) -> None:
        """Add a batch's credits to the running totals that the next one starts from."""
        if not is_running(self.component):
            return
        keys = ", ".join(name for name in self._carried_schema() if name != "total")
        source = f"trace_{self.component.key}_{number}"
        if self.folder is not None:
            source = f"read_parquet('{self.folder / f'{self.component.key}_{number:04d}.parquet'}')"
        self.con.execute(
            f"create or replace temp table {self._carried} as select {keys}, sum(total)::bigint total from "
            f"(select {keys}, total from {self._carried} union all select {keys}, credit from {source}) group by all"
        )

    def _line_sum(self, row: Mapping[str, Any]) -> LineSum:
        if row["unsaid"]:
            raise CannotPay(
                f"{self.component.key}: {row['unsaid']} lines of {row['person']} from {row['period']} fit no rate, "
                "target or score of the plan"
            )
        plan = self.plan
        tiers = self.component.rate.tiers if self.component.rate else None
        per: Per = tuple((column, row[column]) for column in (tiers.per if tiers else ()))
        return LineSum(
            str(row["person"]),
            row["period"],
            self.component.key,
            per,
            row["lines"],
            Decimal(row["credit"]).scaleb(-plan.decimals),
            Decimal(row["amount"]).scaleb(-plan.line_scale),
            row["mix"],
            Decimal(row.get("weighed") or 0).scaleb(-self._weighed_scale),
            row.get("rule", "lines"),
        )

    @property
    def _weighed_scale(self) -> int:
        scale = scale_of(self.plan, self.component)
        return scale.base + sum(scale.factors)


@dataclass(frozen=True)
class Shape:
    """A compiled batch. Batches inside one span differ only in their dates, so one compilation serves all."""

    text: str
    window: Window

    def sql(self, window: Window) -> str:
        """The text with the dates of another window."""
        text = self.text.replace(_literal(self.window.since), "{since}").replace(
            _literal(self.window.until), "{until}"
        )
        return text.replace("{since}", _literal(window.since)).replace("{until}", _literal(window.until))


def result_hash(plan: Plan, line_sums: Iterable[LineSum], statement: Statement) -> str:
    """SHA-256 over what every person is paid and the checksums of the lines behind it.

    The same for every order of loading, batch size and number of workers.
    """
    digest = hashlib.sha256(f"{plan.key} {plan.version}".encode())
    for line in sorted(line_sums):
        digest.update(
            f"\n{line.person}|{line.period}|{line.component}|{line.per}|{line.lines}|{line.credit}|{line.amount}|{line.mix}".encode()
        )
    for payable in statement.payables:
        digest.update(f"\n{payable.person}|{payable.period}|{payable.component}|{payable.amount}".encode())
    return digest.hexdigest()


def _world(
    plan: Plan,
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, ir.Table],
    roster: Roster,
    window: Window,
) -> World:
    """The totals that the plan's period rules ask for."""
    asked, teams = _asked(plan)
    found: dict[Any, Decimal] = {}
    first: dict[tuple[str, str], date] = {}
    for key, per in sorted(asked):
        expression = totals(plan, plan.measures[key], tables, window, per)
        for row in con.execute(ibis.to_sql(expression, dialect="duckdb")).to_arrow_table().to_pylist():
            values = tuple((column, row[column]) for column in per)
            person = str(row["person"])
            found[key, person, row["period"], values] = Decimal(row["total"]).scaleb(-plan.decimals)
            if row["first_on"] is not None:
                first[key, person] = min(row["first_on"], first.get((key, person), LAST))
    units: dict[tuple[str, str, date], Decimal] = {}
    for key in sorted(teams):
        expression = unit_totals(plan, plan.measures[key], tables, window)
        for row in con.execute(ibis.to_sql(expression, dialect="duckdb")).to_arrow_table().to_pylist():
            units[key, row["unit"], row["period"]] = Decimal(row["total"]).scaleb(-plan.decimals)
    return World(plan, roster, found, units, first)


def _asked(plan: Plan) -> tuple[set[tuple[str, tuple[str, ...]]], set[str]]:
    """Measures whose totals by person, and by unit, some rule of the plan reads."""
    asked: set[tuple[str, tuple[str, ...]]] = set()
    teams: set[str] = set()
    for component in plan.components.values():
        tiers = component.rate.tiers if component.rate else None
        if has_terms(component):
            whole = tiers is not None and (tiers.pay == "whole" or tiers.by == "attainment")
            asked.add((component.base, tiers.per if tiers is not None and whole else ()))
            if tiers is not None and tiers.measure:
                asked.add((tiers.measure, ()))
        gates = [*component.gates, *(raise_.when for raise_ in component.raises)]
        for attained in [gate.attained for gate in gates] + [factor.attained for factor in component.times]:
            if attained is not None:
                asked.add((attained.measure, ()))
                teams |= {attained.measure} if attained.team else set()
        if component.bonus is not None and component.bonus.measure in plan.measures:
            asked.add((component.bonus.measure, ()))
            if component.bonus.kind in ("team", "pool"):
                teams.add(component.bonus.measure)
    return asked, teams


def _members(plan: Plan, roster: Roster) -> list[Reference]:
    schema = {"person": "string", "starts_on": "date", "ends_on": "date"}
    both = (("members", members(plan, roster)), ("members_except", excepted(plan, roster)))
    return [
        Reference(name, schema, [dict(zip(schema, row, strict=True)) for row in rows]) for name, rows in both
    ]


def _register(con: duckdb.DuckDBPyConnection, given: Iterable[Reference]) -> None:
    """Small tables of the plan, as temporary tables of the connection."""
    for reference in given:
        schema = ibis.schema(dict(reference.schema)).to_pyarrow()
        rows = pa.Table.from_pylist([dict(row) for row in reference.rows], schema=schema)
        con.register("__given", rows)
        con.execute(f"create or replace temp table {reference.name} as select * from __given")
        con.unregister("__given")


def _person_type(plan: Plan, credit: str, facts: ir.Table) -> str:
    """The type of the person column: text in the lake; a source may have numbers."""
    rule = plan.credits[credit]
    column = rule.split[0][0] if rule.split else rule.to.column
    return str(facts[column].type()) if rule.to.kind == "column" and column in facts.columns else "string"


def _literal(day: date) -> str:
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"


__all__ = ["FIRST", "CannotPay", "Run", "bound", "result_hash", "run"]
