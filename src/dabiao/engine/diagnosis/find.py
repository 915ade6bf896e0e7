"""What a period's gap comes from, and what went against it: the segments that stand out by themselves.

A fall in one place may hide behind a rise in another, and both are worth knowing. What went against the gap is
sought after what the causes explain is taken as expected.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dabiao.engine.diagnosis.cube import Cube
from dabiao.engine.diagnosis.search import Aim, Ranking, Settings, Shown, rank
from dabiao.engine.diagnosis.standout import Standing, standing_alone


@dataclass(frozen=True)
class Finding:
    """Segments by number.

    ranking: what the search says, whether it stands out or not
    causes:  those of its causes that stand out by themselves
    offsets: what moved against the gap by as much as a cause must move with it, and stands out as well
    """

    ranking: Ranking
    causes: list[int]
    offsets: list[int]


def find(cube: Cube, shown: Shown, standing: Standing, settings: Settings) -> Finding:
    aim = Aim(toward=float(np.sign(shown.gap)), least=settings.share * abs(shown.gap))
    ranking = rank(cube, shown, aim, settings)
    causes = standing_alone(cube, shown, ranking.causes, standing.beyond, settings) if standing.out else []
    return Finding(ranking, causes, _offsets(cube, shown, causes, aim, standing, settings))


def _offsets(
    cube: Cube, shown: Shown, causes: Sequence[int], aim: Aim, standing: Standing, settings: Settings
) -> list[int]:
    """Small beside the whole's own swing, a gap is no measure of what went against it."""
    if standing.against is None:
        return []
    explained = _explained(cube, shown, causes)
    swing = float(np.sqrt(np.maximum(shown.expected, 0.0).sum()))
    back = Aim(toward=-aim.toward, least=max(aim.least, swing))
    found = rank(cube, explained, back, settings).causes
    moved = [one for one in found if back.toward * _gap(cube, shown, one) >= back.least]
    return standing_alone(cube, explained, moved, standing.against, settings)


def _explained(cube: Cube, shown: Shown, causes: Sequence[int]) -> Shown:
    """What the causes cover is expected as it is."""
    expected = shown.expected
    for one in causes:
        expected = np.where(cube.cells.covered(cube.where(one)), np.maximum(shown.seen, 0.0), expected)
    return replace(shown, expected=expected)


def _gap(cube: Cube, shown: Shown, segment: int) -> float:
    inside = cube.cells.covered(cube.where(segment))
    return float((shown.seen - shown.expected)[inside].sum())
