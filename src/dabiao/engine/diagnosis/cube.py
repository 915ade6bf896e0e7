"""Every segment of the cells: all combinations of values of one, two or three dimensions."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dabiao.engine.diagnosis.cells import Cells, Floats, Ints, grouped

Where = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, eq=False)
class Cuboid:
    """One choice of dimensions: `group` numbers the leaves' segments, `first` is a leaf of each segment."""

    axes: tuple[int, ...]
    group: Ints
    first: Ints
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.first)

    def sums(self, values: Floats) -> Floats:
        return np.bincount(self.group, values, minlength=len(self.first)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Cube:
    """Segments numbered across cuboids; segment 0 is everything.

    depth[s]: how many conditions segment s has
    first_of[s]: the segment that says the same rows with fewest conditions (itself, unless it is longer-winded)
    """

    cells: Cells
    cuboids: tuple[Cuboid, ...]
    depth: Ints
    first_of: Ints

    def where(self, segment: int) -> Where:
        """The conditions of a segment, in the order of the dimensions."""
        cuboid = self._cuboid(segment)
        leaf = self.cells.codes[cuboid.first[segment - cuboid.start]]
        names, members = self.cells.dimensions, self.cells.members
        return tuple((names[axis], members[axis][leaf[axis]]) for axis in cuboid.axes)

    def number(self, where: Where) -> int:
        """The segment of these conditions, which must not be more than the cube is deep."""
        axes = tuple(sorted(self.cells.dimensions.index(name) for name, _ in where))
        cuboid = next(one for one in self.cuboids if one.axes == axes)
        return cuboid.start + int(cuboid.group[int(np.argmax(self.cells.covered(where)))])

    def sums(self, values: Floats) -> Floats:
        """What each segment's leaves sum to."""
        return np.concatenate([one.sums(values) for one in self.cuboids])

    def said_as_shortly(self, segment: int) -> list[int]:
        """The other segments of the same rows with as few conditions."""
        same = (self.first_of == self.first_of[segment]) & (self.depth == self.depth[segment])
        return [int(one) for one in np.flatnonzero(same) if one != segment]

    def alike(self, segment: int) -> int:
        """How many segments are made of the same dimensions."""
        return len(self._cuboid(segment).first)

    def _cuboid(self, segment: int) -> Cuboid:
        return next(one for one in self.cuboids if one.start <= segment < one.end)

    def in_full(self, where: Where) -> Where:
        """Everything that the rows of a segment have in common (its closure in formal concept analysis)."""
        codes = self.cells.codes[self.cells.covered(where)]
        same = np.flatnonzero((codes == codes[0]).all(axis=0))
        names, members = self.cells.dimensions, self.cells.members
        return tuple((names[axis], members[axis][codes[0, axis]]) for axis in same)


def build(cells: Cells, *, depth: int) -> Cube:
    """All cuboids of up to `depth` dimensions, coarse ones first."""
    cuboids: list[Cuboid] = []
    start = 0
    for layer in range(min(depth, len(cells.dimensions)) + 1):
        for axes in combinations(range(len(cells.dimensions)), layer):
            cuboids.append(_cuboid(cells, axes, start))
            start = cuboids[-1].end
    depths = np.concatenate([np.full(len(one.first), len(one.axes)) for one in cuboids])
    return Cube(cells=cells, cuboids=tuple(cuboids), depth=depths, first_of=_first_of(cells, cuboids))


def _cuboid(cells: Cells, axes: tuple[int, ...], start: int) -> Cuboid:
    if not axes:
        nothing = np.zeros(cells.leaves, dtype=np.int64)
        return Cuboid(axes=axes, group=nothing, first=np.zeros(1, dtype=np.int64), start=start)
    sizes = [len(cells.members[axis]) for axis in axes]
    group, first = grouped([cells.codes[:, axis] for axis in axes], sizes)
    return Cuboid(axes=axes, group=group, first=first, start=start)


def _first_of(cells: Cells, cuboids: list[Cuboid]) -> Ints:
    """Segments with the same leaves share a fingerprint: a sum of random numbers, added in leaf order."""
    marks = np.random.default_rng(0).random(cells.leaves)
    prints = np.concatenate([one.sums(marks) for one in cuboids])
    _, first, number = np.unique(prints, return_index=True, return_inverse=True)
    return first[number]
