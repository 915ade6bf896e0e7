"""Where a gap lies when no cause stands out: the one part that has most of it, though chance could do as much."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Decomposition
from dabiao.engine.diagnosis.tree import Node

MOST: Final = Decimal("0.5")
"""A part lies where the gap lies if it has more than this much of it …"""
BEYOND: Final = Decimal("0.2")
"""… and so much more of it than of what was expected: four fifths of a gap in four fifths of the sales is even."""
NOTHING: Final = 5
"""Beside parts of more than five times its size a gap is what they leave of one another, and lies nowhere."""
LIKELY: Final = 0.2
"""How often chance may do as much before one is hardly sure at all."""

Certainty = Literal["medium", "low"]


@dataclass(frozen=True)
class Place:
    """where: the part; contribution, share: what of the gap it has; mainly: what in it has most of that, if anything."""

    where: Where
    contribution: Decimal
    share: Decimal
    mainly: Where
    certainty: Certainty


def place(tree: Node, by: Mapping[str, Decomposition], chance: float) -> Place | None:
    """The largest branch of the split that tells most; where it has no more than is usual, the member of any other
    dimension that has most beyond. None where the gap is spread as what was expected is, whichever way it is split."""
    if not tree.contribution or cancels(tree):
        return None
    certainty: Certainty = "medium" if chance < LIKELY else "low"
    most = _largest(tree)
    if most is not None and _beyond(most.where, most.contribution, tree, by) is not None:
        inside = _largest(most)
        told = inside is not None and inside.contribution / most.contribution > MOST
        mainly = inside.where if inside is not None and told else ()
        return Place(most.where, most.contribution, most.contribution / tree.contribution, mainly, certainty)
    others = [
        (beyond, where, line.total)
        for dimension, split in by.items()
        for line in split.contributions
        for where in [((dimension, line.member.name),)]
        if line.member.name and (beyond := _beyond(where, line.total, tree, by)) is not None
    ]
    if not others:
        return None
    _beyond_usual, where, contribution = max(others, key=lambda each: each[0])
    return Place(where, contribution, contribution / tree.contribution, (), certainty)


def _beyond(
    where: Where, contribution: Decimal, tree: Node, by: Mapping[str, Decomposition]
) -> Decimal | None:
    """By how much a part has more of the gap than of what was expected; None where that is too little to be a place."""
    share = contribution / tree.contribution
    if not MOST < share <= NOTHING or share - _usual(where, by) < BEYOND:
        return None
    return share - _usual(where, by)


def cancels(tree: Node) -> bool:
    """Whether the gap is only what parts far larger than it leave of one another."""
    moved = max((abs(child.contribution) for child in tree.children), default=Decimal(0))
    return moved > NOTHING * abs(tree.contribution)


def _largest(node: Node) -> Node | None:
    """The named branch that adds most in the direction of the whole; what lacks a value has no name to go to."""
    named = [
        child
        for child in node.children
        if child.where and child.where[-1][1] and child.contribution * node.contribution > 0
    ]
    return max(named, key=lambda child: abs(child.contribution), default=None)


def _usual(where: Where, by: Mapping[str, Decomposition]) -> Decimal:
    """The part of all that was expected which was expected there."""
    ((dimension, member),) = where
    lines = by[dimension].contributions
    whole = sum((line.member.expected_part for line in lines), Decimal(0))
    own = sum((line.member.expected_part for line in lines if line.member.name == (member or "")), Decimal(0))
    return own / whole if whole else Decimal(0)
