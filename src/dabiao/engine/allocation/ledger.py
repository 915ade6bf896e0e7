"""The ledger: who holds every amount that was not handed down, or was handed down over and above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Final, Literal

import numpy as np

from dabiao.engine.allocation.axis import Axis, Ints

Kind = Literal["reserve", "over-assigned", "unallocated", "over-allocated"]

_DECLARED: Final[dict[bool, Kind]] = {True: "reserve", False: "over-assigned"}
_FOUND: Final[dict[bool, Kind]] = {True: "unallocated", False: "over-allocated"}


@dataclass(frozen=True)
class LedgerLine:
    """`scope` holds `value` more than its children together at one place; below zero: they hold more than it.

    at: a leaf of each column axis. A reserve and an over-assignment were asked for; what is unallocated or
    over-allocated was found, after an entry by hand or an import.
    """

    scope: str
    kind: Kind
    at: tuple[str, ...]
    value: int


def ledger_of(
    scope: Axis, columns: Sequence[Axis], amounts: Ints, kept: Mapping[str, Fraction] | None = None
) -> tuple[LedgerLine, ...]:
    """Every difference between a node and the sum of its children, by scope in tree order, then by column.

    amounts: scope nodes × leaf columns, as they are, whoever wrote them. kept: the shares that were asked
    for, by scope key. An empty ledger says that every sum holds without remainder.
    """
    asked = kept or {}
    places = list(product(*(axis.leaf_keys for axis in columns)))
    difference = held_back(scope, amounts)
    entries = []
    for node, column in zip(*(where.tolist() for where in np.nonzero(difference)), strict=True):
        key, value = scope.keys[node], int(difference[node, column])
        kind = (_DECLARED if asked.get(key) else _FOUND)[value > 0]
        entries.append(LedgerLine(key, kind, places[column], value))
    return tuple(entries)


def held_back(scope: Axis, amounts: Ints) -> Ints:
    """Each node's amounts less the sum of its children's; zero for leaves. Scope nodes × leaf columns."""
    below = np.zeros_like(amounts)
    inner = np.flatnonzero(scope.parent >= 0)
    np.add.at(below, scope.parent[inner], amounts[inner])
    difference = amounts - below
    difference[scope.leaves] = 0
    return difference
