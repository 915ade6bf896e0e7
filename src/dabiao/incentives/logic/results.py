"""What a plan's period rules need to know beyond the lines: totals by person, by unit, and whom it covers."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import duckdb
import ibis.expr.types as ir

from dabiao.engine.payout.credit import Window
from dabiao.engine.payout.lines import has_terms
from dabiao.engine.payout.plan import PAY, Every, Plan
from dabiao.engine.payout.reference import LAST, Reference
from dabiao.engine.payout.results import Results, TotalKey
from dabiao.engine.payout.roster import Roster, excepted, members
from dabiao.engine.payout.spans import span_of
from dabiao.engine.payout.totals import reached, totals, unit_totals
from dabiao.incentives.logic.tables import Compiler

AttainedMeasure = tuple[str, tuple[str, ...], Every]
"""A measure whose attainment some rule reads, what it is counted per, and the span."""


def results_of(
    plan: Plan,
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, ir.Table],
    roster: Roster,
    window: Window,
    compiler: Compiler,
) -> Results:
    """The totals that the plan's period rules ask for; of one person only where nobody else's count."""
    asked, teams = _asked(plan)
    if teams or is_shared(plan):
        window = replace(window, people=())
    attained = _attained(plan)
    whole = _whole_spans(plan, attained, window)
    ask = _Asking(plan, con, tables, compiler)
    credit: dict[TotalKey, Decimal] = {}
    first: dict[tuple[str, str], date] = {}
    for key, per in sorted(asked):
        for place, total, first_on in ask.by_person(totals, key, window, per):
            credit[place] = total
            if first_on is not None:
                first[key, place[1]] = min(first_on, first.get((key, place[1]), LAST))
    units = {place: total for key in sorted(teams) for place, total in ask.by_unit(key, whole)}
    return Results(plan, roster, credit, units, first, window.people, ask.reached(attained, window, whole))


@dataclass(frozen=True)
class _Asking:
    """Sums of a plan's measures, asked of a connection."""

    plan: Plan
    con: duckdb.DuckDBPyConnection
    tables: Mapping[str, ir.Table]
    compiler: Compiler

    def reached(
        self, attained: Collection[AttainedMeasure], window: Window, whole: Window
    ) -> Mapping[TotalKey, Decimal] | None:
        """What attainment counts; None where that is what the plan covers, asked for already."""
        if _counts_the_same(self.plan, window, whole):
            return None
        measures = sorted({(key, per) for key, per, _ in attained})
        return {
            place: total
            for key, per in measures
            for place, total, _ in self.by_person(reached, key, whole, per)
        }

    def by_person(
        self, sums: Callable[..., ir.Table], key: str, window: Window, per: tuple[str, ...]
    ) -> Iterator[tuple[TotalKey, Decimal, date | None]]:
        """Each person's and period's total, and the first day with credit above 0."""
        make = partial(sums, self.plan, self.plan.measures[key], self.tables, window, per)
        for row in self._rows(sums.__name__, key, window, per, make=make):
            values = tuple((column, row[column]) for column in per)
            yield (key, str(row["person"]), row["period"], values), self._exact(row), row["first_on"]

    def by_unit(self, key: str, window: Window) -> Iterator[tuple[tuple[str, str | None, date], Decimal]]:
        make = partial(unit_totals, self.plan, self.plan.measures[key], self.tables, window)
        for row in self._rows("units", key, window, make=make):
            yield (key, row["unit"], row["period"]), self._exact(row)

    def _rows(self, *what: Hashable, make: Callable[[], ir.Table]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (
            self.con.execute(self.compiler.sql(*what, make=make)).to_arrow_table().to_pylist()
        )
        return rows

    def _exact(self, row: Mapping[str, Any]) -> Decimal:
        return Decimal(row["total"]).scaleb(-self.plan.decimals)


def _counts_the_same(plan: Plan, window: Window, whole: Window) -> bool:
    """Whether the plan covers everybody, and all days that attainment looks at."""
    return not plan.who and not plan.except_who and whole == window


def _whole_spans(plan: Plan, attained: Collection[AttainedMeasure], window: Window) -> Window:
    """The window widened to whole spans: a year's attainment counts from January, whenever the plan begins."""
    starts = [span_of(plan, every, plan.start).start for *_, every in attained]
    return replace(window, since=min([window.since, *starts]), until=window.known or window.until)


def _attained(plan: Plan) -> set[AttainedMeasure]:
    """Whose attainment some rule reads: measure, columns that it is counted per, span."""
    measures: set[AttainedMeasure] = set()
    for component in plan.components.values():
        tiers = component.rate.tiers if component.rate else None
        if tiers is not None and tiers.pay == "whole" and tiers.by == "attainment":
            per = () if tiers.measure else tiers.per
            measures.add((tiers.measure or component.base, per, tiers.over or plan.period))
        gates = [*component.gates, *(raise_.when for raise_ in component.raises)]
        for each in [gate.attained for gate in gates] + [factor.attained for factor in component.times]:
            if each is not None and (each.by == "attainment" or each.team):
                measures.add((each.measure, (), each.over or plan.period))
        bonus = component.bonus
        if (
            bonus is not None
            and bonus.kind in ("attainment", "team", "pool")
            and bonus.measure in plan.measures
        ):
            measures.add((bonus.measure, (), bonus.over or plan.period))
    return measures


def is_shared(plan: Plan) -> bool:
    """Whether what one person is paid depends on what others sold: contests and pools."""
    bonuses = [component.bonus for component in plan.components.values() if component.bonus]
    return any(bonus.kind in ("contest", "pool") for bonus in bonuses)


def is_shared_pay(plan: Plan) -> bool:
    """Whether what one person is paid depends on what others are paid."""
    bonuses = [component.bonus for component in plan.components.values() if component.bonus]
    return is_shared(plan) and any(bonus.measure.startswith(PAY) for bonus in bonuses)


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


def member_tables(plan: Plan, roster: Roster) -> list[Reference]:
    schema = {"person": "string", "starts_on": "date", "ends_on": "date"}
    both = (("members", members(plan, roster)), ("members_except", excepted(plan, roster)))
    return [
        Reference(name, schema, [dict(zip(schema, row, strict=True)) for row in rows]) for name, rows in both
    ]
