"""Incidents with a known cause, made up: a second judge beside the real ones, of any number.

Each incident is a table of a metric by three to six dimensions over six to twenty periods. Dimensions are
skewed, may depend on each other (a device has its own versions), cells have rates of their own and wobble more
than chance alone would have them, together by member and each for itself. In the last period one to three
segments are off. Nothing here knows how the search works: whatever it is tuned to, these do not change.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Draw = np.random.Generator
Where = frozenset[tuple[str, str]]

DIMENSIONS = "abcdef"
MOST_CELLS = 1500


@dataclass(frozen=True)
class Incident:
    """table: period, part, whole, one column a dimension; the last period `at` is off in `causes`."""

    table: pa.Table
    dimensions: tuple[str, ...]
    at: int
    kind: Literal["ratio", "sum"]
    causes: tuple[Where, ...]


def incident(seed: int) -> Incident:
    """The same incident for the same seed."""
    draw = np.random.default_rng([20_240_917, seed])
    while (found := _drawn(draw)) is None:
        pass
    return found


def _drawn(draw: Draw) -> Incident | None:
    """An incident; None where what was planted drowns in what the segment, or everything, does by itself."""
    codes, weight = _cells(draw)
    kind: Literal["ratio", "sum"] = "ratio" if draw.random() < 0.6 else "sum"
    causes = _causes(codes, weight, draw)
    periods = int(draw.integers(6, 21))
    exposure = _exposure(weight, periods, draw)
    rate = _rates(codes, draw)
    more = draw.random() < (0.8 if kind == "ratio" else 0.4)
    moved = _moved(rate, codes, causes, draw, more=more)
    wobble = _wobble(codes, periods, draw)
    usual = np.vstack([np.tile(rate, (periods - 1, 1)), moved]) * wobble
    part = _ratio(exposure, usual, draw) if kind == "ratio" else _sum(exposure, usual, draw)
    planted = [float((exposure[-1] * (moved - rate))[_inside(codes, cause)].sum()) for cause in causes]
    if min(abs(one) for one in planted) < 0.1 * sum(abs(one) for one in planted):
        return None
    if not all(_visible(part, exposure, _inside(codes, cause), more) for cause in [(), *causes]):
        return None
    return Incident(
        _table(codes, part, exposure),
        tuple(DIMENSIONS[: codes.shape[1]]),
        periods - 1,
        kind,
        tuple(frozenset((DIMENSIONS[axis], str(code)) for axis, code in cause) for cause in causes),
    )


def _cells(draw: Draw) -> tuple[Ints, Floats]:
    """Which combinations occur, and how much of everything each is."""
    sizes = draw.integers(2, 10, size=draw.integers(3, 7))
    shares = [draw.dirichlet(np.full(size, draw.uniform(0.5, 2.0))) for size in sizes]
    drawn = np.stack([draw.choice(len(share), size=40_000, p=share) for share in shares], axis=1)
    if draw.random() < 0.4:  # the last dimension's members belong to members of the first
        drawn[:, -1] = (drawn[:, 0] + drawn[:, -1] * sizes[0]) % max(int(sizes[-1]), 2)
    codes, count = np.unique(drawn, axis=0, return_counts=True)
    largest = np.argsort(-count, kind="stable")[: int(draw.integers(60, MOST_CELLS))]
    weight = count[largest] * draw.lognormal(0, 0.7, len(largest))
    return codes[largest].astype(np.int64), weight / weight.sum()


Cause = tuple[tuple[int, int], ...]


def _causes(codes: Ints, weight: Floats, draw: Draw) -> list[Cause]:
    """One, two or three segments apart from each other, each of 2 to 50 % of everything, said as shortly as possible."""
    wanted = int(draw.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
    found: list[Cause] = []
    taken = np.zeros(len(codes), dtype=bool)
    for _ in range(400):
        if len(found) == wanted:
            break
        depth = int(draw.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
        axes = np.sort(draw.choice(codes.shape[1], size=depth, replace=False))
        leaf = codes[draw.integers(len(codes))]
        cause = tuple((int(axis), int(leaf[axis])) for axis in axes)
        inside = _inside(codes, cause)
        if (inside & taken).any() or not 0.02 <= weight[inside].sum() <= 0.5 or inside.sum() < 2:
            continue
        if _said_otherwise(codes, weight, cause):
            continue
        found.append(cause)
        taken |= inside
    return found or _causes(codes, weight, draw)


def _said_otherwise(codes: Ints, weight: Floats, cause: Cause) -> bool:
    """Whether a description as short covers nearly the same rows: then nobody could tell which was meant."""
    inside = _inside(codes, cause)
    shorter = [cause[:n] + cause[n + 1 :] for n in range(len(cause))]
    single = [
        ((axis, int(code)),)
        for axis in range(codes.shape[1])
        for code in np.unique(codes[inside, axis])
        if ((axis, int(code)),) != cause
    ]
    others = (_inside(codes, other) for other in [*shorter, *single] if other)
    return any(weight[inside & one].sum() > 0.9 * weight[inside | one].sum() for one in others)


def _inside(codes: Ints, cause: Cause) -> npt.NDArray[np.bool_]:
    return (
        np.all([codes[:, axis] == code for axis, code in cause], axis=0)
        if cause
        else np.ones(len(codes), bool)
    )


def _visible(part: Floats, exposure: Floats, inside: npt.NDArray[np.bool_], more: bool) -> bool:
    """Beyond twice (a segment: four times) its usual swings, in the right direction; a segment by a twentieth of all."""
    segment, every = part[:, inside].sum(axis=1), exposure[:, inside].sum(axis=1)
    rate = segment[:-1] / np.maximum(every[:-1], 1.0)
    apart = (segment[-1] - every[-1] * rate.mean()) * (1 if more else -1)
    swings = 2 if inside.all() else 4
    return bool(apart > swings * rate.std(ddof=1) * every[-1] and apart > 0.05 * part[:-1].sum(axis=1).mean())


def _exposure(weight: Floats, periods: int, draw: Draw) -> Floats:
    """Counted opportunities: 500 to 100,000 a period, growing or shrinking a little."""
    total = np.exp(draw.uniform(np.log(500), np.log(100_000)))
    level = np.exp(draw.normal(0, 0.01) * np.arange(periods) + draw.normal(0, 0.05, periods))
    return draw.poisson(total * level[:, None] * weight).astype(np.float64)


def _rates(codes: Ints, draw: Draw) -> Floats:
    """Each cell's usual rate: an overall one, what its members do to it, and something of its own."""
    log = np.full(len(codes), np.log(draw.uniform(0.01, 0.3)))
    for axis in range(codes.shape[1]):
        log += draw.normal(0, draw.uniform(0.0, 0.5), codes[:, axis].max() + 1)[codes[:, axis]]
    return np.minimum(np.exp(log + draw.normal(0, 0.2, len(codes))), 0.8)


