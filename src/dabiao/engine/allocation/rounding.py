"""Whole units out of shares: the largest remainder, for many parents at once, in exact integers.

A segment is one amount and those who share it: items `starts[s]` up to `starts[s + 1]`, in key order.
Amounts and weights stay below 2^53; a quotient is exact however large the product of the two is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dabiao.engine.allocation.axis import CannotAllocate, Floats, Ints

Flags: TypeAlias = NDArray[np.bool_]

LARGEST: Final = 2**53
_STEPS: Final = 64
_REACH: Final = 120.0


class BadWeight(CannotAllocate):
    """A weight by which nothing can be shared."""


@dataclass(frozen=True, eq=False)
class Ideal:
    """What each item should get: whole units and a remainder between 0 and 1."""

    units: Ints
    remainder: Floats


@dataclass(frozen=True, eq=False)
class Bounds:
    """The least and the most each item may get; infinity where nothing limits it."""

    low: Floats
    high: Floats


def share_of(base: Ints, weight: Ints, whole: Ints) -> Ideal:
    """base × weight ÷ whole as whole units and what is left over, 0 ≤ remainder < 1; zero where whole is zero.

    The product may exceed 64 bits: the quotient is estimated in floating point and put right with the
    remainder, which integer arithmetic modulo 2^64 gives exactly because it is small. Equal remainders are
    equal floats (IEEE division rounds correctly), so a tie is seen as a tie.
    """
    divisor = np.where(whole > 0, whole, 1)
    units = np.floor(base * (weight / divisor)).astype(np.int64)
    left = base * weight - units * divisor
    missed = left // divisor
    remainder = (left - missed * divisor) / divisor
    return Ideal(np.where(whole > 0, units + missed, 0), np.where(whole > 0, remainder, 0.0))


def nearest(ideal: Ideal, total: Ints, starts: Ints, high: Ints | Floats, debt: Floats | None = None) -> Ints:
    """The whole numbers nearest to the ideal that sum to `total` in each segment: the largest remainder.

    high: the most an item may get (what it has left). debt: what it is still owed from earlier rounds; it
    moves an item up or down the queue for a unit but never changes its ideal, so that every item gets its
    ideal rounded down or up. Ties go to the smaller key.
    """
    merit = ideal.remainder if debt is None else ideal.remainder + debt
    in_line = (ideal.remainder > 0) & (ideal.units < high)
    gap = total - np.add.reduceat(ideal.units, starts[:-1])
    odd = (gap < 0) | (gap > np.add.reduceat(in_line, starts[:-1], dtype=np.int64))
    given = ideal.units + _first(np.where(in_line, -merit, np.inf), np.where(odd, 0, gap), starts)
    if odd.any():
        chosen = np.repeat(odd, np.diff(starts))
        bounds = Bounds(np.zeros(int(chosen.sum())), np.asarray(high, dtype=np.float64)[chosen])
        some = Ideal(ideal.units[chosen], merit[chosen])
        given[chosen] = settled(some, total[odd], _starts(np.diff(starts)[odd]), bounds)
    return given


def _first(rank: Floats, many: Ints, starts: Ints) -> Ints:
    """1 for the first `many` items of each segment by rank, then by key; 0 for the others."""
    size = np.diff(starts)
    if len(size) * int(size.max()) <= 2 * len(rank):
        return _first_in_rows(rank, many, starts)
    order = np.lexsort((rank, np.repeat(np.arange(len(size)), size)))
    chosen = np.zeros(len(rank), dtype=np.int64)
    chosen[order] = np.arange(len(rank)) - np.repeat(starts[:-1], size) < np.repeat(many, size)
    return chosen


def _first_in_rows(rank: Floats, many: Ints, starts: Ints) -> Ints:
    """The same where segments are of much the same size: sorting short rows is several times faster."""
    size = np.diff(starts)
    column = np.arange(int(size.max()))
    there = column < size[:, None]
    rows = np.full(there.shape, np.inf)
    rows[there] = rank
    order = np.argsort(rows, axis=1, kind="stable")
    chosen = np.zeros(there.shape, dtype=np.int64)
    np.put_along_axis(chosen, order, (column < many[:, None]).astype(np.int64), axis=1)
    return chosen[there]


def _starts(sizes: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes)))


def settled(ideal: Ideal, total: Ints, starts: Ints, bounds: Bounds) -> Ints:
    """The same within bounds and however far the ideal is from its total: the least sum of squares.

    The caller has made sure that `total` lies between the sums of the bounds. Where two are equally near,
    the smaller key is given the unit and the larger key gives it up.
    """
    given = np.clip(ideal.units, bounds.low, bounds.high).astype(np.int64)
    owed = ideal.remainder + (ideal.units - given)
    while (gap := total - np.add.reduceat(given, starts[:-1])).any():
        step = _one_each(owed, gap, starts, up=given < bounds.high, down=given > bounds.low)
        given += step
        owed = owed - step
    return given


def _one_each(owed: Floats, gap: Ints, starts: Ints, *, up: Flags, down: Flags) -> Ints:
    """One unit to (or from) each item that comes before anybody's second unit, at most |gap| a segment."""
    segment = np.repeat(np.arange(len(gap)), np.diff(starts))
    side = np.sign(gap)[segment]
    merit = np.where(np.where(side > 0, up, down & (side < 0)), owed * side, -np.inf)
    merit[merit <= np.maximum.reduceat(merit, starts[:-1])[segment] - 1] = -np.inf
    place = np.arange(len(merit))
    order = np.lexsort((place * side, -merit, segment))
    rank = np.empty_like(order)
    rank[order] = place - starts[segment[order]]
    return np.where((merit > -np.inf) & (rank < np.abs(gap)[segment]), side, 0)


