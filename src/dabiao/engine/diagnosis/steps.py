"""What an explanation is made of, as members whose figures are exact: staffing, segments and the rest; or a dimension."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from dabiao.engine.diagnosis.cells import Cells, Ints, Mask
from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Member
from dabiao.engine.diagnosis.expectation import Expectation
from dabiao.engine.number import MONEY_SCALE

REST, STAFFING = "rest", "staffing"


def steps(cells: Cells, expectation: Expectation, causes: Sequence[Where]) -> list[Member]:
    """Staffing, causes, offsets (each leaf in the first that covers it) and the rest, all with the people there are.

    Staffing has no figures of its own; it is what the usual people would have brought less what is to be
    expected of those who were there.
    """
    left = np.ones(cells.leaves, dtype=bool)
    staffed = replace(expectation, part=expectation.staffed)
    members = []
    if expectation.staffing:
        members.append(Member(STAFFING, Decimal(0), Decimal(-expectation.staffing).scaleb(-MONEY_SCALE)))
    for where in causes:
        mine = left & cells.covered(where)
        members.append(_member(named(where), mine, cells, staffed))
        left &= ~mine
    return [*members, _member(REST, left, cells, staffed)]


def members(cells: Cells, expectation: Expectation, axis: int) -> list[Member]:
    return [
        _member(member or "", cells.codes[:, axis] == code, cells, expectation)
        for code, member in enumerate(cells.members[axis])
    ]


def _member(name: str, mine: Mask, cells: Cells, expectation: Expectation) -> Member:
    part, whole = cells.exact
    return Member(
        name=name,
        part=_total(part[mine]),
        expected_part=_total(expectation.part[mine]),
        whole=_total(whole[mine]),
        expected_whole=_total(expectation.whole[mine]),
    )


def _total(units: Ints) -> Decimal:
    return Decimal(int(units.sum())).scaleb(-MONEY_SCALE)


def named(where: Where) -> str:
    """A segment's name in plain characters, the same everywhere: region=East, product=A."""
    return ", ".join(f"{dimension}={'' if member is None else member}" for dimension, member in where)
