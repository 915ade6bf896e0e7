"""What makes a plan impossible to pay from: gaps, overlaps, unknown names, circles, overflow, each with its mend."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Final

from dabiao.engine.credit import RECORD, RULES
from dabiao.engine.message import Message, message
from dabiao.engine.payout import validate_component
from dabiao.engine.payout.feature import JOINED, kept
from dabiao.engine.payout.plan import Component, Credit, Measure, Plan, Recipient, Row, Table
from dabiao.engine.payout.plan_file import Parsed, parse
from dabiao.engine.payout.reader import Problem
from dabiao.engine.payout.reference import FIRST, LAST
from dabiao.engine.payout.rule_file import Dictionary
from dabiao.engine.payout.validate_component import Finding, known

STANDARD: Final = {
    name: Credit(name, Recipient("rule", "person", relation=rule.name)) for name, rule in RULES.items()
}
"""The crediting rules of all metrics; a measure that names none is credited to the person on the record."""
NO_METRICS: Final[Dictionary] = {}
Schemas = Mapping[str, Collection[str]]


class PlanRefused(ValueError):
    """The plan has problems; `problems` lists all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def read(text: str, schemas: Schemas | None = None, dictionary: Dictionary = NO_METRICS) -> Plan:
    """The plan of a text, checked. Raises PlanRefused with every problem found.

    schemas: table → columns that exist, to check names against; without it, names of facts go unchecked.
    dictionary: the metrics in force, which a measure may name.
    """
    parsed = parse(text, dictionary)
    found = located(parsed, check(parsed.plan, schemas)) if parsed.plan else ()
    # What could not be read was replaced by a default: findings below it would only confuse.
    unread = [problem.path for problem in parsed.problems if problem.path]
    follow = [problem for problem in found if not any(problem.path.startswith(path) for path in unread)]
    if parsed.plan is None or parsed.problems or follow:
        raise PlanRefused(sorted([*parsed.problems, *follow]))
    return completed(parsed.plan)


def completed(plan: Plan) -> Plan:
    """The plan with the crediting rules of all metrics, where a measure may name them."""
    return replace(plan, credits={**STANDARD, **plan.credits})


