"""The calibration itself: market ∩ capacity ∩ resources, a range by simulation, and what binds (S2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from math import floor
from typing import Final, Literal

import numpy as np

from dabiao.engine.allocation.axis import Floats
from dabiao.engine.calibration.assumption import EXACT, Assumption, N, Reading
from dabiao.engine.calibration.capacity import Joiners, Team, Uplift, capacity
from dabiao.engine.calibration.market import Event, Segment, headroom
from dabiao.engine.calibration.resources import Channel, Tool, affordable
from dabiao.engine.message import Objection, message
from dabiao.engine.number import rounded
from dabiao.engine.period import Period

Constraint = Literal["market", "capacity", "resources"]

CONSTRAINTS: Final[tuple[Constraint, ...]] = ("market", "capacity", "resources")
RUNS: Final = 10_000


class NothingKnown(Objection):
    """A calibration without any of its three sides."""


@dataclass(frozen=True)
class Case:
    """Everything a calibration rests on. A side that is left empty is not known and does not bind."""

    period: Period
    segments: tuple[Segment, ...] = ()
    events: tuple[Event, ...] = ()
    teams: tuple[Team, ...] = ()
    joiners: tuple[Joiners, ...] = ()
    uplifts: tuple[Uplift, ...] = ()
    channels: tuple[Channel, ...] = ()
    kept: Assumption | None = None
    tools: tuple[Tool, ...] = ()

    def assumptions(self) -> tuple[Assumption, ...]:
        """Every assumption once, by key."""
        found: dict[str, Assumption] = {} if self.kept is None else {self.kept.key: self.kept}
        for group in (
            self.segments,
            self.events,
            self.teams,
            self.joiners,
            self.uplifts,
            self.channels,
            self.tools,
        ):
            for part in group:
                held = (getattr(part, field.name) for field in fields(part))
                found |= {one.key: one for one in held if isinstance(one, Assumption)}
        return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True)
class Side:
    """One side of the calibration: what it allows at the stated assumptions, and how often it binds."""

    constraint: Constraint
    amount: Decimal
    binds: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """What came of a case.

    expected: the least of the sides at the stated assumptions. outcomes: the simulated least, sorted.
    """

    sides: tuple[Side, ...]
    unknown: tuple[Constraint, ...]
    expected: Decimal
    binding: Constraint
    outcomes: Floats

    def probability(self, target: Decimal) -> float:
        """How likely the target is reached: the share of simulated outcomes that are at least as high."""
        return float(np.mean(self.outcomes >= float(target)))

    def at_probability(self, share: float) -> Decimal:
        """The amount that is reached with at least this probability, down to two decimals: 0.8 is cautious, 0.2 daring."""
        place = min(int((1 - share) * len(self.outcomes)), len(self.outcomes) - 1)
        return Decimal(floor(self.outcomes[place] * 100)).scaleb(-2)


def calibrate(case: Case, *, seed: int, runs: int = RUNS) -> Calibration:
    """Calculate the sides exactly at the stated assumptions and `runs` times at drawn ones.

    Each assumption is drawn from a triangle over low, value, high, by its key, so that the order of the case
    does not matter; the same seed gives the same answer. Amounts are rounded to two decimals at the end.
    Raises NothingKnown where all three sides are empty.
    """
    stated = _sides(case, EXACT)
    if not stated:
        raise NothingKnown(message("give at least one of market segments, teams or channels"))
    drawn = _drawn(case.assumptions(), seed, runs)
    simulated = _sides(
        case, Reading[Floats](lambda one: drawn[one.key], lambda part: np.full(runs, float(part)))
    )
    names = tuple(stated)
    table = np.stack([simulated[name] for name in names])
    binds = np.bincount(table.argmin(axis=0), minlength=len(names)) / runs
    sides = tuple(
        Side(name, rounded(Decimal(stated[name].numerator) / stated[name].denominator, 2), float(often))
        for name, often in zip(names, binds, strict=True)
    )
    least = min(sides, key=lambda side: side.amount)
    unknown = tuple(name for name in CONSTRAINTS if name not in stated)
    return Calibration(sides, unknown, least.amount, least.constraint, np.sort(table.min(axis=0)))


def _sides(case: Case, read: Reading[N]) -> dict[Constraint, N]:
    """The sides that are known, in a fixed order, which also decides ties."""
    found: dict[Constraint, N] = {}
    if case.segments:
        found["market"] = headroom(case.segments, case.events, case.period, read)
    if case.teams:
        found["capacity"] = capacity(case.teams, case.joiners, case.uplifts, case.period, read)
    if case.channels or case.kept:
        found["resources"] = affordable(case.channels, case.kept, case.tools, case.period, read)
    return found


def _drawn(assumptions: Iterable[Assumption], seed: int, runs: int) -> Mapping[str, Floats]:
    """`runs` values of each assumption: its own stream of random numbers, named by its key."""
    return {one.key: _triangle(one, seed, runs) for one in assumptions}


def _triangle(one: Assumption, seed: int, runs: int) -> Floats:
    if one.low == one.high:
        return np.full(runs, float(one.value))
    random = np.random.default_rng([seed, *one.key.encode()])
    return random.triangular(float(one.low), float(one.value), float(one.high), runs)
