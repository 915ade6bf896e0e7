"""What a bonus is for, as sentences."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from dabiao.engine.message import Message, Percent, Series, Value, message
from dabiao.engine.payout.phrase import amount, apart, listed, span, title
from dabiao.engine.payout.plan import Bonus, BonusKind, Component, Plan


def bonus_sentences(plan: Plan, component: Component) -> Iterator[Message]:
    """The sentences of a component that is a bonus."""
    if component.bonus is not None:
        for sentence in _BY_KIND[component.bonus.kind](plan, component.bonus):
            yield message("{title}: {sentence}", title=title(component.title), sentence=sentence)


def _attainment(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    points = bonus.curve.points if bonus.curve else ()
    steps = [
        message("at {reached} {share} of it", reached=Percent(point.start), share=Percent(point.value))
        for point in points
    ]
    straight = bonus.curve is None or bonus.curve.between == "line"
    yield message(
        "{amount} per {span} by attainment of “{measure}”: {steps}, {between}.",
        amount=amount(bonus.amount, plan),
        span=span(bonus.over or plan.period),
        measure=bonus.measure,
        steps=apart(steps),
        between=message("in a straight line between") if straight else message("each until the next"),
    )
    if bonus.at_least is not None:
        yield message("below {share} nothing.", share=Percent(bonus.at_least))


def _breakthrough(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    parts: list[Value] = [amount(bonus.amount, plan)] if bonus.amount else []
    if bonus.rate is not None:
        parts.append(message("{share} of the excess", share=Percent(bonus.rate)))
    yield message(
        "{pays} when “{measure}” of a {span} exceeds {bar}.",
        pays=_together(parts),
        measure=bonus.measure,
        span=span(bonus.over or plan.period),
        bar=message("the target")
        if bonus.beat == "target"
        else message("the best of the last {count}", count=bonus.best_of),
    )


def _team(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    yield message(
        "{amount} for each person of a team that reaches {share} of its target for “{measure}”.",
        amount=amount(bonus.amount, plan),
        share=Percent(bonus.at_least) if bonus.at_least is not None else "",
        measure=bonus.measure,
    )


def _first_deal(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    paid, measure = amount(bonus.amount, plan), bonus.measure
    if bonus.within_days is None:
        yield message("{amount} for a person's first deal in “{measure}”.", amount=paid, measure=measure)
    else:
        yield message(
            "{amount} for a person's first deal in “{measure}” within {days} days of joining.",
            amount=paid,
            measure=measure,
            days=bonus.within_days,
        )


def _contest(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    yield message(
        "by rank of “{measure}” within {group}: {prizes}; {ties}.",
        measure=bonus.measure,
        group=message("each unit") if bonus.among == "unit" else message("the plan"),
        prizes=listed([amount(prize, plan) for prize in bonus.prizes]),
        ties=message("who tie share the prizes of their places")
        if bonus.ties == "share"
        else message("who tie each get the higher prize"),
    )


def _pool(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    parts: list[Value] = [amount(bonus.amount, plan)] if bonus.amount else []
    if bonus.rate is not None and bonus.measure:
        parts.append(message("{share} of “{measure}”", share=Percent(bonus.rate), measure=bonus.measure))
    yield message(
        "a pool of {size} is divided among {whom} {weights}, to the last cent.",
        size=_together(parts),
        whom=bonus.unit or message("everyone in the plan"),
        weights=_weights(bonus),
    )


def _weights(bonus: Bonus) -> Message:
    if bonus.weights == "equal":
        return message("equally")
    if bonus.weights == "measure":
        return message("by “{measure}”", measure=bonus.measure)
    return message("by the score “{score}”", score=bonus.score)


def _points(plan: Plan, bonus: Bonus) -> Iterator[Message]:
    yield message(
        "{points} points for each “{measure}”.", points=_or_nothing(bonus.rate), measure=bonus.measure
    )


def _or_nothing(value: Decimal | None) -> Decimal | str:
    return "" if value is None else value


def _together(parts: list[Value]) -> Series:
    return Series(parts, message("{head} and {last}", context="parts of a bonus"))


_BY_KIND: Final[Mapping[BonusKind, Callable[[Plan, Bonus], Iterator[Message]]]] = {
    "attainment": _attainment,
    "breakthrough": _breakthrough,
    "team": _team,
    "first_deal": _first_deal,
    "contest": _contest,
    "pool": _pool,
    "points": _points,
}
