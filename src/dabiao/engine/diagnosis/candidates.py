"""What is worth a look, best first: five descriptions where five exist, each with whether chance could do as much."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dabiao.engine.diagnosis.cube import Cube, Where
from dabiao.engine.diagnosis.find import Finding
from dabiao.engine.diagnosis.search import Ranking, Settings, Shown
from dabiao.engine.diagnosis.standout import Standing, standing_alone

FEWEST = 5

Said = dict[Where, int]
"""Descriptions, best first, and for each the number of a segment that has just its rows."""


@dataclass(frozen=True)
class Candidate:
    """A description of some rows.

    stands_out: a cause has just these rows, or they gain by themselves more than chance would; where they do not, it
                is a place to look first and no more
    """

    where: Where
    stands_out: bool


def candidates(
    cube: Cube, shown: Shown, found: Finding, standing: Standing, settings: Settings
) -> tuple[Candidate, ...]:
    """All that is worth a look, and at least five where the cells have five descriptions.

    Whoever asks where to look first gets an answer even if nothing stands out; that it does not is a mark.
    """
    said = _said(cube, found.ranking)
    if len(said) < FEWEST:
        said = dict([*said.items(), *_all(cube, shown, found.ranking, leave=said)][:FEWEST])
    causes = {int(cube.first_of[one]) for one in found.causes}

    def stands_out(segment: int) -> bool:
        if int(cube.first_of[segment]) in causes:
            return True
        return standing.out and bool(standing_alone(cube, shown, [segment], standing.beyond, settings))

    return tuple(Candidate(where, stands_out(segment)) for where, segment in said.items())


def _said(cube: Cube, ranking: Ranking) -> Said:
    """The causes and what says the same rows as shortly, the best single segment, …

    Nobody can tell descriptions of the same rows apart, so all equally short ones are named. Likelihood alone may be
    too narrow: what the first is a part of comes before weaker candidates.
    """
    best = () if ranking.best is None else (ranking.best,)
    first = (*ranking.causes, *best)
    said: Said = {}

    def say(*segments: int) -> None:
        for one in segments:
            said.setdefault(cube.where(one), one)

    say(*ranking.causes)
    say(*(same for one in first for same in cube.said_as_shortly(one)))
    say(*best)
    for one in best:
        said.setdefault(cube.in_full(cube.where(one)), one)
    say(*ranking.others[:1], *(_coarser(cube, first[0]) if first else ()), *ranking.others[1:])
    said.pop((), None)
    return said


def _coarser(cube: Cube, segment: int) -> Iterator[int]:
    """The same with conditions left out, the nearest first."""
    where = cube.where(segment)
    for kept in range(len(where) - 1, 0, -1):
        yield from (cube.number(fewer) for fewer in combinations(where, kept))


def _all(cube: Cube, shown: Shown, ranking: Ranking, *, leave: Said) -> Iterator[tuple[Where, int]]:
    """Every other segment: by what it gains, then by what it has of the gap; of the same rows the shorter first."""
    toward = float(np.sign(shown.gap))
    carried = toward * ranking.alone.gap if toward else np.abs(ranking.alone.gap)
    numbers = np.arange(len(carried))
    gains = np.where(carried > 0, ranking.alone.score, 0.0)
    for one in np.lexsort((numbers, cube.depth, -carried, -gains, cube.first_of != numbers)):
        where = cube.where(int(one))
        if where and where not in leave:
            yield where, int(one)
