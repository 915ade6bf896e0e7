"""One component over the calendar in batches, running totals carried from each to the next.

Memory does not grow with the facts, and no sort sees more than a batch.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir

from dabiao.engine.payout.credit import Window, counted
from dabiao.engine.payout.delta import as_known
from dabiao.engine.payout.lines import Batch, has_terms, is_running, lines, terms_schema
from dabiao.engine.payout.plan import Component, Plan
from dabiao.engine.payout.reference import Reference
from dabiao.engine.payout.results import Results
from dabiao.engine.payout.spans import Span, span_of, spans
from dabiao.engine.payout.staged import Until, staged, taken_back
from dabiao.engine.payout.terms import terms
from dabiao.engine.payout.totals import sums
from dabiao.incentives.logic import earnings
from dabiao.incentives.logic.tables import Compiler, described, register


@dataclass(frozen=True)
class Job:
    """One component on its way through the batches."""

    plan: Plan
    component: Component
    con: duckdb.DuckDBPyConnection
    tables: Mapping[str, ir.Table]
    compiler: Compiler
    results: Results
    folder: Path | None
    window: Window
    until: date

    def done(self, batch: int) -> tuple[str, ...]:
        """Write the trace and add its lines up into `earnings`; returns the relations that hold the trace."""
        late = self._late_periods()
        if not late:
            relations = tuple(self.trace(batch))
            self._add_up(relations)
            return relations
        stages = []
        # The first pay period may begin before the plan.
        first = span_of(self.plan, self.plan.period, self.window.since).start
        # Each stage knows the refunds up to the next late one; the last knows all.
        for since, known in zip([first, *late], [*late, self.until], strict=True):
            job = replace(self, window=replace(self.window, known=known, until=min(known, self.window.until)))
            relations = tuple(job.trace(batch))
            job._add_up(relations)
            stages.append((since, earnings.load(self.con, self.plan, self.component.key)))
            earnings.forget(self.con, self.component.key)
        earnings.store(self.con, self.plan, as_known(stages, self.plan.digits))
        return relations

    def _late_periods(self) -> list[date]:
        """First days of the pay periods in which a refund of an earlier period's fact became known."""
        measure = self.plan.measures[self.component.base]
        if measure.refunds == "own_date":
            return []

        def days() -> ir.Table:
            facts = self.tables[measure.table]
            refunds = facts.filter(facts.reverses.notnull(), facts[measure.on] < self.until)
            return refunds.select(on=refunds[measure.on].cast("date")).distinct()

        rows = self.con.execute(self._sql("refunds", self.until, make=days)).fetchall()
        starts = {span_of(self.plan, self.plan.period, day).start for (day,) in rows}
        return sorted(start for start in starts if start > self.window.since)

    def _sql(self, *what: Hashable, make: Callable[[], ir.Table]) -> str:
        return self.compiler.sql(self.component.key, *what, make=make)

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

    def _add_up(self, relations: tuple[str, ...]) -> None:
        """The trace added up by person and the pay period in which each line is payable."""
        if not relations:
            return
        union = " union all by name ".join(f"select * from {relation}" for relation in relations)
        name = f"trace_{self.component.key}"
        self.con.execute(f"create or replace temp view {name} as {union}")
        trace = described(self.con, name)

        def summed() -> ir.Table:
            rows = self._payable(trace)
            return sums(self.plan, self.component, rows, Window(self.plan.start, self.until))

        query = self._sql("sums", self.until, trace.schema(), make=summed)
        earnings.add(self.con, self.plan, self.component, query)

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
        batch = Batch(window, given, carried)
        made = partial(lines, self.plan, self.component, self.tables, batch)
        return Shape(self._sql("lines", window, carries, make=made), window)

    def _register_terms(self) -> ir.Table | None:
        if not has_terms(self.component):
            return None
        name = f"terms_{self.component.key}"
        reference = Reference(name, terms_schema(self.component), list(terms(self.results, self.component)))
        register(self.con, [reference])
        return reference.unbound

    def _windows(self, batch: int) -> Iterator[tuple[Window, bool]]:
        """Batches in calendar order, and whether each goes on counting inside the span of the one before.

        A batch holds whole spans of the tiers, or lies inside one.
        """
        whole = self.window
        tiers = self.component.rate.tiers if self.component.rate else None
        over = (tiers.over if tiers else None) or self.plan.period
        if whole.people:
            # A few people's facts are one batch: counting everybody's would cost more than it saves.
            yield whole, False
            return
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
        def by_day() -> ir.Table:
            measure = self.plan.measures[self.component.base]
            measure = replace(measure, metric=replace(measure.metric, where=()), exclude=())
            facts = counted(self.plan, measure, self.tables, self.window)
            return facts.group_by("on").agg(facts=facts.count())

        return dict(self.con.execute(self._sql("days", self.window, make=by_day)).fetchall())

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
            register(self.con, [empty])

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


def _person_type(plan: Plan, credit: str, facts: ir.Table) -> str:
    """The type of the person column: text in the lake; a source may have numbers."""
    rule = plan.credits[credit]
    column = rule.split[0][0] if rule.split else rule.to.column
    of_fact = rule.to.kind == "column" or rule.to.relation == "record"
    return str(facts[column].type()) if of_fact and column in facts.columns else "string"


def _literal(day: date) -> str:
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"
