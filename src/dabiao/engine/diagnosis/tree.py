"""A gap as a tree: split along the dimension that tells most, then each large branch again."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from dabiao.engine.diagnosis.cells import Cells, Ints, Mask
from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Kind, apportioned
from dabiao.engine.diagnosis.expectation import UNIT, Expectation
from dabiao.engine.number import MONEY_SCALE, RATE_SCALE, decimal_of

OTHERS = "others"


@dataclass(frozen=True)
class Node:
    """A branch: `where` is its last condition, empty at the top and for the others of a split.

    Children sum to their parent exactly, and the top is the gap.
    """

    name: str
    where: Where
    contribution: Decimal
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, eq=False)
class _Soil:
    """What each leaf adds to the gap, as an exact fraction over one common denominator."""

    cells: Cells
    units: list[int]
    denominator: int
    expected: Ints
    digits: int
    breadth: int


def grow(cells: Cells, expectation: Expectation, kind: Kind, *, depth: int = 3, breadth: int = 4) -> Node:
    """The tree of a gap, at most `depth` splits deep and `breadth` named branches wide.

    A leaf adds to a ratio's gap a1/B1 - a0/B0 - R0 (b1/B1 - b0/B0): its rate and its mix together. The split
    taken is the one whose largest branches carry most beyond their expected share (surprise and explanatory
    power in one, after Adtributor). A ratio must have a whole on both sides.

    A missing value is no place: it stands last, and a dimension of which it carries most is split by only where
    every other one says as little. What adds nothing is no branch.
    """
    units, denominator = _leaf_units(cells, expectation, kind)
    digits = RATE_SCALE if kind == "ratio" else MONEY_SCALE
    soil = _Soil(cells, units, denominator, expectation.part, digits, breadth)
    everything = np.ones(cells.leaves, dtype=bool)
    total = decimal_of(Fraction(sum(units), denominator), digits)
    return Node("", (), total, _split(soil, everything, total, tuple(range(len(cells.dimensions))), depth))


def _leaf_units(cells: Cells, expectation: Expectation, kind: Kind) -> tuple[list[int], int]:
    part, whole = ([int(one) for one in side] for side in cells.exact)
    was_part, was_whole = ([int(one) for one in side] for side in (expectation.part, expectation.whole))
    if kind != "ratio":
        return [now - then for now, then in zip(part, was_part, strict=True)], UNIT
    total, was_total, was_sum = sum(whole), sum(was_whole), sum(was_part)
    units = [
        a1 * was_total**2 - a0 * total * was_total - was_sum * (b1 * was_total - b0 * total)
        for a1, a0, b1, b0 in zip(part, was_part, whole, was_whole, strict=True)
    ]
    return units, total * was_total**2


def _split(soil: _Soil, mine: Mask, total: Decimal, axes: tuple[int, ...], depth: int) -> tuple[Node, ...]:
    if not depth or not total:
        return ()
    splits = [(axis, _branches(soil, mine, axis)) for axis in axes]
    telling = [(axis, branches) for axis, branches in splits if len(branches) > 1]
    if not telling:
        return ()
    placed = [split for split in telling if not _is_mostly_missing(soil, *split)]
    axis, branches = max(placed or telling, key=lambda split: _told(soil, mine, *split))
    left = tuple(one for one in axes if one != axis)
    moved = [branch for branch in branches if branch[1]]
    named, rest = moved[: soil.breadth], moved[soil.breadth :]
    named.sort(key=lambda branch: not soil.cells.members[axis][branch[0]])
    ideals = [worth for _, worth in named] + (
        [sum((worth for _, worth in rest), Fraction(0))] if rest else []
    )
    cut = apportioned(ideals, total, soil.digits)
    nodes = []
    for (code, _), contribution in zip(named, cut, strict=False):
        inside = mine & (soil.cells.codes[:, axis] == code)
        member = soil.cells.members[axis][code]
        where: Where = ((soil.cells.dimensions[axis], member),)
        nodes.append(
            Node(member or "", where, contribution, _split(soil, inside, contribution, left, depth - 1))
        )
    return (*nodes, Node(OTHERS, (), cut[-1])) if rest else tuple(nodes)


def _branches(soil: _Soil, mine: Mask, axis: int) -> list[tuple[int, Fraction]]:
    """Members and what they add, the largest in the direction of the whole branch first."""
    sums: dict[int, int] = {}
    for place in np.flatnonzero(mine).tolist():
        code = int(soil.cells.codes[place, axis])
        sums[code] = sums.get(code, 0) + soil.units[place]
    sign = -1 if sum(sums.values()) < 0 else 1
    ordered = sorted(sums.items(), key=lambda branch: (-sign * branch[1], branch[0]))
    return [(code, Fraction(units, soil.denominator)) for code, units in ordered]


def _is_mostly_missing(soil: _Soil, axis: int, branches: list[tuple[int, Fraction]]) -> bool:
    """Whether what has no value of the dimension moves more than all of its members together."""
    moved = sum((abs(worth) for _, worth in branches), Fraction(0))
    missing = sum((abs(worth) for code, worth in branches if not soil.cells.members[axis][code]), Fraction(0))
    return 2 * missing > moved


def _told(soil: _Soil, mine: Mask, axis: int, branches: list[tuple[int, Fraction]]) -> float:
    """How much more than its expected share of it all the first member carries, as a part of all movement."""
    code, worth = next(branch for branch in branches if soil.cells.members[axis][branch[0]])
    inside = mine & (soil.cells.codes[:, axis] == code)
    usual = float(soil.expected[inside].sum()) / (float(soil.expected[mine].sum()) or 1.0)
    moved = float(sum(abs(one) for _, one in branches)) or 1.0
    whole = float(sum((one for _, one in branches), Fraction(0)))
    return abs(float(worth) - whole * usual) / moved
