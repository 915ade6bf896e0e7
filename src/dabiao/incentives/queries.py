"""What a plan says and what it would pay: read from its text and the lake's facts, nothing is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.core import config
from dabiao.core.calendars import working_days
from dabiao.core.errors import Malformed, NotFound, Refused
from dabiao.core.sentence import say
from dabiao.core.text_file import text_of
from dabiao.engine.document import Problem
from dabiao.engine.payout.delta import late_entries
from dabiao.engine.payout.entry import Entry
from dabiao.engine.payout.explain import explain
from dabiao.engine.payout.feature import NoSuchColumn
from dabiao.engine.payout.plan import Plan
from dabiao.engine.payout.spans import span_of
from dabiao.engine.payout.validate import PlanRefused, read
from dabiao.engine.payout.whatif import Comparison, compare
from dabiao.incentives.logic.cases import SCHEMAS, BadCase, Failure, failures
from dabiao.incentives.logic.lake import connection
from dabiao.incentives.logic.late_facts import differences
from dabiao.incentives.logic.run import CannotPay, Run, run
from dabiao.incentives.logic.sight import PaySight, sight_of, visible
from dabiao.lake import dictionary
from dabiao.lake.models import Snapshot
from dabiao.lake.snapshot import latest
from dabiao.org import queries as org
from dabiao.org.access import User

By = Literal["person", "component", "period", "line"]
COLUMNS: Final[Mapping[By, tuple[str, ...]]] = {
    "person": ("person", "amount"),
    "component": ("component", "amount"),
    "period": ("person", "period", "component", "amount"),
    "line": (
        "person",
        "component",
        "plan",
        "version",
        "snapshot",
        "on",
        "key",
        "via",
        "share",
        "credit",
        "before",
        "slices",
        "rate",
        "factors",
        "amount",
    ),
}

LATE: Final[Mapping[By, tuple[str, ...]]] = {
    "person": ("person", "amount"),
    "component": ("component", "amount"),
    "period": ("person", "period", "component", "rule", "amount"),
    "line": ("person", "component", "on", "key", "was", "now", "difference"),
}
"""What `preview --against-version` lists; period is the open one, rule names the closed one."""


class PlanIsWrong(Malformed):
    """The plan's text has problems; the message lists them, a line each."""


class NothingSays(Refused):
    """Some facts fit no rate of the plan."""


@dataclass(frozen=True)
class Checked:
    """A plan that could be read, and its cases that do not come out."""

    plan: Plan
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class Preview:
    """What a plan would pay on a snapshot: rows, the hash of everything behind them, and the total."""

    rows: list[dict[str, object]]
    hash: str
    snapshot: int | None
    total: Decimal


def read_plan(path: Path) -> Plan:
    """The plan of a file. Raises NotFound, or PlanIsWrong with every problem, its line and its mend."""
    if not path.is_file():
        raise NotFound(_("There is no file %(name)s.") % {"name": path})
    try:
        return read(text_of(path), SCHEMAS, dictionary.in_force())
    except PlanRefused as refusal:
        raise PlanIsWrong(_told(path, refusal.problems)) from refusal


def _told(path: Path, problems: Sequence[Problem]) -> str:
    """Every problem on a line of its own, in the reader's language."""
    count = len(problems)
    head = ngettext("The plan has %(count)s problem:", "The plan has %(count)s problems:", count)
    return "\n".join(
        [head % {"count": count}, *(say(replace(problem, file=str(path)).said) for problem in problems)]
    )


def checked(path: Path) -> Checked:
    """A plan's file checked, its example cases run."""
    plan = read_plan(path)
    try:
        return Checked(plan, tuple(failures(plan)))
    except BadCase as error:
        told = _("%(file)s: a case cannot be read: %(why)s") % {"file": path, "why": error}
        raise PlanIsWrong(told) from error


def preview(
    plan: Plan,
    since: date | None,
    until: date | None,
    by: By,
    at_version: int | None = None,
    *,
    viewer: User,
    on: date,
) -> Preview:
    """What a plan pays for the pay periods that begin in [since, until), on the facts of a snapshot, to those whose
    pay the viewer may see.

    Everybody is counted, because one's pay may depend on others; then rows and total are cut. Running totals start
    with the plan, also when an earlier part of it is not asked for.
    """
    snapshot = snapshot_of(at_version)
    pay_run = _carried_out(plan, snapshot, until, viewer, on)
    seen = sight_of(pay_run, viewer, on)
    first = span_of(plan, plan.period, max(since or plan.start, plan.start)).start
    payables = [payable for payable in visible(pay_run, seen) if payable.period >= first]
    total = sum((payable.amount for payable in payables), Decimal(0))
    number = None if snapshot is None else snapshot.number
    if by == "line":
        lines = _seen_lines(pay_run.trace(), seen)
        shown = [_line(plan, line, number) for line in lines if line["on"] >= (since or plan.start)]
        return Preview(shown, pay_run.hash, number, total)
    paid = ({**vars(payable), "component": payable.component or "settlement"} for payable in payables)
    return Preview(_added_up(paid, COLUMNS[by]), pay_run.hash, number, total)


def _carried_out(
    plan: Plan,
    snapshot: Snapshot | None,
    until: date | None,
    viewer: User,
    on: date,
    people: tuple[str, ...] = (),
) -> Run:
    """A plan run on a snapshot. Raises NothingSays; whose fact it was is told only to who may see everything."""
    _must_know_managers(plan)
    try:
        return run(plan, connection(snapshot), until=until, people=people, working_days=working_days)
    except CannotPay as error:
        told = str(error) if org.sight(viewer, on).everything else "some facts fit no rate of the plan"
        raise NothingSays(told) from error
    except NoSuchColumn as error:
        raise NothingSays(str(error)) from error


