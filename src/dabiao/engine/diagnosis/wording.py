"""An explanation said in one or two plain sentences, in English and in Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from dabiao.engine.diagnosis.cube import Where
from dabiao.engine.diagnosis.decompose import Contribution
from dabiao.engine.diagnosis.explain import Cause, Explanation
from dabiao.engine.number import rounded

Language = Literal["en", "zh"]
Unit = Literal["money", "count", "ratio"]


@dataclass(frozen=True)
class Names:
    """What things are called in the language of the sentence; what is not named is said by its key.

    decimals: those shown of a figure that is neither money nor a ratio: two of a score
    dimensions: key -> name; members: (dimension key, member) -> name, for example a person's
    """

    metric: str
    against: str
    unit: Unit
    dimensions: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[tuple[str, str], str] = field(default_factory=dict)
    decimals: int = 0


def sentence(explanation: Explanation, names: Names, language: Language) -> str:
    """What is off, by how much, what it comes from, and what is left; or that nothing stands out.

    A cause that is larger than the gap, because something else made up for it, is said by its own size.
    """
    say = _EN if language == "en" else _ZH
    steps = explanation.steps
    digits = 3 if names.unit == "ratio" else names.decimals
    actual, expected = rounded(steps.actual, digits), rounded(steps.expected, digits)
    gap = actual - expected  # as a reader would work it out from the two figures shown
    opening = say["level" if not gap else "above" if gap > 0 else "below"].format(
        metric=names.metric,
        actual=_shown(actual, names),
        expected=_shown(expected, names),
        against=names.against,
        gap=_difference(abs(gap), names, language),
    )
    if not gap and not (explanation.causes or explanation.offsets or explanation.staffing):
        return opening
    if explanation.staffing:
        opening += say["staffing"].format(staffing=_signed(explanation.staffing, names, language))
    hidden = _against(explanation, names, language)
    if not explanation.causes:
        other = say["other"] if explanation.staffing else ""
        return opening + say[_without_cause(explanation)].format(other=other) + hidden
    said = [
        _cause(cause, line, explanation, names, language)
        for cause, line in zip(explanation.causes, explanation.apart, strict=False)
    ]
    rest = explanation.apart[-1].total
    left = say["rest"].format(rest=_signed(rest, names, language)) if rest else ""
    from_where = say["remaining" if explanation.staffing else "causes"]
    return opening + from_where.format(causes=say["and"].join(said)) + hidden + left


def _without_cause(explanation: Explanation) -> str:
    """Which sentence says that no cause stands out."""
    if explanation.offsets:
        return "no_cause"
    if explanation.standing.anywhere:
        return "everywhere"
    return "remains_small" if explanation.staffing else "nothing"


def _against(explanation: Explanation, names: Names, language: Language) -> str:
    """What went against the gap; nothing where nothing did."""
    say = _EN if language == "en" else _ZH
    lines = explanation.apart[len(explanation.causes) : -1]
    said = [
        say["offset"].format(
            where=described(offset.where, names, language), total=_signed(line.total, names, language)
        )
        + _moved(line, explanation, names, language)
        for offset, line in zip(explanation.offsets, lines, strict=True)
    ]
    return say["against"].format(offsets=say["and_offset"].join(said)) if said else ""


def _cause(
    cause: Cause, line: Contribution, explanation: Explanation, names: Names, language: Language
) -> str:
    say = _EN if language == "en" else _ZH
    where, share = (
        described(cause.where, names, language),
        line.total / (explanation.gap - explanation.staffing),
    )
    if 0 < share <= 1:
        said = say["cause_of_rest" if explanation.staffing else "cause"].format(
            where=where, share=f"{rounded(share * 100, 0):f}"
        )
    else:
        said = say["offset"].format(where=where, total=_signed(line.total, names, language))
    return said + _moved(line, explanation, names, language)


def _moved(line: Contribution, explanation: Explanation, names: Names, language: Language) -> str:
    """From what to what the cause went, in its own figures."""
    member = line.member
    if explanation.kind == "ratio":
        if not member.whole or not member.expected_whole:
            return ""
        now, then = member.part / member.whole, member.expected_part / member.expected_whole
    else:
        now, then = member.part, member.expected_part
    text = "({now}, expected {then})" if language == "en" else "（{now}，应有{then}）"
    space = " " if language == "en" else ""
    return space + text.format(now=_shown(now, names), then=_shown(then, names))


def step_names(explanation: Explanation, names: Names, language: Language) -> tuple[str, ...]:
    """The steps of an explanation in words, in their order, and the gap that they sum to."""
    say = _EN if language == "en" else _ZH
    first = (say["step_staffing"],) if explanation.staffing else ()
    found = (*explanation.causes, *explanation.offsets)
    return (
        *first,
        *(described(one.where, names, language) for one in found),
        say["step_rest"],
        say["step_gap"],
    )


def described(where: Where, names: Names, language: Language) -> str:
    """A segment in words: 'region East and product line A'."""
    missing = "(none)" if language == "en" else "（空）"
    joined = []
    for dimension, member in where:
        called = missing if member is None else names.members.get((dimension, member), member)
        joined.append(f"{names.dimensions.get(dimension, dimension)} {called}")
    return (" and " if language == "en" else " × ").join(joined)


def _shown(value: Decimal, names: Names) -> str:
    if names.unit == "ratio":
        return f"{rounded(value * 100, 1):f}%"
    return f"{rounded(value, names.decimals):,f}"


def _difference(value: Decimal, names: Names, language: Language) -> str:
    if names.unit != "ratio":
        return _shown(value, names)
    points = f"{rounded(value * 100, 1):f}"
    return f"{points} points" if language == "en" else f"{points} 个百分点"


def _signed(value: Decimal, names: Names, language: Language) -> str:
    return ("+" if value > 0 else "−") + _difference(abs(value), names, language)


_EN = {
    "level": "{metric}: {actual}, level with the {against}.",
    "above": "{metric}: {actual}, {gap} above the {against} of {expected}.",
    "below": "{metric}: {actual}, {gap} below the {against} of {expected}.",
    "staffing": " People who came, left or were away change it by {staffing}.",
    "other": " else",
    "nothing": " Nothing{other} stands out: the difference is made of small ones such as any period shows.",
    "no_cause": " No cause in its direction stands out.",
    "remains_small": " Nothing else stands out: what remains is made of small differences such as any period shows.",
    "everywhere": " Nothing{other} stands out: it is off nearly everywhere alike.",
    "causes": " It comes from {causes}.",
    "remaining": " What remains comes from {causes}.",
    "cause": "{where} with {share}% of it",
    "cause_of_rest": "{where} with {share}% of that",
    "and": "; and from ",
    "against": " Against it went {offsets}.",
    "offset": "{where} with {total}",
    "and_offset": " and ",
    "step_staffing": "people who came, left or were away",
    "step_rest": "all the rest",
    "step_gap": "gap",
    "rest": " All the rest adds {rest}.",
}
_ZH = {
    "level": "{metric}为{actual}，与{against}持平。",
    "above": "{metric}为{actual}，比{against}{expected}高{gap}。",
    "below": "{metric}为{actual}，比{against}{expected}低{gap}。",
    "staffing": "其中人员增减与缺勤影响{staffing}。",
    "other": "其他",
    "nothing": "没有{other}突出的原因：差距由平常就有的零星波动构成。",
    "no_cause": "同方向没有突出的原因。",
    "remains_small": "没有其他突出的原因：其余差距由平常就有的零星波动构成。",
    "everywhere": "没有{other}突出的原因：各处偏离程度相近，属于整体变化。",
    "causes": "主要来自{causes}。",
    "remaining": "扣除后主要来自{causes}。",
    "cause": "{where}，占差距的{share}%",
    "cause_of_rest": "{where}，占其余的{share}%",
    "and": "；以及",
    "against": "反方向的有{offsets}。",
    "offset": "{where}，{total}",
    "and_offset": "；",
    "step_staffing": "人员增减与缺勤",
    "step_rest": "其余",
    "step_gap": "差距",
    "rest": "其余合计{rest}。",
}
