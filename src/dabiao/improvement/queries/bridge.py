"""From what was expected to what it is, step by step: one list that page, command and API tell alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from django.utils import translation
from django.utils.translation import gettext as _

from dabiao.core.sentence import say
from dabiao.engine.diagnosis import Contribution, Explanation
from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Member
from dabiao.engine.diagnosis.steps import STAFFING, named
from dabiao.engine.diagnosis.tree import OTHERS, Node
from dabiao.engine.diagnosis.wording import described
from dabiao.improvement.queries.explaining import Explained

Kind = Literal["step", "split"]
NOTHING: Final = Decimal(0)


@dataclass(frozen=True)
class Move:
    """One step of the bridge.

    kind:  a step (staffing, cause, offset, the rest), or a member of the split that stands where there is no cause
    key:   what programs call it, the same in every language: staffing, region=East, rest, others
    where: its conditions; empty for staffing, the rest and all others
    line:  what it contributes, and its figures
    actual, expected: in its own figures, a ratio's divided; None where it has none
    """

    kind: Kind
    key: str
    name: str
    where: Where
    line: Contribution
    actual: Decimal | None
    expected: Decimal | None

    @property
    def contribution(self) -> Decimal:
        return self.line.total


def moves(explained: Explained, language: str) -> tuple[Move, ...]:
    """The steps of the explanation; where there is only the rest, the split that tells most. They sum to the gap."""
    what = explained.explanation
    if is_split(what):
        with translation.override(language):
            return tuple(_members(explained, language))
    wheres = {cause.name: cause.where for cause in (*what.causes, *what.offsets)}
    return tuple(
        _move(what, "step", line.member.name, name, wheres.get(line.member.name, ()), line)
        for name, line in zip(explained.steps, what.steps.contributions, strict=False)
    )


def is_split(what: Explanation) -> bool:
    """Whether there is no cause to tell, only the rest, which can be split."""
    return len(what.steps.contributions) == 1 and bool(what.tree.children)


def _members(explained: Explained, language: str) -> Iterator[Move]:
    """The branches of the split. Tree and decomposition are cut to the last digit apart: the tree's figure sums up."""
    what = explained.explanation
    (dimension,) = {child.where[0][0] for child in what.tree.children if child.where}
    lines = {line.member.name: line for line in what.by[dimension].contributions}
    for child in what.tree.children:
        if child.where:
            line = lines.pop(child.where[0][1] or "")
            name = say(described(child.where, explained.names), language)
            yield _move(what, "split", named(child.where), name, child.where, _cut(line, child))
        else:
            left = _added(list(lines.values()))
            yield _move(what, "split", OTHERS, _("All others"), (), _cut(left, child))


def _cut(line: Contribution, child: Node) -> Contribution:
    return Contribution(
        line.member, line.volume, child.contribution - line.volume - line.mix, line.mix
    )  # fmt: skip


def _added(lines: Sequence[Contribution]) -> Contribution:
    """Several members as one."""
    member = Member(
        OTHERS,
        part=sum((line.member.part for line in lines), NOTHING),
        expected_part=sum((line.member.expected_part for line in lines), NOTHING),
        whole=sum((line.member.whole for line in lines), NOTHING),
        expected_whole=sum((line.member.expected_whole for line in lines), NOTHING),
    )
    volume, rate, mix = (
        sum((getattr(line, part) for line in lines), NOTHING) for part in ("volume", "rate", "mix")
    )
    return Contribution(member, volume, rate, mix)


def _move(what: Explanation, kind: Kind, key: str, name: str, where: Where, line: Contribution) -> Move:
    return Move(kind, key, name, where, line, *own(line, what))


def own(line: Contribution, what: Explanation) -> tuple[Decimal | None, Decimal | None]:
    """A member's figures, now and as expected; a ratio's divided. People who came or left have none of their own."""
    member = line.member
    if member.name == STAFFING:
        return None, None
    if what.kind != "ratio":
        return member.part, member.expected_part
    return (
        member.part / member.whole if member.whole else None,
        member.expected_part / member.expected_whole if member.expected_whole else None,
    )
