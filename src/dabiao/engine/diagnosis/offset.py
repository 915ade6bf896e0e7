"""What went against the gap: a fall in one place may hide behind a rise in another, and both are worth knowing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dabiao.engine.diagnosis.cube import Cube
from dabiao.engine.diagnosis.search import Aim, Settings, Shown, rank
from dabiao.engine.diagnosis.standout import Standing, standing_alone


def offsets(
    cube: Cube, shown: Shown, causes: Sequence[int], aim: Aim, standing: Standing, settings: Settings
) -> list[int]:
    """Segments that moved against the gap by as much as a cause must move with it, and stand out by themselves.

    They are sought after what the causes explain is taken as expected; how far out they must lie, earlier
    periods tell, each against its own gap.
    """
    if standing.against is None:
        return []
    explained = _explained(cube, shown, causes)
    back = Aim(toward=-aim.toward, least=aim.least)
    found = rank(cube, explained, back, settings).causes
    moved = [one for one in found if back.toward * _gap(cube, shown, one) >= back.least]
    return standing_alone(cube, explained, moved, standing.against, settings)


def _explained(cube: Cube, shown: Shown, causes: Sequence[int]) -> Shown:
    expected = shown.expected
    for one in causes:
        expected = np.where(cube.cells.covered(cube.where(one)), np.maximum(shown.seen, 0.0), expected)
    return replace(shown, expected=expected)


def _gap(cube: Cube, shown: Shown, segment: int) -> float:
    inside = cube.cells.covered(cube.where(segment))
    return float((shown.seen - shown.expected)[inside].sum())
