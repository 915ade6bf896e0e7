"""An explanation in one or two plain sentences; `core.sentence` says them in the reader's language."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Contribution
from dabiao.engine.diagnosis.explain import Cause, Explanation
from dabiao.engine.diagnosis.place import Certainty, Place, cancels
from dabiao.engine.message import Message, Number, Percent, Series, Value, message, noted
from dabiao.engine.number import rounded

Unit = Literal["money", "count", "ratio"]


@dataclass(frozen=True)
class Names:
    """What things are called; what is not named is said by its key.

    money: how an amount is written on the page that the sentence stands on; by default all its digits before the point
    decimals: those shown of a figure that is neither money nor a ratio: two of a score
    dimensions: key -> name; members: (dimension key, member) -> name, for example a person's
    """

    metric: str
    against: Value
    unit: Unit
    dimensions: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[tuple[str, str], str] = field(default_factory=dict)
    decimals: int = 0
    money: Callable[[Decimal], str] | None = None


def sentence(explanation: Explanation, names: Names) -> Series:
    """What is off, by how much, and one of three answers: a cause that chance would not produce, with what is left; where
    the gap lies though chance could do it; or that it is spread evenly.

    A cause that is larger than the gap, because something else made up for it, is said by its own size.
    """
    return Series(tuple(_sentences(explanation, names)), message("{head} {last}", context="sentences"))


def reason(explanation: Explanation, names: Names) -> Message:
    """The answer alone, beside figures that say how far it is off: cause, place, or that there is neither."""
    if explanation.early:
        return message("The period has only just begun: it is too early to say where that comes from.")
    if explanation.causes:
        return _comes_from(explanation, names)
    if explanation.place:
        return _lies_in(explanation.place, names)
    return _without_cause(explanation)


def _sentences(explanation: Explanation, names: Names) -> Iterator[Message]:
    gap, opening = _opening(explanation, names)
    yield opening
    if not gap and not (explanation.causes or explanation.offsets or explanation.staffing):
        return
    if explanation.staffing:
        yield message(
            "People who came, left or were away change it by {staffing}.",
            staffing=_signed(explanation.staffing, names),
        )
    yield reason(explanation, names)
    if explanation.offsets:
        yield _against(explanation, names)
    rest = explanation.apart[-1].total if explanation.causes else Decimal(0)
    if rest:
        yield message("All the rest adds {rest}.", rest=_signed(rest, names))


def _opening(explanation: Explanation, names: Names) -> tuple[Decimal, Message]:
    """The gap as a reader would work it out from the two figures shown, and the sentence that shows them."""
    digits = 3 if names.unit == "ratio" else names.decimals
    actual = rounded(explanation.steps.actual, digits)
    expected = rounded(explanation.steps.expected, digits)
    gap = actual - expected
    values: dict[str, Value] = {
        "metric": names.metric,
        "actual": shown(actual, names),
        "expected": shown(expected, names),
        "against": names.against,
        "gap": _difference(abs(gap), names),
    }
    if not gap:
        text = noted("{metric}: {actual}, level with the {against}.")
    elif gap > 0:
        text = noted("{metric}: {actual}, {gap} above the {against} of {expected}.")
    else:
        text = noted("{metric}: {actual}, {gap} below the {against} of {expected}.")
    return gap, Message(text, values)


def _comes_from(explanation: Explanation, names: Names) -> Message:
    causes = Series(
        [
            _cause(cause, line, explanation, names)
            for cause, line in zip(explanation.causes, explanation.apart, strict=False)
        ],
        message("{head}; and from {last}"),
    )
    if explanation.staffing:
        return message("What remains comes from {causes}.", causes=causes)
    return message("It comes from {causes}.", causes=causes)


CERTAINTY: Final[Mapping[Certainty, Message]] = {
    "medium": message("medium", context="certainty"),
    "low": message("low", context="certainty"),
}


def _lies_in(place: Place, names: Names) -> Message:
    """Where the gap lies, though chance could do as much; what is larger than the gap is said by its own size."""
    where: Value = described(place.where, names)
    if place.share > 1:
        where = message("{where} with {total}", where=where, total=_signed(place.contribution, names))
    if place.mainly:
        where = message(
            "{where}, there mainly in {inside}", where=where, inside=described(place.mainly, names)
        )
    sure = CERTAINTY[place.certainty]
    if place.share > 1:
        return message(
            "It lies in {where}; chance could do as much (certainty: {certainty}).",
            where=where,
            certainty=sure,
        )
    return message(
        "{share} of the gap lies in {where}; chance could do as much (certainty: {certainty}).",
        share=Percent(place.share, digits=0),
        where=where,
        certainty=sure,
    )


def _without_cause(explanation: Explanation) -> Message:
    """That no cause stands out and no part has most of it."""
    if explanation.offsets:
        return message("No cause in its direction stands out.")
    if explanation.standing.anywhere and explanation.staffing:
        return message("Nothing else stands out: it is off nearly everywhere alike.")
    if explanation.standing.anywhere:
        return message("Nothing stands out: it is off nearly everywhere alike.")
    if explanation.staffing:
        return message("Nothing else stands out: what remains could be chance.")
    if cancels(explanation.tree):
        return message("Nothing stands out: what lies above and what lies below nearly cancel out.")
    return message("Nothing stands out: the gap is spread evenly over its parts.")


def _against(explanation: Explanation, names: Names) -> Message:
    """What went against the gap."""
    lines = explanation.apart[len(explanation.causes) : -1]
    offsets = [
        _moved(_by_size(offset.where, line, names), line, explanation, names)
        for offset, line in zip(explanation.offsets, lines, strict=True)
    ]
    return message(
        "Against it went {offsets}.",
        offsets=Series(offsets, message("{head} and {last}", context="what went against a gap")),
    )


def _cause(cause: Cause, line: Contribution, explanation: Explanation, names: Names) -> Value:
    share = line.total / (explanation.gap - explanation.staffing)
    if not 0 < share <= 1:
        return _moved(_by_size(cause.where, line, names), line, explanation, names)
    where, shown = described(cause.where, names), Percent(share, digits=0)
    if explanation.staffing:
        said = message("{where} with {share} of that", where=where, share=shown)
    else:
        said = message("{where} with {share} of it", where=where, share=shown)
    return _moved(said, line, explanation, names)


def _by_size(where: Where, line: Contribution, names: Names) -> Message:
    return message("{where} with {total}", where=described(where, names), total=_signed(line.total, names))


def _moved(said: Message, line: Contribution, explanation: Explanation, names: Names) -> Message:
    """A cause, and from what to what it went, in its own figures."""
    member = line.member
    now, then = member.part, member.expected_part
    if explanation.kind == "ratio":
        if not member.whole or not member.expected_whole:
            return said
        now, then = now / member.whole, then / member.expected_whole
    return message(
        "{cause} ({now}, expected {then})", cause=said, now=shown(now, names), then=shown(then, names)
    )


def step_names(explanation: Explanation, names: Names) -> tuple[Value, ...]:
    """The steps of an explanation in words, in their order, and the gap that they sum to."""
    first = (message("people who came, left or were away"),) if explanation.staffing else ()
    causes = (*explanation.causes, *explanation.offsets)
    return (
        *first,
        *(described(cause.where, names) for cause in causes),
        message("all the rest"),
        message("gap"),
    )


def described(where: Where, names: Names) -> Series:
    """A segment in words: 'region East and product line A'."""
    return Series(
        [
            message(
                "{dimension} {member}",
                dimension=names.dimensions.get(dimension, dimension),
                member=message("(none)")
                if member is None
                else names.members.get((dimension, member), member),
            )
            for dimension, member in where
        ],
        message("{head} and {last}", context="segment"),
    )


def shown(value: Decimal, names: Names) -> Value:
    """A figure of the metric as it is written."""
    if names.unit == "money" and names.money:
        return names.money(value)
    if names.unit == "ratio":
        return Percent(value, digits=1)
    return Number(value, digits=names.decimals)


def _difference(value: Decimal, names: Names, *, signed: bool = False) -> Value:
    if names.unit == "money" and names.money:
        text = names.money(value)
        return f"+{text}" if signed and value > 0 else text
    if names.unit != "ratio":
        return Number(value, digits=names.decimals, signed=signed)
    return message("{n} points", context="percentage", n=Number(value * 100, digits=1, signed=signed))


def _signed(value: Decimal, names: Names) -> Value:
    return _difference(value, names, signed=True)
