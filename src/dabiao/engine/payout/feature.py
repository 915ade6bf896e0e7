"""Columns a plan may name: those of the fact, those one join away, and numbers formed from two columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.dimension import once
from dabiao.engine.payout.plan import Component, Feature, Measure, Plan
from dabiao.engine.row import Condition, all_hold

Tables = Mapping[str, ir.Table]


@dataclass(frozen=True)
class Joined:
    """A column that another table knows: joined on the fact's `by`, dated where the table has periods."""

    table: str
    by: str
    key: str
    column: str
    dated: bool = False


JOINED: Final[Mapping[str, Joined]] = {
    "product_line": Joined("products", "product", "product", "line"),
    "category": Joined("products", "product", "product", "category"),
    "floor_price": Joined("products", "product", "product", "floor_price"),
    "customer_tier": Joined("customer_history", "customer", "customer", "tier", dated=True),
    "customer_status": Joined("customer_history", "customer", "customer", "status", dated=True),
    "industry": Joined("customers", "customer", "customer", "industry"),
    "province": Joined("customers", "customer", "customer", "province"),
    "city": Joined("customers", "customer", "customer", "city"),
    "customer_type": Joined("customers", "customer", "customer", "type"),
    "parent_customer": Joined("customers", "customer", "customer", "parent"),
}


class NoSuchColumn(ValueError):
    """A plan names a column that neither the fact nor a table beside it has."""


def with_columns(facts: ir.Table, wanted: Iterable[str], tables: Tables, *, on: str) -> ir.Table:
    """The facts with every wanted column, joined from its table where the fact itself lacks it.

    on: the fact's date column; dated tables answer as of that day. Left joins on unique keys: no fan-out.
    """
    for name in dict.fromkeys(wanted):
        if name in facts.columns:
            continue
        if name not in JOINED or JOINED[name].by not in facts.columns or JOINED[name].table not in tables:
            raise NoSuchColumn(f"no column {name!r}: the fact has {', '.join(facts.columns)}")
        facts = _joined(facts, name, JOINED[name], tables[JOINED[name].table], on)
    return facts


def _joined(facts: ir.Table, name: str, way: Joined, beside: ir.Table, on: str) -> ir.Table:
    beside = once(beside, way.key) if way.dated else beside
    beside = beside.select(
        **{f"__{name}_key": beside[way.key], name: beside[way.column]},
        **({f"__{name}_from": beside.starts_on, f"__{name}_to": beside.ends_on} if way.dated else {}),
    )
    same = [facts[way.by] == beside[f"__{name}_key"]]
    if way.dated:
        same += [facts[on] >= beside[f"__{name}_from"], facts[on] < beside[f"__{name}_to"]]
    joined = facts.left_join(beside, same)
    return joined.drop(*[column for column in beside.columns if column != name])


def holds(facts: ir.Table, conditions: Iterable[Condition]) -> ir.BooleanValue:
    """Whether all conditions hold, never null: what can't be compared does not hold."""
    met = all_hold(conditions, facts)
    return ibis.literal(True) if met is None else met.fill_null(False)


def named(measure: Measure) -> tuple[str, ...]:
    """Columns that the measure's own conditions read."""
    every = [*measure.where, *(condition for group in measure.exclude for condition in group)]
    return tuple(dict.fromkeys(column for condition in every for column in condition.columns))


def kept(plan: Plan, component: Component) -> tuple[str, ...]:
    """Columns of the fact that the component's rates, multipliers and tiers read.

    `person` is not among them: in a table of rates it means the person credited.
    """
    names: list[str] = []
    rate = component.rate
    if rate is not None and rate.tiers is not None:
        names += rate.tiers.per
    if rate is not None and rate.table:
        names += plan.tables[rate.table].by
    for factor in component.times:
        if factor.table:
            names += plan.tables[factor.table].by
        if factor.feature is not None:
            names += _columns(factor.feature)
    return tuple(name for name in dict.fromkeys(names) if name != "person")


def _columns(feature: Feature) -> tuple[str, ...]:
    """The columns behind a feature: `margin` is amount − cost."""
    spread = [("amount", "cost") if name == "margin" else (name,) for name in feature.of]
    return tuple(dict.fromkeys(name for names in spread for name in names))


def value(table: ir.Table, name: str) -> ir.NumericValue:
    """A named number of the fact; `margin` is amount − cost."""
    return table.amount - table.cost if name == "margin" else table[name]
