"""Late facts: a closed period is computed again with its own plan, what was posted is taken off, and the
difference is posted in the open period, with the keys of the facts behind it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from dabiao.engine.number import rounded
from dabiao.engine.payout.entry import Entry, LineSum, Payable
from dabiao.engine.payout.plan import Measure

ZERO = Decimal(0)


def late_entries(fresh: Iterable[Payable], posted: Iterable[Payable], open_from: date) -> list[Entry]:
    """What closed periods owe or are owed, as steps of the period that begins on `open_from`.

    fresh: payables as known now; posted: payables as they were paid. Run again on its own result it is empty.
    """
    differences: dict[tuple[str, str, date], Decimal] = {}
    for sign, payables in ((1, fresh), (-1, posted)):
        for payable in payables:
            if payable.period < open_from:
                key = payable.person, payable.component, payable.period
                differences[key] = differences.get(key, ZERO) + sign * payable.amount
    return [
        Entry(
            person, open_from, component, f"late {period}", amount, note=f"earned in the period from {period}"
        )
        for (person, component, period), amount in sorted(differences.items())
        if amount
    ]


def changed_lines(measure: Measure, fresh: ir.Table, posted: ir.Table) -> ir.Table:
    """The lines that differ: fact key, on, person (via, refund), was and now (int64 units), difference.

    fresh, posted: traces of one component. A line that only one side has counts as 0 on the other.
    """
    keys = [*measure.fact_key, "on", "person", *(name for name in ("via", "refund") if name in fresh.columns)]
    before, after = _by_line(posted, keys, "before"), _by_line(fresh, keys, "after")
    both = before.outer_join(after, [before[key].identical_to(after[f"__{key}"]) for key in keys])
    found = both.select(
        **{key: ibis.coalesce(both[key], both[f"__{key}"]) for key in keys},
        was=both.before.fill_null(0),
        now=both.after.fill_null(0),
    )
    found = found.mutate(difference=found.now - found.was)
    return found.filter(found["difference"] != 0)


def _by_line(trace: ir.Table, keys: Sequence[str], name: str) -> ir.Table:
    grouped = trace.group_by(*keys).agg(**{name: trace.amount.sum().cast("decimal(18, 0)").cast("int64")})
    return grouped if name == "before" else grouped.rename(**{f"__{key}": key for key in keys})


def as_known(stages: Sequence[tuple[date, Sequence[LineSum]]], digits: int) -> list[LineSum]:
    """Line sums as they were posted, from the same sums as known at several times.

    stages: the first day of the period in which something new became known (the plan's start for the first),
    and all line sums as known from then on until the next. Periods before that day are closed: only their
    differences are posted, in the period that begins on it, rounded as they were posted.
    """
    posted: dict[tuple[object, ...], LineSum] = {}
    found: list[LineSum] = []
    for known_from, sums in stages:
        now = {_key(line): line for line in sums}
        for key in sorted(
            {*now, *(key for key, line in posted.items() if line.period < known_from)}, key=str
        ):
            line = now.get(key) or _nothing(posted[key])
            if line.period >= known_from:
                continue
            before = posted.get(key) or _nothing(line)
            amount = rounded(line.amount, digits) - rounded(before.amount, digits)
            if amount:
                credit = line.credit - before.credit
                late = f"late {line.period}"
                found.append(
                    LineSum(
                        line.person,
                        known_from,
                        line.component,
                        line.per,
                        line.lines,
                        credit,
                        amount,
                        rule=late,
                    )
                )
            posted[key] = line
        later = [line for line in sums if line.period >= known_from]
        posted.update({_key(line): line for line in later})
        found = [line for line in found if line.rule.startswith("late") or line.period < known_from] + later
    return found


def _key(line: LineSum) -> tuple[object, ...]:
    return line.person, line.period, line.component, line.per, line.rule


def _nothing(line: LineSum) -> LineSum:
    return LineSum(line.person, line.period, line.component, line.per, 0, ZERO, ZERO, rule=line.rule)