def _seen_lines(lines: Iterable[dict[str, Any]], seen: PaySight) -> list[dict[str, Any]]:
    """Lines of facts whose day the viewer may see, as drill-downs show them."""
    return [line for line in lines if seen.sees(line["person"], line["on"], line["on"] + timedelta(days=1))]


def _added_up(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> list[dict[str, object]]:
    """Amounts added up over what the columns, the last of which is the amount, do not name."""
    names = columns[:-1]
    sums: dict[tuple[object, ...], Decimal] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        sums[key] = sums.get(key, Decimal(0)) + row["amount"]
    return [{**dict(zip(names, key, strict=True)), "amount": sums[key]} for key in sorted(sums, key=str)]


def late_facts(
    plan: Plan,
    open_from: date,
    paid_at: int,
    by: By,
    at_version: int | None = None,
    *,
    viewer: User,
    on: date,
) -> Preview:
    """What late facts change in the closed pay periods, those before the one that begins on `open_from`.

    The plan is run on the snapshot that was paid on and on a later one; the differences are steps of the
    open period, or by line the facts behind them.
    """
    before, after = snapshot_of(paid_at), snapshot_of(at_version)
    first = span_of(plan, plan.period, open_from).start
    posted, fresh = (_carried_out(plan, snapshot, first, viewer, on) for snapshot in (before, after))
    # Seats may have been corrected since: today's say who may see, on both sides.
    seen = sight_of(fresh, viewer, on)
    steps = late_entries(visible(fresh, seen), visible(posted, seen), first)
    number = None if after is None else after.number
    total = sum((step.amount for step in steps), Decimal(0))
    if by == "line":
        lines = differences(posted, fresh, {step.person for step in steps})
        return Preview(_seen_lines(lines, seen), fresh.hash, number, total)
    return Preview(_added_up((vars(step) for step in steps), LATE[by]), fresh.hash, number, total)


def _must_know_managers(plan: Plan) -> None:
    """The lake has seats, not managers: without the plan's word a roll-up would silently credit nobody."""
    rules = {plan.credits[measure.credit] for measure in plan.measures.values()}
    if not plan.managers and any(rule.rollup for rule in rules):
        raise NothingSays("credit rolls up, and nothing says to whom: add `managers:` with leading positions")


def _line(plan: Plan, line: Mapping[str, object], snapshot: int | None) -> dict[str, object]:
    """A trace line as one flat row: its slices and multipliers joined by +, ×."""
    measure = plan.measures[plan.components[str(line["component"])].base]
    slices = [f"{line[name]:f}" for name in line if name.startswith("slice_")]
    factors = [f"{line[name]:f}" for name in line if name.startswith("factor_")]
    return {
        **{name: line.get(name) for name in COLUMNS["line"]},
        "key": "/".join(str(line[part]) for part in measure.fact_key),
        "snapshot": snapshot,
        "slices": " + ".join(slices),
        "factors": " × ".join(factors),
    }


def snapshot_of(number: int | None) -> Snapshot | None:
    """The snapshot of a number, or the newest. Raises NotFound."""
    if number is None:
        return latest()
    snapshot = Snapshot.objects.filter(number=number).first()
    if snapshot is None:
        raise NotFound(f"Version {number} does not exist, or has been cleaned away.")
    return snapshot


def statement_of(pay_run: Run, person: str) -> Iterable[Entry]:
    """The explained steps of one person."""
    return (entry for entry in pay_run.statement.entries if entry.person == person)


def compared(
    before: Plan,
    after: Plan,
    until: date | None,
    at_version: int | None = None,
    *,
    people: tuple[str, ...] = (),
    viewer: User,
    on: date,
) -> Comparison:
    """Two versions of a plan on the facts of one snapshot, of those whose pay the viewer may see.

    people: only these; empty: everybody.
    """
    snapshot = snapshot_of(at_version)
    first, second = (_carried_out(plan, snapshot, until, viewer, on, people) for plan in (before, after))
    return compare(*(visible(pay_run, sight_of(pay_run, viewer, on)) for pay_run in (first, second)))


def spread_lines(comparison: Comparison) -> list[str]:
    """The cost and the spread of both sides, a line each."""
    sides = (
        (_("before"), comparison.cost_before, comparison.spread_before),
        (_("after"), comparison.cost_after, comparison.spread_after),
    )
    words = _(
        "%(side)s: %(cost)s for %(people)s people; lowest %(lowest)s, quartiles %(quarter)s / %(middle)s / "
        "%(three_quarters)s, highest %(highest)s"
    )
    lines = [words % {"side": side, "cost": cost, **vars(spread)} for side, cost, spread in sides]
    told: dict[str, object] = {"gaining": comparison.gaining, "losing": comparison.losing}
    told["cost"] = f"{comparison.cost_after - comparison.cost_before:+f}"
    return [*lines, _("%(gaining)s gain, %(losing)s lose; cost %(cost)s") % told]


def sentences(plan: Plan, language: str) -> list[str]:
    """The plan as sentences that a person could sign."""
    spoken = config.ALSO_WRITTEN.get(language, language)
    return [say(sentence, spoken) for sentence in explain(plan)]
