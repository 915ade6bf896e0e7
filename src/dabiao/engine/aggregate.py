"""Aggregates that are exact and of one declared type on every backend; what metrics are computed with."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from dabiao.engine import number


def counted(
    table: ir.Table, met: ir.BooleanValue | None, weight: ir.DecimalColumn | None = None
) -> ir.Scalar:
    """How many rows meet a condition, or their weights summed."""
    if weight is None:
        return table.count(where=met)
    return weight.sum(where=met).fill_null(0)


def summed(
    value: ir.Value, met: ir.BooleanValue | None = None, weight: ir.DecimalColumn | None = None
) -> ir.Scalar:
    """A sum, each value weighed (decimal(18, 6)) without any rounding: six more decimals than the value has."""
    if weight is None:
        total = value.sum(where=met)
        # DuckDB adds integers into a wider type than Ibis says.
        return total.cast("decimal(38, 0)").cast("int64") if value.type().is_integer() else total
    # Spelt out: DuckDB multiplies two 18-digit decimals in 18 digits and overflows, Spark cuts decimals off a
    # product wider than 38, and Ibis gives it the scale of one factor. 18 digits times 19 is exact on all.
    scale = value.type().scale if value.type().is_decimal() else 0
    weighed = value.cast(f"decimal(18, {scale})") * weight.cast(f"decimal(19, {number.RATE_SCALE})")
    return weighed.cast(f"decimal(38, {scale + number.RATE_SCALE})").sum(where=met)


def side_by_side(grouped: Sequence[ir.Table], *, by: Sequence[str]) -> ir.Table:
    """Tables that are each grouped by `by`, as one: their other columns beside each other.

    Put under each other and grouped once more instead of joined: grouping lets a missing dimension meet a
    missing dimension, which an equality join doesn't.
    """
    if len(grouped) == 1:
        return grouped[0]
    columns = {name: kind for table in grouped for name, kind in table.schema().items() if name not in by}
    stack = ibis.union(*(_widened(table, by, columns) for table in grouped))
    return stack.aggregate(by=list(by), **{name: stack[name].max() for name in columns})


def _widened(table: ir.Table, by: Sequence[str], columns: dict[str, object]) -> ir.Table:
    """The table with every column; null where it has none."""
    return table.select(
        *by,
        **{name: table[name] if name in table.columns else ibis.null(kind) for name, kind in columns.items()},
    )
