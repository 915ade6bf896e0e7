"""What the page of an explanation shows: named, placed on an axis, linked to the facts behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Final, Literal
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dabiao.core.sentence import say
from dabiao.engine.diagnosis import Candidate, Contribution, Decomposition, Explanation
from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.tree import Node
from dabiao.engine.diagnosis.wording import described
from dabiao.improvement.queries import bridge
from dabiao.improvement.queries.against import CALLED
from dabiao.improvement.queries.bridge import Move
from dabiao.improvement.queries.explaining import DIMENSIONS, Against, Explained, possible, single
from dabiao.improvement.queries.sides import sides
from dabiao.metrics import labels
from dabiao.metrics.frame import Frame

Tone = Literal["whole", "good", "bad", "none"]

LARGEST: Final = 3
"""Members of a dimension that are named."""
READINGS: Final = 4
MOST: Final = 5
"""Parts of more than five times the gap are not said as shares of it."""
TELLING: Final = Decimal("0.08")
"""A branch is shown where it moves so much of what the first split moves."""
ZOOMED: Final = Decimal("0.35")
"""Steps that together move less than this part of the level get an axis that does not begin at zero."""


@dataclass(frozen=True)
class Step:
    """A bar of the waterfall with its exact figures.

    at:      where it begins and how wide it is, as shares of the axis
    share:   the part of the gap that it carries
    actual, expected: of a cause in its own figures (a ratio's own rate); None where there are none
    """

    name: str
    tone: Tone
    value: Decimal
    at: tuple[float, float] = (0.0, 0.0)
    share: Decimal | None = None
    actual: Decimal | None = None
    expected: Decimal | None = None
    mix: Decimal | None = None
    facts: str = ""
    """Parameters of the address of the facts behind it, and of the same question one unit deeper; or nothing."""
    deeper: str = ""


@dataclass(frozen=True)
class Branch:
    """A row of the tree; `depth` is how far it is moved in."""

    name: str
    depth: int
    value: Decimal
    share: Decimal | None
    tone: Tone
    facts: str


@dataclass(frozen=True)
class Split:
    """The gap over the members of one dimension: the largest, and what all others add."""

    label: str
    rows: tuple[Branch, ...]
    others: Decimal


@dataclass(frozen=True)
class Why:
    """An explanation for a reader. `base`: where the axis of the bars begins."""

    metric: str
    unit: str
    currency: str
    digits: int | None
    finer: int | None
    """Digits of what adds to the figure."""
    against: str
    sentence: str
    notes: tuple[str, ...]
    split: bool
    """Nothing stands out, and the steps are the split that tells most."""
    early: bool
    """The period has only just begun: nobody can say yet what stands out."""
    ratio: bool
    base: Decimal
    steps: tuple[Step, ...]
    branches: tuple[Branch, ...]
    splits: tuple[Split, ...]
    readings: tuple["Reading", ...]
    """What else was looked at."""
    along: tuple["Along", ...]


@dataclass(frozen=True)
class Reading:
    """Another description worth a look, in words, with the facts behind it. by_chance: it does not stand out."""

    name: str
    facts: str
    by_chance: bool


@dataclass(frozen=True)
class Along:
    """A dimension that can be looked along; `by` is what to ask for to have it too, or to leave it out."""

    label: str
    on: bool
    by: str


@dataclass(frozen=True)
class Choice:
    """An expectation to hold the figure against."""

    key: Against
    label: str
    on: bool


def choices(frame: Frame, chosen: Against) -> tuple[Choice, ...]:
    return tuple(Choice(key, say(called, frame.language), key == chosen) for key, called in CALLED.items())


def why(frame: Frame, explained: Explained) -> Why:
    """An explanation, drawn up for a page."""
    what, metric = explained.explanation, frame.metrics[explained.metric]
    base, steps = _steps(frame, explained)
    mean = what.kind == "ratio" and metric.unit not in {"money", "ratio"}
    return Why(
        metric=explained.metric,
        unit=metric.unit,
        currency=frame.currency,
        digits=explained.names.decimals if mean else None,
        finer=explained.names.decimals + 1 if mean else None,
        against=say(explained.names.against, frame.language),
        sentence=explained.sentence,
        notes=explained.notes,
        split=bridge.is_split(what),
        early=what.early,
        ratio=what.kind == "ratio",
        base=base,
        steps=steps,
        branches=tuple(_branches(frame, explained, what.tree, 0, (), _least(what.tree))),
        splits=tuple(_split(frame, explained, name, split) for name, split in what.by.items()),
        readings=tuple(_readings(frame, explained)),
        along=tuple(_along(frame, explained)),
    )


def _steps(frame: Frame, explained: Explained) -> tuple[Decimal, tuple[Step, ...]]:
    """Where the axis begins, and the bars: what was expected, every step, what it is."""
    steps = explained.explanation.steps
    moves = [_step(frame, explained, move) for move in bridge.moves(explained, frame.language)]
    levels = list(accumulate((move.value for move in moves), initial=steps.expected))
    base, top = _axis(levels)

    def placed(start: Decimal, end: Decimal) -> tuple[float, float]:
        low, high = sorted((max(start, base), max(end, base)))
        span = top - base or Decimal(1)
        return float((low - base) / span), float((high - low) / span)

    return base, (
        Step(
            say(explained.names.against, frame.language),
            "whole",
            steps.expected,
            at=placed(base, steps.expected),
        ),
        *(
            replace(move, at=placed(start, end))
            for move, (start, end) in zip(moves, pairwise(levels), strict=True)
        ),
        Step(_("Actual"), "whole", steps.actual, at=placed(base, steps.actual)),
    )


def _step(frame: Frame, explained: Explained, move: Move) -> Step:
    what = explained.explanation
    return Step(
        name=move.name,
        tone=_tone(frame, explained, move.contribution),
        value=move.contribution,
        share=_share(move.contribution, what),
        actual=move.actual,
        expected=move.expected,
        mix=move.line.mix if what.kind == "ratio" else None,
        facts=_facts(frame, move.where) if move.where else "",
        deeper=_deeper(frame, explained, move.where),
    )


def _axis(levels: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    low, high = min(levels), max(levels)
    if low > 0 and high - low < ZOOMED * high:
        return max(low - (high - low) * Decimal("0.6"), Decimal(0)) if high > low else Decimal(0), high
    return min(low, Decimal(0)), max(high, Decimal(0))


def _share(value: Decimal, what: Explanation) -> Decimal | None:
    """The part of the gap; None where the gap is so small beside what moves that parts of it say nothing."""
    return value / what.gap if abs(value) <= MOST * abs(what.gap) and what.gap else None


def _tone(frame: Frame, explained: Explained, value: Decimal) -> Tone:
    if not value:
        return "none"
    return "good" if (value > 0) == (frame.metrics[explained.metric].direction == "up") else "bad"


def _branches(
    frame: Frame, explained: Explained, node: Node, depth: int, above: Where, least: Decimal
) -> Iterator[Branch]:
    """The rows below a node, each followed by its own. What adds less than `least` is among all others."""
    shown = [child for child in node.children if child.where and abs(child.contribution) >= least]
    for child in shown:
        where = (*above, *child.where)
        name = _described(frame, explained, child.where)
        yield _branch(frame, explained, name, depth, child.contribution, where)
        yield from _branches(frame, explained, child, depth + 1, where, least)
    left = node.contribution - sum((child.contribution for child in shown), Decimal(0))
    if shown and left:
        yield _branch(frame, explained, _("All others"), depth, left, ())


def _least(tree: Node) -> Decimal:
    return TELLING * sum((abs(child.contribution) for child in tree.children), Decimal(0))


def _branch(
    frame: Frame, explained: Explained, name: str, depth: int, value: Decimal, where: Where
) -> Branch:
    return Branch(
        name=name,
        depth=depth,
        value=value,
        share=_share(value, explained.explanation),
        tone=_tone(frame, explained, value),
        facts=_facts(frame, where) if where else "",
    )


def _split(frame: Frame, explained: Explained, dimension: str, split: Decomposition) -> Split:
    ordered = sorted(split.contributions, key=lambda line: (-abs(line.total), line.member.name))
    largest = sorted(ordered[:LARGEST], key=lambda line: not line.member.name)  # a missing value is no place
    rows = [_row(frame, explained, dimension, line) for line in largest if line.total]
    return Split(
        label=explained.names.dimensions.get(dimension, dimension),
        rows=tuple(rows),
        others=split.gap - sum((row.value for row in rows), Decimal(0)),
    )


def _row(frame: Frame, explained: Explained, dimension: str, line: Contribution) -> Branch:
    called = explained.names.members.get((dimension, line.member.name), line.member.name) or _("Not assigned")
    return _branch(frame, explained, called, 0, line.total, ((dimension, line.member.name or None),))


def _readings(frame: Frame, explained: Explained) -> Iterator[Reading]:
    """The first few that are not named above. Where there is no gap there is nothing to read in it."""
    for one, _line in others_of(explained.explanation):
        name = _described(frame, explained, one.where)
        yield Reading(name, _facts(frame, one.where), by_chance=not one.stands_out)


def others_of(what: Explanation) -> list[tuple[Candidate, Contribution]]:
    """The first few parts worth a look that are no cause or offset, and what each contributes by itself.

    What lacks a value is no part to look at, unless it stands out: then something has not been written down.
    """
    if not what.gap:
        return []
    named = {cause.where for cause in (*what.causes, *what.offsets)} | {
        cause.in_full for cause in what.causes
    }
    ranked = zip(what.ranked, what.alone, strict=True)
    return [
        (one, line)
        for one, line in ranked
        if one.where not in named and (one.stands_out or all(member for _name, member in one.where))
    ][:READINGS]


def unfit(frame: Frame, key: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Which of the dimensions asked for this scope is not looked along, though others are: kinds of units that lie not
    below it, single people and customers of a crowd. An address may come from another scope."""
    if not asked:
        return ()
    metric = frame.metrics[key]
    fitting = set(possible(frame, metric, sides(frame, metric))) - single(frame)
    known = {*DIMENSIONS, *(node.kind for node in frame.tree.nodes)}
    return tuple(name for name in asked if name in known - fitting)


def _along(frame: Frame, explained: Explained) -> Iterator[Along]:
    metric, now = frame.metrics[explained.metric], list(explained.explanation.by)
    known = [name for name in possible(frame, metric, sides(frame, metric)) if name not in single(frame)]
    for name in dict.fromkeys([*known, *now]):
        on = name in now
        then = [other for other in now if other != name] if on else [*now, name]
        if then:
            yield Along(labels.column(name), on, ",".join(then))


def _facts(frame: Frame, where: Where) -> str:
    """The facts of a segment, as parameters: its deepest unit is the scope, every other condition a filter."""
    kinds = {node.kind for node in frame.tree.nodes}
    units = [member for name, member in where if name in kinds and member in frame.tree.by_key]
    changes = {f"is_{name}": member or "" for name, member in where if name not in kinds or member is None}
    deepest = max(units, key=lambda unit: frame.tree.by_key[unit or ""].index, default=None)
    return urlencode({**frame.query, **changes, **({"scope": deepest} if deepest else {})})


def _deeper(frame: Frame, explained: Explained, where: Where) -> str:
    """The same question asked of the unit that a cause lies in; nothing where it is the scope already."""
    kinds = {node.kind for node in frame.tree.nodes}
    units = [member for name, member in where if name in kinds and member in frame.tree.by_key]
    if not units or (frame.unit and units[-1] == frame.unit.key):
        return ""
    return urlencode({"scope": units[-1], "period": frame.period.label, "against": explained.against})


def _described(frame: Frame, explained: Explained, where: Where) -> str:
    return say(described(where, explained.names), frame.language)
