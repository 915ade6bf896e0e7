"""What facts can be split and filtered by: their own columns, and what dated dimensions say about them.

A dimension that a fact does not have is null and keeps its row, so the parts always sum to the whole.
"""

from collections.abc import Callable, Iterable, Mapping

import ibis
import ibis.expr.types as ir

from dabiao.engine.message import Objection, message

Tables = Mapping[str, ir.Table]


class NoSuchDimension(Objection):
    """The facts cannot be split by what was asked for; the message lists by what they can."""


def with_dimensions(
    facts: ir.Table, names: Iterable[str], tables: Tables, *, levels: Iterable[str]
) -> ir.Table:
    """Add the dimensions asked for as columns of their own name.

    facts:  placed facts: with `day`, `person`, `seat`, `unit` beside their own columns
    tables: assignments, unit_levels, products, customers, customer_history (those needed)
    levels: the kinds of units there are (region, team, …), each of which is a dimension
    """
    for name in names:  # a fresh view each, so that two dimensions of one table can stand side by side
        fresh = {key: table.view() for key, table in tables.items()}
        facts = _with(facts, name, fresh, frozenset(levels))
    return facts


def _with(facts: ir.Table, name: str, tables: Tables, levels: frozenset[str]) -> ir.Table:
    if name in levels:
        return _with_level(facts, name, tables["unit_levels"])
    if name in _ADDERS and (adder := _ADDERS[name])[0] in facts.columns:
        return adder[1](facts, name, tables)
    if name in facts.columns:
        return facts
    if name in OTHER_NAMES:
        other = OTHER_NAMES[name]
        found = _with(facts, other, tables, levels)
        return found.mutate(**{name: found[other]})
    known = sorted(
        {*facts.columns, *levels, *(key for key, (needs, _) in _ADDERS.items() if needs in facts.columns)}
    )
    raise NoSuchDimension(
        message(
            "These facts have no '{name}'; they can be split by {known}", name=name, known=", ".join(known)
        )
    )


def _with_level(facts: ir.Table, kind: str, unit_levels: ir.Table) -> ir.Table:
    """The ancestor of this kind of the unit in which the fact was credited."""
    ancestors = unit_levels.filter(unit_levels.kind == kind)
    return _beside(facts, ancestors, [facts.unit == ancestors.unit], {kind: "ancestor"})


def _of_product(column: str) -> Callable[[ir.Table, str, Tables], ir.Table]:
    """What the catalogue says of the product; what the fact itself says goes first."""

    def add(facts: ir.Table, name: str, tables: Tables) -> ir.Table:
        products = tables["products"]
        if name not in facts.columns:
            return _beside(facts, products, [facts.product == products.product], {name: column})
        both = _beside(facts, products, [facts.product == products.product], {"in_catalogue": column})
        return both.mutate(**{name: both[name].fill_null(both.in_catalogue)}).drop("in_catalogue")

    return add


def _of_customer(column: str) -> Callable[[ir.Table, str, Tables], ir.Table]:
    def add(facts: ir.Table, name: str, tables: Tables) -> ir.Table:
        customers = tables["customers"]
        return _beside(facts, customers, [facts.customer == customers.customer], {name: column})

    return add


def _of_customer_then(column: str) -> Callable[[ir.Table, str, Tables], ir.Table]:
    """What was true of the customer on the day of the fact."""

    def add(facts: ir.Table, name: str, tables: Tables) -> ir.Table:
        then = once(tables["customer_history"], "customer")
        same = [facts.customer == then.customer, facts.day >= then.starts_on, facts.day < then.ends_on]
        return _beside(facts, then, same, {name: column})

    return add


def once(dated: ir.Table, about: str) -> ir.Table:
    """Dated rows of which at most one holds on any day: the later one from its first day on.

    Overlapping rows are refused at the door; those that came in before must not make a fact count twice.
    """
    following = dated.starts_on.lead().over(group_by=about, order_by="starts_on")
    return dated.mutate(ends_on=ibis.least(dated.ends_on, following.fill_null(dated.ends_on)))


def _beside(
    facts: ir.Table, other: ir.Table, same: list[ir.BooleanValue], columns: Mapping[str, str]
) -> ir.Table:
    """Left join that keeps the facts' columns and takes `columns` (new name → theirs)."""
    joined = facts.left_join(other, same)
    kept = [name for name in facts.columns if name not in columns]
    return joined.select(
        *(facts[name] for name in kept), **{name: other[theirs] for name, theirs in columns.items()}
    )


OTHER_NAMES: Mapping[str, str] = {
    "segment": "customer_type",
    "channel": "sales_channel",
    "region": "territory",
}
"""What else a dimension is called, where facts have no column of that name."""
_ADDERS: Mapping[str, tuple[str, Callable[[ir.Table, str, Tables], ir.Table]]] = {
    "product_line": ("product", _of_product("line")),
    "category": ("product", _of_product("category")),
    "industry": ("customer", _of_customer("industry")),
    "province": ("customer", _of_customer("province")),
    "city": ("customer", _of_customer("city")),
    "customer_type": ("customer", _of_customer("type")),
    "parent_customer": ("customer", _of_customer("parent")),
    "tier": ("customer", _of_customer_then("tier")),
    "customer_status": ("customer", _of_customer_then("status")),
}
"""Dimension → the fact column it starts from, and how it is added."""
