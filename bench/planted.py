"""Incidents planted into real ordinary minutes: real dimensions, sizes and noise, and a cause that is known for certain.

A case's minutes before its incident are an ordinary history. One segment of the last of them (now and then two)
is made to fail, each leaf at a rate of its own. Nothing here knows how the search works, and nobody's label is
in doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
import pyarrow as pa

from bench.incidents import Draw, Floats, Incident

LEAST_EVENTS = 30
Segment = dict[str, str]


@dataclass(frozen=True)
class Ordinary:
    """A case up to the eve of its incident. now: the last minute, one row a leaf."""

    before: pl.DataFrame
    now: pl.DataFrame
    dimensions: tuple[str, ...]
    at: int

    def inside(self, segment: Segment) -> np.ndarray:
        return np.logical_and.reduce(
            [(self.now[name] == value).to_numpy() for name, value in segment.items()]
        )


def ordinary(table: pa.Table, dimensions: Sequence[str], incident_at: int) -> Ordinary:
    known = (
        pl.from_arrow(table)
        .filter(pl.col("period") < incident_at)
        .with_columns(pl.col(*dimensions).cast(pl.String), pl.col("part", "whole").cast(pl.Float64))
        .group_by("period", *dimensions)
        .agg(pl.sum("part", "whole"))
        .sort("period", *dimensions)
    )
    at = known["period"].max()
    return Ordinary(
        known.filter(pl.col("period") < at), known.filter(pl.col("period") == at), tuple(dimensions), at
    )


def planted(seed: int, backgrounds: Sequence[Ordinary]) -> Incident:
    """The same incident for the same seed and backgrounds."""
    draw = np.random.default_rng([20_261_123, seed])
    while (found := _drawn(draw, backgrounds[draw.integers(len(backgrounds))])) is None:
        pass
    return found


def _drawn(draw: Draw, one: Ordinary) -> Incident | None:
    """An incident; None where what was planted is too small, or could be said in another way."""
    whole, part = one.now["whole"].to_numpy(), one.now["part"].to_numpy()
    segments = [_segment(draw, one, whole) for _ in range(1 if draw.random() < 0.93 else 2)]
    masks = [one.inside(segment) for segment in segments]
    if any(not 0.03 <= whole[mask].sum() / whole.sum() <= 0.9 for mask in masks):
        return None
    if np.sum(masks, axis=0).max() > 1 or any(_said_otherwise(one, whole, segment) for segment in segments):
        return None
    failed = part + sum(_failures(draw, whole - part, mask) for mask in masks)
    gap = failed.sum() - part.sum()
    if gap < max(LEAST_EVENTS, part.sum() / 2) or any(
        (failed - part)[mask].sum() < 0.12 * gap for mask in masks
    ):
        return None
    shown = pl.concat([one.before, one.now.with_columns(part=pl.Series(failed))])
    causes = tuple(frozenset(segment.items()) for segment in segments)
    return Incident(shown.to_arrow(), one.dimensions, one.at, "ratio", causes)


def _segment(draw: Draw, one: Ordinary, whole: Floats) -> Segment:
    """One to three conditions that hold for somebody: larger leaves more often."""
    depth = draw.choice([1, 2, 3], p=[0.5, 0.38, 0.12])
    leaf = one.now.row(int(draw.choice(len(whole), p=whole / whole.sum())), named=True)
    names = draw.choice(one.dimensions, size=int(depth), replace=False)
    return {str(name): leaf[name] for name in names}


def _failures(draw: Draw, sound: Floats, mask: np.ndarray) -> Floats:
    """How many of the sound ones fail, each leaf at its own rate around a common one of 6 to 50 %."""
    rate, alike = np.exp(draw.uniform(np.log([0.06, 2.0]), np.log([0.5, 60.0])))
    rates = draw.beta(rate * alike, (1 - rate) * alike, len(sound))
    return np.where(mask, draw.binomial(np.maximum(sound, 0).astype(np.int64), rates), 0)


def _said_otherwise(one: Ordinary, whole: Floats, segment: Segment) -> bool:
    """Whether a shorter or as short description covers nearly the same: then nobody could tell which was meant."""
    inside = one.inside(segment)
    shorter = [dict(some) for kept in range(1, len(segment)) for some in combinations(segment.items(), kept)]
    single = [
        {name: value}
        for name in one.dimensions
        for value in one.now.filter(pl.Series(inside))[name].unique()
        if {name: value} != segment
    ]
    others = (one.inside(other) for other in [*shorter, *single])
    return any(whole[inside & other].sum() > 0.9 * whole[inside | other].sum() for other in others)
