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
    spread:    their part of the restricted likelihood
    """

    known: Bools
    design: Floats
    correlation: Floats
    precision: Floats
    level: Floats
    residual: Floats
    spread: Floats


def piece(known: Bools, design: Floats, correlation: Floats) -> Piece:
    """design: period x term, what a level may follow (a constant; for forecasts also trend and season)."""
    both = np.outer(known, known)
    within = np.where(both, correlation, np.eye(len(known)))
    precision = np.linalg.inv(within) * both
    terms = precision @ design
    information = design.T @ terms
    level: Floats = np.asarray(np.linalg.solve(information, np.swapaxes(terms, 1, 2)), np.float64)
    spread = np.asarray(np.linalg.slogdet(within)[1] + np.linalg.slogdet(information)[1], np.float64)
    return Piece(known, design, correlation, precision, level, precision - terms @ level, spread)


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
    kinds, kind = np.unique(rows, axis=0, return_inverse=True)
    for place, row in enumerate(kinds):
        yield np.flatnonzero(kind.ravel() == place), row
