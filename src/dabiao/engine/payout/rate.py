"""What a credit earns before its multipliers: a flat rate, a dated table of rates, or tiers on a running total.

A tier says only where it starts and ends where the next one starts, so tiers can neither overlap nor leave
a gap. A line that crosses a start is cut there: `slice_1`, `slice_2`, … are the parts of its credit.
"""

from collections.abc import Sequence
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from dabiao.engine.payout.plan import Measure, Table, Tiers
from dabiao.engine.payout.scale import Scale, units, widen


def running(rows: ir.Table, tiers: Tiers, measure: Measure, carried: ir.Table | None) -> ir.Table:
    """The running total `before` and `after` each credit, in the order date, natural key.

    rows: on, person, scope (first day of the span counted over), credit, and the columns of `tiers.per`.
    carried: person, scope, per …, total: what was counted before this batch; null when nothing was.
    returns: rows with before and after, int64 units.
    """
    groups = ["person", *(["scope"] if "scope" in rows.columns else []), *tiers.per]
    window = ibis.window(group_by=groups, order_by=_order(rows, measure), rows=(None, 0))
    total = rows.credit.sum().over(window).cast("decimal(18, 0)").cast("int64")
    rows = rows.mutate(after=total)
    if carried is not None:
        rows = _carry(rows, carried, groups)
    return rows.mutate(before=rows.after - rows.credit)


def _order(rows: ir.Table, measure: Measure) -> list[ir.Column]:
    order = [rows.on, *(rows[column] for column in measure.fact_key)]
    if "refund" in rows.columns:
        # A refund that counts with its original comes right after it.
        order.append(rows.refund.fill_null(""))
    if "via" in rows.columns:
        # Such a rule may credit one person twice for one fact.
        order += [rows.via, rows.credit]
    return order


def _carry(rows: ir.Table, carried: ir.Table, groups: Sequence[str]) -> ir.Table:
    opening = carried.select(**{f"__{name}": carried[name] for name in groups}, __total=carried.total)
    same = [rows[name].identical_to(opening[f"__{name}"]) for name in groups if name != "person"]
    joined = rows.left_join(opening, [rows.person == opening["__person"], *same])
    return joined.mutate(after=joined.after + joined["__total"].fill_null(0)).drop(opening.columns)


def slices(rows: ir.Table, tiers: Tiers, starts: Sequence[ir.IntegerValue]) -> ir.Table:
    """The parts of each credit that lie in each tier: `slice_1` …, int64 units that sum to the credit.

    starts: where each tier begins, in units. Below zero the first tier goes on (`below_zero: owed`), or
    nothing is earned nor owed there (`nothing`), and then the parts sum to what moved above zero.
    """
    parts = {}
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else None
        floor = start if number or tiers.below_zero == "nothing" else None
        parts[f"slice_{number + 1}"] = _inside(rows.after, floor, end) - _inside(rows.before, floor, end)
    return rows.mutate(**parts)


def _inside(
    total: ir.IntegerValue, floor: ir.IntegerValue | None, end: ir.IntegerValue | None
) -> ir.IntegerValue:
    total = total if floor is None else ibis.greatest(total, floor)
    return total if end is None else ibis.least(total, end)


def earned(rows: ir.Table, rates: Sequence[Decimal], scale: Scale) -> ir.NumericValue:
    """Σ slice × rate, exact, at base + rate decimals."""
    parts = [
        widen(rows[f"slice_{number}"], scale) * units(rate, scale.rate)
        for number, rate in enumerate(rates, start=1)
    ]
    return sum(parts[1:], start=parts[0])


def looked_up(rows: ir.Table, table: Table, name: str, reference: Sequence[ir.Table], scale: int) -> ir.Table:
    """The rows with `name`: the table's value for each row, as int64 units of 10^-scale.

    reference: one table per set of columns named by the plan's rows, most specific first, each with those
    columns, `starts_on`, `ends_on` and `value`; exactly one row of each fits a fact on a day.
    """
    found = []
    for number, beside in enumerate(reference):
        keys = [column for column in beside.columns if column not in ("starts_on", "ends_on", "value")]
        right = beside.rename(**{f"__{number}_{column}": column for column in beside.columns})
        same = [rows[key] == right[f"__{number}_{key}"] for key in keys]
        if "starts_on" in beside.columns:
            same += [rows.on >= right[f"__{number}_starts_on"], rows.on < right[f"__{number}_ends_on"]]
        rows = rows.left_join(right, same or [ibis.literal(True)])
        found.append(rows[f"__{number}_value"])
        rows = rows.drop(column for column in right.columns if column != f"__{number}_value")
    values = [rows[f"__{number}_value"] for number in range(len(reference))]
    if table.otherwise is not None:
        values.append(ibis.literal(units(table.otherwise, scale), type="int64"))
    rows = rows.mutate(**{name: ibis.coalesce(*values)})
    return rows.drop(f"__{number}_value" for number in range(len(reference)))