def located(parsed: Parsed, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Findings with the line of the nearest place that the text has."""
    for path, says, mend in findings:
        place = path
        while place and place not in parsed.lines:
            place = place.rpartition(".")[0]
        yield Problem(parsed.lines.get(place, 1), path, says, mend)


def check(plan: Plan, schemas: Schemas | None = None) -> Iterator[Finding]:
    """Every finding about a plan that could be read."""
    plan = completed(plan)
    yield from _dates(plan)
    for measure in plan.measures.values():
        yield from _measure(plan, measure, schemas)
    for table in plan.tables.values():
        yield from _table(table, schemas)
    for component in plan.components.values():
        yield from validate_component.check(plan, component)
        yield from _columns(plan, component, schemas)
    yield from validate_component.circles(plan)


def _dates(plan: Plan) -> Iterator[Finding]:
    if plan.end <= plan.start:
        yield (
            "to",
            message("{end} is not after {start}", end=plan.end, start=plan.start),
            message("`to` is the first day after the plan."),
        )
    if not 1 <= plan.year_starts <= 12:
        yield (
            "year_starts",
            message("there is no month {month}", month=plan.year_starts),
            message("Write 1 to 12."),
        )
    if not 1 <= plan.cut_day <= 28:
        yield (
            "cut_day",
            message("not every month has a day {day}", day=plan.cut_day),
            message("Write 1 to 28."),
        )
    if not plan.components:
        yield "components", message("nothing is paid"), message("Add a component.")
    if plan.digits > plan.decimals:
        yield (
            "digits",
            message("amounts are counted with fewer decimals than paid"),
            message("Raise `decimals`."),
        )
    if plan.exchange and plan.amounts == "reporting":
        yield (
            "exchange",
            message("reporting amounts are converted already"),
            message("Add `amounts: original` or drop the rates."),
        )
    for name, members in (("who", plan.who), ("except", plan.except_who)):
        for member in members:
            if member.start and member.end and member.end <= member.start:
                yield (
                    name,
                    _backwards(member.key, member.end, member.start),
                    message("`to` is the first day after."),
                )


def _measure(plan: Plan, measure: Measure, schemas: Schemas | None) -> Iterator[Finding]:
    path = f"measures.{measure.key}"
    if measure.credit not in plan.credits:
        says = message("no crediting rule '{name}'", name=measure.credit)
        yield f"{path}.credit", says, known(plan.credits)
    if schemas is None:
        return
    if measure.table not in schemas:
        yield f"{path}.table", message("no table '{name}'", name=measure.table), known(schemas)
        return
    columns = {*schemas[measure.table]}
    if measure.refunds == "original" and "reverses" not in columns:
        yield (
            f"{path}.refunds",
            message("{table} does not say what a row reverses", table=measure.table),
            message("Write `own_date`, or count order_lines or invoices."),
        )
    of = measure.metric.of.columns if measure.metric.of else ()
    named = [("on", measure.on), *(("amount", column) for column in of)]
    named += [("key", key) for key in measure.fact_key]
    named += [("where", column) for condition in measure.where for column in condition.columns]
    named += [("exclude", condition.column) for group in measure.exclude for condition in group]
    rule = plan.credits.get(measure.credit, STANDARD[RECORD.name])
    named += [
        ("credit", recipient.column) for recipient in (rule.to, *(also.recipient for also in rule.also))
    ]
    for place, column in named:
        if column not in columns and not _joinable(column, columns):
            yield f"{path}.{place}", _no_column(measure, column), known({*columns, "margin", "count"})


def _columns(plan: Plan, component: Component, schemas: Schemas | None) -> Iterator[Finding]:
    """The columns that rates, multipliers and tiers of a component read are there."""
    measure = plan.measures.get(component.base)
    tables = [component.rate.table if component.rate else "", *(factor.table for factor in component.times)]
    if schemas is None or measure is None or any(name and name not in plan.tables for name in tables):
        return
    columns = schemas.get(measure.table, ())
    for column in kept(plan, component):
        if columns and column not in columns and not _joinable(column, columns):
            yield f"components.{component.key}", _no_column(measure, column), known(columns)


def _joinable(column: str, columns: Collection[str]) -> bool:
    return column in JOINED and JOINED[column].by in columns


def _no_column(measure: Measure, column: str) -> Message:
    return message("{table} has no column '{column}'", table=measure.table, column=column)


def _backwards(what: str | Message, end: date, start: date) -> Message:
    return message("{what}: {end} is not after {start}", what=what, end=end, start=start)


def _table(table: Table, schemas: Schemas | None) -> Iterator[Finding]:
    path = f"tables.{table.key}"
    if bool(table.rows) == bool(table.source):
        yield (
            path,
            message("has either rows or a source table"),
            message("Write `rows:` or `from:` with `take:`."),
        )
    if table.source and not table.take:
        yield path, message("does not say which column to take"), message("Add `{name}:`.", name="take")
    if table.source and schemas is not None and table.source not in schemas:
        yield f"{path}.from", message("no table '{name}'", name=table.source), known(schemas)
    if table.rows and table.otherwise is None and all(row.match for row in table.rows):
        yield (
            f"{path}.rows",
            message("a fact that fits no row has no rate: a gap"),
            message("Add `else:`, 0 if nothing is due."),
        )
    yield from _ambiguous(path, table)
    for match in dict.fromkeys(row.match for row in table.rows):
        yield from _dated(path, [row for row in table.rows if row.match == match])


def _dated(path: str, rows: list[Row]) -> Iterator[Finding]:
    """Rows for the same thing tile time: no day twice, none between two rows left out."""
    what = ", ".join(value for _, value in rows[0].match) or message("everything")
    ordered = sorted(rows, key=lambda row: row.start or FIRST)
    for row in ordered:
        if row.start and row.end and row.end <= row.start:
            yield (
                f"{path}.rows",
                _backwards(what, row.end, row.start),
                message("`to` is the first day after."),
            )
    for earlier, later in pairwise(ordered):
        ends, starts = earlier.end or LAST, later.start or FIRST
        if starts < ends:
            yield (
                f"{path}.rows",
                message("{what}: two rows hold on {day}: an overlap", what=what, day=starts),
                message("End the first with `to: {day}`.", day=starts),
            )
        elif starts > ends:
            yield (
                f"{path}.rows",
                message(
                    "{what}: no row holds from {first} to {last}: a gap",
                    what=what,
                    first=ends,
                    last=_before(starts),
                ),
                message("`to` is the first day after: let it equal the next `from`."),
            )


def _before(day: date) -> date:
    return day - timedelta(days=1)


def _ambiguous(path: str, table: Table) -> Iterator[Finding]:
    """Two rows that name equally many but different columns could both fit one fact."""
    for one, other in combinations(table.rows, 2):
        mine, theirs = dict(one.match), dict(other.match)
        if len(mine) != len(theirs) or set(mine) == set(theirs):
            continue
        agree = all(mine[column] == theirs[column] for column in mine.keys() & theirs.keys())
        if (
            agree
            and (one.start or FIRST) < (other.end or LAST)
            and (other.start or FIRST) < (one.end or LAST)
        ):
            both = {**mine, **theirs}
            named = ", ".join(f"{column} {value}" for column, value in sorted(both.items()))
            yield (
                f"{path}.rows",
                message("two rows fit {values}: an overlap", values=named),
                message("Add a row that names all of these columns."),
            )
