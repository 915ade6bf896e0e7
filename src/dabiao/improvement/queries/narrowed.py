"""What product lines, channels … were promised: targets narrowed to members of a dimension, beside those of units.

A dimension counts where its members' targets sum to the scope's, or where those of some leave something for the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Final

import numpy as np
import pyarrow as pa

from dabiao.engine.diagnosis import Margins, Shares
from dabiao.engine.diagnosis.cells import Ints, minor
from dabiao.engine.diagnosis.decompose import apportioned
from dabiao.engine.diagnosis.fitting import Margin, fitted
from dabiao.engine.number import MONEY_SCALE
from dabiao.improvement.queries.cells import AMOUNT, MOST
from dabiao.improvement.queries.owed import ROUNDED, Uneven, with_nothing
from dabiao.metrics.attainment import targets_along
from dabiao.metrics.frame import Frame
from dabiao.metrics.splits import NARROWING

Member = str | None
Part = tuple[Member, ...]
FITS: Final = 1e-6
"""Figures that can be off by no more than this share of the total are taken to agree."""


@dataclass(frozen=True)
class Narrowed:
    """The targets of a dimension's members; what they leave is owed by all other members together."""

    dimension: str
    targets: Mapping[str, Decimal]
    left: Decimal


def narrowed(
    frame: Frame, key: str, target: Decimal, cells: pa.Table, dimensions: Sequence[str]
) -> tuple[list[Narrowed], list[Uneven]]:
    """The dimensions along which the target is known, and those whose targets contradict it: these are not used."""
    known, uneven = list[Narrowed](), list[Uneven]()
    for name in (each for each in dimensions if each in NARROWING):
        found = targets_along(frame, key, name)
        own = {member: held.value for member, held in found.items() if member and held.value is not None}
        if not own or min(own.values()) < 0:
            continue
        left = target - sum(own.values(), Decimal(0))
        others = set(cells[name].to_pylist()) - set(own)
        if abs(left) <= ROUNDED * (len(own) + 1):
            known.append(Narrowed(name, own, Decimal(0)))
        elif left > 0 and others:
            known.append(Narrowed(name, own, left))
        else:
            uneven.append(Uneven(frame.scope.key if frame.scope else "", target, target - left, name))
    return known, uneven


def margins(
    cells: pa.Table, first: Shares | None, known: Sequence[Narrowed], total: Decimal, due: Fraction
) -> tuple[pa.Table, Margins]:
    """The cells, with one of nothing wherever what was promised can lie nowhere else, and all that is due of `total`.

    first: what units and people owe, where they have targets
    """

    def sets() -> list[Shares]:
        return [*([first] if first else []), *(_of(cells, each, total, due) for each in known)]

    for lonely_only in (True, False):
        wanted = _room(cells, sets(), lonely_only=lonely_only)
        names = list(dict.fromkeys(name for each in sets() for name in _names(each)))
        if len(wanted) <= MOST:
            cells = with_nothing(cells, names, wanted)
    return cells, Margins(tuple(sets()))


def _of(cells: pa.Table, known: Narrowed, total: Decimal, due: Fraction) -> Shares:
    """What is due of each member by now; members without a target share a group."""
    rest = len(known.targets)
    group = {member: place for place, member in enumerate(known.targets)}
    owes = apportioned(
        [Fraction(value) * due for value in (*known.targets.values(), known.left)], total, MONEY_SCALE
    )
    there: list[Member] = cells[known.dimension].to_pylist()
    absent = [member for member, place in group.items() if owes[place]]
    members = list(dict.fromkeys([*there, *absent]))
    return Shares(
        figures=pa.table({"group": list(range(rest + 1)), "part": pa.array(owes, AMOUNT)}),
        members=pa.table(
            {
                known.dimension: pa.array(members, pa.string()),
                "group": pa.array([group.get(member or "", rest) for member in members], pa.int64()),
            }
        ),
    )


def _room(cells: pa.Table, sets: Sequence[Shares], *, lonely_only: bool) -> list[Part]:
    """Combinations of bearers and members that have no cell and need one, for the figures cannot all hold without.

    lonely_only: those of whoever owes something and meets nobody else who does, or was promised less than nothing
    """
    names = [_names(each) for each in sets]
    columns = [name for each in names for name in each]
    groups = [_group_of(each) for each in sets]
    figures = [minor(each.figures["part"]) for each in sets]
    there = cells.group_by(columns).aggregate([]).select(columns).to_pylist()
    rows = np.array(
        [
            [group[tuple(row[name] for name in mine)] for mine, group in zip(names, groups, strict=True)]
            for row in there
        ],
        dtype=np.int64,
    )
    owing = np.stack([figure[rows[:, at]] > 0 for at, figure in enumerate(figures)], axis=1).all(axis=1)
    lonely = [
        {
            place
            for place, figure in enumerate(each)
            if figure < 0 or (figure and place not in set(rows[owing, at]))
        }
        for at, each in enumerate(figures)
    ]
    if not lonely_only and _holds(rows, figures):
        return []
    known = {tuple(row) for row in rows[owing].tolist()}
    found = []
    for places in product(
        *(_first_of_each(group, figure) for group, figure in zip(groups, figures, strict=True))
    ):
        numbers = tuple(number for number, _part in places)
        alone = any(number in lonely[at] for at, number in enumerate(numbers))
        if numbers not in known and (alone or not lonely_only):
            found.append(tuple(member for _number, part in places for member in part))
    return found


def _holds(rows: Ints, figures: Sequence[Ints]) -> bool:
    """Whether cells in these rows of each set can have all figures at once."""
    sets = [Margin(rows[:, at], figure) for at, figure in enumerate(figures)]
    _cells, off = fitted(np.ones(len(rows)), sets)
    return off <= FITS * float(np.abs(figures[0]).sum())


def _names(shares: Shares) -> list[str]:
    return [name for name in shares.members.column_names if name != "group"]


def _group_of(shares: Shares) -> dict[Part, int]:
    """The members of each row → which figure is theirs, by its place."""
    place = {group: at for at, group in enumerate(shares.figures["group"].to_pylist())}
    names = _names(shares)
    return {tuple(row[name] for name in names): place[row["group"]] for row in shares.members.to_pylist()}


def _first_of_each(groups: Mapping[Part, int], figures: Ints) -> list[tuple[int, Part]]:
    """Each figure that is not nothing, with the first members that it belongs to."""
    first: dict[int, Part] = {}
    for part, number in groups.items():
        first.setdefault(number, part)
    return [(number, part) for number, part in first.items() if figures[number]]
