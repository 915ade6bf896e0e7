"""The cells of a cascade as people and programs read them: who, what, when, how much, and whether it is a leaf."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import numpy as np

from dabiao.engine.allocation.axis import Axis, Ints
from dabiao.engine.allocation.cascade import Cascade
from dabiao.engine.allocation.ledger import ledger_of
from dabiao.targets.logic.cascade.request import Prepared, from_units


@dataclass(frozen=True)
class Cell:
    """One amount. A leaf is a leaf of every axis, so leaves sum to what was handed down; null: no target."""

    scope: str
    product: str
    period: str
    value: Decimal | None
    leaf: bool


@dataclass(frozen=True)
class Held:
    """A line of the ledger, as `engine.allocation.ledger.LedgerLine`."""

    scope: str
    kind: str
    product: str
    period: str
    value: Decimal


def cells(prepared: Prepared, handed: Cascade) -> Iterator[Cell]:
    """Every sum and every leaf: scope nodes in tree order, then periods, then products."""
    scope, time, lines = prepared.org.axis, prepared.time.axis, prepared.product
    amounts = _at_every_node(prepared, handed.amounts)
    open_ = _at_every_node(prepared, scope.rolled_up((~handed.order.closed).T.astype(np.int64)).T)
    names, leaf = scope_names(prepared), [_is_leaf(axis) for axis in (scope, time, lines)]
    for row, column, line in np.ndindex(amounts.shape):
        value = (
            from_units(int(amounts[row, column, line]), prepared.digits) if open_[row, column, line] else None
        )
        is_leaf = bool(leaf[0][row] and leaf[1][column] and leaf[2][line])
        yield Cell(names[scope.keys[row]], lines.keys[line], time.keys[column], value, is_leaf)


def held(prepared: Prepared, handed: Cascade) -> Iterator[Held]:
    """The ledger: who holds what was not handed down, and who handed down more than they have."""
    order, names = handed.order, scope_names(prepared)
    for entry in ledger_of(order.scope, order.columns, handed.amounts, order.kept):
        line, period = entry.at if prepared.product_first else entry.at[::-1]
        yield Held(names[entry.scope], entry.kind, line, period, from_units(entry.value, prepared.digits))


def scope_names(prepared: Prepared) -> Mapping[str, str]:
    """Axis key → unit key or employee number; with the unit where somebody has seats in two."""
    holders = prepared.org.holders
    seen: dict[str, int] = {}
    for holder in holders.values():
        if holder.kind == "person":
            seen[holder.key] = seen.get(holder.key, 0) + 1
    return {
        key: f"{holder.key}@{holder.unit}"
        if seen.get(holder.key, 0) > 1 and holder.kind == "person"
        else holder.key
        for key, holder in holders.items()
    }


def column_names(prepared: Prepared) -> list[tuple[str, str]]:
    """The period and product of each leaf column."""
    places = product(*(axis.leaf_keys for axis in prepared.order.columns))
    return [(at[1], at[0]) if prepared.product_first else (at[0], at[1]) for at in places]


def _at_every_node(prepared: Prepared, amounts: Ints) -> Ints:
    """Scope nodes × leaf columns as scope nodes × periods × products, every node of each."""
    time, lines = prepared.time.axis, prepared.product
    if prepared.product_first:
        shaped = amounts.reshape(len(amounts), len(lines.leaves), -1).transpose(0, 2, 1)
    else:
        shaped = amounts.reshape(len(amounts), len(time.leaves), -1)
    by_line = lines.rolled_up(shaped)
    return time.rolled_up(by_line.transpose(0, 2, 1)).transpose(0, 2, 1)


def _is_leaf(axis: Axis) -> list[bool]:
    leaves = set(axis.leaves.tolist())
    return [position in leaves for position in range(len(axis.keys))]
