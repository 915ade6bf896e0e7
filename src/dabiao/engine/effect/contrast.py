"""Weights that make an effect out of figures: the mean of the treated periods, less their prediction."""

from dataclasses import dataclass

import numpy as np

from dabiao.engine.effect.course import Course, Piece, alike, piece, squared
from dabiao.engine.effect.panel import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Contrast:
    """For each treated unit, candidate x period: what its own figures count, before shared shocks are taken out.

    middle: midway between the prediction from everything and the one in which the last figure before the start
            says nothing about the level
    doubt:  the distance between the two
    """

    treated: Ints
    middle: Floats
    doubt: Floats

    def applied(self, weights: Floats, figures: Floats, shocks: Floats) -> Floats:
        """treated unit x candidate: the weights on figures without the shocks."""
        return np.asarray(
            np.einsum("nkt,nt->nk", weights, figures) - np.einsum("nkt,kt->nk", weights, shocks)
        )

    def own(self, course: Course) -> Floats:
        """treated unit x candidate: the variance of one's own effect, for figures of variance 1 and known shocks."""
        return squared(self.middle, course.correlation)

    def variances(self, course: Course, after: Bools) -> Floats:
        """unit x candidate: what each unit's chance adds to the variance of the mean effect, per variance of 1.

        Everybody's figures count through the shocks, those of the treated also on their own.
        """
        mean = self.middle.mean(axis=0)
        through = np.einsum("kst,kt->ks", course.inverse, mean)
        found = np.empty((len(course.known), len(mean)))
        place = np.full(len(course.known), -1)
        place[self.treated] = np.arange(len(self.treated))
        for units, row in alike(np.hstack([course.known, after])):
            known = row[: course.known.shape[1]]
            weights = -np.einsum(
                "kst,kt->ks", piece(known, course.design, course.correlation).residual, through
            )
            if place[units[0]] >= 0:
                weights += self.middle[place[units[0]]] / len(self.treated)
            found[units] = squared(weights[None], course.correlation)
        return found


def contrast(course: Course, after: Bools) -> Contrast:
    """after: unit x period, the treated figures that count."""
    treated = np.flatnonzero(after.any(axis=1))
    periods = after.shape[1]
    weights = np.empty((2, len(treated), len(course.correlation), periods))
    for units, row in alike(np.hstack([course.known[treated], after[treated]])):
        one = piece(row[:periods], course.design, course.correlation)
        weights[:, units] = np.stack(ahead(one, row[periods:]))[:, None]
    whole, conditioned = weights
    return Contrast(treated, (whole + conditioned) / 2, conditioned - whole)


def ahead(one: Piece, after: Bools) -> tuple[Floats, Floats]:
    """candidate x period: the mean of the periods `after` less their best linear prediction from the known ones.

    First with a level from all known figures, then with one from all but the last, given the last.
    """
    share = after / after.sum()
    carried = ((share @ one.correlation)[:, None] @ one.precision)[:, 0]
    terms = share @ one.design - carried @ one.design
    levels = (one.level, _level_given_the_last(one))
    whole, conditioned = (share - carried - np.einsum("kq,kqt->kt", terms, level) for level in levels)
    return whole, conditioned


def _level_given_the_last(one: Piece) -> Floats:
    """As `Piece.level`, the last known figure only conditioned on: blocks of the precision give it directly."""
    last = int(np.flatnonzero(one.known)[-1])
    early = one.known.copy()
    early[last] = False
    rows = one.precision[:, early]
    carry = -np.linalg.solve(rows[:, :, early], rows[:, :, [last]])
    terms = np.swapaxes(one.design[early] - carry * one.design[last], 1, 2)
    return np.asarray(np.linalg.solve(terms @ rows @ one.design, terms @ rows))
