"""What a bonus is for, as sentences."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dabiao.engine.payout.phrase import Language, amount, number, percent, say, span, title
from dabiao.engine.payout.plan import Bonus, BonusKind, Component, Plan


def bonus_sentences(plan: Plan, component: Component, lang: Language) -> Iterator[str]:
    """The sentences of a component that is a bonus."""
    if component.bonus is not None:
        name = title(component.title, lang)
        for sentence in _BY_KIND[component.bonus.kind](plan, component.bonus, lang):
            yield say(lang, f"{name}: {sentence}", f"{name}：{sentence}")


def _attainment(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    over = span(bonus.over or plan.period, lang)
    points = bonus.curve.points if bonus.curve else ()
    steps = say(lang, "; ", "；").join(
        say(
            lang,
            f"at {percent(point.start)} {percent(point.value)} of it",
            f"完成 {percent(point.start)} 得 {percent(point.value)}",
        )
        for point in points
    )
    between = bonus.curve.between if bonus.curve else "line"
    joined = say(
        lang,
        "in a straight line between" if between == "line" else "each until the next",
        "两点间直线计算" if between == "line" else "达到下一档前不变",
    )
    yield say(
        lang,
        f"{amount(bonus.amount, plan)} per {over} by attainment of “{bonus.measure}”: {steps}, {joined}.",
        f"每{over} {amount(bonus.amount, plan)}，按“{bonus.measure}”完成率：{steps}，{joined}。",
    )
    if bonus.at_least is not None:
        yield say(lang, f"below {percent(bonus.at_least)} nothing.", f"低于 {percent(bonus.at_least)} 不发。")


def _breakthrough(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    over = span(bonus.over or plan.period, lang)
    bar = (
        say(lang, "the target", "目标")
        if bonus.beat == "target"
        else say(lang, f"the best of the last {bonus.best_of}", f"前 {bonus.best_of} 期最好成绩")
    )
    parts = [amount(bonus.amount, plan)] if bonus.amount else []
    if bonus.rate is not None:
        parts.append(say(lang, f"{percent(bonus.rate)} of the excess", f"超出部分的 {percent(bonus.rate)}"))
    pays = say(lang, " and ", "加").join(parts)
    yield say(
        lang,
        f"{pays} when “{bonus.measure}” of a {over} exceeds {bar}.",
        f"{over}“{bonus.measure}”超过{bar}时，奖 {pays}。",
    )


def _team(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    least = percent(bonus.at_least) if bonus.at_least is not None else ""
    yield say(
        lang,
        f"{amount(bonus.amount, plan)} for each person of a team that reaches {least} of its target for “{bonus.measure}”.",
        f"团队“{bonus.measure}”完成率不低于 {least} 时，每人 {amount(bonus.amount, plan)}。",
    )


def _first_deal(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    within = (
        ""
        if bonus.within_days is None
        else say(lang, f" within {bonus.within_days} days of joining", f"（入职 {bonus.within_days} 天内）")
    )
    yield say(
        lang,
        f"{amount(bonus.amount, plan)} for a person's first deal in “{bonus.measure}”{within}.",
        f"“{bonus.measure}”首单{within}奖 {amount(bonus.amount, plan)}。",
    )


def _contest(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    prizes = say(lang, ", ", "、").join(amount(prize, plan) for prize in bonus.prizes)
    ties = (
        say(lang, "who tie share the prizes of their places", "并列者平分所占名次的奖金")
        if bonus.ties == "share"
        else say(lang, "who tie each get the higher prize", "并列者各得较高奖金")
    )
    group = say(lang, "each unit", "各部门") if bonus.among == "unit" else say(lang, "the plan", "全体")
    yield say(
        lang,
        f"by rank of “{bonus.measure}” within {group}: {prizes}; {ties}.",
        f"{group}内按“{bonus.measure}”排名：{prizes}；{ties}。",
    )


def _pool(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    parts = [amount(bonus.amount, plan)] if bonus.amount else []
    if bonus.rate is not None and bonus.measure:
        parts.append(
            say(
                lang,
                f"{percent(bonus.rate)} of “{bonus.measure}”",
                f"“{bonus.measure}”的 {percent(bonus.rate)}",
            )
        )
    whom = bonus.unit or say(lang, "everyone in the plan", "方案内全体")
    by = {
        "equal": say(lang, "equally", "平均"),
        "measure": say(lang, f"by “{bonus.measure}”", f"按“{bonus.measure}”"),
        "score": say(lang, f"by the score “{bonus.score}”", f"按“{bonus.score}”评分"),
    }[bonus.weights]
    size = say(lang, " and ", "加").join(parts)
    yield say(
        lang,
        f"a pool of {size} is divided among {whom} {by}, to the last cent.",
        f"奖金池 {size}，在{whom}中{by}分配，分毫不差。",
    )


def _points(plan: Plan, bonus: Bonus, lang: Language) -> Iterator[str]:
    rate = number(bonus.rate) if bonus.rate is not None else ""
    yield say(lang, f"{rate} points for each “{bonus.measure}”.", f"每个“{bonus.measure}”计 {rate} 分。")


_BY_KIND: Final[Mapping[BonusKind, Callable[[Plan, Bonus, Language], Iterator[str]]]] = {
    "attainment": _attainment,
    "breakthrough": _breakthrough,
    "team": _team,
    "first_deal": _first_deal,
    "contest": _contest,
    "pool": _pool,
    "points": _points,
}