def fitted(wanted: Callable[[Floats], Floats], total: Ints, starts: Ints) -> Ideal:
    """An ideal that sums to each segment's total: `wanted` at the one exponent per segment that makes it so.

    `wanted` takes an exponent per item and returns shares that never fall when it rises, already within
    their bounds. A segment that is right to half a unit an item stays as it is: rounding settles the rest.
    """
    segment = np.repeat(np.arange(len(total)), np.diff(starts))
    exact = wanted(np.zeros(len(segment)))
    off = np.abs(np.add.reduceat(exact, starts[:-1]) - total) > np.diff(starts) / 2
    if off.any():
        exact = np.where(off[segment], wanted(_exponents(wanted, total, starts)[segment]), exact)
    near = np.rint(exact)
    exact = np.where(np.abs(exact - near) < 1e-9 * np.maximum(1.0, near), near, exact)
    units = np.floor(exact)
    return Ideal(units.astype(np.int64), exact - units)


def _exponents(wanted: Callable[[Floats], Floats], total: Ints, starts: Ints) -> Floats:
    """Per segment the exponent at which what is wanted reaches the total, by halving."""
    segment = np.repeat(np.arange(len(total)), np.diff(starts))
    lower, upper = np.full(len(total), -_REACH), np.full(len(total), _REACH)
    for _ in range(_STEPS):
        middle = (lower + upper) / 2
        short = np.add.reduceat(wanted(middle[segment]), starts[:-1]) < total
        lower, upper = np.where(short, middle, lower), np.where(short, upper, middle)
    return upper


def whole_weights(weights: NDArray[np.generic]) -> Ints:
    """Weights as integers whose sum stays below 2^53: integers as they are, anything else at 2^50 ÷ their sum.

    Not a number (NaN) means "no share here" and becomes 0; the caller keeps the mask. Raises BadWeight for
    negative or infinite weights.
    """
    known = np.nan_to_num(weights.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    if (known < 0).any() or np.isinf(known).any():
        raise BadWeight("a weight must be a finite number that is not negative")
    total = float(known.sum())
    if total < 2**50 and (known == np.rint(known)).all():
        return known.astype(np.int64)
    return np.asarray(np.rint(known * (2**50 / total)).astype(np.int64))
