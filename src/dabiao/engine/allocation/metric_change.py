"""A metric that changes on its way down: revenue at the top, customers in the teams, visits in a person's week."""

from dataclasses import dataclass

import numpy as np

from dabiao.engine.allocation.axis import CannotAllocate
from dabiao.engine.allocation.cascade import Cascade, Order


class NoRate(CannotAllocate):
    """A scope whose rate from one metric to the next is not known."""


@dataclass(frozen=True)
class Exchange:
    """From this level on, another metric: `into` = amount × numerator ÷ denominator of each scope's own rate.

    rates: by scope key at the level, (numerator, denominator), e.g. 1 customer per 20,000 of revenue. Two
    whole numbers rather than a quotient, because it is divided last.
    """

    into: str
    rates: dict[str, tuple[int, int]]


def exchanged(handed: Cascade, keys: tuple[str, ...], exchange: Exchange) -> dict[str, Order]:
    """For each scope of one level, its order in the new metric: handed down below it like any other.

    What is needed is rounded up: 99.2 customers make less than the revenue. Weights are the amounts handed
    down. Raises NoRate for a scope without a rate or with a zero denominator.
    """
    return {key: _order(handed, key, exchange) for key in keys}


def _order(handed: Cascade, key: str, exchange: Exchange) -> Order:
    numerator, denominator = exchange.rates.get(key, (0, 0))
    if denominator <= 0:
        raise NoRate(f"{key} has no rate into {exchange.into}: give one, or take its parent's")
    scope = handed.order.scope
    position = scope.position(key)
    amount = int(handed.amounts[position].sum())
    rows = slice(int(scope.first_leaf[position]), int(scope.last_leaf[position]))
    weights = np.where(handed.order.closed[rows], np.nan, handed.leaves[rows].astype(np.float64))
    return Order(-(-amount * numerator // denominator), scope.under(position), handed.order.columns, weights)
