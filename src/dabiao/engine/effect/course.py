"""What figures follow while nobody is treated: a level of each unit's own, shocks that all share, and chance.

Everything that is known without the measure counts, also the figures that later treated units had before
their start. Who is treated next is chosen by looking at the figures, so those who never are have been lucky;
compared with them alone every measure would look a little worse than it is. Left in until their start, the later
ones make the choice ignorable (missing at random; Rubin 1976), as in the imputation of what would have been
(Borusyak, Jaravel and Spiess 2024), here by generalised least squares because chance carries over.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.panel import Bools, Floats, Ints

RIDGE = 1e-9
"""Keeps the shocks solvable where some periods are joined to the others by nobody's figures."""


@dataclass(frozen=True, eq=False)
class Piece:
    """What units `known` in the same periods have in common; a leading axis for the candidate correlations.

    precision: the inverse correlation of the known periods, 0 elsewhere
    level:     term x period: weights that make the level's terms out of figures
    residual:  the precision once the level is taken out
    """

    known: Bools
    design: Floats
    correlation: Floats
    precision: Floats
    level: Floats
    residual: Floats

    @property
    def spread(self) -> Floats:
        """What one unit adds to the restricted likelihood beside its residuals."""
        information = self.design.T @ self.precision @ self.design
        within = np.linalg.slogdet(_within(self.known, self.correlation))[1]
        return np.asarray(within + np.linalg.slogdet(information)[1], np.float64)


def piece(known: Bools, design: Floats, correlation: Floats) -> Piece:
    """design: period x term, what a level may follow (a constant; for forecasts also trend and season)."""
    inverse = np.linalg.inv(_within(known, correlation))
    precision: Floats = np.asarray(inverse * np.outer(known, known), np.float64)
    terms = precision @ design
    information = design.T @ terms
    level: Floats = np.asarray(np.linalg.solve(information, np.swapaxes(terms, 1, 2)), np.float64)
    return Piece(known, design, correlation, precision, level, precision - terms @ level)


def _within(known: Bools, correlation: Floats) -> Floats:
    """The correlation of the known periods; the others stand apart from everything."""
    return np.where(np.outer(known, known), correlation, np.eye(len(known)))


@dataclass(frozen=True, eq=False)
class Course:
    """The fit of all untreated figures (0 where not `known`) under each candidate correlation.

    shocks:  candidate x period: what moved everybody, 0 throughout where that cannot be told
    inverse: candidate x period x period: their covariance for a variance of 1
    squares: weighted residuals; `spread` the rest of the restricted likelihood; `freedom` the residuals' number
    """

    figures: Floats
    known: Bools
    design: Floats
    correlation: Floats
    shocks: Floats
    inverse: Floats
    squares: Floats
    spread: Floats
    freedom: int

    def pieces(self) -> Iterator[tuple[Ints, Piece]]:
        """Units that are known in the same periods, and their piece."""
        for units, known in alike(self.known):
            yield units, piece(known, self.design, self.correlation)


def course(
    values: Floats, known: Bools, design: Floats, correlation: Floats, *, common: bool = True
) -> Course:
    """Fit levels and, where `common`, shocks to what is `known`: unit x period, untreated and seen."""
    figures = np.where(known, values, 0.0)
    candidates, periods = correlation.shape[:2]
    information, moved = np.zeros_like(correlation), np.zeros((candidates, periods))
    squares, spread = np.zeros(candidates), np.zeros(candidates)
    for units, seen in alike(known):
        one, own = piece(seen, design, correlation), figures[units]
        information += len(units) * one.residual
        moved += one.residual @ own.sum(axis=0)
        squares += np.einsum("kst,st->k", one.residual, own.T @ own)
        spread += len(units) * one.spread
    freedom = int(known.sum()) - len(known) * design.shape[1]
    shocks, inverse = np.zeros_like(moved), np.zeros_like(information)
    if common:
        shared = known.any(axis=0)
        inside, most = np.outer(shared, shared), float(len(known))
        whole = inside * (information + most / shared.sum()) + np.diag(np.where(shared, RIDGE * most, 1.0))
        inverse = np.linalg.inv(whole) * inside
        shocks = np.einsum("kst,kt->ks", inverse, moved)
        squares = squares - np.einsum("kt,kt->k", shocks, moved)
        spread = spread + np.linalg.slogdet(whole)[1]
        freedom -= int(shared.sum()) - 1
    return Course(figures, known, design, correlation, shocks, inverse, squares, spread, freedom)


def alike(rows: Bools) -> Iterator[tuple[Ints, Bools]]:
    """Places of equal rows, and the row."""
    kinds: dict[bytes, list[int]] = {}
    for place, row in enumerate(rows):
        kinds.setdefault(row.tobytes(), []).append(place)
    for places in kinds.values():
        yield np.array(places), rows[places[0]]


def squared(rows: Floats, by: Floats) -> Floats:
    """unit x candidate: rows (unit x candidate x period) squared under each candidate's matrix."""
    each = np.swapaxes(rows, 0, 1)
    return np.asarray(((each @ by) * each).sum(axis=2).T)
