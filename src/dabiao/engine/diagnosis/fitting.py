"""One set of cells under several sets of figures at once: what units were promised, and what product lines were.

Iterative proportional fitting (Deming and Stephan 1940): the cells keep the proportions of the usual level and are scaled
to each set of figures in turn until all of them hold.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dabiao.engine.diagnosis.cells import Floats, Ints

ROUNDS: Final = 500
CLOSE: Final = 1e-12
"""The fit ends where no figure is off by more than this share of the total."""
FAINT: Final = 1e-6
"""What a cell with no usual level weighs, of the average cell: it takes something only where no other can."""


@dataclass(frozen=True, eq=False)
class Margin:
    """One set of figures. row_of: per leaf, which figure it belongs to. figures: int64 units, with the sum of all sets."""

    row_of: Ints
    figures: Ints

    def sums(self, values: Floats) -> Floats:
        found: Floats = np.bincount(self.row_of, values, minlength=len(self.figures)).astype(np.float64)
        return found


def fitted(usual: Floats, margins: Sequence[Margin]) -> tuple[Floats, float]:
    """Per leaf what all margins say together, nearest to the usual proportions; and how far off the worst figure is.

    The first margin holds in any case. A figure below zero, what was promised beyond the whole, is shared out in the
    proportion of the other margins and set apart: proportional fitting is for what is above zero.
    """
    fixed, free = _below_zero(margins, len(usual))
    seed = np.maximum(usual, 0.0)
    cells = (seed + FAINT * (float(seed.mean()) or 1.0)) * free
    left = [np.maximum(each.figures - each.sums(fixed), 0.0) for each in margins]
    enough = CLOSE * max(float(np.abs(margins[0].figures).sum()), 1.0)
    off = np.inf
    for _ in range(ROUNDS):
        for margin, due in reversed(list(zip(margins, left, strict=True))):
            now = margin.sums(cells)
            cells = cells * np.where(now > 0, due / np.where(now > 0, now, 1.0), 0.0)[margin.row_of]
        off = max(
            float(np.abs(each.sums(cells) - due).max()) for each, due in zip(margins, left, strict=True)
        )
        if off <= enough:
            break
    return cells + fixed, off


def _below_zero(margins: Sequence[Margin], leaves: int) -> tuple[Floats, Floats]:
    """What leaves of figures below zero get, and 1 for every other leaf."""
    fixed, free = np.zeros(leaves), np.ones(leaves)
    for place, margin in enumerate(margins):
        weight = np.ones(leaves)
        for other in (*margins[:place], *margins[place + 1 :]):
            weight = weight * np.maximum(other.figures[other.row_of], 0)
        for row in np.flatnonzero(margin.figures < 0):
            inside = margin.row_of == row
            mine = weight * inside if (weight * inside).any() else inside.astype(float)
            fixed += margin.figures[row] * mine / max(float(mine.sum()), 1.0)
            free[inside] = 0.0
    return fixed, free


def evened(units: Ints, margins: Sequence[Margin]) -> Ints:
    """Whole units, cut so that the first margin holds, moved until the others hold too, where cells allow it.

    A unit moves between two leaves that differ in one margin only, so that what holds already goes on to hold.
    """
    units = units.copy()
    for place, margin in enumerate(margins[1:], start=1):
        off = np.zeros(len(margin.figures), dtype=np.int64)
        np.add.at(off, margin.row_of, units)
        off -= margin.figures
        others = [each.row_of for at, each in enumerate(margins) if at != place]
        alike: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for leaf, (row, *key) in enumerate(np.stack([margin.row_of, *others], axis=1).tolist()):
            alike[tuple(key)].setdefault(row, leaf)
        for rows in alike.values():
            for giver, receiver in ((one, two) for one in rows for two in rows):
                moved = max(min(int(off[giver]), -int(off[receiver])), 0)
                units[rows[giver]] -= moved
                units[rows[receiver]] += moved
                off[giver] -= moved
                off[receiver] += moved
    return units
