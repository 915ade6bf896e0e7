"""Why a number is off: the gap, the segments it comes from, and how sure one can be that they stand out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa

from dabiao.engine.diagnosis.baseline import Baseline, of_history
from dabiao.engine.diagnosis.candidates import Candidate, candidates
from dabiao.engine.diagnosis.cells import Cells, lay_out
from dabiao.engine.diagnosis.cube import Cube, Where, build
from dabiao.engine.diagnosis.decompose import Contribution, Decomposition, Kind, decompose
from dabiao.engine.diagnosis.expectation import Expectation, Margins, Named, Shares, expect
from dabiao.engine.diagnosis.find import Finding, find
from dabiao.engine.diagnosis.place import Place, place
from dabiao.engine.diagnosis.presence import present
from dabiao.engine.diagnosis.search import Settings, Shown
from dabiao.engine.diagnosis.standout import Standing, View, standing
from dabiao.engine.diagnosis.steps import STAFFING, members, named, steps
from dabiao.engine.diagnosis.tree import Node, grow
from dabiao.engine.diagnosis.view import against_before, against_named, against_usual


@dataclass(frozen=True, eq=False)
class Before:
    """Figures of the period before, by all dimensions. They are partly chance, which a target is not."""

    figures: pa.Table


@dataclass(frozen=True)
class Cause:
    """A segment that the gap comes from.

    name:    how `steps` calls it
    where:   its conditions, as few as say it
    in_full: everything its rows have in common
    """

    name: str
    where: Where
    in_full: Where


@dataclass(frozen=True)
class Explanation:
    """The answer as data; `sentence`, `waterfall` and `tree` turn it into words and pictures.

    causes:    what explains the gap together, most important first; empty if nothing stands out
    offsets:   what went against the gap and stands out too: without it the gap would be larger
    ranked:    every description worth a look, best first, and whether it stands out; see `candidates`
    alone:     what each of these would contribute by itself, in their order; they may overlap, so it sums to nothing
    steps:     the gap over the staffing (where that is known and changed something), the causes, the offsets and
               the rest, exact
    by:        the gap over the members of each dimension, exact
    tree:      the gap split along the dimensions that tell most, exact
    standing:  how far the best finding lies outside what the metric does by itself
    early:     the period has only just begun: nobody can say yet what stands out, so that there are neither causes,
               offsets, marks nor a place
    place:     without causes and staffing, the part that has most of the gap though chance could do as much; None: it is spread evenly
    """

    kind: Kind
    causes: tuple[Cause, ...]
    offsets: tuple[Cause, ...]
    ranked: tuple[Candidate, ...]
    alone: tuple[Contribution, ...]
    steps: Decomposition
    by: dict[str, Decomposition]
    tree: Node
    standing: Standing
    place: Place | None = None
    early: bool = False

    @property
    def gap(self) -> Decimal:
        return self.steps.gap

    @property
    def staffing(self) -> Decimal:
        """What people who came, left or were away changed; 0 where nobody tells."""
        first = self.steps.contributions[0]
        return first.total if first.member.name == STAFFING else Decimal(0)

    @property
    def apart(self) -> tuple[Contribution, ...]:
        """The steps after staffing: one for each cause, one for each offset, and the rest."""
        return self.steps.contributions[1 if self.staffing else 0 :]


def explain(
    table: pa.Table,
    dimensions: Sequence[str],
    *,
    at: object,
    kind: Kind = "sum",
    expected: Named | Before | None = None,
    staff: pa.Table | None = None,
    settings: Settings | None = None,
) -> Explanation:
    """Explain the gap between period `at` and what was expected of it.

    table:    period (sortable), part, whole (unless `kind` is "sum"), one text column per dimension; the rows
              before `at` are the history that says what is usual and how much it wobbles
    expected: part (and whole) in total or broken down by some of the dimensions: a target, a forecast, as
              `Shares` those of groups that no dimension tells apart, as `Margins` several of these, or, as `Before`, the period before; by default the baseline of the history
    staff:    who was there when, as `presence.present` takes it; without it that is guessed from the figures

    Raises CannotExplain when a column or the period is missing, NoRatio when a ratio has no whole.
    """
    settings = settings or Settings()
    cells = present(lay_out(table, dimensions, at=at, ratio=kind != "sum"), staff)
    searched = cells if kind == "ratio" else replace(cells, whole=None)
    baseline = of_history(searched)
    figures = expected.figures if isinstance(expected, Before) else expected
    expectation = expect(cells, baseline, figures)
    cube = build(searched, depth=settings.depth)
    shown, view = _viewed(searched, baseline, expectation, expected)
    stands = standing(searched, shown, settings, view, heavy=baseline.grain != 1)
    found = find(cube, shown, stands, settings)
    early = settings.early
    causes, against = ([], []) if early else _directed(cells, expectation, kind, cube, found)
    by = {name: decompose(members(cells, expectation, axis), kind) for axis, name in enumerate(dimensions)}
    tree = grow(cells, expectation, kind)
    ranked = candidates(cube, shown, found, stands, settings)
    if early:
        ranked = tuple(replace(one, stands_out=False) for one in ranked)
    return Explanation(
        kind=kind,
        causes=tuple(_cause(cube, where) for where in causes),
        offsets=tuple(_cause(cube, where) for where in against),
        ranked=ranked,
        alone=tuple(_alone(cells, expectation, kind, one.where) for one in ranked),
        steps=decompose(steps(cells, expectation, [*causes, *against]), kind),
        by=by,
        tree=tree,
        standing=stands,
        place=None if causes or expectation.staffing or early else place(tree, by, stands.chance),
        early=early,
    )


def _viewed(
    cells: Cells, baseline: Baseline, expectation: Expectation, expected: Named | Before | None
) -> tuple[Shown, View]:
    """The last period as the scan sees it, and how earlier ones are looked at to judge it."""
    if expected is None:
        return against_usual(cells, baseline), against_usual
    if isinstance(expected, Before):
        if len(cells.part) > 1:
            return against_before(cells, baseline), against_before
        return against_named(cells, baseline, expectation, in_total=False), against_usual
    in_total = not isinstance(expected, Shares | Margins) and not set(expected.column_names) & set(
        cells.dimensions
    )
    return against_named(cells, baseline, expectation, in_total=in_total), against_usual


def _directed(
    cells: Cells, expectation: Expectation, kind: Kind, cube: Cube, found: Finding
) -> tuple[list[Where], list[Where]]:
    """Causes that brought the gap, and offsets that went against it, by the exact figures too.

    The scan looks at rates on today's exposure; with what moved between parts a segment's whole contribution can
    go the other way, and then it says nothing of this gap.
    """
    total = decompose(steps(cells, expectation, ()), kind)
    way = total.contributions[-1].total

    def brought(segment: int) -> Decimal:
        return _alone(cells, expectation, kind, cube.where(segment)).total * way

    return (
        [cube.where(one) for one in found.causes if brought(one) > 0],
        [cube.where(one) for one in found.offsets if brought(one) < 0],
    )


def _alone(cells: Cells, expectation: Expectation, kind: Kind, where: Where) -> Contribution:
    """What a segment contributes if nothing else is told apart."""
    return decompose(steps(cells, expectation, [where]), kind).contributions[-2]


def _cause(cube: Cube, where: Where) -> Cause:
    return Cause(name=named(where), where=where, in_full=cube.in_full(where))