def _moved(rate: Floats, codes: Ints, causes: list[Cause], draw: Draw, *, more: bool) -> Floats:
    """The last period's rates. What is off is so by a factor or by points, not quite alike in every cell."""
    moved = rate.copy()
    strength = draw.uniform(0.4, 2.5) if more else draw.uniform(0.3, 0.9)
    additive = more and draw.random() < 0.5
    for cause in causes:
        inside = _inside(codes, cause)
        own = strength * draw.uniform(0.7, 1.3) * draw.lognormal(0, 0.25, int(inside.sum()))
        base = np.full(int(inside.sum()), rate[inside].mean()) if additive else rate[inside]
        moved[inside] += base * own if more else -rate[inside] * np.minimum(own, 1.0)
    return np.minimum(moved, 0.95)


def _wobble(codes: Ints, periods: int, draw: Draw) -> Floats:
    """What every period brings: everything a little, members a little, each cell for itself."""
    log = draw.normal(0, 0.04, periods)[:, None] + draw.normal(
        0, draw.uniform(0.02, 0.2), (periods, len(codes))
    )
    for axis in range(codes.shape[1]):
        log = log + draw.normal(0, 0.03, (periods, codes[:, axis].max() + 1))[:, codes[:, axis]]
    return np.exp(log)


def _ratio(exposure: Floats, rate: Floats, draw: Draw) -> Floats:
    return draw.binomial(exposure.astype(np.int64), np.minimum(rate, 1.0)).astype(np.float64)


def _sum(exposure: Floats, rate: Floats, draw: Draw) -> Floats:
    """So many orders, each of its own size; money with two decimals."""
    orders = draw.poisson(exposure * rate)
    spread = draw.uniform(0.3, 1.2)
    sizes = draw.lognormal(8.0, spread, int(orders.sum()))
    summed = np.bincount(np.repeat(np.arange(orders.size), orders.ravel()), sizes, minlength=orders.size)
    return np.round(summed.reshape(orders.shape), 2)


def _table(codes: Ints, part: Floats, whole: Floats) -> pa.Table:
    there = (part > 0) | (whole > 0)
    period, leaf = np.nonzero(there)
    return pa.table(
        {
            "period": period,
            **{DIMENSIONS[axis]: codes[leaf, axis].astype(str) for axis in range(codes.shape[1])},
            "part": part[period, leaf],
            "whole": whole[period, leaf],
        }
    )
